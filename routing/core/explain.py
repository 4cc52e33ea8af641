"""Why a task waits, worker by worker: verdicts from facts, by the predicates that the board decides with."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from routing.core.clauses import Clauses
from routing.core.facts import ChannelFacts, QueueFacts, TaskFacts, WorkerFacts
from routing.core.roster import Candidate
from routing.core.trace import Clause, why_not
from routing.core.verdicts import Judge

NEAREST_FIRST: Final = "orfcaxktsq-"
"""The letters of `routing.core.clauses`, from those who could serve at once to those who never will."""


@dataclass(frozen=True, slots=True)
class Detail:
    """What a letter says of one worker: only what belongs to the letter is there.

    ``clauses``: on what the queue's or the target's expression failed. ``skills``: those that are missing.
    ``activity``: what he is doing instead. ``until``: the end of the pause after a refusal. ``place``: in the line of
    those who are free, 1 being next.
    """

    letter: str
    clauses: tuple[Clause, ...] = ()
    skills: tuple[str, ...] = ()
    activity: str = ""
    channel: ChannelFacts | None = None
    until: float | None = None
    place: int | None = None


class Demand:
    """What one task asks of workers at a moment."""

    def __init__(self, task: TaskFacts, queue: QueueFacts | None, *, now: float) -> None:
        self.task = task
        self.queue = queue or QueueFacts(task.queue, None)
        self.now = now
        self.judge = Judge(task, self.queue, now=now)

    @property
    def clauses(self) -> Clauses:
        return self.judge.clauses

    def detail(self, worker: Candidate, letter: str) -> Detail:
        """What the letter says of this worker."""
        facts = worker.facts
        if letter == "q" and self.queue.expression is not None:
            return Detail(letter, clauses=why_not(self.queue.expression, facts.attributes))
        if letter == "s":
            return Detail(letter, skills=tuple(sorted(self.clauses.skills - worker.skills)))
        if letter == "t" and self.clauses.expression is not None:
            scope = {"task": self.clauses.task, "worker": worker.scope}
            return Detail(letter, clauses=why_not(self.clauses.expression, scope))
        if letter == "r":
            return Detail(letter, until=max(until for number, until in self.task.refusals if number == worker.number))
        if letter == "a":
            return Detail(letter, activity=facts.activity_name)
        return Detail(letter, channel=facts.channels.get(self.task.channel))

    def is_hopeless(self, worker: Candidate, letter: str) -> bool:
        """Whether the worker could not serve even if he were at work and had nothing to do."""
        if letter == "t":
            return not self.clauses.volatile
        if letter == "f":
            return worker.facts.channels[self.task.channel].configured_capacity == 0
        return letter not in "aro"


@dataclass(frozen=True, slots=True)
class Survey:
    """All workers and their letters, the nearest to serving first; those who are free in the order of their turns.

    ``counts`` is by letter. ``never``: nobody could serve the task even if all were at work and had nothing to do.
    """

    demand: Demand
    judged: tuple[tuple[str, Candidate], ...]
    counts: Mapping[str, int]
    never: bool

    def detail(self, index: int) -> Detail:
        """Of the worker at this place of ``judged``."""
        letter, worker = self.judged[index]
        found = self.demand.detail(worker, letter)
        return replace(found, place=index + 1) if letter == "o" else found


def survey(
    task: TaskFacts,
    queue: QueueFacts | None,
    workers: Iterable[WorkerFacts],
    *,
    now: float,
    optimized: frozenset[str] = frozenset(),
) -> Survey:
    """What stands between each of the workers and the task."""
    demand = Demand(task, queue, now=now)
    candidates = [Candidate(facts, optimized=optimized) for facts in workers]
    judged = [(demand.judge.letter(worker), worker) for worker in candidates]
    never = all(demand.is_hopeless(worker, letter) for letter, worker in judged)
    judged.sort(key=partial(_nearness, demand.clauses))
    return Survey(demand, tuple(judged), Counter(letter for letter, _ in judged), never)


def _nearness(clauses: Clauses, entry: tuple[str, Candidate]) -> tuple[int, int, str]:
    letter, worker = entry
    turn = clauses.turn(worker) if letter == "o" else 0
    return NEAREST_FIRST.index(letter), turn, worker.facts.friendly_name.casefold()
