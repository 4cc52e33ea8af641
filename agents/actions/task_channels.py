"""The verbs of task channels."""

import re
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import F, ProtectedError

from accounts import policy
from agents.actions.checks import locked_workspace, named, referred_to, taken, write
from agents.actions.telling import tell_task_channel, tell_workers
from agents.models import TaskChannel, WorkerChannel, Workspace, new_task_channel_sid
from kernel import clock
from kernel.actor import Actor
from kernel.errors import Conflict, Invalid

DEFAULT: Final = "default"
"""The channel of tasks that name none."""


def create_task_channel(
    workspace: Workspace,
    *,
    unique_name: str,
    friendly_name: str,
    actor: Actor,
    channel_optimized_routing: bool = False,
    sid: str = "",
) -> TaskChannel:
    """A further kind of work; every worker gets a capacity of 1 for it, and the router hears of each.

    ``sid`` as in `create_activity`.
    Names as https://www.twilio.com/docs/taskrouter/multitasking has them. Raises Invalid or Conflict.
    """
    policy.require(actor, "config:write", account_sid=workspace.account.sid)
    if re.fullmatch(r"[A-Za-z_$][A-Za-z0-9_$]{0,63}", unique_name) is None:
        raise Invalid("Use letters, digits, _ and $, and no digit first.", field="unique_name")
    try:
        with transaction.atomic():
            locked_workspace(workspace)  # A worker who comes at this moment is here, or finds the channel.
            channel = TaskChannel.objects.create(
                workspace=workspace,
                unique_name=unique_name,
                friendly_name=named(friendly_name),
                channel_optimized_routing=channel_optimized_routing,
                sid=sid or new_task_channel_sid(),
            )
            tell_task_channel("task-channel.created", channel, actor=actor)
            _equip(channel, actor=actor)
    except IntegrityError as error:
        raise taken(unique_name, field="unique_name") from error
    return channel


def update_task_channel(
    channel: TaskChannel,
    *,
    actor: Actor,
    friendly_name: str | None = None,
    channel_optimized_routing: bool | None = None,
) -> TaskChannel:
    """Another name, or a line of its own. The unique name stays, because expressions refer to it. Raises Invalid."""
    policy.require(actor, "config:write", account_sid=channel.workspace.account.sid)
    fields: dict[str, Any] = {}
    if friendly_name is not None:
        fields["friendly_name"] = named(friendly_name)
    if channel_optimized_routing is not None:
        fields["channel_optimized_routing"] = channel_optimized_routing
    with transaction.atomic():
        previous = write(channel, fields)
        if previous:
            tell_task_channel("task-channel.updated", channel, actor=actor, previous=previous)
    return channel


def delete_task_channel(channel: TaskChannel, *, actor: Actor) -> None:
    """The workers' capacity for it goes along. Raises Conflict for the default channel and for one that has tasks."""
    policy.require(actor, "config:write", account_sid=channel.workspace.account.sid)
    if channel.unique_name == DEFAULT:
        raise Conflict("Tasks that name no channel go by this one.")
    try:
        with transaction.atomic():
            locked_workspace(channel.workspace)
            tell_task_channel("task-channel.deleted", channel, actor=actor)
            _locked_crew(channel.workspace)
            channel.delete()
            _tell_crew(channel.workspace, actor=actor)
    except ProtectedError as error:
        raise referred_to(error) from error
    except IntegrityError as error:
        raise Conflict("There are tasks of this channel.") from error


def _equip(channel: TaskChannel, *, actor: Actor) -> None:
    crew = _locked_crew(channel.workspace)
    WorkerChannel.objects.bulk_create([WorkerChannel(worker_id=pk, task_channel=channel) for pk in crew])
    _tell_crew(channel.workspace, actor=actor)


def _locked_crew(workspace: Workspace) -> list[int]:
    """In the order in which every verb locks workers."""
    return list(workspace.workers.order_by("pk").select_for_update().values_list("pk", flat=True))


def _tell_crew(workspace: Workspace, *, actor: Actor) -> None:
    """Every worker, locked before, has other channels now."""
    workspace.workers.update(version=F("version") + 1, updated_at=clock.now())
    crew = list(workspace.workers.select_related("workspace", "activity").order_by("pk"))
    tell_workers("worker.capacity.update", crew, actor=actor)
