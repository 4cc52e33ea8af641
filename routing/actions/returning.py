"""What follows when nobody who was asked has taken the task."""

from typing import Final

from kernel import clock, sids
from kernel.actor import Actor
from routing.actions.journal import note_task, note_transfer
from routing.actions.moves import move_task
from routing.actions.reevaluation import re_evaluate_late
from routing.actions.succession import fail
from routing.models import Reservation, Task, Transfer

MAX_ASSIGNMENTS: Final = 1000  # https://www.twilio.com/docs/taskrouter/limits
COUNT_EXCEEDED: Final = "Task TTL Exceeded or Max assignment count exceeded"
REASONS: Final = {"rejected": "Rejected", "timeout": "Not answered"}


def give_back(reservation: Reservation, *, last: bool, actor: Actor) -> None:
    """``reservation`` has ended without being accepted; ``last``: nobody else is asked, so the task waits again.

    The transfer that it belonged to fails when it was meant for this worker alone. A task that has been offered too
    often is canceled. Part of the verb that holds the task.
    """
    task, transfer = reservation.task, reservation.transfer
    if transfer is not None:
        transfer.task = task
        _attempt_failed(transfer, reservation, last=last, actor=actor)
    elif last and task.assignment_count >= MAX_ASSIGNMENTS:
        _cancel(task, actor=actor)
    elif last:
        re_evaluate_late(task, actor=actor)


def _attempt_failed(transfer: Transfer, reservation: Reservation, *, last: bool, actor: Actor) -> None:
    about = {"reservation_sid": reservation.sid, "worker_sid": reservation.worker.sid}
    note_transfer("task.transfer-attempt-failed", transfer, actor=actor, about=about)
    if not last:
        return
    if sids.is_sid(transfer.to, "WK"):
        fail(transfer, reason=REASONS.get(reservation.reservation_status, ""), actor=actor)
    elif transfer.task.assignment_count >= MAX_ASSIGNMENTS:
        fail(transfer, reason=COUNT_EXCEEDED, actor=actor)


def _cancel(task: Task, *, actor: Actor) -> None:
    move_task(task, "cancel", reason=COUNT_EXCEEDED, ended_at=clock.now(), step_due_at=None)
    note_task("task.canceled", task, actor=actor)
