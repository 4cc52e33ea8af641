"""``./run catalogues``: gathers every text, keeps the translations that there are, compiles; says what is missing."""

import gettext
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import django
import unfold

from tools import gathering, po
from tools.gathering import Module
from tools.po import Entry
from tools.rewording import REWORDED

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = ("es",)
DOMAINS = ("django", "djangojs")
_HEADER = (
    "Project-Id-Version: contactcenter\n"
    "Language: {language}\n"
    "MIME-Version: 1.0\n"
    "Content-Type: text/plain; charset=UTF-8\n"
    "Content-Transfer-Encoding: 8bit\n"
    "Plural-Forms: nplurals=2; plural=(n != 1);\n"
)
_NOT_THE_PRODUCT = ("bench", "docs", "examples", "tests", "tools")
_SCRIPTS = ("desk", "twin", "webchat", "admin_extra", "api")
# What these say stays on a message that could not be sent, and the desk shows it.
_FAILURES = ("carriers/twilio/client.py", "carriers/twilio/transport.py", "conversations/actions/delivery.py")


def main() -> int:
    """Write the catalogues anew; 1 while a text lacks its translation."""
    missing = 0
    for language in LANGUAGES:
        for domain in DOMAINS:
            entries = update(domain, language=language)
            bare = [entry for entry in entries if not entry.is_translated]
            sys.stdout.write(f"{language} {domain}: {len(entries)} texts, {len(bare)} without translation\n")
            sys.stdout.writelines(f"  {entry.text!r} ({entry.places[0]})\n" for entry in bare)
            missing += len(bare)
    return 1 if missing else 0


def update(domain: str, *, language: str) -> list[Entry]:
    """Gather, keep what is translated, drop what nobody says any more, compile."""
    path = catalogue(domain, language=language)
    known = {entry.key: entry for entry in po.read(path.read_text())} if path.exists() else {}
    entries = gathered(domain, language=language)
    for entry in entries:
        before = known.get(entry.key)
        if before is not None and before.plural == entry.plural:
            entry.translations = before.translations
    header = Entry("", translations=[_HEADER.format(language=language)])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(po.write([header, *entries]))
    path.with_suffix(".mo").write_bytes(po.compiled([header, *entries]))
    return entries


def catalogue(domain: str, *, language: str) -> Path:
    """Where the domain's .po file is; the .mo file lies beside it."""
    return ROOT / "locale" / language / "LC_MESSAGES" / f"{domain}.po"


def gathered(domain: str, *, language: str) -> list[Entry]:
    """Every text of the domain, each once, with the files that say it."""
    found: dict[tuple[str, str], Entry] = {}
    for entry in (*_server(), *_theme(language), *_reworded()) if domain == "django" else _browser():
        known = found.setdefault(entry.key, entry)
        known.plural = known.plural or entry.plural
        known.places += [place for place in entry.places if place not in known.places]
        known.flags = ["python-format"] if re.search(r"%\(\w+\)[sd]", known.text) else []
    return list(found.values())


def _server() -> Iterator[Entry]:
    modules = [Module.read(path, root=ROOT) for path in _product()]
    for module in modules:
        yield from gathering.marked(module)
        yield from gathering.machines(module)
    yield from gathering.refusals(modules)
    yield from _templates(ROOT / "templates", root=ROOT)


def _product() -> Iterator[Path]:
    """The Python files of the product's packages, without tests and migrations."""
    for package in sorted(path.parent for path in ROOT.glob("*/__init__.py")):
        if package.name not in _NOT_THE_PRODUCT:
            files = sorted(package.rglob("*.py"))
            yield from (path for path in files if not {"tests", "migrations"} & set(path.parts))


def _templates(folder: Path, *, root: Path) -> Iterator[Entry]:
    for path in sorted(folder.rglob("*.*")):
        yield from gathering.in_template(path, root=root)


def _browser() -> Iterator[Entry]:
    for folder in _SCRIPTS:
        for path in sorted((ROOT / "static" / folder).rglob("*.js")):
            yield from gathering.in_script(path, root=ROOT)
    for place in _FAILURES:
        yield from gathering.failures(Module.read(ROOT / place, root=ROOT))


def _theme(language: str) -> Iterator[Entry]:
    """What the admin's theme says: it brings no catalogues. Django's own happen to hold a part of it."""
    folder = Path(unfold.__file__).parent
    code = sorted(path for path in folder.rglob("*.py") if "contrib" not in path.parts)
    modules = (Module.read(path, root=folder.parent) for path in code)
    by_code = (entry for module in modules for entry in gathering.marked(module))
    known = _told_by_django(language)
    yield from _unknown(by_code, known)
    yield from _unknown(_templates(folder / "templates", root=folder.parent), known)


def _unknown(entries: Iterable[Entry], known: frozenset[str]) -> Iterator[Entry]:
    return (entry for entry in entries if entry.text not in known)


def _reworded() -> Iterator[Entry]:
    return (Entry(text, plural=plural, places=["django"]) for text, plural in REWORDED)


@cache
def _told_by_django(language: str) -> frozenset[str]:
    folder = Path(django.__file__).parent
    told: set[str] = set()
    for path in folder.glob(f"**/locale/{language}/LC_MESSAGES/django.mo"):
        with path.open("rb") as file:
            catalog = vars(gettext.GNUTranslations(file))["_catalog"]
        told |= {key if isinstance(key, str) else key[0] for key in catalog}
    return frozenset(told)


if __name__ == "__main__":
    sys.exit(main())
