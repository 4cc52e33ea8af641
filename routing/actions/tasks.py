"""The verbs of tasks."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import F

from accounts import policy
from agents import queries as agents_queries
from agents.access import require_own_or_floor
from agents.models import TaskChannel, Workspace
from eventlog.dbclock import database_now
from kernel import clock
from kernel.actor import SYSTEM, Actor
from kernel.errors import Invalid, StaleMove
from routing import queries
from routing.actions.journal import note_reservation, note_task
from routing.actions.moves import end_reservation, move_reservation, move_task
from routing.core.document import stored_workflow
from routing.core.workflow import Step, first_step
from routing.models import MAX_PRIORITY, Reservation, Task, TaskQueue, Workflow, WorkflowVersion

DAY_SECONDS: Final = 86_400
MAX_TIMEOUT_SECONDS: Final = 14 * DAY_SECONDS  # https://www.twilio.com/docs/taskrouter/api/task
MAX_ATTRIBUTES: Final = 64 * 1024
MAX_SKILLS: Final = 50
TTL_EXCEEDED: Final = "Task TTL Exceeded"
WORKFLOW_TIMEOUT: Final = "Workflow Timeout"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a new task begins."""

    queue: TaskQueue
    workflow: Workflow | None = None
    version: WorkflowVersion | None = None
    step: Step | None = None


def create_task(
    workspace: Workspace,
    *,
    attributes: Mapping[str, Any],
    actor: Actor,
    workflow: Workflow | None = None,
    task_queue: TaskQueue | None = None,
    priority: int = 0,
    task_channel: str = "default",
    timeout: int = DAY_SECONDS,
    required_skills: Sequence[str] = (),
    virtual_start_time: datetime | None = None,
) -> Task:
    """A new task waits in its first queue.

    With ``task_queue`` it goes straight there (and a workflow lends only its reservation timeout); otherwise the
    workflow chooses, or the workspace's only workflow where none is given. ``timeout`` is the time to live in seconds.
    Raises Invalid with the field, also when no filter of the workflow takes the task.
    """
    _require_task_writer(workspace, actor)
    channel = _channel(workspace, task_channel)
    now = database_now()
    kept = _attributes(attributes)
    skills = _skills(required_skills)
    _check_range("priority", priority, 0, MAX_PRIORITY)
    _check_range("timeout", timeout, 1, MAX_TIMEOUT_SECONDS)
    start = _start_time(virtual_start_time, now)
    with transaction.atomic():
        place = _first_place(workspace, workflow, task_queue, kept)
        task = Task.objects.create(
            workspace=workspace,
            workflow=place.workflow,
            workflow_version=place.version,
            task_channel=channel,
            attributes=kept,
            required_skills=skills,
            routing_target=task_queue.sid if task_queue else "",
            virtual_start_time=start,
            created_at=now,
            updated_at=now,
            expires_at=now + timedelta(seconds=timeout),
            task_queue=place.queue,
            task_queue_entered_at=now,
            **{"priority": priority} | _step_fields(place.step, created_at=now),
        )
        note_task("task.created", task, actor=actor)
        note_task("task-queue.entered", task, actor=actor)
    return task


def update_task(
    task: Task,
    *,
    actor: Actor,
    attributes: Mapping[str, Any] | None = None,
    priority: int | None = None,
) -> Task:
    """New attributes (the whole of them) or a new priority; the workflow looks at them at its next step.

    Raises StaleMove when the task has ended.
    """
    _require_task_writer(task.workspace, actor)
    fields: dict[str, Any] = {}
    if attributes is not None:
        fields["attributes"] = _attributes(attributes)
    if priority is not None:
        _check_range("priority", priority, 0, MAX_PRIORITY)
        fields["priority"] = priority
    with transaction.atomic():
        _write(task, Task.objects.filter(pk=task.pk, ended_at__isnull=True), fields)
        holder = queries.open_reservation(task)
        note_task("task.updated", task, actor=actor, worker_sids=[holder.worker.sid] if holder else [])
    return task


def advance(task: Task, *, step: Step, actor: Actor = SYSTEM) -> Task:
    """The workflow takes the waiting task to another step.

    Raises StaleMove when the row has changed since it was read.
    """
    policy.require(actor, "config:write", account_sid=task.workspace.account.sid)
    queue = TaskQueue.objects.get(workspace=task.workspace, sid=step.rule.queue)
    moved = queue.pk != task.task_queue_id
    fields = _step_fields(step, created_at=task.created_at) | {"task_queue": queue}
    if moved:
        fields["task_queue_entered_at"] = clock.now()
    with transaction.atomic():
        _write(task, Task.objects.filter(pk=task.pk, version=task.version, assignment_status="pending"), fields)
        note_task("task-queue.entered" if moved else "task.updated", task, actor=actor)
    return task


def wrap_up(task: Task, *, actor: Actor) -> Task:
    """The conversation is over; the worker keeps the slot until he completes.

    Raises StaleMove unless the task is assigned, NotFound when it is another agent's.
    """
    reservation = _held(task, actor)
    with transaction.atomic():
        move_task(task, "wrap_up")
        move_reservation(reservation, "wrap_up")
        note_reservation("reservation.wrapup", reservation, actor=actor)
        note_task("task.wrapup", task, actor=actor)
    return task


