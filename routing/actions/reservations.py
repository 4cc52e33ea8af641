"""The verbs of reservations: who is offered what, and what they answer."""

from datetime import datetime, timedelta

from django.db import transaction

from accounts import policy
from agents.access import require_own_or_floor
from agents.actions import send_to_timeout_activity, take_slot
from agents.models import Worker
from eventlog.dbclock import database_now
from kernel import clock
from kernel.actor import SYSTEM, Actor
from kernel.errors import StaleMove
from routing.actions.journal import note_reservation
from routing.actions.moves import end_reservation, move_reservation, move_task
from routing.models import DEFAULT_RESERVATION_TIMEOUT, Reservation, Task


def offer(task: Task, *, worker: Worker, actor: Actor = SYSTEM, now: datetime | None = None) -> Reservation:
    """The worker is asked: the task is reserved, a slot of his capacity is taken, the clock runs.

    ``now`` is the database's time, if the caller has it. Raises StaleMove when the task does not wait any more, or the
    worker cannot take it any more.
    """
    policy.require(actor, "workers:write", account_sid=task.workspace.account.sid)
    moment = now or database_now()
    seconds = task.workflow.task_reservation_timeout if task.workflow else DEFAULT_RESERVATION_TIMEOUT
    with transaction.atomic():
        move_task(task, "reserve")
        reservation = Reservation.objects.create(
            task=task, worker=worker, created_at=moment, expires_at=moment + timedelta(seconds=seconds)
        )
        if not take_slot(worker, task_channel_id=task.task_channel_id):
            raise StaleMove("The worker %(sid)s cannot take this task now.", params={"sid": worker.sid})
        note_reservation("reservation.created", reservation, actor=actor)
    return reservation


def accept(reservation: Reservation, *, actor: Actor) -> Reservation:
    """The worker takes the task.

    Raises StaleMove when the offer does not stand any more, NotFound when it is another agent's.
    """
    require_own_or_floor(reservation.worker, actor=actor, missing=reservation.sid)
    with transaction.atomic():
        _move_offered_task(reservation, "assign")
        move_reservation(reservation, "accept", accepted_at=clock.now())
        note_reservation("reservation.accepted", reservation, actor=actor)
    return reservation


def reject(reservation: Reservation, *, actor: Actor, reason: str = "") -> Reservation:
    """The worker says no: the task waits again, and the worker keeps his activity.

    Raises StaleMove when the offer does not stand any more, NotFound when it is another agent's.
    """
    require_own_or_floor(reservation.worker, actor=actor, missing=reservation.sid)
    with transaction.atomic():
        _move_offered_task(reservation, "release")
        end_reservation(reservation, "reject", at=clock.now(), reason=reason[:255])
        note_reservation("reservation.rejected", reservation, actor=actor)
    return reservation


def expire(reservation: Reservation, *, actor: Actor = SYSTEM) -> Reservation:
    """Nobody answered in time: the task waits again, and the worker goes to the workspace's timeout activity.

    https://www.twilio.com/docs/taskrouter/api/activity. Raises StaleMove when the offer was answered first.
    """
    policy.require(actor, "workers:write", account_sid=reservation.worker.workspace.account.sid)
    with transaction.atomic():
        _move_offered_task(reservation, "release")
        end_reservation(reservation, "expire", at=clock.now())
        note_reservation("reservation.timeout", reservation, actor=actor)
        send_to_timeout_activity(reservation.worker, actor=actor)
    return reservation


def _move_offered_task(reservation: Reservation, verb: str) -> None:
    """The task is locked before the reservation, in the order that all verbs keep; its refusal means the offer's."""
    try:
        move_task(reservation.task, verb)
    except StaleMove as error:
        raise StaleMove("This offer does not stand any more.") from error
