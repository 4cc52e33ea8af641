"""Deadlines that have passed, many at once: what the verbs `expire` and `cancel_task` do for one, in a few statements.

Whatever somebody else holds just now is left for the next sweep: he may be answering. Locks are taken in the order that
all verbs keep: tasks, then workers, each by number. ``test_overdue`` holds these and the verbs equal.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.db import connection, models, transaction
from django.db.models import F

from agents.actions import Slots, send_to_timeout_activity, shift_slots
from eventlog.record import record_all
from kernel import clock
from kernel.actor import SYSTEM
from kernel.errors import StaleMove
from kernel.machine import Machine
from routing import queries
from routing.actions.journal import of_reservation, way_of
from routing.actions.reevaluation import superseded
from routing.actions.returning import MAX_ASSIGNMENTS
from routing.actions.tasks import TTL_EXCEEDED
from routing.core.states import RESERVATION, TASK
from routing.models import Reservation, Task


def expire_together(numbers: Collection[int]) -> set[int]:
    """These offers time out, as `expire` would have it; returns the numbers of those that only the verb can end.

    Raises StaleMove, having written nothing, when a row was changed by somebody who did not hold its task.
    """
    with transaction.atomic():
        tasks = _held(Reservation.objects.filter(pk__in=numbers, reservation_status="pending").values("task_id"))
        asked = _asked(tasks)
        due = [row for row in asked if row.pk in numbers]
        old = superseded({task.workflow_version_id for task in tasks if task.workflow_version_id})
        by_hand = {row.pk for row in due if _is_special(row.task) or row.task.workflow_version_id in old}
        ended = [row for row in due if row.pk not in by_hand]
        _expire(ended, still_asked={row.task_id for row in asked if row.pk not in numbers})
    return by_hand


def _is_special(task: Task) -> bool:
    """What follows for it is more than that it waits again."""
    return task.in_transfer or task.assignment_count >= MAX_ASSIGNMENTS


def _expire(offers: Sequence[Reservation], *, still_asked: Collection[int]) -> None:
    if not offers:
        return
    now = clock.now()
    _move(offers, RESERVATION, "expire", ended_at=now, reason="")
    waiting = {row.task_id: row.task for row in offers if row.task_id not in still_asked}
    _move(list(waiting.values()), TASK, "release", updated_at=now)
    _free(offers)
    record_all([of_reservation("reservation.timeout", row, actor=SYSTEM) for row in offers])
    send_to_timeout_activity({row.worker_id: row.worker for row in offers}.values(), actor=SYSTEM)


def cancel_together(numbers: Collection[int]) -> set[int]:
    """The time to live of these tasks is over, as `cancel_task` would have it; none needs the verb.

    Raises StaleMove as `expire_together` does.
    """
    with transaction.atomic():
        tasks = [task for task in _held(numbers) if not task.in_transfer]
        _cancel(tasks, _asked(tasks))
    return set()


def _cancel(tasks: Sequence[Task], withdrawn: Sequence[Reservation]) -> None:
    if not tasks:
        return
    now = clock.now()
    _move(tasks, TASK, "cancel", reason=TTL_EXCEEDED, ended_at=now, step_due_at=None, updated_at=now)
    _move(withdrawn, RESERVATION, "cancel", ended_at=now)
    _free(withdrawn)
    events = [of_reservation("reservation.canceled", row, actor=SYSTEM) for row in withdrawn]
    for task in tasks:
        events += way_of(["task.canceled"], task, actor=SYSTEM)
    record_all(events)


def _held(numbers: Collection[int] | models.QuerySet[Any, Any]) -> list[Task]:
    """Those of these tasks that can still time out, unless somebody else holds them."""
    rows = queries.tasks().filter(pk__in=numbers, assignment_status__in=TASK.sources("cancel")).order_by("pk")
    return list(rows.select_for_update(of=("self",), skip_locked=connection.features.has_select_for_update_skip_locked))


def _asked(tasks: Iterable[Task]) -> list[Reservation]:
    """Who is asked about these held tasks and has not answered."""
    held = {task.pk: task for task in tasks}
    rows = list(queries.reservations().filter(task__in=held, reservation_status="pending").order_by("task_id", "place"))
    for row in rows:
        row.task = held[row.task_id]
    return rows


def _move(rows: Sequence[Task] | Sequence[Reservation], machine: Machine, verb: str, **fields: Any) -> None:
    """One guarded UPDATE for all; the objects say afterwards what was written."""
    if not rows:
        return
    status = "assignment_status" if machine is TASK else "reservation_status"
    written: dict[str, Any] = {status: machine.target(verb), **fields}
    standing = type(rows[0])._default_manager.filter(
        pk__in=[row.pk for row in rows], **{f"{status}__in": machine.sources(verb)}
    )
    if standing.update(**written, version=F("version") + 1) != len(rows):
        raise StaleMove("Some of these have changed meanwhile.")
    for row in rows:
        row.__dict__.update(written, version=row.version + 1)


def _free(offers: Iterable[Reservation]) -> None:
    """Each worker has a slot more for each offer that is over."""
    counts: Mapping[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for row in offers:
        counts[row.task.task_channel_id][row.worker_id] += 1
    for channel in sorted(counts):
        slots = {worker: Slots(load=-count) for worker, count in counts[channel].items()}
        shift_slots(slots, task_channel_id=channel)
