"""How a transfer ends: the second agent has the task, or it stays with the first."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from agents.actions import Slots
from kernel import clock
from kernel.actor import Actor
from routing.actions.journal import note_reservation, note_transfer
from routing.actions.moves import end_reservation, move_task, move_transfer
from routing.models import Task, TaskQueue, Transfer, TransferMode, Workflow, WorkflowVersion

PLACE: Final = (
    "workflow_id",
    "workflow_version_id",
    "task_queue_id",
    "filter_index",
    "target_index",
    "step_ends_at_age",
    "routing_target",
    "ignore_capacity",
    "priority",
    "required_skills",
    "attributes",
)
"""What a transfer changes in its task. Part of every verb that holds the task."""


def place_of(task: Task) -> dict[str, Any]:
    """Where the task stands, as `Transfer.origin` keeps it."""
    entered = task.task_queue_entered_at
    return {name: getattr(task, name) for name in PLACE} | {"entered_at": entered and entered.isoformat()}


def hand_over(transfer: Transfer, *, actor: Actor) -> dict[int, Slots]:
    """The second agent has accepted: the first one's part is over, or goes on beside his (warm).

    Returns for `settle` how the first one's slots change.
    """
    slots: dict[int, Slots] = {}
    if transfer.mode == TransferMode.COLD:
        first = transfer.initiating_reservation
        first.task = transfer.task
        slots = dict([end_reservation(first, "complete", at=clock.now())])
        note_reservation("reservation.completed", first, actor=actor)
    note_transfer("task.transfer-completed", transfer, actor=actor)
    return slots


def fail(transfer: Transfer, *, reason: str, actor: Actor) -> None:
    """Nobody took it: the task is the first agent's alone, as it was before."""
    move_transfer(transfer, "fail", reason=reason)
    keep(transfer)
    note_transfer("task.transfer-failed", transfer, actor=actor)


def keep(transfer: Transfer) -> None:
    """Put the task back to where it stood. What was deleted meanwhile, or written anew, stays as it is now."""
    task = transfer.task
    move_task(task, "keep", in_transfer=False, step_due_at=None, **_back(task, transfer.origin))


def _back(task: Task, origin: Mapping[str, Any]) -> dict[str, Any]:
    fields = {name: origin[name] for name in PLACE if name != "attributes"}
    fields["task_queue_entered_at"] = origin["entered_at"] and datetime.fromisoformat(origin["entered_at"])
    if task.attributes == origin["given_attributes"]:
        fields["attributes"] = origin["attributes"]
    if not TaskQueue.objects.filter(pk=fields["task_queue_id"]).exists():
        del fields["task_queue_id"]
    if not Workflow.objects.filter(pk=fields["workflow_id"]).exists():
        fields["workflow_id"] = None
    if not WorkflowVersion.objects.filter(pk=fields["workflow_version_id"]).exists():
        fields |= {"workflow_version_id": None, "filter_index": None}
    return fields
