"""How fast a sender may send: a bucket that fills at the sender's rate and holds a tenth of a second.

Kept as one moment (GCRA): ``free_at``, when the bucket would be full again but for its small store. A message may go
when that moment is no farther away than `BURST`, and moves it on by what the message costs. Who comes late by less
than `BURST` loses nothing of the rate; who has been idle may not save more than that up.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from conversations.core.segments import segments

BURST: Final = timedelta(seconds=0.1)
SLOWEST: Final = 0.01
FASTEST: Final = 1000.0

# https://www.twilio.com/docs/messaging/channels/sms/rate-limits-queueing: parts of a message a second.
_LONG_CODE, _TOLL_FREE, _SHORT_CODE = 1.0, 3.0, 100.0
_OTHER: Final = {"rcs": 10.0, "whatsapp": 80.0, "messenger": 10.0}
_TOLL_FREE_NUMBER: Final = re.compile(r"\+18(00|33|44|55|66|77|88)\d{7}")


def default_rate(channel: str, address: str) -> float:
    """Messages a second that the provider takes from a sender of this kind.

    >>> default_rate("sms", "+15550001000"), default_rate("sms", "+18005550100"), default_rate("sms", "12345")
    (1.0, 3.0, 100.0)
    >>> default_rate("whatsapp", "whatsapp:+15550001000")
    80.0
    """
    if channel in _OTHER:
        return _OTHER[channel]
    if not address.startswith("+"):
        return _SHORT_CODE
    return _TOLL_FREE if _TOLL_FREE_NUMBER.fullmatch(address) else _LONG_CODE


def cost(channel: str, body: str) -> int:
    """How many messages this one counts as: an SMS counts with each of its parts.

    >>> cost("sms", "x" * 161), cost("whatsapp", "x" * 161), cost("sms", "")
    (2, 1, 1)
    """
    return max(1, segments(body).count) if channel == "sms" else 1


def span(units: int, *, rate: float) -> timedelta:
    """How far a message of so many parts moves ``free_at`` on.

    >>> span(2, rate=100).total_seconds()
    0.02
    """
    return timedelta(seconds=units / rate)


def is_open(free_at: datetime | None, *, now: datetime) -> bool:
    """Whether a message may go now."""
    return free_at is None or free_at <= now + BURST


def opening(free_at: datetime | None, held_until: datetime | None) -> datetime:
    """When the next message may go, long ago for a sender that has sent nothing yet."""
    long_ago = datetime.min.replace(tzinfo=UTC)
    return max(long_ago if free_at is None else free_at - BURST, held_until or long_ago)


def taken(free_at: datetime | None, *, units: int, rate: float, now: datetime) -> datetime:
    """``free_at`` after a message has gone."""
    begin = now if free_at is None else max(free_at, now)
    return begin + span(units, rate=rate)
