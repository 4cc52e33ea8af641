"""The rules of TaskRouter, each with the tests that hold it, or why this product does otherwise: `docs/compat.md`.

The rules stand in ``docs/compat.toml``, in our own words, with the page that tells them in Twilio's. Tests are named
as pytest names them; one that is not there is an error, so that the document cannot claim what nothing shows.
"""

import ast
import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

SOURCE = "docs/compat.toml"
SPECIFICATION = "tests/sdk/taskrouter_v1.json"


class Unheld(Exception):
    """A rule names a test that is not there, or nothing at all."""


@dataclass(frozen=True, slots=True)
class Rule:
    """``says`` is the rule; ``difference`` tells what we do instead and why, and is empty where we do the same."""

    says: str
    page: str
    tests: tuple[str, ...]
    difference: str


@dataclass(frozen=True, slots=True)
class Section:
    """Rules about one thing."""

    title: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """One of TaskRouter's operations; without tests it is not served yet."""

    name: str
    request: str
    tests: tuple[str, ...]


def document() -> str:
    """The whole text. Raises Unheld, naming all rules at fault."""
    root = Path(settings.BASE_DIR)
    data = tomllib.loads((root / SOURCE).read_text())
    sections, operations = read(data), read_operations(data, root)
    faults = [*faults_of(sections, root), *faults_of_operations(data, operations, root)]
    if faults:
        raise Unheld("\n".join(faults))
    return told(sections) + (told_operations(operations) if operations else "")


def read_operations(data: Mapping[str, Any], root: Path) -> list[Operation]:
    """All that the specification names, each with the tests of the TOML file's ``[operations]``, if it has those."""
    if "operations" not in data:
        return []
    named = json.loads((root / SPECIFICATION).read_text())["operations"]
    return [
        Operation(name, f"{node['method']} {node['path']}", tuple(data["operations"].get(name, ())))
        for name, node in named.items()
    ]


def faults_of_operations(data: Mapping[str, Any], operations: Iterable[Operation], root: Path) -> Iterable[str]:
    """What keeps that table from being true, a line for each."""
    unknown = set(data.get("operations", ())) - {operation.name for operation in operations}
    yield from (f"{SOURCE}: operations: there is no operation {name}" for name in sorted(unknown))
    for operation in operations:
        for name in operation.tests:
            if not _stands(root, name):
                yield f"{SOURCE}: operations: {operation.name}: there is no test {name}"


def told_operations(operations: list[Operation]) -> str:
    """The table of them all."""
    held = sum(bool(operation.tests) for operation in operations)
    rows = "".join(
        f"| {operation.name} | `{operation.request}` | {_tests(operation) or 'not served yet'} |\n"
        for operation in operations
    )
    return (
        "\n## Operations\n\n"
        f"{held} of {len(operations)} operations of TaskRouter v1, each with tests that ask for it by Twilio's SDK, "
        "unchanged, of the running\nproduct; every answer is held against the schema of Twilio's specification.\n\n"
        f"| operation | request | tests |\n|---|---|---|\n{rows}"
    )


def read(data: Mapping[str, Any]) -> list[Section]:
    """The sections of the TOML file: ``[pages]`` with short names, then ``[[section]]`` with ``[[section.rule]]``."""
    pages: Mapping[str, str] = data["pages"]
    return [
        Section(
            section["title"],
            tuple(
                Rule(rule["says"], pages[rule["page"]], tuple(rule.get("tests", ())), rule.get("difference", ""))
                for rule in section["rule"]
            ),
        )
        for section in data["section"]
    ]


def faults_of(sections: Iterable[Section], root: Path) -> Iterable[str]:
    """What keeps the document from being true, a line for each."""
    for section in sections:
        for rule in section.rules:
            place = f"{SOURCE}: {section.title}: {rule.says}"
            if not rule.tests and not rule.difference:
                yield f"{place}: names neither a test nor a difference"
            yield from (f"{place}: there is no test {name}" for name in rule.tests if not _stands(root, name))


def told(sections: list[Section]) -> str:
    """The document: what is held, then what is done otherwise."""
    rules = [rule for section in sections for rule in section.rules]
    different = sum(bool(rule.difference) for rule in rules)
    return (
        "# TaskRouter's rules\n\n"
        f"{len(rules)} rules: {len(rules) - different} are held by tests, {different} are deliberate differences.\n"
        "Each links to the page that tells it in Twilio's words.\n\n"
        "## Held\n"
        + "".join(_table(section, _held, "rule | tests", different=False) for section in sections)
        + "\n## Deliberate differences\n"
        + "".join(_table(section, _differing, "TaskRouter | here, and why", different=True) for section in sections)
    )


def _table(section: Section, row: Any, head: str, *, different: bool) -> str:
    rows = [row(rule) for rule in section.rules if bool(rule.difference) is different]
    return f"\n### {section.title}\n\n| {head} |\n|---|---|\n" + "\n".join(rows) + "\n" if rows else ""


def _held(rule: Rule) -> str:
    return f"| [{_cell(rule.says)}]({rule.page}) | {_tests(rule)} |"


def _differing(rule: Rule) -> str:
    shown = f" ({_tests(rule)})" if rule.tests else ""
    return f"| [{_cell(rule.says)}]({rule.page}) | {_cell(rule.difference)}{shown} |"


def _tests(held: Rule | Operation) -> str:
    return ", ".join(f"[`{name.partition('::')[2]}`](../{name.partition('::')[0]})" for name in held.tests)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _stands(root: Path, name: str) -> bool:
    path, _, test = name.partition("::")
    return test in _tests_of(root / path)


@lru_cache
def _tests_of(path: Path) -> frozenset[str]:
    if not path.is_file():
        return frozenset()
    found = ast.parse(path.read_text()).body
    functions = (node.name for node in found if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(name for name in functions if name.startswith("test_"))
