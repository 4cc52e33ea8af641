"""Senders and their lines: a message goes when its sender's bucket lets it, and waits in the sender's line until then.

The bucket is a column that guarded UPDATEs move on, so all workers of all machines share it. Whoever finds it empty
joins the line; the pump grants turns as the bucket fills, and rings a worker for each.
"""

import math
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Case, DateTimeField, Exists, F, OuterRef, Q, QuerySet, Value, When

from conversations import queries
from conversations.core import pacing
from conversations.models import Address, Conversation, Message, Turn
from eventlog import doorbell
from eventlog.dbclock import database_now

# At most so many turns of one sender at once; the next sweep comes in hundredths of a second.
_GRANTS: Final = 200
_PEOPLE: Final = frozenset({"agent", "system"})


def take(message: Message, *, conversation: Conversation, now: datetime) -> bool:
    """Whether the message goes now; its sender has been charged then. Otherwise it stands in the sender's line.

    Part of the claim, under the conversation's lock.
    """
    turn = getattr(message, "turn", None)
    if turn is not None:
        if turn.granted_at is None:
            return False
        turn.delete()
        return True
    address = conversation.address
    units = pacing.cost(conversation.channel, message.body)
    if _charge(address, units=units, now=now):
        return True
    Message.objects.filter(pk=message.pk).update(due_at=_guess(address, now=now))
    rank = 0 if message.author_kind in _PEOPLE else 1
    Turn.objects.create(message=message, address=address, rank=rank)
    transaction.on_commit(doorbell.ring, robust=True)
    return False


def grant_turns(now: datetime) -> list[str]:
    """Grant what the buckets hold; the conversations whose message's turn it is now.

    None while the circuit is open: what waits keeps its place.
    """
    ready = Address.objects.filter(_open(now), _not_held(now), Exists(_line()))
    pks = list(ready.values_list("pk", flat=True))
    if not pks or queries.is_shut(queries.circuit(), now=now):
        return []
    return [sid for pk in pks for sid in _grant(pk, now=now)]


def hold_sender(message_sid: str, *, seconds: float) -> None:
    """The provider takes nothing from the message's sender for so long."""
    until = database_now() + timedelta(seconds=seconds)
    earlier = Q(held_until__isnull=True) | Q(held_until__lt=until)
    of = Message.objects.filter(sid=message_sid).values("conversation__address_id")
    Address.objects.filter(earlier, pk__in=of).update(held_until=until)


def _charge(address: Address, *, units: int, now: datetime) -> bool:
    """One guarded UPDATE: the bucket is open, nobody holds the sender, and nobody waits in its line."""
    span = pacing.span(units, rate=address.rate)
    later = Case(
        When(free_at__gt=now, then=F("free_at") + span), default=Value(now + span), output_field=DateTimeField()
    )
    ready = Address.objects.filter(_open(now), _not_held(now), ~Exists(_line()), pk=address.pk)
    return ready.update(free_at=later) == 1


def _grant(pk: int, *, now: datetime) -> list[str]:
    """The first of one sender's line, as many as its bucket holds."""
    with transaction.atomic():
        address = Address.objects.select_for_update(no_key=True).get(pk=pk)
        free_at, granted, dead = address.free_at, [], []
        waiting = Turn.objects.filter(address=address, granted_at__isnull=True).order_by("rank", "id")
        for turn in waiting.select_related("message__conversation")[: _at_most(address, now=now)]:
            if turn.message.status != "queued":  # It was cancelled, or came too late.
                dead.append(turn.pk)
            elif pacing.is_open(free_at, now=now):
                units = pacing.cost(address.channel, turn.message.body)
                free_at = pacing.taken(free_at, units=units, rate=address.rate, now=now)
                granted.append(turn)
        Turn.objects.filter(pk__in=dead).delete()
        Turn.objects.filter(pk__in=[turn.pk for turn in granted]).update(granted_at=now)
        Message.objects.filter(pk__in=[turn.message_id for turn in granted], status="queued").update(due_at=now)
        Address.objects.filter(pk=pk).update(free_at=free_at)
    return [turn.message.conversation.sid for turn in granted]


def _at_most(address: Address, *, now: datetime) -> int:
    begin = now if address.free_at is None else max(address.free_at, now)
    room = (now + pacing.BURST - begin) / pacing.span(1, rate=address.rate)
    return min(_GRANTS, math.floor(room) + 2)


def _guess(address: Address, *, now: datetime) -> datetime:
    """When its turn may come, if nobody goes before who is not there yet."""
    address.refresh_from_db(fields=["free_at", "held_until"])
    begin = max(now, address.free_at or now, address.held_until or now)
    ahead = Turn.objects.filter(address=address, granted_at__isnull=True).count()
    return begin + pacing.span(ahead, rate=address.rate)


def _open(now: datetime) -> Q:
    return Q(free_at__isnull=True) | Q(free_at__lte=now + pacing.BURST)


def _not_held(now: datetime) -> Q:
    return Q(held_until__isnull=True) | Q(held_until__lte=now)


def _line() -> "QuerySet[Turn]":
    return Turn.objects.filter(address=OuterRef("pk"), granted_at__isnull=True)
