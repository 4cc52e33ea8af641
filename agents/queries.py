"""Reads over workspaces and workers."""

from django.db.models import QuerySet

from accounts.models import User
from accounts.queries import actor_for_user
from agents.models import Activity, TaskChannel, Worker, Workspace
from kernel.actor import Actor
from kernel.errors import NotFound


def worker_for(user: User) -> Worker | None:
    """The worker that this person is, if any."""
    return Worker.objects.select_related("activity", "workspace__account").filter(user=user).first()


def actor_for(user: User) -> Actor:
    """The actor that a signed-in person is, with his worker's sid."""
    worker_sid = Worker.objects.filter(user=user).values_list("sid", flat=True).first()
    return actor_for_user(user, worker_sid=worker_sid or "")


def worker(sid: str) -> Worker:
    """Raises NotFound."""
    row = Worker.objects.select_related("activity", "workspace__account").filter(sid=sid).first()
    if row is None:
        raise NotFound("There is no worker %(sid)s.", params={"sid": sid})
    return row


def workspace(sid: str) -> Workspace:
    """Raises NotFound."""
    row = Workspace.objects.select_related("account").filter(sid=sid).first()
    if row is None:
        raise NotFound("There is no workspace %(sid)s.", params={"sid": sid})
    return row


def activity(sid: str, *, workspace: Workspace) -> Activity:
    """Raises NotFound, for one of another workspace as well."""
    row = Activity.objects.filter(sid=sid, workspace=workspace).first()
    if row is None:
        raise NotFound("There is no activity %(sid)s.", params={"sid": sid})
    return row


def activities(workspace: Workspace) -> QuerySet[Activity]:
    """The workspace's activities in the order in which they were made."""
    return Activity.objects.filter(workspace=workspace).order_by("pk")


def task_channel(workspace: Workspace, name: str) -> TaskChannel | None:
    """The task channel of that unique name or sid."""
    channels = TaskChannel.objects.filter(workspace=workspace)
    return channels.filter(unique_name=name).first() or channels.filter(sid=name).first()
