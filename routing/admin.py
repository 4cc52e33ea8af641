"""The pages of routing, a module each."""

from routing.admin_queues import QueueAdmin
from routing.admin_replays import ReplayAdmin
from routing.admin_tasks import ReservationInline, StatusFilter, TaskAdmin
from routing.admin_workers import RoutedWorkerAdmin
from routing.admin_workflows import WorkflowAdmin

__all__ = [
    "QueueAdmin",
    "ReplayAdmin",
    "ReservationInline",
    "RoutedWorkerAdmin",
    "StatusFilter",
    "TaskAdmin",
    "WorkflowAdmin",
]
