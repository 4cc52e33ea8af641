"""Show, set and restore the webhook URLs of the account: numbers, Messaging Services, senders of WhatsApp and RCS."""

import json
import os
import shutil
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Iterator
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
from carriers.twilio import points
from carriers.twilio.client import classify, sdk_client
from carriers.twilio.points import Kind, Point, Urls
from kernel import clock

_REAL = "set TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and PUBLIC_URL for real numbers."
_OWN_MACHINE = {"localhost", "127.0.0.1", "::1"}
_TITLES: dict[Kind, str] = {"number": "", "service": "Messaging Service ", "sender": "sender "}


class Command(BaseCommand):
    """``manage.py twilio_setup [--apply] [--number +1…] [--service MG…] [--sender whatsapp:+1…] [--restore FILE]``."""

    help = (
        "Show, set and restore the webhook URLs of the Twilio account: phone numbers, Messaging Services, WhatsApp and "
        "RCS senders, all of them unless some are named."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--apply", action="store_true", help="Write the URLs (without it nothing is changed).")
        parser.add_argument("--restore", metavar="FILE", type=Path, help="Put the URLs of this saved file back.")
        for name, example in (("number", "NUMBER"), ("service", "SID"), ("sender", "SENDER")):
            parser.add_argument(
                f"--{name}", metavar=example, action="append", default=[], help=f"Only this {name}; may be repeated."
            )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.TWILIO_ACCOUNT_SID or not settings.TWILIO_AUTH_TOKEN:
            raise CommandError("TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN are not set.")
        if settings.TWIN_ENABLED:
            self.stdout.write(f"These are the simulated phones at {settings.TWILIO_API_BASE}: {_REAL}")
        elif not options["restore"] and urlsplit(settings.PUBLIC_URL).hostname in _OWN_MACHINE:
            raise CommandError(f"Twilio cannot reach {settings.PUBLIC_URL}. Set PUBLIC_URL to what the world sees.")
        client = sdk_client(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, api_base=settings.TWILIO_API_BASE)
        named: dict[Kind, list[str]] = {kind: options.get(kind) or [] for kind in _TITLES}
        try:
            if options["restore"]:
                self._restore(client, options["restore"])
            else:
                self._set_up(client, named=named, apply=options["apply"])
        except (TwilioException, CarrierError) as error:
            raise CommandError(_explain(error)) from error

    def _set_up(self, client: Client, *, named: dict[Kind, list[str]], apply: bool) -> None:
        found = list(self._points(client, named))
        if not found:
            raise CommandError(
                "The account has no phone number, no Messaging Service and no sender of WhatsApp or RCS."
            )
        changing = [point for point in found if not point.left_alone and point.urls != wanted_urls(point.kind)]
        for point in found:
            self._show(point)
        self._warn([point for point in found if point.loses])
        if not changing:
            self.stdout.write("Everything calls us already.")
        elif not apply:
            self.stdout.write(f"{len(changing)} to change. Nothing was written; add --apply to write.")
        else:
            self._apply(client, changing)

    def _apply(self, client: Client, changing: list[Point]) -> None:
        saved = save(changing)
        undo = f"manage.py twilio_setup --restore {saved}"
        self.stdout.write(f"The present URLs are kept in {saved}")
        for done, point in enumerate(changing):
            try:
                points.write(client, point.kind, point.sid, wanted_urls(point.kind))
            except (TwilioException, CarrierError) as error:
                text = f"{_explain(error)} {point.name} was not changed; {done} before it were. To undo: {undo}"
                raise CommandError(text) from error
        self.stdout.write(f"{len(changing)} changed. To undo: {undo}")

    def _restore(self, client: Client, path: Path) -> None:
        for saved in load(path):
            points.write(client, saved["kind"], saved["sid"], saved["urls"])
            self.stdout.write(f"{saved['name']} restored.")

    def _points(self, client: Client, named: dict[Kind, list[str]]) -> Iterator[Point]:
        """All of the account's, or those that are named; raises for a name that the account does not have."""
        readers: dict[Kind, Callable[[Client], Iterator[Point]]] = {
            "number": points.numbers,
            "service": points.services,
            "sender": points.senders,
        }
        some = any(named.values())
        for kind, read in readers.items():
            if some and not named[kind]:
                continue
            here = list(read(client)) if kind == "number" or some else self._checked(kind, read, client)
            missing = set(named[kind]) - {point.name for point in here}
            if missing:
                raise CommandError(f"The account has no such {_word(kind)}: {', '.join(sorted(missing))}.")
            yield from (point for point in here if not some or point.name in named[kind])

    def _checked(self, kind: Kind, read: Callable[[Client], Iterator[Point]], client: Client) -> list[Point]:
        """What an account may not be allowed to read keeps it from setting up nothing else; what came before counts."""
        found: list[Point] = []
        try:
            for point in read(client):
                found.append(point)
        except (TwilioException, CarrierError) as error:
            answer = next((arg for arg in error.args if isinstance(arg, Response)), None)
            if answer is None or answer.status_code != 404:
                self.stderr.write(self.style.WARNING(f"Each {_word(kind)} was left unchecked. {_explain(error)}"))
        return found

    def _show(self, point: Point) -> None:
        width = max(shutil.get_terminal_size((120, 24)).columns, 80)
        title = f"{_TITLES[point.kind]}{point.name}  {point.label}".rstrip()
        self.stdout.write(self.style.MIGRATE_HEADING(title))
        for field, new in wanted_urls(point.kind).items():
            old = point.urls[field]
            same = bool(point.left_alone) or old == new
            line = f" {' ' if same else '*'} {field:<19} {old or '-'}"
            arrow = "" if same else f" -> {new or '-'}"
            together = len(line) + len(arrow) <= width
            self.stdout.write(line + arrow if together else f"{line}\n   {'':<19}{arrow}")
        if point.left_alone:
            self.stdout.write(f"   left alone: {point.left_alone}")

    def _warn(self, losing: Iterable[Point]) -> None:
        for point in losing:
            title = f"{_TITLES[point.kind]}{point.name}".strip()
            warning = f"{title[:1].upper()}{title[1:]} has no inbound URL: it discards what customers write."
            self.stderr.write(self.style.WARNING(warning))


def wanted_urls(kind: Kind) -> Urls:
    """What each of the kind should call, as arguments of the SDK's ``update``."""
    return points.wanted(kind, hooks=f"{settings.PUBLIC_URL}/webhooks/twilio")


def save(changing: Iterable[Point]) -> Path:
    """Keep the present URLs where only the owner can read them; returns the file."""
    directory = Path(settings.VAR_DIR)
    directory.mkdir(parents=True, exist_ok=True)
    moment: datetime = clock.now().astimezone(UTC)
    path = directory / f"twilio-webhooks-{moment:%Y%m%dT%H%M%S%f}Z.json"
    kept = [{"kind": p.kind, "sid": p.sid, "name": p.name, "urls": p.urls} for p in changing]
    document = {"account_sid": settings.TWILIO_ACCOUNT_SID, "points": kept}
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(document, file, indent=2)
    return path


def load(path: Path) -> list[dict[str, Any]]:
    """What a saved file holds; raises ``CommandError`` for anything else, or another account's."""
    try:
        document = json.loads(path.read_text())
        account, kept = document["account_sid"], document["points"]
        restorable = [{**row, "urls": {name: row["urls"][name] for name in wanted_urls(row["kind"])}} for row in kept]
        restorable = [row for row in restorable if row["kind"] in _TITLES and row["sid"] and row["name"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CommandError(f"{path} cannot be read as a saved file of this command: {error}") from error
    if account != settings.TWILIO_ACCOUNT_SID:
        raise CommandError(f"{path} belongs to another account ({account}).")
    return restorable


def _word(kind: Kind) -> str:
    return {"number": "phone number", "service": "Messaging Service", "sender": "sender"}[kind]


def _explain(error: Exception) -> str:
    cause = error if isinstance(error, CarrierError) else classify(error)
    away = " Start ./run first, and give its PORT to this command." if settings.TWIN_ENABLED else ""
    return f"Twilio: {cause.message} ({cause.code}){away}"
