"""Statistics: real-time, cumulative, and both at once. https://www.twilio.com/docs/taskrouter/api/taskqueue-statistics

Each answer is a few statements of SQL, however many tasks, queues and workers there are.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, ClassVar, Final

from django.db.models import QuerySet
from django.urls import URLPattern
from django.urls import path as route
from rest_framework.request import Request
from rest_framework.response import Response

from agents import queries as agents
from agents.models import TaskChannel, Worker
from eventlog.dbclock import database_now
from insights import queries, realtime
from insights.models import TaskFact
from kernel.errors import Invalid
from routing.models import Task, TaskQueue, Workflow
from taskrouter import figures
from taskrouter.bulk import BulkRate, JSONBody, Reads, queue_sids
from taskrouter.forms import Form, Moment, Sid, Text, Whole
from taskrouter.paging import Listing
from taskrouter.periods import MOST_MINUTES, Thresholds, period
from taskrouter.queries import workers as workers_of
from taskrouter.views import InWorkspace

Shown = dict[str, Any]

_CHANNEL: Final = {"task_channel": Text()}
_PERIOD: Final = {
    "start_date": Moment(),
    "end_date": Moment(),
    "minutes": Whole(least=1, most=MOST_MINUTES),
    **_CHANNEL,
}
_SPLIT: Final = {**_PERIOD, "split_by_wait_time": Thresholds()}
_NO_TASKS: Final = realtime.Tasks()


class Statistics(InWorkspace):
    """One answer under one path. A subclass says of what."""

    path: ClassVar[str]
    route_name: ClassVar[str]
    filters: ClassVar[Form] = Form()

    @classmethod
    def routes(cls) -> Iterator[URLPattern]:
        yield route(cls.path, cls.as_view({"get": "fetch"}), name=f"taskrouter-{cls.route_name}")

    def fetch(self, request: Request, **_: str) -> Response:
        given = self.filters.read(request.query_params)
        return Response({**self.about(), **self.told(given)})

    def about(self) -> Shown:
        """Of what the statistics are."""
        return {
            "account_sid": self.actor.account_sid,
            "workspace_sid": self.workspace.sid,
            **self.named(),
            "url": self.url(*self.request.path.rstrip("/").split("/Workspaces/", 1)[1].split("/")[1:]),
        }

    def named(self) -> Shown:
        """The sid of the row, where they are not of the workspace itself; raises NotFound."""
        return {}

    def told(self, given: Shown) -> Shown:
        """The figures."""
        raise NotImplementedError

    def channel(self, given: Shown) -> TaskChannel | None:
        """Raises Invalid."""
        if "task_channel" not in given:
            return None
        found = agents.task_channel(self.workspace, given["task_channel"])
        if found is None:
            raise Invalid(
                "There is no task channel %(name)s.", field="task_channel", params={"name": given["task_channel"][:64]}
            )
        return found

    def facts(self, given: Shown, within: queries.Period, **scope: Any) -> QuerySet[TaskFact]:
        """What happened, of the channel that is asked for."""
        channel = self.channel(given)
        return queries.facts(within, task_channel=channel.unique_name if channel else "", **scope)

    def tasks(self, given: Shown) -> QuerySet[Task]:
        """Those of the workspace, of the channel that is asked for."""
        channel = self.channel(given)
        rows = Task.objects.filter(workspace=self.workspace)
        return rows.filter(task_channel=channel) if channel else rows


class OfTasks(Statistics):
    """Of the tasks of the workspace, a queue or a workflow."""

    entered: ClassVar[figures.Entered]

    def scope(self) -> dict[str, str]:
        """Which facts are meant."""
        raise NotImplementedError

    def cumulative(self, given: Shown) -> Shown:
        within, thresholds = period(given, now=database_now()), given.get("split_by_wait_time", ())
        found = queries.figures(self.facts(given, within, **self.scope()), thresholds=thresholds)
        return figures.cumulative(found, within, entered=self.entered)

    def real_time(self, given: Shown) -> Shown:
        raise NotImplementedError


class OfWorkspace(OfTasks):
    entered = figures.CREATED

    def scope(self) -> dict[str, str]:
        return {"workspace_sid": self.workspace.sid}

    def real_time(self, given: Shown) -> Shown:
        found = realtime.tasks(self.tasks(given), by="workspace_id").get(self.workspace.pk, _NO_TASKS)
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

    def real_time(self, given: Shown) -> Shown:
        row = self.row
        found = realtime.tasks(self.tasks(given).filter(workflow=row), by="workflow_id").get(row.pk, _NO_TASKS)
        return figures.tasks(found, now=database_now())


class OfQueue(OfTasks):
    entered = figures.ENTERED_QUEUE

    @cached_property
    def row(self) -> TaskQueue:
        return self.sought(self.workspace.task_queues.all(), self.kwargs["sid"], "WQ")

    def named(self) -> Shown:
        return {"task_queue_sid": self.row.sid}

    def scope(self) -> dict[str, str]:
        return {"task_queue_sid": self.kwargs["sid"]}

    def real_time(self, given: Shown) -> Shown:
        row = self.row
        return _of_queues(self, [row], given)[row.sid]


def _of_queues(view: Statistics, rows: Sequence[TaskQueue], given: Shown) -> dict[str, Shown]:
    """The present of these queues, by their sids."""
    now = database_now()
    found = realtime.tasks(view.tasks(given).filter(task_queue__in=rows), by="task_queue_id")
    crews = realtime.crews(view.workspace, rows)
    activities = list(agents.activities(view.workspace))
    return {
        row.sid: {
            **figures.tasks_in_queue(found.get(row.pk, _NO_TASKS), now=now),
            **figures.crew(activities, crews[row.pk]),
        }
        for row in rows
    }


class _Cumulative(OfTasks):
    filters = Form(**_SPLIT)

    def told(self, given: Shown) -> Shown:
        return self.cumulative(given)


class _RealTime(OfTasks):
    filters = Form(**_CHANNEL)

    def told(self, given: Shown) -> Shown:
        return self.real_time(given)


class _Both(OfTasks):
    filters = Form(**_SPLIT)

    def told(self, given: Shown) -> Shown:
        return {"cumulative": self.cumulative(given), "realtime": self.real_time(given)}


_WORKSPACE: Final = "Workspaces/<str:workspace_sid>"


class WorkspaceStatistics(_Both, OfWorkspace):
    path = f"{_WORKSPACE}/Statistics"
    route_name = "workspace-statistics"


class WorkspaceRealTimeStatistics(_RealTime, OfWorkspace):
    path = f"{_WORKSPACE}/RealTimeStatistics"
    route_name = "workspace-real-time"


class WorkspaceCumulativeStatistics(_Cumulative, OfWorkspace):
    path = f"{_WORKSPACE}/CumulativeStatistics"
    route_name = "workspace-cumulative"


class WorkflowStatistics(_Both, OfWorkflow):
    path = f"{_WORKSPACE}/Workflows/<str:sid>/Statistics"
    route_name = "workflow-statistics"


class WorkflowRealTimeStatistics(_RealTime, OfWorkflow):
    path = f"{_WORKSPACE}/Workflows/<str:sid>/RealTimeStatistics"
    route_name = "workflow-real-time"


class WorkflowCumulativeStatistics(_Cumulative, OfWorkflow):
    path = f"{_WORKSPACE}/Workflows/<str:sid>/CumulativeStatistics"
    route_name = "workflow-cumulative"


class TaskQueueStatistics(_Both, OfQueue):
    path = f"{_WORKSPACE}/TaskQueues/<str:sid>/Statistics"
    route_name = "task-queue-statistics"


class TaskQueueRealTimeStatistics(_RealTime, OfQueue):
    path = f"{_WORKSPACE}/TaskQueues/<str:sid>/RealTimeStatistics"
    route_name = "task-queue-real-time"


class TaskQueueCumulativeStatistics(_Cumulative, OfQueue):
    path = f"{_WORKSPACE}/TaskQueues/<str:sid>/CumulativeStatistics"
    route_name = "task-queue-cumulative"


class TaskQueuesStatistics(Statistics):
    """Of every queue: a page of them costs as few statements as one."""

    path = f"{_WORKSPACE}/TaskQueues/Statistics"
    route_name = "task-queues-statistics"
    key: Final = "task_queues_statistics"
    filters = Form(friendly_name=Text(), **_SPLIT)

    @classmethod
    def routes(cls) -> Iterator[URLPattern]:
        yield route(cls.path, cls.as_view({"get": "list"}), name=f"taskrouter-{cls.route_name}")

    def list(self, request: Request, **_: str) -> Response:
        given = self.filters.read(request.query_params)
        within, thresholds = period(given, now=database_now()), given.get("split_by_wait_time", ())
        rows = self.workspace.task_queues.all()
        if "friendly_name" in given:
            rows = rows.filter(friendly_name=given["friendly_name"])
        listing = Listing(request.path.partition("/v1/")[2])
        page = listing.page(rows, listing.turn(request.query_params))
        wanted = [row.sid for row in page.rows]
        now = _of_queues(self, page.rows, given)
        facts = self.facts(given, within, task_queue_sid__in=wanted)
        past = queries.figures_by_queue(facts, thresholds=thresholds)
        none = queries.figures(TaskFact.objects.none(), thresholds=thresholds)
        shown = [
            {
                "account_sid": self.actor.account_sid,
                "workspace_sid": self.workspace.sid,
                "task_queue_sid": sid,
                "cumulative": figures.cumulative(past.get(sid, none), within, entered=figures.ENTERED_QUEUE),
                "realtime": now[sid],
            }
            for sid in wanted
        ]
        return Response({self.key: shown, "meta": listing.meta(page, key=self.key, parameters=request.query_params)})


class TaskQueuesRealTimeStatistics(Statistics):
    """Of up to 50 queues that a JSON body names."""

    path = f"{_WORKSPACE}/TaskQueues/RealTimeStatistics"
    route_name = "task-queues-real-time"
    permission_classes = [Reads]
    throttle_classes = [*Statistics.throttle_classes, BulkRate]
    parser_classes = [JSONBody]
    new = Form()

    @classmethod
    def routes(cls) -> Iterator[URLPattern]:
        yield route(cls.path, cls.as_view({"post": "create"}), name=f"taskrouter-{cls.route_name}")

    def create(self, request: Request, **_: str) -> Response:
        """A queue that is not there, or another's, comes back with zeros."""
        wanted = queue_sids(request.data)
        found = _of_queues(self, list(self.workspace.task_queues.filter(sid__in=wanted)), {})
        activities = list(agents.activities(self.workspace))
        nothing = {
            **figures.tasks_in_queue(_NO_TASKS, now=database_now()),
            **figures.crew(activities, realtime.Crew()),
        }
        data = [{"task_queue_sid": sid, **found.get(sid, nothing)} for sid in wanted]
        return Response({**self.about(), "task_queue_data": data, "task_queue_response_count": len(data)})


