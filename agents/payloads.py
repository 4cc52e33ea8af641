"""The wire shapes of workspaces, activities, task channels and workers; ``docs/events.md`` lists them."""

from collections.abc import Iterable
from typing import Any, TypedDict

from agents.models import Activity, TaskChannel, Worker, WorkerChannel, Workspace
from kernel import clock


class WorkspacePayload(TypedDict):
    sid: str
    version: int
    friendly_name: str
    default_activity_sid: str | None
    default_activity_name: str | None
    timeout_activity_sid: str | None
    timeout_activity_name: str | None
    event_callback_url: str
    events_filter: str
    multi_task_enabled: bool
    prioritize_queue_order: str


class ActivityPayload(TypedDict):
    sid: str
    version: int
    friendly_name: str
    available: bool


class TaskChannelPayload(TypedDict):
    sid: str
    version: int
    unique_name: str
    friendly_name: str
    channel_optimized_routing: bool


class ChannelPayload(TypedDict):
    sid: str
    task_channel: str
    configured_capacity: int
    available: bool
    load: int
    assigned: int


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


def workspace_payload(workspace: Workspace) -> WorkspacePayload:
    default, timeout = workspace.default_activity, workspace.timeout_activity
    return {
        "sid": workspace.sid,
        "version": workspace.version,
        "friendly_name": workspace.friendly_name,
        "default_activity_sid": default.sid if default else None,
        "default_activity_name": default.friendly_name if default else None,
        "timeout_activity_sid": timeout.sid if timeout else None,
        "timeout_activity_name": timeout.friendly_name if timeout else None,
        "event_callback_url": workspace.event_callback_url,
        "events_filter": workspace.events_filter,
        "multi_task_enabled": workspace.multi_task_enabled,
        "prioritize_queue_order": workspace.prioritize_queue_order,
    }


def activity_payload(activity: Activity) -> ActivityPayload:
    return {
        "sid": activity.sid,
        "version": activity.version,
        "friendly_name": activity.friendly_name,
        "available": activity.available,
    }


def task_channel_payload(channel: TaskChannel) -> TaskChannelPayload:
    return {
        "sid": channel.sid,
        "version": channel.version,
        "unique_name": channel.unique_name,
        "friendly_name": channel.friendly_name,
        "channel_optimized_routing": channel.channel_optimized_routing,
    }


def channel_payload(channel: WorkerChannel) -> ChannelPayload:
    return {
        "sid": channel.sid,
        "task_channel": channel.task_channel.unique_name,
        "configured_capacity": channel.configured_capacity,
        "available": channel.available,
        "load": channel.load,
        "assigned": channel.assigned,
    }


def worker_payload(worker: Worker, channels: Iterable[WorkerChannel] | None = None) -> WorkerPayload:
    """``channels``: his, by name, where whoever tells of many workers has read those of all."""
    if channels is None:
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
        "channels": [channel_payload(channel) for channel in channels],
    }
