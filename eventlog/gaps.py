"""Which ids below the newest are missing. Pure: whoever reads the log asks the database."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(slots=True)
class Gap:
    """Ids ``first`` to ``last``. ``writers`` are the transactions that may fill it yet, once somebody has asked."""

    first: int
    last: int
    writers: frozenset[str] | None = None

    def __len__(self) -> int:
        return self.last - self.first + 1


class Gaps:
    """What a reader has not heard of, up to ``newest``.

    >>> gaps = Gaps(newest=10)
    >>> gaps.hear([13, 14, 16])
    >>> [(gap.first, gap.last) for gap in gaps], gaps.newest, gaps.horizon
    ([(11, 12), (15, 15)], 16, 10)
    >>> gaps.hear([12, 15])
    >>> [(gap.first, gap.last) for gap in gaps], gaps.horizon
    ([(11, 11)], 10)
    >>> gaps.narrow(frozenset({"3/7"})); gaps.forget(); len(list(gaps))
    1
    >>> gaps.narrow(frozenset({"3/8"})); gaps.forget(); list(gaps), gaps.horizon
    ([], 16)
    """

    def __init__(self, *, newest: int, missing: Iterable[tuple[int, int]] = ()) -> None:
        self.newest = newest
        self._gaps = [Gap(first, last) for first, last in missing]

    def __iter__(self) -> Iterator[Gap]:
        return iter(self._gaps)

    def __bool__(self) -> bool:
        return bool(self._gaps)

    @property
    def horizon(self) -> int:
        """Nothing is missing up to here."""
        return min((gap.first for gap in self._gaps), default=self.newest + 1) - 1

    def hear(self, ids: Iterable[int]) -> None:
        """These are there."""
        for number in sorted(ids):
            if number > self.newest:
                if number > self.newest + 1:
                    self._gaps.append(Gap(self.newest + 1, number - 1))
                self.newest = number
            elif self._gaps:
                self._fill(number)

    def narrow(self, writing: frozenset[str]) -> None:
        """Nobody else is writing now: who is not among these will fill nothing that was missing before."""
        for gap in self._gaps:
            gap.writers = writing if gap.writers is None else gap.writers & writing

    def forget(self) -> None:
        """What nobody can fill any more was rolled back. To be called when the log was read after `narrow`."""
        self._gaps = [gap for gap in self._gaps if gap.writers is None or gap.writers]

    def _fill(self, number: int) -> None:
        for place, gap in enumerate(self._gaps):
            if gap.first <= number <= gap.last:
                below, above = Gap(gap.first, number - 1, gap.writers), Gap(number + 1, gap.last, gap.writers)
                self._gaps[place : place + 1] = [part for part in (below, above) if part]
                return
