"""Sweeps of what is due: arrivals, messages and files whose ring was lost or whose worker died."""

from datetime import datetime, timedelta

from django.conf import settings

from conversations import actions, queries, tasks
from conversations.actions import inbox
from conversations.models import Media, Message, Upload

# The ring after the commit normally does it; the sweep only comes for what stayed behind.
_GRACE = timedelta(seconds=2)
_BATCH = 200
# By then the web server of the same process answers, and so does the simulated provider in it.
_START_SECONDS = 5.0
_looked_back: set[str] = set()


def drive_inbox(now: datetime) -> bool:
    """Bring in what stayed behind: the process that stored it died, or it waits for another try."""
    lines = queries.due_lines(now, limit=_BATCH)
    return bool(lines) and inbox.bring_in(lines)


def first_turn() -> float:
    """When the first sender may send again for whom a message waits, in seconds since 1970; 0 for none."""
    opening = queries.next_opening()
    return 0.0 if opening is None else max(1.0, opening.timestamp())


def grant_turns(now: datetime) -> None:
    """Ring when a sender may send again: this sweep is the clock of all pacing."""
    if actions.grant_turns(now):
        tasks.ring_deliver()


def drive_deliveries(now: datetime) -> None:
    """Ring for queued messages that stayed behind; call attempts off whose worker died."""
    due = Message.objects.filter(due_at__isnull=False)
    died = due.filter(status="sending", provider_sid__isnull=True, due_at__lte=now)
    for sid in list(died.values_list("sid", flat=True)[:_BATCH]):
        actions.expire_claim(sid, now=now)
    for sid in queries.late_messages(now, limit=_BATCH):
        actions.expire(sid, now=now)
    circuit = queries.circuit()
    if circuit is not None and circuit.state == "open" and circuit.due_at and circuit.due_at <= now:
        tasks.ring_ask_provider()
    if queries.is_shut(circuit, now=now):
        return
    if queries.has_stayed_behind(now, grace=_GRACE):
        tasks.ring_deliver()


def drive_looks(now: datetime) -> None:
    """Ring for messages of unknown fate; not while the provider is out of order anyway."""
    if queries.is_shut(queries.circuit(), now=now):
        return
    for sid in queries.due_looks(now, limit=_BATCH):
        if tasks.may_ring(sid):
            tasks.ring_look(sid)


def drive_media(now: datetime) -> None:
    """Ring for files that stayed behind."""
    waiting = Media.objects.filter(status=Media.Status.PENDING, due_at__lte=now - _GRACE)
    for sid in list(waiting.values_list("sid", flat=True)[:_BATCH]):
        if tasks.may_ring(sid):
            tasks.ring_fetch(sid)


def drive_uploads(now: datetime) -> None:
    """Sweep away what was brought and never sent."""
    stale = Upload.objects.filter(due_at__lte=now).order_by("due_at")
    for sid in list(stale.values_list("sid", flat=True)[:_BATCH]):
        actions.expire_upload(sid, now=now)


def drive_reconciliation(now: datetime) -> None:
    """Have the provider's list looked through when it is time, and a whole day of it once after the start."""
    account_sid = settings.TWILIO_ACCOUNT_SID
    if not account_sid or not settings.TWILIO_AUTH_TOKEN:
        return
    if account_sid not in _looked_back:
        actions.look_back(account_sid, now=now, after_seconds=_START_SECONDS)
        _looked_back.add(account_sid)
    elif queries.is_reconciliation_due(account_sid, now=now) and tasks.may_ring(account_sid):
        tasks.ring_reconcile(account_sid)
