"""Taking rows from the list: a few at a time, each in one transaction with its message, at the sender's pace.

The rows are the truth. A pump may die between any two lines: what was committed was taken, and the rest is taken by the
next. Whoever lost the lease meanwhile finds another fence on the campaign and takes nothing more.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F, Q, QuerySet

from campaigns import queries
from campaigns.actions import running
from campaigns.core import lists, texts
from campaigns.core.numbers import mentions
from campaigns.models import Campaign, Pace, Recipient
from conversations import actions as conversations
from conversations.models import Address, Message
from eventlog.dbclock import database_now
from hours.core.document import read
from hours.core.state import state_at
from kernel import clock
from kernel.actor import SYSTEM
from kernel.errors import DomainError, StaleMove

logger = structlog.get_logger(__name__)

LEASE = timedelta(seconds=30)
BATCH = 50
# So many rows of a pool are looked at, for those whose sender is ready.
AHEAD = 200
# A sender who was held up may catch up on so much at once.
_CATCH_UP = timedelta(seconds=1)
# Somebody may change the hours meanwhile.
_LOOKED_AT_EVERY = timedelta(minutes=5)


class _Lost(Exception):
    """The campaign was paused, ended, or taken over by another pump."""


def send_some(campaign_sid: str) -> int:
    """Take what may go out now, up to a batch; returns how many rows were taken or skipped.

    The campaign is looked at again when a sender's pace, or its hours, let the next one through. In a pool each sender
    keeps its own pace, so a row whose sender is not ready lets those behind it go first.
    """
    campaign = _claim(campaign_sid)
    if campaign is None:
        return 0
    opens_at = _closed_until(campaign, now=database_now())
    if opens_at is not None:
        _release(campaign, due_at=opens_at)
        return 0
    rows = list(_pending(campaign)[: AHEAD if campaign.service else BATCH])
    senders = queries.senders(campaign, [row.address for row in rows])
    if rows and not senders:
        return _stop(campaign)
    return _take_ready(campaign, rows, senders)


def mark_replied(message: Message, *, at: datetime) -> None:
    """The customer wrote after a campaign's message: the newest such row of the conversation is answered."""
    rows = Recipient.objects.filter(message__conversation=message.conversation_id, message__index__lt=message.index)
    newest = rows.order_by("-message__index").first()
    if newest is not None:
        Recipient.objects.filter(pk=newest.pk, replied_at__isnull=True).update(replied_at=at)


def forget_customers(identities: Collection[str]) -> None:
    """These customers' addresses and words are gone from every list, also from one that was uploaded and whose rows are
    not taken yet; that there was a row stays. One that waits gets nothing any more.
    """
    for campaign in Campaign.objects.select_for_update(of=("self",)).exclude(sheet=""):
        sheet = lists.without(campaign.sheet, lambda cell: any(mentions(cell, address) for address in identities))
        if sheet != campaign.sheet:
            Campaign.objects.filter(pk=campaign.pk).update(sheet=sheet, version=F("version") + 1)
    for row in Recipient.objects.filter(address__in=identities):
        waits = row.state == Recipient.State.PENDING
        Recipient.objects.filter(pk=row.pk).update(
            address=f"erased:{row.pk}",
            variables={},
            state=Recipient.State.SKIPPED if waits else row.state,
            reason="erased" if waits else row.reason,
        )


def _claim(campaign_sid: str) -> Campaign | None:
    now = database_now()
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    due = Campaign.objects.filter(free, sid=campaign_sid, state=Campaign.State.RUNNING, due_at__lte=now)
    if not due.update(lease_until=now + LEASE, fence=F("fence") + 1):
        return None
    rows = Campaign.objects.select_related("workspace__account", "address", "service", "calendar")
    return rows.get(sid=campaign_sid)


def _stop(campaign: Campaign) -> int:
    """The pool has lost its senders: the campaign waits for somebody who mends that and resumes it."""
    logger.warning("campaign without a sender", campaign=campaign.sid)
    with suppress(StaleMove):
        running.pause(campaign, actor=SYSTEM)
    return 0


def _take_ready(campaign: Campaign, rows: Sequence[Recipient], senders: Mapping[str, Address]) -> int:
    """Take those whose sender is ready, up to a batch; how many they were."""
    done, too_early = 0, dict[int, datetime]()
    try:
        for row in rows:
            sender = senders[row.address]
            if done == BATCH or sender.pk in too_early:
                continue
            later = _take(campaign, row.pk, sender)
            if later is None:
                done += 1
            else:
                too_early[sender.pk] = later
        if too_early and done < BATCH:
            _release(campaign, due_at=min(too_early.values()))
        else:
            _end_or_go_on(campaign)
    except _Lost:
        logger.info("campaign left to others", campaign=campaign.sid, fence=campaign.fence)
    return done


