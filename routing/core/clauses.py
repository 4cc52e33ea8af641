"""What tasks ask of a worker, clause by clause. Each clause has the letter under which its failing is kept.

A verdict is the letter of the first clause that fails, in this order:

===  ==========================================  ===  ============================================
q    is not in the queue                         a    is away: his activity is not available
s    lacks a required skill                      c    has the channel switched off, or none
t    fails the expression of the step's target   f    is full: no capacity is left on the channel
k    is not the worker whom the task wants       r    refused this task a moment ago
x    must not have it: holds it in a transfer    o    is free
===  ==========================================  ===  ============================================

``-`` is a worker who is gone. A task for one target worker is not asked q, s and t, and with ``ignore_capacity`` not
a, c and f either. A target's expression that names the worker's activity replaces a:
https://www.twilio.com/docs/taskrouter/activity-based-routing
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from routing.core import line
from routing.core.expressions import Expression, lookup
from routing.core.facts import TaskFacts
from routing.core.terms import Holding, holding
from routing.core.workflow import Order, Target

if TYPE_CHECKING:
    from routing.core.roster import Candidate

OUTSIDE: Final = ord("q")
UNSKILLED: Final = ord("s")
UNFIT: Final = ord("t")
STRANGER: Final = ord("k")
EXCLUDED: Final = ord("x")
AWAY: Final = ord("a")
CLOSED: Final = ord("c")
FULL: Final = ord("f")
REFUSED: Final = ord("r")
FREE: Final = ord("o")
GONE: Final = ord("-")

FITTING: Final = bytes((AWAY, CLOSED, FULL, FREE))
"""The letters of those who belong to a crew, whether or not they are free just now."""

_MAX_RANK: Final = 2**53
"""Beyond it, whole numbers from JSON are not exact."""

ANYBODY: Final = Target(queue="")

Name = tuple[str, str | int | None]
"""Whom a task wants: by ``number``, ``sid`` or ``friendly_name`` (folded); ``("sid", None)`` is nobody at all."""


@dataclass(frozen=True, slots=True)
class Clauses:
    """What all tasks of a crew ask of the queue's workers, on which channel, and in which order of them.

    ``references`` are the values that the expression reads from the tasks, ``task`` one task that has them;
    ``volatile`` says that what it reads from the worker changes with his activity or load.
    """

    channel: str
    skills: frozenset[str] = frozenset()
    expression: Expression | None = None
    order_by: tuple[Order, ...] = ()
    references: str = ""
    unconditional: bool = False
    volatile: bool = field(default=False, compare=False)
    asks_availability: bool = field(default=True, compare=False)
    task: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def unfitness(self, worker: "Candidate") -> int | None:
        """The letter of the lasting clause that a worker of the queue fails, if any."""
        if not self.skills <= worker.skills:
            return UNSKILLED
        if self.expression and not self.expression.test({"task": self.task, "worker": worker.scope}):
            return UNFIT
        return None

    def holding(self) -> Holding | None:
        """What a worker must have lest he fail the expression; None where that is not all that lasts, or unknown."""
        if self.expression is None or self.volatile or self.skills:
            return None
        return holding(self.expression, self.task)

    def standing(self, worker: "Candidate") -> int:
        """Whether one who fits is free now, and why not."""
        if self.unconditional:
            return FREE
        return worker.standing(self.channel) if self.asks_availability else worker.openness(self.channel)

    def turn(self, worker: "Candidate") -> int:
        """The worker's place in line: ``order_by`` first, then the longest without new work."""
        turn = worker.turn_on(self.channel)
        if not self.order_by:
            return turn
        return line.ranked(turn, tuple(_rank(order, worker.facts.attributes) for order in self.order_by))


def clauses_of(task: TaskFacts) -> Clauses:
    """What this task asks."""
    if task.target_worker is not None:
        return Clauses(task.channel, unconditional=task.ignore_capacity)
    rule = rule_of(task)
    volatile, asks_availability = _nature(rule.expression)
    return Clauses(
        channel=task.channel,
        skills=task.required_skills,
        expression=rule.expression,
        order_by=rule.order_by,
        references=_references(rule.expression, task.attributes),
        volatile=volatile,
        asks_availability=asks_availability,
        task=task.attributes,
    )


def rule_of(task: TaskFacts) -> Target:
    """The target at which the task stands."""
    return task.step.rule if task.step else ANYBODY


def wanted(task: TaskFacts) -> Name | None:
    """The one worker who may serve the task; None when it is anybody's."""
    if task.target_worker is not None:
        return "number", task.target_worker
    known = rule_of(task).known_worker
    if known is None:
        return None
    named = known.of(task.attributes)
    return known.field, named.casefold() if named is not None and known.field == "friendly_name" else named


@lru_cache(maxsize=4096)
def _nature(expression: Expression | None) -> tuple[bool, bool]:
    """Whether it is volatile, and whether workers have to be available."""
    asked = {path[0] for path in expression.paths("worker")} if expression else set()
    by_activity = bool(asked & {"activity_name", "activity_sid"})
    return by_activity or "channel" in asked, not by_activity


def _rank(order: Order, attributes: Mapping[str, Any]) -> int | None:
    """Smaller comes first; a worker without the whole number comes last, whatever the direction."""
    value = lookup(attributes, order.path)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= _MAX_RANK:
        return None
    return -value if order.descending else value


def _references(expression: Expression | None, attributes: Mapping[str, Any]) -> str:
    paths = expression.paths("task") if expression else ()
    if not paths:
        return ""
    return json.dumps([lookup(attributes, path) for path in paths], sort_keys=True, default=str)
