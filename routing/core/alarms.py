"""When something is due for a task: a heap of whole numbers, a million of which are nothing else in memory."""

from heapq import heapify, heappop, heappush
from typing import Final

from routing.core import line
from routing.core.lanes import Standing

_NUMBER: Final = 42
_VERSION: Final = 26
_MAX_NUMBER: Final = (1 << _NUMBER) - 1
_MAX_VERSION: Final = (1 << _VERSION) - 1


class Alarms:
    """An alarm counts as long as the task waits with the version that it had. ``standing`` are those that wait."""

    def __init__(self, standing: Standing) -> None:
        self._standing = standing
        self._due: list[int] = []

    def set(self, at: float, number: int, version: int) -> None:
        """Something is due for the task at that moment."""
        heappush(self._due, (line.microseconds(at) << _NUMBER | number) << _VERSION | version)
        if len(self._due) > 2 * len(self._standing) + 64:
            self._due = [due for due in set(self._due) if self._counts(due)]
            heapify(self._due)

    def next(self) -> float | None:
        """The moment of the first alarm."""
        while self._due and not self._counts(self._due[0]):
            heappop(self._due)
        return line.moment(self._due[0] >> _NUMBER + _VERSION) if self._due else None

    def take(self, now: float) -> int | None:
        """The number of a task for which something is due, once for each alarm."""
        until = line.microseconds(now)
        while self._due and self._due[0] >> _NUMBER + _VERSION <= until:
            due = heappop(self._due)
            if self._counts(due):
                return due >> _VERSION & _MAX_NUMBER
        return None

    def _counts(self, due: int) -> bool:
        entry = self._standing.get(due >> _VERSION & _MAX_NUMBER)
        return entry is not None and line.version_of(entry) == due & _MAX_VERSION
