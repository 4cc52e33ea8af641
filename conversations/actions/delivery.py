"""The way of an outbound message to the carrier: claimed under a fence, sent once, or visibly unknown.

A message is *in flight* while it is ``sending`` without a provider sid. One at a time per conversation is in flight, so
order holds. What a worker learns is written only under the fence of its own attempt.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F

from carriers.base import OutboundMessage, StatusUpdate
from conversations import links, queries, service_queries
from conversations.actions import consent, uploads
from conversations.actions.telling import tell_message
from conversations.core import doors, limits, states
from conversations.core.policy import Refusal
from conversations.models import Conversation, Media, Message
from eventlog.dbclock import database_now
from eventlog.moves import move
from kernel import clock
from kernel.actor import CARRIER, SYSTEM, Actor
from kernel.errors import NotFound, StaleMove

logger = structlog.get_logger(__name__)

# Longer than the carrier's time-out (5 s to connect, 10 s to answer), so a live attempt is never taken for a dead one.
LEASE = timedelta(seconds=30)


def claim_next(conversation_sid: str) -> OutboundMessage | None:
    """Take the conversation's next message, committed as ``sending`` before any byte goes out.

    ``None`` when nothing is queued, one is in flight already, or the head waits for its next attempt. What the channel
    no longer lets through, since the customer opted out, the window closed or a limit for files sank meanwhile, fails
    here and is not sent.
    """
    with transaction.atomic():
        conversation = _locked_by_sid(conversation_sid)
        message = queries.head_of_line(conversation)
        if message is None:
            return None
        now, standing = database_now(), queries.standing(conversation)
        while message is not None:
            # A first attempt is due at once, whatever the clock of the web server that wrote it.
            if message.attempts and message.due_at is not None and message.due_at > now:
                return None
            files = list(message.media.all())
            refused = consent.refusal_of(
                message, conversation=conversation, standing=standing, now=now
            ) or uploads.refusal_of(files, channel=conversation.channel)
            if refused is None:
                return _claimed(message, files, conversation=conversation, now=now)
            _refuse(message, refused, conversation=conversation)
            message = queries.head_of_line(conversation)
        return None


def mark_sent(message_sid: str, *, fence: int, provider: str, provider_sid: str) -> None:
    """The carrier took attempt ``fence``. A receipt may have come first and said more; then only the sid is kept."""
    _finish(
        message_sid,
        fence=fence,
        verb="accept",
        provider=provider,
        provider_sid=provider_sid,
        due_at=None,
        error_code="",
        error_message="",
    )
    Message.objects.filter(sid=message_sid, fence=fence, provider_sid__isnull=True).update(
        provider=provider, provider_sid=provider_sid
    )


def mark_failed(message_sid: str, *, fence: int, code: str, reason: str) -> None:
    """The carrier refused attempt ``fence`` for good."""
    _finish(message_sid, fence=fence, verb="fail", error_code=code[:16], error_message=reason[:200], due_at=None)


def mark_unknown(message_sid: str, *, fence: int, code: str, reason: str) -> None:
    """Nobody can tell whether the carrier took attempt ``fence``: the agent decides, or a receipt does."""
    _finish(message_sid, fence=fence, verb="lose", error_code=code[:16], error_message=reason[:200], due_at=None)


def put_back(message_sid: str, *, fence: int, code: str, reason: str, after_seconds: float | None) -> None:
    """The carrier surely did not take attempt ``fence``: queued again after a pause, or failed after too many."""
    message = Message.objects.get(sid=message_sid)
    if message.attempts >= limits.ATTEMPTS:
        mark_failed(message_sid, fence=fence, code=code, reason=reason)
        return
    pause = limits.back_off_seconds(message.attempts) if after_seconds is None else after_seconds
    _finish(
        message_sid,
        fence=fence,
        verb="retry",
        due_at=database_now() + timedelta(seconds=pause),
        error_code=code[:16],
        error_message=reason[:200],
    )


def expire_claim(message_sid: str, *, now: datetime) -> None:
    """An attempt whose worker died: the carrier may have taken it, so it stands as unknown."""
    message = Message.objects.filter(sid=message_sid, due_at__lte=now).first()
    if message is not None:
        mark_unknown(message_sid, fence=message.fence, code="worker-died", reason="The sender stopped midway.")


def resend(message: Message, *, actor: Actor) -> Message:
    """Queue a message again that failed or whose fate is unknown: the agent's decision.

    Raises ``NotFound`` for somebody who does not take part, ``StaleMove`` when it went through in the meantime,
    ``Conflict`` when the channel does not let it through (``opted-out``, ``window-closed``, ``template-…``).
    """
    with transaction.atomic():
        conversation = queries.locked_conversation(message.conversation_id)
        if not any(row.worker.sid == actor.worker_sid for row in queries.present(conversation)):
            raise NotFound("There is no message %(sid)s.", field="message", params={"sid": message.sid})
        consent.require(conversation, now=clock.now(), content_sid=message.content_sid)
        move(
            message,
            states.DELIVERY,
            "resend",
            due_at=clock.now(),
            attempts=0,
            provider_sid=None,
            error_code="",
            error_message="",
        )
        tell_message("message.updated", message, conversation=conversation, actor=actor)
        return message


def apply_receipt(message_sid: str, *, fence: int, receipt: StatusUpdate, provider: str) -> None:
    """A status callback for attempt ``fence``: the status only rises, whatever order callbacks come in.

    Raises ``NotFound`` for a message that we never sent.
    """
    message = Message.objects.filter(sid=message_sid, direction="outbound").first()
    if message is None:
        raise NotFound("There is no message %(sid)s.", params={"sid": message_sid[:64]})
    status = states.from_provider(receipt.status)
    if status is None or message.fence != fence:
        logger.warning("receipt not applied", message=message_sid, status=receipt.status[:32], fence=fence)
        return
    with transaction.atomic():
        conversation = queries.locked_conversation(message.conversation_id)
        rises = Message.objects.filter(pk=message.pk, fence=fence, status__in=states.lower(status))
        told = rises.update(
            status=status,
            due_at=None,
            version=F("version") + 1,
            error_code=receipt.error_code[:16],
            # It may spell out the customer's number.
            error_message="" if conversation.erased_at else receipt.error_message[:200],
        )
        Message.objects.filter(pk=message.pk, fence=fence, provider_sid__isnull=True).update(
            provider=provider, provider_sid=receipt.provider_sid
        )
        if told:
            message.refresh_from_db()
            tell_message("message.updated", message, conversation=conversation, actor=CARRIER)
            consent.learn(message, conversation=conversation)


def _finish(message_sid: str, *, fence: int, verb: str, **fields: Any) -> None:
    """Write the outcome of one attempt, unless a later attempt or a receipt has overtaken it."""
    with transaction.atomic():
        conversation = queries.locked_conversation(Message.objects.get(sid=message_sid).conversation_id)
        # Only under the lock: a resend and its claim may have passed while we waited for it.
        message = Message.objects.filter(sid=message_sid, fence=fence).first()
        if message is None:
            logger.warning("late result of an earlier attempt", message=message_sid, fence=fence, verb=verb)
            return
        try:
            move(message, states.DELIVERY, verb, **fields)
        except StaleMove:
            return
        tell_message("message.updated", message, conversation=conversation, actor=SYSTEM)
        consent.learn(message, conversation=conversation)


def _claimed(message: Message, files: Sequence[Media], *, conversation: Conversation, now: datetime) -> OutboundMessage:
    move(
        message,
        states.DELIVERY,
        "claim",
        fence=F("fence") + 1,
        attempts=F("attempts") + 1,
        due_at=now + LEASE,
        provider_sid=None,
    )
    return _outbound(message, files, conversation=conversation)


def _refuse(message: Message, refused: Refusal, *, conversation: Conversation) -> None:
    """It fails as if the provider had said so, who was not asked."""
    move(
        message,
        states.DELIVERY,
        "fail",
        error_code=refused.provider_code,
        error_message=refused.remedy[:200],
        due_at=None,
    )
    tell_message("message.updated", message, conversation=conversation, actor=SYSTEM)


def _locked_by_sid(sid: str) -> Conversation:
    return queries.locked_conversation(Conversation.objects.values_list("pk", flat=True).get(sid=sid))


def _outbound(message: Message, files: Sequence[Media], *, conversation: Conversation) -> OutboundMessage:
    callback = doors.receipt_path(message.sid, fence=message.fence)
    return OutboundMessage(
        message_sid=message.sid,
        fence=message.fence,
        channel=conversation.channel,
        from_address=conversation.address.address,
        to_address=conversation.identity.address,
        body=message.body,
        media_urls=tuple(links.public_url(file) for file in files),
        status_callback_url=settings.PUBLIC_URL + callback,
        messaging_service_sid=service_queries.service_sid(conversation.address_id),
        content_sid=message.content_sid,
        content_variables=message.content.get("variables", {}),
    )
