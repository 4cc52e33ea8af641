"""What came in and stands nowhere yet: webhooks that wait or were set aside, and what no webhook has brought."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from accounts.models import Account
from agents.models import Workspace
from carriers.base import ListedMessage
from conversations.models import Address, Arrival, Message, Reconciliation

_SIDS_AT_ONCE = 500


def locked_arrivals(lines: Collection[str], *, provider: str, limit: int) -> list[Arrival]:
    """The oldest that wait in these lines, locked; ``is_known`` tells whether the message stands already."""
    here = Message.objects.filter(provider=provider, provider_sid=OuterRef("key"))
    waiting = Arrival.objects.filter(line__in=lines, due_at__isnull=False).annotate(is_known=Exists(here))
    # In the order of their ids, as everybody locks them.
    return list(waiting.order_by("id").select_for_update()[:limit])


def due_lines(now: datetime, *, limit: int) -> list[str]:
    """The lines of arrivals that stayed behind."""
    due = Arrival.objects.filter(due_at__lte=now).order_by("due_at")
    return list(dict.fromkeys(due.values_list("line", flat=True)[:limit]))


def visible_arrivals(account: Account | None) -> QuerySet[Arrival]:
    """What came in for the account's addresses; ``None``: for everybody's, and for nobody's.

    What came for an address that nobody has is seen by the only account there is: among several it may be anybody's.
    """
    rows = Arrival.objects.order_by("id")
    if account is None:
        return rows
    every = Address.objects.values("address")
    theirs = Q(ours__in=every.filter(workspace__account=account))
    return rows.filter(theirs if Account.objects.count() > 1 else theirs | ~Q(ours__in=every))


def set_aside(before: datetime, *, workspace: Workspace, strays: bool) -> QuerySet[Arrival]:
    """Webhooks of that time that could not be brought in, for the workspace's addresses; with ``strays`` also those for
    addresses that nobody has.
    """
    rows = Arrival.objects.filter(due_at__isnull=True, received_at__lt=before)
    theirs = Q(ours__in=Address.objects.filter(workspace=workspace).values("address"))
    return rows.filter(theirs | ~Q(ours__in=Address.objects.values("address")) if strays else theirs)


def inbox_depth() -> tuple[int, int]:
    """How many arrivals wait to be brought in, and how many were set aside."""
    found = Arrival.objects.aggregate(
        waiting=Count("pk", filter=Q(due_at__isnull=False)), aside=Count("pk", filter=Q(due_at__isnull=True))
    )
    return found["waiting"], found["aside"]


def missing(listed: Sequence[ListedMessage], *, provider: str) -> Iterator[ListedMessage]:
    """Those that we do not have, in the given order; what was sent before we answered at the address is not ours."""
    for start in range(0, len(listed), _SIDS_AT_ONCE):
        some = listed[start : start + _SIDS_AT_ONCE]
        sids_here = [message.provider_sid for message in some]
        here = Message.objects.filter(provider=provider, provider_sid__in=sids_here)
        known = set(here.values_list("provider_sid", flat=True))
        ours = Address.objects.filter(address__in={message.to_address for message in some})
        # The provider's times are whole seconds.
        since = {row.address: row.created_at.replace(microsecond=0) for row in ours}
        for message in some:
            begun = since.get(message.to_address)
            if message.provider_sid not in known and begun is not None and message.sent_at >= begun:
                yield message


def reconciliation(account_sid: str) -> Reconciliation | None:
    """How the look through the provider's list of this account stands; ``None`` before the first."""
    return Reconciliation.objects.filter(account_sid=account_sid).first()


def is_reconciliation_due(account_sid: str, *, now: datetime) -> bool:
    """Whether somebody should look now."""
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    return Reconciliation.objects.filter(free, account_sid=account_sid, due_at__lte=now).exists()
