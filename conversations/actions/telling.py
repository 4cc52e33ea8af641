"""Recording what happened in a conversation, for those who take part."""

from collections.abc import Sequence

from django.db.models import F

from conversations import queries
from conversations.models import Conversation, Media, Message, Participant
from conversations.payloads import message_payload
from eventlog.models import Event
from eventlog.record import draft, record, record_all
from kernel.actor import Actor


def tell_message(
    type: str,  # noqa: A002
    message: Message,
    *,
    conversation: Conversation,
    actor: Actor,
    media: Sequence[Media] | None = None,
) -> Event:
    """Record ``message.added`` or ``message.updated`` with the whole message; ``media`` if the caller knows it."""
    files = list(message.media.all()) if media is None else media
    return record(
        type,
        subject_sid=message.sid,
        data=message_payload(message, conversation_sid=conversation.sid, media=files),
        audiences=queries.heard_by([conversation])[conversation.pk],
        actor=actor,
        workspace_sid=conversation.workspace.sid,
        ref=message.ref or "",
    )


def tell_messages(
    type: str,  # noqa: A002
    messages: Sequence[Message],
    *,
    conversations: Sequence[Conversation],
    actor: Actor,
) -> None:
    """The same of several messages of these conversations, whose files have been read already."""
    talks = {talk.pk: talk for talk in conversations}
    heard_by = queries.heard_by(conversations)
    record_all(
        [
            draft(
                type,
                subject_sid=message.sid,
                data=message_payload(
                    message,
                    conversation_sid=talks[message.conversation_id].sid,
                    media=list(message.media.all()),
                ),
                audiences=heard_by[message.conversation_id],
                actor=actor,
                workspace_sid=talks[message.conversation_id].workspace.sid,
                ref=message.ref or "",
            )
            for message in messages
        ]
    )


def tell_conversation(
    type: str,  # noqa: A002
    conversation: Conversation,
    *,
    actor: Actor,
    participants: Sequence[Participant] | None = None,
    listeners: Sequence[Participant] = (),
    worker_sid: str | None = None,
) -> Event:
    """Record an event about the conversation; ``listeners`` hear of it besides the participants."""
    here = queries.present(conversation) if participants is None else participants
    body = queries.payload(conversation, here)
    return record(
        type,
        subject_sid=conversation.sid,
        data={"conversation": body, "worker_sid": worker_sid} if worker_sid else body,
        audiences=[name for name in queries.audiences(conversation, [*here, *listeners])],
        actor=actor,
        workspace_sid=conversation.workspace.sid,
    )


def retell(type: str, conversation: Conversation, *, actor: Actor) -> None:  # noqa: A002
    """Whoever sees the conversation, which is locked, sees its customer as he is now: it is itself another version."""
    Conversation.objects.filter(pk=conversation.pk).update(version=F("version") + 1)
    conversation.version += 1
    tell_conversation(type, conversation, actor=actor)
