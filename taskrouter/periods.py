"""Which time a statistic is of, and by which waits it is split."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from insights.queries import Period
from kernel.errors import Invalid
from taskrouter.forms import Field, Whole

DEFAULT_MINUTES: Final = 15
OLDEST: Final = timedelta(days=30)
MOST_MINUTES: Final = 1_000_000
MOST_THRESHOLDS: Final = 20
_DAY_SECONDS: Final = 86_400


@dataclass(frozen=True, kw_only=True)
class Thresholds(Field):
    """Seconds, with commas between; each once, in the order of their size."""

    def value(self, text: str) -> tuple[int, ...]:
        second = Whole(least=1, most=30 * _DAY_SECONDS)
        found = sorted({second.value(part) for part in text.split(",")})
        if len(found) > MOST_THRESHOLDS:
            raise Invalid("At most %(limit)d values are taken here.", params={"limit": MOST_THRESHOLDS})
        return tuple(found)


def period(given: Mapping[str, Any], *, now: datetime) -> Period:
    """From ``start_date``, or so many ``minutes`` before the end (15), to ``end_date``, or now.

    Raises Invalid, with TaskRouter's number 14241 for a start that is older than 30 days.
    """
    end = min(given.get("end_date", now), now)
    start = given.get("start_date") or _before(end, minutes=given.get("minutes", DEFAULT_MINUTES))
    if start < now - OLDEST:
        raise Invalid("Statistics reach back for 30 days.", code="start-too-old", field="start_date")
    if start > end:
        raise Invalid("The start comes after the end.", field="start_date")
    return Period(start, end)


def _before(end: datetime, *, minutes: int) -> datetime:
    try:
        return end - timedelta(minutes=minutes)
    except OverflowError as error:
        raise Invalid("Statistics reach back for 30 days.", code="start-too-old", field="start_date") from error
