"""The look through the provider's list: one process at a time, written down as it goes, taken up where it was left."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Q, QuerySet

from conversations.models import Reconciliation
from eventlog.dbclock import database_now

LOOK_BACK = timedelta(hours=24)
FARTHEST = timedelta(days=7)
# Longer than one window of the list can take, so that a live look is never taken for a dead one.
LEASE = timedelta(seconds=120)


def look_back(account_sid: str, *, now: datetime, after_seconds: float) -> None:
    """A day is looked through soon: we may have been away, and who brought the webhooks then gave up."""
    day_ago, due_at = now - LOOK_BACK, now + timedelta(seconds=after_seconds)
    row, created = Reconciliation.objects.get_or_create(
        account_sid=account_sid, defaults={"covered_until": day_ago, "due_at": due_at}
    )
    if not created:
        rows = Reconciliation.objects.filter(pk=row.pk)
        rows.filter(covered_until__gt=day_ago).update(covered_until=day_ago)
        rows.update(due_at=due_at)


def claim_reconciliation(account_sid: str) -> Reconciliation | None:
    """Take the look that is due; ``None`` when none is, or another process is at it."""
    now = database_now()
    rows = Reconciliation.objects.filter(account_sid=account_sid)
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    if not rows.filter(free, due_at__lte=now).update(lease_until=now + LEASE, fence=F("fence") + 1):
        return None
    row = rows.get()
    row.covered_until = max(row.covered_until, now - FARTHEST)
    return row


def cover(row: Reconciliation, *, until: datetime) -> bool:
    """All before ``until`` has been looked at. False when the look is another process's by now."""
    return bool(_mine(row).update(covered_until=until, lease_until=database_now() + LEASE))


def finish_reconciliation(row: Reconciliation, *, seen: int, brought: int, at_once: bool) -> None:
    """The look is over, until the next one; ``at_once`` when it stopped on the way."""
    now = database_now()
    pause = 0.0 if at_once else settings.RECONCILE_SECONDS
    _mine(row).update(
        due_at=now + timedelta(seconds=pause),
        lease_until=None,
        ran_at=now,
        seen=seen,
        brought=brought,
        brought_in_all=F("brought_in_all") + brought,
        failure="",
        failures=0,
    )


def fail_reconciliation(row: Reconciliation, *, code: str, brought: int, after_seconds: float | None) -> None:
    """The list could not be had; what was covered stays covered, and the rest is asked for again later."""
    pause = max(settings.RECONCILE_SECONDS, after_seconds or 0.0)
    _mine(row).update(
        due_at=database_now() + timedelta(seconds=pause),
        lease_until=None,
        brought_in_all=F("brought_in_all") + brought,
        failure=code[:32],
        failures=F("failures") + 1,
    )


def _mine(row: Reconciliation) -> "QuerySet[Reconciliation]":
    return Reconciliation.objects.filter(pk=row.pk, fence=row.fence)
