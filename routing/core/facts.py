"""What the matching knows of queues, workers and tasks. Moments are seconds since 1970."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from routing.core.expressions import Expression
from routing.core.workflow import Step, Workflow

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


@dataclass(frozen=True, slots=True)
class WorkerFacts:
    """A worker; ``last_assigned`` is 0 for one who never had work."""

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
    """A queue; without an expression nobody is a member."""

    sid: str
    expression: Expression | None
    lifo: bool = False


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """A pending task. ``refusals`` holds who must not get it again, and until when."""

    sid: str
    number: int
    version: int
    queue: str
    channel: str
    priority: int
    virtual_start: float
    created: float
    attributes: Mapping[str, Any] = field(default_factory=dict)
    required_skills: frozenset[str] = frozenset()
    workflow: Workflow | None = None
    step: Step | None = None
    refusals: tuple[tuple[str, float], ...] = ()

    @property
    def deadline(self) -> float | None:
        """When the workflow step ends."""
        age = self.step.deadline_age if self.step else None
        return None if age is None else self.created + age
