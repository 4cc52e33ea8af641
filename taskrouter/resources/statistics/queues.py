"""Of task queues: one, all of them, or some at once."""

from collections.abc import Sequence
from functools import cached_property
from typing import Final

from rest_framework.request import Request
from rest_framework.response import Response

from agents import queries as agents
from eventlog.dbclock import database_now
from insights import queries, realtime
from insights.models import TaskFact
from routing.models import TaskQueue
from taskrouter import figures
from taskrouter.bulk import BulkRate, JSONBody, Reads, queue_sids
from taskrouter.forms import Form, Given, Text
from taskrouter.paging import Listing
from taskrouter.periods import period
from taskrouter.resources.statistics.base import SPLIT, WORKSPACE, Statistics
from taskrouter.resources.statistics.tasks import NO_TASKS, Both, Cumulative, OfTasks, RealTime
from taskrouter.wire import Shown


class OfQueue(OfTasks):
    entered = figures.ENTERED_QUEUE

    @cached_property
    def row(self) -> TaskQueue:
        return self.sought(self.workspace.task_queues.all(), self.kwargs["sid"], "WQ")

    def named(self) -> Shown:
        return {"task_queue_sid": self.row.sid}

    def scope(self) -> dict[str, str]:
        return {"task_queue_sid": self.kwargs["sid"]}

    def real_time(self, given: Given) -> Shown:
        row = self.row
        return _of_queues(self, [row], given)[row.sid]


def _of_queues(view: Statistics, rows: Sequence[TaskQueue], given: Given) -> dict[str, Shown]:
    """The present of these queues, by their sids."""
    now = database_now()
    found = realtime.tasks(view.tasks(given).filter(task_queue__in=rows), by="task_queue_id")
    crews = realtime.crews(view.workspace, rows)
    activities = list(agents.activities(view.workspace))
    return {
        row.sid: {
            **figures.tasks_in_queue(found.get(row.pk, NO_TASKS), now=now),
            **figures.crew(activities, crews[row.pk]),
        }
        for row in rows
    }


class TaskQueueStatistics(Both, OfQueue):
    path = f"{WORKSPACE}/TaskQueues/<str:sid>/Statistics"
    route_name = "task-queue-statistics"


class TaskQueueRealTimeStatistics(RealTime, OfQueue):
    path = f"{WORKSPACE}/TaskQueues/<str:sid>/RealTimeStatistics"
    route_name = "task-queue-real-time"


class TaskQueueCumulativeStatistics(Cumulative, OfQueue):
    path = f"{WORKSPACE}/TaskQueues/<str:sid>/CumulativeStatistics"
    route_name = "task-queue-cumulative"


class TaskQueuesStatistics(Statistics):
    """Of every queue: a page of them costs as few statements as one."""

    path = f"{WORKSPACE}/TaskQueues/Statistics"
    route_name = "task-queues-statistics"
    key: Final = "task_queues_statistics"
    served = {"get": "list"}
    filters = Form(friendly_name=Text(), **SPLIT)

    def list(self, request: Request, **_: str) -> Response:
        given = self.filters.read(request.query_params)
        within = period(given, now=database_now())
        rows = self.workspace.task_queues.all()
        if "friendly_name" in given:
            rows = rows.filter(friendly_name=given["friendly_name"])
        listing = Listing(self.path_below)
        page = listing.page(rows, listing.turn(request.query_params))
        past, now = self._past(page.rows, given, within), _of_queues(self, page.rows, given)
        shown = [
            {
                "account_sid": self.actor.account_sid,
                "workspace_sid": self.workspace.sid,
                "task_queue_sid": row.sid,
                "cumulative": past[row.sid],
                "realtime": now[row.sid],
            }
            for row in page.rows
        ]
        return self.paged(listing, page, key=self.key, shown=shown)

    def _past(self, rows: Sequence[TaskQueue], given: Given, within: queries.Period) -> dict[str, Shown]:
        """Of these queues, by their sids."""
        wanted, thresholds = [row.sid for row in rows], given.get("split_by_wait_time", ())
        facts = self.facts(given, within, task_queue_sid__in=wanted)
        found = queries.figures_by_queue(facts, thresholds=thresholds)
        none = queries.figures(TaskFact.objects.none(), thresholds=thresholds)
        return {sid: figures.cumulative(found.get(sid, none), within, entered=figures.ENTERED_QUEUE) for sid in wanted}


class TaskQueuesRealTimeStatistics(Statistics):
    """Of up to 50 queues that a JSON body names."""

    path = f"{WORKSPACE}/TaskQueues/RealTimeStatistics"
    route_name = "task-queues-real-time"
    permission_classes = [Reads]
    throttle_classes = [*Statistics.throttle_classes, BulkRate]
    parser_classes = [JSONBody]
    served = {"post": "create"}
    new = Form()

    def create(self, request: Request, **_: str) -> Response:
        """A queue that is not there, or another's, comes back with zeros."""
        wanted = queue_sids(request.data)
        found = _of_queues(self, list(self.workspace.task_queues.filter(sid__in=wanted)), {})
        activities = list(agents.activities(self.workspace))
        nothing = {
            **figures.tasks_in_queue(NO_TASKS, now=database_now()),
            **figures.crew(activities, realtime.Crew()),
        }
        data = [{"task_queue_sid": sid, **found.get(sid, nothing)} for sid in wanted]
        return Response({**self.about(), "task_queue_data": data, "task_queue_response_count": len(data)})
