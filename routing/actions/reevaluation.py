"""Bringing waiting tasks from older versions of their workflow over to a newer one.

https://support.twilio.com/hc/en-us/articles/36535203110043: tasks follow the version that they entered with, unless an
update says ``ReEvaluateTasks``. A version that says so remembers how far it has come, so that nothing is forgotten when
a process dies, and a million tasks hold nobody up.
"""

from collections.abc import Iterable
from typing import Final

from django.db import transaction

from eventlog.dbclock import database_now
from eventlog.record import record_all
from kernel import clock
from kernel.actor import SYSTEM, Actor
from routing import queries
from routing.actions.journal import way_of
from routing.actions.placing import age_of, arrival
from routing.core.document import stored_workflow
from routing.core.workflow import Step, first_step
from routing.models import Task, TaskQueue, WorkflowVersion
from routing.scoping import Scopes

BATCH: Final = 500


def begin_re_evaluation(version: WorkflowVersion) -> None:
    """From now on tasks of older versions come over to this one. Part of the verb that saves the workflow."""
    older = WorkflowVersion.objects.filter(workflow=version.workflow_id, re_evaluated_to__isnull=False)
    older.update(re_evaluated_to=None)
    WorkflowVersion.objects.filter(pk=version.pk).update(re_evaluates=True, re_evaluated_to=0)


def re_evaluate(version: WorkflowVersion, *, actor: Actor = SYSTEM, limit: int = BATCH) -> bool:
    """Take the next waiting tasks over to the version; True when there may be more.

    A task that no filter of it takes stays where it is.
    """
    with transaction.atomic():
        rows = WorkflowVersion.objects.select_for_update(of=("self",)).select_related("workflow")
        going_on = rows.filter(pk=version.pk, re_evaluated_to__isnull=False).first()
        if going_on is None:
            return False
        tasks = _behind(going_on, limit)
        _enter(tasks, going_on, actor=actor)
        done = len(tasks) < limit
        WorkflowVersion.objects.filter(pk=version.pk).update(re_evaluated_to=None if done else tasks[-1].pk)
    return not done


def re_evaluate_late(task: Task, *, actor: Actor) -> None:
    """A task that was reserved when its workflow's tasks were re-evaluated, and waits again, comes over now.

    Part of the verb that holds the task.
    """
    if task.filter_index is None or task.workflow_version_id is None:
        return
    mine = WorkflowVersion.objects.filter(pk=task.workflow_version_id).values("number")
    newer = WorkflowVersion.objects.filter(workflow=task.workflow_id, re_evaluates=True, number__gt=mine)
    version = newer.order_by("-number").first()
    if version is not None:
        _enter([task], version, actor=actor)


def _behind(version: WorkflowVersion, limit: int) -> list[Task]:
    waiting = queries.tasks().filter(
        workspace=version.workflow.workspace_id,
        workflow=version.workflow_id,
        assignment_status="pending",
        filter_index__isnull=False,
        workflow_version__number__lt=version.number,
        pk__gt=version.re_evaluated_to or 0,
    )
    return list(waiting.select_for_update(of=("self",)).order_by("pk")[:limit])


def _enter(tasks: Iterable[Task], version: WorkflowVersion, *, actor: Actor) -> None:
    now = database_now()
    document = stored_workflow(version.configuration)
    queues: dict[str, TaskQueue] = {}
    moved, events = [], []
    for task in tasks:
        scope = Scopes(task.workspace_id, now).of(task.attributes, document)
        step = first_step(document, scope, age=age_of(task.created_at, now))
        if step is None:
            continue
        queue = queues.get(step.rule.queue) or TaskQueue.objects.get(workspace=task.workspace_id, sid=step.rule.queue)
        queues[step.rule.queue] = queue
        way = _put(task, version, step, queue)
        moved.append(task)
        events += way_of(way, task, actor=actor)
    Task.objects.bulk_update(moved, _COLUMNS)
    record_all(events)


def _put(task: Task, version: WorkflowVersion, step: Step, queue: TaskQueue) -> list[str]:
    """Set the columns of the locked task; returns the events that tell of it."""
    now = clock.now()
    columns, arrived = arrival(task, queue, step, now=now)
    for name, value in columns.items():
        setattr(task, name, value)
    task.workflow_version = version
    task.updated_at = now
    task.version += 1
    return ["workflow.entered", "workflow.target-matched", *arrived]


_COLUMNS: Final = (
    "workflow_version",
    "filter_index",
    "target_index",
    "step_ends_at_age",
    "step_due_at",
    "skip_asked",
    "priority",
    "task_queue",
    "task_queue_entered_at",
    "updated_at",
    "version",
)
