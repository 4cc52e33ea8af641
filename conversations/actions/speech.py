"""Saying something: what comes in is durable before anybody is told so, what goes out is queued with its order."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from django.db import IntegrityError, transaction

from carriers.base import InboundMessage
from conversations import queries
from conversations.actions import consent, erasing, outbound, places, rights, uploads
from conversations.actions.outbound import Author, Saying
from conversations.actions.places import Place
from conversations.actions.telling import tell_conversation
from conversations.core import attachments, keywords, limits, names
from conversations.models import Address, Contact, Conversation, Identity, Media, Message
from conversations.payloads import message_payload
from eventlog.models import Event
from eventlog.record import draft, record_all
from kernel import clock
from kernel.actor import Actor
from kernel.errors import Conflict, Forbidden, Invalid


def receive(inbound: InboundMessage, *, actor: Actor, files: Sequence[str] = ()) -> Message:
    """A customer's message is stored, in order, in the conversation of its pair of addresses.

    When this returns the message is committed; saying it again (the provider repeats, a fallback URL, a replay) returns
    the first one and writes nothing. ``files`` names what a visitor has uploaded. Raises ``NotFound`` for an address
    that is not ours, ``Invalid`` or ``TooLarge`` for files that are not there or too many.
    """
    if actor.kind not in ("carrier", "visitor", "system"):
        raise Forbidden("Only a carrier brings customers' messages.")
    try:
        with transaction.atomic():
            place = places.take({_pair(inbound): 1}).get(_pair(inbound))
            if place is None or _brings_a_name(inbound, place):
                place = _begun(inbound, actor=actor) if place is None else _named(inbound, place)
            return _store(inbound, place=place, actor=actor, files=files)
    except IntegrityError:
        # The message is known already: the unique provider sid lets it in once, and nothing of this try stays.
        known = _already(inbound)
        if known is None:
            raise
        return known


def receive_together(inbounds: Sequence[InboundMessage], *, actor: Actor) -> list[Message | None]:
    """Store several customers' messages with a handful of statements, in the order in which they were given.

    ``None`` stands where a message needs the longer way of `receive`: it begins a conversation, or brings files; once
    one of a customer's does, the later ones follow it there, so that their order stays. Part of the caller's
    transaction. Raises ``IntegrityError`` when one of them is known already.
    """
    if actor.kind != "carrier":
        raise Forbidden("Only a carrier brings customers' messages.")
    short = _short_ways(inbounds)
    free = places.take(Counter(_pair(inbound) for inbound in short.values()))
    said: dict[str, Message] = {}
    events: list[Event] = []
    for sid, inbound in short.items():
        place = free.get(_pair(inbound))
        if place is None:
            continue
        if _brings_a_name(inbound, place):
            place = _named(inbound, place)
        said[sid] = _heard(inbound, place=place)
        events.append(_added(said[sid], place=place, media=[], actor=actor))
        free[_pair(inbound)] = replace(place, index=place.index + 1)
    if said:
        Message.objects.bulk_create(said.values())
        record_all(events)
    for sid, message in said.items():
        _heed(short[sid], message, place=free[_pair(short[sid])], actor=actor)
    return [said.get(inbound.provider_sid) for inbound in inbounds]


def post(
    conversation: Conversation,
    *,
    actor: Actor,
    body: str,
    ref: str,
    media: Sequence[str] = (),
    author_kind: str = "agent",
    author_name: str | None = None,
    valid_for_seconds: int | None = None,
) -> Message:
    """Words and files for the customer are stored and queued; a carrier's worker sends them.

    ``ref`` is the sender's own name for the message: the same ``ref`` again returns the message that stands. ``media``
    names files that the agent has uploaded; on a channel that carries one at a time they become several messages, of
    which the first is returned. An agent must take part; a bot must own the conversation. Raises ``Invalid``,
    ``TooLarge``, ``NotFound``, or ``Conflict`` when the conversation is closed or is no longer the bot's, or when the
    channel lets nothing through (``opted-out``, ``window-closed``). What has not gone out after ``valid_for_seconds``
    (1 to 36,000) fails and is not sent.
    """
    text = body.strip()
    saying = Saying("") if media and not text else saying_of(text)
    author = Author.of(actor, kind=author_kind, name=author_name)
    return speak(
        conversation,
        saying=saying,
        ref=ref,
        author=author,
        actor=actor,
        media=media,
        valid_for_seconds=valid_for_seconds,
    )


def saying_of(body: str) -> Saying:
    """Free text as it is sent. Raises ``Invalid``."""
    text = body.strip()
    if not text or len(text) > limits.BODY_LIMIT:
        raise Invalid("A message has 1 to %(limit)d characters.", field="body", params={"limit": limits.BODY_LIMIT})
    return Saying(text)


def speak(
    conversation: Conversation,
    *,
    saying: Saying,
    ref: str,
    author: Author,
    actor: Actor,
    media: Sequence[str] = (),
    valid_for_seconds: int | None = None,
) -> Message:
    """What `post` does once the words are known to be good; a template's words as well."""
    if not ref or len(ref) > 64:
        raise Invalid("Give the message a ref of 1 to 64 characters.", field="ref")
    shortest, longest = limits.VALIDITY_SECONDS
    if valid_for_seconds is not None and not shortest <= valid_for_seconds <= longest:
        raise Invalid(
            "A message is valid for %(shortest)d to %(longest)d seconds.",
            field="valid_for_seconds",
            params={"shortest": shortest, "longest": longest},
        )
    with transaction.atomic():
        locked = queries.locked_conversation(conversation.pk)
        rights.may_speak(locked, actor=actor)
        said = Message.objects.filter(conversation=locked, ref=ref).first()
        if said is not None:
            return said
        if locked.state != Conversation.State.ACTIVE:
            raise Conflict("The conversation is closed.", code="conversation-closed", field="conversation")
        consent.require(locked, now=clock.now(), content_sid=saying.content_sid)
        files = {row.sid: row for row in uploads.waiting(locked, media, channel=locked.channel, actor=actor)}
        said_in_all = [
            outbound.append(
                locked,
                saying=replace(saying, text=words),
                ref=_ref(ref, number),
                author=author,
                actor=actor,
                files=[files[file.sid] for file in some],
                valid_for_seconds=valid_for_seconds,
            )
            for number, (words, some) in enumerate(
                attachments.parts(locked.channel, saying.text, [uploads.facts(row) for row in files.values()]), start=1
            )
        ]
        return said_in_all[0]


