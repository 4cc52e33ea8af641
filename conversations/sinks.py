"""What follows when something was said: somebody has to carry it, or to know of it."""

from collections.abc import Sequence
from typing import ClassVar

from conversations import tasks
from conversations.actions import consent
from eventlog.numbered import NumberedEvent
from eventlog.sinks import DatabaseSink, Sink


class Outbound(Sink):
    """Rings the carriers' workers. Losing the ring costs a second or two: the rows are swept."""

    types: ClassVar[frozenset[str]] = frozenset({"message.added", "message.updated"})

    def wants(self, event: NumberedEvent) -> bool:
        return event.type in self.types and (
            event.data["status"] == "queued" or any(item["status"] == "pending" for item in event.data["media"])
        )

    def feed(self, events: Sequence[NumberedEvent]) -> None:
        if any(event.data["status"] == "queued" for event in events):
            tasks.ring_deliver()
        files = {item["sid"] for event in events for item in event.data["media"] if item["status"] == "pending"}
        for media_sid in sorted(files):
            # Each file that comes home tells of those that are still away.
            if tasks.may_ring(media_sid):
                tasks.ring_fetch(media_sid)


class Standings(DatabaseSink):
    """What a customer has withdrawn or given counts in other talks as well: those who are in them are told."""

    types: ClassVar[frozenset[str]] = frozenset({"consent.withdrawn", "consent.given"})

    def handle(self, event: NumberedEvent) -> None:
        consent.retell_others(event.subject_sid)
