"""The verbs of workers: who they are."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from accounts import actions as accounts
from accounts import policy
from accounts.models import ApiKey, User
from agents.access import require_own_or_floor
from agents.actions.checks import (
    MAX_ATTRIBUTES,
    checked_capacity,
    json_object,
    locked_channels,
    locked_workspace,
    named,
    own_activity,
    referred_to,
    taken,
)
from agents.actions.presence import change, unless_deleted
from agents.actions.telling import tell_worker
from agents.models import Activity, TaskChannel, Worker, WorkerChannel, Workspace, new_worker_sid
from kernel.actor import Actor
from kernel.errors import Conflict, Invalid, NotFound


def create_worker(
    workspace: Workspace,
    *,
    friendly_name: str,
    actor: Actor,
    attributes: Mapping[str, Any] | None = None,
    user: User | None = None,
    activity: Activity | None = None,
    capacity: int = 1,
    sid: str = "",
) -> Worker:
    """A worker in the workspace's default activity, who takes ``capacity`` tasks at once on each channel.

    ``sid`` as in `create_activity`.

    Raises Invalid, or Conflict when the name is taken (upper and lower case are the same).
    """
    policy.require(actor, "workers:write", account_sid=workspace.account.sid)
    name = named(friendly_name)
    kept = json_object(attributes or {}, limit=MAX_ATTRIBUTES)
    starts_with = activity or workspace.default_activity
    if starts_with is None:
        raise Invalid("Name an activity: the workspace has no default activity.", field="activity")
    own_activity(starts_with, workspace=workspace)
    try:
        with transaction.atomic():
            locked_workspace(workspace)  # A channel that comes at this moment is here, or finds the worker.
            worker = Worker.objects.create(
                workspace=workspace,
                friendly_name=name,
                attributes=kept,
                user=user,
                activity=starts_with,
                sid=sid or new_worker_sid(),
            )
            _create_channels(worker, capacity=checked_capacity(capacity))
            tell_worker("worker.created", worker, actor=actor)
    except IntegrityError as error:
        raise taken(name) from error
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
    activity: Activity | None = None,
) -> Worker:
    """New name, new attributes (the whole of them) or another activity, in one step; routing follows at once.

    The worker himself may change the activity alone. Raises Invalid, Conflict when the name is taken, NotFound for an
    agent who names another's worker.
    """
    if activity is not None:
        require_own_or_floor(worker, actor=actor, missing=worker.sid)
        own_activity(activity, workspace=worker.workspace)
    if activity is None or friendly_name is not None or attributes is not None:
        policy.require(actor, "workers:write", account_sid=worker.workspace.account.sid)
    fields: dict[str, Any] = {}
    if friendly_name is not None:
        fields["friendly_name"] = named(friendly_name)
    if attributes is not None:
        fields["attributes"] = json_object(attributes, limit=MAX_ATTRIBUTES)
    with unless_deleted(activity), transaction.atomic():
        try:
            change(worker, fields, activity=activity, actor=actor)
        except IntegrityError as error:
            if friendly_name is None:
                raise
            raise taken(fields["friendly_name"]) from error
    return worker


def create_worker_key(
    worker: Worker, *, friendly_name: str, actor: Actor, expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """The worker's own key and its token, as `accounts.actions.create_worker_key` has them. Raises Invalid."""
    return accounts.create_worker_key(
        account=worker.workspace.account,
        worker_sid=worker.sid,
        friendly_name=named(friendly_name),
        expires_at=expires_at,
        actor=actor,
    )


def delete_worker(worker: Worker, *, actor: Actor) -> None:
    """Raises Conflict while the worker is available or has work in hand, or has taken part in conversations.

    https://www.twilio.com/docs/taskrouter/api/worker: only from an unavailable activity.
    """
    policy.require(actor, "workers:write", account_sid=worker.workspace.account.sid)
    try:
        with transaction.atomic():
            _refuse_working(worker)
            tell_worker("worker.deleted", worker, actor=actor)
            worker.delete()
    except ProtectedError as error:
        raise referred_to(error) from error


def _refuse_working(worker: Worker) -> None:
    """Locked in the order of an offer, capacity before worker, so that none slips in."""
    channels = locked_channels(worker)
    rows = Worker.objects.select_for_update(of=("self",)).select_related("activity")
    here = rows.filter(pk=worker.pk).first()
    if here is None:
        raise NotFound("There is no worker %(sid)s.", params={"sid": worker.sid})
    if here.activity.available:
        raise Conflict("Only a worker in an unavailable activity can be deleted.", field="activity")
    if any(channel.load for channel in channels):
        raise Conflict("This worker still has work in hand.")
