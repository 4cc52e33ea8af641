"""The words that a visitor may say over the socket."""

from collections.abc import Callable, Mapping
from typing import Any

from conversations import queries as conversation_queries
from conversations.payloads import message_payload
from eventlog import live
from kernel.errors import Invalid
from webchat import actions
from webchat.models import Visitor
from webchat.payloads import trimmed_message

Frame = Mapping[str, Any]
Answer = Mapping[str, Any] | None


def carry_out(name: str, frame: Frame, *, visitor: Visitor) -> Answer:
    """Do what the frame asks; raises ``DomainError`` with what is wrong and where."""
    command = COMMANDS.get(name)
    if command is None:
        raise Invalid("There is no command %(name)s.", field="do", params={"name": name[:64]})
    return command(frame, visitor)


def post(frame: Frame, visitor: Visitor) -> Answer:
    body = frame.get("body")
    if not isinstance(body, str):
        raise Invalid("body is a text.", field="body")
    message = actions.say(visitor, body=body, ref=str(frame.get("ref", "")), media=_sids(frame))
    whole = message_payload(message, conversation_sid=message.conversation.sid, media=list(message.media.all()))
    return {"message": trimmed_message(whole)}


def delivered(frame: Frame, visitor: Visitor) -> Answer:
    return _seen(frame, visitor, status="delivered")


def read(frame: Frame, visitor: Visitor) -> Answer:
    return _seen(frame, visitor, status="read")


def typing(_: Frame, visitor: Visitor) -> Answer:
    """Tell the agents in the conversation; nobody else listens yet."""
    conversation = visitor.conversation
    if conversation is not None:
        workers = [f"worker:{row.worker.sid}" for row in conversation_queries.present(conversation)]
        author = {"kind": "customer", "name": visitor.name}
        live.blip(workers, {"kind": "typing", "conversation": conversation.sid, "author": author})
    return None


def _sids(frame: Frame) -> list[str]:
    """Of the files that go along, each once."""
    given = frame.get("media", [])
    if not isinstance(given, list) or not all(isinstance(sid, str) for sid in given):
        raise Invalid("media is a list of sids.", field="media")
    return list(dict.fromkeys(given))


def _seen(frame: Frame, visitor: Visitor, *, status: str) -> Answer:
    conversation, index = frame.get("conversation"), frame.get("index")
    if not isinstance(conversation, str):
        raise Invalid("conversation is a sid.", field="conversation")
    if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < 2**31:
        raise Invalid("%(field)s is a whole number.", field="index", params={"field": "index"})
    actions.seen(visitor, conversation_sid=conversation, index=index, status=status)
    return None


COMMANDS: dict[str, Callable[[Frame, Visitor], Answer]] = {
    "message.post": post,
    "conversation.delivered": delivered,
    "conversation.read": read,
    "typing": typing,
}
