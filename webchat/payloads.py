"""What a visitor sees of events and messages: the words, who said them, how far they got. Nothing from inside."""

from collections.abc import Mapping
from typing import Any, TypedDict

from django.urls import reverse

from conversations.models import Conversation


class VisitorPayload(TypedDict):
    """The visitor's own name for themselves."""

    sid: str
    name: str


class ChatPayload(TypedDict):
    """One conversation as its visitor sees it; ``read_index`` is how far the agents have read."""

    sid: str
    version: int
    state: str
    agents: list[str]
    read_index: int


class ChatMessagePayload(TypedDict):
    """One message as its visitor sees it; ``ref`` only where it is the visitor's own."""

    sid: str
    version: int
    conversation_sid: str
    index: int
    ref: str | None
    direction: str
    author: dict[str, str]
    body: str
    media: list[dict[str, Any]]
    status: str
    date_created: str | None


class ChatSnapshot(TypedDict):
    """What ``hello`` is answered with."""

    visitor: VisitorPayload
    conversation: ChatPayload | None
    messages: list[ChatMessagePayload]


def trimmed_message(message: Mapping[str, Any]) -> ChatMessagePayload:
    """From the message's whole payload."""
    return {
        "sid": message["sid"],
        "version": message["version"],
        "conversation_sid": message["conversation_sid"],
        "index": message["index"],
        "ref": message["ref"] if message["direction"] == "inbound" else None,
        "direction": message["direction"],
        "author": {"kind": message["author"]["kind"], "name": message["author"]["name"]},
        "body": message["body"],
        "media": [_trimmed_media(item) for item in message["media"]],
        "status": message["status"],
        "date_created": message["date_created"],
    }


def trimmed_conversation(conversation: Mapping[str, Any]) -> ChatPayload:
    """From the conversation's whole payload."""
    here = conversation["participants"]
    return {
        "sid": conversation["sid"],
        "version": conversation["version"],
        "state": conversation["state"],
        "agents": [row["name"] for row in here],
        "read_index": max((row["read_index"] for row in here), default=0),
    }


def chat_payload(conversation: Conversation, *, agents: list[str], read_index: int) -> ChatPayload:
    """The same from the row."""
    return {
        "sid": conversation.sid,
        "version": conversation.version,
        "state": conversation.state,
        "agents": agents,
        "read_index": read_index,
    }


def trimmed_event(frame: Mapping[str, Any]) -> dict[str, Any]:
    """An event for the visitor's socket. What is not theirs keeps its number and loses everything else."""
    kind, data = frame["type"], frame["data"]
    shown: dict[str, Any] = {"t": "event", "a": frame["a"], "n": frame["n"], "at": frame["at"]}
    if kind in ("message.added", "message.updated"):
        message = trimmed_message(data)
        return shown | {"type": kind, "ref": message["ref"] or "", "data": message}
    if kind.startswith("conversation."):
        return shown | {"type": kind, "ref": "", "data": trimmed_conversation(data)}
    if kind.startswith("participant."):
        inner = data.get("conversation", data)
        return shown | {"type": "conversation.updated", "ref": "", "data": trimmed_conversation(inner)}
    return shown | {"type": "nothing", "ref": "", "data": {}}


def _trimmed_media(item: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: item.get(name, "") for name in ("sid", "name", "content_type", "size", "status", "width", "height")}
    small = reverse("chat-media-thumbnail", args=[item["sid"]]) if item.get("thumbnail_url") else ""
    return kept | {"url": reverse("chat-media", args=[item["sid"]]), "thumbnail_url": small}
