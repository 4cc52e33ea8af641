"""The verbs of workspaces."""

from collections.abc import Mapping
from typing import Any, Final

from django.db import transaction
from django.db.models import ProtectedError

from accounts import policy
from accounts.models import Account
from agents.actions.activities import create_activity
from agents.actions.checks import (
    KEEP,
    Keep,
    checked_event_types,
    checked_url,
    locked_workspace,
    named,
    own_activity,
    referred_to,
    write,
)
from agents.actions.task_channels import create_task_channel
from agents.actions.telling import tell_workspace
from agents.models import Activity, QueueOrder, Worker, Workspace, new_workspace_sid
from agents.payloads import workspace_payload
from eventlog.record import record
from kernel.actor import Actor
from kernel.errors import Conflict, Invalid

ACTIVITIES: Final = (("Offline", False), ("Available", True), ("Unavailable", False), ("Break", False))
TASK_CHANNELS: Final = (
    ("default", "Default"),
    ("sms", "SMS"),
    ("whatsapp", "WhatsApp"),
    ("messenger", "Messenger"),
    ("chat", "Chat"),
    ("voice", "Voice"),
)


def create_workspace(
    *,
    account: Account,
    friendly_name: str,
    actor: Actor,
    event_callback_url: str = "",
    events_filter: str = "",
    multi_task_enabled: bool = True,
    prioritize_queue_order: str = QueueOrder.FIFO,
    sid: str = "",
    empty: bool = False,
) -> Workspace:
    """A workspace with Twilio's activities and a task channel for each of our channels.

    New workers, and those who let an offer time out, are Offline. ``empty``: with none of it, for a caller who brings
    all that it needs; ``sid`` as in `create_activity`. Raises Invalid with the field.
    """
    policy.require(actor, "config:write", account_sid=account.sid)
    fields = _checked(
        friendly_name=friendly_name,
        event_callback_url=event_callback_url,
        events_filter=events_filter,
        multi_task_enabled=multi_task_enabled,
        prioritize_queue_order=prioritize_queue_order,
    )
    with transaction.atomic():
        workspace = Workspace.objects.create(account=account, sid=sid or new_workspace_sid(), **fields)
        if not empty:
            _equip(workspace, actor=actor)
        tell_workspace("workspace.created", workspace, actor=actor)
    return workspace


def note_import(workspace: Workspace, *, source_sid: str, sids: Mapping[str, str], actor: Actor) -> None:
    """Parts of another workspace were brought here; ``sids`` tells, for each that has another sid here, which."""
    policy.require(actor, "config:write", account_sid=workspace.account.sid)
    with transaction.atomic():
        record(
            "workspace.imported",
            subject_sid=workspace.sid,
            data={**workspace_payload(workspace), "source_sid": source_sid, "sids": dict(sids)},
            audiences=[],
            actor=actor,
            workspace_sid=workspace.sid,
        )


def _equip(workspace: Workspace, *, actor: Actor) -> None:
    for name, able in ACTIVITIES:
        create_activity(workspace, friendly_name=name, available=able, actor=actor)
    for unique_name, name in TASK_CHANNELS:
        create_task_channel(workspace, unique_name=unique_name, friendly_name=name, actor=actor)
    offline = Activity.objects.get(workspace=workspace, friendly_name="Offline")
    workspace.default_activity = workspace.timeout_activity = offline
    workspace.save(update_fields=["default_activity", "timeout_activity"])


def update_workspace(
    workspace: Workspace,
    *,
    actor: Actor,
    friendly_name: str | None = None,
    default_activity: Activity | None = None,
    timeout_activity: Activity | Keep | None = KEEP,
    event_callback_url: str | None = None,
    events_filter: str | None = None,
    multi_task_enabled: bool | None = None,
    prioritize_queue_order: str | None = None,
) -> Workspace:
    """What is given is so from now on. Without a timeout activity, workers who let an offer time out stay as they are.

    Raises Invalid with the field.
    """
    policy.require(actor, "config:write", account_sid=workspace.account.sid)
    fields = _checked(
        friendly_name=friendly_name,
        event_callback_url=event_callback_url,
        events_filter=events_filter,
        multi_task_enabled=multi_task_enabled,
        prioritize_queue_order=prioritize_queue_order,
    )
    if default_activity is not None:
        fields["default_activity"] = own_activity(default_activity, workspace=workspace, field="default_activity")
    if isinstance(timeout_activity, Activity):
        fields["timeout_activity"] = own_activity(timeout_activity, workspace=workspace, field="timeout_activity")
    elif timeout_activity is None:
        fields["timeout_activity"] = None
    with transaction.atomic():
        locked_workspace(workspace)
        previous = write(workspace, fields)
        if previous:
            tell_workspace("workspace.updated", workspace, actor=actor, previous=previous)
    return workspace


def delete_workspace(workspace: Workspace, *, actor: Actor) -> None:
    """The workspace is gone, and all of its activities, task channels and workers with it.

    `routing.actions.delete_workspace` also takes queues, workflows and tasks along. Raises Conflict while a worker is
    available or has work in hand, or while something else refers to it.
    """
    policy.require(actor, "config:write", account_sid=workspace.account.sid)
    try:
        with transaction.atomic():
            locked_workspace(workspace)
            refuse_busy(workspace)
            tell_workspace("workspace.deleted", workspace, actor=actor)
            Workspace.objects.filter(pk=workspace.pk).update(default_activity=None, timeout_activity=None)
            Worker.objects.filter(workspace=workspace).delete()
            workspace.delete()
    except ProtectedError as error:
        raise referred_to(error) from error


def refuse_busy(workspace: Workspace) -> None:
    """Raises Conflict while a worker of the workspace is available or has work in hand."""
    busy = Worker.objects.filter(workspace=workspace)
    found = busy.filter(activity__available=True).first() or busy.filter(channels__load__gt=0).first()
    if found is not None:
        raise Conflict("%(name)s still works here.", params={"name": found.friendly_name})


def _checked(**given: Any) -> dict[str, Any]:
    """What was given, each value as it is kept."""
    fields = {name: value for name, value in given.items() if value is not None}
    if "friendly_name" in fields:
        fields["friendly_name"] = named(fields["friendly_name"])
    if "event_callback_url" in fields:
        fields["event_callback_url"] = checked_url(fields["event_callback_url"], field="event_callback_url")
    if "events_filter" in fields:
        fields["events_filter"] = checked_event_types(fields["events_filter"])
    if fields.get("prioritize_queue_order", QueueOrder.FIFO) not in QueueOrder.values:
        raise Invalid("The order is FIFO or LIFO.", field="prioritize_queue_order")
    if fields.get("multi_task_enabled") is False:
        raise Invalid("Multitasking cannot be switched off.", field="multi_task_enabled")
    return fields
