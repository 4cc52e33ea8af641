"""The workers' part: carrying codes out. Arguments are sids; the rows are the truth."""

import structlog
from celery import shared_task
from kombu.exceptions import OperationalError

from carriers.base import CarrierError
from carriers.registry import carrier
from verification import actions

logger = structlog.get_logger(__name__)


@shared_task(name="verification.deliver")
def deliver(sending_sid: str) -> None:
    """One attempt, and its outcome written down under the attempt's fence."""
    outbound = actions.claim_sending(sending_sid)
    if outbound is None:
        return
    sid, fence = outbound.message_sid, outbound.fence
    try:
        carrier().send(outbound)
    except CarrierError as error:
        logger.info("code not sent", sending=sid, fence=fence, code=error.code, outcome=error.outcome)
        if error.outcome == "not_accepted":
            actions.put_back(sid, fence=fence, code=error.code, after_seconds=error.retry_after)
        elif error.outcome == "rejected":
            actions.fail_sending(sid, fence=fence, code=error.code)
        else:
            actions.lose_sending(sid, fence=fence, code=error.code)
    else:
        actions.take(sid, fence=fence)


def ring(sending_sid: str) -> None:
    """Ask a worker to send it."""
    try:
        deliver.delay(sending_sid)
    except OperationalError as error:  # The broker is away; the sweep will ring again.
        logger.warning("worker not rung", task=deliver.name, error=type(error).__name__)
