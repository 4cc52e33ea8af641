"""Messages of unknown fate: looked for in the provider's list; if they are not there, what their sender's rule says.

A receipt settles them at any time. Nothing is sent again unless the whole list was read, several times, without it.
"""

from datetime import timedelta
from typing import Any, Final

import structlog
from django.db import IntegrityError, transaction
from django.db.models import F

from carriers.base import SentListing, StatusUpdate
from conversations import queries
from conversations.actions.receipts import Receipt, apply_receipt
from conversations.actions.telling import tell_message
from conversations.core import limits, searching, states
from conversations.core.searching import Search
from conversations.models import Address, Conversation, Message
from eventlog.dbclock import database_now
from eventlog.moves import move
from kernel.actor import SYSTEM
from kernel.errors import StaleMove

logger = structlog.get_logger(__name__)

# Longer than the list of one customer can take.
_LEASE: Final = timedelta(seconds=60)
# What the provider calls a message that it has and has not passed on yet.
_TAKEN: Final = frozenset({"accepted", "scheduled", "queued", "sending"})


def claim_look(message_sid: str) -> Search | None:
    """Take the look that is due; ``None`` when none is, or another worker has it."""
    now = database_now()
    due = Message.objects.filter(sid=message_sid, status="unknown", due_at__lte=now)
    if not due.update(due_at=now + _LEASE):
        return None
    message = Message.objects.select_related("conversation__address", "conversation__identity").get(sid=message_sid)
    return Search(
        message_sid=message.sid,
        fence=message.fence,
        from_address=message.conversation.address.address,
        to_address=message.conversation.identity.address,
        body=message.body,
        media=message.media.count(),
        tried_at=message.tried_at or message.created_at,
    )


def conclude(search: Search, listing: SentListing, *, provider: str) -> str:
    """Write down what one look through the list says: ``found``, ``absent`` or ``unclear``."""
    alike = searching.candidates(search, listing.messages)
    known = queries.known_sids([row.provider_sid for row in alike], provider=provider, unless=search.message_sid)
    verdict = searching.judge(search, listing, known=known, rivals=queries.rivals(search))
    if verdict.message is not None:
        row = verdict.message
        receipt = StatusUpdate(
            provider_sid=row.provider_sid,
            status="sent" if row.status in _TAKEN else row.status,
            error_code=row.error_code,
            error_message=row.error_message,
        )
        try:
            with transaction.atomic():
                apply_receipt(Receipt(search.message_sid, search.fence, receipt), provider=provider)
        except IntegrityError:  # Its rival got that sid while we read.
            _look_again(search, absent=False)
            return "unclear"
    else:
        _look_again(search, absent=verdict.what == "absent")
    return verdict.what


def fail_look(search: Search, *, after_seconds: float | None) -> None:
    """The list could not be read: that says nothing. Again later, for an hour; then the agent decides."""
    now = database_now()
    given_up = now - search.tried_at > timedelta(seconds=limits.LOOK_NO_LONGER_SECONDS)
    pause = max(limits.LOOKS[-1], after_seconds or 0.0)
    _mine(search).update(due_at=None if given_up else now + timedelta(seconds=pause))


def _look_again(search: Search, *, absent: bool) -> None:
    with transaction.atomic():
        message = Message.objects.select_related("conversation").get(sid=search.message_sid)
        conversation = queries.locked_conversation(message.conversation_id)
        if not _mine(search).update(looks=F("looks") + 1):
            return
        message.refresh_from_db()
        pause = limits.look_after_seconds(message.looks)
        if pause is not None:
            _mine(search).update(due_at=database_now() + timedelta(seconds=pause))
        else:
            _decide(message, conversation=conversation, absent=absent)


def _decide(message: Message, *, conversation: Conversation, absent: bool) -> None:
    """The list has been searched for the last time without a clear answer."""
    rule = conversation.address.on_unknown
    if absent and rule == Address.OnUnknown.RESEND_ONCE and not message.resends and conversation.state == "active":
        logger.warning("message sent again", message=message.sid, fence=message.fence)
        _again(message, conversation=conversation)
        return
    code = "not-listed" if absent else "twins"
    words = (
        "The provider's list does not hold the message." if absent else "The provider's list holds others of this text."
    )
    written = Message.objects.filter(pk=message.pk, status="unknown").update(
        due_at=None, error_code=code, error_message=words, version=F("version") + 1
    )
    if written:
        message.refresh_from_db()
        tell_message("message.updated", message, conversation=conversation, actor=SYSTEM, media=[])


def _again(message: Message, *, conversation: Conversation) -> None:
    try:
        move(
            message,
            states.DELIVERY,
            "resend",
            due_at=database_now(),
            attempts=0,
            looks=0,
            resends=F("resends") + 1,
            provider_sid=None,
            error_code="",
            error_message="",
        )
    except StaleMove:  # A receipt came.
        return
    tell_message("message.updated", message, conversation=conversation, actor=SYSTEM, media=[])


def _mine(search: Search) -> Any:
    return Message.objects.filter(sid=search.message_sid, fence=search.fence, status="unknown")
