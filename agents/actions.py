"""The verbs of workspaces, workers and their capacity."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet

from accounts import policy
from accounts.models import Account, User
from agents.access import require_own_or_floor
from agents.models import MAX_CAPACITY, Activity, TaskChannel, Worker, WorkerChannel, Workspace
from agents.payloads import worker_payload
from eventlog.record import record
from kernel import clock
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
MAX_NAME: Final = 64
MAX_ATTRIBUTES: Final = 4096


def audiences(worker: Worker) -> list[str]:
    """Who hears of a worker: himself and the floor."""
    return [f"worker:{worker.sid}", f"floor:{worker.workspace.sid}"]


# --- workspace, activities, task channels ---


def create_workspace(*, account: Account, friendly_name: str, actor: Actor) -> Workspace:
    """A workspace with Twilio's activities and a task channel for each of our channels.

    New workers, and those who let an offer time out, are Offline.
    """
    policy.require(actor, "config:write", account_sid=account.sid)
    with transaction.atomic():
        workspace = Workspace.objects.create(account=account, friendly_name=_named(friendly_name))
        rows = [Activity(workspace=workspace, friendly_name=name, available=able) for name, able in ACTIVITIES]
        Activity.objects.bulk_create(rows)
        for unique_name, name in TASK_CHANNELS:
            create_task_channel(workspace, unique_name=unique_name, friendly_name=name, actor=actor)
        offline = Activity.objects.get(workspace=workspace, friendly_name="Offline")
        workspace.default_activity = workspace.timeout_activity = offline
        workspace.save(update_fields=["default_activity", "timeout_activity"])
    return workspace


def create_activity(workspace: Workspace, *, friendly_name: str, available: bool, actor: Actor) -> Activity:
    """Raises Conflict when the name is taken."""
    policy.require(actor, "config:write", account_sid=workspace.account.sid)
    name = _named(friendly_name)
    try:
        with transaction.atomic():
            return Activity.objects.create(workspace=workspace, friendly_name=name, available=available)
    except IntegrityError as error:
        raise _taken(name) from error


def create_task_channel(workspace: Workspace, *, unique_name: str, friendly_name: str, actor: Actor) -> TaskChannel:
    """A further kind of work; every worker gets a capacity of 1 for it, and the router hears of each.

    Names as https://www.twilio.com/docs/taskrouter/multitasking has them. Raises Invalid or Conflict.
    """
    policy.require(actor, "config:write", account_sid=workspace.account.sid)
    if re.fullmatch(r"[A-Za-z_$][A-Za-z0-9_$]{0,63}", unique_name) is None:
        raise Invalid("Use letters, digits, _ and $, and no digit first.", field="unique_name")
    try:
        with transaction.atomic():
            channel = TaskChannel.objects.create(
                workspace=workspace, unique_name=unique_name, friendly_name=_named(friendly_name)
            )
            crew = list(workspace.workers.select_related("workspace", "activity").order_by("pk"))
            WorkerChannel.objects.bulk_create([WorkerChannel(worker=worker, task_channel=channel) for worker in crew])
            for worker in crew:
                _write(worker, {})
                _record("worker.capacity.update", worker, actor=actor)
    except IntegrityError as error:
        raise Conflict("The name %(name)s is taken.", field="unique_name", params={"name": unique_name}) from error
    return channel


# --- workers ---


def create_worker(
    workspace: Workspace,
    *,
    friendly_name: str,
    actor: Actor,
    attributes: Mapping[str, Any] | None = None,
    user: User | None = None,
    activity: Activity | None = None,
    capacity: int = 1,
) -> Worker:
    """A worker in the workspace's default activity, who takes ``capacity`` tasks at once on each channel.

    Raises Invalid, or Conflict when the name is taken (upper and lower case are the same).
    """
    policy.require(actor, "workers:write", account_sid=workspace.account.sid)
    name = _named(friendly_name)
    starts_with = activity or workspace.default_activity
    if starts_with is None or starts_with.workspace_id != workspace.pk:
        raise Invalid("This activity does not belong to the workspace.", field="activity")
    try:
        with transaction.atomic():
            worker = Worker.objects.create(
                workspace=workspace,
                friendly_name=name,
                attributes=_attributes(attributes or {}),
                user=user,
                activity=starts_with,
            )
            _create_channels(worker, capacity=_capacity(capacity))
            _record("worker.created", worker, actor=actor)
    except IntegrityError as error:
        raise _taken(name) from error
    return worker


def _create_channels(worker: Worker, *, capacity: int) -> None:
    channels = TaskChannel.objects.filter(workspace=worker.workspace).order_by("pk")
    WorkerChannel.objects.bulk_create(
        [WorkerChannel(worker=worker, task_channel=channel, configured_capacity=capacity) for channel in channels]
    )


def update_worker(
    worker: Worker,
    *,
    actor: Actor,
    friendly_name: str | None = None,
    attributes: Mapping[str, Any] | None = None,
) -> Worker:
    """New name or new attributes (the whole of them); routing follows at once.

    Raises Invalid, or Conflict when the name is taken.
    """
    policy.require(actor, "workers:write", account_sid=worker.workspace.account.sid)
    fields: dict[str, Any] = {}
    if friendly_name is not None:
        fields["friendly_name"] = _named(friendly_name)
    if attributes is not None:
        fields["attributes"] = _attributes(attributes)
    try:
        with transaction.atomic():
            _write(worker, fields)
            _record("worker.attributes.update", worker, actor=actor)
    except IntegrityError as error:
        raise _taken(fields.get("friendly_name", "")) from error
    return worker


def set_activity(worker: Worker, *, activity: Activity, actor: Actor) -> Worker:
    """The worker is in this activity now. Into an unavailable one: no new work comes, accepted work stays.

    Raises NotFound for an agent who names another's worker, Invalid for an activity of another workspace. Setting the
    present activity again changes nothing.
    """
    require_own_or_floor(worker, actor=actor, missing=worker.sid)
    if activity.workspace_id != worker.workspace_id:
        raise Invalid("This activity does not belong to the workspace.", field="activity")
    with transaction.atomic():
        elsewhere = Worker.objects.filter(pk=worker.pk).exclude(activity=activity)
        if _enter(worker, activity, only=elsewhere):
            _record("worker.activity.update", worker, actor=actor)
    return worker


def send_to_timeout_activity(worker: Worker, *, actor: Actor) -> None:
    """A worker who let an offer time out goes to the workspace's timeout activity, unless he left by himself before.

    Part of the caller's transaction.
    """
    target = worker.workspace.timeout_activity
    if target is None:
        return
    available = Activity.objects.filter(workspace_id=worker.workspace_id, available=True).exclude(pk=target.pk)
    if _enter(worker, target, only=Worker.objects.filter(pk=worker.pk, activity__in=available)):
        _record("worker.activity.update", worker, actor=actor)


def _enter(worker: Worker, activity: Activity, *, only: QuerySet[Worker]) -> bool:
    changed = only.update(activity=activity, date_status_changed=clock.now(), version=F("version") + 1) == 1
    worker.refresh_from_db(fields=["activity", "date_status_changed", "version"])
    return changed


# --- capacity ---


def set_capacity(worker_channel: WorkerChannel, *, capacity: int, available: bool, actor: Actor) -> WorkerChannel:
    """How many tasks of this channel the worker takes at once. Work that he has stays, even above the new number.

    Raises Invalid outside of 0…50.
    """
    worker = worker_channel.worker
    policy.require(actor, "workers:write", account_sid=worker.workspace.account.sid)
    fields = {"configured_capacity": _capacity(capacity), "available": available}
    with transaction.atomic():
        WorkerChannel.objects.filter(pk=worker_channel.pk).update(**fields)
        worker_channel.refresh_from_db(fields=["configured_capacity", "available", "load"])
        _write(worker, {})
        _record("worker.capacity.update", worker, actor=actor)
    return worker_channel


def take_slot(worker: Worker, *, task_channel_id: int) -> bool:
    """Occupy one slot and put the worker at the end of the line; False when he cannot take work now.

    Both guards stand on the very row that is written, so that they hold under any race. Part of the caller's
    transaction, which must not go on after False.
    """
    free = WorkerChannel.objects.filter(
        worker_id=worker.pk, task_channel_id=task_channel_id, available=True, load__lt=F("configured_capacity")
    )
    if free.update(load=F("load") + 1) != 1:
        return False
    available = Activity.objects.filter(workspace_id=worker.workspace_id, available=True)
    return Worker.objects.filter(pk=worker.pk, activity__in=available).update(last_assigned_at=clock.now()) == 1


def release_slot(*, worker_id: int, task_channel_id: int) -> None:
    """Give one slot back. Part of the caller's transaction."""
    rows = WorkerChannel.objects.filter(worker_id=worker_id, task_channel_id=task_channel_id, load__gt=0)
    rows.update(load=F("load") - 1)


