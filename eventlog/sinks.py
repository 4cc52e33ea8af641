"""What follows an event: sinks, each with a durable position of its own."""

from collections.abc import Sequence
from typing import ClassVar

from django.db import transaction

from eventlog.models import Event, SinkPosition


class Sink:
    """An effect outside the database: fed at least once, in order.

    ``types`` names the events that it wants; empty means all.
    """

    types: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, name: str) -> None:
        self.name = name

    def wants(self, event: Event) -> bool:
        return not self.types or event.type in self.types

    def feed(self, events: Sequence[Event]) -> None:
        """Take these events; an exception means that none of them counts as taken."""
        raise NotImplementedError

    def consume(self, events: Sequence[Event], *, position: int) -> None:
        """Feed what is wanted; the relay writes ``position`` down afterwards, so a crash feeds it again."""
        if events:
            self.feed(events)
        SinkPosition.objects.filter(sink=self.name).update(position=position, failures=0, last_error="")


class DatabaseSink(Sink):
    """An effect inside the database: applied in one transaction with the position, so exactly once."""

    def handle(self, event: Event) -> None:
        """Do what follows from one event."""
        raise NotImplementedError

    def consume(self, events: Sequence[Event], *, position: int) -> None:
        for event in events:
            with transaction.atomic():
                taken = SinkPosition.objects.filter(sink=self.name, position__lt=event.position).update(
                    position=event.position, failures=0, last_error=""
                )
                if taken:
                    self.handle(event)
        SinkPosition.objects.filter(sink=self.name, position__lt=position).update(position=position)
