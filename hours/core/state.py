"""Whether a calendar is open at a moment, why, and when that changes.

Hours are read against the clock on the wall: a moment is open when its local time is in a block. So the hour that the
clocks skip in spring opens nothing, and the hour that they repeat in autumn counts both times.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from hours.core.calendar import MINUTES_A_DAY, Calendar, Day, day_of

HORIZON: Final = timedelta(days=370)
"""How far ahead an opening or closing is looked for: a whole year and its yearly days."""

ONE_DAY: Final = timedelta(days=1)

Reason = Literal["hours", "outside", "holiday", "override"]
Stretch = tuple[datetime, datetime]
"""From a moment until, but without, another: naive, in UTC."""


@dataclass(frozen=True, slots=True)
class State:
    """``reason`` is what decides: a holiday, an override, or the weekday with these hours or outside of them.

    ``holiday`` and ``override`` are the names that the day has, or empty. While open, ``next_opening`` is the one after
    ``next_closing``. None: not within the horizon.
    """

    open: bool
    reason: Reason
    holiday: str
    override: str
    next_opening: datetime | None
    next_closing: datetime | None


def state_at(calendar: Calendar, moment: datetime) -> State:
    """What the calendar says of an aware moment; the answers are in UTC."""
    # Hours change at whole minutes and zones at whole seconds.
    start = moment.astimezone(UTC).replace(microsecond=0, tzinfo=None)
    end = start + HORIZON
    stretches = openings(calendar, start, end)
    first = next(stretches, None)
    is_open = first is not None and first[0] == start
    opening = next(stretches, None) if is_open else first
    closing = first[1] if first and first[1] < end else None
    day = _deciding(calendar, start + _offset(start, ZoneInfo(calendar.time_zone)))
    return State(
        open=is_open,
        reason=day.kind if day.kind != "hours" else "hours" if is_open else "outside",
        holiday=day.holiday,
        override=day.override,
        next_opening=opening[0].replace(tzinfo=UTC) if opening else None,
        next_closing=closing.replace(tzinfo=UTC) if closing else None,
    )


def openings(calendar: Calendar, start: datetime, end: datetime) -> Iterator[Stretch]:
    """The stretches in which it is open, cut at ``start`` and ``end``; no two touch. Naive moments in UTC."""
    current: Stretch | None = None
    for first, last in _pieces(calendar, start, end):
        if current is not None and first <= current[1]:
            current = current[0], max(current[1], last)
            continue
        if current is not None:
            yield current
        current = first, last
    if current is not None:
        yield current


def _pieces(calendar: Calendar, start: datetime, end: datetime) -> Iterator[Stretch]:
    """As `openings`, but they may touch and overlap; in the order of their beginnings."""
    zone = ZoneInfo(calendar.time_zone)
    while start < end:
        offset = _offset(start, zone)
        stop = _same_offset_until(start, min(start + ONE_DAY, end), zone)
        local = start + offset, stop + offset
        for first, last in sorted(_cut(calendar, *local)):
            yield first - offset, last - offset
        start = stop


def _cut(calendar: Calendar, start: datetime, end: datetime) -> Iterator[Stretch]:
    """The blocks of all days between two wall-clock times, cut at these; also those that yesterday runs on with."""
    day = start.date() - ONE_DAY
    while day <= end.date():
        midnight = datetime.combine(day, time())
        for block in day_of(calendar, day).blocks:
            first = max(start, midnight + timedelta(minutes=block.start))
            last = min(end, midnight + timedelta(minutes=block.end))
            if first < last:
                yield first, last
        day += ONE_DAY


def _deciding(calendar: Calendar, local: datetime) -> Day:
    """The day whose hours decide at a wall-clock time: yesterday's, where it runs on past midnight."""
    today, yesterday = day_of(calendar, local.date()), day_of(calendar, local.date() - ONE_DAY)
    minute = local.hour * 60 + local.minute
    runs_on = any(block.end - MINUTES_A_DAY > minute for block in yesterday.blocks)
    if runs_on and not any(block.start <= minute < block.end for block in today.blocks):
        return yesterday
    return today


def _same_offset_until(start: datetime, end: datetime, zone: ZoneInfo) -> datetime:
    """The end, or the second at which the zone's clocks are changed before it. No zone changes twice in a day."""
    offset = _offset(start, zone)
    if _offset(end, zone) == offset:
        return end
    same, other = 0, round((end - start).total_seconds())
    while other - same > 1:
        middle = (same + other) // 2
        if _offset(start + timedelta(seconds=middle), zone) == offset:
            same = middle
        else:
            other = middle
    return start + timedelta(seconds=other)


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    return moment.replace(tzinfo=UTC).astimezone(zone).utcoffset() or timedelta()
