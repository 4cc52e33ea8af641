"""One module for each resource: its shape in, its shape out, its operations."""

from collections.abc import Sequence
from typing import Any, Final

from taskrouter.resources.activities import Activities
from taskrouter.resources.base import Resource
from taskrouter.resources.events import Events
from taskrouter.resources.reservations import TaskReservations, WorkerReservations
from taskrouter.resources.task_channels import TaskChannels
from taskrouter.resources.task_queues import TaskQueues
from taskrouter.resources.tasks import Tasks
from taskrouter.resources.worker_channels import WorkerChannels
from taskrouter.resources.workers import Workers
from taskrouter.resources.workflows import Workflows
from taskrouter.resources.workspaces import Workspaces

RESOURCES: Final[Sequence[type[Resource[Any]]]] = (
    Workspaces,
    Activities,
    TaskChannels,
    TaskQueues,
    Workers,
    WorkerChannels,
    Workflows,
    Events,
    Tasks,
    TaskReservations,
    WorkerReservations,
)
