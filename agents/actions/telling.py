"""What the verbs of this package note in the event log, and for whom."""

from collections.abc import Mapping
from typing import Any

from agents.models import Activity, TaskChannel, Worker, Workspace
from agents.payloads import activity_payload, task_channel_payload, worker_payload, workspace_payload
from eventlog.models import Event
from eventlog.record import draft, record, record_all
from kernel.actor import Actor

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


def of_worker(
    event: str, worker: Worker, *, actor: Actor, previous: Previous | None = None, about: Previous | None = None
) -> Event:
    """The same, not written yet."""
    return draft(
        event,
        subject_sid=worker.sid,
        data={**worker_payload(worker), **(about or {}), **_before(previous)},
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
