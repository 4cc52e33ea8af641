"""Passing a task on: the first agent keeps it until somebody else has accepted."""

from collections.abc import Mapping
from typing import Any, Final

from django.db import transaction

from agents.access import require_own_or_floor
from agents.models import Worker
from eventlog.dbclock import database_now
from kernel import clock
from kernel.actor import SYSTEM, Actor
from kernel.errors import Conflict, Invalid, NotFound, StaleMove
from routing import queries
from routing.actions.journal import note_reservation, note_transfer
from routing.actions.moves import end_reservation, hold, move_task, move_transfer, settle
from routing.actions.placing import Place, age_of, in_workflow, target_of
from routing.actions.reservations import offer
from routing.actions.succession import keep, place_of
from routing.actions.tasks import check_range, json_document
from routing.models import MAX_PRIORITY, Reservation, Task, TaskQueue, Transfer, TransferMode

MAX_NOTE: Final = 2000


def transfer(
    task: Task,
    *,
    to: str,
    actor: Actor,
    mode: str = TransferMode.COLD,
    note: str = "",
    priority: int | None = None,
    attributes: Mapping[str, Any] | None = None,
) -> Transfer:
    """Somebody else is sought for an assigned task, whose agent keeps it meanwhile.

    ``to`` is the sid of a worker, who is asked at once and alone; of a queue, for whoever serves it; or of a workflow,
    whose filters choose. When the second agent accepts, the first one's part ends (COLD) or goes on beside his (WARM).
    When nobody does, all is as it was.

    Raises Invalid with the field (``to`` also for a worker who cannot take the task now), StaleMove unless the task is
    assigned, Conflict when it is in transfer already, NotFound when it is other agents'.
    """
    fields = _checked(mode=mode, note=note, priority=priority, attributes=attributes)
    with transaction.atomic():
        hold(task)
        first = _initiating(task, actor)
        if task.in_transfer:
            raise Conflict("A transfer of this task is under way already.", code="in-transfer")
        target = target_of(task.workspace, to, field="to")
        made = Transfer.objects.create(
            task=task,
            initiating_reservation=first,
            mode=mode,
            to=to,
            note=note,
            origin={**place_of(task), "given_attributes": fields.get("attributes", task.attributes)},
        )
        place = _place(task, target, attributes=fields.get("attributes", task.attributes))
        columns = place.columns(created_at=task.created_at, now=clock.now())
        move_task(task, "transfer", in_transfer=True, required_skills=[], **{**columns, **fields})
        note_transfer("task.transfer-initiated", made, actor=actor)
        if isinstance(target, Worker):
            _ask(task, target)
    return made


def cancel_transfer(made: Transfer, *, actor: Actor) -> Transfer:
    """Nobody else is sought any more, and the task is the first agent's alone.

    Raises StaleMove when the transfer is over, NotFound when it is another agent's.
    """
    require_own_or_floor(made.initiating_reservation.worker, actor=actor, missing=made.sid)
    task = made.task
    with transaction.atomic():
        hold(task)
        move_transfer(made, "cancel")
        now = clock.now()
        withdrawn = queries.offers(task)
        slots = dict(end_reservation(row, "cancel", at=now) for row in withdrawn)
        keep(made)
        settle(task, slots)
        for row in withdrawn:
            note_reservation("reservation.canceled", row, actor=actor)
        note_transfer("task.transfer-canceled", made, actor=actor)
    return made


def _checked(*, mode: str, note: str, priority: int | None, attributes: Mapping[str, Any] | None) -> dict[str, Any]:
    """The columns of the task that the caller sets."""
    if mode not in TransferMode.values:
        raise Invalid("The mode is COLD or WARM.", field="mode")
    if len(note) > MAX_NOTE:
        raise Invalid("A note takes at most %(limit)d characters.", field="note", params={"limit": MAX_NOTE})
    fields: dict[str, Any] = {}
    if priority is not None:
        check_range("priority", priority, 0, MAX_PRIORITY)
        fields["priority"] = priority
    if attributes is not None:
        fields["attributes"] = json_document(attributes)
    return fields


def _initiating(task: Task, actor: Actor) -> Reservation:
    """The actor's own reservation, or for those who run the floor the newest, under which the task is worked on."""
    held = queries.holders(task)
    own = [row for row in held if row.worker.sid == actor.worker_sid]
    if own or held:
        first = max(own or held, key=lambda row: row.pk)
        require_own_or_floor(first.worker, actor=actor, missing=task.sid)
        return first
    if actor.role == "agent":
        raise NotFound("There is no task %(sid)s.", params={"sid": task.sid})
    raise StaleMove("Nobody works on this task.", code="task-state", params={"sid": task.sid})


def _place(task: Task, target: Any, *, attributes: Mapping[str, Any]) -> Place:
    """Where the task waits meanwhile. A workflow lends its steps; of a queue, only who serves it counts."""
    if isinstance(target, Worker):
        if task.task_queue is None:
            raise StaleMove("This task has ended.", code="task-state", params={"sid": task.sid})
        return Place(task.task_queue, task.workflow, target=target.sid)
    if isinstance(target, TaskQueue):
        return Place(target, task.workflow, target=target.sid)
    return in_workflow(target, attributes, age=age_of(task.created_at, database_now()), target=target.sid)


def _ask(task: Task, worker: Worker) -> None:
    """A worker who cannot take it now makes that no transfer begins."""
    try:
        offer(task, workers=[worker], actor=SYSTEM)
    except StaleMove as error:
        raise Invalid(
            "%(name)s cannot take this task now.",
            code="target-unavailable",
            field="to",
            params={"name": worker.friendly_name, "sid": worker.sid},
        ) from error
