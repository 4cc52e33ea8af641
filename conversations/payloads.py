"""The wire shape of conversations and messages: the same in events, snapshots and API answers."""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from django.urls import reverse

from conversations.core import phones, policy
from conversations.core.policy import Standing
from conversations.core.templates import Button
from conversations.details import DetailsPayload, details_payload
from conversations.models import Circuit, Conversation, Media, Message, Participant, ScheduledMessage, Upload
from kernel import clock


class AuthorPayload(TypedDict):
    """Who said it."""

    kind: str
    sid: str
    name: str


class MediaPayload(TypedDict):
    """A file; ``url`` is ours, and asks who you are. A picture that can be shown has a size, and a small one beside.

    ``failure``: why a customer's file could not be fetched, by the carrier's code.
    """

    sid: str
    name: str
    content_type: str
    size: int
    status: str
    url: str
    thumbnail_url: str
    width: int
    height: int
    failure: str


class UploadPayload(TypedDict):
    """A file that waits for the agent's next message."""

    sid: str
    name: str
    content_type: str
    size: int
    thumbnail_url: str


class ButtonPayload(TypedDict):
    """``kind``: reply, url, phone, copy or list; ``value``: what it gives back, or where it leads."""

    kind: str
    title: str
    value: str


class ContentPayload(TypedDict):
    """What a message made of a template shows beside its words."""

    sid: str
    name: str
    footer: str
    buttons: list[ButtonPayload]
    media: list[str]


class MessagePayload(TypedDict):
    """One message."""

    sid: str
    version: int
    conversation_sid: str
    index: int
    ref: str | None
    direction: str
    author: AuthorPayload
    body: str
    media: list[MediaPayload]
    details: DetailsPayload
    content: ContentPayload | None
    status: str
    error_code: str
    error_message: str
    date_created: str | None


class LastMessagePayload(TypedDict):
    """The line under a conversation's name in a list."""

    index: int
    author_kind: str
    body: str
    date_created: str | None


class ParticipantPayload(TypedDict):
    """An agent in the conversation."""

    worker_sid: str
    name: str
    read_index: int


class CarrierPayload(TypedDict):
    """The way to the provider: ``interrupted_at`` while messages wait since it is out of order; ``code`` says why."""

    version: int
    interrupted_at: str | None
    code: str


class WindowPayload(TypedDict):
    """Until when free text may be sent; ``None`` while the customer has never written."""

    closes_at: str | None


class ConversationPayload(TypedDict):
    """One conversation without its messages."""

    sid: str
    version: int
    state: str
    channel: str
    owner: str
    contact: dict[str, str]
    customer_address: str
    customer_shown: str
    our_address: str
    our_name: str
    attributes: Mapping[str, Any]
    last_index: int
    participants: list[ParticipantPayload]
    date_created: str | None
    date_closed: str | None
    opted_out: bool
    blocked: bool
    window: WindowPayload | None
    last_message: LastMessagePayload | None


_PREVIEW_LENGTH = 140


def media_payload(media: Media) -> MediaPayload:
    return {
        "sid": media.sid,
        "name": media.name,
        "content_type": media.content_type,
        "size": media.size,
        "status": media.status,
        "url": reverse("media", args=[media.sid]),
        "thumbnail_url": reverse("media-thumbnail", args=[media.sid]) if media.thumbnail else "",
        "width": media.width,
        "height": media.height,
        "failure": media.failure,
    }


def upload_payload(upload: Upload) -> UploadPayload:
    return {
        "sid": upload.sid,
        "name": upload.name,
        "content_type": upload.content_type,
        "size": upload.size,
        "thumbnail_url": reverse("media-thumbnail", args=[upload.sid]) if upload.thumbnail else "",
    }


def message_payload(message: Message, *, conversation_sid: str, media: Sequence[Media]) -> MessagePayload:
    return {
        "sid": message.sid,
        "version": message.version,
        "conversation_sid": conversation_sid,
        "index": message.index,
        "ref": message.ref,
        "direction": message.direction,
        "author": {"kind": message.author_kind, "sid": message.author_sid, "name": message.author_name},
        "body": message.body,
        "media": [media_payload(item) for item in media],
        "details": details_payload(message),
        "content": content_payload(message),
        "status": message.status,
        "error_code": message.error_code,
        "error_message": message.error_message,
        "date_created": clock.iso(message.created_at),
    }


def content_payload(message: Message | ScheduledMessage) -> ContentPayload | None:
    if not message.content_sid:
        return None
    content = message.content
    return {
        "sid": message.content_sid,
        "name": content["name"],
        "footer": content["footer"],
        "buttons": content["buttons"],
        "media": content["media"],
    }


def button_payload(button: Button) -> ButtonPayload:
    return {"kind": button.kind, "title": button.title, "value": button.value}


def carrier_payload(circuit: Circuit | None) -> CarrierPayload:
    if circuit is None:
        return {"version": 0, "interrupted_at": None, "code": ""}
    return {"version": circuit.version, "interrupted_at": clock.iso(circuit.since), "code": circuit.code}


def last_message_payload(message: Message | None) -> LastMessagePayload | None:
    if message is None:
        return None
    return {
        "index": message.index,
        "author_kind": message.author_kind,
        "body": message.body[:_PREVIEW_LENGTH],
        "date_created": clock.iso(message.created_at),
    }


def conversation_payload(
    conversation: Conversation,
    *,
    participants: Sequence[Participant],
    last_message: Message | None,
    standing: Standing,
) -> ConversationPayload:
    """``conversation`` needs ``address`` and ``identity__contact``, each participant its ``worker``, loaded."""
    contact = conversation.identity.contact
    return {
        "sid": conversation.sid,
        "version": conversation.version,
        "state": conversation.state,
        "channel": conversation.channel,
        "owner": conversation.owner,
        "contact": {"sid": contact.sid, "name": contact.name},
        "customer_address": conversation.identity.address,
        "customer_shown": phones.shown(conversation.identity.address),
        "our_address": conversation.address.address,
        "our_name": conversation.address.friendly_name,
        "attributes": conversation.attributes,
        "last_index": conversation.last_index,
        "participants": [
            {"worker_sid": row.worker.sid, "name": row.worker.friendly_name, "read_index": row.read_index}
            for row in participants
        ],
        "date_created": clock.iso(conversation.created_at),
        "date_closed": clock.iso(conversation.closed_at),
        "opted_out": standing.opted_out,
        "blocked": standing.blocked,
        "window": {"closes_at": clock.iso(policy.closes_at(conversation.channel, standing))}
        if conversation.channel in policy.WINDOWED
        else None,
        "last_message": last_message_payload(last_message),
    }
