"""A queued replay, done under its lease."""

import os
import time
from typing import Final

import structlog
from django.db import InterfaceError, OperationalError, connection

from kernel.errors import DomainError
from routing.actions.replays import FAILED, Claim, claim_replay, fail_replay, finish_replay, keep_replay
from routing.core.document import stored_workflow
from routing.replaying.runs import replay

logger = structlog.get_logger(__name__)

KEEP_SECONDS: Final = 1.0


class Ended(Exception):
    """Nobody wants this attempt's report any more."""


class Keeper:
    """Tells how far the replay is and keeps its lease, once a second; ends it when it was canceled.

    A process whose parent is gone is nobody's: it ends too, and another begins the replay anew when the lease is over.
    """

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self._parent = os.getppid()
        self._next = 0.0

    def __call__(self, share: float) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + KEEP_SECONDS
        percent = min(99, max(0, int(share * 100)))
        if os.getppid() != self._parent or not keep_replay(self._claim, progress=percent):
            raise Ended


def run(sid: str) -> None:
    """Do the replay, unless it is done, canceled, or in somebody else's hands.

    What fails by its data fails once and for all; a database that is away leaves it to the next attempt.
    """
    claim = claim_replay(sid)
    if claim is None:
        return
    row = claim.replay
    try:
        found = replay(
            row.workflow,
            document=stored_workflow(row.configuration),
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            within=row.service_level_seconds,
            progress=Keeper(claim),
        )
        finish_replay(claim, report=found)
    except Ended:
        logger.info("replay ended early", replay=sid, fence=claim.fence)
    except (InterfaceError, OperationalError):
        logger.warning("replay lost its database", replay=sid)
        connection.close()
    except DomainError as error:
        fail_replay(claim, error=str(error))
    except Exception:
        logger.exception("replay failed", replay=sid)
        fail_replay(claim, error=FAILED)
