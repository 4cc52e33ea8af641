"""One workspace's router: its board, and what has to be read again before the next decision."""

import gc
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

import structlog
from django.db import connection

from agents.models import QueueOrder, TaskChannel, Workspace
from eventlog.leases import Lease, LostLease
from routing import reading
from routing.core.board import Board
from routing.core.decide import decide
from routing.reading import Reader
from routing.router.stale import News, Stale
from routing.router.writing import Writer

logger = structlog.get_logger(__name__)

LEASE_SECONDS: Final = 1.2
STANDBY_SECONDS: Final = 0.25
OFFERS_PER_TRANSACTION: Final = {"postgresql": 500, "sqlite": 50}
"""PostgreSQL commits a batch as fast as one; on SQLite everybody else waits for as long as a transaction lasts."""
BATCHES_A_STEP: Final = 4
"""With a backlog. More would put off what is new for longer than half a second on a slow machine."""


class WorkspaceRouter:
    """See the module. The board is built from the tables at the first step after the lease was taken."""

    def __init__(self, *, pk: int, sid: str) -> None:
        self.sid = sid
        self.lease = Lease(f"router:{sid}", seconds=LEASE_SECONDS)
        self.board: Board | None = None
        self._pk = pk
        self._fence = 0
        self._try_at = 0.0
        self._reader = Reader(pk)
        self._writer = Writer(workspace_id=pk, sid=sid, lease=self.lease)
        self._stale = Stale()
        self._ahead = ThreadPoolExecutor(1)
        self._own_events: list[int] = []

    def holds(self) -> bool:
        """Whether this process is the one that routes."""
        if self.board is None and time.monotonic() < self._try_at:
            return False
        if not self.lease.hold():
            self.board = None
        return bool(self.lease.fence)

    def prepare(self, *, now: float) -> bool:
        """Have a board, before the news that it is to learn of is read; True when there is one."""
        with self._giving_up():
            if self.board is None or self._fence != self.lease.fence or self._stale.everything:
                self._fence = self.lease.fence
                self._stale = Stale()
                self.board = self._build(now)
        return self.board is not None

    def note(self, news: Iterable[News]) -> None:
        """What the board has to read again before the next decision."""
        for each in news:
            self._stale.note(each)

    def step(self, *, now: float) -> bool:
        """One decision; True when something was written or refused, so that another may follow."""
        if self.board is None or self._stale.everything:
            return True
        worked = False
        with self._giving_up():
            self._stale.read_again(self.board, self._reader, self._pk, now=now)
            worked = self._route(self.board, now)
        return worked and self.board is not None

    def next_due(self) -> float | None:
        """When there will be something to decide though nothing happens."""
        if self.board is None:
            return None
        return min((at for at in (self.board.next_due(), self._stale.next_due()) if at is not None), default=None)

    def take_own_events(self) -> list[int]:
        """The events that the last steps wrote."""
        own, self._own_events = self._own_events, []
        return own

    def close(self) -> None:
        self._ahead.shutdown()
        if self.lease.fence:
            self.lease.release()

    # --- the board ---

    @contextmanager
    def _giving_up(self) -> Iterator[None]:
        """What was half read, or may have been written, is not worth keeping."""
        try:
            yield
        except LostLease:
            logger.warning("router lost its lease", workspace=self.sid)
            self._stand_by()
        except Exception:
            self._stand_by()
            raise

    def _stand_by(self) -> None:
        self.board = None
        self._try_at = time.monotonic() + STANDBY_SECONDS

    def _build(self, now: float) -> Board:
        workspace = Workspace.objects.get(pk=self._pk)
        optimized = TaskChannel.objects.filter(workspace=workspace, channel_optimized_routing=True)
        board = Board(
            lifo_first=workspace.prioritize_queue_order == QueueOrder.LIFO,
            optimized=frozenset(optimized.values_list("unique_name", flat=True)),
        )
        for queue in reading.queue_facts(self._pk):
            board.put_queue(queue)
        for worker in self._reader.workers():
            board.put_worker(worker)
        self._put_waiting(board, now)
        logger.info("router took over", workspace=self.sid, tasks=len(board.waiting), workers=len(board.workers))
        return board

    def _put_waiting(self, board: Board, now: float) -> None:
        """A million tasks take longer than the lease lasts, and the collector would look at all of them many times.

        Once they are there they stay: the collector is told to leave them alone.
        """
        gc.disable()
        try:
            for chunk in self._reader.waiting():
                for task in chunk:
                    board.put_task(task, now=now)
                if not self.lease.hold():
                    raise self.lease.lose()
        finally:
            gc.enable()
        gc.freeze()

    # --- writing ---

    def _route(self, board: Board, now: float) -> bool:
        """Decide, and write. Behind a full batch there is more to decide: that is done while the database writes.

        What was decided ahead counts only when all before it could be written: else somebody might be passed over.
        """
        began, limit = time.monotonic(), OFFERS_PER_TRANSACTION[connection.vendor]
        decision, moment = decide(board, now, limit=limit), now
        if not decision:
            return False
        for left in reversed(range(BATCHES_A_STEP)):
            judged = self._writer.judge(decision.offers, board)
            following_at = now + (time.monotonic() - began)
            more = left and len(decision.offers) == limit
            ahead = self._ahead.submit(decide, board, following_at, limit=limit) if more else None
            try:
                written = self._writer.write(decision, judged, now=datetime.fromtimestamp(moment, UTC))
            finally:
                following = ahead.result() if ahead else None
            self._own_events += written.events
            self._stale.refuse(written.refused, now=moment)
            if not following:
                break
            if written.refused:
                self._stale.take_back(following)
                break
            decision, moment = following, following_at
        return True
