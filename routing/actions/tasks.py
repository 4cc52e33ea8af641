"""Making, changing, withdrawing and deleting tasks."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import F, ProtectedError

from accounts import policy
from agents import queries as agents_queries
from agents.actions import Slots
from agents.actions.checks import json_object
from agents.models import TaskChannel, Workspace
from eventlog.dbclock import database_now
from kernel import clock
from kernel.actor import Actor
from kernel.errors import Conflict, Invalid, StaleMove
from routing import queries
from routing.actions.journal import note_reservation, note_task, note_way
from routing.actions.moves import end_reservation, hold, move_task, settle
from routing.actions.placing import first_place
from routing.models import MAX_PRIORITY, Reservation, Task, TaskQueue, Workflow

DAY_SECONDS: Final = 86_400
MAX_TIMEOUT_SECONDS: Final = 14 * DAY_SECONDS  # https://www.twilio.com/docs/taskrouter/api/task
MAX_ATTRIBUTES: Final = 64 * 1024
MAX_SKILLS: Final = 50
TTL_EXCEEDED: Final = "Task TTL Exceeded"


def create_task(
    workspace: Workspace,
    *,
    attributes: Mapping[str, Any],
    actor: Actor,
    workflow: Workflow | None = None,
    task_queue: TaskQueue | None = None,
    routing_target: str = "",
    ignore_capacity: bool | None = None,
    priority: int = 0,
    task_channel: str = "default",
    timeout: int = DAY_SECONDS,
    required_skills: Sequence[str] = (),
    virtual_start_time: datetime | None = None,
    addons: Mapping[str, Any] | None = None,
) -> Task:
    """A new task waits in its first queue.

    The workflow chooses the queue, or the workspace's only workflow where none is given. With ``task_queue`` the task
    goes straight there, and a workflow lends only its reservation timeout. ``routing_target`` is the sid of a workflow,
    a queue or a worker; a worker's own task is counted in ``task_queue`` and reaches nobody else, even if he is away or
    full unless ``ignore_capacity`` is False. ``timeout`` is the time to live in seconds. ``task_channel`` is a unique
    name or a sid. Raises Invalid with the field, also when no filter of the workflow takes the task, and Conflict when
    its workflow or its queue is deleted at this moment.
    """
    require_task_writer(workspace, actor)
    channel = _channel(workspace, task_channel)
    now = database_now()
    kept = json_document(attributes)
    skills = _skills(required_skills)
    check_range("priority", priority, 0, MAX_PRIORITY)
    check_range("timeout", timeout, 1, MAX_TIMEOUT_SECONDS)
    start = _start_time(virtual_start_time, now)
    try:
        with transaction.atomic():
            place = first_place(
                workspace,
                kept,
                workflow=workflow,
                task_queue=task_queue,
                routing_target=routing_target,
                ignore_capacity=ignore_capacity,
            )
            task = Task.objects.create(
                workspace=workspace,
                task_channel=channel,
                attributes=kept,
                addons=json_document(addons or {}, field="addons"),
                required_skills=skills,
                virtual_start_time=start,
                created_at=now,
                updated_at=now,
                expires_at=now + timedelta(seconds=timeout),
                **{"priority": priority} | place.columns(created_at=now, now=now),
            )
            note_way(["task.created", *place.events], task, actor=actor)
    except (IntegrityError, TaskQueue.DoesNotExist) as error:
        raise Conflict("The workflow or the queue of this task has just been deleted.") from error
    return task


def update_task(
    task: Task,
    *,
    actor: Actor,
    attributes: Mapping[str, Any] | None = None,
    priority: int | None = None,
    virtual_start_time: datetime | None = None,
    task_channel: str | None = None,
    reason: str | None = None,
) -> Task:
    """What is given is so from now on; attributes are replaced as a whole.

    The workflow looks at them when it next evaluates the task, and a target that it matches then may set the priority
    again. With another channel the slots of those who have the task move along. Raises Invalid with the field,
    StaleMove when the task has ended.
    """
    require_task_writer(task.workspace, actor)
    fields: dict[str, Any] = {}
    if attributes is not None:
        fields["attributes"] = json_document(attributes)
    if priority is not None:
        check_range("priority", priority, 0, MAX_PRIORITY)
        fields["priority"] = priority
    if virtual_start_time is not None:
        fields["virtual_start_time"] = _start_time(virtual_start_time, database_now())
    if reason is not None:
        fields["reason"] = reason[:255]
    channel = None if task_channel is None else _channel(task.workspace, task_channel)
    with transaction.atomic():
        hold(task)
        standing = queries.standing(task)
        if channel is not None and channel.pk != task.task_channel_id:
            _move_slots(task, standing, channel)
            fields["task_channel"] = channel
        _write(task, fields)
        note_task("task.updated", task, actor=actor, worker_sids=[row.worker.sid for row in standing])
    return task


def _move_slots(task: Task, standing: Sequence[Reservation], channel: TaskChannel) -> None:
    """Work in hand stays, even where the new channel is full by it."""
    taken = {row.worker_id: Slots(1, int(row.reservation_status == "accepted")) for row in standing}
    settle(task, {worker: Slots(-each.load, -each.assigned) for worker, each in taken.items()})
    task.task_channel = channel
    settle(task, taken)


def _write(task: Task, fields: Mapping[str, Any]) -> None:
    written = {**fields, "updated_at": clock.now()}
    if Task.objects.filter(pk=task.pk, ended_at__isnull=True).update(**written, version=F("version") + 1) != 1:
        raise StaleMove("This task has ended.", code="task-state", params={"sid": task.sid})
    task.refresh_from_db(fields=["version", *written])


def cancel_task(task: Task, *, actor: Actor, reason: str, because: Sequence[str] = ()) -> Task:
    """Nobody needs to do it any more; the offers that stand are withdrawn.

    ``because`` are the events of the workflow that led to it. Raises StaleMove once the task is assigned, also while it
    is in transfer: from then on only completing ends it.
    """
    require_task_writer(task.workspace, actor)
    with transaction.atomic():
        hold(task)
        if task.in_transfer:
            raise StaleMove(
                "An agent has this task, so it cannot be canceled.",
                code="in-transfer",
                params={"sid": task.sid, "from": task.assignment_status, "to": "canceled"},
            )
        now = clock.now()
        withdrawn = queries.offers(task)
        move_task(task, "cancel", reason=reason[:255], ended_at=now, step_due_at=None)
        settle(task, dict(end_reservation(row, "cancel", at=now) for row in withdrawn))
        note_way(because, task, actor=actor)
        for row in withdrawn:
            note_reservation("reservation.canceled", row, actor=actor)
        note_task("task.canceled", task, actor=actor)
    return task


def delete_task(task: Task, *, actor: Actor) -> None:
    """The task is gone, whatever became of it: who works on it is done with it, who is asked is asked no more.

    Raises Conflict for the task of a conversation, which ends by completing it.
    """
    require_task_writer(task.workspace, actor)
    try:
        with transaction.atomic():
            hold(task)
            asked, standing = queries.offers(task), queries.standing(task)
            now = clock.now()
            verbs = {row.pk: "cancel" for row in asked}
            settle(task, dict(end_reservation(row, verbs.get(row.pk, "complete"), at=now) for row in standing))
            for row in standing:
                event = "reservation.canceled" if row.pk in verbs else "reservation.completed"
                note_reservation(event, row, actor=actor)
            note_task("task.deleted", task, actor=actor, worker_sids=[row.worker.sid for row in standing])
            task.delete()
    except ProtectedError as error:
        raise Conflict("A conversation goes by this task. Complete or cancel it instead.") from error


def require_task_writer(workspace: Workspace, actor: Actor) -> None:
    """Programs with the hand-off scope, and whoever runs the floor."""
    runs_floor = policy.may(actor, "workers:write", account_sid=workspace.account.sid)
    permission = "workers:write" if actor.kind == "user" or runs_floor else "handoffs:write"
    policy.require(actor, permission, account_sid=workspace.account.sid)


def _channel(workspace: Workspace, name: str) -> TaskChannel:
    channel = agents_queries.task_channel(workspace, name)
    if channel is None:
        raise Invalid("There is no task channel %(name)s.", field="task_channel", params={"name": name})
    return channel


def json_document(document: Mapping[str, Any], *, field: str = "attributes") -> dict[str, Any]:
    """Raises Invalid with ``field`` unless it is a JSON object of a bearable size."""
    return json_object(document, limit=MAX_ATTRIBUTES, field=field)


def _skills(skills: Sequence[str]) -> list[str]:
    listed = not isinstance(skills, str) and all(isinstance(skill, str) and 0 < len(skill) <= 64 for skill in skills)
    if not listed or len(skills) > MAX_SKILLS:
        raise Invalid("Required skills are a list of up to 50 names.", field="required_skills")
    return sorted(set(skills))


def check_range(field: str, value: int, least: int, most: int) -> None:
    """Raises Invalid unless it is a whole number within the bounds."""
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
