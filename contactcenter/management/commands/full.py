"""``manage.py full``: the production shape on one machine, without containers."""

import signal
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from contactcenter import environment
from contactcenter.environment import env
from contactcenter.supervisor import Child, Supervisor

MANAGE = str(Path(settings.BASE_DIR) / "manage.py")
WORKER = [
    "-m",
    "celery",
    "--quiet",
    "-A",
    "contactcenter.celery:app",
    "worker",
    "--pool",
    "threads",
    "--loglevel",
    "WARNING",
]
WORKER_QUIETLY = ["--without-gossip", "--without-mingle", "--without-heartbeat"]

# A hurry compared with containers: nobody waits half a minute at a terminal.
_GRACE = "4"


class Command(BaseCommand):
    """Run web, worker and pump processes against DATABASE_URL and REDIS_URL; Ctrl-C ends them in that order.

    WEB_CONCURRENCY web processes listen on PORT, PORT + 1 and so on; WORKER_CONCURRENCY workers have WORKER_THREADS
    threads each; PUMP_CONCURRENCY pumps stand by for one another. deploy/ has the proxy that goes in front.
    """

    help = __doc__
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=settings.PORT)

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        if not settings.PRODUCTION or not settings.BUS_URL:
            sys.exit("./run full needs DATABASE_URL (PostgreSQL) and REDIS_URL. Without them there is ./run.")
        if names := environment.example_values():
            sys.exit(f"{', '.join(names)}: still the value of .env.example. Set one of your own.")
        call_command("migrate", interactive=False, verbosity=0)
        from contactcenter.storage import collect_when_changed

        collect_when_changed()
        ports = range(port, port + env.int("WEB_CONCURRENCY", default=2))
        supervisor = Supervisor(children(host=host, ports=ports))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: supervisor.stop())
        supervisor.run(lambda: self._greet(host, ports))

    def _greet(self, host: str, ports: range) -> None:
        addresses = ", ".join(f"http://{host}:{port}" for port in ports)
        self.stdout.write(f"  Web: {addresses}. Public address: {settings.PUBLIC_URL}\n  Ctrl-C stops.")
        self.stdout.flush()


def children(*, host: str, ports: range) -> list[Child]:
    """The processes of one machine. Web goes first at the end, so that nothing new comes in; the pump goes last."""
    python = sys.executable
    threads = ["--concurrency", str(env.int("WORKER_THREADS", default=16))]
    web = [
        Child(f"web-{port}", [python, MANAGE, "web", "--host", host, "--port", str(port), "--grace", _GRACE], stage=0)
        for port in ports
    ]
    workers = [
        Child(f"worker-{n}", [python, *WORKER, *WORKER_QUIETLY, *threads, "-n", f"worker-{n}@%h"], stage=1)
        for n in range(1, env.int("WORKER_CONCURRENCY", default=2) + 1)
    ]
    pumps = [
        Child(f"pump-{n}", [python, MANAGE, "pump"], stage=2)
        for n in range(1, env.int("PUMP_CONCURRENCY", default=2) + 1)
    ]
    return [*web, *workers, *pumps]
