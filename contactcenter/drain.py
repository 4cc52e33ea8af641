"""How a web process goes: no new connections, sockets told to reconnect elsewhere, requests finished, then out."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

logger = structlog.get_logger(__name__)

_POLL_SECONDS = 0.02


@dataclass(slots=True)
class State:
    """What ``/readyz`` tells the load balancer."""

    draining: bool = False


state = State()


async def drained(
    *, sockets: Callable[[], Awaitable[None]], in_flight: Callable[[], int], grace_seconds: float
) -> None:
    """Returns when every socket was closed and no request runs, or after ``grace_seconds``, whichever is first."""
    state.draining = True
    until = time.monotonic() + grace_seconds
    try:
        await asyncio.wait_for(sockets(), timeout=grace_seconds / 2)
    except Exception:  # Also a time-out: whatever it was, the process still has to go.
        logger.exception("sockets were not told")
    while in_flight() and time.monotonic() < until:
        await asyncio.sleep(_POLL_SECONDS)
    if left := in_flight():
        logger.warning("stopping with work in flight", count=left)
