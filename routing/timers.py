"""Deadlines that nobody has to be awake for: indexed columns, swept many at once, with the verbs' own rules."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog
from django.db import DataError, IntegrityError, OperationalError, connection, transaction

from eventlog import dialect
from kernel.actor import SYSTEM
from kernel.errors import StaleMove
from routing import queries
from routing.actions import cancel_task, expire
from routing.actions.overdue import cancel_together, expire_together
from routing.actions.reevaluation import re_evaluate
from routing.actions.tasks import TTL_EXCEEDED
from routing.actions.together import move_on_together
from routing.core.decide import Move
from routing.models import WorkflowVersion

logger = structlog.get_logger(__name__)

# The words of the partial indexes, literally: an index whose condition stands in a parameter is not used.
_DUE_OFFERS: Final = (
    "SELECT id FROM routing_reservation WHERE reservation_status = 'pending' AND expires_at <= %s"
    " ORDER BY expires_at LIMIT 500"
)
_DUE_TASKS: Final = (
    "SELECT id FROM routing_task WHERE assignment_status IN ('pending', 'reserved') AND expires_at <= %s"
    " AND NOT in_transfer ORDER BY expires_at LIMIT 500"
)
_DUE_STEPS: Final = (
    "SELECT id, version FROM routing_task WHERE assignment_status = 'pending' AND step_due_at IS NOT NULL"
    " AND step_due_at <= %s ORDER BY step_due_at LIMIT 500"
)
_FIRST_OFFER: Final = "SELECT {} FROM routing_reservation WHERE reservation_status = 'pending'"
_FIRST_TASK: Final = (
    "SELECT {} FROM routing_task WHERE assignment_status IN ('pending', 'reserved') AND NOT in_transfer"
)
_FIRST_STEP: Final = "SELECT {} FROM routing_task WHERE assignment_status = 'pending' AND step_due_at IS NOT NULL"
BATCH: Final = 500


def first_offer() -> float:
    """When the first offer times out, in seconds since 1970; 0 for none."""
    return _first(_FIRST_OFFER, "expires_at")


def first_task() -> float:
    """When the first task has waited for all its time to live."""
    return _first(_FIRST_TASK, "expires_at")


def first_step() -> float:
    """When the first task's step is over."""
    return _first(_FIRST_STEP, "step_due_at")


def expire_reservations(now: datetime) -> bool:
    """Offers that nobody answered in time go back. True when there may be more."""
    return _sweep(_DUE_OFFERS, now, together=expire_together, one=_expire)


def expire_tasks(now: datetime) -> bool:
    """Tasks that nobody took within their time to live are canceled. True when there may be more."""
    return _sweep(_DUE_TASKS, now, together=cancel_together, one=_cancel)


def end_steps(now: datetime) -> bool:
    """Tasks whose step is over go on in their workflow, also while the router is busy or has its board to read.

    True when there may be more.
    """
    due = [Move(number, version, "timeout") for number, version in _due(_DUE_STEPS, now)]
    if not due:
        return False
    with transaction.atomic():
        moved = move_on_together(due, now=now)
    return len(due) == BATCH and bool(moved.done)


def _sweep(query: str, now: datetime, *, together: Callable[..., list[int]], one: Callable[[int], object]) -> bool:
    """On SQLite, where all writers wait for one another, by the verbs alone: each in a short transaction."""
    due = [number for (number,) in _due(query, now)]
    left = due
    if due and connection.vendor == "postgresql":
        try:
            left = together(due, now=now)
        except (IntegrityError, DataError):  # One bad row must not hold up the others: one by one.
            logger.exception("deadlines could not be met together", count=len(due))
    for number in left:
        _one(one, number)
    return len(due) == BATCH and len(left) < BATCH


def _first(query: str, column: str) -> float:
    ((found,),) = dialect.rows(query.format(dialect.moment(f"min({column})")))
    return dialect.seconds(found)


def _due(query: str, now: datetime) -> list[dialect.Row]:
    return dialect.rows(query, [connection.ops.adapt_datetimefield_value(now)])


def _one(end: Callable[[int], object], number: int) -> None:
    try:
        end(number)
    except StaleMove:  # It was answered meanwhile.
        pass
    except OperationalError:
        raise
    except Exception:
        logger.exception("a deadline could not be met", sweep=end.__name__, row=number)


def _expire(number: int) -> None:
    expire(queries.reservations().get(pk=number))


def _cancel(number: int) -> None:
    cancel_task(queries.tasks().get(pk=number), actor=SYSTEM, reason=TTL_EXCEEDED)


def re_evaluate_tasks(_now: datetime) -> None:
    """Waiting tasks come over to the version of their workflow that calls them, a batch of each version at a time."""
    for version in WorkflowVersion.objects.filter(re_evaluated_to__isnull=False):
        try:
            re_evaluate(version)
        except Exception:  # One bad workflow must not hold up the others.
            logger.exception("tasks could not be re-evaluated", version=version.pk)
