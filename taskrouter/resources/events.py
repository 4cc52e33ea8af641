"""Events, newest first. https://www.twilio.com/docs/taskrouter/api/event"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from typing import Any, Final

from django.db.models import Q, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from agents.queries import task_channel
from eventlog.models import Event
from kernel import clock
from routing.models import Reservation, Task
from taskrouter import events
from taskrouter.forms import Form, Given, Moment, Sid, Text, Whole
from taskrouter.resources.base import Resource
from taskrouter.views import InWorkspace
from taskrouter.wire import Shown, stamp

MINUTES: Final = 15
_MOST_MINUTES: Final = 100 * 365 * 24 * 60


class Events(InWorkspace, Resource[Event]):
    """What stands in the log under TaskRouter's own types. It is read only."""

    path = "Workspaces/<str:workspace_sid>/Events"
    key = "events"
    prefix = "EV"
    operations = ("list", "retrieve")
    order = ("-created_at", "-pk")
    filters = Form(
        event_type=Text(),
        minutes=Whole(least=1, most=_MOST_MINUTES),
        start_date=Moment(),
        end_date=Moment(),
        worker_sid=Sid(prefix="WK"),
        task_sid=Sid(prefix="WT"),
        task_queue_sid=Sid(prefix="WQ"),
        workflow_sid=Sid(prefix="WW"),
        reservation_sid=Sid(prefix="WR"),
        task_channel=Text(),
        sid=Sid(prefix="EV"),
    )

    def rows(self) -> QuerySet[Event]:
        return Event.objects.filter(workspace_sid=self.workspace.sid, type__in=events.TYPES)

    def filtered(self, rows: QuerySet[Event], given: Given) -> QuerySet[Event]:
        rows = rows.filter(self._when(given))
        if "event_type" in given:
            rows = rows.filter(type=given["event_type"])
        if "sid" in given:
            rows = rows.filter(sid=given["sid"])
        for name, about in _ABOUT.items():
            if name in given:
                rows = rows.filter(about(given[name]))
        if "task_channel" in given:
            rows = rows.filter(self._of_channel(given["task_channel"]))
        return rows

    def _when(self, given: Given) -> Q:
        """The last minutes before the end, unless a start is given, or the one event that is wanted."""
        wanted = Q()
        if "end_date" in given:
            wanted &= Q(created_at__lte=given["end_date"])
        if "start_date" in given:
            return wanted & Q(created_at__gte=given["start_date"])
        if "sid" in given and "minutes" not in given:
            return wanted
        end = given.get("end_date", clock.now())
        try:
            return wanted & Q(created_at__gte=end - timedelta(minutes=given.get("minutes", MINUTES)))
        except OverflowError:
            return wanted

    def _of_channel(self, name: str) -> Q:
        """By unique name or by sid."""
        channel = task_channel(self.workspace, name)
        if channel is None:
            return Q(pk__in=())
        unique = channel.unique_name
        return (
            Q(subject_sid=channel.sid)
            | Q(data__task_channel=unique)
            | Q(data__task__task_channel=unique)
            | Q(data__channel__task_channel=unique)
        )

    def prepare(self, rows: Sequence[Event]) -> None:
        self._known.look_up(rows)

    @cached_property
    def _known(self) -> events.Known:
        return events.Known.of(self.workspace)

    def retrieve(self, _request: Request, sid: str, **_: str) -> Response:
        row = self.found(sid)
        self.prepare([row])
        return Response(self.shown(row))

    def shown(self, row: Event) -> Shown:
        told = events.tell(row, self._known)
        actor_type, actor_sid, actor_url = events.actor_of(row, self.workspace)
        return {
            "sid": row.sid,
            "account_sid": self.actor.account_sid,
            "workspace_sid": self.workspace.sid,
            "event_type": row.type,
            "event_date": stamp(row.created_at),
            "event_date_ms": events.milliseconds(row.created_at),
            "event_data": told.data,
            "description": told.description,
            "actor_type": actor_type,
            "actor_sid": actor_sid,
            "actor_url": actor_url,
            "resource_type": told.resource_type,
            "resource_sid": told.resource_sid,
            "resource_url": told.resource_url,
            "source": events.SOURCE,
            "source_ip_address": None,
            "url": self.url("Events", row.sid),
        }


def _of_task(sid: str) -> Q:
    """Found by an index where the task is still there."""
    task = Task.objects.filter(sid=sid).first()
    if task is None:
        return Q(subject_sid=sid) | Q(data__task__sid=sid)
    reservations = Reservation.objects.filter(task=task).values_list("sid", flat=True)
    return Q(subject_sid__in=[sid, *reservations])


def _of_worker(sid: str) -> Q:
    return Q(subject_sid=sid) | Q(data__worker_sid=sid)


def _of_queue(sid: str) -> Q:
    return Q(subject_sid=sid) | Q(data__task_queue_sid=sid) | Q(data__task__task_queue_sid=sid)


def _of_workflow(sid: str) -> Q:
    return Q(subject_sid=sid) | Q(data__workflow_sid=sid) | Q(data__task__workflow_sid=sid)


def _of_reservation(sid: str) -> Q:
    return Q(subject_sid=sid)


_ABOUT: Final[Mapping[str, Callable[[Any], Q]]] = {
    "worker_sid": _of_worker,
    "task_sid": _of_task,
    "task_queue_sid": _of_queue,
    "workflow_sid": _of_workflow,
    "reservation_sid": _of_reservation,
}
