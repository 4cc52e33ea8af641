"""When a webhook is tried again, and when it is given up."""

from datetime import datetime, timedelta

# Seconds after the first, second, … failed attempt; the last one repeats.
SCHEDULE = (5, 30, 120, 600, 1800, 3600, 3 * 3600, 6 * 3600)
GIVE_UP_AFTER = timedelta(hours=72)
JITTER = 0.2


def pause(attempts: int, *, chance: float) -> timedelta:
    """The pause after the ``attempts``-th failure, moved by up to a fifth; ``chance`` is drawn from [0, 1).

    >>> [pause(n, chance=0.5).total_seconds() for n in (1, 2, 7, 8, 20)]
    [5.0, 30.0, 10800.0, 21600.0, 21600.0]
    >>> pause(1, chance=0).total_seconds()
    4.0
    """
    base = SCHEDULE[min(max(attempts, 1), len(SCHEDULE)) - 1]
    return timedelta(seconds=base * (1 - JITTER + 2 * JITTER * chance))


def next_attempt(attempts: int, *, created_at: datetime, now: datetime, chance: float) -> datetime | None:
    """When to try again; ``None`` when that would be later than 72 hours after the beginning."""
    due = now + pause(attempts, chance=chance)
    return due if due <= created_at + GIVE_UP_AFTER else None
