"""``manage.py pump``: relay, timers and router of one process."""

import gc
import signal
import sys
import threading
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils.module_loading import import_string

from eventlog.pump import Pump

SWITCH_SECONDS: Final = 0.0005


class Command(BaseCommand):
    """Number events, feed sinks, fire timers, route tasks. Run two: one works, one waits.

    A process can also be kept for some of it: a router that shares its interpreter with nobody decides fastest.
    """

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        names = [import_string(path).name for path in settings.PUMP_SERVICES]
        parser.add_argument("only", nargs="*", choices=[*names, []], metavar="service", help=", ".join(names))

    def handle(self, *args: Any, only: list[str], **options: Any) -> None:
        pump = Pump(threading.Event(), only=only)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, pump.end)
        # A thread that comes back from the database must not wait 5 ms for one that computes.
        sys.setswitchinterval(SWITCH_SECONDS)
        gc.collect()
        gc.freeze()  # What was imported lives as long as the process: no need to look at it again.
        pump.run()
