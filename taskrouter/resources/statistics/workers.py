"""Of workers: all of them, some, or one."""

from django.db.models import QuerySet

from agents import queries as agents
from agents.models import Worker
from eventlog.dbclock import database_now
from insights import queries, realtime
from taskrouter import figures
from taskrouter.forms import Form, Given, Sid, Text
from taskrouter.periods import period
from taskrouter.queries import asked_queues
from taskrouter.queries import workers as workers_of
from taskrouter.resources.statistics.base import CHANNEL, PERIOD, WORKSPACE, Statistics
from taskrouter.wire import Shown


class OfWorkers(Statistics):
    """Of several workers: all of the workspace, however many, or those that are asked for."""

    def chosen(self, given: Given) -> QuerySet[Worker] | None:
        """None: all of them."""
        rows, narrowed = self.workspace.workers.all(), False
        if "friendly_name" in given:
            rows, narrowed = rows.filter(friendly_name=given["friendly_name"]), True
        for queue in asked_queues(self.workspace, given):
            numbers = realtime.serving(self.workspace, queue) if queue else []
            rows, narrowed = rows.filter(pk__in=numbers), True
        return rows if narrowed else None

    def cumulative(self, given: Given, workers: QuerySet[Worker] | None) -> Shown:
        within, channel = period(given, now=database_now()), self.channel(given)
        found = queries.figures_of_workers(
            within,
            self.workspace,
            worker_sids=None if workers is None else list(workers.values_list("sid", flat=True)),
            task_channel=channel.unique_name if channel else "",
        )
        times = queries.times_in_activities(within, self.workspace, workers=workers)
        return figures.of_workers(found, within, times, activities=agents.activities(self.workspace))

    def real_time(self, given: Given, workers: QuerySet[Worker] | None) -> Shown:
        """Of a channel: those who take its tasks."""
        rows, channel = self.workspace.workers.all() if workers is None else workers, self.channel(given)
        if channel is not None:
            rows = rows.filter(channels__task_channel=channel, channels__configured_capacity__gt=0)
        return figures.workers(self.workspace, rows)


class WorkersStatistics(OfWorkers):
    path = f"{WORKSPACE}/Workers/Statistics"
    route_name = "workers-statistics"
    filters = Form(task_queue_sid=Sid(prefix="WQ"), task_queue_name=Text(), friendly_name=Text(), **PERIOD)

    def told(self, given: Given) -> Shown:
        workers = self.chosen(given)
        return {"cumulative": self.cumulative(given, workers), "realtime": self.real_time(given, workers)}


class WorkersRealTimeStatistics(OfWorkers):
    path = f"{WORKSPACE}/Workers/RealTimeStatistics"
    route_name = "workers-real-time"
    filters = Form(**CHANNEL)

    def told(self, given: Given) -> Shown:
        return self.real_time(given, None)


class WorkersCumulativeStatistics(OfWorkers):
    path = f"{WORKSPACE}/Workers/CumulativeStatistics"
    route_name = "workers-cumulative"
    filters = Form(**PERIOD)

    def told(self, given: Given) -> Shown:
        return self.cumulative(given, None)


class WorkerStatistics(OfWorkers):
    """Of one; a worker's own key reads that worker's."""

    for_workers = ("fetch",)
    path = f"{WORKSPACE}/Workers/<str:sid>/Statistics"
    route_name = "worker-statistics"
    filters = Form(**PERIOD)

    def named(self) -> Shown:
        return {"worker_sid": self.sought(workers_of(self.workspace, self.actor), self.kwargs["sid"], "WK").sid}

    def told(self, given: Given) -> Shown:
        return {"cumulative": self.cumulative(given, self.workspace.workers.filter(sid=self.kwargs["sid"]))}