def _ref(ref: str, number: int) -> str:
    """The ref of the message ``number`` of those that one post has become."""
    if number == 1:
        return ref
    return f"{ref if len(ref) <= 60 else hashlib.sha256(ref.encode()).hexdigest()[:60]}:{number}"


def start(address: Address, *, channel: str, customer: str, name: str = "", actor: Actor) -> Conversation:
    """The open conversation of this pair of addresses, begun if there is none."""
    with transaction.atomic():
        return _locked_active(address, channel=channel, customer=customer, name=name, actor=actor)


def open_of(conversation: Conversation, *, actor: Actor) -> Conversation:
    """The open conversation of the same pair of addresses, locked: this one, a later one, or one that begins now."""
    identity = conversation.identity
    return _locked_active(
        conversation.address, channel=conversation.channel, customer=identity.address, name="", actor=actor
    )


def _already(inbound: InboundMessage) -> Message | None:
    return Message.objects.filter(provider=inbound.provider, provider_sid=inbound.provider_sid).first()


def _pair(inbound: InboundMessage) -> places.Pair:
    return inbound.to_address, inbound.from_address


def _short_ways(inbounds: Sequence[InboundMessage]) -> dict[str, InboundMessage]:
    """The messages by sid, each once, of each customer those before the first that brings files."""
    short: dict[str, InboundMessage] = {}
    longer: set[places.Pair] = set()
    for inbound in inbounds:
        if inbound.media:
            longer.add(_pair(inbound))
        elif _pair(inbound) not in longer:
            short.setdefault(inbound.provider_sid, inbound)
    return short


def _store(inbound: InboundMessage, *, place: Place, actor: Actor, files: Sequence[str]) -> Message:
    message = _heard(inbound, place=place)
    message.save(force_insert=True)
    media = [
        Media(message=message, source_url=item.url, content_type=item.content_type[:100], due_at=clock.now())
        for item in inbound.media
    ]
    if media:
        Media.objects.bulk_create(media)
    # Only now: a repeat has been turned away by the sid above, and does not miss the files that the first one took.
    media += uploads.attach(uploads.waiting(None, files, channel=inbound.channel, actor=actor), message=message)
    record_all([_added(message, place=place, media=media, actor=actor)])
    _heed(inbound, message, place=place, actor=actor)
    return message


