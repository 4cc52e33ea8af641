"""How a waiting task goes through its workflow, and what happens when nothing of it is left."""

from collections.abc import Mapping
from typing import Any, Final, Literal

from django.db import transaction
from django.db.models import F

from accounts import policy
from kernel import clock
from kernel.actor import SYSTEM, Actor
from kernel.errors import StaleMove
from routing import queries
from routing.actions.journal import note_way
from routing.actions.moves import hold
from routing.actions.placing import arrival
from routing.actions.succession import fail
from routing.actions.tasks import cancel_task
from routing.core.workflow import Step
from routing.models import Task, TaskQueue

Cause = Literal["timeout", "skip"]
"""Why a task leaves its step: its time is over, or ``skip_if`` holds."""

WORKFLOW_TIMEOUT: Final = "Workflow Timeout"
WORKFLOW_SKIPPED: Final = "Workflow Skipped"
REASONS: Final[Mapping[Cause, str]] = {"timeout": WORKFLOW_TIMEOUT, "skip": WORKFLOW_SKIPPED}
LEFT: Final[Mapping[Cause, list[str]]] = {"timeout": ["task-queue.timeout"], "skip": []}
OVER: Final[Mapping[Cause, list[str]]] = {
    "timeout": ["task-queue.timeout", "workflow.timeout"],
    "skip": ["workflow.skipped"],
}


def advance(task: Task, *, step: Step, cause: Cause = "timeout", actor: Actor = SYSTEM) -> Task:
    """The workflow takes the waiting task to another step.

    Raises StaleMove when the row has changed since it was read.
    """
    policy.require(actor, "config:write", account_sid=task.workspace.account.sid)
    queue = TaskQueue.objects.get(workspace=task.workspace, sid=step.rule.queue)
    left = task.task_queue.sid if task.task_queue else None
    fields, arrived = arrival(task, queue, step, now=clock.now())
    with transaction.atomic():
        _write(task, fields)
        way = [*LEFT[cause], "workflow.target-matched", *arrived]
        note_way(way, task, actor=actor, about={"left_task_queue_sid": left})
    return task


def give_up(task: Task, *, cause: Cause, actor: Actor = SYSTEM) -> Task:
    """The workflow has nothing left for the waiting task: it is canceled, or its transfer fails.

    Raises StaleMove when the row has changed since it was read.
    """
    if not task.in_transfer:
        with transaction.atomic():
            _hold_unchanged(task)
            return cancel_task(task, actor=actor, reason=REASONS[cause], because=OVER[cause])
    policy.require(actor, "config:write", account_sid=task.workspace.account.sid)
    with transaction.atomic():
        _hold_unchanged(task)
        transfer = queries.open_transfer(task)
        if transfer is None:
            raise StaleMove("This task has changed meanwhile.")
        note_way(OVER[cause], task, actor=actor)
        fail(transfer, reason=REASONS[cause], actor=actor)
    return task


def _hold_unchanged(task: Task) -> None:
    read = task.version
    hold(task)
    if task.version != read or task.assignment_status != "pending":
        raise StaleMove("This task has changed meanwhile.")


def _write(task: Task, fields: Mapping[str, Any]) -> None:
    written = {**fields, "updated_at": clock.now()}
    rows = Task.objects.filter(pk=task.pk, version=task.version, assignment_status="pending")
    if rows.update(**written, version=F("version") + 1) != 1:
        raise StaleMove("This task has changed meanwhile.")
    task.refresh_from_db(fields=["version", *written])
