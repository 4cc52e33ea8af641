"""Sweeps of what is due: messages and files whose ring was lost or whose worker died."""

from datetime import datetime, timedelta

from conversations import actions, queries, tasks
from conversations.models import Media, Message

# The ring after the commit normally does it; the sweep only comes for what stayed behind.
_GRACE = timedelta(seconds=2)
_BATCH = 200


def drive_deliveries(now: datetime) -> None:
    """Ring for queued messages that stayed behind; call attempts off whose worker died."""
    due = Message.objects.filter(due_at__isnull=False)
    died = due.filter(status="sending", provider_sid__isnull=True, due_at__lte=now)
    for sid in list(died.values_list("sid", flat=True)[:_BATCH]):
        actions.expire_claim(sid, now=now)
    for sid in queries.due_conversations(now - _GRACE, limit=_BATCH):
        if tasks.may_ring(sid):
            tasks.ring_deliver(sid)


def drive_media(now: datetime) -> None:
    """Ring for files that stayed behind."""
    waiting = Media.objects.filter(status=Media.Status.PENDING, due_at__lte=now - _GRACE)
    for sid in list(waiting.values_list("sid", flat=True)[:_BATCH]):
        if tasks.may_ring(sid):
            tasks.ring_fetch(sid)
