"""``manage.py import_taskrouter``: bring a workspace's configuration from Twilio, or from another instance."""

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q

from accounts.models import Account
from agents.models import Workspace
from carriers.base import CarrierError
from carriers.twilio import taskrouter as source
from kernel.actor import SYSTEM
from taskrouter.importing.bring import bring
from taskrouter.importing.told import Report


class Command(BaseCommand):
    """Read a live TaskRouter workspace and show what would be made and changed here; with --write, do it.

    Activities, task channels, workers with their capacities, task queues and workflows come, with their sids wherever
    these are free here; documents and expressions are rewritten where they are not. A second time only what changed
    there since then is changed here. Nothing here is ever deleted, and nothing there is ever changed. Credentials are
    TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN of the environment, unless options say otherwise.
    """

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "workspace", nargs="?", default="", help="its sid or name there; needed if there are several"
        )
        parser.add_argument("--write", action="store_true", help="do it (without this nothing is changed)")
        parser.add_argument("--into", default="", metavar="WS…", help="sid or name of a workspace here; else a new one")
        parser.add_argument("--account", default="", metavar="AC…", help="the account here, if there are several")
        parser.add_argument(
            "--only", action="append", choices=source.KINDS, default=[], metavar="KIND", help=f"of {source.KINDS}"
        )
        parser.add_argument("--base-url", default="", help="another instance of this product instead of Twilio")
        parser.add_argument("--user", default="", help="account or API key there (AC… or SK…)")
        parser.add_argument(
            "--password", default="", help="its auth token or secret; - reads it from the standard input"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        account = _account(options["account"])
        into = _into(account, options["into"])
        watch = _Progress()
        try:
            client = source.reader(*_credentials(options), base_url=options["base_url"])
            workspace = _chosen(source.workspaces(client), options["workspace"])
            snapshot = source.read(client, workspace, kinds=options["only"] or source.KINDS, progress=watch.reading)
        except CarrierError as error:
            watch.end()
            raise CommandError(f"{error.message} ({error.code})") from error
        report = bring(
            snapshot, account=account, into=into, actor=SYSTEM, write=options["write"], progress=watch.writing
        )
        watch.end()
        self._tell(report, write=options["write"])

    def _tell(self, report: Report, *, write: bool) -> None:
        for change in report.changes:
            for line in change.lines():
                self.stdout.write(line)
        for name in report.only_here:
            self.stdout.write(f"  only here: {name}")
        if report.problems:
            problems = "\n".join(str(problem) for problem in report.problems)
            raise CommandError(f"{problems}\nNothing was written: mend {len(report.problems)} there, and try again.")
        self.stdout.write(report.summary())
        if not write:
            self.stdout.write("Nothing was written; add --write to do it.")
        else:
            self.stdout.write("Written." if report.changes else "There was nothing to write.")


class _Progress:
    """How far it is, on the standard error stream; nothing where nobody looks."""

    def __init__(self) -> None:
        self._watched = sys.stderr.isatty()

    def reading(self, kind: str, count: int) -> None:
        self._say(f"reading {kind}: {count}")

    def writing(self, kind: str, count: int) -> None:
        self._say(f"comparing {kind}: {count}")

    def end(self) -> None:
        self._say("")

    def _say(self, text: str) -> None:
        if self._watched:
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()


def _credentials(options: dict[str, Any]) -> tuple[str, str]:
    """Those for Twilio go to Twilio alone. The simulated phones' own open no workspace of elsewhere."""
    user, password = options["user"], options["password"]
    if password == "-":  # noqa: S105
        password = sys.stdin.readline().strip()
    if options["base_url"] and not (user and password):
        raise CommandError("Give --user and --password of the instance that --base-url names.")
    if not settings.TWIN_ENABLED:
        user = user or settings.TWILIO_ACCOUNT_SID
        password = password or settings.TWILIO_AUTH_TOKEN
    if not user or not password:
        raise CommandError("Set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN, or give --user and --password.")
    return user, password


def _account(sid: str) -> Account:
    found = list(Account.objects.filter(sid=sid) if sid else Account.objects.order_by("pk")[:2])
    if len(found) == 1:
        return found[0]
    raise CommandError(
        f"--account: there is no account {sid}." if sid else "--account: name one, there is not just one."
    )


def _into(account: Account, name: str) -> Workspace | None:
    if not name:
        return None
    rows = Workspace.objects.select_related("account").filter(account=account)
    found = list(rows.filter(Q(sid=name) | Q(friendly_name=name)))
    if len(found) != 1:
        raise CommandError(f"--into: {len(found) or 'no'} workspaces here are named {name}. Give its sid.")
    return found[0]


def _chosen(there: list[source.Record], name: str) -> source.Record:
    found = [row for row in there if name in ("", row.sid, row.name)]
    if len(found) == 1:
        return found[0]
    names = ", ".join(f"{row.name} ({row.sid})" for row in there) or "none"
    raise CommandError(f"Name one workspace of those there: {names}.")
