"""The pump's hand on campaigns."""

from datetime import datetime

from campaigns import actions, queries

_AT_ONCE = 20


def drive(now: datetime) -> None:
    """Take what may go out now, a small batch of each campaign that is due."""
    for sid in queries.due(now, limit=_AT_ONCE):
        actions.send_some(sid)
