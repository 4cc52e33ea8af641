"""What happens to a contact centre from outside: tasks come and are given up, agents come and go, queues change.

Moments are seconds since 1970, as everywhere in the core.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from routing.core.facts import QueueFacts, WorkerFacts


@dataclass(frozen=True, slots=True)
class Arrival:
    """A task comes in, at ``at``; ``created`` before that: it has waited since then.

    ``workflow`` is the number of the version that it follows; without one it goes straight to ``queue``.
    """

    at: float
    number: int
    channel: str
    created: float
    expires: float
    attributes: Mapping[str, Any] = field(default_factory=dict)
    workflow: int | None = None
    queue: str = ""
    priority: int = 0
    virtual_start: float | None = None
    required_skills: frozenset[str] = frozenset()
    reservation_seconds: float = 120.0
    target_worker: int | None = None
    ignore_capacity: bool = False


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The customer has left: nobody needs to do the task any more, if nobody does it yet."""

    at: float
    task: int


@dataclass(frozen=True, slots=True)
class Amendment:
    """Somebody changed what is known of a task. Its workflow looks at it when the task is next evaluated."""

    at: float
    task: int
    attributes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Presence:
    """An agent is there, or anything about him but his work has changed. Loads in ``worker`` mean nothing."""

    at: float
    worker: WorkerFacts


@dataclass(frozen=True, slots=True)
class Departure:
    """The agent is gone for good."""

    at: float
    worker: int


@dataclass(frozen=True, slots=True)
class Occupation:
    """The agent has work that no task here stands for: one piece more (``by`` 1) or less (-1)."""

    at: float
    worker: int
    channel: str
    by: Literal[1, -1]


@dataclass(frozen=True, slots=True)
class QueueChange:
    """A queue is new or was changed."""

    at: float
    queue: QueueFacts


Change = Arrival | GiveUp | Amendment | Presence | Departure | Occupation | QueueChange


@dataclass(frozen=True, slots=True)
class Answer:
    """What an agent does with an offer, and after how many seconds."""

    kind: Literal["accept", "reject", "timeout"]
    after: float = 0.0


@dataclass(frozen=True, slots=True)
class Work:
    """How many seconds a task takes once somebody has accepted it."""

    handling: float
    wrap_up: float = 0.0


class Behaviour(Protocol):
    """What people do. Asked once for each offer and each accepted task, in the order of time."""

    def answer(self, task: int, worker: int) -> Answer: ...

    def work(self, task: int, worker: int, queue: str) -> Work: ...

    def absence(self, worker: int) -> float:
        """How many seconds an agent stays away whom an unanswered offer has sent to the timeout activity."""
        ...
