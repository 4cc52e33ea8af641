"""``manage.py demo``: make the demo workspace."""

from typing import Any

from django.core.management.base import BaseCommand

from contactcenter import demo


class Command(BaseCommand):
    """Make the demo workspace, once; running it again changes nothing."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        made = demo.make()
        if options["verbosity"]:
            self.stdout.write("Made the demo workspace." if made else "There is a workspace already.")
            self.stdout.write(f"Log-ins: {demo.logins_path()}")
