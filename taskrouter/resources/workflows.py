"""Workflows, whose documents are Twilio's own. https://www.twilio.com/docs/taskrouter/api/workflow"""

from typing import Any, Final

from django.db.models import QuerySet

from routing import actions
from routing.models import MAX_RESERVATION_TIMEOUT, Workflow
from taskrouter.forms import Flag, Form, Text, Whole
from taskrouter.resources.base import Configuration
from taskrouter.wire import Shown, stamp

_SETTINGS: Final = {
    "assignment_callback_url": Text(),
    "fallback_assignment_callback_url": Text(),
    "task_reservation_timeout": Whole(least=1, most=MAX_RESERVATION_TIMEOUT),
}
_STATISTICS: Final = {
    "statistics": "Statistics",
    "real_time_statistics": "RealTimeStatistics",
    "cumulative_statistics": "CumulativeStatistics",
}


class Workflows(Configuration[Workflow]):
    path = "Workspaces/<str:workspace_sid>/Workflows"
    key = "workflows"
    prefix = "WW"
    filters = Form(friendly_name=Text())
    new = Form(friendly_name=Text(required=True), configuration=Text(required=True), **_SETTINGS)
    changes = Form(friendly_name=Text(), configuration=Text(), re_evaluate_tasks=Flag(), **_SETTINGS)

    def rows(self) -> QuerySet[Workflow]:
        return self.workspace.workflows.all()

    def shown(self, row: Workflow) -> Shown:
        own = ("Workflows", row.sid)
        return {
            "sid": row.sid,
            "account_sid": self.actor.account_sid,
            "workspace_sid": self.workspace.sid,
            "friendly_name": row.friendly_name,
            "configuration": row.configuration,
            "document_content_type": "application/json",
            "assignment_callback_url": row.assignment_callback_url,
            "fallback_assignment_callback_url": row.fallback_assignment_callback_url,
            "task_reservation_timeout": row.task_reservation_timeout,
            "date_created": stamp(row.created_at),
            "date_updated": stamp(row.updated_at),
            "url": self.url(*own),
            "links": {name: self.url(*own, part) for name, part in _STATISTICS.items()},
        }

    def make(self, given: dict[str, Any]) -> Workflow:
        return actions.save_workflow(Workflow(workspace=self.workspace), actor=self.actor, **given)

    def change(self, row: Workflow, given: dict[str, Any]) -> Workflow:
        return actions.save_workflow(row, actor=self.actor, **given)

    def remove(self, row: Workflow) -> None:
        actions.delete_workflow(row, actor=self.actor)
