"""What was scheduled goes when its time has come."""

from datetime import datetime

import structlog

from conversations import actions
from conversations.queries import scheduled as scheduled_queries
from kernel.errors import DomainError

logger = structlog.get_logger(__name__)

_BATCH = 200


def drive_scheduled(now: datetime) -> None:
    """Send what is due; one that cannot be holds nothing else up."""
    for sid in scheduled_queries.due(now, limit=_BATCH):
        try:
            actions.send_scheduled(sid)
        except DomainError as error:  # Called off in this moment.
            logger.info("scheduled message not sent", scheduled=sid, reason=error.code)
