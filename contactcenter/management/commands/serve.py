"""``manage.py serve``: the whole product in one process."""

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils import autoreload

# All of the stop: the drain, then the threads, then whoever did not come to an end.
_GRACE_SECONDS = 2.0
_THREADS_SECONDS = 1.0
_LAST_SECONDS = 4.5


class Command(BaseCommand):
    """Serve the whole product from one process: web, worker and pump, on a database file."""

    help = __doc__
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=settings.PORT)
        parser.add_argument("--reload", action="store_true", help="start anew when a source file changes")

    def handle(self, *args: Any, host: str, port: int, reload: bool, **options: Any) -> None:
        os.umask(0o077)  # The database and the media are people's words: for the owner's eyes only.
        if not reload:
            self._refuse_early(host, port)
            # Until the server listens there is nothing to wait for.
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: sys.exit(0))
            self._serve(host, port, signals=True)
        else:
            if os.environ.get(autoreload.DJANGO_AUTORELOAD_ENV) != "true":
                self._refuse_early(host, port)
            autoreload.run_with_reloader(self._serve, host, port, signals=False)

    def _refuse_early(self, host: str, port: int) -> None:
        from contactcenter.embedded import unwritable
        from contactcenter.server import free_port

        folder = Path(settings.VAR_DIR)
        if why := unwritable(folder):
            sys.exit(f"{folder} cannot be written to ({why}). Free it, or name another folder: VAR_DIR=/path ./run")
        try:
            free_port(host, port)
        except OSError as error:
            sys.exit(f"Port {port} on {host} cannot be had ({error.strerror}). Try another: ./run --port {port + 1}")

    def _serve(self, host: str, port: int, *, signals: bool) -> None:
        from contactcenter import embedded
        from contactcenter.server import WebServer

        embedded.make_ready()
        background = embedded.Background()

        class Server(WebServer):
            def ending(self) -> None:
                last = threading.Timer(_LAST_SECONDS, os._exit, [0])
                last.daemon = True
                last.start()

        server = Server(
            host=host, port=port, grace_seconds=_GRACE_SECONDS, behind_proxy=settings.BEHIND_PROXY, signals=signals
        )
        background.start()
        self._greet(host, port)
        server.run()
        background.stop(timeout=_THREADS_SECONDS)
        if server.failed:
            sys.exit(f"Cannot listen on {host}:{port}.")

    def _greet(self, host: str, port: int) -> None:
        url = f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else host}:{port}"  # noqa: S104
        rows = [("Desk", "/desk/"), ("Admin", "/admin/"), ("Web chat", "/chat/demo"), ("API", "/api/docs/")]
        if settings.TWIN_ENABLED:
            rows.insert(0, ("Phones", "/phones/"))
        self.stdout.write("")
        for name, path in rows:
            self.stdout.write(f"  {name:<10}{url}{path}")
        log_ins = Path(settings.VAR_DIR) / "demo-logins.txt"
        if log_ins.exists():
            self.stdout.write("\n  " + log_ins.read_text().rstrip().replace("\n", "\n  "))
        self.stdout.write("\n  Ctrl-C stops.\n")
        self.stdout.flush()
