"""Reads: which campaigns, how far they are, what became of each row."""

from collections.abc import Collection, Iterator
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from agents.models import Workspace
from campaigns.core import states
from campaigns.models import Campaign, Recipient
from campaigns.payloads import ProgressPayload
from conversations.models import Address, MessagingService
from conversations.queries import consent as ledger
from conversations.queries import services as service_queries
from hours.models import Calendar
from kernel import sids
from kernel.actor import Actor
from kernel.errors import Invalid, NotFound

_AT_ONCE = 500
# The statuses of messages under each result.
_STATUSES = {
    "queued": ("queued", "sending"),
    "sent": ("sent",),
    "delivered": ("delivered", "read"),
    "failed": ("failed", "undelivered"),
    "unknown": ("unknown",),
}


def visible_to(actor: Actor) -> QuerySet[Campaign]:
    """The campaigns of the actor's own account."""
    rows = Campaign.objects.select_related("workspace__account", "address", "service", "calendar")
    return rows if actor.kind == "system" else rows.filter(workspace__account__sid=actor.account_sid)


def campaign(sid: str, *, actor: Actor) -> Campaign:
    """The campaign, if it is of the actor's account; raises ``NotFound``."""
    found = visible_to(actor).filter(sid=sid).first() if sids.is_sid(sid, "CP") else None
    if found is None:
        raise NotFound("There is no campaign %(sid)s.", field="campaign", params={"sid": sid[:64]})
    return found


def page(actor: Actor, *, size: int, after: str = "") -> tuple[list[Campaign], str | None]:
    """A page of the account's campaigns, newest first, and the token of the next page; raises ``Invalid``."""
    rows = visible_to(actor).order_by("-id")
    if after:
        last = visible_to(actor).filter(sid=after).values_list("pk", flat=True).first()
        if last is None:
            raise Invalid("This page token is not one of yours. Begin without it.", field="page_token")
        rows = rows.filter(pk__lt=last)
    found = list(rows[: size + 1])
    return found[:size], found[size - 1].sid if len(found) > size else None


def by_ref(workspace: Workspace, ref: str) -> Campaign | None:
    """The campaign that somebody has named so."""
    rows = Campaign.objects.select_related("workspace__account", "address", "service", "calendar")
    return rows.filter(workspace=workspace, ref=ref).first() if ref else None


def sender(text: str, *, actor: Actor) -> Address | MessagingService:
    """The account's own address of that text, or its messaging service of that sid; raises ``NotFound``."""
    if sids.is_sid(text, "MG"):
        return service_queries.service(text, actor=actor)
    ours = Address.objects.select_related("workspace__account").filter(workspace__account__sid=actor.account_sid)
    found = ours.filter(address=text).first()
    if found is None:
        raise NotFound("You have no address %(address)s.", field="from", params={"address": text[:128]})
    return found


def progress(campaign: Campaign) -> ProgressPayload:
    """How many rows came to what."""
    counted = campaign.recipients.values("state", "message__status").annotate(n=Count("pk"))
    results = dict.fromkeys(states.RESULTS, 0)
    for group in counted:
        name = states.result(group["state"], group["message__status"], campaign_state=campaign.state)
        results[name] += group["n"]
    replied = campaign.recipients.filter(replied_at__isnull=False).count()
    return {"total": sum(results.values()), "results": results, "replied": replied}


def recipients(campaign: Campaign, *, result: str = "") -> QuerySet[Recipient]:
    """The rows in their order; those of one result, or those that were answered (``replied``)."""
    rows = campaign.recipients.select_related("message__conversation").order_by("id")
    if result == "replied":
        return rows.filter(replied_at__isnull=False)
    if result == "skipped":
        return rows.filter(state=Recipient.State.SKIPPED)
    if result in ("waiting", "canceled"):
        ended = campaign.state == Campaign.State.CANCELED
        pending = Q(state=Recipient.State.PENDING, message__isnull=True)
        if (result == "canceled") != ended:
            return rows.filter(message__status="canceled") if result == "canceled" else rows.none()
        return rows.filter(pending | Q(message__status="canceled")) if ended else rows.filter(pending)
    if result in _STATUSES:
        return rows.filter(message__status__in=_STATUSES[result])
    return rows


def every_recipient(campaign: Campaign) -> Iterator[Recipient]:
    """All rows, without holding them all."""
    return recipients(campaign).iterator(chunk_size=_AT_ONCE)


def senders(campaign: Campaign, customers: Collection[str]) -> dict[str, Address]:
    """Which of our addresses writes to each of these customers; nobody if the pool has no sender of the channel."""
    if campaign.service is None:
        return {} if campaign.address is None else dict.fromkeys(customers, campaign.address)
    return service_queries.senders(campaign.service, channel=campaign.channel, customers=customers)


def opted_out(campaign: Campaign, customers: Collection[str]) -> set[str]:
    """Those of the customers who want nothing from whom the campaign comes from."""
    gone: set[str] = set()
    wanted = list(customers)
    for start in range(0, len(wanted), _AT_ONCE):
        by = senders(campaign, wanted[start : start + _AT_ONCE])
        pairs = {(address.pk, customer) for customer, address in by.items()}
        lines = ledger.newest(pairs, workspaces={campaign.workspace_id})
        gone |= {customer for (_, customer), line in lines.items() if line.is_withdrawn}
    return gone


def due(now: datetime, *, limit: int) -> list[str]:
    """The running campaigns that somebody should look at now."""
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    rows = Campaign.objects.filter(free, state=Campaign.State.RUNNING, due_at__lte=now).order_by("due_at")
    return list(rows.values_list("sid", flat=True)[:limit])


def known_lines(campaign: Campaign) -> dict[str, int]:
    """The addresses that have a place already."""
    return dict(campaign.recipients.values_list("address", "line"))


def campaign_asking(calendar: Calendar) -> str:
    """The name of a campaign that keeps to the calendar's hours; empty when none does."""
    return Campaign.objects.filter(calendar=calendar).values_list("name", flat=True).first() or ""
