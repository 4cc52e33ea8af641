"""Workers. https://www.twilio.com/docs/taskrouter/api/worker"""

from collections.abc import Callable
from typing import Any, Final

from django.db.models import QuerySet

from agents.actions import create_worker, delete_worker, update_worker
from agents.actions.checks import MAX_ATTRIBUTES, locked_channels
from agents.models import Worker
from routing.actions import leave
from routing.queries import locked_offers
from taskrouter import queries
from taskrouter.forms import Document, Expression, Flag, Form, Given, Ordering, Sid, Text
from taskrouter.resources.base import Resource
from taskrouter.views import InWorkspace
from taskrouter.wire import Shown, stamp, text

_SETTINGS: Final = {"activity_sid": Sid(prefix="WA"), "attributes": Document(most=MAX_ATTRIBUTES)}


class Workers(InWorkspace, Resource[Worker]):
    path = "Workspaces/<str:workspace_sid>/Workers"
    key = "workers"
    prefix = "WK"
    for_workers = ("retrieve", "update")
    filters = Form(
        activity_name=Text(),
        activity_sid=Sid(prefix="WA"),
        available=Flag(),
        friendly_name=Text(),
        target_workers_expression=Expression(),
        task_queue_name=Text(),
        task_queue_sid=Sid(prefix="WQ"),
        ordering=Ordering(
            columns={
                "DateCreated": "created_at",
                "DateUpdated": "updated_at",
                "DateStatusChanged": "date_status_changed",
                "FriendlyName": "friendly_name",
            }
        ),
    )
    new = Form(friendly_name=Text(required=True), **_SETTINGS)
    changes = Form(friendly_name=Text(), reject_pending_reservations=Flag(), **_SETTINGS)

    def rows(self) -> QuerySet[Worker]:
        return queries.workers(self.workspace, self.actor)

    def filtered(self, rows: QuerySet[Worker], given: Given) -> QuerySet[Worker]:
        columns = {"activity_name": "friendly_name", "activity_sid": "sid", "available": "available"}
        rows = rows.filter(**{f"activity__{column}": given[name] for name, column in columns.items() if name in given})
        if "friendly_name" in given:
            rows = queries.named(rows, given["friendly_name"])
        return rows

    def passing(self, given: dict[str, Any]) -> Callable[[Worker], bool] | None:
        queues, test = queries.asked_queues(self.workspace, given), given.get("target_workers_expression")
        if not queues and test is None:
            return None
        return lambda row: (
            all(queries.member(row, queue) for queue in queues) and (test is None or test(queries.profile(row)))
        )

    def shown(self, row: Worker) -> Shown:
        own = ("Workers", row.sid)
        channels = self.url(*own, "Channels")
        return {
            "sid": row.sid,
            "account_sid": self.actor.account_sid,
            "workspace_sid": self.workspace.sid,
            "friendly_name": row.friendly_name,
            "attributes": text(row.attributes),
            "activity_sid": row.activity.sid,
            "activity_name": row.activity.friendly_name,
            "available": row.activity.available,
            "date_created": stamp(row.created_at),
            "date_updated": stamp(row.updated_at),
            "date_status_changed": stamp(row.date_status_changed),
            "url": self.url(*own),
            "links": {
                "workspace": self.url(),
                "activity": self.url("Activities", row.activity.sid),
                "channels": channels,
                "worker_channels": channels,
                "reservations": self.url(*own, "Reservations"),
                "worker_statistics": self.url(*own, "Statistics"),
                "statistics": self.url("Workers", "Statistics"),
                "real_time_statistics": self.url("Workers", "RealTimeStatistics"),
                "cumulative_statistics": self.url("Workers", "CumulativeStatistics"),
            },
        }

    def make(self, given: dict[str, Any]) -> Worker:
        return create_worker(self.workspace, actor=self.actor, **self._with_activity(given))

    def change(self, row: Worker, given: dict[str, Any]) -> Worker:
        rejects = given.pop("reject_pending_reservations", False)
        wanted = self._with_activity(given)
        if not rejects:
            return update_worker(row, actor=self.actor, **wanted)
        return leave(row, actor=self.actor, reject_pending=True, **{"activity": row.activity, **wanted})

    def remove(self, row: Worker) -> None:
        delete_worker(row, actor=self.actor)

    def hold(self, row: Worker) -> QuerySet[Worker]:
        """In the order of an offer: tasks, capacity, worker."""
        if self.posted(self.changes).get("reject_pending_reservations"):
            locked_offers(row)
        locked_channels(row)
        # Without the activity: having waited for somebody who changed it, PostgreSQL would find no row for the join.
        return super().hold(row).select_related(None)

    def _with_activity(self, given: dict[str, Any]) -> dict[str, Any]:
        if "activity_sid" in given:
            given["activity"] = queries.activity(self.workspace, given.pop("activity_sid"), field="activity_sid")
        return given
