"""From rows to the facts of the pure core."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Any

from django.db.models import Count, QuerySet

from agents.models import Worker, WorkerChannel
from kernel import clock
from routing.core.document import stored_workflow
from routing.core.expressions import parse
from routing.core.facts import REFUSAL_PAUSE_SECONDS, ChannelFacts, QueueFacts, TaskFacts, WorkerFacts
from routing.core.workflow import Step, Workflow, step_at
from routing.models import Reservation, Task, TaskOrder, TaskQueue

_CLOCK_SLACK = timedelta(minutes=1)
"""How far our clock may be from the database's; the board itself forgets pauses that are over."""

Sids = Collection[str] | None
"""Which rows; None means all of the workspace."""

_TASK_COLUMNS = (
    "pk",
    "sid",
    "version",
    "task_queue__sid",
    "task_channel__unique_name",
    "priority",
    "virtual_start_time",
    "created_at",
    "attributes",
    "required_skills",
    "workflow_version__configuration",
    "filter_index",
    "target_index",
    "step_ends_at_age",
)


def _of(rows: QuerySet[Any], sids: Sids) -> QuerySet[Any]:
    return rows if sids is None else rows.filter(sid__in=sids)


def queue_facts(workspace_id: int, sids: Sids = None) -> list[QueueFacts]:
    """The queues."""
    rows = _of(TaskQueue.objects.filter(workspace_id=workspace_id), sids)
    return [
        QueueFacts(
            sid=queue.sid,
            expression=parse(queue.target_workers) if queue.target_workers else None,
            lifo=queue.task_order == TaskOrder.LIFO,
        )
        for queue in rows
    ]


def worker_facts(workspace_id: int, sids: Sids = None) -> list[WorkerFacts]:
    """The workers, with their capacity: three queries, however many they are."""
    workers = list(_of(Worker.objects.filter(workspace_id=workspace_id), sids).select_related("activity"))
    channels = _channels(workspace_id, None if sids is None else [worker.pk for worker in workers])
    return [
        WorkerFacts(
            sid=worker.sid,
            number=worker.pk,
            friendly_name=worker.friendly_name,
            activity_sid=worker.activity.sid,
            activity_name=worker.activity.friendly_name,
            available=worker.activity.available,
            attributes=worker.attributes,
            channels=channels[worker.pk],
            last_assigned=worker.last_assigned_at.timestamp() if worker.last_assigned_at else 0.0,
        )
        for worker in workers
    ]


def _channels(workspace_id: int, worker_ids: Iterable[int] | None) -> dict[int, dict[str, ChannelFacts]]:
    rows = WorkerChannel.objects.filter(worker__workspace_id=workspace_id)
    held = Reservation.objects.filter(worker__workspace_id=workspace_id, reservation_status="accepted")
    if worker_ids is not None:
        rows, held = rows.filter(worker_id__in=worker_ids), held.filter(worker_id__in=worker_ids)
    counted = held.values_list("worker_id", "task__task_channel_id").annotate(Count("pk"))
    assigned = {(worker, channel): count for worker, channel, count in counted}
    found: dict[int, dict[str, ChannelFacts]] = defaultdict(dict)
    for row in rows.select_related("task_channel"):
        found[row.worker_id][row.task_channel.unique_name] = ChannelFacts(
            configured_capacity=row.configured_capacity,
            available=row.available,
            load=row.load,
            assigned=assigned.get((row.worker_id, row.task_channel_id), 0),
        )
    return found


def task_facts(workspace_id: int, sids: Sids = None) -> list[TaskFacts]:
    """Those of the tasks that are pending."""
    rows = _of(Task.objects.filter(workspace_id=workspace_id, assignment_status="pending"), sids)
    refusals = _refusals(workspace_id, sids)
    values = rows.values_list(*_TASK_COLUMNS)
    # A cursor on the server costs three round trips: for the whole table, not for a handful of rows.
    found = values.iterator(chunk_size=2000) if sids is None else values
    return [_task(dict(zip(_TASK_COLUMNS, row, strict=True)), refusals) for row in found]


def _task(row: dict[str, Any], refusals: dict[int, list[tuple[str, float]]]) -> TaskFacts:
    configuration = row["workflow_version__configuration"]
    workflow = stored_workflow(configuration) if configuration and row["filter_index"] is not None else None
    return TaskFacts(
        sid=row["sid"],
        number=row["pk"],
        version=row["version"],
        queue=row["task_queue__sid"],
        channel=row["task_channel__unique_name"],
        priority=row["priority"],
        virtual_start=row["virtual_start_time"].timestamp(),
        created=row["created_at"].timestamp(),
        attributes=row["attributes"],
        required_skills=frozenset(row["required_skills"]),
        workflow=workflow,
        step=_step(row, workflow),
        refusals=tuple(refusals.get(row["pk"], ())),
    )


def _step(row: dict[str, Any], workflow: Workflow | None) -> Step | None:
    if workflow is None:
        return None
    return step_at(workflow, (row["filter_index"], row["target_index"]), ends_at_age=row["step_ends_at_age"])


def _refusals(workspace_id: int, sids: Sids) -> dict[int, list[tuple[str, float]]]:
    """Who said no, or nothing, so lately that the task is kept from him."""
    pause = timedelta(seconds=REFUSAL_PAUSE_SECONDS) + _CLOCK_SLACK
    recent = Reservation.objects.filter(
        task__workspace_id=workspace_id,
        reservation_status__in=("rejected", "timeout"),
        ended_at__gt=clock.now() - pause,
    )
    if sids is not None:
        recent = recent.filter(task__sid__in=sids)
    found: dict[int, list[tuple[str, float]]] = defaultdict(list)
    for task_id, worker_sid, ended_at in recent.order_by("pk").values_list("task_id", "worker__sid", "ended_at"):
        if ended_at is not None:
            found[task_id].append((worker_sid, ended_at.timestamp() + REFUSAL_PAUSE_SECONDS))
    return found
