"""The sweeps of replays: a worker is found for the queued, and for those whose worker died; the old are forgotten."""

import time
from datetime import datetime
from typing import Final

from routing import tasks
from routing.actions.replays import forget_replays, next_replays

_RING_AGAIN_SECONDS: Final = 10.0
"""A process takes a few seconds to start and claim; a second one would find nothing to do, at the same cost."""

_rung_at: dict[str, float] = {}


def drive_replays(now: datetime) -> None:
    """Ring for those that are next."""
    due = next_replays(now)
    for sid in _rung_at.keys() - set(due):
        del _rung_at[sid]
    for sid in due:
        if time.monotonic() - _rung_at.get(sid, float("-inf")) >= _RING_AGAIN_SECONDS:
            _rung_at[sid] = time.monotonic()
            tasks.ring_replay(sid)


def prune(now: datetime) -> bool:
    """Forget old replays. True when there may be more."""
    return forget_replays(now)
