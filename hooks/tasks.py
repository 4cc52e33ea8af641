"""The workers' part: one signed POST after the other. Arguments are sids; the rows are the truth.

Every task may run twice or never: the claim decides, and the sweep in ``timers`` rings again.
"""

import time
from typing import Final

import structlog
from celery import shared_task
from kombu.exceptions import OperationalError

from accounts.vault import Unreadable
from hooks import actions, egress, letters
from hooks.actions import Claim
from hooks.core.kinds import TERMS
from hooks.places import Places
from kernel.errors import Invalid

logger = structlog.get_logger(__name__)

_places: Final = Places()

# A worker ends a task that takes a minute. Whoever is slow to answer is left to the next task before that.
_TURN_SECONDS: Final = 20.0


@shared_task(name="hooks.deliver", ignore_result=True)
def deliver(endpoint_sid: str, subject_sid: str) -> None:
    """Send what the endpoint has not had about this subject, oldest first."""
    if not _places.take(endpoint_sid, subject_sid):
        return
    try:
        _send_line(endpoint_sid, subject_sid)
    finally:
        following = _places.give_back(endpoint_sid)
        if following is not None:
            ring(endpoint_sid, following)


def _send_line(endpoint_sid: str, subject_sid: str) -> None:
    ends_at = time.monotonic() + _TURN_SECONDS
    while (claim := actions.claim_next(endpoint_sid, subject_sid)) is not None:
        attempt(claim)
        if time.monotonic() > ends_at:
            ring(endpoint_sid, subject_sid)
            return


def attempt(claim: Claim) -> None:
    """One POST, or another one to the fallback, and the outcome written down under the attempt's fence."""
    faults: list[str] = []
    status = None
    for url in claim.urls:
        answer, fault = _post(claim, url)
        if answer is not None and not fault:
            kept = _text(answer.body) if TERMS[claim.kind].answers else ""
            actions.mark_delivered(claim.dispatch_sid, fence=claim.fence, status=answer.status, answer=kept)
            if faults:
                logger.info("fallback took the webhook", dispatch=claim.dispatch_sid, kind=claim.kind)
            return
        status = answer.status if answer is not None else status
        faults.append(fault)
    error = "; fallback: ".join(faults)
    actions.put_back(claim.dispatch_sid, fence=claim.fence, status=status, error=error)
    logger.info("webhook not delivered", dispatch=claim.dispatch_sid, kind=claim.kind, status=status)


def _post(claim: Claim, url: str) -> tuple[egress.Answer | None, str]:
    """What came back, if anything, and what is wrong with it."""
    writer = letters.writer_of(claim.kind)
    try:
        request = writer.write(claim, url)
        answer = egress.post(url, body=request.body, headers=request.headers, seconds=TERMS[claim.kind].seconds)
    except (egress.Refused, egress.Unreachable, Unreadable, Invalid) as error:
        return None, str(error)
    return answer, writer.fault(answer)


def _text(body: bytes) -> str:
    """As a database can keep it."""
    return body.decode(errors="replace").replace("\0", "").strip()


def ring(endpoint_sid: str, subject_sid: str) -> None:
    """Ask a worker to look at this line."""
    try:
        deliver.delay(endpoint_sid, subject_sid)
    except OperationalError as error:  # The broker is away; the sweep will ring again.
        logger.warning("worker not rung", task=deliver.name, error=type(error).__name__)


_rung_at: dict[tuple[str, str], float] = {}
_RING_AGAIN_SECONDS = 2.0


def may_ring(endpoint_sid: str, subject_sid: str) -> bool:
    """Whether the sweep should ring for this line again: a worker may still be on its way to it."""
    line, now = (endpoint_sid, subject_sid), time.monotonic()
    if now - _rung_at.get(line, -_RING_AGAIN_SECONDS) < _RING_AGAIN_SECONDS:
        return False
    if len(_rung_at) > 10_000:
        _rung_at.clear()
    _rung_at[line] = now
    return True
