"""A worker who goes away from what he is asked."""

from typing import Any, Final

from django.db import transaction

from agents.access import require_own_or_floor
from agents.actions import update_worker
from agents.models import Activity, Worker
from kernel.actor import Actor
from kernel.errors import Invalid, StaleMove
from routing import queries
from routing.actions.reservations import reject

_ATTEMPTS: Final = 5


def leave(worker: Worker, *, activity: Activity, actor: Actor, reject_pending: bool = False, **changes: Any) -> Worker:
    """The worker is in this activity now, and with ``reject_pending`` has said no to all that he was asked.

    ``changes`` are further ones of `agents.actions.update_worker`, made in the same step. Raises Invalid when he would
    reject on the way into an available activity, and what that raises.
    """
    if reject_pending and activity.available:
        raise Invalid(
            "Unable to reject pending reservations when updating to an Available activity state.",
            field="reject_pending_reservations",
        )
    if not reject_pending:
        return update_worker(worker, activity=activity, actor=actor, **changes)
    require_own_or_floor(worker, actor=actor, missing=worker.sid)
    for _ in range(_ATTEMPTS):
        if _leave(worker, activity, actor=actor, **changes):
            return worker
    raise StaleMove("New offers keep coming in. Try again.")


def _leave(worker: Worker, activity: Activity, *, actor: Actor, **changes: Any) -> bool:
    """False, and nothing written, when an offer came in between.

    Tasks are locked before workers, so that the offers go first; one that commits between the two is seen only after.
    """
    with transaction.atomic():
        for reservation in queries.open_reservations(worker).filter(reservation_status="pending"):
            reject(reservation, actor=actor)
        update_worker(worker, activity=activity, actor=actor, **changes)
        if queries.open_reservations(worker).filter(reservation_status="pending").exists():
            transaction.set_rollback(True)
            return False
    return True
