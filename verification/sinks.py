"""What follows when a code is to be sent: a worker is rung. Losing the ring costs a second or two."""

from collections.abc import Sequence
from typing import ClassVar

from eventlog.numbered import NumberedEvent
from eventlog.sinks import Sink
from verification import tasks
from verification.models import Sending


class Codes(Sink):
    """Rings the carriers' workers."""

    types: ClassVar[frozenset[str]] = frozenset({"verification.started"})

    def feed(self, events: Sequence[NumberedEvent]) -> None:
        about = [event.subject_sid for event in events]
        waiting = Sending.objects.filter(verification__sid__in=about, status=Sending.Status.QUEUED, attempts=0)
        for sid in waiting.order_by("pk").values_list("sid", flat=True):
            tasks.ring(sid)
