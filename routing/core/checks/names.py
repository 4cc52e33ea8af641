"""Whether the attributes that a workflow asks for are any that workers and tasks have."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Final

from routing.core.checks.crews import targets
from routing.core.checks.facts import Finding, Names, Patience, Surroundings
from routing.core.expressions import lookup
from routing.core.syntax import ReferencePath
from routing.core.workflow import Target, Workflow

WORKER_FACTS: Final = frozenset({"sid", "friendly_name", "activity_sid", "activity_name", "channel"})
"""What a target may ask of every worker, besides his attributes."""

CALENDARS: Final = "calendar"
"""Business hours, which tasks are asked for like attributes."""


def findings(workflow: Workflow, around: Surroundings, patience: Patience) -> Iterator[Finding]:
    """As `routing.core.checks.check`."""
    for index, rule in enumerate(workflow.filters):
        patience.tick()
        paths = [reference.path for reference in rule.expression.references]
        yield from _unknown_to_tasks(paths, f"task_routing.filters[{index}].expression", around)
    seen: set[str] = set()
    for path, target in targets(workflow):
        patience.tick()
        if target.queue not in seen:
            seen.add(target.queue)
            yield from _queue(target, path, around)
        yield from _target(target, path, around)


def _queue(target: Target, path: str, around: Surroundings) -> Iterator[Finding]:
    queue = around.queues[target.queue]
    paths = [reference.path for reference in queue.expression.references] if queue.expression else []
    for finding in _unknown_to_workers(paths, f"{path}.queue", around):
        yield Finding(f"queue-{finding.code}", finding.path, finding.severity, {**finding.params, "queue": queue.name})


def _target(target: Target, path: str, around: Surroundings) -> Iterator[Finding]:
    if target.expression is not None:
        place = f"{path}.expression"
        yield from _unknown_to_tasks(target.expression.paths("task"), place, around)
        asked = (each for each in target.expression.paths("worker") if each[0] not in WORKER_FACTS)
        yield from _unknown_to_workers(asked, place, around)
    if target.known_worker is not None:
        place = f"{path}.known_worker_{target.known_worker.field}"
        yield from _unknown_to_tasks([target.known_worker.path], place, around)
    if target.skip_if is not None:
        yield from _activities(target, f"{path}.skip_if", around)
    yield from _order(target, f"{path}.order_by", around)


def _activities(target: Target, place: str, around: Surroundings) -> Iterator[Finding]:
    """``workers.available``, ``workers.unavailable`` and ``workers.WA…`` count workers."""
    named = target.skip_if.paths("workers") if target.skip_if else ()
    for path in named:
        if path[0] not in ("available", "unavailable", *around.activities):
            yield Finding("unknown-activity", place, "warning", {"name": str(path[0])})


def _order(target: Target, place: str, around: Surroundings) -> Iterator[Finding]:
    if not around.workers:
        return
    for order in target.order_by:
        values = [lookup(worker.attributes, order.path) for worker in around.workers]
        present = [value for value in values if value is not None]
        if not present:
            yield _unknown("order-unknown", order.path, place, around.worker_names)
        elif not any(isinstance(value, int) and not isinstance(value, bool) for value in present):
            yield Finding("order-without-number", place, "warning", {"name": dotted(order.path)})


def _unknown_to_tasks(paths: Iterable[ReferencePath], place: str, around: Surroundings) -> Iterator[Finding]:
    if not around.task_names:
        return
    for path in dict.fromkeys(paths):
        if path[0] != CALENDARS and _names(path) not in around.task_names:
            yield _unknown("task-unknown", path, place, around.task_names)


def _unknown_to_workers(paths: Iterable[ReferencePath], place: str, around: Surroundings) -> Iterator[Finding]:
    if not around.workers:
        return
    for path in dict.fromkeys(paths):
        if _names(path) not in around.worker_names:
            yield _unknown("worker-unknown", path, place, around.worker_names)


def _unknown(code: str, path: ReferencePath, place: str, known: Names) -> Finding:
    """With the nearest name, where one is near enough for a slip of the pen."""
    name = dotted(path)
    near = get_close_matches(name, [".".join(each) for each in known], n=1)
    if near:
        return Finding(f"{code}-near", place, "warning", {"name": name, "near": near[0]})
    return Finding(code, place, "note", {"name": name})


def _names(path: ReferencePath) -> tuple[str, ...]:
    """The part of a path that can be known: what stands in a list is each one's own.

    >>> _names(("routing", "skills", 0, "level"))
    ('routing', 'skills')
    """
    found: list[str] = []
    for part in path:
        if not isinstance(part, str):
            break
        found.append(part)
    return tuple(found)


def dotted(path: ReferencePath) -> str:
    """The name as people write it."""
    return ".".join(_names(path))
