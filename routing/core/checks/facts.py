"""What a check is told of the workspace, and what it finds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from time import monotonic
from typing import Any, Literal

from routing.core.expressions import Expression
from routing.core.facts import WorkerFacts
from routing.core.workflow import Target

Severity = Literal["error", "warning", "note"]
"""An error leaves tasks without an agent or rules without effect; a warning probably does; a note may well be meant."""

Names = frozenset[tuple[str, ...]]
"""Attributes by their paths: ``("routing", "skills")``."""

_STATE = ("channel", "activity_sid", "activity_name")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is probably not meant. ``code`` and ``params`` are put into words by `routing.preview.checks`.

    ``path`` is the place in the document, such as ``task_routing.filters[0].targets[1].timeout``.
    """

    code: str
    path: str
    severity: Severity
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue as people know it; without an expression nobody serves it."""

    name: str
    expression: Expression | None
    lifo: bool = False


@dataclass(frozen=True)
class Surroundings:
    """The workspace in which a workflow is to work.

    ``task_names`` are the attributes that tasks had lately, empty where there was none; ``channels`` are those that
    they came through.
    """

    queues: Mapping[str, Queue]
    workers: tuple[WorkerFacts, ...] = ()
    activities: frozenset[str] = frozenset()
    task_names: Names = frozenset()
    channels: frozenset[str] = frozenset()
    reservation_timeout: int = 120
    _crews: dict[str, tuple[WorkerFacts, ...]] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def worker_names(self) -> Names:
        """The attributes that any worker has."""
        return names_of(worker.attributes for worker in self.workers)

    def queue_crew(self, sid: str) -> tuple[WorkerFacts, ...]:
        """Who serves the queue."""
        if sid not in self._crews:
            expression = self.queues[sid].expression
            found = () if expression is None else (each for each in self.workers if expression(each.attributes))
            self._crews[sid] = tuple(found)
        return self._crews[sid]

    def crew(self, target: Target) -> tuple[WorkerFacts, ...]:
        """Who may serve the target whatever the task, whatever they do just now."""
        crew = self.queue_crew(target.queue)
        if target.expression is None or not asks_for_profile_alone(target.expression):
            return crew
        return tuple(each for each in crew if target.expression({"worker": profile(each)}))


class Patience:
    """The time that one look at a workflow may take: documents of a megabyte are allowed, and all their filters would
    be compared with one another."""

    def __init__(self, seconds: float) -> None:
        self._ends = monotonic() + seconds

    def tick(self) -> None:
        """Raises TimeoutError when the time is over."""
        if monotonic() > self._ends:
            raise TimeoutError


def asks_for_profile_alone(expression: Expression) -> bool:
    """Whether a target's expression depends on who the worker is, not on the task nor on what the worker is doing."""
    return not any(reference.path[0] != "worker" or reference.path[1] in _STATE for reference in expression.references)


def profile(worker: WorkerFacts) -> dict[str, Any]:
    """What a target may ask of a worker, as far as it does not change with his work."""
    return {**worker.attributes, "sid": worker.sid, "friendly_name": worker.friendly_name}


def names_of(documents: Iterable[Mapping[str, Any]]) -> Names:
    """The attributes that occur in any of the documents.

    >>> sorted(names_of([{"a": 1, "b": {"c": []}}, {"a": 2}]))
    [('a',), ('b',), ('b', 'c')]
    """
    found: set[tuple[str, ...]] = set()
    for document in documents:
        _collect(document, (), found)
    return frozenset(found)


def _collect(value: Any, path: tuple[str, ...], found: set[tuple[str, ...]]) -> None:
    if isinstance(value, Mapping) and len(path) < 20:
        for key, inner in value.items():
            found.add((*path, str(key)))
            _collect(inner, (*path, str(key)), found)
