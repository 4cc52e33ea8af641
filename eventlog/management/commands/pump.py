"""``manage.py pump``: relay, timers and router of one process."""

import gc
import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from eventlog.pump import Pump


class Command(BaseCommand):
    """Number events, feed sinks, fire timers, route tasks. Run two: one works, one waits."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        pump = Pump(threading.Event())
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, pump.end)
        gc.collect()
        gc.freeze()  # What was imported lives as long as the process: no need to look at it again.
        pump.run()
