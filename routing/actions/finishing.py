"""Wrapping up and completing: the whole of a task, or one worker's part in it."""

from collections.abc import Sequence

from django.db import transaction

from accounts import policy
from agents.access import require_own_or_floor
from agents.actions import Slots
from kernel import clock
from kernel.actor import Actor
from kernel.errors import StaleMove
from routing import queries
from routing.actions.journal import note_reservation, note_task
from routing.actions.moves import end_reservation, hold, move_reservation, move_task, settle
from routing.core.states import RESERVATION
from routing.models import Reservation, Task


def wrap_up(task: Task, *, actor: Actor) -> Task:
    """The conversation is over; whoever has the task keeps the slot until it is completed.

    Of several agents one who has it wraps up his own part alone. Raises StaleMove unless the task is assigned, NotFound
    when it is other agents'.
    """
    with transaction.atomic():
        hold(task)
        _wrap_up(task, _part(task, actor), actor=actor)
    return task


def complete(task: Task, *, actor: Actor, reason: str = "completed") -> Task:
    """The work is done and the worker has a slot more.

    Of several agents one who has the task completes his own part alone; the task is completed with the last. Raises
    StaleMove unless the task is assigned or wrapping, NotFound when it is other agents'.
    """
    with transaction.atomic():
        hold(task)
        _complete(task, _part(task, actor), actor=actor, reason=reason)
    return task


def wrap_up_reservation(reservation: Reservation, *, actor: Actor) -> Reservation:
    """As `wrap_up`, for this part alone.

    Raises StaleMove unless it is accepted, NotFound when it is another agent's.
    """
    require_own_or_floor(reservation.worker, actor=actor, missing=reservation.sid)
    with transaction.atomic():
        _hold_for(reservation, "wrap_up")
        _wrap_up(reservation.task, [reservation], actor=actor)
    return reservation


def complete_reservation(reservation: Reservation, *, actor: Actor, reason: str = "completed") -> Reservation:
    """As `complete`, for this part alone.

    Raises StaleMove unless it is accepted or wrapping, NotFound when it is another agent's.
    """
    require_own_or_floor(reservation.worker, actor=actor, missing=reservation.sid)
    with transaction.atomic():
        _hold_for(reservation, "complete")
        _complete(reservation.task, [reservation], actor=actor, reason=reason)
    return reservation


def _hold_for(reservation: Reservation, verb: str) -> None:
    """Hold its task. Raises StaleMove unless the reservation, as the table has it now, may make this move."""
    hold(reservation.task)
    reservation.refresh_from_db(fields=["reservation_status", "version"])
    if reservation.reservation_status not in RESERVATION.sources(verb):
        move_reservation(reservation, verb)  # It refuses, in the words of every such refusal.


def _part(task: Task, actor: Actor) -> list[Reservation]:
    """Under which reservations the actor works on the held task: his own, or all for those who run the floor."""
    standing = queries.standing(task)
    own = [row for row in standing if row.worker.sid == actor.worker_sid]
    part = own or standing
    for row in part:
        require_own_or_floor(row.worker, actor=actor, missing=task.sid)
    if not part:
        _require_floor(task, actor)
        raise StaleMove("Nobody works on this task.", code="task-state", params={"sid": task.sid})
    return part


def _wrap_up(task: Task, part: Sequence[Reservation], *, actor: Actor) -> None:
    _refuse_initiator(task, part)
    wrapped = [row for row in part if row.reservation_status == "accepted"]
    going_on = _others(task, wrapped, "accepted")
    if not going_on:
        move_task(task, "wrap_up")
    now = clock.now()
    for row in wrapped:
        move_reservation(row, "wrap_up", wrapping_at=now)
    settle(task, {row.worker_id: Slots(assigned=-1) for row in wrapped})
    for row in wrapped:
        note_reservation("reservation.wrapup", row, actor=actor)
    if not going_on:
        note_task("task.wrapup", task, actor=actor)


def _complete(task: Task, part: Sequence[Reservation], *, actor: Actor, reason: str) -> None:
    _refuse_initiator(task, part)
    now = clock.now()
    going_on = _others(task, part, "accepted", "wrapping")
    if not going_on:
        move_task(task, "complete", reason=reason[:255], ended_at=now, step_due_at=None)
    elif task.assignment_status == "assigned" and all(row.reservation_status == "wrapping" for row in going_on):
        move_task(task, "wrap_up")
    settle(task, dict(end_reservation(row, "complete", at=now) for row in part))
    for row in part:
        note_reservation("reservation.completed", row, actor=actor)
    if not going_on:
        note_task("task.completed", task, actor=actor)
    elif task.assignment_status == "wrapping":
        note_task("task.wrapup", task, actor=actor)


def _others(task: Task, part: Sequence[Reservation], *states: str) -> list[Reservation]:
    mine = {row.pk for row in part}
    return [row for row in queries.standing(task) if row.pk not in mine and row.reservation_status in states]


def _refuse_initiator(task: Task, part: Sequence[Reservation]) -> None:
    """Whoever has begun a transfer keeps the task until it is over: else nobody would have it if it failed."""
    if not task.in_transfer:
        return
    transfer = queries.open_transfer(task)
    if transfer is not None and any(row.pk == transfer.initiating_reservation_id for row in part):
        raise StaleMove(
            "A transfer of this task is under way. Cancel it first.",
            code="in-transfer",
            params={"sid": task.sid, "from": task.assignment_status, "transfer": transfer.sid},
        )


def _require_floor(task: Task, actor: Actor) -> None:
    if actor.role != "agent":
        policy.require(actor, "workers:write", account_sid=task.workspace.account.sid)