def _heed(inbound: InboundMessage, message: Message, *, place: Place, actor: Actor) -> None:
    """A word that stops or starts our messages does so."""
    if place.channel in keywords.CHANNELS:
        verb = keywords.verb(inbound.body, words=place.words, opt_out_type=inbound.params.get("OptOutType", ""))
        if verb in ("stop", "start"):
            consent.heed(message, verb=verb, actor=actor)


def _heard(inbound: InboundMessage, *, place: Place) -> Message:
    """The customer's message at its place, not written yet."""
    return Message(
        conversation_id=place.conversation_id,
        index=place.index,
        ref=inbound.ref,
        direction=Message.Direction.INBOUND,
        author_kind="customer",
        author_sid=place.contact_sid,
        author_name=place.contact_name,
        body=inbound.body,
        status="received",
        provider=inbound.provider,
        provider_sid=inbound.provider_sid,
        provider_params=dict(inbound.params),
        created_at=inbound.received_at or clock.now(),
    )


def _added(message: Message, *, place: Place, media: Sequence[Media], actor: Actor) -> Event:
    return draft(
        "message.added",
        subject_sid=message.sid,
        data=message_payload(message, conversation_sid=place.conversation_sid, media=media),
        audiences=place.audiences,
        actor=actor,
        workspace_sid=place.workspace_sid,
        ref=message.ref or "",
    )


def _brings_a_name(inbound: InboundMessage, place: Place) -> bool:
    return not place.contact_name and bool(names.clean(inbound.profile_name))


def _named(inbound: InboundMessage, place: Place) -> Place:
    """The contact gets the name that the message brings."""
    name = names.clean(inbound.profile_name)
    Contact.objects.filter(sid=place.contact_sid, name="").update(name=name)
    return replace(place, contact_name=name)


def _begun(inbound: InboundMessage, *, actor: Actor) -> Place:
    """The first place of a conversation that the message begins."""
    address = queries.address(inbound.to_address)
    _locked_active(
        address, channel=inbound.channel, customer=inbound.from_address, name=inbound.profile_name, actor=actor
    )
    return places.take({_pair(inbound): 1})[_pair(inbound)]


def _locked_active(address: Address, *, channel: str, customer: str, name: str, actor: Actor) -> Conversation:
    """The active conversation of the pair, locked; begun if there is none. Runs inside a transaction."""
    name = names.clean(name)
    identity = _identity(address, channel=channel, customer=customer, name=name)
    pair = Conversation.objects.filter(address=address, identity=identity, state=Conversation.State.ACTIVE)
    pk = pair.values_list("pk", flat=True).first()
    if pk is not None:
        locked = queries.locked_conversation(pk)
        if locked.state == Conversation.State.ACTIVE:
            return _introduced(locked, name=name)
    try:
        with transaction.atomic():
            begun = Conversation.objects.create(
                workspace=address.workspace, address=address, identity=identity, channel=channel
            )
            conversation = _introduced(queries.locked_conversation(begun.pk), name=name)
            tell_conversation("conversation.started", conversation, actor=actor)
            return conversation
    except IntegrityError:  # Begun by a rival between our look and our insert.
        return _introduced(queries.locked_conversation(pair.get().pk), name=name)


def _introduced(conversation: Conversation, *, name: str) -> Conversation:
    """A nameless contact gets the name. Everybody writes the contact under the conversation's lock, never before it."""
    contact = conversation.identity.contact
    if name and not contact.name:
        Contact.objects.filter(pk=contact.pk, name="").update(name=name)
        contact.name = name
    return conversation


def _identity(address: Address, *, channel: str, customer: str, name: str) -> Identity:
    known = Identity.objects.filter(workspace=address.workspace, address=customer).first()
    if known is not None:
        return known
    try:
        with transaction.atomic():
            contact = Contact.objects.create(workspace=address.workspace, name=name)
            identity = Identity.objects.create(
                workspace=address.workspace, contact=contact, channel=channel, address=customer
            )
            erasing.recall(identity)
            return identity
    except IntegrityError:
        return Identity.objects.get(workspace=address.workspace, address=customer)
