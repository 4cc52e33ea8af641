"""How soon and how late a message may be scheduled: https://www.twilio.com/docs/api/errors/35115 and 35114."""

from datetime import datetime, timedelta
from typing import Final, Literal

SOONEST: Final = timedelta(seconds=300)
FARTHEST: Final = timedelta(days=35)


def misfit(due_at: datetime, *, now: datetime) -> Literal["", "soon", "late"]:
    """What is wrong with the time; both ends of the span are allowed.

    >>> from datetime import UTC
    >>> noon = datetime(2030, 1, 1, 12, tzinfo=UTC)
    >>> misfit(noon + SOONEST, now=noon), misfit(noon, now=noon), misfit(noon + timedelta(days=36), now=noon)
    ('', 'soon', 'late')
    """
    if due_at - now < SOONEST:
        return "soon"
    return "late" if due_at - now > FARTHEST else ""
