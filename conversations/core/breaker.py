"""The circuit breaker of a provider's account: when many sends in a row break, none is tried until it looks mended.

Closed: messages flow. Open: they wait, and now and then the provider is asked something harmless. Once that is
answered the circuit is half open: one message goes, and what becomes of it closes the circuit or opens it again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

THRESHOLD: Final = 5
_FIRST_PAUSE: Final = 5.0
_LONGEST_PAUSE: Final = 60.0

State = Literal["closed", "open", "half_open"]


@dataclass(frozen=True, slots=True)
class Circuit:
    """``failures``: in a row, while closed. ``openings``: in a row, without a message that went through.

    ``due_at``: open, when to ask the provider again; half open, when the next message may be tried.
    """

    state: State = "closed"
    failures: int = 0
    openings: int = 0
    due_at: datetime | None = None


def pause(openings: int) -> timedelta:
    """How long the provider is left alone.

    >>> [pause(n).total_seconds() for n in (1, 2, 3, 9)]
    [5.0, 10.0, 20.0, 60.0]
    """
    return timedelta(seconds=min(_LONGEST_PAUSE, _FIRST_PAUSE * float(1 << min(openings - 1, 8))))


def broke(circuit: Circuit, *, now: datetime) -> Circuit:
    """After a send or a question that failed since the provider, the way there or our account is out of order.

    Stragglers that were on their way when the circuit opened change nothing.
    """
    if circuit.state == "open":
        return circuit
    failures = circuit.failures + 1
    if circuit.state == "closed" and failures < THRESHOLD:
        return Circuit("closed", failures=failures)
    openings = circuit.openings + 1
    return Circuit("open", failures=failures, openings=openings, due_at=now + pause(openings))


def unanswered(circuit: Circuit, *, now: datetime) -> Circuit:
    """An open circuit whose question was not answered either."""
    openings = circuit.openings + 1
    return Circuit("open", failures=circuit.failures, openings=openings, due_at=now + pause(openings))


def answered(circuit: Circuit, *, now: datetime) -> Circuit:
    """An open circuit whose question was answered: one message may be tried."""
    return Circuit("half_open", failures=circuit.failures, openings=circuit.openings, due_at=now)


def stands_in_the_way(circuit: Circuit, *, now: datetime) -> bool:
    """Whether a message has to wait: always while open, and while another one is being tried."""
    if circuit.state == "closed":
        return False
    return circuit.state == "open" or (circuit.due_at is not None and circuit.due_at > now)
