"""The words that a desk may say over its socket, each one an action."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from agents import queries as agent_queries
from agents.models import Worker
from conversations import actions as conversations
from conversations import queries as conversation_queries
from conversations.models import Message
from conversations.payloads import message_payload
from conversations.queries import scheduled as scheduled_queries
from conversations.scheduled_payloads import scheduled_payload
from eventlog import live
from interactions import actions as interactions
from kernel.actor import Actor
from kernel.errors import Invalid, NotFound
from routing import actions as routing
from routing import queries as routing_queries
from routing.payloads import transfer_payload

MANY = 100
Frame = Mapping[str, Any]
Answer = Mapping[str, Any] | None


def carry_out(name: str, frame: Frame, *, actor: Actor, worker: Worker) -> Answer:
    """Do what the frame asks; raises ``DomainError`` with what is wrong and where."""
    command = COMMANDS.get(name)
    if command is None:
        raise Invalid("There is no command %(name)s.", field="do", params={"name": name[:64]})
    return command(frame, actor, worker)


def text(frame: Frame, field: str, *, limit: int = 64) -> str:
    """A required text of the frame."""
    value = frame.get(field)
    if not isinstance(value, str) or not value or len(value) > limit:
        raise Invalid(
            "%(field)s is a text of at most %(limit)d characters.", field=field, params={"field": field, "limit": limit}
        )
    return value


def optional(frame: Frame, field: str, *, limit: int) -> str:
    """A text of the frame that may be missing."""
    return text(frame, field, limit=limit) if frame.get(field) else ""


def number(frame: Frame, field: str) -> int:
    """A required whole number, not negative."""
    value = frame.get(field)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 2**31:
        raise Invalid("%(field)s is a whole number.", field=field, params={"field": field})
    return value


def names(frame: Frame, field: str) -> list[str]:
    """A list of sids of the frame that may be missing."""
    value = frame.get(field, [])
    if not isinstance(value, list) or len(value) > 100 or not all(isinstance(item, str) for item in value):
        raise Invalid("%(field)s is a list of sids.", field=field, params={"field": field})
    return value


def words(frame: Frame, field: str) -> str:
    """A text of any length; the action says how long it may be."""
    value = frame.get(field)
    if not isinstance(value, str):
        raise Invalid("%(field)s is a text.", field=field, params={"field": field})
    return value


def texts(frame: Frame, field: str) -> dict[str, str]:
    """Names with a text each; none at all may be left out."""
    value = frame.get(field) or {}
    if not isinstance(value, dict) or len(value) > MANY or not all(isinstance(each, str) for each in value.values()):
        raise Invalid(
            "%(field)s is an object of at most %(limit)d texts.", field=field, params={"field": field, "limit": MANY}
        )
    return value


def moment(frame: Frame, field: str) -> datetime:
    """A required moment that says its zone."""
    try:
        value = datetime.fromisoformat(words(frame, field))
        value.astimezone(UTC)
    except (ValueError, OverflowError):
        value = None
    if value is None or value.tzinfo is None:
        raise Invalid(
            "%(field)s is a moment with its zone, as in 2030-01-02T15:04:05Z.", field=field, params={"field": field}
        )
    return value


def set_activity(frame: Frame, actor: Actor, worker: Worker) -> Answer:
    activity = agent_queries.activity(text(frame, "activity"), workspace=worker.workspace)
    routing.leave(worker, activity=activity, reject_pending=frame.get("reject_pending") is True, actor=actor)
    return None


def accept(frame: Frame, actor: Actor, worker: Worker) -> Answer:
    routing.accept(routing_queries.reservation(text(frame, "reservation")), actor=actor)
    return None


def reject(frame: Frame, actor: Actor, worker: Worker) -> Answer:
    routing.reject(routing_queries.reservation(text(frame, "reservation")), actor=actor)
    return None


def wrap_up(frame: Frame, actor: Actor, worker: Worker) -> Answer:
    routing.wrap_up(routing_queries.task(text(frame, "task")), actor=actor)
    return None


def complete(frame: Frame, actor: Actor, worker: Worker) -> Answer:
    interactions.complete(
        routing_queries.task(text(frame, "task")),
        actor=actor,
        disposition=optional(frame, "disposition", limit=64),
        note=optional(frame, "note", limit=500),
    )
    return None


def transfer(frame: Frame, actor: Actor, worker: Worker) -> Answer:
    made = routing.transfer(
        routing_queries.task(text(frame, "task")),
        to=text(frame, "to"),
        mode=optional(frame, "mode", limit=4) or "COLD",
        note=optional(frame, "note", limit=2000),
        actor=actor,
    )
    return {"transfer": transfer_payload(routing_queries.transfer(made.sid))}


def cancel_transfer(frame: Frame, actor: Actor, worker: Worker) -> Answer:
    routing.cancel_transfer(routing_queries.transfer(text(frame, "transfer")), actor=actor)
    return None


def post(frame: Frame, actor: Actor, worker: Worker) -> Answer:
    conversation = conversation_queries.conversation(text(frame, "conversation"), actor=actor)
    ref = text(frame, "ref")
    if frame.get("content_sid"):
        message = conversations.post_template(
            conversation,
            actor=actor,
            content_sid=text(frame, "content_sid"),
            variables=texts(frame, "content_variables"),
            ref=ref,
            author_name=worker.friendly_name,
        )
    else:
        message = conversations.post(
            conversation,
            actor=actor,
            body=words(frame, "body"),
            ref=ref,
            media=names(frame, "media"),
            author_name=worker.friendly_name,
        )
    return {
        "message": message_payload(message, conversation_sid=conversation.sid, media=list(message.media.all())),
    }


def fetch(frame: Frame, actor: Actor, worker: Worker) -> Answer:
    conversations.fetch_again(conversation_queries.failed_media(text(frame, "media"), actor=actor), actor=actor)
    return None


def schedule(frame: Frame, actor: Actor, worker: Worker) -> Answer:
    conversation = conversation_queries.conversation(text(frame, "conversation"), actor=actor)
    saying = (
        conversations.saying_of_template(
            text(frame, "content_sid"), channel=conversation.channel, variables=texts(frame, "content_variables")
        )
        if frame.get("content_sid")
        else conversations.saying_of(words(frame, "body"))
    )
    row = conversations.schedule(
        conversation,
        saying=saying,
        due_at=moment(frame, "due_at"),
        ref=text(frame, "ref"),
        actor=actor,
        author_name=worker.friendly_name,
    )
    return {"scheduled": scheduled_payload(row)}


def change_scheduled(frame: Frame, actor: Actor, worker: Worker) -> Answer:
    row = scheduled_queries.scheduled(text(frame, "scheduled"), actor=actor)
    body = words(frame, "body") if "body" in frame else None
    conversations.change_scheduled(row, due_at=moment(frame, "due_at"), body=body, actor=actor)
    return None


def cancel_scheduled(frame: Frame, actor: Actor, worker: Worker) -> Answer:
    conversations.cancel_scheduled(scheduled_queries.scheduled(text(frame, "scheduled"), actor=actor), actor=actor)
    return None


def resend(frame: Frame, actor: Actor, worker: Worker) -> Answer:
    seen = conversation_queries.visible_to(actor)
    message = Message.objects.filter(sid=text(frame, "message"), conversation__in=seen).first()
    if message is None:
        raise NotFound("There is no such message.", field="message")
    conversations.resend(message, actor=actor)
    return None


def read(frame: Frame, actor: Actor, worker: Worker) -> Answer:
    conversation = conversation_queries.conversation(text(frame, "conversation"), actor=actor)
    conversations.mark_read(conversation, index=number(frame, "index"), actor=actor)
    return None


def typing(frame: Frame, actor: Actor, worker: Worker) -> Answer:
    """Tell the visitor of a web chat and the colleagues in the conversation; no other channel carries it."""
    conversation = conversation_queries.conversation(text(frame, "conversation"), actor=actor)
    here = conversation_queries.present(conversation)
    if all(row.worker_id != worker.pk for row in here):
        return None
    others = [row for row in here if row.worker_id != worker.pk]
    live.blip(
        conversation_queries.audiences(conversation, others),
        {
            "kind": "typing",
            "conversation": conversation.sid,
            "author": {"kind": "agent", "name": worker.friendly_name},
        },
    )
    return None


COMMANDS: dict[str, Callable[[Frame, Actor, Worker], Answer]] = {
    "activity.set": set_activity,
    "reservation.accept": accept,
    "reservation.reject": reject,
    "task.wrap_up": wrap_up,
    "task.complete": complete,
    "task.transfer": transfer,
    "transfer.cancel": cancel_transfer,
    "message.post": post,
    "message.schedule": schedule,
    "scheduled.change": change_scheduled,
    "scheduled.cancel": cancel_scheduled,
    "message.resend": resend,
    "media.fetch": fetch,
    "conversation.read": read,
    "typing": typing,
}
