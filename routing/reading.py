"""From rows to the facts of the pure core. Plain SQL: these are the hottest reads of the product."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, cast

from django.db import connection

from agents.models import TaskChannel
from eventlog import dialect
from routing import rows
from routing.core.document import stored_workflow
from routing.core.expressions import parse_crew
from routing.core.facts import REFUSAL_PAUSE_SECONDS, ChannelFacts, QueueFacts, TaskFacts, WorkerFacts
from routing.core.workflow import Step, Workflow, step_at
from routing.models import TaskOrder, TaskQueue, WorkflowVersion

Sids = Collection[str] | None
"""Which rows; None means all of the workspace."""


def queue_facts(workspace_id: int, sids: Sids = None) -> list[QueueFacts]:
    """The queues."""
    rows = TaskQueue.objects.filter(workspace_id=workspace_id)
    return [
        QueueFacts(
            sid=queue.sid,
            expression=parse_crew(queue.target_workers),
            lifo=queue.task_order == TaskOrder.LIFO,
            max_reserved=queue.max_reserved_workers,
        )
        for queue in (rows if sids is None else rows.filter(sid__in=sids))
    ]


def worker_facts(workspace_id: int, sids: Sids = None) -> list[WorkerFacts]:
    """The workers, with their capacity."""
    return Reader(workspace_id).workers(sids)


def task_facts(workspace_id: int, sids: Sids = None) -> list[TaskFacts]:
    """Those of the tasks that are pending."""
    reader = Reader(workspace_id)
    if sids is None:
        return [task for chunk in reader.waiting() for task in chunk]
    return [task for task in reader.tasks(sids).values() if task is not None]


class Reader:
    """Reads a workspace. What never changes, such as a stored document, is read and understood once."""

    def __init__(self, workspace_id: int) -> None:
        self._workspace_id = workspace_id
        self._queues = _Names(TaskQueue, "sid")
        self._channels = _Names(TaskChannel, "unique_name")
        self._workflows: dict[int, Workflow] = {}
        self._steps: dict[tuple[int, int, int, int], Step | None] = {}

    def workers(self, wanted: rows.Wanted | None = None, *, by: rows.Key = "sid") -> list[WorkerFacts]:
        """These workers, or all of them."""
        return [self._worker(row) for row in rows.workers(self._workspace_id, wanted, by=by)]

    def tasks(self, wanted: rows.Wanted, *, by: rows.Key = "sid") -> dict[int, TaskFacts | None]:
        """Those of these tasks that there are, by number; None for one that is not pending."""
        found = rows.tasks(self._workspace_id, wanted, by=by)
        self._learn(row[8] for row in found)
        return {row[0]: self._task(row) if row[-1] else None for row in found}

    def waiting(self) -> Iterator[list[TaskFacts]]:
        """All pending tasks in chunks, each read by itself: a snapshot held for long slows everybody down.

        Where there are many, the database looks for the next chunk while the caller is busy with this one.
        """
        with ThreadPoolExecutor(1) as ahead:
            found = self._chunk(0)
            try:
                while len(found) == rows.CHUNK:
                    coming = ahead.submit(self._chunk, found[-1][0])
                    yield self._tasks(found)
                    found = coming.result()
            finally:
                ahead.submit(connection.close)
        yield self._tasks(found)

    def _chunk(self, after: int) -> rows.Rows:
        plain = [number for number, workflow in list(self._workflows.items()) if not _looks_at_tasks(workflow)]
        return rows.waiting(self._workspace_id, after=after, plain=plain)

    def _tasks(self, found: rows.Rows) -> list[TaskFacts]:
        self._learn(row[8] for row in found)
        return [self._task(row) for row in found]

    # --- workers ---

    def _worker(self, row: dialect.Row) -> WorkerFacts:
        number, sid, name, attributes, activity, available, last_assigned, channels = row
        activity_sid, activity_name = json.loads(activity)
        return WorkerFacts(
            sid=sid,
            number=number,
            friendly_name=name,
            activity_sid=activity_sid,
            activity_name=activity_name,
            available=bool(available),
            attributes=json.loads(attributes),
            channels={self._channels[each[0]]: _channel(each) for each in json.loads(channels or "[]")},
            last_assigned=dialect.seconds(last_assigned),
        )

    # --- tasks ---

    def _task(self, row: dialect.Row) -> TaskFacts:
        number, version, queue, channel, priority, start, created, ignore_capacity = row[:8]
        document, place, target, ends, skills, attributes, named, refusals, holders, skip_asked = row[8:18]
        return TaskFacts(
            number,
            version,
            self._queues[queue],
            self._channels[channel],
            priority,
            dialect.seconds(start),
            dialect.seconds(created),
            json.loads(attributes) if attributes else _NOTHING,
            frozenset(json.loads(skills)) if skills else _NO_SKILLS,
            document,
            None if place is None else self._step(document, place, target, ends),
            _refusals(refusals) if refusals else (),
            named,
            bool(ignore_capacity),
            tuple(json.loads(holders)) if holders else (),
            not skip_asked,
        )

    def _step(self, document: int, place: int, target: int, ends: int) -> Step | None:
        """Tasks that stand at one place share it."""
        key = (document, place, target, ends)
        if key not in self._steps:
            self._steps[key] = step_at(self._workflows[document], (place, target), ends_at_age=ends)
        return self._steps[key]

    def _learn(self, documents: Iterable[int | None]) -> None:
        unknown = {number for number in documents if number is not None} - self._workflows.keys()
        for number, text in WorkflowVersion.objects.filter(pk__in=unknown).values_list("pk", "configuration"):
            self._workflows[number] = stored_workflow(text)


class _Names(dict[int, str]):
    """The names of rows by their numbers; what is missing is read."""

    def __init__(self, model: type[TaskQueue | TaskChannel], column: str) -> None:
        super().__init__()
        self._rows = model._default_manager
        self._column = column

    def __missing__(self, number: int) -> str:
        name = cast(str, self._rows.values_list(self._column, flat=True).get(pk=number))
        self[number] = name
        return name


_NOTHING: Final[Mapping[str, Any]] = {}
_NO_SKILLS: Final[frozenset[str]] = frozenset()


def _channel(row: Sequence[Any]) -> ChannelFacts:
    _, capacity, available, load, assigned, last_assigned = row
    return ChannelFacts(capacity, bool(available), load, assigned, dialect.seconds(last_assigned))


def _refusals(listed: str) -> tuple[tuple[int, float], ...]:
    return tuple((worker, dialect.seconds(at) + REFUSAL_PAUSE_SECONDS) for worker, at in json.loads(listed))


def _looks_at_tasks(workflow: Workflow) -> bool:
    """Whether it depends on the attributes who may serve a task in a step of the workflow."""
    rules = [target for each in workflow.filters for target in each.targets]
    rules += [workflow.default] if workflow.default else []
    return any(rule.known_worker or (rule.expression and rule.expression.paths("task")) for rule in rules)