class OfWorkers(Statistics):
    """Of several workers: all of the workspace, however many, or those that are asked for."""

    def chosen(self, given: Shown) -> QuerySet[Worker] | None:
        """None: all of them."""
        rows, narrowed = self.workspace.workers.all(), False
        if "friendly_name" in given:
            rows, narrowed = rows.filter(friendly_name=given["friendly_name"]), True
        for name, column in (("task_queue_sid", "sid"), ("task_queue_name", "friendly_name")):
            if name in given:
                queue = self.workspace.task_queues.filter(**{column: given[name]}).first()
                numbers = realtime.serving(self.workspace, queue) if queue else []
                rows, narrowed = rows.filter(pk__in=numbers), True
        return rows if narrowed else None

    def cumulative(self, given: Shown, workers: QuerySet[Worker] | None) -> Shown:
        within, channel = period(given, now=database_now()), self.channel(given)
        found = queries.figures_of_workers(
            within,
            self.workspace,
            worker_sids=None if workers is None else list(workers.values_list("sid", flat=True)),
            task_channel=channel.unique_name if channel else "",
        )
        times = queries.times_in_activities(within, self.workspace, workers=workers)
        return figures.of_workers(found, within, times, activities=agents.activities(self.workspace))

    def real_time(self, given: Shown, workers: QuerySet[Worker] | None) -> Shown:
        """Of a channel: those who take its tasks."""
        rows, channel = self.workspace.workers.all() if workers is None else workers, self.channel(given)
        if channel is not None:
            rows = rows.filter(channels__task_channel=channel, channels__configured_capacity__gt=0)
        return figures.workers(self.workspace, rows)


