"""Places in conversations: the next indexes of inbound messages, taken under the rows' locks.

This is the hottest path of the product, so it is two statements by hand for however many customers, where the ORM takes
four queries and five objects for each.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection

from conversations.core.keywords import Words
from eventlog import dialect

Pair = tuple[str, str]
"""One of our addresses, and a customer's."""

# Everybody locks several conversations in the order of their ids, or two processes could wait for one another. The
# outer condition is checked again on the locked row: a rival may have closed the conversation while we waited.
_TAKE = """
WITH held AS (
    SELECT c.id AS conversation_id, given.many
    FROM {given}
    JOIN conversations_address a ON a.address = given.ours
    JOIN conversations_identity i ON i.workspace_id = a.workspace_id AND i.address = given.customer
    JOIN conversations_conversation c ON c.address_id = a.id AND c.identity_id = i.id AND c.state = 'active'
    ORDER BY c.id
    {lock}
)
UPDATE conversations_conversation
SET last_index = last_index + held.many, last_inbound_index = last_index + held.many, version = version + held.many
FROM held
WHERE id = held.conversation_id AND state = 'active'
RETURNING id
"""
_KNOW = """
SELECT a.address, i.address, c.id, c.sid, c.last_index, c.channel,
    w.sid, p.sid, p.name, a.stop_words, a.start_words, a.help_words, k.sid
FROM conversations_conversation c
JOIN conversations_address a ON a.id = c.address_id
JOIN agents_workspace w ON w.id = c.workspace_id
JOIN conversations_identity i ON i.id = c.identity_id
JOIN conversations_contact p ON p.id = i.contact_id
LEFT JOIN conversations_participant m ON m.conversation_id = c.id AND m.left_at IS NULL
LEFT JOIN agents_worker k ON k.id = m.worker_id
WHERE c.id {among}
ORDER BY c.id, m.id
"""
_LOCK = {"postgresql": "FOR UPDATE OF c", "sqlite": ""}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message stands, and whom it concerns."""

    conversation_id: int
    conversation_sid: str
    index: int
    workspace_sid: str
    contact_sid: str
    contact_name: str
    channel: str
    words: Words
    audiences: tuple[str, ...]


def take(wanted: Mapping[Pair, int]) -> dict[Pair, Place]:
    """So many places in the open conversation of each pair of addresses; the first of them.

    Pairs without an open conversation are left out. Part of the caller's transaction, which must put a message at every
    place or roll back.
    """
    if not wanted:
        return {}
    given = dialect.given(ours="text", customer="text", many="int")
    asked = dialect.columns([(*pair, many) for pair, many in wanted.items()])
    with connection.cursor() as cursor:
        cursor.execute(_TAKE.format(given=given, lock=_LOCK[connection.vendor]), asked)
        taken = [pk for (pk,) in cursor.fetchall()]
        if not taken:
            return {}
        cursor.execute(_KNOW.format(among=dialect.among()), [dialect.values(taken)])
        known = cursor.fetchall()
    found: dict[Pair, Place] = {}
    for ours, customer, pk, sid, last, channel, workspace, contact, name, stop, start, helps, worker in known:
        pair = ours, customer
        heard = found[pair].audiences if pair in found else ((f"visitor:{sid}",) if channel == "webchat" else ())
        if worker is not None:
            heard = (*heard, f"worker:{worker}")
        index = last - wanted[pair] + 1
        words = Words(stop, start, helps)
        found[pair] = Place(pk, sid, index, workspace, contact, name, channel, words, heard)
    return found
