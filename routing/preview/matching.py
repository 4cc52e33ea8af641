"""Who would serve a queue or a target now: reads for people who write expressions."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from typing import Any

from agents.models import Workspace
from kernel.errors import DomainError
from routing.core.checks import Patience, Surroundings
from routing.core.checks.facts import profile
from routing.core.expressions import Expression, ExpressionError, parse_target
from routing.core.facts import WorkerFacts
from routing.models import TaskQueue
from routing.preview import editor, staff

SHOWN = 30
SHOWN_OF_TARGET = 8
SECONDS = 2.0
"""So long the crews of a form's targets are sought."""


@dataclass(frozen=True, slots=True)
class Match:
    """Who matches an expression; ``problem`` instead, if it cannot be read. ``shown`` are the first of ``count``."""

    shown: tuple[WorkerFacts, ...] = ()
    count: int = 0
    available: int = 0
    problem: DomainError | None = None

    @property
    def more(self) -> int:
        """How many match and are not shown."""
        return self.count - len(self.shown)


def match(expression: str, *, workspace: Workspace) -> Match:
    """Who matches, those who are available first."""
    try:
        found = staff.staff(workspace).crew(expression)
    except DomainError as error:
        return Match(problem=error)
    return Match(_first(found, SHOWN), len(found), sum(worker.available for worker in found))


def crew(queue: TaskQueue) -> tuple[WorkerFacts, ...]:
    """The workers of a queue."""
    return staff.staff(queue.workspace).crew(queue.target_workers)


def _first(found: Iterable[WorkerFacts], count: int) -> tuple[WorkerFacts, ...]:
    """Those who are available first, then by name."""
    return tuple(nsmallest(count, found, key=lambda worker: (not worker.available, worker.friendly_name.lower())))


# --- targets, while a workflow is written ---


@dataclass(frozen=True, slots=True)
class Crew:
    """Who may serve a target. ``depends``: its expression asks for more than the workers, so that it may be fewer."""

    queue: str
    shown: tuple[WorkerFacts, ...]
    count: int
    available: int
    depends: bool

    @property
    def more(self) -> int:
        """How many there are and are not shown."""
        return self.count - len(self.shown)


def crews(rows: editor.Row, around: Surroundings) -> dict[str, Crew]:
    """The crews of the targets of a form, by the places of their rows; a target that names no queue that there is,
    whose expression cannot be read yet, or whose turn does not come in time, has none."""
    found: dict[str, Crew] = {}
    patience = Patience(SECONDS)
    try:
        for place, queue, expression in _asked(rows):
            patience.tick()
            _put(found, place, queue, expression, around)
    except TimeoutError:
        pass
    return found


def _asked(rows: editor.Row) -> Iterator[tuple[str, str, str]]:
    """Place, queue and expression of each target, the default filter first."""
    yield "default", rows["default"]["queue"], rows["default"]["expression"]
    for rule in rows["filters"]:
        queue = ""
        for target in rule["targets"]:
            queue = target["queue"] or queue
            yield f"{rule['id']}-{target['id']}", queue, target["expression"]


def _put(found: dict[str, Crew], place: str, queue: str, text: str, around: Surroundings) -> None:
    if queue not in around.queues:
        return
    try:
        expression = parse_target(text) if text else None
    except ExpressionError:
        return
    found[place] = _crew(queue, expression, around)


def _crew(queue: str, expression: Expression | None, around: Surroundings) -> Crew:
    members: Sequence[WorkerFacts] = around.queue_crew(queue)
    depends = expression is not None and not _asks_workers_alone(expression)
    if expression is not None and not depends:
        members = [worker for worker in members if expression({"worker": _scope(worker)})]
    available = sum(worker.available for worker in members)
    return Crew(around.queues[queue].name, _first(members, SHOWN_OF_TARGET), len(members), available, depends)


def _asks_workers_alone(expression: Expression) -> bool:
    """How much work a worker has just now is not asked of the same facts, and changes by the second."""
    return not any(each.path[0] != "worker" or each.path[1] == "channel" for each in expression.references)


def _scope(worker: WorkerFacts) -> dict[str, Any]:
    return {**profile(worker), "activity_sid": worker.activity_sid, "activity_name": worker.activity_name}
