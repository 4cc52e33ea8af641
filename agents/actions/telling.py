"""What the verbs of this package note in the event log, and for whom."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from agents.models import Activity, TaskChannel, Worker, WorkerChannel, Workspace
from agents.payloads import activity_payload, task_channel_payload, worker_payload, workspace_payload
from eventlog.models import Event
from eventlog.record import draft, record, record_all
from kernel.actor import Actor

TOLD_AT_ONCE: Final = 500

Previous = Mapping[str, Any]
"""What the changed fields were before; empty for what was made or deleted."""


def audiences(worker: Worker) -> list[str]:
    """Who hears of a worker: himself and the floor."""
    return [f"worker:{worker.sid}", f"floor:{worker.workspace.sid}"]


def tell_workspace(event: str, workspace: Workspace, *, actor: Actor, previous: Previous | None = None) -> None:
    _tell(event, workspace.sid, workspace, workspace_payload(workspace), actor=actor, previous=previous)


def tell_activity(event: str, activity: Activity, *, actor: Actor, previous: Previous | None = None) -> None:
    _tell(event, activity.sid, activity.workspace, activity_payload(activity), actor=actor, previous=previous)


def tell_task_channel(event: str, channel: TaskChannel, *, actor: Actor, previous: Previous | None = None) -> None:
    _tell(event, channel.sid, channel.workspace, task_channel_payload(channel), actor=actor, previous=previous)


def tell_worker(
    event: str, worker: Worker, *, actor: Actor, previous: Previous | None = None, about: Previous | None = None
) -> None:
    """``about`` adds to the payload what else the event speaks of, such as the channel."""
    record_all([of_worker(event, worker, actor=actor, previous=previous, about=about)])


def tell_workers(event: str, workers: Sequence[Worker], *, actor: Actor) -> None:
    """The same of many, in their order; so many at once that a payload each is no burden."""
    for start in range(0, len(workers), TOLD_AT_ONCE):
        some = workers[start : start + TOLD_AT_ONCE]
        rows = WorkerChannel.objects.filter(worker__in=some).select_related("task_channel")
        channels: dict[int, list[WorkerChannel]] = {worker.pk: [] for worker in some}
        for row in rows.order_by("task_channel__unique_name"):
            channels[row.worker_id].append(row)
        record_all([of_worker(event, worker, actor=actor, channels=channels[worker.pk]) for worker in some])


def of_worker(
    event: str,
    worker: Worker,
    *,
    actor: Actor,
    previous: Previous | None = None,
    about: Previous | None = None,
    channels: Iterable[WorkerChannel] | None = None,
) -> Event:
    """The same, not written yet. ``channels`` as `worker_payload` has them."""
    return draft(
        event,
        subject_sid=worker.sid,
        data={**worker_payload(worker, channels), **(about or {}), **_before(previous)},
        audiences=audiences(worker),
        actor=actor,
        workspace_sid=worker.workspace.sid,
    )


def _tell(
    event: str,
    sid: str,
    workspace: Workspace,
    payload: Mapping[str, Any],
    *,
    actor: Actor,
    previous: Previous | None,
) -> None:
    record(
        event,
        subject_sid=sid,
        data={**payload, **_before(previous)},
        audiences=[f"floor:{workspace.sid}"],
        actor=actor,
        workspace_sid=workspace.sid,
    )


def _before(previous: Previous | None) -> dict[str, Any]:
    return {"previous": dict(previous)} if previous else {}
