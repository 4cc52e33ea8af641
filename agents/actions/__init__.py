"""The verbs of workspaces, workers and their capacity."""

from agents.actions.activities import create_activity, delete_activity, update_activity
from agents.actions.capacity import Slots, set_capacity, shift_slots, take_slot
from agents.actions.checks import KEEP, Keep
from agents.actions.presence import send_to_timeout_activity, set_activity
from agents.actions.task_channels import create_task_channel, delete_task_channel, update_task_channel
from agents.actions.telling import audiences
from agents.actions.workers import create_worker, create_worker_key, delete_worker, update_worker
from agents.actions.workspaces import create_workspace, delete_workspace, note_import, refuse_busy, update_workspace

__all__ = [
    "KEEP",
    "Keep",
    "Slots",
    "audiences",
    "create_activity",
    "create_task_channel",
    "create_worker",
    "create_worker_key",
    "create_workspace",
    "delete_activity",
    "delete_task_channel",
    "delete_worker",
    "delete_workspace",
    "note_import",
    "refuse_busy",
    "send_to_timeout_activity",
    "set_activity",
    "set_capacity",
    "shift_slots",
    "take_slot",
    "update_activity",
    "update_task_channel",
    "update_worker",
    "update_workspace",
]
