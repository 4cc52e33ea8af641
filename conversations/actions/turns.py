"""Senders and their lines: a message goes when its sender's bucket lets it, and waits in the sender's line until then.

The bucket is a column that guarded UPDATEs move on, so all workers of all machines share it. Whoever finds it empty
joins the line; the pump grants turns as the bucket fills, and rings a worker for each.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from conversations import queries
from conversations.core import pacing
from conversations.models import Address, Message, Turn
from eventlog import doorbell
from eventlog.bulk import write_rows
from eventlog.dbclock import database_now

# At most so many turns of one sender at once; the next sweep comes in hundredths of a second.
_GRANTS: Final = 200
_PEOPLE: Final = frozenset({"agent", "system"})


def take(heads: Sequence[Message], *, now: datetime) -> list[Message]:
    """Those of them that go now; their senders have been charged then. The others stand in their sender's line.

    Part of the claim, under the locks of their conversations.
    """
    turns = {message.pk: message.turn for message in heads if hasattr(message, "turn")}
    granted = {pk for pk, turn in turns.items() if turn.granted_at is not None}
    if granted:
        Turn.objects.filter(message__in=granted).delete()
    new = defaultdict(list)
    for message in heads:
        if message.pk not in turns:
            new[message.conversation.address_id].append(message)
    charged = {message.pk for message in _charge(new, now=now)}
    return [message for message in heads if message.pk in granted or message.pk in charged]


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


def _charge(new: Mapping[int, Sequence[Message]], *, now: datetime) -> list[Message]:
    """The first of each sender's as its bucket holds; the others join its line, and the sender's line goes before."""
    going, waiting = [], []
    rows = Address.objects.select_for_update(no_key=True).filter(pk__in=new).order_by("pk")
    for address in rows.annotate(ahead=_ahead()) if new else ():
        held = address.held_until is not None and address.held_until > now
        free_at, place = address.free_at, address.ahead
        for message in new[address.pk]:
            if held or place or not pacing.is_open(free_at, now=now):
                message.due_at = _guess(address, free_at, place, now=now)
                waiting.append(message)
                place += 1
            else:
                units = pacing.cost(address.channel, message.body)
                free_at = pacing.taken(free_at, units=units, rate=address.rate, now=now)
                going.append(message)
        if free_at != address.free_at:
            Address.objects.filter(pk=address.pk).update(free_at=free_at)
    _stand_in_line(waiting)
    return going


def _stand_in_line(messages: Sequence[Message]) -> None:
    if not messages:
        return
    write_rows(messages, ["due_at"])
    Turn.objects.bulk_create(
        Turn(message=row, address_id=row.conversation.address_id, rank=0 if row.author_kind in _PEOPLE else 1)
        for row in messages
    )
    transaction.on_commit(doorbell.ring, robust=True)


def _guess(address: Address, free_at: datetime | None, ahead: int, *, now: datetime) -> datetime:
    """When its turn may come, if nobody goes before who is not there yet."""
    return max(now, free_at or now, address.held_until or now) + pacing.span(ahead, rate=address.rate)


def _ahead() -> Coalesce:
    """How many stand in the sender's line."""
    count = _line().order_by().values("address").annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(count), 0)


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
        if dead:
            Turn.objects.filter(pk__in=dead).delete()
        Turn.objects.filter(pk__in=[turn.pk for turn in granted]).update(granted_at=now)
        Message.objects.filter(pk__in=[turn.message_id for turn in granted], status="queued").update(due_at=now)
        Address.objects.filter(pk=pk).update(free_at=free_at)
    return [turn.message.conversation.sid for turn in granted]


def _at_most(address: Address, *, now: datetime) -> int:
    begin = now if address.free_at is None else max(address.free_at, now)
    room = (now + pacing.BURST - begin) / pacing.span(1, rate=address.rate)
    return min(_GRANTS, math.floor(room) + 2)


def _open(now: datetime) -> Q:
    return Q(free_at__isnull=True) | Q(free_at__lte=now + pacing.BURST)


def _not_held(now: datetime) -> Q:
    return Q(held_until__isnull=True) | Q(held_until__lte=now)


def _line() -> "QuerySet[Turn]":
    return Turn.objects.filter(address=OuterRef("pk"), granted_at__isnull=True)
