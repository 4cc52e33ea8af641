"""The ledger of consent, and the policy that asks it: before a message is queued, and before it is sent."""

from datetime import datetime
from typing import Final

from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext

from conversations import queries
from conversations.actions import outbound
from conversations.actions.telling import retell
from conversations.core import keywords, phones, policy
from conversations.core.policy import Refusal, Standing
from conversations.models import Consent, Conversation, Message
from conversations.queries import consent as ledger
from conversations.queries import services as service_queries
from conversations.queries import templates as template_queries
from eventlog.record import record
from kernel import clock
from kernel.actor import CARRIER, SYSTEM, Actor
from kernel.errors import Conflict

# Twilio filters and confirms STOP and START itself on SMS, MMS and RCS, and on no other channel.
_CONFIRMED_BY_US: Final = frozenset({"whatsapp"})
_SPANISH: Final = frozenset({keywords.SPANISH_STOP, keywords.SPANISH_START})


def require(conversation: Conversation, *, now: datetime, content_sid: str = "") -> None:
    """Raise ``Conflict`` when this may not be sent here now: ``opted-out``, ``window-closed`` for free text,
    ``template-gone`` or ``template-not-approved`` for a template.
    """
    refused = refusal(conversation, now=now, content_sid=content_sid)
    if refused is not None:
        field = "content_sid" if refused.code.startswith("template") else "conversation"
        raise Conflict(refused.remedy, code=refused.code, field=field)


def refusal(conversation: Conversation, *, now: datetime, content_sid: str = "") -> Refusal | None:
    """Why this may not be sent here at that time, as things stand."""
    template = template_queries.template_state(content_sid)
    return policy.refusal(conversation.channel, queries.standing(conversation), now=now, template=template)


def refusal_of(message: Message, *, conversation: Conversation, standing: Standing, now: datetime) -> Refusal | None:
    """Why a queued message may not go out now. What confirms the customer's own STOP still does."""
    template = template_queries.template_state(message.content_sid)
    refused = policy.refusal(conversation.channel, standing, now=now, template=template)
    if refused is policy.OPTED_OUT and Consent.objects.filter(confirmation=message).exists():
        return policy.refusal(conversation.channel, Standing(last_inbound_at=standing.last_inbound_at), now=now)
    return refused


def heed(message: Message, *, verb: str, actor: Actor) -> None:
    """The customer's STOP or START stands in the ledger, if it changes anything.

    Part of the transaction that stores the message, which holds the conversation's lock.
    """
    what = Consent.What.WITHDRAWN if verb == "stop" else Consent.What.GIVEN
    conversation = queries.locked_conversation(message.conversation_id)
    if queries.standing(conversation).opted_out == (what == Consent.What.WITHDRAWN):
        return
    _write(
        conversation,
        what=what,
        source=Consent.Source.KEYWORD,
        evidence=message.provider_params.get("OptOutType") or message.body.strip(),
        message=message,
        confirmation=_confirm(conversation, message, what=what),
        actor=actor,
    )


def learn(message: Message, *, conversation: Conversation) -> None:
    """The provider refused the message since the customer has opted out: the ledger says so too.

    A message older than the customer's last START tells nothing of how they stand now.
    """
    if message.error_code != policy.OPTED_OUT.provider_code or message.status not in ("failed", "undelivered"):
        return
    pair = (conversation.address_id, conversation.identity.address)
    newest = ledger.newest({pair}, workspaces={conversation.workspace_id}).get(pair)
    if newest is not None and (newest.is_withdrawn or newest.created_at >= message.created_at):
        return
    _write(
        conversation,
        what=Consent.What.WITHDRAWN,
        source=Consent.Source.PROVIDER,
        evidence=message.error_code,
        message=message,
        confirmation=None,
        actor=CARRIER,
    )


def retell_others(line_sid: str) -> None:
    """Where the line counts as well, everybody sees how the customer stands now: talks of the same telephone line with
    the same address, or another of the same pool.

    The talk in which it was said has been told.
    """
    line = Consent.objects.select_related("identity", "message").filter(sid=line_sid).first()
    if line is None:
        return
    theirs = Conversation.objects.filter(
        identity__workspace=line.identity.workspace_id,
        identity__address__in=phones.one_line(line.identity.address),
        state=Conversation.State.ACTIVE,
    )
    here = Q(address=line.address_id)
    if line.service_id is not None:
        here |= Q(address__pool__service=line.service_id)
    others = theirs.filter(here).order_by("pk")
    if line.message is not None:
        others = others.exclude(pk=line.message.conversation_id)
    for pk in others.values_list("pk", flat=True):
        retell("conversation.updated", queries.locked_conversation(pk), actor=SYSTEM)


def _confirm(conversation: Conversation, message: Message, *, what: Consent.What) -> Message | None:
    """Tell the customer where the provider does not, in the language of the word."""
    if conversation.channel not in _CONFIRMED_BY_US:
        return None
    language = "es" if message.body.strip().upper() in _SPANISH else "en"
    with translation.override(language):
        text = (
            gettext("You will get no more messages from us. Write START to get them again.")
            if what == Consent.What.WITHDRAWN
            else gettext("You will get our messages again. Write STOP to end them.")
        )
    return outbound.append(
        conversation,
        saying=outbound.Saying(text),
        ref=f"consent:{message.sid}",
        author=outbound.Author("system", SYSTEM.sid, ""),
        actor=SYSTEM,
    )


def _write(
    conversation: Conversation,
    *,
    what: Consent.What,
    source: Consent.Source,
    evidence: str,
    message: Message,
    confirmation: Message | None,
    actor: Actor,
) -> None:
    service = service_queries.pool_of(conversation.address_id)
    line = Consent.objects.create(
        identity=conversation.identity,
        address=conversation.address,
        service=service,
        channel=conversation.channel,
        what=what,
        source=source,
        evidence=evidence[:64],
        message=message,
        confirmation=confirmation,
    )
    record(
        f"consent.{what}",
        subject_sid=line.sid,
        data={
            "sid": line.sid,
            "conversation_sid": conversation.sid,
            "message_sid": message.sid,
            "our_address": conversation.address.address,
            "messaging_service_sid": service.sid if service else "",
            "channel": line.channel,
            "what": line.what,
            "source": line.source,
            "date_created": clock.iso(line.created_at),
        },
        audiences=[f"floor:{conversation.workspace.sid}"],
        actor=actor,
        workspace_sid=conversation.workspace.sid,
    )
    retell("conversation.updated", conversation, actor=actor)
