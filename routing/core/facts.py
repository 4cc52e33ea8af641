"""What the matching knows of queues, workers and tasks. Moments are seconds since 1970."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from routing.core.expressions import Expression
from routing.core.workflow import Step

REFUSAL_PAUSE_SECONDS: Final = 5.0
"""How long a task is kept from a worker who rejected it or let it time out.

Twilio may offer it to the same worker again at once, which turns into a busy loop when nobody else can serve it.
"""


@dataclass(frozen=True, slots=True)
class ChannelFacts:
    """A worker's capacity on one task channel. ``load`` counts open reservations, ``assigned`` the accepted ones."""

    configured_capacity: int = 1
    available: bool = True
    load: int = 0
    assigned: int = 0
    last_assigned: float = 0.0


@dataclass(frozen=True, slots=True)
class WorkerFacts:
    """A worker; ``last_assigned`` is 0 for one who never had work. ``number`` is his row's."""

    sid: str
    number: int
    friendly_name: str
    activity_sid: str
    activity_name: str
    available: bool
    attributes: Mapping[str, Any] = field(default_factory=dict)
    channels: Mapping[str, ChannelFacts] = field(default_factory=dict)
    last_assigned: float = 0.0


@dataclass(frozen=True, slots=True)
class QueueFacts:
    """A queue; without an expression nobody is a member. ``max_reserved`` workers are asked at once."""

    sid: str
    expression: Expression | None
    lifo: bool = False
    max_reserved: int = 1


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """A pending task, known to the board by the ``number`` of its row.

    ``refusals`` holds the numbers of workers who must not get it again, and until when; ``excluded`` those who never
    do. A task for one ``target_worker`` goes to nobody else, whether or not he is in the queue, and with
    ``ignore_capacity`` even if he is away or full. ``entering`` until a decision has asked the step's ``skip_if``.
    """

    number: int
    version: int
    queue: str
    channel: str
    priority: int
    virtual_start: float
    created: float
    attributes: Mapping[str, Any] = field(default_factory=dict)
    required_skills: frozenset[str] = frozenset()
    workflow_version: int | None = None
    step: Step | None = None
    refusals: tuple[tuple[int, float], ...] = ()
    target_worker: int | None = None
    ignore_capacity: bool = False
    excluded: tuple[int, ...] = ()
    entering: bool = True

    @property
    def deadline(self) -> float | None:
        """When the workflow step ends."""
        age = self.step.deadline_age if self.step else None
        return None if age is None else self.created + age
