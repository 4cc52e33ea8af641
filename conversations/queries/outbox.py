"""What went out, or is to, and is not settled with the provider: how much, what is late, what is of unknown fate."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q

from conversations.core import states
from conversations.core.searching import Search
from conversations.models import Message


def outbox_depth() -> int:
    """Outbound messages that the carrier has not taken yet."""
    return Message.objects.filter(status__in=states.OPEN, provider_sid__isnull=True, due_at__isnull=False).count()


def late_messages(now: datetime, *, limit: int) -> list[str]:
    """Queued messages that are not valid any more."""
    late = Message.objects.filter(status="queued", valid_until__lte=now).order_by("valid_until")
    return list(late.values_list("sid", flat=True)[:limit])


def unknown_count() -> int:
    """Messages of which nobody knows whether they were sent, and that are still looked for."""
    return Message.objects.filter(status="unknown", due_at__isnull=False).count()


def due_looks(now: datetime, *, limit: int) -> list[str]:
    """Messages of unknown fate that somebody should look for in the provider's list now."""
    due = Message.objects.filter(status="unknown", due_at__lte=now).order_by("due_at")
    return list(due.values_list("sid", flat=True)[:limit])


def known_sids(sids: Sequence[str], *, provider: str, unless: str) -> set[str]:
    """Those of these provider's sids that are messages of ours already; ``unless`` is the message that asks."""
    known = Message.objects.filter(provider=provider, provider_sid__in=sids).exclude(sid=unless)
    return {sid for sid in known.values_list("provider_sid", flat=True) if sid is not None}


def rivals(search: Search) -> int:
    """How many other messages could be meant by what is found: same text, same customer, no sid yet."""
    asking = Message.objects.select_related("conversation").get(sid=search.message_sid)
    lost = Message.objects.filter(
        Q(status="unknown") | Q(status="sending"),
        conversation__address=asking.conversation.address_id,
        conversation__identity=asking.conversation.identity_id,
        body=asking.body,
        provider_sid__isnull=True,
    )
    return lost.exclude(pk=asking.pk).count()
