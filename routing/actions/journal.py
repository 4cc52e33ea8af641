"""What each verb notes in the event log, and for whom."""

from collections.abc import Iterable

from agents.models import Workspace
from eventlog.record import record
from kernel.actor import Actor
from routing.models import Reservation, Task, TaskQueue, Workflow
from routing.payloads import reservation_payload, task_payload, task_queue_payload, workflow_payload


def floor(workspace: Workspace) -> str:
    """The audience of all who watch the workspace."""
    return f"floor:{workspace.sid}"


def note_task(event: str, task: Task, *, actor: Actor, worker_sids: Iterable[str] = ()) -> None:
    record(
        event,
        subject_sid=task.sid,
        data=task_payload(task),
        audiences=[floor(task.workspace), *(f"worker:{sid}" for sid in worker_sids)],
        actor=actor,
        workspace_sid=task.workspace.sid,
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


def note_queue(event: str, queue: TaskQueue, *, actor: Actor) -> None:
    record(
        event,
        subject_sid=queue.sid,
        data=task_queue_payload(queue),
        audiences=[floor(queue.workspace)],
        actor=actor,
        workspace_sid=queue.workspace.sid,
    )


def note_workflow(event: str, workflow: Workflow, *, actor: Actor) -> None:
    record(
        event,
        subject_sid=workflow.sid,
        data=workflow_payload(workflow),
        audiences=[floor(workflow.workspace)],
        actor=actor,
        workspace_sid=workflow.workspace.sid,
    )
