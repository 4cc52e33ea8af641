"""Workspaces. https://www.twilio.com/docs/taskrouter/api/workspace"""

from typing import Any, Final

from django.db.models import QuerySet

from agents.actions import update_workspace
from agents.actions.checks import locked_workspace
from agents.models import Workspace
from routing import actions
from routing.actions.workspaces import TEMPLATES
from taskrouter import queries
from taskrouter.forms import Choice, Flag, Form, Sid, Text
from taskrouter.resources.base import Resource
from taskrouter.wire import Shown, stamp, url

_SETTINGS: Final = {
    "event_callback_url": Text(),
    "events_filter": Text(),
    "multi_task_enabled": Flag(),
    "prioritize_queue_order": Choice(of=("FIFO", "LIFO")),
}
_PARTS: Final = {
    "activities": "Activities",
    "statistics": "Statistics",
    "real_time_statistics": "RealTimeStatistics",
    "cumulative_statistics": "CumulativeStatistics",
    "task_queues": "TaskQueues",
    "tasks": "Tasks",
    "workers": "Workers",
    "workflows": "Workflows",
    "task_channels": "TaskChannels",
    "events": "Events",
}


class Workspaces(Resource[Workspace]):
    path = "Workspaces"
    key = "workspaces"
    prefix = "WS"
    filters = Form(friendly_name=Text())
    new = Form(friendly_name=Text(required=True), template=Choice(of=TEMPLATES), **_SETTINGS)
    changes = Form(
        friendly_name=Text(),
        default_activity_sid=Sid(prefix="WA"),
        timeout_activity_sid=Sid(prefix="WA", clears=True),
        **_SETTINGS,
    )

    def rows(self) -> QuerySet[Workspace]:
        return queries.workspaces(self.actor).select_related("default_activity", "timeout_activity")

    def shown(self, row: Workspace) -> Shown:
        default, timeout = row.default_activity, row.timeout_activity
        return {
            "sid": row.sid,
            "account_sid": self.actor.account_sid,
            "friendly_name": row.friendly_name,
            "default_activity_sid": default.sid if default else None,
            "default_activity_name": default.friendly_name if default else None,
            "timeout_activity_sid": timeout.sid if timeout else None,
            "timeout_activity_name": timeout.friendly_name if timeout else None,
            "event_callback_url": row.event_callback_url,
            "events_filter": row.events_filter or None,
            "multi_task_enabled": row.multi_task_enabled,
            "prioritize_queue_order": row.prioritize_queue_order,
            "date_created": stamp(row.created_at),
            "date_updated": stamp(row.updated_at),
            "url": url("Workspaces", row.sid),
            "links": {name: url("Workspaces", row.sid, part) for name, part in _PARTS.items()},
        }

    def make(self, given: dict[str, Any]) -> Workspace:
        return actions.create_workspace(account=self.account, actor=self.actor, **given)

    def change(self, row: Workspace, given: dict[str, Any]) -> Workspace:
        for name in ("default_activity", "timeout_activity"):
            if f"{name}_sid" in given:
                given[name] = queries.activity(row, given.pop(f"{name}_sid"), field=f"{name}_sid")
        return update_workspace(row, actor=self.actor, **given)

    def remove(self, row: Workspace) -> None:
        actions.delete_workspace(row, actor=self.actor)

    def hold(self, row: Workspace) -> QuerySet[Workspace]:
        locked_workspace(row)
        return super().hold(row)
