"""The sweep that finds a worker for queued replays, and for those whose worker died."""

import time
from datetime import datetime
from typing import Final

from routing import tasks
from routing.actions.replays import next_replay

_RING_AGAIN_SECONDS: Final = 10.0
"""A process takes a few seconds to start and claim; a second one would find nothing to do, at the same cost."""

_rung_at: dict[str, float] = {}


def drive_replays(now: datetime) -> None:
    """Ring for the next one."""
    sid = next_replay(now)
    if sid is not None and time.monotonic() - _rung_at.get(sid, float("-inf")) >= _RING_AGAIN_SECONDS:
        _rung_at.clear()
        _rung_at[sid] = time.monotonic()
        tasks.ring_replay(sid)
