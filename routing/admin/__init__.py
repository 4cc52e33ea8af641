"""The pages of routing, a module each."""

from routing.admin.queues import QueueAdmin
from routing.admin.replays import ReplayAdmin
from routing.admin.tasks import ReservationInline, StatusFilter, TaskAdmin
from routing.admin.workers import RoutedWorkerAdmin
from routing.admin.workflows import WorkflowAdmin

__all__ = [
    "QueueAdmin",
    "ReplayAdmin",
    "ReservationInline",
    "RoutedWorkerAdmin",
    "StatusFilter",
    "TaskAdmin",
    "WorkflowAdmin",
]
