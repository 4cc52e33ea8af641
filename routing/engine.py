"""The router: a pump service that follows the log, asks the pure core, and writes its answer under guards.

One router a workspace, chosen by a lease. Its board is only a picture of the tables: events tell which rows to read
again, a refused write does the same, and a router that lost its lease writes nothing.
"""

import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final, Protocol, TypeVar

import structlog
from django.db import DatabaseError, Error

from agents.models import Workspace
from eventlog import queries as log
from eventlog.dbclock import database_now
from eventlog.leases import Lease, LostLease
from eventlog.models import Event
from routing import reading
from routing.core.board import Board
from routing.core.decide import Decision, decide
from routing.core.facts import QueueFacts, TaskFacts, WorkerFacts
from routing.writing import write_decision

F = TypeVar("F", QueueFacts, WorkerFacts, TaskFacts)


class Read(Protocol[F]):
    """One of the functions of `routing.reading`."""

    def __call__(self, workspace_id: int, sids: Collection[str] | None = None, /) -> list[F]: ...


logger = structlog.get_logger(__name__)

BATCH: Final = 500
OFFERS_PER_TRANSACTION: Final = 50
STANDBY_SECONDS: Final = 0.5
WORKSPACES_SECONDS: Final = 2.0
SET_ASIDE_SECONDS: Final = 5.0


class Router:
    """Routes every workspace whose lease it holds."""

    name = "router"

    def __init__(self) -> None:
        self._position = log.last_position()
        self._routers: dict[str, WorkspaceRouter] = {}
        self._look_at = 0.0

    def step(self) -> bool:
        """Follow the log by one batch and decide once for each workspace; True when there may be more at once."""
        events = log.events_after(self._position, BATCH)
        self._find_workspaces(events)
        by_workspace: dict[str, list[Event]] = {}
        for event in events:
            by_workspace.setdefault(event.workspace_sid, []).append(event)
        now = database_now().timestamp()
        worked = [self._step_one(router, by_workspace.get(sid, ()), now=now) for sid, router in self._routers.items()]
        if events:
            self._position = events[-1].position or self._position
        return len(events) == BATCH or any(worked)

    def close(self) -> None:
        for router in self._routers.values():
            router.close()

    def _step_one(self, router: "WorkspaceRouter", events: Iterable[Event], *, now: float) -> bool:
        """One workspace that cannot be routed must not hold up the others; a database that is gone holds up all."""
        try:
            return router.step(events, now=now)
        except Error:
            raise
        except Exception:
            logger.exception("workspace could not be routed", workspace=router.sid)
            return False

    def _find_workspaces(self, events: Sequence[Event]) -> None:
        unknown = any(event.workspace_sid and event.workspace_sid not in self._routers for event in events)
        if not unknown and time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + WORKSPACES_SECONDS
        for pk, sid in Workspace.objects.values_list("pk", "sid"):
            if sid not in self._routers:
                self._routers[sid] = WorkspaceRouter(pk=pk, sid=sid)


class WorkspaceRouter:
    """One workspace's board, and what has to be read again before the next decision."""

    def __init__(self, *, pk: int, sid: str) -> None:
        self.sid = sid
        self.lease = Lease(f"router:{sid}")
        self._pk = pk
        self._board: Board | None = None
        self._fence = 0
        self._try_at = 0.0
        self._tasks: set[str] = set()
        self._workers: set[str] = set()
        self._queues: set[str] = set()
        self._all_workers = False
        self._set_aside: list[tuple[float, str]] = []

    def step(self, events: Iterable[Event], *, now: float) -> bool:
        """One decision; True when something was written or refused, so that another may follow."""
        try:
            board = self._held_board(now)
            return board is not None and self._decide(board, events, now)
        except Exception:
            self._board = None  # What was half read is not worth keeping.
            self._try_at = time.monotonic() + STANDBY_SECONDS
            raise

    def _decide(self, board: Board, events: Iterable[Event], now: float) -> bool:
        for event in events:
            self._note(event)
        self._read_again(board, now)
        decision = decide(board, now, limit=OFFERS_PER_TRANSACTION)
        if decision:
            self._write(decision, now)
        return bool(decision)

    def close(self) -> None:
        if self.lease.fence:
            self.lease.release()

    # --- the board ---

    def _held_board(self, now: float) -> Board | None:
        """The board, if this process is the one that routes; read from the tables when it has just become so."""
        if self._board is None and time.monotonic() < self._try_at:
            return None
        if not self.lease.hold():
            self._board = None
            self._try_at = time.monotonic() + STANDBY_SECONDS
            return None
        if self._board is None or self._fence != self.lease.fence:
            self._fence = self.lease.fence
            self._board = self._build(now)
        return self._board

    def _build(self, now: float) -> Board:
        board = Board()
        for queue in reading.queue_facts(self._pk):
            board.put_queue(queue)
        for worker in reading.worker_facts(self._pk):
            board.put_worker(worker)
        for task in reading.task_facts(self._pk):
            board.put_task(task, now=now)
        logger.info("router took over", workspace=self.sid, tasks=len(board.waiting), workers=len(board.workers))
        return board

    def _note(self, event: Event) -> None:
        """What the event may have changed. The tables tell how."""
        kind = event.subject_sid[:2]
        if kind == "WT":
            self._tasks.add(event.subject_sid)
        elif kind == "WK":
            self._workers.add(event.subject_sid)
        elif kind == "WQ":
            self._queues.add(event.subject_sid)
        elif kind == "WA":
            self._all_workers = True
        elif kind == "WR":
            self._tasks.add(event.data["task"]["sid"])
            self._workers.add(event.data["worker_sid"])

    def _read_again(self, board: Board, now: float) -> None:
        self._tasks.update(sid for due, sid in self._set_aside if due <= now)
        self._set_aside = [entry for entry in self._set_aside if entry[0] > now]
        if self._all_workers:
            self._workers.update(board.workers)
        self._all_workers = False
        for sid, queue in _found(self._queues, reading.queue_facts, self._pk):
            board.put_queue(queue) if queue else board.drop_queue(sid)
        for sid, worker in _found(self._workers, reading.worker_facts, self._pk):
            board.put_worker(worker) if worker else board.drop_worker(sid)
        for sid, task in _found(self._tasks, reading.task_facts, self._pk):
            board.put_task(task, now=now) if task else board.drop_task(sid)

    # --- writing ---

    def _write(self, decision: Decision, now: float) -> None:
        """Write under the lease; without it, or without a database, the board is not worth keeping."""
        try:
            refused = write_decision(decision, self.lease, now=datetime.fromtimestamp(now, UTC))
        except LostLease:
            logger.warning("router lost its lease", workspace=self.sid)
            self._board = None
        except DatabaseError as error:
            logger.warning("router could not write", workspace=self.sid, error=type(error).__name__)
            self._board = None
        else:
            self._tasks |= refused.tasks
            self._workers |= refused.workers
            self._set_aside += [(now + SET_ASIDE_SECONDS, sid) for sid in sorted(refused.broken)]


def _found(sids: set[str], read: Read[F], workspace_id: int) -> Iterator[tuple[str, F | None]]:
    """What the tables say of each of these, which are then no longer to be read; None: not there any more."""
    if not sids:
        return
    wanted = sorted(sids)
    sids.clear()
    for start in range(0, len(wanted), BATCH):
        batch = wanted[start : start + BATCH]
        facts = {each.sid: each for each in read(workspace_id, batch)}
        yield from ((sid, facts.get(sid)) for sid in batch)
