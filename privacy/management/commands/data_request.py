"""``manage.py data_request``: do a queued request about a person's data; what the workers start."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from privacy import job


class Command(BaseCommand):
    """Copy or erase a person's data, as it was requested in the admin."""

    help = __doc__
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("request", help="the sid of the request (DR…)")

    def handle(self, *args: Any, request: str, **options: Any) -> None:
        job.run(request)
