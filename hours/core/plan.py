"""The next days of a calendar, one by one, for people who look at it."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hours.core.calendar import MINUTES_A_DAY, Block, Blocks, Calendar, Day, day_of

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PlannedDay:
    """One date. ``shown`` are its hours with those of the night before, cut at midnight."""

    date: date
    day: Day
    shown: Blocks
    clocks_change: bool


def plan(calendar: Calendar, moment: datetime, *, days: int) -> list[PlannedDay]:
    """The calendar's own today and the days after it."""
    zone = ZoneInfo(calendar.time_zone)
    today = moment.astimezone(zone).date()
    return [_planned(calendar, today + number * ONE_DAY, zone) for number in range(days)]


def _planned(calendar: Calendar, date: date, zone: ZoneInfo) -> PlannedDay:
    day, before = day_of(calendar, date), day_of(calendar, date - ONE_DAY)
    nights = tuple(Block(0, block.end - MINUTES_A_DAY) for block in before.blocks if block.end > MINUTES_A_DAY)
    own = tuple(Block(block.start, min(block.end, MINUTES_A_DAY)) for block in day.blocks)
    midnight, next_midnight = (datetime.combine(each, time(), zone) for each in (date, date + ONE_DAY))
    return PlannedDay(date, day, nights + own, midnight.utcoffset() != next_midnight.utcoffset())
