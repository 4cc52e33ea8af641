"""``manage.py web``: one web process of the production shape."""

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from contactcenter import environment


class Command(BaseCommand):
    """Serve HTTP and WebSockets. On TERM: sockets are sent elsewhere, running requests finish, then it exits."""

    help = __doc__
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=settings.PORT)
        parser.add_argument("--grace", type=float, default=20.0, help="seconds that running requests are given")

    def handle(self, *args: Any, host: str, port: int, grace: float, **options: Any) -> None:
        from contactcenter.server import WebServer, free_port

        if names := environment.example_values():
            sys.exit(f"{', '.join(names)}: still the value of .env.example. Set one of your own.")
        try:
            free_port(host, port)
        except OSError as error:
            sys.exit(f"Port {port} on {host} cannot be had ({error.strerror}).")
        server = WebServer(host=host, port=port, grace_seconds=grace, behind_proxy=settings.BEHIND_PROXY)
        server.run()
        if server.failed:
            sys.exit(f"Cannot listen on {host}:{port}.")
