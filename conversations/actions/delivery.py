"""The way of an outbound message to the carrier: claimed under a fence, sent once, or visibly unknown.

A message is *in flight* while it is ``sending`` without a provider sid. One at a time per conversation is in flight, so
order holds. What a worker learns is written only under the fence of its own attempt.
"""

import math
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F

from carriers.base import OutboundMessage, StatusUpdate
from conversations import links, queries
from conversations.actions import circuits, consent, turns, uploads
from conversations.actions.telling import tell_message
from conversations.core import doors, limits, policy, states
from conversations.core.policy import Refusal, Standing
from conversations.models import Conversation, Media, Message, Turn
from conversations.queries import services as service_queries
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

    ``None`` when nothing is queued, one is in flight already, the head waits for its next attempt or for its sender's
    turn, or the provider's account is out of order. What the channel no longer lets through, since the customer opted
    out, the window closed or a limit for files sank meanwhile, and what has waited too long, fails here and is not
    sent.
    """
    now = database_now()
    circuit = queries.circuit()
    if queries.is_shut(circuit, now=now):
        return None
    with transaction.atomic():
        conversation = _locked_by_sid(conversation_sid)
        message = _next(conversation, now=now)
        if message is None or not _is_due(message, now=now):
            return None
        if not turns.take(message, conversation=conversation, now=now) or not circuits.admit(circuit, now=now):
            return None
        return _claimed(message, list(message.media.all()), conversation=conversation, now=now)


def _next(conversation: Conversation, *, now: datetime) -> Message | None:
    """The head of the line that may still be sent; those before it that may not have failed then."""
    message = queries.head_of_line(conversation)
    standing = queries.standing(conversation) if message is not None else Standing()
    while message is not None and _is_due(message, now=now):
        refused = (
            _too_late(message, now=now)
            or consent.refusal_of(message, conversation=conversation, standing=standing, now=now)
            or uploads.refusal_of(list(message.media.all()), channel=conversation.channel)
        )
        if refused is None:
            return message
        _refuse(message, refused, conversation=conversation)
        message = queries.head_of_line(conversation)
    return message


def _is_due(message: Message, *, now: datetime) -> bool:
    """A first attempt is due at once, whatever the clock of the web server that wrote it; so is whose turn it is."""
    turn = getattr(message, "turn", None)
    granted = turn is not None and turn.granted_at is not None
    return granted or not message.attempts or message.due_at is None or message.due_at <= now


def _too_late(message: Message, *, now: datetime) -> Refusal | None:
    return policy.TOO_LATE if message.valid_until is not None and message.valid_until <= now else None


def mark_sent(message_sid: str, *, fence: int, provider: str, provider_sid: str) -> None:
    """The carrier took attempt ``fence``. A receipt may have come first and said more; then only the sid is kept."""
    moved = _finish(
        message_sid,
        fence=fence,
        verb="accept",
        provider=provider,
        provider_sid=provider_sid,
        due_at=None,
        error_code="",
        error_message="",
    )
    if not moved:
        Message.objects.filter(sid=message_sid, fence=fence, provider_sid__isnull=True).update(
            provider=provider, provider_sid=provider_sid
        )


def mark_failed(message_sid: str, *, fence: int, code: str, reason: str) -> None:
    """The carrier refused attempt ``fence`` for good."""
    _finish(message_sid, fence=fence, verb="fail", error_code=code[:16], error_message=reason[:200], due_at=None)


def mark_unknown(message_sid: str, *, fence: int, code: str, reason: str) -> None:
    """Nobody can tell whether the carrier took attempt ``fence``: a receipt does, the carrier's list, or the agent."""
    look_at = database_now() + timedelta(seconds=limits.LOOKS[0])
    _finish(message_sid, fence=fence, verb="lose", error_code=code[:16], error_message=reason[:200], due_at=look_at)


def put_back(message_sid: str, *, fence: int, code: str, reason: str, after_seconds: float | None) -> None:
    """The carrier surely did not take attempt ``fence``: queued again after a pause.

    It waits as long as a provider keeps a message itself, ten hours, or as it is valid; then it fails. How often it was
    tried does not count: nothing is wrong with it.
    """
    message, now = Message.objects.get(sid=message_sid), database_now()
    if now - message.created_at > timedelta(seconds=limits.VALIDITY_SECONDS[1]):
        mark_failed(message_sid, fence=fence, code=code, reason=reason)
        return
    back_off = limits.back_off_seconds(message.attempts, chance=random.random())
    _finish(
        message_sid,
        fence=fence,
        verb="retry",
        due_at=now + timedelta(seconds=back_off if after_seconds is None else after_seconds),
        error_code=code[:16],
        error_message=reason[:200],
    )


def expire(message_sid: str, *, now: datetime) -> None:
    """A queued message whose time is over fails, wherever it stands in its line."""
    with transaction.atomic():
        message = Message.objects.get(sid=message_sid)
        conversation = queries.locked_conversation(message.conversation_id)
        message.refresh_from_db()
        if message.status == "queued" and _too_late(message, now=now):
            _refuse(message, policy.TOO_LATE, conversation=conversation)


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
            looks=0,
            valid_until=None,
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


def _finish(message_sid: str, *, fence: int, verb: str, **fields: Any) -> bool:
    """Write the outcome of one attempt, unless a later one or a receipt has overtaken it; whether it was written."""
    with transaction.atomic():
        place = Message.objects.values_list("conversation_id", flat=True).get(sid=message_sid)
        conversation = queries.locked_conversation(place)
        # Only under the lock: a resend and its claim may have passed while we waited for it.
        message = Message.objects.filter(sid=message_sid, fence=fence).first()
        if message is None:
            logger.warning("late result of an earlier attempt", message=message_sid, fence=fence, verb=verb)
            return False
        try:
            move(message, states.DELIVERY, verb, **fields)
        except StaleMove:
            return False
        tell_message("message.updated", message, conversation=conversation, actor=SYSTEM)
        consent.learn(message, conversation=conversation)
        return True


def _claimed(message: Message, files: Sequence[Media], *, conversation: Conversation, now: datetime) -> OutboundMessage:
    move(
        message,
        states.DELIVERY,
        "claim",
        fence=F("fence") + 1,
        attempts=F("attempts") + 1,
        due_at=now + LEASE,
        tried_at=now,
        looks=0,
        provider_sid=None,
    )
    return _outbound(message, files, conversation=conversation, now=now)


def _refuse(message: Message, refused: Refusal, *, conversation: Conversation) -> None:
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


def _locked_by_sid(sid: str) -> Conversation:
    return queries.locked_conversation(Conversation.objects.values_list("pk", flat=True).get(sid=sid))


def _outbound(
    message: Message, files: Sequence[Media], *, conversation: Conversation, now: datetime
) -> OutboundMessage:
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
        media_urls=tuple(links.public_url(file) for file in files),
        status_callback_url=settings.PUBLIC_URL + callback,
        messaging_service_sid=service_queries.service_sid(conversation.address_id),
        content_sid=message.content_sid,
        content_variables=message.content.get("variables", {}),
        valid_for_seconds=valid,
    )
