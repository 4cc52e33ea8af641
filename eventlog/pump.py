"""The pump: the loops that number events, feed sinks, fire timers and route. Run as many processes as you like."""

import threading
import time
from collections.abc import Callable, Collection, Sequence

import structlog
from django.conf import settings
from django.db import Error, connection
from django.utils.module_loading import import_string

from eventlog import doorbell
from eventlog.services import POLL_SECONDS, Service

logger = structlog.get_logger(__name__)

_PAUSE_AFTER_ERROR_SECONDS = 0.5
_HEAD_START_SECONDS = 0.3


class Pump:
    """Runs the services of ``settings.PUMP_THREADS`` until ``stop`` is set; each list of them shares a thread.

    They begin one after the other, each when the one before has looked once: what fell due while nothing ran does not
    wait for a router that has a million tasks to read.

    ``only`` names the services to run, all by default.
    """

    def __init__(self, stop: threading.Event, *, only: Collection[str] = ()) -> None:
        self._stop = stop
        self._ended = False
        services = [[import_string(path) for path in paths] for paths in settings.PUMP_THREADS]
        chosen = [[each() for each in group if not only or each.name in only] for group in services]
        self._loops = [Loop(group, over=self._is_over) for group in chosen if group]

    def run(self) -> None:
        silence = doorbell.answer(lambda _: self.ring())
        threads = [threading.Thread(target=loop.run, name=loop.name, daemon=True) for loop in self._loops]
        try:
            for loop, thread in zip(self._loops, threads, strict=True):
                thread.start()
                loop.began.wait(_HEAD_START_SECONDS)
            while not self._is_over() and any(thread.is_alive() for thread in threads):
                self._stop.wait(POLL_SECONDS)
        finally:
            self._ended = True
            self.wake()
            for thread in threads:
                thread.join()
            silence()

    def end(self, *_: object) -> None:
        """Stop within a poll's time. A signal handler may call this: it takes no lock, which `wake` would.

        A handler runs in the main thread, between any two of its steps, and an Event's lock is not reentrant: setting
        the Event that the main thread is just about to wait for would wait for ever.
        """
        self._ended = True

    def ring(self) -> None:
        """Something has happened."""
        for loop in self._loops:
            loop.ring()

    def wake(self) -> None:
        """Notice ``stop`` at once."""
        for loop in self._loops:
            loop.wake()

    def _is_over(self) -> bool:
        return self._ended or self._stop.is_set()


class Loop:
    """Steps its services on one thread, with a database connection of its own.

    A service is stepped when its rest is over, again at once while it says that there may be more to do, and when the
    doorbell rings if it heeds that. One that fails rests for a moment, rings or not, and the others go on.
    """

    def __init__(self, services: Sequence[Service], *, over: Callable[[], bool]) -> None:
        self.name = " ".join(service.name for service in services)
        self.began = threading.Event()
        self._over = over
        self._rung = threading.Event()
        self._services = services
        self._next_at = dict.fromkeys(services, 0.0)
        self._failed: set[Service] = set()

    def run(self) -> None:
        try:
            while not self._over():
                self._rung.wait(min(self._next_at.values()) - time.monotonic())
                self._round()
                self.began.set()
        finally:
            self._close()

    def ring(self) -> None:
        if any(service.heeds_rings() for service in self._services):
            self._rung.set()

    def wake(self) -> None:
        self._rung.set()

    def _round(self) -> None:
        rung = self._rung.is_set()
        self._rung.clear()
        for service in self._services:
            heeds = rung and service not in self._failed and service.heeds_rings()
            if heeds or self._next_at[service] <= time.monotonic():
                self._next_at[service] = time.monotonic() + self._step(service)

    def _step(self, service: Service) -> float:
        """Let it work; for how many seconds it may rest afterwards."""
        self._failed.discard(service)
        try:
            return 0.0 if service.step() else min(service.rest(), POLL_SECONDS)
        except Exception as error:  # The pump outlives a database restart and any one bad row.
            logger.exception("pump service failed", service=service.name)
            if isinstance(error, Error):
                connection.close()
            self._failed.add(service)
            return _PAUSE_AFTER_ERROR_SECONDS

    def _close(self) -> None:
        for service in self._services:
            try:
                service.close()
            except Exception:
                logger.exception("pump service did not close", service=service.name)
        connection.close()
