"""``manage.py rebuild_insights``: compute the statistics of the last 31 days anew from the event log."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from insights.rebuilding import rebuild


class Command(BaseCommand):
    """Read the event log of the last 31 days anew, instead of what statistics have kept of it.

    The product may run meanwhile. Should it be interrupted, begin again.
    """

    help = __doc__
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        done = 0
        for done, total in rebuild():
            self._tell(done, total)
        if sys.stderr.isatty():
            sys.stderr.write("\n")
        self.stdout.write(f"{done} positions of the log read.")

    def _tell(self, done: int, total: int) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{100 * done // total:>3} %  {done} of {total}")
            sys.stderr.flush()
