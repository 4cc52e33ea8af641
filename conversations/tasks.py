"""The workers' part: carrying messages out and files in. Celery is a doorbell with hands; the rows are the truth.

Arguments are sids only. Every task may run twice or never: claims decide, and the sweep in ``timers`` rings again.
"""

import time

import structlog
from celery import shared_task
from celery.signals import worker_shutting_down
from kombu.exceptions import OperationalError

from carriers.base import CarrierError
from carriers.registry import carrier
from conversations import actions, reconciler
from conversations.core.searching import Search
from conversations.models import Media
from conversations.reconciler import PROVIDER
from conversations.sending import sending
from eventlog.dbclock import database_now

logger = structlog.get_logger(__name__)

worker_shutting_down.connect(lambda **_: sending.stop(), weak=False)

# Of what we sent to one customer since a few minutes ago.
LIST_LIMIT = 1_000
MEDIA_LIMIT_BYTES = 16 * 1024 * 1024
TEMPLATE_LIMIT = 6_000


@shared_task(name="conversations.deliver")
def deliver() -> None:
    """Send what is due, until nothing is."""
    sending.work()


@shared_task(name="conversations.fetch")
def fetch(media_sid: str) -> None:
    """Bring one inbound file home."""
    media = actions.claim_media(media_sid)
    if media is not None:
        bring(media)


@shared_task(name="conversations.look")
def look(message_sid: str) -> None:
    """Search the provider's list for a message of unknown fate."""
    search = actions.claim_look(message_sid)
    if search is not None:
        find(search)


@shared_task(name="conversations.ask_provider")
def ask_provider() -> None:
    """Ask a provider that was out of order whether it answers again."""
    if not actions.claim_question(now=database_now()):
        return
    try:
        carrier().ping()
    except CarrierError as error:
        logger.info("provider still out of order", code=error.code)
        actions.note_answer(answered=not error.is_breakage)
    else:
        actions.note_answer(answered=True)


@shared_task(name="conversations.reconcile")
def reconcile(account_sid: str) -> None:
    """Compare the provider's list with what we have."""
    reconciler.look(account_sid)


@shared_task(name="conversations.read_templates")
def read_templates(account_sid: str) -> None:
    """Read the provider's list of templates, if it is time and nobody else is at it."""
    row = actions.claim_template_reading(account_sid)
    if row is None:
        return
    try:
        listing = carrier().list_templates(limit=TEMPLATE_LIMIT)
    except CarrierError as error:
        logger.warning("templates not read", code=error.code)
        actions.fail_template_reading(row, code=error.code, after_seconds=error.retry_after)
    else:
        actions.store_templates(row, listing)


def find(search: Search) -> None:
    """One look through what was sent to the customer since the attempt began."""
    try:
        listing = carrier().list_sent(
            from_address=search.from_address, to_address=search.to_address, since=search.since, limit=LIST_LIMIT
        )
    except CarrierError as error:
        logger.info("list not read", message=search.message_sid, code=error.code)
        actions.fail_look(search, after_seconds=error.retry_after)
        return
    found = actions.conclude(search, listing, provider=PROVIDER)
    logger.info("message looked for", message=search.message_sid, fence=search.fence, found=found)


def bring(media: Media) -> None:
    """One attempt to fetch a file."""
    try:
        _, content = carrier().fetch_media(media.source_url)
    except CarrierError as error:
        logger.info("media not fetched", media=media.sid, code=error.code)
        if error.permanent:
            actions.fail_media(media, code=error.code)
        else:
            actions.retry_media(media, code=error.code)
        return
    if len(content) > MEDIA_LIMIT_BYTES:
        actions.fail_media(media, code="too-large")
    else:
        actions.store_media(media, content=content)


def ring_deliver() -> None:
    """Ask a worker to send what is due."""
    _ring(deliver)


def ring_fetch(media_sid: str) -> None:
    """Ask a worker to fetch a file."""
    _ring(fetch, media_sid)


def ring_look(message_sid: str) -> None:
    """Ask a worker to look for a message of unknown fate."""
    _ring(look, message_sid)


def ring_ask_provider() -> None:
    """Ask a worker to ask the provider."""
    _ring(ask_provider)


def ring_reconcile(account_sid: str) -> None:
    """Ask a worker to look through the provider's list."""
    _ring(reconcile, account_sid)


def ring_read_templates(account_sid: str) -> None:
    """Ask a worker to read the list of templates."""
    _ring(read_templates, account_sid)


def _ring(task, *sids: str) -> None:  # type: ignore[no-untyped-def]  # Celery has no types
    try:
        task.delay(*sids)
    except OperationalError as error:  # The broker is away; the sweep will ring again.
        logger.warning("worker not rung", task=task.name, error=type(error).__name__)


_rung_at: dict[str, float] = {}
_RING_AGAIN_SECONDS = 2.0


def may_ring(sid: str) -> bool:
    """Whether the sweep should ring for this row again: a worker may still be on its way to it."""
    now = time.monotonic()
    if now - _rung_at.get(sid, -_RING_AGAIN_SECONDS) < _RING_AGAIN_SECONDS:
        return False
    if len(_rung_at) > 10_000:
        _rung_at.clear()
    _rung_at[sid] = now
    return True
