"""The sweep of due columns: every timer of the product is a row with an indexed due time."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.utils.module_loading import import_string

from eventlog.dbclock import database_now
from eventlog.leases import Lease
from eventlog.models import Delivery, Event

logger = structlog.get_logger(__name__)

INTERVAL_SECONDS = 0.1
_KEPT = timedelta(days=7)
_PRUNE_BATCH = 1000
_PRUNE_EVERY_SECONDS = 60

Sweep = Callable[[datetime], None]


class Timers:
    """A pump service: calls every sweep of ``settings.PUMP_TIMERS``, at most each 100 ms, in one process at a time.

    The lease only saves work: sweeps are guarded moves, so two of them at once do no harm.
    """

    name = "timers"

    def __init__(self) -> None:
        self._lease = Lease("timers")
        self._sweeps: list[Sweep] = [import_string(path) for path in settings.PUMP_TIMERS]
        self._next_at = 0.0

    def step(self) -> bool:
        if time.monotonic() < self._next_at or not self._lease.hold():
            return False
        self._next_at = time.monotonic() + INTERVAL_SECONDS
        now = database_now()
        for sweep in self._sweeps:
            try:
                sweep(now)
            except Exception:  # One broken sweep must not stop the clock of the others.
                logger.exception("sweep failed", sweep=f"{sweep.__module__}.{sweep.__qualname__}")
        return False

    def close(self) -> None:
        if self._lease.fence:
            self._lease.release()


_pruned_at = [0.0]


def prune(now: datetime) -> None:
    """Forget deliveries that no screen will ask for again; one that was away longer starts from a snapshot.

    The events themselves stay: they are the journal.
    """
    if time.monotonic() - _pruned_at[0] < _PRUNE_EVERY_SECONDS:
        return
    _pruned_at[0] = time.monotonic()
    old = Event.objects.filter(created_at__lt=now - _KEPT)
    doomed = Delivery.objects.filter(event__in=old).values_list("pk", flat=True)[:_PRUNE_BATCH]
    Delivery.objects.filter(pk__in=list(doomed)).delete()
