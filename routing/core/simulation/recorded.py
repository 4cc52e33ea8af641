"""What people did in a recorded period, to be done by them again in a simulated one.

Whoever was offered a task answers the same when he is offered it again, and no sooner than he did where the offer was
withdrawn. Otherwise he answers as he did in the period, one answer after the other; who never answered does as all the
others. A task takes as long as it took, or else as long as those of its queue took on average. Nothing is drawn by
chance: the same record gives the same course.
"""

from array import array
from dataclasses import dataclass, field, replace
from math import isnan, nan
from typing import Final

from routing.core.simulation.scenario import Answer, Work

DEFAULT_ANSWER: Final = Answer("accept", 5.0)
DEFAULT_HANDLING: Final = 300.0
DEFAULT_ABSENCE: Final = 300.0


class Record:
    """What is known of the period, filled in the order of time and then only read."""

    def __init__(self) -> None:
        self.handling = array("f")
        self.wrap_up = array("f")
        self._given: dict[tuple[int, int], tuple[Answer, ...]] = {}
        self._answers: dict[int, list[Answer]] = {}
        self._everybody: list[Answer] = []
        self._silences: dict[tuple[int, int], float] = {}
        self._absences: dict[int, list[float]] = {}
        self._means = Means()

    def add_task(self) -> int:
        """The number of a new line."""
        self.handling.append(nan)
        self.wrap_up.append(0.0)
        return len(self.handling) - 1

    def answered(self, task: int, worker: int, answer: Answer) -> None:
        key = (task, worker)
        self._given[key] = (*self._given.get(key, ()), answer)
        self._answers.setdefault(worker, []).append(answer)
        self._everybody.append(answer)

    def was_silent(self, task: int, worker: int, seconds: float) -> None:
        """The offer was withdrawn before he had answered."""
        self._silences[task, worker] = seconds

    def worked(self, task: int, queue: str, work: Work) -> None:
        self.handling[task], self.wrap_up[task] = work.handling, work.wrap_up
        self._means.add(queue, work)

    def at_least(self, task: int, seconds: float, queue: str) -> None:
        """The task was not done yet after so long."""
        mean = self._means.of(queue)
        if seconds > mean.handling:
            self.handling[task], self.wrap_up[task] = seconds, mean.wrap_up

    def was_away(self, worker: int, seconds: float) -> None:
        """After an offer that he let time out."""
        self._absences.setdefault(worker, []).append(seconds)

    def given(self, task: int, worker: int) -> tuple[Answer, ...]:
        """What he answered to offers of this very task."""
        return self._given.get((task, worker), ())

    def silence(self, task: int, worker: int) -> float:
        """For how long he is known not to have answered an offer of this very task."""
        return self._silences.get((task, worker), 0.0)

    def habits(self, worker: int) -> list[Answer]:
        return self._answers.get(worker) or self._everybody or [DEFAULT_ANSWER]

    def work(self, task: int, queue: str) -> Work:
        handling = self.handling[task] if task < len(self.handling) else nan
        return self._means.of(queue) if isnan(handling) else Work(handling, self.wrap_up[task])

    def absence(self, worker: int) -> float:
        """On average; that of all where he has none."""
        own = self._absences.get(worker) or [each for known in self._absences.values() for each in known]
        return sum(own) / len(own) if own else DEFAULT_ABSENCE


class Means:
    """How long tasks took on average, by queue and altogether."""

    def __init__(self) -> None:
        self._sums: dict[str, tuple[int, float, float]] = {}

    def add(self, queue: str, work: Work) -> None:
        for name in (queue, ""):
            count, handling, wrap_up = self._sums.get(name, (0, 0.0, 0.0))
            self._sums[name] = count + 1, handling + work.handling, wrap_up + work.wrap_up

    def of(self, queue: str) -> Work:
        count, handling, wrap_up = self._sums.get(queue) or self._sums.get("") or (1, DEFAULT_HANDLING, 0.0)
        return Work(handling / count, wrap_up / count)


@dataclass(slots=True)
class AsRecorded:
    """The behaviour in one run over the record. The counts say how much of it was known rather than drawn."""

    record: Record
    same_answers: int = 0
    drawn_answers: int = 0
    _places: dict[int, int] = field(default_factory=dict)
    _refused: dict[tuple[int, int], int] = field(default_factory=dict)

    def answer(self, task: int, worker: int) -> Answer:
        given = self.record.given(task, worker)
        used = self._refused.get((task, worker), 0) if given else 0
        if used < len(given):
            self.same_answers += 1
            if given[used].kind != "accept":  # After which he may be offered it once more.
                self._refused[task, worker] = used + 1
            return given[used]
        drawn, silence = self._drawn(worker), self.record.silence(task, worker)
        return replace(drawn, after=drawn.after + silence) if silence else drawn

    def work(self, task: int, _worker: int, queue: str) -> Work:
        return self.record.work(task, queue)

    def absence(self, worker: int) -> float:
        return self.record.absence(worker)

    def _drawn(self, worker: int) -> Answer:
        self.drawn_answers += 1
        habits = self.record.habits(worker)
        place = self._places.get(worker, 0)
        self._places[worker] = place + 1
        return habits[place % len(habits)]
