"""The callbacks still to be made: rows with a time, a lease and a lane. Workers are only woken, never trusted."""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from carriers.twin.models import TwinCallback
from kernel import clock

log = logging.getLogger(__name__)

# Longer than an attempt can last: connect and read time-out of ``delivery``, the whole of ``download``.
LEASE = timedelta(seconds=20)
# A bell that nobody heard is rung again after this long.
RING = timedelta(seconds=2)
MAX_ATTEMPTS = 60
_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 10.0

_listeners: list[Callable[[int], None]] = []


def listen(bell: Callable[[int], None]) -> None:
    """Have ``bell(callback id)`` called for each callback that is due now."""
    if bell not in _listeners:
        _listeners.append(bell)


def schedule(callbacks: Iterable[TwinCallback]) -> list[TwinCallback]:
    """Write the rows in the caller's transaction; on commit, wake somebody for those that are due."""
    now = clock.now()
    rows = list(callbacks)
    for row in rows:
        row.rung_until = now + RING if row.due_at <= now else None
        row.save(force_insert=True)
    ready = [row.pk for row in rows if row.rung_until]
    if ready:
        transaction.on_commit(lambda: _ring(ready))
    return rows


def claim(callback_id: int, *, now: datetime) -> TwinCallback | None:
    """Take one callback for one attempt; ``None`` if it is not its turn, or somebody else has it."""
    taken = _ready(now).filter(pk=callback_id).update(lease_until=now + LEASE, attempts=F("attempts") + 1)
    if not taken:
        return None
    return TwinCallback.objects.select_related("message").get(pk=callback_id)


def finish(callback: TwinCallback, *, status: int | None, now: datetime) -> None:
    """No further attempt will be made; whoever waits behind it in the lane is woken."""
    mine = TwinCallback.objects.filter(pk=callback.pk, attempts=callback.attempts, done_at__isnull=True)
    mine.update(done_at=now, lease_until=None, last_status=status)
    ring_due(now, lane=callback.lane)


def postpone(callback: TwinCallback, *, status: int | None, now: datetime) -> None:
    """Try again later: soon at first, so that a restart of the product costs a second and not a minute."""
    if callback.attempts >= MAX_ATTEMPTS:
        finish(callback, status=status, now=now)
        return
    due = now + timedelta(seconds=pause(callback.attempts))
    mine = TwinCallback.objects.filter(pk=callback.pk, attempts=callback.attempts, done_at__isnull=True)
    mine.update(due_at=due, rung_until=None, lease_until=None, last_status=status)


def pause(attempts: int) -> float:
    """Seconds to wait after that many attempts.

    >>> [pause(n) for n in (1, 2, 3, 9)]
    [0.25, 0.5, 1.0, 10.0]
    """
    return min(_FIRST_PAUSE * float(1 << min(attempts - 1, 10)), _LONGEST_PAUSE)


def ring_due(now: datetime, *, lane: str | None = None, limit: int = 200) -> int:
    """Wake a worker for every callback that is due and that nobody has been woken for; returns how many."""
    waiting = _ready(now)
    if lane is None:
        waiting = waiting.filter(Q(rung_until__isnull=True) | Q(rung_until__lte=now))
    else:
        waiting = waiting.filter(lane=lane)
    ids = list(waiting.order_by("due_at").values_list("pk", flat=True)[:limit])
    if ids:
        TwinCallback.objects.filter(pk__in=ids).update(rung_until=now + RING)
        _ring(ids)
    return len(ids)


def _ready(now: datetime) -> "QuerySet[TwinCallback]":
    """Due, not leased, and the first of its lane."""
    unfinished = TwinCallback.objects.filter(done_at__isnull=True)
    ahead = unfinished.filter(lane=OuterRef("lane"), pk__lt=OuterRef("pk"))
    return unfinished.filter(
        Q(lease_until__isnull=True) | Q(lease_until__lte=now),
        ~Exists(ahead),
        due_at__lte=now,
    )


def _ring(ids: Iterable[int]) -> None:
    for callback_id in ids:
        for bell in _listeners:
            bell(callback_id)
