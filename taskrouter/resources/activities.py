"""Activities. https://www.twilio.com/docs/taskrouter/api/activity"""

from typing import Any

from django.db.models import QuerySet

from agents import actions
from agents.models import Activity
from taskrouter.forms import Flag, Form, Text
from taskrouter.resources.base import Configuration
from taskrouter.wire import Shown, stamp


class Activities(Configuration[Activity]):
    path = "Workspaces/<str:workspace_sid>/Activities"
    key = "activities"
    prefix = "WA"
    for_workers = ("list", "retrieve")  # Into which a worker goes is said by sid.
    filters = Form(friendly_name=Text(), available=Flag())
    new = Form(friendly_name=Text(required=True), available=Flag())
    changes = Form(friendly_name=Text())  # Whether it is for work never changes: that parameter is passed over.

    def rows(self) -> QuerySet[Activity]:
        return self.workspace.activities.all()

    def shown(self, row: Activity) -> Shown:
        return {
            "sid": row.sid,
            "account_sid": self.actor.account_sid,
            "workspace_sid": self.workspace.sid,
            "friendly_name": row.friendly_name,
            "available": row.available,
            "date_created": stamp(row.created_at),
            "date_updated": stamp(row.updated_at),
            "url": self.url("Activities", row.sid),
            "links": {"workspace": self.url()},
        }

    def make(self, given: dict[str, Any]) -> Activity:
        return actions.create_activity(self.workspace, actor=self.actor, **given)

    def change(self, row: Activity, given: dict[str, Any]) -> Activity:
        return actions.update_activity(row, actor=self.actor, **given)

    def remove(self, row: Activity) -> None:
        actions.delete_activity(row, actor=self.actor)
