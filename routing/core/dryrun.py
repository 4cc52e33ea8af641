"""Where tasks would go: the steps that a document leads them through, and how two documents differ in that."""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from routing.core.workflow import Step, Workflow, first_step, step_after_timeout

Scope = Mapping[str, Any]
Course = tuple[Step, ...]
"""The steps of a task whom nobody takes and nothing skips, one after the other; empty when it is refused."""

Kind = Literal["same", "details", "priority", "queue", "refused", "taken"]
"""How a task fares under another document: it begins in another queue, or there with another priority, or is refused,
or taken now; ``details``: it begins alike, and agents, times or later steps are others."""

KINDS: Final[tuple[Kind, ...]] = ("refused", "queue", "priority", "details", "taken", "same")


@dataclass(frozen=True, slots=True)
class Case:
    """A task as each of two documents sees it, under a key of the caller's."""

    key: Hashable
    before: Scope
    after: Scope


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one task. Queues are sids, empty where it is refused."""

    key: Hashable
    kind: Kind
    queue_before: str
    queue_after: str
    priority_before: int | None
    priority_after: int | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of many. ``moves`` counts from which queue to which; empty stands for refused."""

    fates: tuple[Fate, ...] = ()
    counts: Mapping[Kind, int] = field(default_factory=dict)
    moves: Mapping[tuple[str, str], int] = field(default_factory=dict)


def course(workflow: Workflow, scope: Scope) -> Course:
    """From the first step on, each after the one before has timed out."""
    steps: list[Step] = []
    step = first_step(workflow, scope)
    while step is not None:
        steps.append(step)
        step = step_after_timeout(workflow, scope, step) if step.rule.timeout_seconds is not None else None
    return tuple(steps)


def compare(before: Workflow, after: Workflow, cases: Iterable[Case]) -> Outcome:
    """What changes for these tasks from one document to the other."""
    fates = tuple(_fate(case.key, course(before, case.before), course(after, case.after)) for case in cases)
    moves = Counter((fate.queue_before, fate.queue_after) for fate in fates if fate.queue_before != fate.queue_after)
    return Outcome(fates, Counter(fate.kind for fate in fates), moves)


def _fate(key: Hashable, before: Course, after: Course) -> Fate:
    old, new = (steps[0].rule if steps else None for steps in (before, after))
    return Fate(
        key,
        _kind(before, after),
        old.queue if old else "",
        new.queue if new else "",
        old.priority if old else None,
        new.priority if new else None,
    )


def _kind(before: Course, after: Course) -> Kind:
    if not before or not after:
        return "same" if before == after else "taken" if after else "refused"
    if before[0].rule.queue != after[0].rule.queue:
        return "queue"
    if before[0].rule.priority != after[0].rule.priority:
        return "priority"
    same = [(step.rule, step.ends_at_age) for step in before] == [(step.rule, step.ends_at_age) for step in after]
    return "same" if same else "details"
