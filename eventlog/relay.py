"""The relay: numbers committed events, then feeds each sink in order.

One relay at a time holds the lease. Numbering and the lease's guard share a transaction, so two relays cannot both
number, and a relay that was paused past its expiry numbers nothing.
"""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.utils.module_loading import import_string

from eventlog import numbered, numbering, queries
from eventlog.dbclock import database_now
from eventlog.follow import Follower
from eventlog.leases import Lease, LostLease
from eventlog.models import Horizon, SinkPosition
from eventlog.numbered import NumberedEvent
from eventlog.services import Service
from eventlog.sinks import Sink

logger = structlog.get_logger(__name__)

BATCH = 1000
_CATCH_UP = 4
_HEADS_KEPT = 50_000  # Each web chat is an audience of its own; a term may last for months.
_WRITE_SECONDS = 1.0
_RETRY_SECONDS = (0.2, 0.5, 1, 2, 5, 10, 30)


class Relay(Service):
    """``step`` does one batch of everything."""

    name = "relay"

    def __init__(self) -> None:
        self._lease = Lease(queries.RELAY_LEASE)
        self._sinks = load_sinks()
        self._positions: dict[str, int] = {}
        self._written: dict[str, int] = {}
        self._write_at = 0.0
        self._heads: dict[str, int] = {}
        self._resting_until: dict[str, datetime] = {}
        self._log: Follower | None = None
        self._last = 0
        self._horizon = 0
        self._fence = 0

    def step(self) -> bool:
        if not self._lease.hold():
            return False
        try:
            fresh = self._number(self._log_of_term())
        except LostLease:
            return False
        read = _Reading(fresh)
        fed = [self._feed(sink, read) for sink in self._sinks]
        self._write_down()
        return bool(fresh) or any(fed)

    def heeds_rings(self) -> bool:
        return bool(self._lease.fence)

    def close(self) -> None:
        if self._lease.fence:
            self._write_at = 0.0
            self._write_down()
            self._lease.release()

    def _log_of_term(self) -> Follower:
        if self._log is None or self._lease.fence != self._fence:
            self._log = self._start_term()
        return self._log

    def _start_term(self) -> Follower:
        """Read where everybody is: an earlier holder may have worked since this process last did."""
        for sink in self._sinks:
            SinkPosition.objects.get_or_create(sink=sink.name)
        self._positions = dict(SinkPosition.objects.values_list("sink", "position"))
        self._resting_until = {row.sink: row.retry_at for row in SinkPosition.objects.all() if row.retry_at}
        self._written = dict(self._positions)
        self._heads = {}
        self._last = queries.last_position()
        self._fence = self._lease.fence
        return Follower(numbered.columns(), known=("eventlog_position", "event_id"), batch=BATCH)

    def _number(self, log: Follower) -> list[NumberedEvent]:
        """Give committed events their position and their number for each audience.

        What is read before the lease is asked cannot be numbered by anybody else: only its holder numbers.
        """
        events = [NumberedEvent(row, position=n) for n, row in enumerate(log.read(), start=self._last + 1)]
        if not events:
            return []
        if len(self._heads) > _HEADS_KEPT:
            self._heads.clear()
        try:
            number_audiences(events, heads=self._heads)
            numbering.write(events, self._heads, lease=self._lease)
        except BaseException:
            self._log = None  # What is remembered may not be what was committed: begin the term again.
            raise
        self._last = events[-1].position
        return events

    def _feed(self, sink: Sink, read: "_Reading") -> bool:
        """Bring one sink up to date, or nearer: by more than comes anew, or it would lag for as long as much comes."""
        fed = 0
        while fed < _CATCH_UP and self._feed_batch(sink, read):
            fed += 1
        return fed > 0

    def _feed_batch(self, sink: Sink, read: "_Reading") -> bool:
        """A failing sink stops only itself."""
        done = self._positions.get(sink.name, 0)
        if done >= self._last or self._resting(sink):
            return False
        events = read.after(done)
        if not events:
            return False
        try:
            sink.consume([event for event in events if sink.wants(event)])
        except Exception as error:  # A sink may fail in any way; the log must go on.
            logger.exception("sink failed", sink=sink.name)
            self._note_failure(sink, error)
            return False
        self._positions[sink.name] = events[-1].position
        self._note_recovery(sink)
        return True

    def _write_down(self) -> None:
        """Keep how far the sinks and the numbers are, once a second: to read a second's events again does no harm."""
        if time.monotonic() < self._write_at:
            return
        self._write_at = time.monotonic() + _WRITE_SECONDS
        for name, position in self._positions.items():
            if position != self._written.get(name):
                SinkPosition.objects.filter(sink=name, position__lt=position).update(position=position)
                self._written[name] = position
        if self._log is not None and self._log.horizon > self._horizon:
            self._horizon = self._log.horizon
            Horizon.objects.update_or_create(defaults={"event_id": self._horizon})

    def _resting(self, sink: Sink) -> bool:
        until = self._resting_until.get(sink.name)
        return until is not None and database_now() < until

    def _note_failure(self, sink: Sink, error: Exception) -> None:
        row = SinkPosition.objects.get(sink=sink.name)
        self._positions[sink.name] = max(row.position, self._positions.get(sink.name, 0))
        pause = _RETRY_SECONDS[min(row.failures, len(_RETRY_SECONDS) - 1)]
        row.failures += 1
        row.last_error = type(error).__name__
        row.retry_at = database_now() + timedelta(seconds=pause)
        row.save(update_fields=["failures", "last_error", "retry_at"])
        self._resting_until[sink.name] = row.retry_at

    def _note_recovery(self, sink: Sink) -> None:
        if self._resting_until.pop(sink.name, None) is not None:
            SinkPosition.objects.filter(sink=sink.name).update(failures=0, last_error="", retry_at=None)


class _Reading:
    """The log as one step reads it: what it has just numbered; what sinks that lag ask for, once for all of them."""

    def __init__(self, fresh: Sequence[NumberedEvent]) -> None:
        self._batches: dict[int, Sequence[NumberedEvent]] = {fresh[0].position - 1: fresh} if fresh else {}

    def after(self, position: int) -> Sequence[NumberedEvent]:
        if position not in self._batches:
            self._batches[position] = numbered.events_after(position, BATCH)
        return self._batches[position]


def load_sinks() -> list[Sink]:
    """The sinks of ``settings.EVENT_SINKS``, in that order, each named by its path."""
    return [import_string(path)(path) for path in settings.EVENT_SINKS]


def number_audiences(events: Sequence[NumberedEvent], *, heads: dict[str, int]) -> None:
    """Give each audience's events its next numbers, without gaps.

    ``heads`` remembers where audiences are for as long as the caller holds the lease; what it lacks is read.
    """
    unknown = {audience for event in events for audience in event.audiences} - heads.keys()
    if unknown:
        heads.update(queries.heads(unknown))
    for event in events:
        for audience in event.audiences:
            heads[audience] += 1
            event.numbers[audience] = heads[audience]
