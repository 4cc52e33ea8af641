"""The verbs of task queues."""

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from agents.actions import KEEP, Keep
from agents.actions.checks import own_activity
from agents.models import Activity
from kernel.actor import Actor
from kernel.errors import Conflict, Invalid
from routing.actions.configuration import check_name, given, lock_configuration, require_config, save, taken
from routing.actions.journal import note_queue
from routing.core.document import stored_workflow
from routing.core.expressions import ExpressionError, parse
from routing.core.states import TASK_LIVE
from routing.models import Task, TaskOrder, TaskQueue, Transfer, Workflow, WorkflowVersion

MAX_RESERVED = 50


def save_queue(
    queue: TaskQueue,
    *,
    actor: Actor,
    friendly_name: str | None = None,
    target_workers: str | None = None,
    task_order: str | None = None,
    max_reserved_workers: int | None = None,
    reservation_activity: Activity | Keep | None = KEEP,
    assignment_activity: Activity | Keep | None = KEEP,
) -> TaskQueue:
    """Make a queue from an unsaved row that names its workspace, or change a saved one; what is not given stays.

    The two activities are kept for Twilio's clients: only a workspace without multitasking would move workers through
    them. Raises Invalid with the field; for ``target_workers`` with line and column. Conflict when the name is taken.
    """
    require_config(queue.workspace, actor)
    fields = given(
        friendly_name=friendly_name,
        target_workers=target_workers,
        task_order=task_order,
        max_reserved_workers=max_reserved_workers,
    )
    fields |= _activities(queue, reservation_activity=reservation_activity, assignment_activity=assignment_activity)
    _check(queue, fields)
    try:
        with transaction.atomic():
            previous = save(queue, fields)
            for event in _events(previous):
                note_queue(event, queue, actor=actor, previous=previous)
    except IntegrityError as error:
        raise taken(queue, fields) from error
    return queue


def delete_queue(queue: TaskQueue, *, actor: Actor) -> None:
    """Raises Conflict while a workflow names the queue or a live task is in it.

    A workflow means also an older version of it that a live task still follows. A task in transfer is also in the queue
    from which it comes.
    """
    require_config(queue.workspace, actor)
    try:
        with transaction.atomic():
            lock_configuration(queue.workspace)
            workflow = _workflow_naming(queue)
            if workflow is not None:
                raise Conflict("The workflow %(name)s refers to this queue.", params={"name": workflow.friendly_name})
            if _has_tasks(queue):
                raise Conflict("There are tasks in this queue.")
            note_queue("task-queue.deleted", queue, actor=actor)
            queue.delete()
    except IntegrityError as error:  # Of a task that was made meanwhile.
        raise Conflict("There are tasks in this queue.") from error


def _activities(queue: TaskQueue, **activities: Activity | Keep | None) -> dict[str, Any]:
    named = {name: value for name, value in activities.items() if not isinstance(value, Keep)}
    for name, value in named.items():
        if value is not None:
            own_activity(value, workspace=queue.workspace, field=name)
    return named


def _check(queue: TaskQueue, fields: dict[str, Any]) -> None:
    check_name(queue, fields)
    _check_expression(fields.get("target_workers", ""))
    number = fields.get("max_reserved_workers", 1)
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= MAX_RESERVED:
        raise Invalid(
            "1 to %(limit)d workers can be asked at a time.",
            field="max_reserved_workers",
            params={"limit": MAX_RESERVED},
        )
    if fields.get("task_order", TaskOrder.FIFO) not in TaskOrder.values:
        raise Invalid("The order is FIFO or LIFO.", field="task_order")


def _check_expression(text: str) -> None:
    """Empty is allowed: nobody serves the queue."""
    if not text:
        return
    try:
        parse(text)
    except ExpressionError as error:
        error.field = "target_workers"
        raise


def _events(previous: dict[str, Any] | None) -> list[str]:
    if previous is None:
        return ["task-queue.created"]
    changed = set(previous)
    events = ["task-queue.expression.updated"] if "target_workers" in changed else []
    return [*events, *(["task-queue.updated"] if changed - {"target_workers"} else [])]


def _workflow_naming(queue: TaskQueue) -> Workflow | None:
    live = WorkflowVersion.objects.filter(
        Q(tasks__assignment_status__in=TASK_LIVE, workflow__workspace=queue.workspace)
    ).distinct()
    documents = [(version.workflow, version.configuration) for version in live.select_related("workflow")]
    documents += [(row, row.configuration) for row in Workflow.objects.filter(workspace=queue.workspace)]
    for workflow, configuration in documents:
        if queue.sid in stored_workflow(configuration).queues:
            return workflow
    return None


def _has_tasks(queue: TaskQueue) -> bool:
    if Task.objects.filter(task_queue=queue, assignment_status__in=TASK_LIVE).exists():
        return True
    return Transfer.objects.filter(status="initiated", origin__task_queue_id=queue.pk).exists()
