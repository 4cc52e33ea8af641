"""Reads: services and verifications of an account, what is due."""

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from conversations.models import Address
from kernel.actor import Actor
from verification.models import Sending, Service, Verification


def services(actor: Actor) -> QuerySet[Service]:
    """Those of the actor's account."""
    rows = Service.objects.select_related("workspace__account", "sms_from", "whatsapp_from")
    return rows.filter(workspace__account__sid=actor.account_sid)


def sender(service: Service, channel: str) -> Address | None:
    """Who sends the service's codes on this channel: the one that was chosen, or the workspace's oldest."""
    chosen = service.sms_from if channel == "sms" else service.whatsapp_from
    ours = Address.objects.filter(workspace=service.workspace_id, channel=channel).order_by("pk")
    return chosen or ours.first()


def verifications(service: Service) -> QuerySet[Verification]:
    """All that are still kept, newest first."""
    return Verification.objects.filter(service=service).select_related("service__workspace__account").order_by("-pk")


def locked_live(service: Service, *, to: str, sid: str, now: datetime) -> Verification | None:
    """The newest one of that number, or the one of that sid, if its life is not over and it is not done."""
    alive = Q(status=Verification.Status.PENDING) | Q(status=Verification.Status.EXHAUSTED)
    rows = Verification.objects.select_for_update(of=("self",)).select_related("service__workspace__account")
    wanted = rows.filter(alive, service=service, expires_at__gt=now, **({"sid": sid} if sid else {"to": to}))
    return wanted.order_by("-pk").first()


def overdue(now: datetime, *, limit: int) -> list[Verification]:
    """Pending ones whose life is over."""
    rows = Verification.objects.filter(status=Verification.Status.PENDING, expires_at__lte=now)
    return list(rows.select_related("service__workspace").order_by("expires_at")[:limit])


def due_sendings(now: datetime, *, grace: timedelta, limit: int) -> list[str]:
    """Those whose ring was lost, or whose next attempt has come."""
    due = Q(attempts__gt=0, due_at__lte=now) | Q(due_at__lte=now - grace)
    rows = Sending.objects.filter(due, status=Sending.Status.QUEUED).order_by("due_at")
    return list(rows.values_list("sid", flat=True)[:limit])


def dead_sendings(now: datetime, *, limit: int) -> list[Sending]:
    """Attempts whose worker died."""
    return list(Sending.objects.filter(status=Sending.Status.SENDING, due_at__lte=now)[:limit])
