"""The sweep of due columns: every timer of the product is a row with an indexed due time."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import ClassVar, Final

import structlog
from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from eventlog import numbered
from eventlog.dbclock import SteadyClock
from eventlog.leases import Lease
from eventlog.models import Horizon, Position
from eventlog.services import POLL_SECONDS, Service

logger = structlog.get_logger(__name__)

_KEPT = timedelta(days=7)
_PRUNE_BATCH = 1000
_LEASE_SECONDS = 1.5
DEADLINE_SECONDS: Final = 0.02
"""Between two looks for what is due on time, at the least."""

Sweep = Callable[[datetime], bool | None]
"""Does what is due; True when there is more of it, to be done at once."""


@dataclass(slots=True)
class Timer:
    """One sweep, how often it is made, and when next."""

    sweep: Sweep
    every_seconds: float
    next_at: float = 0.0


class Timers(Service):
    """Makes the sweeps of ``settings.PUMP_TIMERS``, each at its own interval, in one process at a time.

    The lease only saves work: sweeps are guarded moves, so two of them at once do no harm.
    """

    name = "timers"

    def __init__(self) -> None:
        self._clock = SteadyClock()
        self._lease = Lease(self.name, seconds=_LEASE_SECONDS)
        self._timers = [Timer(import_string(path), seconds) for path, seconds in self._sweeps().items()]

    def step(self) -> bool:
        due = [timer for timer in self._timers if timer.next_at <= time.monotonic()]
        if not due or not self._lease.hold():
            return False
        return any([self._sweep(timer) for timer in due])

    def rest(self) -> float:
        if not self._lease.fence:
            return POLL_SECONDS
        return min((timer.next_at for timer in self._timers), default=math.inf) - time.monotonic()

    def heeds_rings(self) -> bool:
        return False

    def close(self) -> None:
        if self._lease.fence:
            self._lease.release()

    def _sweeps(self) -> Mapping[str, float]:
        """Where each sweep is, and how many seconds lie between two of it."""
        sweeps: Mapping[str, float] = settings.PUMP_TIMERS
        return sweeps

    def _sweep(self, timer: Timer) -> bool:
        timer.next_at = time.monotonic() + timer.every_seconds
        try:
            more = bool(timer.sweep(self._clock.moment()))  # The sweeps before it may have taken long.
        except Exception:  # One broken sweep must not stop the clock of the others.
            logger.exception("sweep failed", sweep=f"{timer.sweep.__module__}.{timer.sweep.__qualname__}")
            return False
        if more:
            timer.next_at = 0.0
        return more


class Deadline(Timers):
    """A sweep whose lateness people feel: it waits for no other, and is made when something is due.

    ``due`` tells when the first of what it sweeps is due, in seconds since 1970, or 0 for nothing. It is asked with
    each poll; where something may fall due sooner than that, the service heeds rings (``soon``).
    """

    sweep: ClassVar[str]
    due: ClassVar[str]
    soon: ClassVar[bool] = False
    pause: ClassVar[float] = DEADLINE_SECONDS
    """Between two looks, at the least, in seconds."""

    def __init__(self) -> None:
        super().__init__()
        self._due: Callable[[], float] = import_string(self.due)
        self._look_at = 0.0

    def step(self) -> bool:
        (timer,) = self._timers
        if time.monotonic() < timer.next_at:
            self._look_at = timer.next_at  # Rung, but just looked.
            return False
        if not self._lease.hold():
            return False
        timer.next_at = self._look_at = time.monotonic() + self.pause
        left = self._left()
        if left <= 0:
            return self._sweep(timer)
        self._look_at = max(timer.next_at, time.monotonic() + min(left, POLL_SECONDS))
        return False

    def rest(self) -> float:
        return self._look_at - time.monotonic() if self._lease.fence else POLL_SECONDS

    def heeds_rings(self) -> bool:
        return self.soon and bool(self._lease.fence)

    def _left(self) -> float:
        """For how many seconds nothing is due."""
        due_at = self._due()
        return due_at - self._clock.now() if due_at else math.inf

    def _sweeps(self) -> Mapping[str, float]:
        return {self.sweep: self.pause}


def prune(now: datetime) -> None:
    """Forget deliveries that no screen will ask for again; one that was away longer starts from a snapshot.

    The events themselves stay: they are the journal. Only what follows the last that was forgotten is looked at.
    """
    pruned = Horizon.objects.values_list("pruned", flat=True).first() or 0
    rows = Position.objects.filter(position__gt=pruned).order_by("position")
    oldest = rows.values_list("position", "numbers", "event__created_at")[:_PRUNE_BATCH]
    old = list(takewhile(lambda row: row[2] < now - _KEPT, oldest))
    if old:
        with transaction.atomic():
            numbered.forget_deliveries(numbers for _, numbers, _ in old)
            Horizon.objects.update_or_create(defaults={"pruned": old[-1][0]})
