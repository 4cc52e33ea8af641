"""The verb of hand-offs: a bot gives a conversation to people, once for each idempotency key."""

from django.db import IntegrityError, transaction
from django.db.models import Q

from accounts import policy
from accounts.models import ApiKey
from carriers.twilio.inbound import channel_of
from conversations import actions as conversations
from conversations import queries as conversation_queries
from conversations.models import Address, Conversation
from conversations.queries import services as service_queries
from interactions import core
from interactions.actions.interactions import open_interaction
from interactions.core import HandOffRequest
from interactions.models import HandOff
from kernel import sids
from kernel.actor import SYSTEM, Actor
from kernel.errors import Conflict, Invalid, NotFound
from routing.models import TaskQueue


def hand_off(*, actor: Actor, request: HandOffRequest, idempotency_key: str | None) -> tuple[HandOff, bool]:
    """A bot gives the conversation to people. Returns the hand-off, and whether this call made it.

    The same idempotency key with the same request returns the first hand-off and changes nothing; with another request
    it raises ``Conflict``. From the commit on the customer's words go to the queue, and the bot may speak no more.
    """
    policy.require(actor, "handoffs:write")
    known = _repeated(actor, request=request, idempotency_key=idempotency_key)
    if known is not None:
        return known, False
    try:
        with transaction.atomic():
            return _hand_off(actor=actor, request=request, idempotency_key=idempotency_key), True
    except IntegrityError:  # The same key at the same moment: one of the two stands.
        known = _repeated(actor, request=request, idempotency_key=idempotency_key)
        if known is None:
            raise
        return known, False


def _hand_off(*, actor: Actor, request: HandOffRequest, idempotency_key: str | None) -> HandOff:
    conversation = _conversation(request, actor=actor)
    locked = conversation_queries.locked_conversation(conversation.pk)
    if locked.state == Conversation.State.CLOSED:
        raise Conflict("The conversation is closed.", code="conversation-closed", field="conversation")
    queue = _queue(request.queue, workspace_pk=locked.workspace.pk)
    told = {
        "summary": request.summary,
        "transcript": [dict(line) for line in request.transcript],
        "context": dict(request.context),
        "by": actor.name,
    }
    conversations.describe(locked, attributes={"handoff": told}, actor=SYSTEM)
    interaction = open_interaction(
        locked,
        task_queue=queue,
        skills=request.skills,
        priority=request.priority,
        extra=core.routable(request),
    )
    return HandOff.objects.create(
        workspace=locked.workspace,
        key=ApiKey.objects.get(sid=actor.sid),
        idempotency_key=idempotency_key,
        request_digest=request.digest(),
        interaction=interaction,
    )


def _repeated(actor: Actor, *, request: HandOffRequest, idempotency_key: str | None) -> HandOff | None:
    if idempotency_key is None:
        return None
    known = HandOff.objects.filter(key__sid=actor.sid, idempotency_key=idempotency_key).first()
    if known is not None and known.request_digest != request.digest():
        raise Conflict(
            "This Idempotency-Key came with another request before. Use a new key for a new request.",
            code="idempotency-mismatch",
            field="Idempotency-Key",
        )
    return known


def _conversation(request: HandOffRequest, *, actor: Actor) -> Conversation:
    if request.conversation_sid:
        return conversation_queries.conversation(request.conversation_sid, actor=actor)
    if sids.is_sid(request.ours, "MG"):
        return conversations.start_by_service(
            service_queries.service(request.ours, actor=actor),
            channel=channel_of(request.customer),
            customer=request.customer,
            name=request.name,
            actor=SYSTEM,
        )
    ours = Address.objects.filter(address=request.ours, workspace__account__sid=actor.account_sid)
    address = ours.select_related("workspace").first()
    if address is None:
        raise NotFound("We do not answer at %(address)s.", field="channel.to", params={"address": request.ours})
    return conversations.start(
        address, channel=address.channel, customer=request.customer, name=request.name, actor=SYSTEM
    )


def _queue(text: str, *, workspace_pk: int) -> TaskQueue | None:
    if not text:
        return None
    rows = TaskQueue.objects.filter(Q(sid=text) | Q(friendly_name=text), workspace=workspace_pk)
    found = rows.first()
    if found is None:
        raise Invalid("There is no queue %(queue)s.", field="queue", params={"queue": text})
    return found
