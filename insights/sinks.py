"""Follows the log, so that statistics need not read it."""

from collections.abc import Sequence
from typing import ClassVar

from eventlog.numbered import NumberedEvent
from eventlog.sinks import BatchSink
from insights import core
from insights.keeping import keep


class Count(BatchSink):
    """Keeps what counts."""

    types: ClassVar[frozenset[str]] = core.TYPES

    def handle_all(self, events: Sequence[NumberedEvent]) -> None:
        keep(events)
