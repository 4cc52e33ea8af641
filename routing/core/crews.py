"""Crews: who of a queue's workers may serve tasks that ask the same.

A crew keeps a letter for each worker (`routing.core.clauses`), put right when something about the worker changes, and
a heap of those who are free. The heap is lazy: an entry that no longer tells the truth is dropped, or put right, when
it comes to the top.
"""

from collections.abc import Iterator
from heapq import heapify, heappop, heappush, heapreplace
from typing import TYPE_CHECKING

from routing.core import line
from routing.core.clauses import FITTING, FREE, OUTSIDE, UNFIT, Clauses, Name
from routing.core.roster import Candidate, Roster

if TYPE_CHECKING:
    from routing.core.lanes import Lane, LaneKey
    from routing.core.pools import Pool

_FREE, _UNFIT = bytes((FREE,)), bytes((UNFIT,))


class Crew:
    """Who may serve tasks that ask the same. ``lanes`` are where those wait; ``size`` counts them."""

    __slots__ = (
        "_free",
        "_most",
        "_plain",
        "_roster",
        "_steady",
        "channel",
        "clauses",
        "lanes",
        "letters",
        "named",
        "open",
        "pool",
        "size",
        "volatile",
    )

    def __init__(self, pool: "Pool", clauses: Clauses, roster: Roster) -> None:
        self.pool = pool
        self.clauses = clauses
        self.channel = clauses.channel
        self.volatile = clauses.volatile
        self._steady = not clauses.volatile and not clauses.unconditional
        self._plain = not clauses.order_by and not roster.has_rotation(clauses.channel)
        self.letters = bytearray(pool.letters)
        self.lanes: dict[LaneKey, Lane] = {}
        self.open: dict[Lane, None] = {}
        self.named: dict[Name, dict[Lane, None]] = {}
        self.size = 0
        self._roster = roster
        self._free: list[int] | None = None
        self._most = 0
        holding = clauses.holding()
        if holding is not None:
            self.letters = self.letters.replace(_FREE, _UNFIT)
        for worker in roster.workers.values() if holding is None else roster.holders(holding):
            if pool.letters[worker.slot] == FREE:
                self.letters[worker.slot] = OUTSIDE
                self.judge(worker)

    # --- letters ---

    def judge(self, worker: Candidate) -> bool:
        """Anything about the worker may have changed; True when he is free."""
        before = self.letters[worker.slot]
        letter = self._letter(worker) if self.pool.letters[worker.slot] == FREE else OUTSIDE
        if self._follows(letter) != self._follows(before):
            worker.crews.append(self) if self._follows(letter) else worker.crews.remove(self)
        self.letters[worker.slot] = letter
        if letter != FREE:
            return False
        self.line_up(worker)
        return True

    def refresh(self, worker: Candidate, *, moved: bool = False) -> bool:
        """The load or the activity of one of ``worker.crews`` has changed; True when he has become free.

        ``moved``: his turn may come earlier than before.
        """
        if self._steady:
            letter = worker.standings.get(self.channel) or worker.standing(self.channel)
        else:
            letter = self._letter(worker)
        before = self.letters[worker.slot]
        self.letters[worker.slot] = letter
        if letter != FREE or (before == FREE and not moved):
            return False
        self.line_up(worker)
        return before != FREE

    def _letter(self, worker: Candidate) -> int:
        return self.clauses.unfitness(worker) or self.clauses.standing(worker)

    def _follows(self, letter: int) -> bool:
        """Whether load and activity of a worker with this letter matter."""
        return letter in FITTING or (self.volatile and letter == UNFIT)

    # --- whose turn it is ---

    def line_up(self, worker: Candidate) -> None:
        """The worker is free: let him be found."""
        if self._free is None:
            return
        heappush(self._free, worker.turn if self._plain else self.clauses.turn(worker))
        if len(self._free) > self._most:
            self._free = None  # Mostly old entries; those who are free now are found anew.

    def pick(self, count: int, barred: frozenset[int]) -> list[Candidate]:
        """Up to so many free workers in the order of their turns; who is not given work must be lined up again."""
        picked: list[Candidate] = []
        passed: list[int] = []
        while len(picked) < count and (worker := self._next_free()) is not None:
            entry = heappop(self._heap)
            if worker.number in barred:
                passed.append(entry)
            elif worker not in picked:
                picked.append(worker)
        for entry in passed:
            heappush(self._heap, entry)
        return picked

    def _next_free(self) -> Candidate | None:
        free, letters, workers, plain = self._heap, self.letters, self._roster.workers, self._plain
        while free:
            entry = free[0]
            worker = workers.get(entry & line.MAX_NUMBER)
            if worker is None or letters[worker.slot] != FREE:
                heappop(free)
            elif entry != (turn := worker.turn if plain else self.clauses.turn(worker)):
                heapreplace(free, turn)
            else:
                return worker
        return None

    @property
    def _heap(self) -> list[int]:
        if self._free is None:
            self._free = [self.clauses.turn(worker) for worker in self._free_ones()]
            heapify(self._free)
            self._most = 2 * len(self._free) + 64
        return self._free

    def _free_ones(self) -> Iterator[Candidate]:
        slot = self.letters.find(FREE)
        while slot >= 0:
            yield self._roster.workers[self._roster.numbers[slot]]
            slot = self.letters.find(FREE, slot + 1)

    # --- lanes ---

    def lanes_for(self, worker: Candidate) -> Iterator["Lane"]:
        """The lanes in which the worker could serve."""
        yield from self.open
        if self.named:
            for name in worker.names:
                yield from self.named.get(name, ())
