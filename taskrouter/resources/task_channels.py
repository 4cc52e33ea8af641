"""Task channels, found by sid or by unique name. https://www.twilio.com/docs/taskrouter/api/task-channel"""

from typing import Any

from django.db.models import QuerySet

from agents import actions
from agents.models import TaskChannel
from taskrouter.forms import Flag, Form, Text
from taskrouter.resources.base import Configuration
from taskrouter.wire import Shown, stamp


class TaskChannels(Configuration[TaskChannel]):
    path = "Workspaces/<str:workspace_sid>/TaskChannels"
    key = "channels"
    prefix = "TC"
    also_by = "unique_name"
    new = Form(friendly_name=Text(required=True), unique_name=Text(required=True), channel_optimized_routing=Flag())
    changes = Form(friendly_name=Text(), channel_optimized_routing=Flag())

    def rows(self) -> QuerySet[TaskChannel]:
        return self.workspace.task_channels.all()

    def shown(self, row: TaskChannel) -> Shown:
        return {
            "sid": row.sid,
            "account_sid": self.actor.account_sid,
            "workspace_sid": self.workspace.sid,
            "friendly_name": row.friendly_name,
            "unique_name": row.unique_name,
            "channel_optimized_routing": row.channel_optimized_routing,
            "date_created": stamp(row.created_at),
            "date_updated": stamp(row.updated_at),
            "url": self.url("TaskChannels", row.sid),
            "links": {"workspace": self.url()},
        }

    def make(self, given: dict[str, Any]) -> TaskChannel:
        return actions.create_task_channel(self.workspace, actor=self.actor, **given)

    def change(self, row: TaskChannel, given: dict[str, Any]) -> TaskChannel:
        return actions.update_task_channel(row, actor=self.actor, **given)

    def remove(self, row: TaskChannel) -> None:
        actions.delete_task_channel(row, actor=self.actor)
