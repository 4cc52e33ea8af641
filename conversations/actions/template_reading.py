"""Reading the provider's list of templates: on demand and now and then, one process at a time."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet

from accounts import policy
from carriers.base import ListedTemplate, TemplateListing
from conversations.core import templates
from conversations.models import Template, TemplateReading
from eventlog.dbclock import database_now
from kernel.actor import Actor

# Longer than all pages of the list can take, so that a live reading is never taken for a dead one.
LEASE = timedelta(seconds=120)
_AFTER_FAILURE_SECONDS = 60.0


def plan_template_reading(account_sid: str, *, now: datetime, after_seconds: float) -> None:
    """The list is read soon, unless it is to be read already."""
    due_at = now + timedelta(seconds=after_seconds)
    row, created = TemplateReading.objects.get_or_create(account_sid=account_sid, defaults={"due_at": due_at})
    if not created:
        TemplateReading.objects.filter(pk=row.pk, due_at__gt=due_at).update(due_at=due_at)


def read_templates_now(account_sid: str, *, actor: Actor) -> None:
    """Somebody asks for the list: it is due now. Raises ``Forbidden``."""
    policy.require(actor, "config:write")
    plan_template_reading(account_sid, now=database_now(), after_seconds=0)


def claim_template_reading(account_sid: str) -> TemplateReading | None:
    """Take the reading that is due; ``None`` when none is, or another process is at it."""
    now = database_now()
    rows = TemplateReading.objects.filter(account_sid=account_sid)
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    if not rows.filter(free, due_at__lte=now).update(lease_until=now + LEASE, fence=F("fence") + 1):
        return None
    return rows.get()


def store_templates(row: TemplateReading, listing: TemplateListing) -> None:
    """What the provider lists is what stands here; what it lists no more is gone, if the list was whole."""
    now = database_now()
    with transaction.atomic():
        kept = _mine(row).update(
            due_at=now + timedelta(seconds=settings.TEMPLATES_SECONDS),
            lease_until=None,
            read_at=now,
            count=len(listing.templates),
            failure="",
            failures=0,
        )
        if not kept:
            return  # It took too long: another process reads by now.
        for found in listing.templates:
            Template.objects.update_or_create(sid=found.sid, defaults=_fields(found, account_sid=row.account_sid))
        if listing.complete:
            listed = [found.sid for found in listing.templates]
            Template.objects.filter(account_sid=row.account_sid).exclude(sid__in=listed).delete()


def fail_template_reading(row: TemplateReading, *, code: str, after_seconds: float | None) -> None:
    """The list could not be had: what we have stays, and it is asked for again later."""
    pause = max(_AFTER_FAILURE_SECONDS, after_seconds or 0.0)
    _mine(row).update(
        due_at=database_now() + timedelta(seconds=pause),
        lease_until=None,
        failure=code[:32],
        failures=F("failures") + 1,
    )


def _fields(found: ListedTemplate, *, account_sid: str) -> dict[str, object]:
    shapes = [templates.shape({name: content}, channel="whatsapp") for name, content in found.types.items()]
    said = [text for shape in shapes if shape for text in (shape.body, *(button.title for button in shape.buttons))]
    return {
        "account_sid": account_sid,
        "name": found.name[:200],
        "language": found.language[:16],
        "samples": dict(found.samples),
        "types": dict(found.types),
        "category": found.category[:32],
        "state": found.state,
        "reason": found.reason,
        "words": " ".join([found.name, *said]).lower(),
        "changed_at": found.updated_at,
    }


def _mine(row: TemplateReading) -> "QuerySet[TemplateReading]":
    return TemplateReading.objects.filter(pk=row.pk, fence=row.fence)
