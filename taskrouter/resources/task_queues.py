"""Task queues. https://www.twilio.com/docs/taskrouter/api/task-queue"""

from typing import Any, Final

from django.db.models import QuerySet

from agents.models import Activity
from routing import actions
from routing.actions.queues import MAX_RESERVED
from routing.models import TaskQueue
from taskrouter import queries
from taskrouter.forms import Choice, Document, Form, Given, Ordering, Sid, Text, Whole
from taskrouter.resources.base import Configuration
from taskrouter.wire import Shown, stamp

_SETTINGS: Final = {
    "target_workers": Text(),
    "max_reserved_workers": Whole(least=1, most=MAX_RESERVED),
    "task_order": Choice(of=("FIFO", "LIFO")),
    "reservation_activity_sid": Sid(prefix="WA", clears=True),
    "assignment_activity_sid": Sid(prefix="WA", clears=True),
}
_ACTIVITIES: Final = ("reservation_activity", "assignment_activity")


class TaskQueues(Configuration[TaskQueue]):
    path = "Workspaces/<str:workspace_sid>/TaskQueues"
    key = "task_queues"
    prefix = "WQ"
    filters = Form(
        friendly_name=Text(),
        evaluate_worker_attributes=Document(),
        worker_sid=Sid(prefix="WK"),
        ordering=Ordering(
            columns={"DateCreated": "created_at", "DateUpdated": "updated_at", "FriendlyName": "friendly_name"}
        ),
    )
    new = Form(friendly_name=Text(required=True), **_SETTINGS)
    changes = Form(friendly_name=Text(), **_SETTINGS)

    def rows(self) -> QuerySet[TaskQueue]:
        return self.workspace.task_queues.select_related(*_ACTIVITIES)

    def filtered(self, rows: QuerySet[TaskQueue], given: Given) -> QuerySet[TaskQueue]:
        if "friendly_name" in given:
            rows = rows.filter(friendly_name=given["friendly_name"])
        if "evaluate_worker_attributes" in given:
            rows = queries.served_by(rows, given["evaluate_worker_attributes"])
        if "worker_sid" in given:
            worker = self.workspace.workers.filter(sid=given["worker_sid"]).first()
            rows = queries.served_by(rows, worker.attributes) if worker else rows.none()
        return rows

    def shown(self, row: TaskQueue) -> Shown:
        own = ("TaskQueues", row.sid)
        activities = {name: getattr(row, name) for name in _ACTIVITIES}
        return {
            "sid": row.sid,
            "account_sid": self.actor.account_sid,
            "workspace_sid": self.workspace.sid,
            "friendly_name": row.friendly_name,
            "target_workers": row.target_workers,
            "max_reserved_workers": row.max_reserved_workers,
            "task_order": row.task_order,
            **{f"{name}_sid": given.sid if given else None for name, given in activities.items()},
            **{f"{name}_name": given.friendly_name if given else None for name, given in activities.items()},
            "date_created": stamp(row.created_at),
            "date_updated": stamp(row.updated_at),
            "url": self.url(*own),
            "links": {
                "workspace": self.url(),
                "statistics": self.url(*own, "Statistics"),
                "real_time_statistics": self.url(*own, "RealTimeStatistics"),
                "cumulative_statistics": self.url(*own, "CumulativeStatistics"),
                "list_statistics": self.url("TaskQueues", "Statistics"),
                "bulk_real_time_statistics": self.url("TaskQueues", "RealTimeStatistics"),
                **{name: self.url("Activities", given.sid) for name, given in activities.items() if given},
            },
        }

    def make(self, given: dict[str, Any]) -> TaskQueue:
        queue = TaskQueue(workspace=self.workspace)
        return actions.save_queue(queue, actor=self.actor, **self._settings(given))

    def change(self, row: TaskQueue, given: dict[str, Any]) -> TaskQueue:
        return actions.save_queue(row, actor=self.actor, **self._settings(given))

    def remove(self, row: TaskQueue) -> None:
        actions.delete_queue(row, actor=self.actor)

    def _settings(self, given: dict[str, Any]) -> dict[str, Any]:
        return {name.removesuffix("_sid"): self._value(name, value) for name, value in given.items()}

    def _value(self, name: str, value: Any) -> Activity | Any:
        return queries.activity(self.workspace, value, field=name) if name.endswith("_sid") else value
