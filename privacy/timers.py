"""Sweeps: requests that wait for a worker, copies whose days are over, and what a rule no longer keeps."""

import time
from datetime import datetime
from typing import Final

from privacy import actions, queries, tasks
from privacy.models import Retention

_BATCH: Final = 20
_RING_AGAIN_SECONDS: Final = 10.0
"""A process takes a few seconds to start and claim; a second one would find nothing to do, at the same cost."""

_rung_at: dict[str, float] = {}


def drive_requests(now: datetime) -> None:
    """Ring for those that wait, and for those whose worker died; delete what was kept long enough."""
    due = queries.next_requests(now, limit=_BATCH)
    for sid in _rung_at.keys() - set(due):
        del _rung_at[sid]
    for sid in due:
        if time.monotonic() - _rung_at.get(sid, float("-inf")) >= _RING_AGAIN_SECONDS:
            _rung_at[sid] = time.monotonic()
            tasks.ring(sid)
    for request in queries.expired_exports(now, limit=_BATCH):
        actions.expire_export(request)


def keep_no_longer(now: datetime) -> bool:
    """Erase a few conversations of each workspace whose rule says so. True when there may be more."""
    rules = Retention.objects.filter(active=True).select_related("workspace")
    return any([actions.erase_outlived(rule, now=now) for rule in rules])
