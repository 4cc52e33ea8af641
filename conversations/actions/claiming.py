"""Which messages go out now: taken together, committed as ``sending`` before any byte of them goes out.

Whoever claims takes many conversations at once, each with the head of its line; what another one holds at this moment
is left to the next claim.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import F

from carriers.base import OutboundMessage
from conversations import links, queries
from conversations.actions import circuits, consent, turns, uploads
from conversations.actions.telling import tell_message
from conversations.core import doors, limits, policy, states
from conversations.core.policy import Refusal, Standing
from conversations.models import Conversation, Message, Turn
from conversations.queries import services as service_queries
from eventlog.dbclock import database_now
from eventlog.moves import move, move_all
from kernel.actor import SYSTEM

# Longer than the carrier's time-out (5 s to connect, 10 s to answer), so a live attempt is never taken for a dead one.
LEASE: Final = timedelta(seconds=30)
# Another transaction holds a conversation for a few milliseconds.
_HELD_SECONDS: Final = 0.02


@dataclass(frozen=True, slots=True)
class Claim:
    """``messages`` are to be sent now, each by whoever claimed it.

    ``again_after``: in so many seconds another claim may find more; ``None``: not before something happens.
    """

    messages: Sequence[OutboundMessage] = ()
    again_after: float | None = None


def claim(*, at_most: int) -> Claim:
    """Take the next message of as many conversations.

    None while the provider's account is out of order; nor of a conversation that has one in flight already, or whose
    head waits for its next attempt or for its sender's turn. What the channel no longer lets through, since the
    customer opted out, the window closed or a limit for files sank meanwhile, and what has waited too long, fails here
    and is not sent.
    """
    now = database_now()
    circuit = queries.circuit()
    if queries.is_shut(circuit, now=now):
        return Claim()
    alone = circuit is not None and circuit.state != "closed"
    waiting = queries.due_conversations(now, limit=1 if alone else at_most)
    if not waiting:
        return Claim()
    with transaction.atomic():
        talks = queries.locked_conversations(Conversation.objects.filter(pk__in=waiting), skip_locked=True)
        ready = turns.take(_heads(talks, now=now), now=now)
        if ready and not circuits.admit(circuit, now=now):
            ready = []  # Another one is being tried.
        messages = _claimed(ready, now=now)
    if len(talks) < len(waiting):
        return Claim(messages, again_after=_HELD_SECONDS)
    # Some were refused, or stand in their sender's line now, and others may come after them.
    return Claim(messages, again_after=0.0 if not alone and len(messages) < len(waiting) == at_most else None)


def is_too_late(message: Message, *, now: datetime) -> bool:
    """Whether the time is over in which it is worth something."""
    return message.valid_until is not None and message.valid_until <= now


def refuse(message: Message, refused: Refusal, *, conversation: Conversation) -> None:
    """It fails as if the provider had said so, who was not asked."""
    Turn.objects.filter(message=message).delete()
    move(
        message,
        states.DELIVERY,
        "fail",
        error_code=refused.provider_code,
        error_message=refused.remedy[:200],
        due_at=None,
    )
    tell_message("message.updated", message, conversation=conversation, actor=SYSTEM)


def _heads(talks: Sequence[Conversation], *, now: datetime) -> list[Message]:
    """The head of each line that may still be sent, in the order in which they were due."""
    first = queries.heads_of_lines(talks)
    standings = queries.standings(talks)
    heads = []
    for talk in talks:
        message = _sendable(first.get(talk.pk), conversation=talk, standing=standings[talk.pk], now=now)
        if message is not None:
            message.conversation = talk
            heads.append(message)
    return sorted(heads, key=lambda message: (message.due_at or now, message.pk))


def _sendable(head: Message | None, *, conversation: Conversation, standing: Standing, now: datetime) -> Message | None:
    """The first of the line that may be sent; those before it have failed then."""
    while head is not None and queries.is_due(head, now=now):
        refused = _refusal(head, conversation=conversation, standing=standing, now=now)
        if refused is None:
            return head
        refuse(head, refused, conversation=conversation)
        head = queries.heads_of_lines([conversation]).get(conversation.pk)
    return None


def _refusal(message: Message, *, conversation: Conversation, standing: Standing, now: datetime) -> Refusal | None:
    if is_too_late(message, now=now):
        return policy.TOO_LATE
    return consent.refusal_of(message, conversation=conversation, standing=standing, now=now) or uploads.refusal_of(
        list(message.media.all()), channel=conversation.channel
    )


def _claimed(messages: Sequence[Message], *, now: datetime) -> list[OutboundMessage]:
    if not messages:
        return []
    move_all(
        messages,
        states.DELIVERY,
        "claim",
        fence=F("fence") + 1,
        attempts=F("attempts") + 1,
        due_at=now + LEASE,
        tried_at=now,
        looks=0,
        provider_sid=None,
    )
    services = service_queries.service_sids({message.conversation.address_id for message in messages})
    return [_outbound(row, service_sid=services.get(row.conversation.address_id, ""), now=now) for row in messages]


def _outbound(message: Message, *, service_sid: str, now: datetime) -> OutboundMessage:
    conversation = message.conversation
    valid = None
    if message.valid_until is not None:
        valid = max(limits.VALIDITY_SECONDS[0], math.ceil((message.valid_until - now).total_seconds()))
    callback = doors.receipt_path(message.sid, fence=message.fence)
    return OutboundMessage(
        message_sid=message.sid,
        fence=message.fence,
        channel=conversation.channel,
        from_address=conversation.address.address,
        to_address=conversation.identity.address,
        body=message.body,
        media_urls=tuple(links.public_url(file) for file in message.media.all()),
        status_callback_url=settings.PUBLIC_URL + callback,
        messaging_service_sid=service_sid,
        content_sid=message.content_sid,
        content_variables=message.content.get("variables", {}),
        valid_for_seconds=valid,
    )
