"""What a calendar is made of, and which hours a date has: its own override, else a holiday, else the weekday's."""

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from hours.core.public import holidays_of

MINUTES_A_DAY: Final = 1440
WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

Kind = Literal["hours", "holiday", "override"]


@dataclass(frozen=True, slots=True, order=True)
class Block:
    """Open from one minute of the day until another; beyond 1440 it runs on into the next day."""

    start: int
    end: int

    def __str__(self) -> str:
        """
        >>> str(Block(540, 1440)), str(Block(1320, 1560))
        ('09:00-24:00', '22:00-02:00')
        """
        end = self.end if self.end <= MINUTES_A_DAY else self.end - MINUTES_A_DAY
        return f"{_text(self.start)}-{_text(end)}"

    @property
    def length(self) -> int:
        """In minutes of the clock on the wall."""
        return self.end - self.start


Blocks = tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Override:
    """Other hours than usual on some days; without blocks these days are closed.

    A yearly one counts month and day alone, and may reach over New Year: 24 December to 6 January.
    """

    name: str
    first: date
    last: date
    yearly: bool = False
    blocks: Blocks = ()

    def covers(self, day: date) -> bool:
        """Whether the day is one of these.

        >>> Override("Winter", date(2020, 12, 24), date(2021, 1, 6), yearly=True).covers(date(2027, 1, 1))
        True
        """
        if not self.yearly:
            return self.first <= day <= self.last
        first, last, this = ((each.month, each.day) for each in (self.first, self.last, day))
        return first <= this <= last if first <= last else this >= first or this <= last

    def rank(self) -> tuple[bool, int]:
        """Of several that cover a day the least counts: dated before yearly, then the shorter."""
        return self.yearly, (self.last - self.first).days


@dataclass(frozen=True, slots=True)
class Calendar:
    """A team's hours. ``weekly`` has the blocks of Monday to Sunday; holidays whose name is in ``worked`` are days
    like any other."""

    time_zone: str
    weekly: tuple[Blocks, ...]
    country: str = ""
    subdivision: str = ""
    worked: frozenset[str] = frozenset()
    overrides: tuple[Override, ...] = ()


@dataclass(frozen=True, slots=True)
class Day:
    """The hours of one date, and what they come from. ``holiday`` and ``override`` are names, or empty."""

    blocks: Blocks
    kind: Kind = "hours"
    holiday: str = ""
    override: str = ""


def day_of(calendar: Calendar, day: date) -> Day:
    """The hours of the date."""
    holiday = _holiday(calendar, day)
    override = min((each for each in calendar.overrides if each.covers(day)), key=Override.rank, default=None)
    if override is not None:
        return Day(override.blocks, "override", holiday, override.name)
    if holiday:
        return Day((), "holiday", holiday)
    return Day(calendar.weekly[day.weekday()])


def _holiday(calendar: Calendar, day: date) -> str:
    if not calendar.country:
        return ""
    names = holidays_of(calendar.country, calendar.subdivision, day.year).get(day, ())
    return "; ".join(name for name in names if name not in calendar.worked)


def _text(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
