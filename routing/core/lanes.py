"""A lane: waiting tasks that exactly the same workers may serve.

Because a lane is all of one kind, its first task can always be served by its first worker; nothing deeper needs to be
looked at, however many tasks wait. What they have in common stands here once: a task itself is one number in a heap.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from routing.core import line
from routing.core.clauses import FREE, Name
from routing.core.crews import Crew
from routing.core.pools import Pool
from routing.core.roster import Candidate, Roster

Standing = Mapping[int, int]
"""By number, the true places of all tasks that wait."""


@dataclass(frozen=True, slots=True)
class LaneKey:
    """What sets lanes of one crew apart: the queue, whom the tasks want, and who must not have them.

    ``excluded`` never get them, those who ``refused`` not before their pause is over.
    """

    queue: str
    wanted: Name | None = None
    excluded: frozenset[int] = frozenset()
    refused: frozenset[int] = frozenset()


class Lane:
    """See the module. ``given`` are the workers whom the last decision took for it."""

    __slots__ = ("_barred", "_tasks", "crew", "given", "key", "number", "pool", "size")

    def __init__(self, number: int, crew: Crew, pool: Pool, key: LaneKey) -> None:
        self.number = number
        self.crew = crew
        self.pool = pool
        self.key = key
        self.size = 0
        self.given: list[int] = []
        self._barred = key.excluded | key.refused
        self._tasks: list[int] = []

    @property
    def lasting(self) -> bool:
        """Whether tasks will come again: the lane was not made for one task's sake."""
        return self.key.wanted is None and not self.key.excluded and not self.key.refused

    def add(self, entry: int) -> None:
        self.size += 1
        heappush(self._tasks, entry)

    def remove(self, standing: Standing) -> None:
        """One of the tasks is no longer in ``standing`` at its place here."""
        self.size -= 1
        if len(self._tasks) > 2 * self.size + 64:
            self.line_up(self.entries(standing))

    def line_up(self, entries: list[int]) -> None:
        """These are the tasks that wait here."""
        self._tasks = entries
        heapify(self._tasks)

    def entries(self, standing: Standing) -> list[int]:
        """The tasks that wait here."""
        return [entry for entry in set(self._tasks) if standing.get(line.number_of(entry)) == entry]

    def first(self, standing: Standing) -> int | None:
        """The task that comes next."""
        tasks = self._tasks
        while tasks:
            entry = tasks[0]
            if standing.get(line.number_of(entry)) == entry:
                return entry
            heappop(tasks)
        return None

    def pick(self, roster: Roster) -> list[Candidate]:
        """The free workers to whom the next task is to be offered at once, in the order of their turns."""
        count = self.pool.queue.max_reserved
        if self.key.wanted is None:
            return self.crew.pick(count, self._barred)
        named, letters = roster.named(self.key.wanted), self.crew.letters
        return [worker for worker in named if letters[worker.slot] == FREE and worker.number not in self._barred][
            :count
        ]


class Lanes:
    """All lanes by number. A number is given again once its lane is gone."""

    def __init__(self) -> None:
        self._lanes: dict[int, Lane] = {}
        self._vacant: list[int] = []

    def of(self, entry: int) -> Lane:
        """Where the task stands whose place this is."""
        return self._lanes[line.lane_of(entry)]

    def open(self, crew: Crew, pool: Pool, key: LaneKey) -> Lane:
        """The crew's lane with this key, made if need be."""
        lane = crew.lanes.get(key)
        if lane is None:
            number = self._vacant.pop() if self._vacant else len(self._lanes)
            lane = self._lanes[number] = crew.lanes[key] = Lane(number, crew, pool, key)
            (crew.open if key.wanted is None else crew.named.setdefault(key.wanted, {}))[lane] = None
        return lane

    def close(self, lane: Lane) -> None:
        """Nobody waits there any more."""
        crew, wanted = lane.crew, lane.key.wanted
        del crew.lanes[lane.key], self._lanes[lane.number]
        self._vacant.append(lane.number)
        if wanted is None:
            del crew.open[lane]
            return
        del crew.named[wanted][lane]
        if not crew.named[wanted]:
            del crew.named[wanted]

    def __iter__(self) -> Iterator[Lane]:
        return iter(self._lanes.values())
