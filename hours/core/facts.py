"""What expressions may ask of a calendar: `calendar.support.open == true`."""

from datetime import datetime
from math import ceil
from typing import Final, TypedDict
from zoneinfo import ZoneInfo

from hours.core.calendar import WEEKDAYS, Calendar
from hours.core.state import state_at
from kernel import clock


class Facts(TypedDict):
    """``reason`` is one of hours, outside, holiday, override. Names that the day has not are null, like moments that
    do not come within a year. ``date``, ``time`` and ``weekday`` are the calendar's own."""

    open: bool
    reason: str
    holiday: str | None
    override: str | None
    next_opening: str | None
    next_closing: str | None
    opens_in_minutes: int | None
    closes_in_minutes: int | None
    date: str
    time: str
    weekday: str


FACTS: Final = tuple(Facts.__annotations__)


def facts(calendar: Calendar, moment: datetime) -> Facts:
    """The facts at an aware moment."""
    state = state_at(calendar, moment)
    local = moment.astimezone(ZoneInfo(calendar.time_zone))
    return {
        "open": state.open,
        "reason": state.reason,
        "holiday": state.holiday or None,
        "override": state.override or None,
        "next_opening": clock.iso(state.next_opening),
        "next_closing": clock.iso(state.next_closing),
        "opens_in_minutes": _minutes(moment, state.next_opening),
        "closes_in_minutes": _minutes(moment, state.next_closing),
        "date": local.date().isoformat(),
        "time": f"{local:%H:%M}",
        "weekday": WEEKDAYS[local.weekday()],
    }


def _minutes(now: datetime, then: datetime | None) -> int | None:
    """Whole minutes, begun ones counted."""
    return None if then is None else ceil((then - now).total_seconds() / 60)
