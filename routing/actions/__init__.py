"""The verbs of routing: the only doors through which its tables change."""

from routing.actions.configuration import delete_queue, delete_workflow, save_queue, save_workflow
from routing.actions.reservations import accept, expire, offer, reject
from routing.actions.tasks import advance, cancel_task, complete, create_task, update_task, wrap_up

__all__ = [
    "accept",
    "advance",
    "cancel_task",
    "complete",
    "create_task",
    "delete_queue",
    "delete_workflow",
    "expire",
    "offer",
    "reject",
    "save_queue",
    "save_workflow",
    "update_task",
    "wrap_up",
]
