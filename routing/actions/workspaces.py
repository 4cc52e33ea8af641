"""The verbs of workspaces where tasks are part of them."""

import json
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from accounts import policy
from accounts.models import Account
from agents import actions as agents
from agents.actions.checks import referred_to
from agents.models import Workspace
from kernel.actor import Actor
from kernel.errors import Conflict, Invalid
from routing.actions.configuration import lock_configuration
from routing.actions.queues import save_queue
from routing.actions.workflows import save_workflow
from routing.core.states import TASK_LIVE
from routing.models import Task, TaskQueue, Workflow

TEMPLATES: Final = ("NONE", "FIFO")


def create_workspace(
    *, account: Account, friendly_name: str, actor: Actor, template: str = "NONE", **fields: Any
) -> Workspace:
    """As `agents.actions.create_workspace`; FIFO adds one queue that everybody serves, and a workflow that leads to it.

    Raises Invalid with the field.
    """
    if template not in TEMPLATES:
        raise Invalid("The template is NONE or FIFO.", field="template")
    with transaction.atomic():
        workspace = agents.create_workspace(account=account, friendly_name=friendly_name, actor=actor, **fields)
        if template == "FIFO":
            _equip(workspace, actor=actor)
    return workspace


def delete_workspace(workspace: Workspace, *, actor: Actor) -> None:
    """The workspace is gone with all that is in it, ended tasks as well.

    Raises Conflict while a worker is available or has work in hand, a task is under way, or conversations go by it.
    """
    policy.require(actor, "config:write", account_sid=workspace.account.sid)
    try:
        with transaction.atomic():
            lock_configuration(workspace)
            agents.refuse_busy(workspace)
            if Task.objects.filter(workspace=workspace, assignment_status__in=TASK_LIVE).exists():
                raise Conflict("There are tasks in this workspace.")
            for rows in (Task.objects, Workflow.objects, TaskQueue.objects):
                rows.filter(workspace=workspace).delete()
            agents.delete_workspace(workspace, actor=actor)
    except ProtectedError as error:
        raise referred_to(error) from error
    except IntegrityError as error:  # Of a task that was made meanwhile.
        raise Conflict("There are tasks in this workspace.") from error


def _equip(workspace: Workspace, *, actor: Actor) -> None:
    queue = save_queue(TaskQueue(workspace=workspace), friendly_name="Default Fifo Queue", actor=actor)
    everything = {"expression": "1==1", "targets": [{"queue": queue.sid}]}
    save_workflow(
        Workflow(workspace=workspace),
        friendly_name="Default Fifo Workflow",
        configuration=json.dumps({"task_routing": {"filters": [everything]}}),
        actor=actor,
    )
