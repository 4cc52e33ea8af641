"""What differs between the kinds of requests that go out: how long each may take, and how often it is tried."""

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
class Kind:
    """``seconds`` is the time that one address has to answer.

    ``lease`` is longer than an attempt may take, so that a live one is never taken for a dead one. ``answers``: what
    the receiver says matters, and is kept and told of.
    """

    seconds: float
    lease: timedelta
    plan: Plan
    answers: bool = False


KINDS: Final[Mapping[str, Kind]] = {
    WEBHOOK: Kind(seconds=10.0, lease=timedelta(seconds=60), plan=retries.WEBHOOK),
    # https://www.twilio.com/docs/taskrouter/api/event/reference
    EVENT_CALLBACK: Kind(seconds=15.0, lease=timedelta(seconds=60), plan=retries.EVENT_CALLBACK),
    # https://www.twilio.com/docs/taskrouter/handle-assignment-callbacks: the address, then the fallback.
    ASSIGNMENT_CALLBACK: Kind(seconds=5.0, lease=timedelta(seconds=20), plan=retries.ASSIGNMENT_CALLBACK, answers=True),
}
