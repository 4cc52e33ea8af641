"""Of the tasks of the workspace, and of a workflow."""

from functools import cached_property
from typing import ClassVar, Final

from eventlog.dbclock import database_now
from insights import queries, realtime
from routing.models import Workflow
from taskrouter import figures
from taskrouter.forms import Form, Given
from taskrouter.periods import period
from taskrouter.resources.statistics.base import CHANNEL, SPLIT, WORKSPACE, Statistics
from taskrouter.wire import Shown

NO_TASKS: Final = realtime.Tasks()


class OfTasks(Statistics):
    """Of the tasks of the workspace, a queue or a workflow."""

    entered: ClassVar[figures.Entered]

    def scope(self) -> dict[str, str]:
        """Which facts are meant."""
        raise NotImplementedError

    def cumulative(self, given: Given) -> Shown:
        within, thresholds = period(given, now=database_now()), given.get("split_by_wait_time", ())
        found = queries.figures(self.facts(given, within, **self.scope()), thresholds=thresholds)
        return figures.cumulative(found, within, entered=self.entered)

    def real_time(self, given: Given) -> Shown:
        raise NotImplementedError


class Cumulative(OfTasks):
    filters = Form(**SPLIT)

    def told(self, given: Given) -> Shown:
        return self.cumulative(given)


class RealTime(OfTasks):
    filters = Form(**CHANNEL)

    def told(self, given: Given) -> Shown:
        return self.real_time(given)


class Both(OfTasks):
    filters = Form(**SPLIT)

    def told(self, given: Given) -> Shown:
        return {"cumulative": self.cumulative(given), "realtime": self.real_time(given)}


class OfWorkspace(OfTasks):
    entered = figures.CREATED

    def scope(self) -> dict[str, str]:
        return {"workspace_sid": self.workspace.sid}

    def real_time(self, given: Given) -> Shown:
        found = realtime.tasks(self.tasks(given), by="workspace_id").get(self.workspace.pk, NO_TASKS)
        return {
            **figures.tasks(found, now=database_now()),
            **figures.workers(self.workspace, self.workspace.workers.all()),
        }


class OfWorkflow(OfTasks):
    entered = figures.ENTERED_WORKFLOW

    @cached_property
    def row(self) -> Workflow:
        return self.sought(self.workspace.workflows.all(), self.kwargs["sid"], "WW")

    def named(self) -> Shown:
        return {"workflow_sid": self.row.sid}

    def scope(self) -> dict[str, str]:
        return {"workflow_sid": self.kwargs["sid"]}

    def real_time(self, given: Given) -> Shown:
        row = self.row
        found = realtime.tasks(self.tasks(given).filter(workflow=row), by="workflow_id").get(row.pk, NO_TASKS)
        return figures.tasks(found, now=database_now())


class WorkspaceStatistics(Both, OfWorkspace):
    path = f"{WORKSPACE}/Statistics"
    route_name = "workspace-statistics"


class WorkspaceRealTimeStatistics(RealTime, OfWorkspace):
    path = f"{WORKSPACE}/RealTimeStatistics"
    route_name = "workspace-real-time"


class WorkspaceCumulativeStatistics(Cumulative, OfWorkspace):
    path = f"{WORKSPACE}/CumulativeStatistics"
    route_name = "workspace-cumulative"


class WorkflowStatistics(Both, OfWorkflow):
    path = f"{WORKSPACE}/Workflows/<str:sid>/Statistics"
    route_name = "workflow-statistics"


class WorkflowRealTimeStatistics(RealTime, OfWorkflow):
    path = f"{WORKSPACE}/Workflows/<str:sid>/RealTimeStatistics"
    route_name = "workflow-real-time"


class WorkflowCumulativeStatistics(Cumulative, OfWorkflow):
    path = f"{WORKSPACE}/Workflows/<str:sid>/CumulativeStatistics"
    route_name = "workflow-cumulative"
