"""What all statistics share: a path, a period, a channel."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

from django.db.models import QuerySet
from django.urls import URLPattern
from django.urls import path as route
from rest_framework.request import Request
from rest_framework.response import Response

from agents import queries as agents
from agents.models import TaskChannel
from insights import queries
from insights.models import TaskFact
from kernel.errors import Invalid
from routing.models import Task
from taskrouter.forms import Form, Given, Moment, Text, Whole
from taskrouter.periods import MOST_MINUTES, Thresholds
from taskrouter.views import InWorkspace
from taskrouter.wire import Shown, url

WORKSPACE: Final = "Workspaces/<str:workspace_sid>"
CHANNEL: Final = {"task_channel": Text()}
PERIOD: Final = {
    "start_date": Moment(),
    "end_date": Moment(),
    "minutes": Whole(least=1, most=MOST_MINUTES),
    **CHANNEL,
}
SPLIT: Final = {**PERIOD, "split_by_wait_time": Thresholds()}


class Statistics(InWorkspace):
    """One answer under one path. A subclass says of what."""

    path: ClassVar[str]
    route_name: ClassVar[str]
    served: ClassVar[Mapping[str, Any]] = {"get": "fetch"}
    """By the method of the request what does it."""
    filters: ClassVar[Form] = Form()

    @classmethod
    def routes(cls) -> Iterator[URLPattern]:
        yield route(cls.path, cls.as_view(dict(cls.served)), name=f"taskrouter-{cls.route_name}")

    def fetch(self, request: Request, **_: str) -> Response:
        given = self.filters.read(request.query_params)
        return Response({**self.about(), **self.told(given)})

    def about(self) -> Shown:
        """Of what the statistics are."""
        return {
            "account_sid": self.actor.account_sid,
            "workspace_sid": self.workspace.sid,
            **self.named(),
            "url": url(self.path_below),
        }

    def named(self) -> Shown:
        """The sid of the row, where they are not of the workspace itself; raises NotFound."""
        return {}

    def told(self, given: Given) -> Shown:
        """The figures."""
        raise NotImplementedError

    def channel(self, given: Given) -> TaskChannel | None:
        """Raises Invalid."""
        if "task_channel" not in given:
            return None
        found = agents.task_channel(self.workspace, given["task_channel"])
        if found is None:
            raise Invalid(
                "There is no task channel %(name)s.", field="task_channel", params={"name": given["task_channel"][:64]}
            )
        return found

    def facts(self, given: Given, within: queries.Period, **scope: Any) -> QuerySet[TaskFact]:
        """What happened, of the channel that is asked for."""
        channel = self.channel(given)
        return queries.facts(within, task_channel=channel.unique_name if channel else "", **scope)

    def tasks(self, given: Given) -> QuerySet[Task]:
        """Those of the workspace, of the channel that is asked for."""
        channel = self.channel(given)
        rows = Task.objects.filter(workspace=self.workspace)
        return rows.filter(task_channel=channel) if channel else rows
