"""The wire shape of what is to be said later."""

from typing import TypedDict

from conversations.models import ScheduledMessage
from conversations.payloads import AuthorPayload, ContentPayload, content_payload
from kernel import clock


class ScheduledMessagePayload(TypedDict):
    """``message_sid`` is empty until it has gone."""

    sid: str
    version: int
    conversation_sid: str
    ref: str
    author: AuthorPayload
    body: str
    content: ContentPayload | None
    status: str
    due_at: str | None
    error_code: str
    error_message: str
    message_sid: str
    date_created: str | None


def scheduled_payload(row: ScheduledMessage) -> ScheduledMessagePayload:
    """``row`` needs its ``conversation`` and ``message`` loaded."""
    return {
        "sid": row.sid,
        "version": row.version,
        "conversation_sid": row.conversation.sid,
        "ref": row.ref,
        "author": {"kind": row.author_kind, "sid": row.author_sid, "name": row.author_name},
        "body": row.body,
        "content": content_payload(row),
        "status": row.status,
        "due_at": clock.iso(row.due_at),
        "error_code": row.error_code,
        "error_message": row.error_message,
        "message_sid": row.message.sid if row.message else "",
        "date_created": clock.iso(row.created_at),
    }
