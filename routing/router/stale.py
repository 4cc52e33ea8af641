"""What a board has to read again: what events speak of, and what was refused when it was written."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple, TypeVar

from eventlog import dialect
from routing import reading
from routing.core.board import Board
from routing.core.decide import Decision
from routing.core.facts import TaskFacts
from routing.reading import Reader
from routing.router.writing import Refused

BATCH: Final = 500
SET_ASIDE_SECONDS: Final = 5.0
BUSY_SECONDS: Final = 0.25
TRIES: Final = 3

_TOLD: Final = ("worker_sid", "task.sid")

Key = TypeVar("Key", int, str)


class News(NamedTuple):
    """What a board needs to know of an event; ``worker`` and ``task`` are sids, of reservations only."""

    id: int
    subject_sid: str
    workspace_sid: str
    worker: str | None
    task: str | None


def news_columns() -> str:
    """`News`, for the log's follower."""
    told = (f"CASE WHEN subject_sid LIKE 'WR%%' THEN {dialect.field('data', field)} END" for field in _TOLD)
    return ", ".join(["id", "subject_sid", "workspace_sid", *told])


class Stale:
    """The numbers and sids of rows that the board does not know the present of."""

    def __init__(self) -> None:
        self.everything = False
        self._queues: set[str] = set()
        self._worker_sids: set[str] = set()
        self._worker_numbers: set[int] = set()
        self._all_workers = False
        self._task_sids: set[str] = set()
        self._task_numbers: set[int] = set()
        self._set_aside: dict[int, float] = {}
        self._refused: dict[int, int] = {}

    def note(self, news: News) -> None:
        """What the event may have changed. The tables tell how."""
        sid = news.subject_sid
        match sid[:2]:
            case "WT":
                self._task_sids.add(sid)
            case "WK":
                self._worker_sids.add(sid)
            case "WR":
                self._worker_sids.update([news.worker] if news.worker else [])
                self._task_sids.update([news.task] if news.task else [])
            case "WQ":
                self._queues.add(sid)
            case "WA":
                self._all_workers = True
            case "WS" | "TC":  # In which order, and by which rotation: seldom changed, and at the root of everything.
                self.everything = True

    def refuse(self, refused: Refused, *, now: float) -> None:
        """These were not as the decision took them to be. What is refused again and again must wait for a moment:
        somebody holds it."""
        self._worker_numbers |= refused.workers
        self._refused = {number: self._refused.get(number, 0) + 1 for number in refused.tasks}
        held = {number for number, times in self._refused.items() if times >= TRIES}
        self._task_numbers |= refused.tasks - held
        self._set_aside |= dict.fromkeys(held, now + BUSY_SECONDS)
        self._set_aside |= dict.fromkeys(refused.broken, now + SET_ASIDE_SECONDS)

    def take_back(self, decision: Decision) -> None:
        """What was decided will not be written: the board has to be as if it had not been."""
        self._task_numbers.update(each.task for each in decision.offers)
        self._task_numbers.update(each.task for each in decision.moves)
        self._worker_numbers.update(worker for each in decision.offers for worker in each.workers)

    def next_due(self) -> float | None:
        """When the first task that was set aside is to be tried again."""
        return min(self._set_aside.values(), default=None)

    def read_again(self, board: Board, reader: Reader, workspace_id: int, *, now: float) -> None:
        """Let the board know the present of all that was noted."""
        self._end_waits(now)
        if self._queues:
            self._read_queues(board, workspace_id)
        if self._all_workers:
            self._worker_numbers.update(board.workers)
            self._all_workers = False
        self._read_workers(board, reader)
        self._read_tasks(board, reader, now)

    def _end_waits(self, now: float) -> None:
        over = [number for number, until in self._set_aside.items() if until <= now]
        for number in over:
            del self._set_aside[number]
        self._task_numbers.update(over)

    def _read_queues(self, board: Board, workspace_id: int) -> None:
        wanted, self._queues = self._queues, set()
        found = {queue.sid: queue for queue in reading.queue_facts(workspace_id, wanted)}
        for sid in wanted:
            board.put_queue(found[sid]) if sid in found else board.drop_queue(sid)

    def _read_workers(self, board: Board, reader: Reader) -> None:
        sids, self._worker_sids = self._worker_sids, set()
        for some in _batches(sids):
            found = reader.workers(some)
            for worker in found:
                board.put_worker(worker)
            for sid in set(some) - {worker.sid for worker in found}:
                for gone in board.roster.named(("sid", sid)):
                    board.drop_worker(gone.number)
        numbers, self._worker_numbers = self._worker_numbers, set()
        for batch in _batches(numbers):
            found = reader.workers(batch, by="id")
            for worker in found:
                board.put_worker(worker)
            for number in set(batch) - {worker.number for worker in found}:
                board.drop_worker(number)

    def _read_tasks(self, board: Board, reader: Reader, now: float) -> None:
        """A task that is gone is not known by its sid: it leaves the board when its offer is refused."""
        sids, self._task_sids = self._task_sids, set()
        for some in _batches(sids):
            self._put(board, reader.tasks(some), now)
        numbers, self._task_numbers = self._task_numbers, set()
        for batch in _batches(numbers):
            there = reader.tasks(batch, by="id")
            self._put(board, {number: there.get(number) for number in batch}, now)

    def _put(self, board: Board, found: Mapping[int, TaskFacts | None], now: float) -> None:
        for number, task in found.items():
            if task is None:
                board.drop_task(number)
            elif number not in self._set_aside:
                board.put_task(task, now=now)


def _batches(wanted: set[Key]) -> Iterator[list[Key]]:
    listed = sorted(wanted)
    for start in range(0, len(listed), BATCH):
        yield listed[start : start + BATCH]
