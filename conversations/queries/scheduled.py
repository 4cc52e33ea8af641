"""What is to be said later, and by whom it may be seen."""

from collections.abc import Iterable
from datetime import datetime

from conversations import queries
from conversations.models import Conversation, ScheduledMessage
from conversations.scheduled_payloads import ScheduledMessagePayload, scheduled_payload
from kernel import sids
from kernel.actor import Actor
from kernel.errors import Invalid, NotFound


def scheduled(sid: str, *, actor: Actor) -> ScheduledMessage:
    """The scheduled message, if the actor sees its conversation; raises ``NotFound``."""
    rows = ScheduledMessage.objects.filter(conversation__in=queries.visible_to(actor)).select_related("message")
    found = rows.filter(sid=sid).first() if sids.is_sid(sid, "SD") else None
    if found is None:
        raise NotFound("There is no scheduled message %(sid)s.", field="scheduled", params={"sid": sid[:64]})
    return found


def page(
    conversation: Conversation, *, status: str = "", size: int, after: str = ""
) -> tuple[list[ScheduledMessage], str | None]:
    """Those of the conversation, newest first, and the token of the next page: the sid of the last one.

    Raises ``Invalid`` for a token that is not of this list.
    """
    rows = ScheduledMessage.objects.filter(conversation=conversation).order_by("-id")
    if after:
        last = rows.filter(sid=after).values_list("pk", flat=True).first()
        if last is None:
            raise Invalid("This page token is not one of yours. Begin without it.", field="page_token")
        rows = rows.filter(pk__lt=last)
    if status:
        rows = rows.filter(status=status)
    found = list(rows.select_related("conversation", "message")[: size + 1])
    return found[:size], found[size - 1].sid if len(found) > size else None


def waiting_in(conversation_sids: Iterable[str]) -> list[ScheduledMessagePayload]:
    """What is still to be said in these conversations, or could not be: for the snapshot."""
    rows = ScheduledMessage.objects.filter(
        conversation__sid__in=list(conversation_sids), status__in=("scheduled", "failed")
    )
    return [scheduled_payload(row) for row in rows.select_related("conversation", "message").order_by("due_at", "pk")]


def due(now: datetime, *, limit: int) -> list[str]:
    """Those whose time has come, longest first."""
    rows = ScheduledMessage.objects.filter(status="scheduled", due_at__lte=now).order_by("due_at", "pk")
    return list(rows.values_list("sid", flat=True)[:limit])
