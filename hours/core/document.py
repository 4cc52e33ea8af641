"""A calendar as it is written down, and back: refused with the place where it cannot be.

The shape, as the table, the events and the programs have it::

    {
        "time_zone": "Europe/Madrid",
        "weekly": {"monday": ["09:00-13:00", "14:00-18:00"], "friday": ["22:00-02:00"]},
        "country": "ES",
        "subdivision": "MD",
        "worked_holidays": ["Viernes Santo"],
        "overrides": [
            {"name": "Inventory", "first": "2026-12-30", "last": "2026-12-30", "yearly": false, "hours": []}
        ],
    }

A block whose end is not after its start runs on into the next day; ``24:00`` is the end of the day.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final, TypedDict
from zoneinfo import available_timezones

from hours.core.calendar import MINUTES_A_DAY, WEEKDAYS, Block, Blocks, Calendar, Override
from hours.core.public import countries, subdivisions
from kernel.errors import Invalid

MAX_BLOCKS: Final = 12
MAX_OVERRIDES: Final = 400
MAX_NAME: Final = 64
MAX_WORKED: Final = 100

_BLOCK: Final = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)\s*[-–]\s*([01]?\d|2[0-4]):([0-5]\d)")


class OverrideDocument(TypedDict):
    name: str
    first: str
    last: str
    yearly: bool
    hours: list[str]


class CalendarDocument(TypedDict):
    time_zone: str
    weekly: dict[str, list[str]]
    country: str
    subdivision: str
    worked_holidays: list[str]
    overrides: list[OverrideDocument]


class CalendarError(Invalid):
    """The calendar cannot be; ``path`` names the place, such as ``weekly.monday`` or ``overrides[2].last``."""

    default_code = "invalid-calendar"

    def __init__(self, message: str, *, path: str, **params: Any) -> None:
        super().__init__(message, field=re.split(r"[.\[]", path, maxsplit=1)[0], params=params)
        self.path = path


@lru_cache(maxsize=1)
def time_zones() -> frozenset[str]:
    """The names that a calendar may have as its zone: places and UTC, without the machine's own entries."""
    return frozenset(name for name in available_timezones() if "/" in name or name == "UTC")


def read(document: Mapping[str, Any]) -> Calendar:
    """The calendar that the document tells. Raises CalendarError."""
    _refuse_unknown(document, CalendarDocument.__annotations__, "")
    country = _country(document.get("country", ""))
    return Calendar(
        time_zone=_time_zone(document.get("time_zone")),
        weekly=_weekly(document.get("weekly", {})),
        country=country,
        subdivision=_subdivision(document.get("subdivision", ""), country),
        worked=frozenset(_texts(document.get("worked_holidays", []), "worked_holidays", MAX_WORKED)),
        overrides=_overrides(document.get("overrides", [])),
    )


def write(calendar: Calendar) -> CalendarDocument:
    """The one document that tells the calendar."""
    return {
        "time_zone": calendar.time_zone,
        "weekly": {name: _written(blocks) for name, blocks in zip(WEEKDAYS, calendar.weekly, strict=True)},
        "country": calendar.country,
        "subdivision": calendar.subdivision,
        "worked_holidays": sorted(calendar.worked),
        "overrides": [
            {
                "name": each.name,
                "first": each.first.isoformat(),
                "last": each.last.isoformat(),
                "yearly": each.yearly,
                "hours": _written(each.blocks),
            }
            for each in calendar.overrides
        ],
    }


def _written(blocks: Blocks) -> list[str]:
    return [str(block) for block in blocks]


def _time_zone(name: Any) -> str:
    if name not in time_zones():
        raise CalendarError("There is no time zone %(name)s.", path="time_zone", name=name)
    return str(name)


def _country(code: Any) -> str:
    if code and code not in countries():
        raise CalendarError("The holidays of %(name)s are not known.", path="country", name=code)
    return str(code or "")


