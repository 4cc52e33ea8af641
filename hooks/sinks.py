"""What follows when a webhook was queued: a worker is told."""

from collections.abc import Sequence
from typing import ClassVar

from eventlog.numbered import NumberedEvent
from eventlog.sinks import Sink
from hooks import tasks


class Deliveries(Sink):
    """Rings the workers. Losing the ring costs a second or two: the rows are swept."""

    types: ClassVar[frozenset[str]] = frozenset({"webhook.queued"})

    def feed(self, events: Sequence[NumberedEvent]) -> None:
        lines = {(event.data["endpoint_sid"], event.data["about_sid"]) for event in events}
        for endpoint_sid, subject_sid in sorted(lines):
            tasks.ring(endpoint_sid, subject_sid)
