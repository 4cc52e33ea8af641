"""``manage.py ready``: the question of ``/readyz``, for processes without a port."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from contactcenter.health import reasons_not_ready


class Command(BaseCommand):
    """Exit 0 if database, migrations, Redis and pump are as they should be; otherwise 1, with the reasons."""

    help = __doc__
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        if reasons := reasons_not_ready():
            sys.exit("\n".join(sorted(reasons.values())))
        self.stdout.write("ready")
