"""The way of a code to the carrier: claimed under a fence, sent once, put back, failed, or visibly unknown."""

from datetime import timedelta
from typing import Any, Final

from django.db.models import F, Q
from django.utils import translation
from django.utils.translation import gettext

from carriers.base import OutboundMessage
from eventlog.dbclock import database_now
from verification import queries
from verification.core import limits
from verification.core.states import SENDING
from verification.models import SEALED, Sending, Verification

# Longer than the carrier's time-out, so that a live attempt is never taken for a dead one.
LEASE: Final = timedelta(seconds=30)
_PAUSE: Final = 2.0


def claim_sending(sid: str) -> OutboundMessage | None:
    """Take it for one attempt, committed before any byte goes out; None when there is nothing to do."""
    now = database_now()
    due = Q(due_at__lte=now) | Q(attempts=0)
    mine = Sending.objects.filter(due, sid=sid, status__in=SENDING.sources("claim"))
    taken = mine.update(
        status=SENDING.target("claim"), fence=F("fence") + 1, attempts=F("attempts") + 1, due_at=now + LEASE
    )
    if not taken:
        return None
    row = Sending.objects.select_related("verification__service__workspace").get(sid=sid)
    verification = row.verification
    sender = queries.sender(verification.service, row.channel)
    if verification.status != Verification.Status.PENDING or verification.expires_at <= now or sender is None:
        fail_sending(sid, fence=row.fence, code="ended")
        return None
    return _outbound(row, sender.address)


def take(sid: str, *, fence: int) -> None:
    """The carrier has it."""
    _finish(sid, fence=fence, verb="accept")


def fail_sending(sid: str, *, fence: int, code: str) -> None:
    """The carrier refused it for good."""
    _finish(sid, fence=fence, verb="fail", code=code)


def lose_sending(sid: str, *, fence: int, code: str) -> None:
    """Nobody can tell whether it went: whoever waits for the code asks for it again."""
    _finish(sid, fence=fence, verb="lose", code=code)


def put_back(sid: str, *, fence: int, code: str, after_seconds: float | None) -> None:
    """The carrier surely did not take it: another attempt follows, or it is given up."""
    row = Sending.objects.filter(sid=sid, fence=fence).first()
    if row is None or row.attempts >= limits.MAX_ATTEMPTS:
        fail_sending(sid, fence=fence, code=code)
        return
    pause = _PAUSE * row.attempts if after_seconds is None else after_seconds
    _finish(sid, fence=fence, verb="put_back", code=code, due_at=database_now() + timedelta(seconds=pause))


def expire_sending(row: Sending) -> None:
    """Its worker died; the carrier may have it."""
    lose_sending(row.sid, fence=row.fence, code="worker-died")


def _finish(sid: str, *, fence: int, verb: str, code: str = "", due_at: Any = None) -> None:
    mine = Sending.objects.filter(sid=sid, fence=fence, status__in=SENDING.sources(verb))
    mine.update(status=SENDING.target(verb), error_code=code[:16], due_at=due_at)


def _outbound(row: Sending, sender: str) -> OutboundMessage:
    verification = row.verification
    service, code = verification.service, SEALED.unseal(verification.code_sealed)
    is_whatsapp = row.channel == "whatsapp"
    has_template = is_whatsapp and bool(service.content_sid)
    return OutboundMessage(
        message_sid=row.sid,
        fence=row.fence,
        channel=row.channel,
        from_address=sender,
        to_address=f"whatsapp:{row.to}" if is_whatsapp else row.to,
        body=_words(code, verification=verification),
        content_sid=service.content_sid if has_template else "",
        content_variables={"1": code} if has_template else {},
    )


def _words(code: str, *, verification: Verification) -> str:
    with translation.override(verification.locale):
        text = gettext("Your %(name)s verification code is: %(code)s. Do not share it with anyone.")
    return text % {"name": verification.service.friendly_name, "code": code}
