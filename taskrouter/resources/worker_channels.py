"""How many tasks of a channel a worker takes, found by sid or by the channel's unique name.

https://www.twilio.com/docs/taskrouter/api/worker-channel
"""

from typing import Any

from django.db.models import QuerySet

from agents.actions import set_capacity
from agents.core import available_percentage
from agents.models import MAX_CAPACITY, WorkerChannel
from taskrouter.forms import Flag, Form, Whole
from taskrouter.resources.base import Resource
from taskrouter.views import OfWorker
from taskrouter.wire import Shown, stamp


class WorkerChannels(OfWorker, Resource[WorkerChannel]):
    path = "Workspaces/<str:workspace_sid>/Workers/<str:worker_sid>/Channels"
    key = "channels"
    prefix = "WC"
    also_by = "task_channel__unique_name"
    operations = ("list", "retrieve", "update")
    changes = Form(capacity=Whole(least=0, most=MAX_CAPACITY), available=Flag())

    def rows(self) -> QuerySet[WorkerChannel]:
        return self.worker.channels.select_related("task_channel")

    def shown(self, row: WorkerChannel) -> Shown:
        return {
            "sid": row.sid,
            "account_sid": self.actor.account_sid,
            "workspace_sid": self.workspace.sid,
            "worker_sid": self.worker.sid,
            "task_channel_sid": row.task_channel.sid,
            "task_channel_unique_name": row.task_channel.unique_name,
            "available": row.available,
            "configured_capacity": row.configured_capacity,
            "available_capacity_percentage": available_percentage(row.configured_capacity, row.load),
            "assigned_tasks": row.assigned,
            "date_created": stamp(row.created_at),
            "date_updated": stamp(row.updated_at),
            "url": self.url("Workers", self.worker.sid, "Channels", row.sid),
        }

    def change(self, row: WorkerChannel, given: dict[str, Any]) -> WorkerChannel:
        return set_capacity(row, actor=self.actor, **given)
