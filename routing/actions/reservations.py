"""Offering a task, and what the workers answer."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from accounts import policy
from agents.access import require_own_or_floor
from agents.actions import Slots, send_to_timeout_activity, set_activity, take_slot
from agents.models import Activity, Worker
from eventlog.dbclock import database_now
from kernel import clock
from kernel.actor import SYSTEM, Actor
from kernel.errors import Invalid, StaleMove
from routing import queries
from routing.actions.journal import note_reservation
from routing.actions.moves import end_reservation, hold, move_reservation, move_task, move_transfer, settle
from routing.actions.returning import give_back
from routing.actions.succession import hand_over
from routing.core.states import RESERVATION_OPEN
from routing.models import DEFAULT_RESERVATION_TIMEOUT, Judgement, Reservation, Task, Transfer


def offer(
    task: Task,
    *,
    workers: Sequence[Worker],
    actor: Actor = SYSTEM,
    now: datetime | None = None,
    any_activity: bool = False,
    judgement: Judgement | None = None,
) -> list[Reservation]:
    """These workers are asked, all at once: the task is reserved, each gives a slot, the clock runs.

    Those who cannot take it any more are left out. ``any_activity``: the workflow's target chooses by activity itself,
    so that a worker who is away may be asked. ``now`` is the database's time, if the caller has it. Raises StaleMove
    when the task does not wait any more, or none of the workers can take it.
    """
    policy.require(actor, "workers:write", account_sid=task.workspace.account.sid)
    moment = now or database_now()
    with transaction.atomic():
        move_task(task, "reserve")
        transfer = queries.open_transfer(task) if task.in_transfer else None
        asked = _ask(task, workers, now=moment, any_activity=any_activity, judgement=judgement, transfer=transfer)
        if not asked:
            sid = workers[0].sid if workers else ""
            raise StaleMove("The worker %(sid)s cannot take this task now.", params={"sid": sid})
        for reservation in asked:
            note_reservation("reservation.created", reservation, actor=actor)
    return asked


def _ask(
    task: Task,
    workers: Sequence[Worker],
    *,
    now: datetime,
    any_activity: bool,
    judgement: Judgement | None,
    transfer: Transfer | None,
) -> list[Reservation]:
    """One reservation for each worker who gives a slot, in the smallest places that are free."""
    seconds = task.workflow.task_reservation_timeout if task.workflow else DEFAULT_RESERVATION_TIMEOUT
    standing = Reservation.objects.filter(task=task, reservation_status__in=RESERVATION_OPEN)
    held = dict(standing.values_list("worker_id", "place")) if task.in_transfer else {}
    places = (place for place in range(100) if place not in held.values())
    able = _take_slots(task, [worker for worker in workers if worker.pk not in held], any_activity=any_activity)
    return [
        Reservation.objects.create(
            task=task,
            worker=worker,
            place=next(places),
            transfer=transfer,
            judgement=judgement,
            created_at=now,
            expires_at=now + timedelta(seconds=seconds),
        )
        for worker in workers
        if worker.pk in able
    ]


def _take_slots(task: Task, workers: Sequence[Worker], *, any_activity: bool) -> set[int]:
    """Whose slot could be taken; in the order of the ids, as `shift_slots` goes: two verbs must not wait crosswise."""
    ordered = sorted(workers, key=lambda worker: worker.pk)
    return {worker.pk for worker in ordered if _take_slot(task, worker, any_activity=any_activity)}


def _take_slot(task: Task, worker: Worker, *, any_activity: bool) -> bool:
    """A savepoint: a worker who cannot take it must not keep half of a slot."""
    ignore = task.ignore_capacity and task.routing_target == worker.sid
    with transaction.atomic():
        taken = take_slot(
            worker, task_channel_id=task.task_channel_id, any_activity=any_activity, ignore_capacity=ignore
        )
        if not taken:
            transaction.set_rollback(True)
    return taken


def accept(reservation: Reservation, *, actor: Actor) -> Reservation:
    """The worker takes the task; what others were asked about it is withdrawn at the same moment.

    In a transfer the first agent's part ends (cold), or goes on beside the second's (warm). Raises StaleMove when the
    offer does not stand any more, NotFound when it is another agent's.
    """
    require_own_or_floor(reservation.worker, actor=actor, missing=reservation.sid)
    task, transfer = reservation.task, reservation.transfer
    with transaction.atomic():
        hold(task)
        now = clock.now()
        move_reservation(reservation, "accept", accepted_at=now)
        rescinded = queries.offers(task)
        slots = {reservation.worker_id: Slots(assigned=1)}
        slots |= dict(end_reservation(other, "rescind", at=now) for other in rescinded)
        move_task(task, "assign", in_transfer=False)
        if transfer is not None:
            transfer.task = task
            move_transfer(transfer, "complete")
        note_reservation("reservation.accepted", reservation, actor=actor)
        for other in rescinded:
            note_reservation("reservation.rescinded", other, actor=actor)
        if transfer is not None:
            slots |= hand_over(transfer, actor=actor)
        settle(task, slots)
    return reservation


def reject(
    reservation: Reservation, *, actor: Actor, reason: str = "", activity: Activity | None = None
) -> Reservation:
    """The worker says no, and keeps his activity unless he names another. When nobody else is asked, the task waits.

    Raises StaleMove when the offer does not stand any more, NotFound when it is another agent's, Invalid for an
    activity of another workspace.
    """
    worker = reservation.worker
    require_own_or_floor(worker, actor=actor, missing=reservation.sid)
    if activity is not None and activity.workspace_id != worker.workspace_id:
        raise Invalid("This activity does not belong to the workspace.", field="activity")
    with transaction.atomic():
        _decline(reservation, "reject", actor=actor, reason=reason)
        if activity is not None:
            set_activity(worker, activity=activity, actor=actor)
    return reservation


def expire(reservation: Reservation, *, actor: Actor = SYSTEM) -> Reservation:
    """Nobody answered in time: the worker goes to the workspace's timeout activity. When nobody else is asked, the
    task waits again.

    https://www.twilio.com/docs/taskrouter/api/activity. Raises StaleMove when the offer was answered first.
    """
    policy.require(actor, "workers:write", account_sid=reservation.worker.workspace.account.sid)
    with transaction.atomic():
        _decline(reservation, "expire", actor=actor)
        send_to_timeout_activity([reservation.worker_id], actor=actor)
    return reservation


def withdraw(reservation: Reservation, *, actor: Actor = SYSTEM, reason: str = "") -> Reservation:
    """The worker cannot be asked: the offer is canceled, and he stays as he is. When nobody else is asked, the task
    waits again.

    https://www.twilio.com/docs/taskrouter/api/workflow. Raises StaleMove when the offer was answered first.
    """
    policy.require(actor, "workers:write", account_sid=reservation.worker.workspace.account.sid)
    with transaction.atomic():
        _decline(reservation, "cancel", actor=actor, reason=reason)
    return reservation


def _decline(reservation: Reservation, verb: str, *, actor: Actor, reason: str = "") -> None:
    task = reservation.task
    hold(task)
    slots = dict([end_reservation(reservation, verb, at=clock.now(), reason=reason[:255])])
    last = not queries.offers(task)
    if last:
        move_task(task, "release")
    settle(task, slots)
    note_reservation(_DECLINED[verb], reservation, actor=actor)
    give_back(reservation, last=last, actor=actor)


_DECLINED = {"reject": "reservation.rejected", "expire": "reservation.timeout", "cancel": "reservation.canceled"}
