"""Deadlines that nobody has to be awake for: indexed columns, swept with the verbs that anybody would use."""

from datetime import datetime
from typing import Final

import structlog

from kernel.actor import SYSTEM
from kernel.errors import StaleMove
from routing import queries
from routing.actions import cancel_task, expire
from routing.actions.reevaluation import re_evaluate
from routing.actions.tasks import TTL_EXCEEDED
from routing.models import WorkflowVersion

logger = structlog.get_logger(__name__)

BATCH: Final = 500


def expire_reservations(now: datetime) -> None:
    """Offers that nobody answered in time go back."""
    due = queries.reservations().filter(reservation_status="pending", expires_at__lte=now)
    for reservation in due.order_by("expires_at")[:BATCH]:
        try:
            expire(reservation)
        except StaleMove:
            continue
        except Exception:  # One bad row must not hold up the others.
            logger.exception("reservation could not expire", reservation=reservation.sid)


def expire_tasks(now: datetime) -> None:
    """Tasks that nobody took within their time to live are canceled."""
    due = queries.tasks().filter(assignment_status__in=("pending", "reserved"), in_transfer=False, expires_at__lte=now)
    for task in due.order_by("expires_at")[:BATCH]:
        try:
            cancel_task(task, actor=SYSTEM, reason=TTL_EXCEEDED)
        except StaleMove:
            continue
        except Exception:  # One bad row must not hold up the others.
            logger.exception("task could not expire", task=task.sid)


def re_evaluate_tasks(_now: datetime) -> None:
    """Waiting tasks come over to the version of their workflow that calls them, a batch of each version at a time."""
    for version in WorkflowVersion.objects.filter(re_evaluated_to__isnull=False):
        try:
            re_evaluate(version)
        except Exception:  # One bad workflow must not hold up the others.
            logger.exception("tasks could not be re-evaluated", version=version.pk)
