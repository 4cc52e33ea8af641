"""What became of each task and how busy each agent was, in columns, so that a million of them fit into memory."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

from routing.core.simulation import simulator
from routing.core.simulation.staff import Agent, Case

UNKNOWN: Final = 0
ACCEPTED: Final = 1
GIVEN_UP: Final = 2
WORKFLOW_OVER: Final = 3
TIME_TO_LIVE: Final = 4
OTHER_END: Final = 5
WAITING: Final = 6

CODES: Final = {
    simulator.GIVEN_UP: GIVEN_UP,
    simulator.WORKFLOW_OVER: WORKFLOW_OVER,
    simulator.NO_FILTER: WORKFLOW_OVER,
    simulator.TIME_TO_LIVE: TIME_TO_LIVE,
}
NOWHERE: Final = -1


class Names:
    """Small numbers for sids, so that a column of them takes two bytes a task.

    >>> names = Names(["WQ1"]); names.number("WQ2"), names.number("WQ1"), names[1]
    (1, 0, 'WQ2')
    """

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._names = list(known)
        self._numbers = {name: number for number, name in enumerate(self._names)}

    def __getitem__(self, number: int) -> str:
        return self._names[number]

    def __len__(self) -> int:
        return len(self._names)

    def number(self, name: str) -> int:
        if name not in self._numbers:
            self._numbers[name] = len(self._names)
            self._names.append(name)
        return self._numbers[name]


class Outcomes:
    """One line a task: how long it waited, where it was then, and what became of it. Lines are the tasks' numbers."""

    def __init__(self, count: int, queues: Names) -> None:
        self.queue_names = queues
        self.ends = bytearray(count)
        self.waits = array("f", bytes(4 * count))
        self.queues = array("h", [NOWHERE]) * count
        self.filters = array("h", [NOWHERE]) * count
        self.targets = array("h", [NOWHERE]) * count
        self.workers = array("q", [NOWHERE]) * count

    def __len__(self) -> int:
        return len(self.ends)

    def note(self, number: int, end: int, *, waited: float, queue: str) -> None:
        self.ends[number] = end
        self.waits[number] = waited
        if queue:
            self.queues[number] = self.queue_names.number(queue)

    def queue(self, number: int) -> str:
        """Where the task was last; empty when it is not known."""
        return self.queue_names[self.queues[number]] if self.queues[number] != NOWHERE else ""


class Occupancy:
    """For each agent the seconds that he was there, those in which he had anything to do, and those of all his tasks
    together, which may be more: several at once count several times."""

    def __init__(self) -> None:
        self.present: dict[int, float] = {}
        self.busy: dict[int, float] = {}
        self.held: dict[int, float] = {}
        self._since: dict[int, tuple[float, bool, int]] = {}

    def note(self, number: int, at: float, *, available: bool, load: int) -> None:
        """From ``at`` on he is available or not, with that many offers and tasks."""
        self._count(number, at)
        self._since[number] = at, available, load

    def close(self, at: float) -> None:
        for number in list(self._since):
            self._count(number, at)
            del self._since[number]

    def share(self, number: int) -> float | None:
        """How much of his time he was busy, 0 to 1; None for one who was never there."""
        present = self.present.get(number, 0.0)
        return self.busy.get(number, 0.0) / present if present else None

    def total(self) -> float | None:
        """The share of all agents together."""
        present = sum(self.present.values())
        return sum(self.busy.values()) / present if present else None

    def at_once(self) -> float | None:
        """How many tasks somebody has in hand on average while he has any."""
        busy = sum(self.busy.values())
        return sum(self.held.values()) / busy if busy else None

    def _count(self, number: int, at: float) -> None:
        since, available, load = self._since.get(number, (at, False, 0))
        if available or load:
            self.present[number] = self.present.get(number, 0.0) + at - since
        if load:
            self.busy[number] = self.busy.get(number, 0.0) + at - since
            self.held[number] = self.held.get(number, 0.0) + load * (at - since)


class Measures:
    """A watcher of a simulation that fills the columns."""

    def __init__(self, count: int, queues: Names) -> None:
        self.outcomes = Outcomes(count, queues)
        self.occupancy = Occupancy()

    def accepted(self, case: Case, agent: Agent, at: float) -> None:
        self._place(case)
        self.outcomes.note(case.number, ACCEPTED, waited=at - case.created, queue=case.queue)
        self.outcomes.workers[case.number] = agent.number

    def ended(self, case: Case, how: str, at: float) -> None:
        if self.outcomes.ends[case.number] != ACCEPTED:
            self._place(case)
            self.outcomes.note(case.number, CODES.get(how, OTHER_END), waited=at - case.created, queue=case.queue)

    def occupied(self, agent: Agent, at: float) -> None:
        self.occupancy.note(agent.number, at, available=agent.available, load=agent.load)

    def close(self, cases: Iterable[Case], at: float) -> None:
        """The end of the period: what still waits has waited until then."""
        self.occupancy.close(at)
        for case in cases:
            if self.outcomes.ends[case.number] == UNKNOWN:
                self._place(case)
                self.outcomes.note(case.number, WAITING, waited=at - case.created, queue=case.queue)

    def _place(self, case: Case) -> None:
        if case.step is not None:
            self.outcomes.filters[case.number] = case.step.filter
            self.outcomes.targets[case.number] = case.step.target


@dataclass(frozen=True, slots=True)
class Summary:
    """Waiting is that of the accepted tasks, in seconds; None where there were none.

    ``service_level`` is the share of tasks that were accepted in time, of all that were accepted, were canceled, or
    have waited longer than that.
    """

    tasks: int
    accepted: int
    canceled: int
    waiting: int
    mean: float | None
    p50: float | None
    p90: float | None
    longest: float | None
    service_level: float | None


def summary(outcomes: Outcomes, numbers: Iterable[int], *, within: float) -> Summary:
    """Of those tasks. ``within`` is the service level in seconds."""
    counts = [0] * (WAITING + 1)
    waits: list[float] = []
    overdue = 0
    for number in numbers:
        end = outcomes.ends[number]
        counts[end] += 1
        if end == ACCEPTED:
            waits.append(outcomes.waits[number])
        elif end == WAITING and outcomes.waits[number] > within:
            overdue += 1
    waits.sort()
    canceled = sum(counts[GIVEN_UP : OTHER_END + 1])
    judged = len(waits) + canceled + overdue
    in_time = sum(1 for wait in waits if wait <= within)
    return Summary(
        tasks=sum(counts) - counts[UNKNOWN],
        accepted=len(waits),
        canceled=canceled,
        waiting=counts[WAITING],
        mean=sum(waits) / len(waits) if waits else None,
        p50=percentile(waits, 50),
        p90=percentile(waits, 90),
        longest=waits[-1] if waits else None,
        service_level=in_time / judged if judged else None,
    )


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """The value below which ``share`` per cent lie, by nearest rank.

    >>> percentile([1, 2, 3, 4], 50), percentile([1, 2, 3, 4], 90), percentile([], 50)
    (2, 4, None)
    """
    return ordered[max(0, ceil(len(ordered) * share / 100) - 1)] if ordered else None


def grouped(keys: Sequence[int], numbers: Iterable[int]) -> Iterator[tuple[int, list[int]]]:
    """The numbers by their key, in the order of the keys.

    >>> list(grouped([5, 3, 5], range(3)))
    [(3, [1]), (5, [0, 2])]
    """
    groups: dict[int, list[int]] = {}
    for number in numbers:
        groups.setdefault(keys[number], []).append(number)
    yield from sorted(groups.items())
