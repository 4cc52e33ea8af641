"""The verbs of routing: the only doors through which its tables change."""

from routing.actions.finishing import complete, complete_reservation, wrap_up, wrap_up_reservation
from routing.actions.presence import leave
from routing.actions.queues import delete_queue, save_queue
from routing.actions.reservations import accept, expire, offer, reject, withdraw
from routing.actions.steps import advance, give_up
from routing.actions.tasks import cancel_task, create_task, delete_task, update_task
from routing.actions.transfers import cancel_transfer, transfer
from routing.actions.workflows import delete_workflow, save_workflow
from routing.actions.workspaces import create_workspace, delete_workspace

__all__ = [
    "accept",
    "advance",
    "cancel_task",
    "cancel_transfer",
    "complete",
    "complete_reservation",
    "create_task",
    "create_workspace",
    "delete_queue",
    "delete_task",
    "delete_workflow",
    "delete_workspace",
    "expire",
    "give_up",
    "leave",
    "offer",
    "reject",
    "save_queue",
    "save_workflow",
    "transfer",
    "update_task",
    "withdraw",
    "wrap_up",
    "wrap_up_reservation",
]
