"""The pump: the loop that numbers events, feeds sinks, fires timers and routes. Run as many as you like."""

import threading

import structlog
from django.conf import settings
from django.db import Error, connection
from django.utils.module_loading import import_string

from eventlog import doorbell

logger = structlog.get_logger(__name__)

# How late anything can be when every wake-up was lost.
POLL_SECONDS = 0.1
_PAUSE_AFTER_ERROR_SECONDS = 0.5


class Pump:
    """Runs the services of ``settings.PUMP_SERVICES`` until ``stop`` is set."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._wake = threading.Event()
        self._ended = False
        self._services = [import_string(path)() for path in settings.PUMP_SERVICES]

    def run(self) -> None:
        silence = doorbell.answer(lambda _: self._wake.set())
        try:
            while not (self._ended or self._stop.is_set()):
                self._wake.clear()
                if not self._round():
                    self._wake.wait(POLL_SECONDS)
        finally:
            silence()
            self._close()

    def end(self, *_: object) -> None:
        """Stop within a poll's time. A signal handler may call this: it takes no lock, which `wake` would.

        A handler runs in the main thread, between any two of its steps, and an Event's lock is not reentrant: setting
        the Event that the main thread is just about to wait for would wait for ever.
        """
        self._ended = True

    def wake(self) -> None:
        """Look again at once (also to notice ``stop``)."""
        self._wake.set()

    def _round(self) -> bool:
        worked = False
        for service in self._services:
            try:
                worked = service.step() or worked
            except Exception as error:  # The pump outlives a database restart and any one bad row.
                logger.exception("pump service failed", service=service.name)
                if isinstance(error, Error):
                    connection.close()
                self._stop.wait(_PAUSE_AFTER_ERROR_SECONDS)
        return worked

    def _close(self) -> None:
        for service in self._services:
            try:
                service.close()
            except Exception:
                logger.exception("pump service did not close", service=service.name)
        connection.close()
