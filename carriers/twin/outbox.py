"""The callbacks still to be made: rows with a time, a lease and a lane. Workers are only woken, never trusted."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from carriers.twin.models import TwinCallback
from kernel import clock

# Longer than an attempt can last: connect and read time-out of ``delivery``, the whole of ``download``.
LEASE = timedelta(seconds=20)
MAX_ATTEMPTS = 60
_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 10.0

_listeners: list[Callable[[], None]] = []


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt: the HTTP status, if there was one, and whether to try again."""

    status: int | None = None
    again: bool = False


def listen(bell: Callable[[], None]) -> None:
    """Have ``bell()`` called when a callback is due now."""
    if bell not in _listeners:
        _listeners.append(bell)


def schedule(callbacks: Iterable[TwinCallback]) -> list[TwinCallback]:
    """Write the rows in the caller's transaction; on commit, wake somebody if one of them is due."""
    now = clock.now()
    rows = TwinCallback.objects.bulk_create(callbacks)
    if any(row.due_at <= now and not row.done_at for row in rows):
        transaction.on_commit(_ring)
    return rows


def claim(*, limit: int, now: datetime) -> list[TwinCallback]:
    """Take up to so many callbacks for one attempt each: those whose turn it is and that nobody else has."""
    with transaction.atomic(savepoint=False):
        ready = _ready(now).select_for_update(of=("self",), skip_locked=connection.features.has_select_for_update)
        rows = list(ready.select_related("message").order_by("due_at", "id")[:limit])
        if rows:
            taken = TwinCallback.objects.filter(pk__in=[row.pk for row in rows])
            taken.update(lease_until=now + LEASE, attempts=F("attempts") + 1)
    for row in rows:
        row.attempts += 1
    return rows


def settle(made: Iterable[tuple[TwinCallback, Outcome]], *, now: datetime) -> None:
    """Write what came of attempts: an end, or another attempt. One whose lease somebody else took over writes nothing.

    The next attempt comes soon at first, so that a restart of the product costs a second and not a minute.
    """
    alike = defaultdict(list)
    for callback, outcome in made:
        alike[callback.attempts, outcome].append(callback.pk)
    with transaction.atomic():
        for (attempts, outcome), pks in alike.items():
            mine = TwinCallback.objects.filter(pk__in=pks, attempts=attempts, done_at__isnull=True)
            if outcome.again and attempts < MAX_ATTEMPTS:
                due_at = now + timedelta(seconds=pause(attempts))
                mine.update(due_at=due_at, lease_until=None, last_status=outcome.status)
            else:
                mine.update(done_at=now, lease_until=None, last_status=outcome.status)


def pause(attempts: int) -> float:
    """Seconds to wait after that many attempts.

    >>> [pause(n) for n in (1, 2, 3, 9)]
    [0.25, 0.5, 1.0, 10.0]
    """
    return min(_FIRST_PAUSE * float(1 << min(attempts - 1, 10)), _LONGEST_PAUSE)


def ring_due(now: datetime) -> None:
    """Wake a worker if there is anything to do."""
    if _ready(now).exists():
        _ring()


def _ready(now: datetime) -> "QuerySet[TwinCallback]":
    """Due, not leased, and the first of its lane."""
    unfinished = TwinCallback.objects.filter(done_at__isnull=True)
    ahead = unfinished.filter(lane=OuterRef("lane"), pk__lt=OuterRef("pk"))
    return unfinished.filter(
        Q(lease_until__isnull=True) | Q(lease_until__lte=now),
        ~Exists(ahead),
        due_at__lte=now,
    )


def _ring() -> None:
    for bell in _listeners:
        bell()