def complete(task: Task, *, actor: Actor, reason: str = "completed") -> Task:
    """The work is done and the worker has a slot more.

    Raises StaleMove unless the task is assigned or wrapping, NotFound when it is another agent's.
    """
    reservation = _held(task, actor)
    now = clock.now()
    with transaction.atomic():
        move_task(task, "complete", reason=reason[:255], ended_at=now, step_due_at=None)
        end_reservation(reservation, "complete", at=now)
        note_reservation("reservation.completed", reservation, actor=actor)
        note_task("task.completed", task, actor=actor)
    return task


def cancel_task(task: Task, *, actor: Actor, reason: str) -> Task:
    """Nobody needs to do it any more; an offer that stands is withdrawn.

    Raises StaleMove once the task is assigned: from then on only completing ends it.
    """
    _require_task_writer(task.workspace, actor)
    now = clock.now()
    with transaction.atomic():
        move_task(task, "cancel", reason=reason[:255], ended_at=now, step_due_at=None)
        reservation = queries.open_reservation(task)
        if reservation is not None:
            reservation.task = task
            end_reservation(reservation, "cancel", at=now)
            note_reservation("reservation.canceled", reservation, actor=actor)
        note_task("task.canceled", task, actor=actor)
    return task


def _held(task: Task, actor: Actor) -> Reservation:
    """The reservation under which the task is worked on, if the actor may touch it."""
    reservation = queries.open_reservation(task)
    if reservation is None:
        _require_floor(task, actor)
        raise StaleMove("Nobody works on this task.")
    require_own_or_floor(reservation.worker, actor=actor, missing=task.sid)
    reservation.task = task
    return reservation


def _first_place(
    workspace: Workspace, workflow: Workflow | None, queue: TaskQueue | None, attributes: Mapping[str, Any]
) -> Place:
    for field, given in (("workflow", workflow), ("task_queue", queue)):
        if given is not None and given.workspace_id != workspace.pk:
            raise Invalid("This belongs to another workspace.", field=field)
    if queue is not None:
        return Place(queue, workflow)
    chosen = workflow or _only_workflow(workspace)
    version = chosen.versions.order_by("-number")[0]
    step = first_step(stored_workflow(version.configuration), attributes)
    if step is None:
        raise Invalid(
            "No filter of the workflow takes this task, and there is no default filter.",
            code="no-match",
            field="attributes",
        )
    return Place(TaskQueue.objects.get(workspace=workspace, sid=step.rule.queue), chosen, version, step)


def _only_workflow(workspace: Workspace) -> Workflow:
    workflows = list(Workflow.objects.filter(workspace=workspace)[:2])
    if len(workflows) != 1:
        raise Invalid("Name a workflow or a task queue.", field="workflow")
    return workflows[0]


def _step_fields(step: Step | None, *, created_at: datetime) -> dict[str, Any]:
    """The columns that say where a task stands. A target without a priority leaves the task's as it is."""
    if step is None:
        return {}
    age = step.deadline_age
    fields: dict[str, Any] = {
        "filter_index": step.filter,
        "target_index": step.target,
        "step_ends_at_age": step.ends_at_age,
        "step_due_at": None if age is None else created_at + timedelta(seconds=age),
    }
    if step.rule.priority is not None:
        fields["priority"] = step.rule.priority
    return fields


def _write(task: Task, rows: Any, fields: Mapping[str, Any]) -> None:
    written = {**fields, "updated_at": clock.now()}
    if rows.update(**written, version=F("version") + 1) != 1:
        raise StaleMove("This task has changed meanwhile.")
    task.refresh_from_db(fields=["version", *written])


def _require_task_writer(workspace: Workspace, actor: Actor) -> None:
    """Programs with the hand-off scope, and people who run the floor."""
    permission = "workers:write" if actor.kind == "user" else "handoffs:write"
    policy.require(actor, permission, account_sid=workspace.account.sid)


def _require_floor(task: Task, actor: Actor) -> None:
    if actor.role != "agent":
        policy.require(actor, "workers:write", account_sid=task.workspace.account.sid)


def _channel(workspace: Workspace, name: str) -> TaskChannel:
    channel = agents_queries.task_channel(workspace, name)
    if channel is None:
        raise Invalid("There is no task channel %(name)s.", field="task_channel", params={"name": name})
    return channel


def _attributes(attributes: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(attributes, dict):
        raise Invalid("Attributes are a JSON object.", field="attributes")
    try:
        length = len(json.dumps(attributes, ensure_ascii=False))
    except (TypeError, ValueError) as error:
        raise Invalid("Attributes are a JSON object.", field="attributes") from error
    if length > MAX_ATTRIBUTES:
        raise Invalid(
            "Attributes take at most %(limit)d characters.", field="attributes", params={"limit": MAX_ATTRIBUTES}
        )
    return attributes


def _skills(skills: Sequence[str]) -> list[str]:
    listed = not isinstance(skills, str) and all(isinstance(skill, str) and 0 < len(skill) <= 64 for skill in skills)
    if not listed or len(skills) > MAX_SKILLS:
        raise Invalid("Required skills are a list of up to 50 names.", field="required_skills")
    return sorted(set(skills))


def _check_range(field: str, value: int, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise Invalid(
            "A whole number from %(least)d to %(most)d is expected here.",
            field=field,
            params={"least": least, "most": most},
        )


def _start_time(given: datetime | None, now: datetime) -> datetime:
    if given is None:
        return now
    if given.tzinfo is None or not datetime(1900, 1, 1, tzinfo=UTC) <= given <= now:
        raise Invalid("The virtual start time is between 1900 and now.", field="virtual_start_time")
    return given
