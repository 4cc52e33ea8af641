"""A message of ours takes its place in the conversation."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from conversations.actions import uploads
from conversations.actions.telling import tell_message
from conversations.models import Conversation, Message, Upload
from kernel import clock
from kernel.actor import Actor


@dataclass(frozen=True, slots=True)
class Saying:
    """Words for the customer; with a ``content_sid`` they are what that template reads like.

    ``content`` is what the transcript shows beside them, and the values that go to the provider.
    """

    text: str
    content_sid: str = ""
    content: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Author:
    """Whose words they are, which need not be who acts."""

    kind: str
    sid: str
    name: str

    @classmethod
    def of(cls, actor: Actor, *, kind: str, name: str | None) -> "Author":
        """Who acts speaks for himself, under another name if one is given."""
        return cls(kind, actor.worker_sid or actor.sid, actor.name if name is None else name)


def append(
    conversation: Conversation,
    *,
    saying: Saying,
    ref: str,
    author: Author,
    actor: Actor,
    files: Sequence[Upload] = (),
    valid_for_seconds: int | None = None,
) -> Message:
    """Queue words and files for the customer at the conversation's next place; the caller holds its lock.

    What has not gone out after ``valid_for_seconds`` fails instead.
    """
    now = clock.now()
    # A web chat has no carrier: the visitor's own socket is the delivery.
    carried = conversation.channel != "webchat"
    message = Message.objects.create(
        conversation=conversation,
        index=_next_index(conversation),
        ref=ref,
        direction=Message.Direction.OUTBOUND,
        author_kind=author.kind,
        author_sid=author.sid,
        author_name=author.name[:120],
        body=saying.text,
        content_sid=saying.content_sid,
        content=saying.content,
        status="queued" if carried else "sent",
        due_at=now if carried else None,
        valid_until=now + timedelta(seconds=valid_for_seconds) if carried and valid_for_seconds else None,
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