def _subdivision(code: Any, country: str) -> str:
    if code and code not in subdivisions(country):
        raise CalendarError(
            "%(country)s has no part %(name)s. Known are: %(known)s.",
            path="subdivision",
            country=country or "-",
            name=code,
            known=", ".join(subdivisions(country)) or "-",
        )
    return str(code or "")


def _weekly(value: Any) -> tuple[Blocks, ...]:
    if not isinstance(value, Mapping):
        raise CalendarError("An object with the days of the week is expected here.", path="weekly")
    _refuse_unknown(value, WEEKDAYS, "weekly")
    return tuple(_blocks(value.get(name, []), f"weekly.{name}") for name in WEEKDAYS)


def _overrides(value: Any) -> tuple[Override, ...]:
    listed = _list(value, "overrides", MAX_OVERRIDES)
    return tuple(_override(each, f"overrides[{index}]") for index, each in enumerate(listed))


def _override(value: Any, path: str) -> Override:
    if not isinstance(value, Mapping):
        raise CalendarError("An object is expected here.", path=path)
    _refuse_unknown(value, OverrideDocument.__annotations__, path)
    name, yearly = value.get("name"), value.get("yearly", False)
    if not isinstance(name, str) or not 0 < len(name.strip()) <= MAX_NAME:
        raise CalendarError("Give a name of 1 to %(limit)d characters.", path=f"{path}.name", limit=MAX_NAME)
    if not isinstance(yearly, bool):
        raise CalendarError("True or false is expected here.", path=f"{path}.yearly")
    first = _date(value.get("first"), f"{path}.first")
    last = _date(value.get("last") or value.get("first"), f"{path}.last")
    if last < first:
        raise CalendarError("The last day is before the first.", path=f"{path}.last")
    if yearly and (last - first).days >= 365:
        raise CalendarError("What comes back every year is shorter than a year.", path=f"{path}.last")
    return Override(name.strip(), first, last, yearly, _blocks(value.get("hours", []), f"{path}.hours"))


def _date(value: Any, path: str) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise CalendarError("A date such as 2026-12-24 is expected here.", path=path) from None


def _blocks(value: Any, path: str) -> Blocks:
    """The blocks of a day in their order. Neighbours may touch; they may not overlap."""
    blocks = sorted(_block(text, path) for text in _texts(value, path, MAX_BLOCKS))
    for earlier, later in pairwise(blocks):
        if later.start < earlier.end:
            raise CalendarError("%(first)s and %(second)s overlap.", path=path, first=str(earlier), second=str(later))
    return tuple(blocks)


def _block(text: str, path: str) -> Block:
    match = _BLOCK.fullmatch(text.strip())
    if match is None:
        raise CalendarError("Hours such as 09:00-17:30 are expected here, unlike %(text)s.", path=path, text=text)
    hour, minute, end_hour, end_minute = map(int, match.groups())
    start, end = hour * 60 + minute, end_hour * 60 + end_minute
    if start >= MINUTES_A_DAY or end > MINUTES_A_DAY or (start == end and start > 0):
        raise CalendarError("Hours such as 09:00-17:30 are expected here, unlike %(text)s.", path=path, text=text)
    return Block(start, end if end > start else end + MINUTES_A_DAY)


def _texts(value: Any, path: str, limit: int) -> list[str]:
    listed = _list(value, path, limit)
    if not all(isinstance(each, str) for each in listed):
        raise CalendarError("A list of texts is expected here.", path=path)
    return listed


def _list(value: Any, path: str, limit: int) -> list[Any]:
    if not isinstance(value, list):
        raise CalendarError("A list is expected here.", path=path)
    if len(value) > limit:
        raise CalendarError("At most %(limit)d are taken here.", path=path, limit=limit)
    return value


def _refuse_unknown(value: Mapping[str, Any], known: Iterable[str], path: str) -> None:
    """A misspelled key would otherwise be hours that silently never come."""
    for key in value:
        if key not in known:
            raise CalendarError(
                "The key %(key)s is unknown here. Known are: %(known)s.",
                path=path,
                key=str(key)[:MAX_NAME],
                known=", ".join(known),
            )
