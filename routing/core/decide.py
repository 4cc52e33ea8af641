"""The decision: from a board and a moment to what should happen now."""

from dataclasses import dataclass
from heapq import heapify, heappop, heapreplace
from typing import Final

from routing.core.board import Board
from routing.core.facts import TaskFacts
from routing.core.lanes import Lane, TaskKey
from routing.core.workflow import Step, Workflow, step_after_skip, step_at_age

MAX_OFFERS: Final = 1000


@dataclass(frozen=True, slots=True)
class Offer:
    """Offer the task to the worker."""

    task: TaskFacts
    worker_sid: str


@dataclass(frozen=True, slots=True)
class Move:
    """Take the task to another step of its workflow."""

    task: TaskFacts
    step: Step


@dataclass(frozen=True, slots=True)
class Decision:
    """``timeouts`` are tasks for which the workflow has nothing left."""

    offers: tuple[Offer, ...] = ()
    moves: tuple[Move, ...] = ()
    timeouts: tuple[TaskFacts, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.offers or self.moves or self.timeouts)


def decide(board: Board, now: float, *, limit: int = MAX_OFFERS) -> Decision:
    """What should happen now.

    The highest priority comes first and then the oldest task, over all queues; each goes to the free worker who has
    been without new work for longest. Tasks that are decided upon leave the board; what is refused when written must be
    put in again. At most ``limit`` offers: call again while the decision is not empty.
    """
    ends = []
    for task in board.due(now):
        ends.append(_after_deadline(task, now))
        board.drop_task(task.sid)
    board.end_pauses(now)
    offers = _match(board, now, limit)
    if len(offers) < limit:
        ends += _skips(board)
    return Decision(
        tuple(offers),
        tuple(end for end in ends if isinstance(end, Move)),
        tuple(end for end in ends if isinstance(end, TaskFacts)),
    )


def _match(board: Board, now: float, limit: int) -> list[Offer]:
    offers: list[Offer] = []
    heads: list[tuple[TaskKey, int, Lane]] = []
    for place, lane in enumerate(board.take_stirred()):
        head = lane.first_task(board.keys)
        if head is not None:
            heads.append((head[0], place, lane))
    heapify(heads)
    while heads and len(offers) < limit:
        _, place, lane = heads[0]
        head = lane.first_task(board.keys)
        worker = lane.first_free(board.workers) if head else None
        if head is None or worker is None:
            heappop(heads)
            continue
        offers.append(Offer(board.assign(head[1], worker, now=now), worker.facts.sid))
        following = lane.first_task(board.keys)
        if following is None:
            heappop(heads)
        else:
            heapreplace(heads, (following[0], place, lane))
    for _, _, lane in heads:
        board.stir(lane)
    return offers


def _after_deadline(task: TaskFacts, now: float) -> Move | TaskFacts:
    step = task.step
    workflow = task.workflow or Workflow()
    following = step_at_age(workflow, task.attributes, step, age=now - task.created) if step else None
    return Move(task, following) if following else task


def _skips(board: Board) -> list[Move | TaskFacts]:
    """``skip_if`` is asked once, of tasks that entered their step and found nobody at once."""
    entered, board.entered = board.entered, set()
    found: list[Move | TaskFacts] = []
    for sid in sorted(entered):
        entry = board.waiting.get(sid)
        if entry is None or entry.facts.step is None or not _skipped(board, entry.facts):
            continue
        following = step_after_skip(entry.facts.workflow or Workflow(), entry.facts.attributes, entry.facts.step)
        found.append(Move(entry.facts, following) if following else entry.facts)
        board.drop_task(sid)
    return found


def _skipped(board: Board, task: TaskFacts) -> bool:
    condition = task.step.rule.skip_if if task.step else None
    if condition is None:
        return False
    counts: dict[str | int, int] = {path[0]: 0 for path in condition.paths("workers")}
    counts |= {"available": 0, "unavailable": 0}
    for worker in board.members(task.queue):
        counts["available" if worker.available else "unavailable"] += 1
        counts[worker.activity_sid] = counts.get(worker.activity_sid, 0) + 1
    return condition({"workers": counts})
