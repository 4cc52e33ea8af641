"""The worker's side of the callbacks."""

import logging
import time

from celery import shared_task
from kombu.exceptions import OperationalError

from carriers.twin import delivery

log = logging.getLogger(__name__)

# Who was rung looks for longer than this for what else is due.
_RING_SECONDS = delivery.LINGER_SECONDS / 2
_HEARD_SECONDS = 5.0
_rung = {"at": -_RING_SECONDS}


@shared_task(name="carriers.twin.make_callbacks", ignore_result=True)
def make_callbacks() -> None:
    """Make the callbacks that are due."""
    delivery.work()


def ring() -> None:
    """Tell a worker, unless one was told just now; if the broker is away, the sweep will tell one later."""
    now = time.monotonic()
    if now - _rung["at"] < _RING_SECONDS:
        return
    _rung["at"] = now
    try:
        make_callbacks.apply_async(retry=False, expires=_HEARD_SECONDS)
    except (OperationalError, OSError):
        log.warning("the broker is away, callbacks wait for the sweep")
