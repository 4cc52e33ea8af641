"""The decision: from a board and a moment to what should happen now."""

from dataclasses import dataclass
from heapq import heapify, heappop, heapreplace
from typing import Final, Literal, NamedTuple

from routing.core import line
from routing.core.board import Board
from routing.core.lanes import Lane

MAX_OFFERS: Final = 1000

Row = tuple[int, int]
"""Number and version of a task's row."""


class Offer(NamedTuple):
    """Offer the task to all of these workers at once; ``lane`` lets `routing.core.verdicts` say why to them.

    ``lane`` is the same for offers of one decision that have the same explanation.
    """

    task: int
    version: int
    workers: tuple[int, ...]
    lane: Lane


@dataclass(frozen=True, slots=True)
class Move:
    """Take the task out of its step, whose time is over or which it skips. The row's attributes tell where to."""

    task: int
    version: int
    cause: Literal["timeout", "skip"]


@dataclass(frozen=True, slots=True)
class Decision:
    """``settled`` are tasks that entered their step, got nobody and do not skip it: they are not to be asked again."""

    offers: tuple[Offer, ...] = ()
    moves: tuple[Move, ...] = ()
    settled: tuple[Row, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.offers or self.moves or self.settled)


def decide(board: Board, now: float, *, limit: int = MAX_OFFERS) -> Decision:
    """What should happen now.

    Steps whose time is over end first. Then the highest priority comes first and after it the oldest task, over all
    queues; each goes to the free worker who has been without new work for longest, or to several where its queue asks
    several at once. Who got nobody on entering a step is asked whether he skips it.

    Tasks that are offered or moved leave the board; what is refused when written must be put in again. At most
    ``limit`` of each: call again while the decision is not empty.
    """
    moves = [_move(entry, "timeout") for entry in board.end_steps(now, limit)]
    if len(moves) == limit:
        return Decision(moves=tuple(moves))  # There may be more, and they must not be offered.
    board.end_pauses(now)
    offers = _match(board, now, limit)
    if len(offers) == limit:
        return Decision(tuple(offers), tuple(moves))
    asked = list(board.ask_to_skip(limit))
    moves += [_move(entry, "skip") for entry, skips in asked if skips]
    settled = tuple((line.number_of(entry), line.version_of(entry)) for entry, skips in asked if not skips)
    return Decision(tuple(offers), tuple(moves), settled)


def _move(entry: int, cause: Literal["timeout", "skip"]) -> Move:
    return Move(line.number_of(entry), line.version_of(entry), cause)


def _match(board: Board, now: float, limit: int) -> list[Offer]:
    offers: list[Offer] = []
    heads, moment = _heads(board), line.microseconds(now)
    while heads and len(offers) < limit:
        entry, lane = heads[0]
        workers = lane.pick(board.roster)
        if not workers:
            heappop(heads)
            continue
        number = line.number_of(entry)
        board.reserve(number, lane, workers, moment=moment)
        offers.append(Offer(number, line.version_of(entry), tuple([worker.number for worker in workers]), lane))
        following = lane.first(board.waiting)
        if following is None:
            heappop(heads)
        else:
            heapreplace(heads, (following, lane))
    for _, lane in heads:
        board.stir(lane)
    return offers


def _heads(board: Board) -> list[tuple[int, Lane]]:
    """The first tasks of the lanes in which something may be possible. No two of them are equal."""
    heads = []
    for lane in board.take_stirred():
        lane.given = []
        entry = lane.first(board.waiting)
        if entry is not None:
            heads.append((entry, lane))
    heapify(heads)
    return heads
