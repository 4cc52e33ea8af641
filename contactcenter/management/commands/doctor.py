"""``manage.py doctor``: what this machine has, and what each lack costs."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from contactcenter.embedded import unwritable
from contactcenter.health import reasons_not_ready


class Command(BaseCommand):
    """Tell what is here, what is missing, and how to get it."""

    help = __doc__
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"shape     {'production' if settings.PRODUCTION else 'embedded default'}")
        self.stdout.write(f"python    {sys.version.split()[0]}")
        for name, fact in _facts():
            self.stdout.write(f"{name:<10}{fact}")


def _facts() -> Iterator[tuple[str, str]]:
    why = unwritable(Path(settings.VAR_DIR))
    yield "var", f"{settings.VAR_DIR}: {why or 'can be written to'}"
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    yield "browser", browser or "none: browser tests are skipped (Debian: apt-get install chromium)"
    problems = reasons_not_ready()
    yield "health", "; ".join(problems.values()) or "ready"
