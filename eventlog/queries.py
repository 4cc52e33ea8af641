"""Reads over the log: what an audience missed, how far everybody is, whether the pump lives."""

from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

from django.db.models import Exists, Max, OuterRef, QuerySet

from eventlog.dbclock import database_now
from eventlog.models import AudienceHead, Delivery, Event, Horizon, Lease, Position, SinkPosition
from kernel import clock

RELAY_LEASE = "relay"


class EventFrame(TypedDict):
    """One numbered event as it stands on the wire."""

    t: str
    a: str
    n: int
    type: str
    at: str | None
    ref: str
    data: Mapping[str, Any]


def frame(event: Event, *, audience: str, n: int) -> EventFrame:
    """The wire shape of ``event`` for one audience."""
    return {
        "t": "event",
        "a": audience,
        "n": n,
        "type": event.type,
        "at": clock.iso(event.created_at),
        "ref": event.ref,
        "data": event.data,
    }


def heads(audiences: Iterable[str]) -> dict[str, int]:
    """The last number of each audience; 0 where nothing was ever sent."""
    wanted = list(audiences)
    known = dict(AudienceHead.objects.filter(audience__in=wanted).values_list("audience", "n"))
    return {audience: known.get(audience, 0) for audience in wanted}


def since(audience: str, n: int, *, limit: int) -> list[EventFrame]:
    """Up to ``limit`` events of the audience after number ``n``, in order."""
    rows = Delivery.objects.filter(audience=audience, n__gt=n).select_related("event").order_by("n")[:limit]
    return [frame(row.event, audience=audience, n=row.n) for row in rows]


def last_position() -> int:
    """The position of the newest numbered event."""
    return Position.objects.aggregate(last=Max("position"))["last"] or 0


def horizon() -> int:
    """Up to this id every event has its position, or will never be there. There may be more that have."""
    return Horizon.objects.values_list("event_id", flat=True).first() or 0


def unnumbered() -> QuerySet[Event]:
    """Committed events that have no position yet."""
    return Event.objects.filter(~Exists(Position.objects.filter(event=OuterRef("pk"))), pk__gt=horizon())


def health() -> dict[str, Any]:
    """Pump lag in seconds, whether a pump holds the relay's lease, and each sink's backlog and failures."""
    oldest = unnumbered().order_by("pk").values_list("created_at", flat=True).first()
    last = last_position()
    sinks = {
        row.sink: {"behind": max(0, last - row.position), "failures": row.failures, "last_error": row.last_error}
        for row in SinkPosition.objects.all()
    }
    return {
        "pump_alive": Lease.objects.filter(name=RELAY_LEASE, expires_at__gt=database_now()).exists(),
        "lag_seconds": round(max(0.0, (clock.now() - oldest).total_seconds()), 3) if oldest else 0.0,
        "position": last,
        "sinks": sinks,
    }
