"""When a webhook is tried again, and when it is given up."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

JITTER = 0.2


@dataclass(frozen=True, slots=True)
class Plan:
    """Seconds after the first, second, … failed attempt; the last one repeats, until it would be too late."""

    schedule: tuple[int, ...]
    give_up_after: timedelta


WEBHOOK_PLAN: Final = Plan((5, 30, 120, 600, 1800, 3600, 3 * 3600, 6 * 3600), timedelta(hours=72))
EVENT_CALLBACK_PLAN: Final = Plan(WEBHOOK_PLAN.schedule, timedelta(hours=24))
# Somebody waits: all but at once. The second round is for a receiver that is just being restarted, and keeps an address
# where nobody listens from being offered the same task a hundred times a second.
ASSIGNMENT_CALLBACK_PLAN: Final = Plan((1,), timedelta(seconds=2))


def pause(attempts: int, *, chance: float, plan: Plan = WEBHOOK_PLAN) -> timedelta:
    """The pause after the ``attempts``-th failure, moved by up to a fifth; ``chance`` is drawn from [0, 1).

    >>> [pause(n, chance=0.5).total_seconds() for n in (1, 2, 7, 8, 20)]
    [5.0, 30.0, 10800.0, 21600.0, 21600.0]
    >>> pause(1, chance=0).total_seconds()
    4.0
    """
    base = plan.schedule[min(max(attempts, 1), len(plan.schedule)) - 1]
    return timedelta(seconds=base * (1 - JITTER + 2 * JITTER * chance))


def next_attempt(
    attempts: int, *, created_at: datetime, now: datetime, chance: float, plan: Plan = WEBHOOK_PLAN
) -> datetime | None:
    """When to try again; ``None`` when that would be too late."""
    due = now + pause(attempts, chance=chance, plan=plan)
    return due if due <= created_at + plan.give_up_after else None
