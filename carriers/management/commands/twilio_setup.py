"""Show, set and restore the webhook URLs of the account's phone numbers."""

import json
import os
import shutil
from argparse import ArgumentParser
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from twilio.base.exceptions import TwilioException
from twilio.http.response import Response
from twilio.rest import Client

from carriers.base import CarrierError
from carriers.twilio.client import classify, sdk_client
from kernel import clock

# Twilio's default is one retry, and only when no connection could be made: a 5xx would lose the message.
# https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
RETRIES = "#rc=5&rp=all"

_REAL = "set TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and PUBLIC_URL for real numbers."
_OWN_MACHINE = {"localhost", "127.0.0.1", "::1"}

Urls = dict[str, str]


class Command(BaseCommand):
    """``manage.py twilio_setup [--apply] [--number +1…] [--restore FILE]``."""

    help = "Show, set and restore the webhook URLs of the Twilio account's phone numbers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--apply", action="store_true", help="Write the URLs (without it nothing is changed).")
        parser.add_argument("--restore", metavar="FILE", type=Path, help="Put the URLs of this saved file back.")
        parser.add_argument(
            "--number", metavar="NUMBER", action="append", default=[], help="Only this number; may be repeated."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.TWILIO_ACCOUNT_SID or not settings.TWILIO_AUTH_TOKEN:
            raise CommandError("TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN are not set.")
        if settings.TWIN_ENABLED:
            self.stdout.write(f"These are the simulated phones at {settings.TWILIO_API_BASE}: {_REAL}")
        elif not options["restore"] and urlsplit(settings.PUBLIC_URL).hostname in _OWN_MACHINE:
            raise CommandError(f"Twilio cannot reach {settings.PUBLIC_URL}. Set PUBLIC_URL to what the world sees.")
        client = sdk_client(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, api_base=settings.TWILIO_API_BASE)
        try:
            if options["restore"]:
                self._restore(client, options["restore"])
            else:
                self._set_up(client, only=options["number"], apply=options["apply"])
        except (TwilioException, CarrierError) as error:
            raise CommandError(_explain(error)) from error

    def _set_up(self, client: Client, *, only: list[str], apply: bool) -> None:
        numbers = [row for row in client.incoming_phone_numbers.list() if not only or row.phone_number in only]
        if not numbers:
            raise CommandError("The account has no such phone number." if only else "The account has no phone number.")
        wanted = wanted_urls()
        changing = [row for row in numbers if _current(row) != wanted]
        self._table(numbers, wanted)
        self._warn_of_services(client)
        if not changing:
            self.stdout.write("Every number calls us already.")
        elif not apply:
            self.stdout.write(f"{len(changing)} to change. Nothing was written; add --apply to write.")
        else:
            saved = save(changing)
            self.stdout.write(f"The present URLs are kept in {saved}")
            for row in changing:
                row.update(**wanted)
            self.stdout.write(f"{len(changing)} changed. To undo: manage.py twilio_setup --restore {saved}")

    def _restore(self, client: Client, path: Path) -> None:
        for saved in load(path):
            client.incoming_phone_numbers(saved["sid"]).update(**saved["urls"])
            self.stdout.write(f"{saved['phone_number']} restored.")

    def _table(self, numbers: Iterable[Any], wanted: Urls) -> None:
        width = max(shutil.get_terminal_size((120, 24)).columns, 80)
        for row in numbers:
            self.stdout.write(self.style.MIGRATE_HEADING(f"{row.phone_number}  {row.friendly_name or ''}".rstrip()))
            for field, new in wanted.items():
                old = _current(row)[field]
                mark = " " if old == new else "*"
                line = f" {mark} {field:<19} {old or '-'}"
                arrow = "" if old == new else f" -> {new or '-'}"
                together = len(line) + len(arrow) <= width
                self.stdout.write(line + arrow if together else f"{line}\n   {'':<19}{arrow}")
            self.stdout.write(f"   {'status_callback':<19} {row.status_callback or '-'}  (calls only: left alone)")

    def _warn_of_services(self, client: Client) -> None:
        """A Messaging Service without an inbound URL drops messages without a trace, unless its numbers' are used."""
        try:
            services = client.messaging.v1.services.list(limit=100)
        except (TwilioException, CarrierError) as error:
            answer = next((arg for arg in error.args if isinstance(arg, Response)), None)
            if answer is None or answer.status_code != 404:
                self.stderr.write(self.style.WARNING(f"Messaging Services were not checked. {_explain(error)}"))
            return
        for service in services:
            if not service.inbound_request_url and not service.use_inbound_webhook_on_number:
                warning = f"Messaging Service {service.sid} has no inbound URL: it discards what customers write."
                self.stderr.write(self.style.WARNING(warning))


def wanted_urls() -> Urls:
    """What each number should call, as arguments of the SDK's ``update``.

    An application, where one is set, would overrule the URLs. The number's own status callback is about calls and is
    left alone: every message brings its own.
    """
    hooks = f"{settings.PUBLIC_URL}/webhooks/twilio"
    return {
        "sms_url": f"{hooks}/messages{RETRIES}",
        "sms_method": "POST",
        "sms_fallback_url": f"{hooks}/fallback",
        "sms_fallback_method": "POST",
        "sms_application_sid": "",
    }


def save(numbers: Iterable[Any]) -> Path:
    """Keep the present URLs where only the owner can read them; returns the file."""
    directory = Path(settings.VAR_DIR)
    directory.mkdir(parents=True, exist_ok=True)
    moment: datetime = clock.now().astimezone(UTC)
    path = directory / f"twilio-webhooks-{moment:%Y%m%dT%H%M%S%f}Z.json"
    kept = [{"sid": row.sid, "phone_number": row.phone_number, "urls": _current(row)} for row in numbers]
    document = {"account_sid": settings.TWILIO_ACCOUNT_SID, "numbers": kept}
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(document, file, indent=2)
    return path


def load(path: Path) -> list[dict[str, Any]]:
    """The numbers of a saved file; raises ``CommandError`` for anything else, or another account's."""
    try:
        document = json.loads(path.read_text())
        account, numbers = document["account_sid"], document["numbers"]
        restorable = [{**row, "urls": {name: row["urls"][name] for name in wanted_urls()}} for row in numbers]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CommandError(f"{path} cannot be read as a saved file of this command: {error}") from error
    if account != settings.TWILIO_ACCOUNT_SID:
        raise CommandError(f"{path} belongs to another account ({account}).")
    return restorable


def _current(row: Any) -> Urls:
    return {name: getattr(row, name) or "" for name in wanted_urls()}


def _explain(error: Exception) -> str:
    cause = error if isinstance(error, CarrierError) else classify(error)
    away = " Start ./run first, and give its PORT to this command." if settings.TWIN_ENABLED else ""
    return f"Twilio: {cause.message} ({cause.code}){away}"
