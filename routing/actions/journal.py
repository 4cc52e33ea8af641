"""What each verb notes in the event log, and for whom."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from agents.models import Workspace
from eventlog.models import Event
from eventlog.record import draft, record, record_all
from kernel.actor import Actor
from routing.models import Reservation, Task, TaskQueue, Transfer, Workflow
from routing.payloads import (
    reservation_payload,
    task_payload,
    task_queue_payload,
    transfer_payload,
    workflow_payload,
)

Data = Mapping[str, Any]

_ON_THE_WAY: Final = frozenset({"workflow.entered", "workflow.target-matched"})
"""What no screen hears where `task-queue.entered` comes with it and tells the same."""


def floor(workspace: Workspace) -> str:
    """The audience of all who watch the workspace."""
    return f"floor:{workspace.sid}"


def note_task(
    event: str, task: Task, *, actor: Actor, worker_sids: Iterable[str] = (), about: Data | None = None
) -> None:
    """``about`` adds to the payload what else the event speaks of."""
    record_all([_of_task(event, task, actor=actor, worker_sids=worker_sids, about=about)])


def note_way(events: Sequence[str], task: Task, *, actor: Actor, about: Data | None = None) -> None:
    """Several events of a task's way that became true together, in this order."""
    record_all(way_of(events, task, actor=actor, about=about))


def way_of(events: Sequence[str], task: Task, *, actor: Actor, about: Data | None = None) -> list[Event]:
    """The same, not written yet."""
    silent = _ON_THE_WAY if "task-queue.entered" in events else frozenset[str]()
    return [_of_task(event, task, actor=actor, about=about, watched=event not in silent) for event in events]


def _of_task(
    event: str,
    task: Task,
    *,
    actor: Actor,
    worker_sids: Iterable[str] = (),
    about: Data | None = None,
    watched: bool = True,
) -> Event:
    return draft(
        event,
        subject_sid=task.sid,
        data={**task_payload(task), **(about or {})},
        audiences=[*([floor(task.workspace)] if watched else []), *(f"worker:{sid}" for sid in worker_sids)],
        actor=actor,
        workspace_sid=task.workspace.sid,
    )


def note_transfer(event: str, transfer: Transfer, *, actor: Actor, about: Data | None = None) -> None:
    """Told as an event of the task, to the floor and to whoever began the transfer."""
    note_task(
        event,
        transfer.task,
        actor=actor,
        worker_sids=[transfer.initiating_reservation.worker.sid],
        about={"transfer": transfer_payload(transfer), **(about or {})},
    )


def note_reservation(event: str, reservation: Reservation, *, actor: Actor) -> None:
    workspace = reservation.task.workspace
    record(
        event,
        subject_sid=reservation.sid,
        data=reservation_payload(reservation),
        audiences=[floor(workspace), f"worker:{reservation.worker.sid}"],
        actor=actor,
        workspace_sid=workspace.sid,
    )


def note_queue(event: str, queue: TaskQueue, *, actor: Actor, previous: Data | None = None) -> None:
    _note_configuration(event, queue, task_queue_payload(queue), actor=actor, previous=previous)


def note_workflow(event: str, workflow: Workflow, *, actor: Actor, previous: Data | None = None) -> None:
    _note_configuration(event, workflow, workflow_payload(workflow), actor=actor, previous=previous)


def _note_configuration(
    event: str, row: TaskQueue | Workflow, payload: Data, *, actor: Actor, previous: Data | None
) -> None:
    record(
        event,
        subject_sid=row.sid,
        data={**payload, **({"previous": dict(previous)} if previous else {})},
        audiences=[floor(row.workspace)],
        actor=actor,
        workspace_sid=row.workspace.sid,
    )
