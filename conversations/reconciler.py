"""Messages whose webhook never arrived: the provider's list is read, and what is missing comes in as if it had.

Oldest first, window by window, each written down as covered. It is the same door as the webhook's, so a message that
both bring stands once.
"""

import time
from datetime import datetime, timedelta

import structlog
from django.conf import settings

from carriers.base import CarrierError, ListedMessage, Listing
from carriers.registry import carrier
from conversations import actions, queries
from conversations.models import Reconciliation
from eventlog.dbclock import database_now
from kernel.actor import CARRIER
from kernel.errors import DomainError

logger = structlog.get_logger(__name__)

PROVIDER = "twilio"
WINDOW = timedelta(hours=2)
SHORTEST_WINDOW = timedelta(minutes=1)
LIMIT = 20_000
# What comes late into the provider's list is still found.
OVERLAP = timedelta(minutes=5)
BUDGET_SECONDS = 30.0


def look(account_sid: str) -> None:
    """One look through the list, if one is due and nobody else is at it. A failure waits for the next."""
    row = actions.claim_reconciliation(account_sid)
    if row is not None:
        _Look(row).go()


class _Look:
    """One process's look: what it has seen and brought so far."""

    def __init__(self, row: Reconciliation) -> None:
        self.row = row
        self.seen = 0
        self.brought = 0
        self.stop_at = time.monotonic() + BUDGET_SECONDS

    def go(self) -> None:
        try:
            is_done = self._windows()
        except CarrierError as error:
            logger.warning("list of messages not read", code=error.code, brought=self.brought)
            actions.fail_reconciliation(
                self.row, code=error.code, brought=self.brought, after_seconds=error.retry_after
            )
        else:
            actions.finish_reconciliation(self.row, seen=self.seen, brought=self.brought, at_once=not is_done)

    def _windows(self) -> bool:
        """Whether the present was reached before the time was over."""
        # A webhook on its way brings more than the list does, the customer's name above all: it goes first.
        end = database_now() - timedelta(seconds=settings.RECONCILE_GRACE_SECONDS)
        since = self.row.covered_until - OVERLAP
        while since < end:
            if time.monotonic() > self.stop_at:
                return False
            until, listing = _window(since, end)
            self.seen += listing.seen
            for message in queries.missing(listing.messages, provider=PROVIDER):
                if time.monotonic() > self.stop_at:
                    return False
                self.brought += _bring_in(message)
            if not actions.cover(self.row, until=until):
                return True  # It took too long: another process has taken over.
            since = until
        return True


def _window(since: datetime, end: datetime) -> tuple[datetime, Listing]:
    """The next span of time, as long as the list of it can be read whole, and where it ends."""
    length = WINDOW
    while True:
        until = min(since + length, end)
        listing = carrier().list_inbound(since=since, until=until, limit=LIMIT)
        if listing.complete:
            return until, listing
        if length <= SHORTEST_WINDOW:
            logger.error("too many messages in a window", since=since.isoformat(), limit=LIMIT)
            return until, listing
        length = max(length / 4, SHORTEST_WINDOW)


def _bring_in(listed: ListedMessage) -> bool:
    """Whether the message stands now and did not before we asked for it."""
    try:
        message = actions.receive(carrier().listed(listed), actor=CARRIER)
    except DomainError as error:
        logger.warning("listed message not taken", provider_sid=listed.provider_sid, reason=error.code)
        return False
    late = round((database_now() - listed.sent_at).total_seconds())
    logger.warning("message came by the list", message=message.sid, provider_sid=listed.provider_sid, late_seconds=late)
    return True
