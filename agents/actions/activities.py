"""The verbs of activities."""

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from accounts import policy
from agents.actions.checks import locked_workspace, named, referred_to, taken, write
from agents.actions.telling import tell_activity
from agents.models import Activity, Workspace, new_activity_sid
from kernel.actor import Actor
from kernel.errors import Conflict


def create_activity(
    workspace: Workspace, *, friendly_name: str, actor: Actor, available: bool = False, sid: str = ""
) -> Activity:
    """Something that workers may be doing. Raises Invalid, or Conflict when the name is taken.

    ``sid``: what is imported keeps the one that it has elsewhere. The caller sees to it that nothing here has it.
    """
    policy.require(actor, "config:write", account_sid=workspace.account.sid)
    name = named(friendly_name)
    try:
        with transaction.atomic():
            activity = Activity.objects.create(
                workspace=workspace, friendly_name=name, available=available, sid=sid or new_activity_sid()
            )
            tell_activity("activity.created", activity, actor=actor)
    except IntegrityError as error:
        raise taken(name) from error
    return activity


def update_activity(activity: Activity, *, actor: Actor, friendly_name: str | None = None) -> Activity:
    """Another name. Whether it is for work never changes after creation: reports rest on it.

    https://www.twilio.com/docs/taskrouter/api/activity. Raises Invalid, or Conflict when the name is taken.
    """
    policy.require(actor, "config:write", account_sid=activity.workspace.account.sid)
    fields = {} if friendly_name is None else {"friendly_name": named(friendly_name)}
    try:
        with transaction.atomic():
            previous = write(activity, fields)
            if previous:
                tell_activity("activity.updated", activity, actor=actor, previous=previous)
    except IntegrityError as error:
        raise taken(fields["friendly_name"]) from error
    return activity


def delete_activity(activity: Activity, *, actor: Actor) -> None:
    """Raises Conflict while workers are in it, the workspace falls back on it, or a task queue names it."""
    policy.require(actor, "config:write", account_sid=activity.workspace.account.sid)
    try:
        with transaction.atomic():
            workspace = locked_workspace(activity.workspace)
            _refuse_needed(activity, workspace)
            tell_activity("activity.deleted", activity, actor=actor)
            activity.delete()
    except ProtectedError as error:
        raise referred_to(error) from error


def _refuse_needed(activity: Activity, workspace: Workspace) -> None:
    if activity.pk == workspace.default_activity_id:
        raise Conflict("New workers begin with this activity. Choose another default activity first.")
    if activity.pk == workspace.timeout_activity_id:
        raise Conflict("Whoever lets an offer time out gets this activity. Choose another timeout activity first.")
    if activity.workers.exists():
        raise Conflict("There are workers in this activity.")
