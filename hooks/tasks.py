"""The workers' part: one signed POST after the other. Arguments are sids; the rows are the truth.

Every task may run twice or never: the claim decides, and the sweep in ``timers`` rings again.
"""

import json
import time

import structlog
from celery import shared_task
from kombu.exceptions import OperationalError

from hooks import actions, egress, signing, vault
from hooks.actions import Claim
from kernel import clock

logger = structlog.get_logger(__name__)


@shared_task(name="hooks.deliver", ignore_result=True)
def deliver(endpoint_sid: str, subject_sid: str) -> None:
    """Send what the endpoint has not had about this subject, oldest first."""
    while (claim := actions.claim_next(endpoint_sid, subject_sid)) is not None:
        attempt(claim)


def attempt(claim: Claim) -> None:
    """One POST, and its outcome written down under the attempt's fence."""
    body = encode(claim)
    try:
        signed = signing.headers([vault.unseal(claim.secret)], message_id=claim.event_sid, at=clock.now(), body=body)
        answer = egress.post(claim.url, body=body, headers={"content-type": "application/json", **signed})
    except (egress.Refused, egress.Unreachable, vault.Unreadable) as error:
        actions.put_back(claim.dispatch_sid, fence=claim.fence, status=None, error=str(error))
        logger.info("webhook not delivered", dispatch=claim.dispatch_sid, reason=type(error).__name__)
        return
    if 200 <= answer.status < 300:
        actions.mark_delivered(claim.dispatch_sid, fence=claim.fence, status=answer.status)
    else:
        reason = f"the endpoint answered {answer.status}"
        actions.put_back(claim.dispatch_sid, fence=claim.fence, status=answer.status, error=reason)
        logger.info("webhook not delivered", dispatch=claim.dispatch_sid, status=answer.status)


def encode(claim: Claim) -> bytes:
    """The body: the same bytes at every attempt."""
    envelope = {"id": claim.event_sid, "type": claim.type, "timestamp": claim.created_at, "data": claim.payload}
    return json.dumps(envelope, separators=(",", ":"), ensure_ascii=False).encode()


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
