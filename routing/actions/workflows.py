"""The verbs of workflows."""

from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from agents.actions.checks import checked_url, referred_to
from kernel.actor import Actor
from kernel.errors import Conflict, Invalid
from routing.actions.configuration import (
    check_document,
    check_name,
    given,
    lock_configuration,
    require_config,
    save,
    taken,
)
from routing.actions.journal import note_workflow
from routing.actions.reevaluation import begin_re_evaluation, re_evaluate
from routing.core.states import TASK_LIVE
from routing.models import MAX_RESERVATION_TIMEOUT, Task, Transfer, Workflow, WorkflowVersion

_BATCHES_AT_ONCE: Final = 2


def save_workflow(
    workflow: Workflow,
    *,
    actor: Actor,
    friendly_name: str | None = None,
    configuration: str | None = None,
    task_reservation_timeout: int | None = None,
    assignment_callback_url: str | None = None,
    fallback_assignment_callback_url: str | None = None,
    re_evaluate_tasks: bool = False,
) -> Workflow:
    """Make a workflow from an unsaved row that names its workspace, or change a saved one; None keeps what the row has.

    New tasks follow it at once. Those under way stay on the version that they entered with, unless
    ``re_evaluate_tasks``: then waiting tasks go back through the newest version, the first thousand before this returns
    and the others by the pump, and reserved ones when they come to wait again.

    Raises Invalid with the field; for ``configuration`` the ``params`` hold path, line and column. Raises Conflict when
    the name is taken.
    """
    require_config(workflow.workspace, actor)
    fields = given(
        friendly_name=friendly_name,
        configuration=configuration,
        task_reservation_timeout=task_reservation_timeout,
    )
    urls = {
        "assignment_callback_url": assignment_callback_url,
        "fallback_assignment_callback_url": fallback_assignment_callback_url,
    }
    fields |= {name: checked_url(url, field=name) for name, url in urls.items() if url is not None}
    check_name(workflow, fields)
    _check_timeout(fields.get("task_reservation_timeout", workflow.task_reservation_timeout))
    try:
        with transaction.atomic():
            lock_configuration(workflow.workspace)
            check_document(fields.get("configuration", workflow.configuration), workflow.workspace)
            previous = save(workflow, fields)
            version = _newest_version(workflow, actor)
            if previous is None or previous:
                event = "workflow.created" if previous is None else "workflow.updated"
                note_workflow(event, workflow, actor=actor, previous=previous)
            if re_evaluate_tasks:
                begin_re_evaluation(version)
    except IntegrityError as error:
        raise taken(workflow, fields) from error
    if re_evaluate_tasks:
        _begin_with(version, actor=actor)
    return workflow


def delete_workflow(workflow: Workflow, *, actor: Actor) -> None:
    """Raises Conflict while live tasks follow it, a transfer may bring one back to it, or an address leads to it."""
    require_config(workflow.workspace, actor)
    try:
        with transaction.atomic():
            lock_configuration(workflow.workspace)
            if _has_tasks(workflow):
                raise Conflict("Tasks still follow this workflow.")
            note_workflow("workflow.deleted", workflow, actor=actor)
            workflow.delete()
    except ProtectedError as error:
        raise referred_to(error) from error
    except IntegrityError as error:  # Of a task that was made meanwhile.
        raise Conflict("Tasks still follow this workflow.") from error


def _begin_with(version: WorkflowVersion, *, actor: Actor) -> None:
    """The first batches at once, so that few tasks need not wait for the pump."""
    for _ in range(_BATCHES_AT_ONCE):
        if not re_evaluate(version, actor=actor):
            return


def _newest_version(workflow: Workflow, actor: Actor) -> WorkflowVersion:
    latest = workflow.versions.order_by("-number").first()
    if latest is not None and latest.configuration == workflow.configuration:
        return latest
    return WorkflowVersion.objects.create(
        workflow=workflow,
        number=workflow.version,
        configuration=workflow.configuration,
        actor_sid=actor.sid,
    )


def _check_timeout(seconds: int) -> None:
    if isinstance(seconds, bool) or not isinstance(seconds, int) or not 1 <= seconds <= MAX_RESERVATION_TIMEOUT:
        raise Invalid(
            "The reservation timeout is 1 to %(limit)d seconds.",
            field="task_reservation_timeout",
            params={"limit": MAX_RESERVATION_TIMEOUT},
        )


def _has_tasks(workflow: Workflow) -> bool:
    if Task.objects.filter(workflow=workflow, assignment_status__in=TASK_LIVE).exists():
        return True
    return Transfer.objects.filter(status="initiated", origin__workflow_id=workflow.pk).exists()
