"""What is kept of routing. Django looks for models here."""

from routing.models.configuration import (
    DEFAULT_RESERVATION_TIMEOUT,
    MAX_RESERVATION_TIMEOUT,
    Draft,
    TaskOrder,
    TaskQueue,
    Workflow,
    WorkflowVersion,
    new_queue_sid,
    new_workflow_sid,
)
from routing.models.offers import Judgement, Reservation, Roster, new_reservation_sid
from routing.models.replays import Replay, new_replay_sid
from routing.models.tasks import MAX_PRIORITY, Task, Transfer, TransferMode, new_task_sid, new_transfer_sid

__all__ = [
    "DEFAULT_RESERVATION_TIMEOUT",
    "MAX_PRIORITY",
    "MAX_RESERVATION_TIMEOUT",
    "Draft",
    "Judgement",
    "Replay",
    "Reservation",
    "Roster",
    "Task",
    "TaskOrder",
    "TaskQueue",
    "Transfer",
    "TransferMode",
    "Workflow",
    "WorkflowVersion",
    "new_queue_sid",
    "new_replay_sid",
    "new_reservation_sid",
    "new_task_sid",
    "new_transfer_sid",
    "new_workflow_sid",
]
