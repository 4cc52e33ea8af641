"""Lines: of the messages of a conversation, which go one after the other, and of those who wait for a sender.

By hand where a worker asks with each few messages: there the ORM takes five times as long as the database.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models import Exists, OuterRef
from django.db.models.expressions import RawSQL

from conversations.core import pacing
from conversations.models import Address, Conversation, Message, Turn
from eventlog import dialect

# How far the clocks of two machines may be apart.
_CLOCKS_APART: Final = timedelta(seconds=10)

# Not ``NOT EXISTS`` one before it: what is under way changes too fast for PostgreSQL's statistics, and with old ones it
# would compare every waiting message with every other.
_FIRST_IN_LINE: Final = """(
    SELECT line."index" FROM conversations_message line
    WHERE line.conversation_id = conversations_message.conversation_id
        AND (line.status = 'queued' OR line.status = 'sending' AND line.provider_sid IS NULL)
    ORDER BY line."index" LIMIT 1
)"""
_FREE_HEADS: Final = f"""
SELECT conversation_id FROM conversations_message
LEFT JOIN conversations_turn ON message_id = conversations_message.id
WHERE status = 'queued' AND "index" = {_FIRST_IN_LINE} AND (message_id IS NULL OR granted_at IS NOT NULL)
    AND (due_at <= %s AND attempts = 0 OR due_at <= %s AND attempts > 0)
ORDER BY due_at, conversations_message.id LIMIT %s
"""  # noqa: S608 - only names of ours


def due_conversations(now: datetime, *, limit: int) -> list[int]:
    """The ids of those whose next message may go now, longest due first.

    Only heads are looked at: those behind a head that waits for its next attempt, for its sender's turn, or is in
    flight, would otherwise fill every batch. A first attempt is due at once, whatever the clock of the web server that
    wrote it.
    """
    return _free_heads(first=now + _CLOCKS_APART, again=now, limit=limit)


def has_stayed_behind(now: datetime, *, grace: timedelta) -> bool:
    """Whether a message is due for which nobody rings: a first attempt is left for ``grace`` to the ring of its own."""
    return bool(_free_heads(first=now - grace, again=now, limit=1))


def heads_of_lines(conversations: Iterable[Conversation]) -> dict[int, Message]:
    """The next message to send of each, with its turn and files, by the conversation's id.

    Unless one is in flight: one at a time keeps the order.
    """
    pks = [row.pk for row in conversations]
    heads = Message.objects.filter(status="queued", conversation__in=pks, index=RawSQL(_FIRST_IN_LINE, ()))  # noqa: S611
    return {row.conversation_id: row for row in heads.select_related("turn").prefetch_related("media")}


def is_due(message: Message, *, now: datetime) -> bool:
    """Whether a head may go, for all that is known of itself; so may whose turn it is."""
    turn = getattr(message, "turn", None)
    granted = turn is not None and turn.granted_at is not None
    return granted or not message.attempts or message.due_at is None or message.due_at <= now


def next_opening() -> datetime | None:
    """When the first bucket opens for which somebody waits; ``None`` when nobody does."""
    line = Turn.objects.filter(address=OuterRef("pk"), granted_at__isnull=True)
    senders = Address.objects.filter(Exists(line)).values_list("free_at", "held_until")
    return min((pacing.opening(free_at, held_until) for free_at, held_until in senders), default=None)


def _free_heads(*, first: datetime, again: datetime, limit: int) -> list[int]:
    moments = [connection.ops.adapt_datetimefield_value(moment) for moment in (first, again)]
    return [pk for (pk,) in dialect.rows(_FREE_HEADS, [*moments, limit])]
