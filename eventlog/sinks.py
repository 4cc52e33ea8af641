"""What follows an event: sinks, each with a durable position of its own."""

from collections.abc import Sequence
from typing import ClassVar

from django.db import transaction

from eventlog.models import SinkPosition
from eventlog.numbered import NumberedEvent


class Sink:
    """An effect outside the database: fed at least once, in order.

    ``types`` names the events that it wants; empty means all. The relay writes its position down once a second, so
    after a crash it is fed up to a second's events again.
    """

    types: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, name: str) -> None:
        self.name = name

    def wants(self, event: NumberedEvent) -> bool:
        return not self.types or event.type in self.types

    def feed(self, events: Sequence[NumberedEvent]) -> None:
        """Take these events; an exception means that none of them counts as taken."""
        raise NotImplementedError

    def consume(self, events: Sequence[NumberedEvent]) -> None:
        """Take what is wanted of a batch."""
        if events:
            self.feed(events)


class DatabaseSink(Sink):
    """An effect inside the database: applied in one transaction with the position, so exactly once."""

    def handle(self, event: NumberedEvent) -> None:
        """Do what follows from one event."""
        raise NotImplementedError

    def sift(self, events: Sequence[NumberedEvent]) -> Sequence[NumberedEvent]:
        """Those of a batch from which anything follows at all, found with a query or two for the whole batch."""
        return events

    def consume(self, events: Sequence[NumberedEvent]) -> None:
        for event in self.sift(events):
            with transaction.atomic():
                here = SinkPosition.objects.filter(sink=self.name, position__lt=event.position)
                if here.update(position=event.position):
                    self.handle(event)


class BatchSink(Sink):
    """An effect inside the database that is but a row or two an event: a whole batch in one transaction with the
    position, so exactly once. An event that fails takes the batch with it.
    """

    def handle_all(self, events: Sequence[NumberedEvent]) -> None:
        """Do what follows from these events; none of them has been here before."""
        raise NotImplementedError

    def consume(self, events: Sequence[NumberedEvent]) -> None:
        if not events:
            return
        with transaction.atomic():
            here = SinkPosition.objects.select_for_update().get(sink=self.name)
            fresh = [event for event in events if event.position > here.position]
            if fresh:
                self.handle_all(fresh)
                SinkPosition.objects.filter(sink=self.name).update(position=fresh[-1].position)