# --- what the verbs share ---


def _write(worker: Worker, fields: Mapping[str, Any]) -> None:
    Worker.objects.filter(pk=worker.pk).update(**fields, version=F("version") + 1)
    worker.refresh_from_db(fields=["version", *fields])


def _record(event: str, worker: Worker, *, actor: Actor) -> None:
    record(
        event,
        subject_sid=worker.sid,
        data=worker_payload(worker),
        audiences=audiences(worker),
        actor=actor,
        workspace_sid=worker.workspace.sid,
    )


def _named(text: str) -> str:
    name = text.strip()
    if not 0 < len(name) <= MAX_NAME:
        raise Invalid("Give a name of 1 to %(limit)d characters.", field="friendly_name", params={"limit": MAX_NAME})
    return name


def _taken(name: str) -> Conflict:
    return Conflict("The name %(name)s is taken.", field="friendly_name", params={"name": name})


def _attributes(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """https://www.twilio.com/docs/taskrouter/limits: 4,096 characters of JSON."""
    if not isinstance(attributes, dict):
        raise Invalid("Attributes are a JSON object.", field="attributes")
    try:
        length = len(json.dumps(attributes, ensure_ascii=False))
    except (TypeError, ValueError) as error:
        raise Invalid("Attributes are a JSON object.", field="attributes") from error
    if length > MAX_ATTRIBUTES:
        raise Invalid(
            "Attributes take at most %(limit)d characters.", field="attributes", params={"limit": MAX_ATTRIBUTES}
        )
    return attributes


def _capacity(capacity: int) -> int:
    if not 0 <= capacity <= MAX_CAPACITY:
        raise Invalid("Capacity is 0 to %(limit)d.", field="capacity", params={"limit": MAX_CAPACITY})
    return capacity
