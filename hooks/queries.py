"""Reads: what waits for whom."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from hooks.models import Dispatch, Endpoint, Kind
from kernel.actor import Actor
from kernel.errors import NotFound


def endpoint(sid: str, *, actor: Actor) -> Endpoint:
    """An integrator's endpoint of the actor's account; raises ``NotFound``."""
    rows = Endpoint.objects.select_related("account").filter(kind=Kind.WEBHOOK)
    if actor.kind != "system":
        rows = rows.filter(account__sid=actor.account_sid)
    found = rows.filter(sid=sid).first()
    if found is None:
        raise NotFound("There is no webhook endpoint %(sid)s.", field="endpoint", params={"sid": sid[:64]})
    return found


def head_of_line(endpoint_sid: str, subject_sid: str) -> Dispatch | None:
    """The oldest that the endpoint has not had about the subject: no later one may overtake it."""
    line = Dispatch.objects.filter(endpoint__sid=endpoint_sid, subject_sid=subject_sid, status="pending")
    return line.filter(endpoint__active=True).select_related("endpoint__account").order_by("id").first()


def due_lines(now: datetime, *, grace: timedelta, limit: int) -> list[tuple[str, str]]:
    """``(endpoint sid, subject sid)`` of the lines whose head is due.

    A first attempt is left to the ring after the commit for as long as ``grace``. Only heads are looked at: those
    behind a head that waits for hours would otherwise fill every batch.
    """
    before = Dispatch.objects.filter(
        endpoint=OuterRef("endpoint"), subject_sid=OuterRef("subject_sid"), status="pending", id__lt=OuterRef("id")
    )
    due = Q(attempts__gt=0, due_at__lte=now) | Q(due_at__lte=now - grace)
    rows = Dispatch.objects.filter(due, ~Exists(before), status="pending", endpoint__active=True).order_by("due_at")
    return list(rows.values_list("endpoint__sid", "subject_sid")[:limit])


def outlived(now: datetime, *, delivered: timedelta, failed: timedelta, limit: int) -> list[int]:
    """Ids of what is over and was kept for so long, oldest first."""
    over = Q(status="delivered", created_at__lt=now - delivered) | Q(status="failed", created_at__lt=now - failed)
    return list(Dispatch.objects.filter(over).order_by("id").values_list("id", flat=True)[:limit])