def _take(campaign: Campaign, pk: int, sender: Address) -> datetime | None:
    """The row's message is queued, or the row is skipped; the moment to come back at, when it is too early."""
    with transaction.atomic():
        _hold(campaign)
        later = _paced(campaign, sender)
        if later is not None:
            return later
        row = Recipient.objects.filter(pk=pk, state=Recipient.State.PENDING).first()
        if row is not None:
            _queue(campaign, row, sender)
        return None


def _hold(campaign: Campaign) -> None:
    """Lock the campaign for this transaction, while it is ours and runs; raises ``_Lost``."""
    mine = Campaign.objects.filter(pk=campaign.pk, fence=campaign.fence, state=Campaign.State.RUNNING)
    if not mine.update(lease_until=database_now() + LEASE):
        raise _Lost


def _paced(campaign: Campaign, sender: Address) -> datetime | None:
    """Note one message from this address, or say when the next may leave."""
    now = database_now()
    Pace.objects.get_or_create(address=sender, defaults={"next_at": now})
    pace = Pace.objects.select_for_update().get(address=sender)
    if pace.next_at > now:
        return pace.next_at
    step = timedelta(seconds=1) / campaign.rate
    Pace.objects.filter(pk=pace.pk).update(next_at=max(pace.next_at, now - _CATCH_UP) + step)
    return None


def _queue(campaign: Campaign, row: Recipient, sender: Address) -> None:
    """The guard on the row and the ref of the message each let it out once."""
    reason, message = "", None
    try:
        with transaction.atomic():
            message = _said(campaign, row, sender)
    except DomainError as error:
        # The customer wants nothing, the window is closed: no conversation was begun.
        reason = error.code
    Recipient.objects.filter(pk=row.pk, state=Recipient.State.PENDING).update(
        state=Recipient.State.TAKEN if message else Recipient.State.SKIPPED,
        reason=reason[:32],
        message=message,
        taken_at=clock.now(),
    )


def _said(campaign: Campaign, row: Recipient, sender: Address) -> Message:
    customer, name = row.address, row.variables.get("name", "")
    if campaign.service is None:
        conversation = conversations.start(sender, channel=sender.channel, customer=customer, name=name, actor=SYSTEM)
    else:
        conversation = conversations.start_from(campaign.service, sender, customer=customer, name=name, actor=SYSTEM)
    conversations.describe(
        conversation, attributes={"campaign": {"sid": campaign.sid, "name": campaign.name}}, actor=SYSTEM
    )
    if campaign.content_sid:
        return conversations.post_template(
            conversation,
            actor=SYSTEM,
            content_sid=campaign.content_sid,
            variables=row.variables,
            ref=f"campaign:{row.pk}",
            author_kind="campaign",
            author_name=campaign.name,
        )
    return conversations.post(
        conversation,
        actor=SYSTEM,
        body=texts.filled(campaign.body, row.variables),
        ref=f"campaign:{row.pk}",
        author_kind="campaign",
        author_name=campaign.name,
    )


def _pending(campaign: Campaign) -> QuerySet[Recipient]:
    return Recipient.objects.filter(campaign=campaign, state=Recipient.State.PENDING).order_by("id")


def _end_or_go_on(campaign: Campaign) -> None:
    with transaction.atomic():
        _hold(campaign)
        if _pending(campaign).exists():
            Campaign.objects.filter(pk=campaign.pk).update(due_at=database_now(), lease_until=None)
        else:
            running.finish(campaign, actor=SYSTEM)


def _release(campaign: Campaign, *, due_at: datetime) -> None:
    mine = Campaign.objects.filter(pk=campaign.pk, fence=campaign.fence, state=Campaign.State.RUNNING)
    mine.update(due_at=due_at, lease_until=None)


def _closed_until(campaign: Campaign, *, now: datetime) -> datetime | None:
    """When to look again, if the campaign's hours are over now."""
    if campaign.calendar is None:
        return None
    hours = read(campaign.calendar.definition)
    state = state_at(hours, now)
    if state.open:
        return None
    latest = now + _LOOKED_AT_EVERY
    return min(state.next_opening or latest, latest)
