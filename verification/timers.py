"""Sweeps: codes whose ring was lost, attempts whose worker died, verifications whose life is over."""

from datetime import datetime, timedelta
from typing import Final

from verification import actions, queries, tasks

_GRACE: Final = timedelta(seconds=2)
_BATCH: Final = 200


def drive(now: datetime) -> None:
    """Ring, call off, expire."""
    for row in queries.dead_sendings(now, limit=_BATCH):
        actions.expire_sending(row)
    for sid in queries.due_sendings(now, grace=_GRACE, limit=_BATCH):
        tasks.ring(sid)
    for verification in queries.overdue(now, limit=_BATCH):
        actions.expire(verification)


def prune(now: datetime) -> bool:
    """Forget what is over. True when there may be more."""
    return actions.prune(now)
