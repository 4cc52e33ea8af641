"""Inside a `bench.hand`: the product's router and relay, driven as the pump drives them, and timed."""

import contextlib
import ctypes
import gc
import threading
import time
from typing import Any

from bench.floors import resident_mb


class Kept:
    """A service that its loop does not close: the next measurement goes on with it."""

    def __init__(self, service: Any) -> None:
        self.service = service
        self.name = service.name
        self.step = service.step
        self.rest = service.rest

    def close(self) -> None:
        pass


class Pump:
    """The pump's own services, each on the pump's own loop; boards stay built from one measurement to the next."""

    def __init__(self) -> None:
        from django.conf import settings
        from django.utils.module_loading import import_string

        from agents.models import Workspace
        from eventlog import doorbell
        from routing.router.engine import Router

        self.workspace = Workspace.objects.get()
        self.threads = [[Kept(import_string(path)()) for path in paths] for paths in settings.PUMP_THREADS]
        kept = [each.service for group in self.threads for each in group]
        self.router = next(each for each in kept if isinstance(each, Router))
        gc.collect()
        gc.freeze()  # As `manage.py pump` does.
        self._loops: list[Any] = []
        doorbell.answer(lambda _: self._wake())

    @property
    def board(self) -> Any:
        """The router's picture of the tables; None before it has read them."""
        routing = self.router.routers.get(self.workspace.sid)
        return routing.board if routing else None

    def run(self, seconds: float) -> None:
        """As `eventlog.pump.Pump.run` does."""
        from eventlog.pump import Loop

        ends = time.monotonic() + seconds
        self._loops = [Loop(group, over=lambda: time.monotonic() > ends) for group in self.threads]
        threads = [threading.Thread(target=loop.run) for loop in self._loops]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _wake(self) -> None:
        for loop in self._loops:
            loop.wake()


_pump: Pump | None = None


def pump() -> Pump:
    global _pump  # noqa: PLW0603 - one a process
    if _pump is None:
        _pump = Pump()
    return _pump


def take_over() -> dict[str, float]:
    """Read the board while no agent is free, so that nothing is assigned yet; seconds, and what it takes in memory."""
    _set_free(False)
    pump()
    tidy()
    before = resident_mb()
    began = time.perf_counter()
    while pump().board is None:
        pump().router.step()
    took = time.perf_counter() - began
    tidy()
    return {"seconds": took, "mb": resident_mb() - before, "waiting": len(pump().board.waiting)}


def tidy() -> None:
    """Give back what is not held, so that resident memory says what is."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def _set_free(free: bool) -> None:
    from agents.models import WorkerChannel

    WorkerChannel.objects.update(available=free)


def refill(numbers_after: int) -> None:
    """Show the board tasks and agents that changed behind its back, as the log would have told it."""
    from routing import reading
    from routing.models import Task

    _set_free(True)
    board, workspace = pump().board, pump().workspace.pk
    fresh = list(Task.objects.filter(pk__gt=numbers_after).values_list("sid", flat=True))
    now = time.time()
    for start in range(0, len(fresh), 1000):
        for task in reading.task_facts(workspace, fresh[start : start + 1000]):
            board.put_task(task, now=now)
    for worker in reading.worker_facts(workspace):
        board.put_worker(worker)


def drain(most: int) -> dict[str, float]:
    """Decide and write until nothing can be offered, or so many are; the whole path but the relay."""
    from django.db import connection

    began = time.perf_counter()
    first = _last()
    router, laps = pump().router, 0
    while _last() - first < most:
        laps += 1
        if not router.step():
            break
    seconds = time.perf_counter() - began
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM routing_reservation WHERE id > %s", [first])
        return {"assigned": cursor.fetchone()[0], "seconds": seconds, "laps": laps}


def _last() -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(pg_sequence_last_value('routing_reservation_id_seq'), 0)")
        return int(cursor.fetchone()[0])


def run(seconds: float) -> None:
    """As the pump runs."""
    pump().run(seconds)


def decide_only(most: int) -> list[float]:
    """Microseconds an offer, batch by batch. Nothing is written: the board is spoilt afterwards."""
    from routing import reading
    from routing.core.decide import decide

    _set_free(True)
    board = pump().board
    for worker in reading.worker_facts(pump().workspace.pk):
        board.put_worker(worker)
    took: list[float] = []
    done = 0
    while done < most:
        began = time.perf_counter()
        offers = len(decide(board, time.time(), limit=1000).offers)
        if not offers:
            break
        took.append((time.perf_counter() - began) * 1e6 / offers)
        done += offers
    return took
