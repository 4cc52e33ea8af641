"""The way of an outbound message to the carrier: claimed under a fence, sent once, or visibly unknown.

A message is *in flight* while it is ``sending`` without a provider sid. One at a time per conversation is in flight, so
order holds. What a worker learns is written only under the fence of its own attempt.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction

from conversations import queries
from conversations.actions import claiming, consent
from conversations.actions.telling import tell_message, tell_messages
from conversations.core import limits, policy, states
from conversations.models import Conversation, Message
from eventlog.bulk import write_rows
from eventlog.dbclock import database_now
from eventlog.moves import move, move_all
from kernel import clock
from kernel.actor import SYSTEM, Actor
from kernel.errors import NotFound, StaleMove

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took this attempt and calls it so."""

    message_sid: str
    fence: int
    provider_sid: str


def mark_sent(accepted: Sequence[Accepted], *, provider: str) -> None:
    """The carrier took these attempts. A receipt may have come first and said more; then only the sid is kept."""
    sids = {one.message_sid: one for one in accepted}
    with transaction.atomic():
        talks = queries.locked_conversations(Conversation.objects.filter(messages__sid__in=sids), only_for_events=True)
        # Only under the lock: a resend and its claim may have passed while we waited for it.
        current = Message.objects.filter(conversation__in=talks, sid__in=sids).order_by("pk")
        taken = [row for row in current.prefetch_related("media") if row.fence == sids[row.sid].fence]
        unnamed = [row for row in taken if row.provider_sid is None]
        for row in unnamed:
            row.provider, row.provider_sid = provider, sids[row.sid].provider_sid
        write_rows(unnamed, ["provider", "provider_sid"])
        sent = [row for row in taken if row.status in states.DELIVERY.sources("accept")]
        if sent:
            move_all(sent, states.DELIVERY, "accept", due_at=None, error_code="", error_message="")
            tell_messages("message.updated", sent, conversations=talks, actor=SYSTEM)
    if len(taken) < len(sids):
        late = sids.keys() - {row.sid for row in taken}
        logger.warning("late result of an earlier attempt", messages=sorted(late), verb="accept")


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
        if message.status == "queued" and claiming.is_too_late(message, now=now):
            claiming.refuse(message, policy.TOO_LATE, conversation=conversation)


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
