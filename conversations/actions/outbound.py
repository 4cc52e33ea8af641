"""A message of ours takes its place in the conversation."""

from collections.abc import Sequence

from conversations.actions import uploads
from conversations.actions.telling import tell_message
from conversations.models import Conversation, Message, Upload
from kernel import clock
from kernel.actor import Actor


def append(
    conversation: Conversation,
    *,
    text: str,
    ref: str,
    actor: Actor,
    author_kind: str,
    author_name: str | None,
    files: Sequence[Upload] = (),
) -> Message:
    """Queue words and files for the customer at the conversation's next place; the caller holds its lock."""
    # A web chat has no carrier: the visitor's own socket is the delivery.
    carried = conversation.channel != "webchat"
    message = Message.objects.create(
        conversation=conversation,
        index=_next_index(conversation),
        ref=ref,
        direction=Message.Direction.OUTBOUND,
        author_kind=author_kind,
        author_sid=actor.worker_sid or actor.sid,
        author_name=(actor.name if author_name is None else author_name)[:120],
        body=text,
        status="queued" if carried else "sent",
        due_at=clock.now() if carried else None,
    )
    _write_counters(conversation)
    media = uploads.attach(files, message=message)
    tell_message("message.added", message, conversation=conversation, actor=actor, media=media)
    return message


def _next_index(conversation: Conversation) -> int:
    """Count on, under the row lock that the caller holds: no gaps, and the order of commits."""
    conversation.last_index += 1
    conversation.version += 1
    return conversation.last_index


def _write_counters(conversation: Conversation) -> None:
    conversation.save(update_fields=["last_index", "version"])
