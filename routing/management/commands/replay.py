"""``manage.py replay``: run a past period against another workflow document."""

import json
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from agents.models import Workspace
from kernel.errors import Invalid, NotFound
from routing import queries
from routing.actions.configuration import check_document
from routing.actions.replays import check_period
from routing.core.document import stored_workflow
from routing.models import Draft, Workflow
from routing.replaying import job, replay
from routing.replaying.plot import standalone
from routing.replaying.text import table

OPTIONS: Final = {
    "starts_at": "--from",
    "ends_at": "--until",
    "service_level_seconds": "--within",
    "configuration": "--document",
}
_BAR: Final = 40


class Command(BaseCommand):
    """Run the recorded tasks, agents and answers of a past period against another workflow document.

    Nothing is changed. Without --document or --version-number the workflow's draft is tried. Times are ISO 8601, in UTC
    where they name no zone: 2026-03-02, 2026-03-02T08:30, 2026-03-02T08:30+01:00.
    """

    help = __doc__
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("workflow", nargs="?", help="sid or name")
        parser.add_argument("--workspace", default="", help="its sid or name, where several have such a workflow")
        parser.add_argument("--from", dest="starts_at", metavar="TIME")
        parser.add_argument("--until", dest="ends_at", metavar="TIME", help="this moment no longer belongs to it")
        tried = parser.add_mutually_exclusive_group()
        tried.add_argument("--draft", action="store_true", help="the draft of the workflow (the default)")
        tried.add_argument("--document", metavar="FILE", help="a workflow document; - reads the standard input")
        tried.add_argument("--version-number", type=int, metavar="N", help="an older version of the workflow")
        parser.add_argument("--within", type=int, default=60, metavar="SECONDS", help="the service level")
        parser.add_argument("--json", metavar="FILE", help="where the whole report goes; - for the standard output")
        parser.add_argument("--plot", metavar="FILE.svg", help="where the drawings go")
        parser.add_argument("--job", metavar="RP…", help="do a queued replay; what the workers start")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["job"]:
            _stand_back()
            job.run(options["job"])
            return
        try:
            found = self._replay(options)
        except KeyboardInterrupt:
            sys.stderr.write("\n")
            sys.exit(130)
        self._write(options["json"], lambda: json.dumps(found, indent=1, ensure_ascii=False) + "\n", "--json")
        self._write(options["plot"], lambda: standalone(found), "--plot")
        if options["json"] != "-":
            self.stdout.write(table(found))

    def _replay(self, options: dict[str, Any]) -> dict[str, Any]:
        workflow = _workflow(options["workflow"], options["workspace"])
        starts_at, ends_at = _moment(options, "starts_at"), _moment(options, "ends_at")
        try:
            check_period(workflow, starts_at=starts_at, ends_at=ends_at, within=options["within"])
            text = _document(workflow, options)
            check_document(text, workflow.workspace)
        except Invalid as error:
            raise CommandError(f"{OPTIONS.get(error.field or '', 'replay')}: {error}") from error
        bar = Bar()
        found = replay(
            workflow,
            document=stored_workflow(text),
            starts_at=starts_at,
            ends_at=ends_at,
            within=options["within"],
            progress=bar,
        )
        bar.end()
        return found

    def _write(self, name: str | None, made: Any, option: str) -> None:
        if name is None:
            return
        if name == "-":
            self.stdout.write(made())
            return
        try:
            Path(name).write_text(made())
        except OSError as error:
            raise CommandError(f"{option}: {name} cannot be written ({error.strerror}).") from error


class Bar:
    """How much is done, on the standard error stream; nothing where nobody looks."""

    def __init__(self) -> None:
        self._shown = -1
        self._watched = sys.stderr.isatty()

    def __call__(self, share: float) -> None:
        percent = min(100, int(share * 100))
        if self._watched and percent != self._shown:
            self._shown = percent
            done = percent * _BAR // 100
            sys.stderr.write(f"\r  [{'#' * done}{'.' * (_BAR - done)}] {percent:>3} %")
            sys.stderr.flush()

    def end(self) -> None:
        if self._watched:
            self(1.0)
            sys.stderr.write("\n")


def _stand_back() -> None:
    """Whatever serves people goes first."""
    if hasattr(os, "nice"):
        os.nice(10)


def _workflow(name: str | None, workspace: str) -> Workflow:
    if not name:
        raise CommandError("Name a workflow: its sid, or its name as the admin shows it.")
    found = []
    for row in Workspace.objects.select_related("account"):
        if workspace in ("", row.sid, row.friendly_name):
            try:
                found.append(queries.workflow(row, name))
            except NotFound:
                continue
    if not found:
        names = ", ".join(Workflow.objects.order_by("friendly_name").values_list("friendly_name", flat=True)[:20])
        raise CommandError(f"There is no workflow {name}. There are: {names or 'none'}.")
    if len(found) > 1:
        raise CommandError(f"Several workspaces have a workflow {name}. Name it by its sid, or give --workspace.")
    return found[0]


def _moment(options: dict[str, Any], field: str) -> datetime:
    text, option = options[field], OPTIONS[field]
    if not text:
        raise CommandError(f"{option} is missing: such as {option} 2026-03-02T08:30.")
    try:
        moment = parse_datetime(text)
        if moment is None and (day := parse_date(text)) is not None:
            moment = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - its zone follows.
    except ValueError:
        moment = None
    if moment is None:
        raise CommandError(f"{option}: {text} is no time. Write 2026-03-02 or 2026-03-02T08:30.")
    return timezone.make_aware(moment) if timezone.is_naive(moment) else moment


def _document(workflow: Workflow, options: dict[str, Any]) -> str:
    if options["document"]:
        return _read(options["document"])
    if options["version_number"] is not None:
        return _version(workflow, options["version_number"])
    draft = Draft.objects.filter(workflow=workflow).first()
    if draft is None:
        raise CommandError("--draft: this workflow has no draft. Save one in the admin, or give --document FILE.")
    return draft.configuration


def _read(name: str) -> str:
    try:
        return sys.stdin.read() if name == "-" else Path(name).read_text()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise CommandError(f"--document: {name} cannot be read ({why}).") from error


def _version(workflow: Workflow, number: int) -> str:
    version = workflow.versions.filter(number=number).first()
    if version is None:
        numbers = ", ".join(str(each) for each in workflow.versions.order_by("number").values_list("number", flat=True))
        raise CommandError(f"--version-number: there is no version {number}. There are: {numbers}.")
    return version.configuration
