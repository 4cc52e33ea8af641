"""The guarded moves of tasks and reservations. Always the task first, then the reservation, then the worker."""

from datetime import datetime
from typing import Any

from agents.actions import release_slot
from eventlog.moves import move
from kernel import clock
from routing.core.states import RESERVATION, TASK
from routing.models import Reservation, Task


def move_task(task: Task, verb: str, **fields: Any) -> None:
    """Raises StaleMove."""
    move(task, TASK, verb, status_field="assignment_status", updated_at=clock.now(), **fields)


def move_reservation(reservation: Reservation, verb: str, **fields: Any) -> None:
    """Raises StaleMove."""
    move(reservation, RESERVATION, verb, status_field="reservation_status", **fields)


def end_reservation(reservation: Reservation, verb: str, *, at: datetime, **fields: Any) -> None:
    """The reservation is over and the worker has a slot more. Raises StaleMove."""
    move_reservation(reservation, verb, ended_at=at, **fields)
    release_slot(worker_id=reservation.worker_id, task_channel_id=reservation.task.task_channel_id)
