"""The wire shapes of workers and activities; ``docs/protocol.md`` lists them."""

from typing import Any, TypedDict

from agents.models import Activity, Worker
from kernel import clock


class ActivityPayload(TypedDict):
    sid: str
    friendly_name: str
    available: bool


class ChannelPayload(TypedDict):
    task_channel: str
    configured_capacity: int
    available: bool
    load: int


class WorkerPayload(TypedDict):
    sid: str
    version: int
    friendly_name: str
    activity_sid: str
    activity_name: str
    available: bool
    attributes: dict[str, Any]
    date_status_changed: str | None
    channels: list[ChannelPayload]


def activity_payload(activity: Activity) -> ActivityPayload:
    return {"sid": activity.sid, "friendly_name": activity.friendly_name, "available": activity.available}


def worker_payload(worker: Worker) -> WorkerPayload:
    channels = worker.channels.select_related("task_channel").order_by("task_channel__unique_name")
    return {
        "sid": worker.sid,
        "version": worker.version,
        "friendly_name": worker.friendly_name,
        "activity_sid": worker.activity.sid,
        "activity_name": worker.activity.friendly_name,
        "available": worker.activity.available,
        "attributes": worker.attributes,
        "date_status_changed": clock.iso(worker.date_status_changed),
        "channels": [
            {
                "task_channel": channel.task_channel.unique_name,
                "configured_capacity": channel.configured_capacity,
                "available": channel.available,
                "load": channel.load,
            }
            for channel in channels
        ],
    }
