"""The sweeps of webhooks: those that are due (retries, lost rings, dead workers), and those that are long over."""

from datetime import datetime, timedelta

from hooks import actions, queries, tasks

_GRACE = timedelta(seconds=2)
_BATCH = 200


def drive_deliveries(now: datetime) -> None:
    """Ring for every line whose head is due."""
    for endpoint_sid, subject_sid in queries.due_lines(now, grace=_GRACE, limit=_BATCH):
        if tasks.may_ring(endpoint_sid, subject_sid):
            tasks.ring(endpoint_sid, subject_sid)


def prune(now: datetime) -> bool:
    """Forget what was delivered a week ago, and what failed a month ago."""
    return actions.forget(now) == actions.FORGOTTEN_AT_ONCE
