"""Customers' answers to campaigns."""

from collections.abc import Sequence
from typing import ClassVar

from campaigns import actions
from campaigns.models import Recipient
from conversations.models import Message
from eventlog.numbered import NumberedEvent
from eventlog.sinks import DatabaseSink


class Replies(DatabaseSink):
    """Notes on the row that its customer has answered; the words themselves take their usual way."""

    types: ClassVar[frozenset[str]] = frozenset({"message.added"})

    def wants(self, event: NumberedEvent) -> bool:
        return event.type in self.types and event.data["direction"] == "inbound"

    def sift(self, events: Sequence[NumberedEvent]) -> Sequence[NumberedEvent]:
        """One query for the batch: most customers' words answer no campaign."""
        said = {event.data["conversation_sid"] for event in events}
        if not said:
            return []
        waiting = Recipient.objects.filter(replied_at__isnull=True, message__conversation__sid__in=said)
        asked = set(waiting.values_list("message__conversation__sid", flat=True))
        return [event for event in events if event.data["conversation_sid"] in asked]

    def handle(self, event: NumberedEvent) -> None:
        message = Message.objects.filter(sid=event.subject_sid).first()
        if message is not None:
            actions.mark_replied(message, at=message.created_at)
