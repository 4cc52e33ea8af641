"""What an import did or would do, and how that is told."""

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

_DOCUMENTS: Final = frozenset({"configuration", "attributes"})

Fields = Mapping[str, tuple[Any, Any]]
"""By name what a field was and what it is now."""


@dataclass(frozen=True, slots=True)
class Change:
    """An object that was made, or whose ``fields`` changed. ``sid`` is its sid here, ``source_sid`` its sid there."""

    kind: str
    name: str
    sid: str
    source_sid: str
    made: bool
    fields: Fields

    def lines(self) -> Iterator[str]:
        """As a person reads it."""
        elsewhere = "" if self.sid == self.source_sid else f", there {self.source_sid}"
        yield f"{'+' if self.made else '~'} {self.kind} {self.name} ({self.sid}{elsewhere})"
        for name, (before, after) in self.fields.items():
            yield from _told(name, before, after, made=self.made)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an object cannot be brought, and which field of it is at fault."""

    kind: str
    name: str
    source_sid: str
    field: str
    message: str

    def __str__(self) -> str:
        place = f"{self.field}: " if self.field else ""
        return f"{self.kind} {self.name} ({self.source_sid}): {place}{self.message}"


@dataclass(slots=True)
class Report:
    """``same`` counts what needs no change, ``only_here`` names what the source does not have."""

    changes: list[Change] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    same: int = 0
    only_here: list[str] = field(default_factory=list)

    def summary(self) -> str:
        made = sum(change.made for change in self.changes)
        counts = f"{made} to make, {len(self.changes) - made} to change, {self.same} as there"
        return counts + (f", {len(self.only_here)} only here (left alone)" if self.only_here else "")


def _told(name: str, before: Any, after: Any, *, made: bool) -> Iterable[str]:
    if name in _DOCUMENTS and not made:
        return [f"    {name}:", *(f"      {line}" for line in _document_diff(before, after))]
    return [f"    {name}: {_value(after)}" if made else f"    {name}: {_value(before)} -> {_value(after)}"]


def _value(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else f"{text[:200]}… ({len(text)} characters)"


def _document_diff(before: Any, after: Any) -> Sequence[str]:
    lines = difflib.unified_diff(_pretty(before), _pretty(after), lineterm="", n=1)
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def _pretty(document: Any) -> list[str]:
    try:
        value = json.loads(document) if isinstance(document, str) else document
    except ValueError:
        return str(document).splitlines()
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True).splitlines()