class WorkersStatistics(OfWorkers):
    path = f"{_WORKSPACE}/Workers/Statistics"
    route_name = "workers-statistics"
    filters = Form(task_queue_sid=Sid(prefix="WQ"), task_queue_name=Text(), friendly_name=Text(), **_PERIOD)

    def told(self, given: Shown) -> Shown:
        workers = self.chosen(given)
        return {"cumulative": self.cumulative(given, workers), "realtime": self.real_time(given, workers)}


class WorkersRealTimeStatistics(OfWorkers):
    path = f"{_WORKSPACE}/Workers/RealTimeStatistics"
    route_name = "workers-real-time"
    filters = Form(**_CHANNEL)

    def told(self, given: Shown) -> Shown:
        return self.real_time(given, None)


class WorkersCumulativeStatistics(OfWorkers):
    path = f"{_WORKSPACE}/Workers/CumulativeStatistics"
    route_name = "workers-cumulative"
    filters = Form(**_PERIOD)

    def told(self, given: Shown) -> Shown:
        return self.cumulative(given, None)


class WorkerStatistics(OfWorkers):
    """Of one; a worker's own key reads that worker's."""

    for_workers = ("fetch",)
    path = f"{_WORKSPACE}/Workers/<str:sid>/Statistics"
    route_name = "worker-statistics"
    filters = Form(**_PERIOD)

    def named(self) -> Shown:
        return {"worker_sid": self.sought(workers_of(self.workspace, self.actor), self.kwargs["sid"], "WK").sid}

    def told(self, given: Shown) -> Shown:
        return {"cumulative": self.cumulative(given, self.workspace.workers.filter(sid=self.kwargs["sid"]))}


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
