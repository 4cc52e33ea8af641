"""Follows the log, so that statistics need not read it."""

from collections.abc import Sequence
from typing import ClassVar

from django.db import transaction

from eventlog.models import SinkPosition
from eventlog.numbered import NumberedEvent
from eventlog.sinks import DatabaseSink
from insights import core
from insights.keeping import keep


class Count(DatabaseSink):
    """Keeps what counts; a whole batch in one transaction with the position, since each event is but a row."""

    types: ClassVar[frozenset[str]] = core.TYPES

    def handle(self, event: NumberedEvent) -> None:
        keep([event])

    def consume(self, events: Sequence[NumberedEvent]) -> None:
        if not events:
            return
        with transaction.atomic():
            here = SinkPosition.objects.select_for_update().get(sink=self.name)
            fresh = [event for event in events if event.position > here.position]
            if fresh:
                keep(fresh)
                SinkPosition.objects.filter(sink=self.name).update(position=fresh[-1].position)
