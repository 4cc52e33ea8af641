"""A task's place in line, written as one whole number: whose number is smaller is served first.

A million tasks are a million of these and nothing else, and a heap compares them in C. From the highest bits down:

- FIFO: kind, priority (the higher the smaller), virtual start, number
- LIFO: kind, virtual start and number (the later the smaller), priority, which so decides nothing

and then, for both, the row's version and the lane, so that an entry that was left behind anywhere is never mistaken for
the task's place of today. 178 bits: a bit more would cost sixteen bytes a task.
"""

from typing import Final, NamedTuple

_PRIORITY: Final = 31
_START: Final = 53
_NUMBER: Final = 42
_VERSION: Final = 26
_LANE: Final = 24

_VERSION_AT: Final = _LANE
_TAIL: Final = _VERSION_AT + _VERSION
_START_AT: Final = _TAIL + _NUMBER
_FIFO_PRIORITY_AT: Final = _START_AT + _START
_LIFO_NUMBER_AT: Final = _TAIL + _PRIORITY
_LIFO_START_AT: Final = _LIFO_NUMBER_AT + _NUMBER
_KIND_AT: Final = _TAIL + _NUMBER + _START + _PRIORITY

_MAX_PRIORITY: Final = (1 << _PRIORITY) - 1
_MAX_START: Final = (1 << _START) - 1
MAX_NUMBER: Final = (1 << _NUMBER) - 1
"""The lowest bits of a worker's place are his number."""
_MAX_VERSION: Final = (1 << _VERSION) - 1
_MAX_LANE: Final = (1 << _LANE) - 1

_LIFO_FIRST: Final = 0
_FIFO: Final = 1
_LIFO_LAST: Final = 2

_EPOCH: Final = 2_208_988_800_000_000
"""Microseconds from 1900, before which nothing starts, to 1970. The field lasts until 2185."""


class Place(NamedTuple):
    """What a place in line is made of; ``start`` is the virtual start in microseconds since 1900."""

    priority: int
    start: int
    number: int
    version: int
    lane: int


def microseconds(moment: float) -> int:
    """Since 1900, from seconds since 1970.

    >>> microseconds(0.25) - microseconds(0)
    250000
    """
    return int(moment * 1e6 + 0.5) + _EPOCH if moment > 0 else _EPOCH - int(0.5 - moment * 1e6)


def moment(since_1900: int) -> float:
    """Seconds since 1970 again."""
    return (since_1900 - _EPOCH) / 1e6


def fifo(priority: int, start: int, number: int, version: int, lane: int) -> int:
    """The place in a FIFO queue.

    >>> early, late, urgent = fifo(0, 10, 1, 1, 1), fifo(0, 20, 2, 1, 1), fifo(9, 30, 3, 1, 1)
    >>> urgent < early < late
    True
    """
    return (
        _FIFO << _KIND_AT
        | (_MAX_PRIORITY - priority) << _FIFO_PRIORITY_AT
        | start << _START_AT
        | number << _TAIL
        | version << _VERSION_AT
        | lane
    )


def lifo(priority: int, start: int, number: int, version: int, lane: int, *, first: bool) -> int:
    """The place in a LIFO queue; ``first`` where the workspace empties LIFO queues before FIFO ones.

    >>> early, urgent = lifo(0, 10, 1, 1, 1, first=False), lifo(9, 15, 2, 1, 1, first=False)
    >>> lifo(0, 20, 3, 1, 1, first=False) < urgent < early
    True
    >>> lifo(0, 10, 1, 1, 1, first=True) < fifo(0, 10, 2, 1, 1) < early
    True
    """
    return (
        (_LIFO_FIRST if first else _LIFO_LAST) << _KIND_AT
        | (_MAX_START - start) << _LIFO_START_AT
        | (MAX_NUMBER - number) << _LIFO_NUMBER_AT
        | priority << _TAIL
        | version << _VERSION_AT
        | lane
    )


def read(entry: int) -> Place:
    """The place that a number tells.

    >>> place = Place(priority=7, start=10, number=3, version=2, lane=5)
    >>> read(fifo(*place)) == read(lifo(*place, first=True)) == read(lifo(*place, first=False)) == place
    True
    """
    version, lane = version_of(entry), lane_of(entry)
    if entry >> _KIND_AT == _FIFO:
        priority = _MAX_PRIORITY - (entry >> _FIFO_PRIORITY_AT & _MAX_PRIORITY)
        return Place(priority, entry >> _START_AT & _MAX_START, entry >> _TAIL & MAX_NUMBER, version, lane)
    start = _MAX_START - (entry >> _LIFO_START_AT & _MAX_START)
    return Place(entry >> _TAIL & _MAX_PRIORITY, start, number_of(entry), version, lane)


def number_of(entry: int) -> int:
    """Whose place it is."""
    if entry >> _KIND_AT == _FIFO:
        return entry >> _TAIL & MAX_NUMBER
    return MAX_NUMBER - (entry >> _LIFO_NUMBER_AT & MAX_NUMBER)


def version_of(entry: int) -> int:
    """The version of the row when it was read."""
    return entry >> _VERSION_AT & _MAX_VERSION


def lane_of(entry: int) -> int:
    """The lane where the task stands."""
    return entry & _MAX_LANE


def in_lane(entry: int, lane: int) -> int:
    """The same place in another lane."""
    return entry - (entry & _MAX_LANE) + lane


# --- workers stand in line as well ---

_RANK: Final = 55
_UNRANKED: Final = 1 << _RANK - 1
_TURN: Final = _START + _NUMBER


def turn(idle_since: int, number: int) -> int:
    """A worker's place in line: who was given work longest ago comes first, and of equals the smaller number.

    >>> turn(0, 7) < turn(100, 1) < turn(100, 2)
    True
    """
    return idle_since << _NUMBER | number


def ranked(turn: int, ranks: tuple[int | None, ...]) -> int:
    """The place in line behind all who rank lower; None, who has no rank, comes last.

    >>> ranked(9, (1,)) < ranked(3, (2,)) < ranked(1, (None,))
    True
    """
    before = 0
    for rank in ranks:
        before = before << _RANK | (_UNRANKED if rank is None else rank + (_UNRANKED >> 1))
    return before << _TURN | turn
