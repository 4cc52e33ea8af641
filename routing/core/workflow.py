"""What a workflow says: the steps of a task, from its attributes and its age.

A filter is a case of a switch: the first that matches takes the task through its targets, one after the other. Step
time-outs are deadlines on the task's *age*, cumulative over the targets: targets of 10, 10, 10 seconds end at age 10,
20 and 30, however late the task entered them. https://www.twilio.com/docs/taskrouter/workflow-configuration
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from routing.core.expressions import Expression, lookup
from routing.core.syntax import ReferencePath

DEFAULT_FILTER: Final = -1
"""``Step.filter`` of a task that the default filter holds."""

LONGEST: Final = 2_147_483_647
"""The highest age in seconds that a deadline may stand at: what a column holds, and many lives of a task."""


@dataclass(frozen=True, slots=True)
class KnownWorker:
    """The agent whom a task attribute names."""

    field: Literal["sid", "friendly_name"]
    path: ReferencePath

    def of(self, attributes: Mapping[str, Any]) -> str | None:
        """Whom the task names, or None when it names nobody."""
        named = lookup(attributes, self.path)
        return named if isinstance(named, str) else None


@dataclass(frozen=True, slots=True)
class Order:
    """One clause of ``order_by``: a whole number among the worker's attributes."""

    path: ReferencePath
    descending: bool


@dataclass(frozen=True, slots=True)
class Target:
    """One step. The queue is already inherited; ``priority`` is None where the target sets none."""

    queue: str
    expression: Expression | None = None
    priority: int | None = None
    timeout_seconds: int | None = None
    known_worker: KnownWorker | None = None
    order_by: tuple[Order, ...] = ()
    skip_if: Expression | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on the task's attributes and the steps that follow from it."""

    name: str
    expression: Expression
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class Workflow:
    """A whole document. ``ignored`` are the places of keys in it that decide nothing, ``calendars`` the unique names
    of the business calendars that its filters ask."""

    filters: tuple[Filter, ...] = ()
    default: Target | None = None
    ignored: tuple[str, ...] = ()
    calendars: frozenset[str] = frozenset()

    @property
    def queues(self) -> frozenset[str]:
        """The sids of all queues that the document names."""
        named = {target.queue for rule in self.filters for target in rule.targets}
        return frozenset(named | ({self.default.queue} if self.default else set()))


@dataclass(frozen=True, slots=True)
class Step:
    """Where a task stands. ``ends_at_age`` sums the time-outs up to and with this target, in seconds of task age; what
    is beyond `LONGEST` comes to the same: no task lives to see it."""

    filter: int
    target: int
    rule: Target
    ends_at_age: int

    @property
    def deadline_age(self) -> int | None:
        """The age at which the step ends; None holds the task until its time to live is over."""
        return self.ends_at_age if self.rule.timeout_seconds is not None else None


def step_at(workflow: Workflow, position: tuple[int, int], *, ends_at_age: int) -> Step | None:
    """The step that a task's row names; None where the document has no such place."""
    index, target = position
    if index == DEFAULT_FILTER:
        return _default_step(workflow, ends_at_age)
    if index >= len(workflow.filters) or target >= len(workflow.filters[index].targets):
        return None
    return Step(index, target, workflow.filters[index].targets[target], ends_at_age)


def first_step(workflow: Workflow, attributes: Mapping[str, Any], *, age: int = 0) -> Step | None:
    """Where a task begins; None when no filter matches and there is no default filter.

    A task that comes here at a later ``age``, by a transfer or a new version, has the whole time of each step left.
    """
    return _enter_filter(workflow, attributes, first=0, age=age) or _default_step(workflow, age)


def step_after_timeout(workflow: Workflow, attributes: Mapping[str, Any], step: Step) -> Step | None:
    """Where a task goes when its step's time is over; None when nothing is left and the task is to be canceled.

    The default filter is never reached by a time-out: after the last target only later filters count.
    """
    following = _next_target(workflow, step)
    if following is not None or step.filter == DEFAULT_FILTER:
        return following
    return _enter_filter(workflow, attributes, first=step.filter + 1, age=step.ends_at_age)


def step_after_skip(workflow: Workflow, attributes: Mapping[str, Any], step: Step) -> Step | None:
    """Where a task goes when ``skip_if`` holds. Past the last target it is as if the filter had not matched, so that
    the default filter counts as well."""
    following = _next_target(workflow, step)
    if following is not None or step.filter == DEFAULT_FILTER:
        return following
    later = _enter_filter(workflow, attributes, first=step.filter + 1, age=step.ends_at_age)
    return later or _default_step(workflow, step.ends_at_age)


def step_at_age(workflow: Workflow, attributes: Mapping[str, Any], step: Step, *, age: float) -> Step | None:
    """The step that is due at ``age``: over several deadlines at once after a long pause. None: canceled."""
    current: Step | None = step
    while current is not None and current.deadline_age is not None and current.deadline_age <= age:
        current = step_after_timeout(workflow, attributes, current)
    return current


def _enter_filter(workflow: Workflow, attributes: Mapping[str, Any], *, first: int, age: int) -> Step | None:
    for index in range(first, len(workflow.filters)):
        rule = workflow.filters[index]
        if rule.expression(attributes):
            return _step(index, 0, rule.targets[0], age)
    return None


def _next_target(workflow: Workflow, step: Step) -> Step | None:
    if step.filter == DEFAULT_FILTER:
        return None
    targets = workflow.filters[step.filter].targets
    place = step.target + 1
    return _step(step.filter, place, targets[place], step.ends_at_age) if place < len(targets) else None


def _step(index: int, place: int, target: Target, age: int) -> Step:
    return Step(index, place, target, min(age + (target.timeout_seconds or 0), LONGEST))


def _default_step(workflow: Workflow, age: int) -> Step | None:
    return Step(DEFAULT_FILTER, 0, workflow.default, age) if workflow.default else None
