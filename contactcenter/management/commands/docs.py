"""``manage.py docs``: write the generated documents, or with ``--check`` say whether they are in step."""

import ast
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, TypeGuard, get_args, get_type_hints, is_typeddict

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from campaigns.core import states as campaign_states
from contactcenter import compat
from conversations.core import states as conversation_states
from kernel.machine import Machine
from privacy.core import states as privacy_states
from routing.core import states as routing_states
from verification.core import states as verification_states

_PACKAGES = (
    *(
        "agents",
        "hours",
        "routing",
        "conversations",
        "interactions",
        "campaigns",
        "hooks",
        "privacy",
        "verification",
        "webchat",
    ),
)
_EVENT = re.compile(
    r"(workspace|activity|task-channel|worker|task|task-queue|workflow|reservation|conversation|participant|message"
    r"|scheduled-message|messaging-service|webhook|visitor|address|intake|campaign|calendar|contact|contact-field|privacy"
    r"|retention|carrier|verification|verification-service)\.[a-z-]+(\.[a-z]+)*"
)
_READING = ("filter", "enqueue")
_RECORDS = re.compile(r"\b(record|draft|tell_\w+|_tell|note_\w+|way_of)\(")
_NOTE = "<!-- Written by `./run manage docs`. -->\n\n"


class Command(BaseCommand):
    """Write docs/states.md and docs/events.md from the code, and docs/compat.md from the rules and their tests."""

    help = __doc__
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a document is stale")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        folder = Path(settings.BASE_DIR) / "docs"
        try:
            texts = documents()
        except compat.Unheld as error:
            raise CommandError(str(error)) from error
        stale = [name for name, text in texts.items() if not _in_step(folder / name, text, write=not check)]
        if stale and check:
            sys.exit(f"Stale: {', '.join(stale)}. Run ./run manage docs")


def documents() -> dict[str, str]:
    """File name → text of each generated document. Raises compat.Unheld."""
    return {"states.md": _NOTE + _states(), "events.md": _NOTE + _events(), "compat.md": _NOTE + compat.document()}


def _in_step(path: Path, text: str, *, write: bool) -> bool:
    if path.exists() and path.read_text() == text:
        return True
    if write:
        path.write_text(text)
    return False


def _states() -> str:
    machines: list[Machine] = [
        routing_states.TASK,
        routing_states.RESERVATION,
        routing_states.TRANSFER,
        conversation_states.CONVERSATION,
        conversation_states.DELIVERY,
        conversation_states.SCHEDULED,
        privacy_states.REQUEST,
        campaign_states.CAMPAIGN,
        conversation_states.CIRCUIT,
        verification_states.VERIFICATION,
        verification_states.SENDING,
    ]
    charts = [f"## {machine.name.capitalize()}\n\n```mermaid\n{machine.mermaid()}\n```\n" for machine in machines]
    return "# States\n\n" + "\n".join(charts)


def _events() -> str:
    rows = [f"| `{name}` | {', '.join(sorted(places))} |" for name, places in sorted(_event_types().items())]
    return "# Events\n\n| type | recorded by |\n|---|---|\n" + "\n".join(rows) + "\n\n" + _shapes()


def _shapes() -> str:
    """The fields of every payload; ``?`` marks what may be null."""
    rows = [f"| {name} | {', '.join(fields)} |" for name, fields in sorted(_payloads().items())]
    return (
        "## What they carry\n\n`data` is the whole subject as it is now. A change may add `previous`, what the changed "
        "fields were before.\n`?` marks what may be null.\n\n| subject | fields |\n|---|---|\n" + "\n".join(rows) + "\n"
    )


def _payloads() -> dict[str, list[str]]:
    modules = [import_module(f"{package}.payloads") for package in ("agents", "hours", "conversations", "routing")]
    shapes = {
        name.removesuffix("Payload"): shape
        for module in modules
        for name, shape in vars(module).items()
        if name.endswith("Payload") and is_typeddict(shape)
    }
    return {name: [_field(*field) for field in get_type_hints(shape).items()] for name, shape in shapes.items()}


def _field(name: str, kind: Any) -> str:
    return f"`{name}`" + ("?" if type(None) in get_args(kind) else "")


def _event_types() -> dict[str, set[str]]:
    """Every event type that an action names, and the module that does."""
    found: dict[str, set[str]] = {}
    for path in _action_files():
        module = path.relative_to(settings.BASE_DIR).with_suffix("").as_posix().replace("/", ".")
        tree = ast.parse(path.read_text())
        asked = {id(given.value) for node in ast.walk(tree) if _reads(node) for given in node.keywords}
        for node in ast.walk(tree):
            if id(node) in asked:
                continue
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _EVENT.fullmatch(node.value):
                found.setdefault(node.value, set()).add(f"`{module}`")
    return found


def _reads(node: ast.AST) -> TypeGuard[ast.Call]:
    """``rows.filter(type="…")`` asks for events, and ``hooks.enqueue`` passes one on: they record none."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _READING


def _action_files() -> Iterator[Path]:
    """Modules that record events, or say which are to be recorded."""
    for package in _PACKAGES:
        for path in sorted((Path(settings.BASE_DIR) / package).rglob("*.py")):
            if "tests" not in path.parts and ("actions" in path.parts or _RECORDS.search(path.read_text())):
                yield path
