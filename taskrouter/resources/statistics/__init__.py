"""Statistics: real-time, cumulative, and both at once. https://www.twilio.com/docs/taskrouter/api/taskqueue-statistics

Each answer is a few statements of SQL, however many tasks, queues and workers there are.
"""

from collections.abc import Sequence
from typing import Final

from taskrouter.resources.statistics.base import Statistics
from taskrouter.resources.statistics.queues import (
    TaskQueueCumulativeStatistics,
    TaskQueueRealTimeStatistics,
    TaskQueuesRealTimeStatistics,
    TaskQueuesStatistics,
    TaskQueueStatistics,
)
from taskrouter.resources.statistics.tasks import (
    WorkflowCumulativeStatistics,
    WorkflowRealTimeStatistics,
    WorkflowStatistics,
    WorkspaceCumulativeStatistics,
    WorkspaceRealTimeStatistics,
    WorkspaceStatistics,
)
from taskrouter.resources.statistics.workers import (
    WorkersCumulativeStatistics,
    WorkersRealTimeStatistics,
    WorkersStatistics,
    WorkerStatistics,
)

STATISTICS: Final[Sequence[type[Statistics]]] = (
    WorkspaceStatistics,
    WorkspaceRealTimeStatistics,
    WorkspaceCumulativeStatistics,
    TaskQueuesStatistics,
    TaskQueuesRealTimeStatistics,
    TaskQueueStatistics,
    TaskQueueRealTimeStatistics,
    TaskQueueCumulativeStatistics,
    WorkflowStatistics,
    WorkflowRealTimeStatistics,
    WorkflowCumulativeStatistics,
    WorkersStatistics,
    WorkersRealTimeStatistics,
    WorkersCumulativeStatistics,
    WorkerStatistics,
)
"""Before the resources: ``TaskQueues/Statistics`` is no queue of that name."""
