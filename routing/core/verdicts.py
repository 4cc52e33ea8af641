"""Why an offer went where it went: a letter for each worker, taken down when the decision was made.

The letters are those of `routing.core.clauses`. A crew keeps them anyway; what only this task asks is put in here.
"""

from dataclasses import dataclass
from typing import Final, TypedDict

from routing.core.board import Board
from routing.core.clauses import EXCLUDED, FITTING, FREE, OUTSIDE, REFUSED, STRANGER, clauses_of, wanted
from routing.core.decide import Offer
from routing.core.facts import QueueFacts, TaskFacts, WorkerFacts
from routing.core.lanes import Lane
from routing.core.roster import Candidate
from routing.core.workflow import Order

_OTHERS: Final = bytes.maketrans(FITTING, bytes((STRANGER,)) * len(FITTING))


class Rule(TypedDict):
    """What was asked. ``references`` are the task's values that the expression reads, as JSON; ``wanted`` is by what
    the one worker was named (``number``, ``sid`` or ``friendly_name``), and how; workers are numbers."""

    queue: str
    channel: str
    skills: list[str]
    expression: str
    references: str
    order_by: list[str]
    wanted: tuple[str, str | int | None] | None
    ignore_capacity: bool
    excluded: list[int]
    refused: list[int]


@dataclass(frozen=True, slots=True)
class Judged:
    """``verdicts`` has a letter for each worker of ``roster``, whose digest tells whether it is another's as well."""

    rule: Rule
    roster: tuple[int, ...]
    digest: str
    verdicts: bytes


def snapshot(board: Board, offer: Offer) -> Judged:
    """The verdicts on all workers, to be taken right after the decision.

    Whom the decision gave tasks of this lane is free in it; whom it gave another task may have become full by it.
    """
    lane = offer.lane
    letters = _letters(board, lane)
    for number in lane.given:
        slot = board.roster.slot(number)
        if slot is not None:
            letters[slot] = FREE
    numbers, digest = board.roster.written
    return Judged(_rule(lane), numbers, digest, bytes(letters))


class Judge:
    """The verdicts on one worker after the other, from facts alone; ``clauses`` are the task's."""

    def __init__(self, task: TaskFacts, queue: QueueFacts, *, now: float) -> None:
        self.clauses = clauses_of(task)
        self._wanted = wanted(task)
        self._excluded = frozenset(task.excluded)
        self._refused = frozenset(number for number, until in task.refusals if until > now)
        self._asks_queue = task.target_worker is None
        self._queue = queue.expression

    def letter(self, worker: Candidate) -> str:
        """The verdict on this one."""
        if self._asks_queue:
            if self._queue is None or not self._queue.test(worker.facts.attributes):
                return chr(OUTSIDE)
            unfit = self.clauses.unfitness(worker)
            if unfit is not None:
                return chr(unfit)
        if self._wanted is not None and self._wanted not in worker.names:
            return chr(STRANGER)
        if worker.number in self._excluded:
            return chr(EXCLUDED)
        standing = self.clauses.standing(worker)
        return chr(REFUSED if standing == FREE and worker.number in self._refused else standing)


def judge(task: TaskFacts, queue: QueueFacts, worker: WorkerFacts, *, now: float) -> str:
    """The verdict on one worker."""
    return Judge(task, queue, now=now).letter(Candidate(worker))


def _letters(board: Board, lane: Lane) -> bytearray:
    crew, key = lane.crew, lane.key
    letters = crew.letters[: len(board.roster.numbers)]
    if key.wanted is not None:
        letters = letters.translate(_OTHERS)
        for worker in board.roster.named(key.wanted):
            letters[worker.slot] = crew.letters[worker.slot]
    for number in key.excluded:
        _overrule(board, letters, number, EXCLUDED, FITTING)
    for number in key.refused:
        _overrule(board, letters, number, REFUSED, bytes((FREE,)))
    return letters


def _overrule(board: Board, letters: bytearray, number: int, letter: int, those: bytes) -> None:
    slot = board.roster.slot(number)
    if slot is not None and letters[slot] in those:
        letters[slot] = letter


def _rule(lane: Lane) -> Rule:
    clauses, key = lane.crew.clauses, lane.key
    return Rule(
        queue=key.queue,
        channel=clauses.channel,
        skills=sorted(clauses.skills),
        expression=clauses.expression.text if clauses.expression else "",
        references=clauses.references,
        order_by=[_clause(order) for order in clauses.order_by],
        wanted=key.wanted,
        ignore_capacity=clauses.unconditional,
        excluded=sorted(key.excluded),
        refused=sorted(key.refused),
    )


def _clause(order: Order) -> str:
    path = ".".join(str(part) for part in order.path)
    return f"{path} {'DESC' if order.descending else 'ASC'}"
