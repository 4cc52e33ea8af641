"""Why this queue: each filter of a workflow and how it judged a task, and the task's way through the targets.

The document and the facts that filters look at (the task's attributes, and what calendars say) tell what matches; the
task's row tells where it stands, and is right: attributes may have been changed since a filter was entered.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from routing.core.trace import Trace, why
from routing.core.workflow import (
    DEFAULT_FILTER,
    Filter,
    Step,
    Target,
    Workflow,
    first_step,
    step_after_skip,
    step_after_timeout,
    step_at,
)

Passed = Literal["timeout", "skip", "passed"]
TargetFate = Literal["timeout", "skip", "passed", "here", "ahead", "unreached"]
FilterFate = Literal["unmatched", "over", "here", "ahead"]
DefaultFate = Literal["here", "skip", "shut"]
Position = tuple[int, int]


@dataclass(frozen=True, slots=True)
class RouteTarget:
    """A target: from which age to which it counts (None: until the end), and what became of the task there.

    ``timeout`` and ``skip``: it went on, that way. ``passed``: it went on, and the row alone does not tell how.
    ``unreached``: its filter does not match.
    """

    place: int
    rule: Target
    priority: int | None
    starts_at_age: int
    ends_at_age: int | None
    fate: TargetFate
    left_at_age: float | None = None


@dataclass(frozen=True, slots=True)
class RouteFilter:
    """A filter and how it judges the task.

    ``unmatched``: it does not hold. ``over``: it held, and its targets are used up. ``ahead``: it holds, and comes when
    those before it are used up. ``default``: the default filter takes what no other filter takes.
    """

    index: int
    name: str
    expression: str
    trace: Trace
    fate: FilterFate
    targets: tuple[RouteTarget, ...]

    @property
    def changed(self) -> bool:
        """The task came here with other attributes than it has now."""
        return self.fate == "here" and not self.trace.held


@dataclass(frozen=True, slots=True)
class Route:
    """All filters from the top, and what comes next.

    ``default_fate`` tells of the default filter: "here"; "skip" where the task can still come to it, which only a skip
    may do; "shut" where it cannot. ``after_timeout`` and ``after_skip`` are None where nothing is left, or no such end.
    """

    filters: tuple[RouteFilter, ...]
    default: Target | None
    default_fate: DefaultFate
    here: Step | None
    after_timeout: Step | None
    after_skip: Step | None


def entered(workflow: Workflow, facts: Mapping[str, Any]) -> Route:
    """The way of a task that would be made now."""
    return _route(workflow, facts, first_step(workflow, facts), age=0.0)


def route(
    workflow: Workflow,
    facts: Mapping[str, Any],
    *,
    position: Position,
    ends_at_age: int,
    age: float,
    left_at: Sequence[float] = (),
) -> Route:
    """The way of a task that stands at ``position`` with ``age`` seconds.

    ``left_at`` are the ages at which it left one target after the other, if the log still knows all of them.
    """
    here = step_at(workflow, position, ends_at_age=ends_at_age)
    found = _route(workflow, facts, here, age=age)
    return replace(found, filters=_refined(found.filters, left_at))


def _route(
    workflow: Workflow,
    facts: Mapping[str, Any],
    here: Step | None,
    *,
    age: float,
) -> Route:
    filters = []
    ended = 0
    for index, rule in enumerate(workflow.filters):
        if here is not None and index == here.filter:
            ended = here.ends_at_age - _seconds(rule.targets[: here.target + 1])
        found = _Way(index, rule, here, age).judged(why(rule.expression, facts), starts_at_age=ended)
        filters.append(found)
        ended += _seconds(rule.targets) if found.fate != "unmatched" else 0
    return Route(
        filters=tuple(filters),
        default=workflow.default,
        default_fate=_default_fate(workflow, facts, here),
        here=here,
        after_timeout=step_after_timeout(workflow, facts, here) if here and here.deadline_age is not None else None,
        after_skip=step_after_skip(workflow, facts, here) if here and here.rule.skip_if else None,
    )


@dataclass(frozen=True, slots=True)
class _Way:
    """One filter, and where the task stands in the whole document."""

    index: int
    rule: Filter
    here: Step | None
    age: float

    def judged(self, trace: Trace, *, starts_at_age: int) -> RouteFilter:
        fate = self._fate(held=trace.held)
        targets = []
        priority: int | None = None
        for place, target in enumerate(self.rule.targets):
            ends_at_age = None if target.timeout_seconds is None else starts_at_age + target.timeout_seconds
            priority = priority if target.priority is None else target.priority
            here = self._target_fate(fate, place, ends_at_age)
            targets.append(RouteTarget(place, target, priority, starts_at_age, ends_at_age, here))
            starts_at_age = starts_at_age if ends_at_age is None else ends_at_age
        return RouteFilter(self.index, self.rule.name, self.rule.expression.text, trace, fate, tuple(targets))

    def _fate(self, *, held: bool) -> FilterFate:
        if self.here is not None and self.index == self.here.filter:
            return "here"
        if not held:
            return "unmatched"
        after = self.here is not None and DEFAULT_FILTER != self.here.filter < self.index
        return "ahead" if after else "over"

    def _target_fate(self, fate: FilterFate, place: int, ends_at_age: int | None) -> TargetFate:
        if fate == "over":
            return self._left(place, ends_at_age)
        if fate != "here" or self.here is None:
            return "ahead" if fate == "ahead" else "unreached"
        if place == self.here.target:
            return "here"
        return "ahead" if place > self.here.target else self._left(place, ends_at_age)

    def _left(self, place: int, ends_at_age: int | None) -> Passed:
        """How it went on. Only a skip leaves a target before its time; only a time-out leaves one without skip_if."""
        if ends_at_age is None or self.age < ends_at_age:
            return "skip"
        return "passed" if self.rule.targets[place].skip_if else "timeout"


def _refined(filters: tuple[RouteFilter, ...], left_at: Sequence[float]) -> tuple[RouteFilter, ...]:
    """With what the log knows, unless it does not know all: then nobody can tell which age belongs to which target."""
    ages = iter(left_at)
    if len(left_at) != sum(_was_left(target) for rule in filters for target in rule.targets):
        return filters
    return tuple(
        replace(
            rule,
            targets=tuple(_left_at(target, next(ages)) if _was_left(target) else target for target in rule.targets),
        )
        for rule in filters
    )


def _was_left(target: RouteTarget) -> bool:
    return target.fate in ("timeout", "skip", "passed")


def _left_at(target: RouteTarget, age: float) -> RouteTarget:
    over = target.ends_at_age is not None and age >= target.ends_at_age
    return replace(target, fate="timeout" if over else "skip", left_at_age=age)


def _seconds(targets: tuple[Target, ...]) -> int:
    return sum(target.timeout_seconds or 0 for target in targets)


def _default_fate(workflow: Workflow, facts: Mapping[str, Any], here: Step | None) -> DefaultFate:
    if here is None or here.filter == DEFAULT_FILTER:
        return "here" if here else "shut"
    step: Step | None = here
    while step is not None and step.filter != DEFAULT_FILTER:
        following = step_after_skip(workflow, facts, step)
        if following is None or (following.filter == DEFAULT_FILTER and not step.rule.skip_if):
            return "shut"
        if not step.rule.skip_if and step.rule.timeout_seconds is None:
            return "shut"  # Nothing leads on from here.
        step = following
    return "skip"
