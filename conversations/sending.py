"""The sender of a worker process: claims in batches, many calls to the carrier at once, outcomes written in batches.

One thread has the database, over one connection; the hands have the carrier, and nothing else. So a call that takes
long costs a hand and no connection, and what ends while the thread is busy writing is written together next.
"""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Final

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from carriers.base import CarrierError, OutboundMessage, SendResult
from carriers.registry import carrier
from conversations import actions
from conversations.actions import Accepted, Claim
from conversations.reconciler import PROVIDER

logger = structlog.get_logger(__name__)

# While more calls than a few are under way, their outcomes are gathered for so long: a tick is a moment later then, and
# writing it costs a fraction.
_FEW: Final = 4
_GATHER_SECONDS: Final = 0.03
_TRY_AGAIN_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the carrier said of one attempt."""

    outbound: OutboundMessage
    said: SendResult | CarrierError


class Sending:
    """One for each process. Whoever is rung calls ``work``; a second one leaves the work to the first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._busy = False
        self._rung = False
        self._over = False
        # Outcomes, and `None` for a ring.
        self._news: SimpleQueue[Outcome | None] = SimpleQueue()
        # What the database was not there to take.
        self._owed: list[Outcome] = []

    def work(self) -> None:
        """Returns when nothing is due any more."""
        with self._lock:
            self._ring()
            if self._busy or self._over:
                return
            self._busy = True
        with ThreadPoolExecutor(settings.SENDS_AT_ONCE, thread_name_prefix="sending") as hands:
            self._work(hands)

    def stop(self) -> None:
        """Nothing more is claimed; ``work`` returns once the calls have come back."""
        with self._lock:
            self._over = True
            self._ring()

    def _ring(self) -> None:
        if not self._rung:
            self._rung = True
            self._news.put(None)

    def _work(self, hands: ThreadPoolExecutor) -> None:
        in_flight = 0
        while True:
            free = settings.SENDS_AT_ONCE - in_flight
            claimed = self._claim(free) if free and not self._over else Claim()
            for outbound in claimed.messages:
                hands.submit(self._send, outbound)
            in_flight += len(claimed.messages)
            if not in_flight and claimed.again_after is None and self._is_done():
                return
            patience = _TRY_AGAIN_SECONDS if self._owed else claimed.again_after
            outcomes = self._hear(patience, gather=_GATHER_SECONDS if in_flight > _FEW else 0.0)
            in_flight -= len(outcomes)
            self._owed = write_down([*self._owed, *outcomes])

    def _is_done(self) -> bool:
        """Whether nobody has rung since the last claim; whoever rings from now on finds nobody at work."""
        with self._lock:
            done = self._over or not (self._rung or self._owed)
            self._busy = not done
            return done

    def _claim(self, at_most: int) -> Claim:
        with self._lock:
            self._rung = False
        try:
            return actions.claim(at_most=at_most)
        except Exception:  # The sweep rings again, and what is in flight is still to be written down.
            logger.exception("nothing claimed")
            connection.close()
            return Claim()

    def _send(self, outbound: OutboundMessage) -> None:
        said: SendResult | CarrierError
        try:
            said = carrier().send(outbound)
        except CarrierError as error:
            said = error
        except Exception:
            logger.exception("attempt came to no end", message=outbound.message_sid, fence=outbound.fence)
            said = CarrierError("The attempt came to no end.", code="bad-answer", outcome="unknown")
        self._news.put(Outcome(outbound, said))

    def _hear(self, patience: float | None, *, gather: float) -> list[Outcome]:
        """The outcomes that have come in; waits for the first, or a ring, or for so many seconds.

        After the first of them more are gathered for a moment, which a ring ends.
        """
        outcomes: list[Outcome] = []
        with suppress(Empty):
            news = self._news.get(timeout=patience)
            until = time.monotonic() + gather
            while news is not None:
                outcomes.append(news)
                news = self._news.get(timeout=max(0.0, until - time.monotonic()))
        return outcomes


def write_down(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """What the outcomes mean: for their messages, and for all others; those that are to be written again later.

    What can never be written is left to the lease of its attempt.
    """
    sent = [outcome for outcome in outcomes if isinstance(outcome.said, SendResult)]
    groups = [[outcome] for outcome in outcomes if isinstance(outcome.said, CarrierError)]
    return [owed for group in ([sent, *groups] if sent else groups) for owed in _write(group)]


def _write(alike: list[Outcome]) -> list[Outcome]:
    first = alike[0]
    try:
        if isinstance(first.said, CarrierError):
            _fail(first.outbound, first.said)
        else:
            _mark_sent(alike)
    except (OperationalError, InterfaceError) as error:
        logger.warning("outcomes wait for the database", count=len(alike), reason=type(error).__name__)
        connection.close()
        return alike
    except Exception:
        connection.close()
        if len(alike) > 1:  # Alone each finds out whose it is.
            return [owed for outcome in alike for owed in _write([outcome])]
        logger.exception("outcome not written", message=first.outbound.message_sid)
    return []


def _mark_sent(outcomes: Sequence[Outcome]) -> None:
    accepted = [
        Accepted(outcome.outbound.message_sid, outcome.outbound.fence, outcome.said.provider_sid)
        for outcome in outcomes
        if isinstance(outcome.said, SendResult)
    ]
    actions.mark_sent(accepted, provider=PROVIDER)
    actions.report_health()


def _fail(outbound: OutboundMessage, error: CarrierError) -> None:
    logger.info(
        "message not sent",
        message=outbound.message_sid,
        fence=outbound.fence,
        code=error.code,
        outcome=error.outcome,
    )
    _settle(outbound, error)
    _heed(outbound, error)


def _settle(outbound: OutboundMessage, error: CarrierError) -> None:
    """What the failure means for the message."""
    sid, fence = outbound.message_sid, outbound.fence
    if error.outcome == "not_accepted":
        actions.put_back(sid, fence=fence, code=error.code, reason=error.message, after_seconds=error.retry_after)
    elif error.outcome == "rejected":
        actions.mark_failed(sid, fence=fence, code=error.code, reason=error.message)
    else:
        actions.mark_unknown(sid, fence=fence, code=error.code, reason=error.message)


def _heed(outbound: OutboundMessage, error: CarrierError) -> None:
    """What it means for all the others."""
    if error.is_breakage:
        actions.report_breakage(error.code)
        return
    actions.report_health()
    if error.is_busy and error.retry_after:
        if error.scope == "account":
            actions.hold_account(seconds=error.retry_after)
        else:
            actions.hold_sender(outbound.message_sid, seconds=error.retry_after)


sending = Sending()
