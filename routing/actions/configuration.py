"""The verbs of queues and workflows. What is saved here decides the very next task."""

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils.translation import gettext

from accounts import policy
from agents.models import Workspace
from kernel import clock
from kernel.actor import Actor
from kernel.errors import Conflict, Invalid
from routing.actions.journal import note_queue, note_workflow
from routing.core.document import ConfigurationError, parse_workflow, stored_workflow
from routing.core.expressions import ExpressionError, parse
from routing.core.states import TASK_LIVE
from routing.models import (
    MAX_RESERVATION_TIMEOUT,
    Task,
    TaskOrder,
    TaskQueue,
    Workflow,
    WorkflowVersion,
)

MAX_NAME = 64


def save_queue(
    queue: TaskQueue,
    *,
    actor: Actor,
    friendly_name: str | None = None,
    target_workers: str | None = None,
    task_order: str | None = None,
    max_reserved_workers: int | None = None,
) -> TaskQueue:
    """Make a queue from an unsaved row that names its workspace, or change a saved one; None keeps what the row has.

    Raises Invalid with the field; for ``target_workers`` with line and column. Conflict when the name is taken.
    """
    _require(queue.workspace, actor)
    fields = _given(
        queue,
        friendly_name=friendly_name,
        target_workers=target_workers,
        task_order=task_order,
        max_reserved_workers=max_reserved_workers,
    )
    _check_name(fields["friendly_name"])
    _check_expression(fields["target_workers"])
    if fields["max_reserved_workers"] != 1:
        raise Invalid("Only one worker can be asked at a time.", field="max_reserved_workers")
    if fields["task_order"] not in TaskOrder.values:
        raise Invalid("The order is FIFO or LIFO.", field="task_order")
    try:
        with transaction.atomic():
            created = _save(queue, fields)
            note_queue("task-queue.created" if created else "task-queue.updated", queue, actor=actor)
    except IntegrityError as error:
        raise _taken(fields) from error
    return queue


def delete_queue(queue: TaskQueue, *, actor: Actor) -> None:
    """Raises Conflict while a workflow names the queue or a live task is in it.

    A workflow means also an older version of it that a live task still follows.
    """
    _require(queue.workspace, actor)
    with transaction.atomic():
        _lock(queue.workspace)
        workflow = _workflow_naming(queue)
        if workflow is not None:
            raise Conflict("The workflow %(name)s refers to this queue.", params={"name": workflow.friendly_name})
        if Task.objects.filter(task_queue=queue, assignment_status__in=TASK_LIVE).exists():
            raise Conflict("There are tasks in this queue.")
        note_queue("task-queue.deleted", queue, actor=actor)
        queue.delete()


def save_workflow(
    workflow: Workflow,
    *,
    actor: Actor,
    friendly_name: str | None = None,
    configuration: str | None = None,
    task_reservation_timeout: int | None = None,
) -> Workflow:
    """Make a workflow from an unsaved row that names its workspace, or change a saved one; None keeps what the row has.

    New tasks follow it at once; those under way stay on their version.

    Raises Invalid with the field; for ``configuration`` the ``params`` hold path, line and column. Raises Conflict when
    the name is taken.
    """
    _require(workflow.workspace, actor)
    fields = _given(
        workflow,
        friendly_name=friendly_name,
        configuration=configuration,
        task_reservation_timeout=task_reservation_timeout,
    )
    _check_name(fields["friendly_name"])
    if not 1 <= fields["task_reservation_timeout"] <= MAX_RESERVATION_TIMEOUT:
        raise Invalid(
            "The reservation timeout is 1 to %(limit)d seconds.",
            field="task_reservation_timeout",
            params={"limit": MAX_RESERVATION_TIMEOUT},
        )
    try:
        with transaction.atomic():
            _lock(workflow.workspace)
            _check_document(fields["configuration"], workflow.workspace)
            created = _save(workflow, fields)
            _keep_version(workflow, actor)
            note_workflow("workflow.created" if created else "workflow.updated", workflow, actor=actor)
    except IntegrityError as error:
        raise _taken(fields) from error
    return workflow


def delete_workflow(workflow: Workflow, *, actor: Actor) -> None:
    """Raises Conflict while live tasks follow it."""
    _require(workflow.workspace, actor)
    with transaction.atomic():
        _lock(workflow.workspace)
        if Task.objects.filter(workflow=workflow, assignment_status__in=TASK_LIVE).exists():
            raise Conflict("Tasks still follow this workflow.")
        note_workflow("workflow.deleted", workflow, actor=actor)
        workflow.delete()


def _require(workspace: Workspace, actor: Actor) -> None:
    policy.require(actor, "config:write", account_sid=workspace.account.sid)


def _lock(workspace: Workspace) -> None:
    """One change of the configuration at a time: a workflow names its queues in text, which no foreign key watches.

    The weaker lock lets tasks be created meanwhile.
    """
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)


def _given(row: TaskQueue | Workflow, **fields: Any) -> dict[str, Any]:
    """What is to be written: what was given, trimmed, and otherwise what the row has."""
    kept = {name: getattr(row, name) if value is None else value for name, value in fields.items()}
    return {name: value.strip() if isinstance(value, str) else value for name, value in kept.items()}


def _save(row: TaskQueue | Workflow, fields: dict[str, Any]) -> bool:
    """True when the row is new."""
    if row._state.adding:
        for name, value in fields.items():
            setattr(row, name, value)
        row.save(force_insert=True)
        return True
    rows = type(row)._default_manager.filter(pk=row.pk)
    rows.update(**fields, updated_at=clock.now(), version=F("version") + 1)
    row.refresh_from_db()
    return False


def _keep_version(workflow: Workflow, actor: Actor) -> None:
    latest = workflow.versions.order_by("-number").first()
    if latest is None or latest.configuration != workflow.configuration:
        WorkflowVersion.objects.create(
            workflow=workflow,
            number=workflow.version,
            configuration=workflow.configuration,
            actor_sid=actor.sid,
        )


def _check_document(configuration: str, workspace: Workspace) -> None:
    queues = frozenset(TaskQueue.objects.filter(workspace=workspace).values_list("sid", flat=True))
    try:
        parse_workflow(configuration, queues=queues)
    except ConfigurationError as error:
        problem = gettext(error.message) % error.params if error.params else gettext(error.message)
        raise Invalid(
            "%(path)s: %(problem)s" if error.path else "%(problem)s",
            code=error.code,
            field="configuration",
            params={"path": error.path, "line": error.line, "column": error.column, "problem": problem},
        ) from error


def _check_expression(text: str) -> None:
    """Empty is allowed: nobody serves the queue."""
    if not text:
        return
    try:
        parse(text)
    except ExpressionError as error:
        error.field = "target_workers"
        raise


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


def _check_name(name: str) -> None:
    if not 0 < len(name) <= MAX_NAME:
        raise Invalid("Give a name of 1 to %(limit)d characters.", field="friendly_name", params={"limit": MAX_NAME})


def _taken(fields: dict[str, Any]) -> Conflict:
    return Conflict(
        "The name %(name)s is taken.", field="friendly_name", params={"name": fields.get("friendly_name", "")}
    )
