"""The guarded moves of tasks and reservations. Always the task first, then the reservation, then the worker."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import F

from agents.actions import Slots, shift_slots
from eventlog.moves import move
from kernel import clock
from kernel.errors import NotFound, StaleMove
from routing import queries
from routing.core.states import RESERVATION, TASK, TRANSFER
from routing.models import Reservation, Task, Transfer


def hold(task: Task) -> None:
    """Lock the row until the transaction ends, and let ``task`` say what the table says now.

    Whoever holds the task may read its reservations and transfers without another lock: all verbs hold it first.
    Raises NotFound when it is gone.
    """
    rows = queries.tasks().select_for_update(of=("self",)).filter(pk=task.pk)
    row = rows.first()
    if row is None or _is_torn(row):
        row = rows.first()
    if row is None:
        raise NotFound("There is no task %(sid)s.", params={"sid": task.sid})
    task.__dict__.update(row.__dict__)


def _is_torn(task: Task) -> bool:
    """Having waited for somebody who moved the task, PostgreSQL joins the new row with what the old one pointed to."""
    pairs = ((task.task_queue_id, task.task_queue), (task.workflow_id, task.workflow))
    return any(number is not None and row is None for number, row in pairs)


def move_task(task: Task, verb: str, **fields: Any) -> None:
    """Raises StaleMove, whose params say which task it is, in which state, and where it was to go."""
    if verb == "reserve":
        fields["assignment_count"] = F("assignment_count") + 1
    try:
        move(task, TASK, verb, status_field="assignment_status", updated_at=clock.now(), **fields)
    except StaleMove as error:
        error.code = "task-state"
        error.params |= {"sid": task.sid, "from": task.assignment_status, "to": TASK.target(verb)}
        raise


def move_reservation(reservation: Reservation, verb: str, **fields: Any) -> None:
    """Raises StaleMove, whose params say which reservation it is, in which state, and where it was to go."""
    try:
        move(reservation, RESERVATION, verb, status_field="reservation_status", **fields)
    except StaleMove as error:
        reservation.refresh_from_db(fields=["reservation_status", "version"])
        error.code = "reservation-state"
        error.params |= {
            "sid": reservation.sid,
            "from": reservation.reservation_status,
            "to": RESERVATION.target(verb),
        }
        if "pending" not in RESERVATION.sources(verb):
            raise
        raise StaleMove("This offer does not stand any more.", code=error.code, params=error.params) from error


def move_transfer(transfer: Transfer, verb: str, *, reason: str = "") -> None:
    """Raises StaleMove."""
    try:
        move(transfer, TRANSFER, verb, ended_at=clock.now(), reason=reason[:255])
    except StaleMove as error:
        transfer.refresh_from_db(fields=["status", "version"])
        raise StaleMove(
            "This transfer is over already.",
            code="transfer-state",
            params={"sid": transfer.sid, "from": transfer.status, "to": TRANSFER.target(verb)},
        ) from error


def end_reservation(reservation: Reservation, verb: str, *, at: datetime, **fields: Any) -> tuple[int, Slots]:
    """The reservation is over; returns for `settle` how the worker's slots change. Raises StaleMove."""
    accepted = reservation.reservation_status == "accepted"
    move_reservation(reservation, verb, ended_at=at, **fields)
    return reservation.worker_id, Slots(load=-1, assigned=-1 if accepted else 0)


def settle(task: Task, changes: Mapping[int, Slots]) -> None:
    """Write by worker how the slots change: once for each verb, after its moves."""
    shift_slots(changes, task_channel_id=task.task_channel_id)
