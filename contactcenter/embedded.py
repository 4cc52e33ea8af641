"""The embedded default: what is made ready before the first request, and what runs beside the web server."""

import contextlib
import os
import secrets
import threading
from pathlib import Path

from django.conf import settings
from django.core.management import call_command

from contactcenter.celery import app
from contactcenter.health import migrated
from contactcenter.storage import collect_when_changed
from conversations.sending import sending
from eventlog.pump import Pump

WORKER_THREADS = 4


def make_ready() -> None:
    """Tables, static files and the demo workspace, each only where it is not there yet."""
    if not migrated():
        call_command("migrate", interactive=False, verbosity=0)
    if not settings.DEBUG:
        collect_when_changed()
    if not settings.PRODUCTION:
        call_command("demo", verbosity=0)


def unwritable(folder: Path) -> str:
    """Why nothing can be written into the folder; empty when something can."""
    probe = folder / f".probe-{secrets.token_hex(4)}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        return error.strerror or type(error).__name__
    return ""


class Background:
    """The Celery worker and the pump, as threads of this process."""

    def __init__(self) -> None:
        os.environ.setdefault("CELERY_SKIP_CHECKS", "1")  # A second of the start, and they are the linter's work.
        self._stop = threading.Event()
        self._pump = Pump(self._stop)
        self._worker = app.WorkController(
            app=app,
            pool_cls="threads",
            concurrency=WORKER_THREADS,
            without_heartbeat=True,
            without_mingle=True,
            without_gossip=True,
        )
        self._threads = [
            threading.Thread(target=self._worker.start, name="worker", daemon=True),
            threading.Thread(target=self._pump.run, name="pump", daemon=True),
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self, *, timeout: float) -> None:
        """Let running work finish, for ``timeout`` seconds at most; what is cut off here is taken up again by lease."""
        self._stop.set()
        sending.stop()
        self._pump.wake()
        stopper = threading.Thread(target=self._stop_worker, name="worker-stop", daemon=True)
        stopper.start()
        for thread in [*self._threads, stopper]:
            thread.join(timeout)

    def _stop_worker(self) -> None:
        with contextlib.suppress(Exception):
            self._worker.stop()
