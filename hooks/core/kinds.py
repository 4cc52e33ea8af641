"""The kinds of requests that go out, and what differs between them: how long each may take, how often it is tried."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from hooks.core import retries
from hooks.core.retries import Plan

WEBHOOK: Final = "webhook"
EVENT_CALLBACK: Final = "event-callback"
ASSIGNMENT_CALLBACK: Final = "assignment-callback"


@dataclass(frozen=True, slots=True)
class Terms:
    """Of one kind. ``seconds`` is the time that one address has to answer.

    ``lease`` is longer than an attempt may take, so that a live one is never taken for a dead one. ``answers``: what
    the receiver says matters, and is kept and told of.
    """

    seconds: float
    lease: timedelta
    plan: Plan
    answers: bool = False


TERMS: Final[Mapping[str, Terms]] = {
    WEBHOOK: Terms(seconds=10.0, lease=timedelta(seconds=60), plan=retries.WEBHOOK_PLAN),
    # https://www.twilio.com/docs/taskrouter/api/event/reference
    EVENT_CALLBACK: Terms(seconds=15.0, lease=timedelta(seconds=60), plan=retries.EVENT_CALLBACK_PLAN),
    # https://www.twilio.com/docs/taskrouter/handle-assignment-callbacks: the address, then the fallback.
    ASSIGNMENT_CALLBACK: Terms(
        seconds=5.0, lease=timedelta(seconds=20), plan=retries.ASSIGNMENT_CALLBACK_PLAN, answers=True
    ),
}
