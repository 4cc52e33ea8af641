"""Parameters: PascalCase text in, our names and values out. A refusal names the parameter.

What a value may be in the domain, such as the length of a name, is the action's to say; here stands how it is written.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.http import QueryDict
from django.utils.dateparse import parse_datetime

from kernel import sids, storable
from kernel.errors import Invalid
from routing.core import expressions
from taskrouter.wire import pascal

Given = Mapping[str, Any]
"""What was given, by our names; what was not given is not in it."""

_WHOLE = re.compile(r"-?[0-9]{1,18}")
_TRUE = frozenset({"true", "1", "yes"})


@dataclass(frozen=True, kw_only=True)
class Field:
    """One parameter. Of one that is given several times the last counts."""

    required: bool = False

    def read(self, texts: list[str]) -> Any:
        """Raises Invalid."""
        return self.value(texts[-1])

    def value(self, text: str) -> Any:
        """Raises Invalid."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Text(Field):
    """Any text that can be kept."""

    def value(self, text: str) -> str:
        storable.check_text(text)
        return text


@dataclass(frozen=True, kw_only=True)
class Flag(Field):
    """``true``, ``1`` and ``yes`` are true; anything else is false, as Twilio reads it."""

    def value(self, text: str) -> bool:
        return text.strip().lower() in _TRUE


@dataclass(frozen=True, kw_only=True)
class Whole(Field):
    """A whole number within bounds."""

    least: int
    most: int

    def value(self, text: str) -> int:
        number = int(text) if _WHOLE.fullmatch(text.strip()) else None
        if number is None or not self.least <= number <= self.most:
            raise Invalid(
                "A whole number from %(least)d to %(most)d is expected here.",
                params={"least": self.least, "most": self.most},
            )
        return number


@dataclass(frozen=True, kw_only=True)
class Choice(Field):
    """One of a few words."""

    of: tuple[str, ...]

    def value(self, text: str) -> str:
        if text not in self.of:
            raise Invalid("Choose one of: %(choices)s.", params={"choices": ", ".join(self.of)})
        return text


@dataclass(frozen=True, kw_only=True)
class Choices(Field):
    """Several of a few words: given one by one, or with commas between."""

    of: tuple[str, ...]

    def read(self, texts: list[str]) -> tuple[str, ...]:
        choice = Choice(of=self.of)
        return tuple(choice.value(part.strip()) for text in texts for part in text.split(","))


@dataclass(frozen=True, kw_only=True)
class Moment(Field):
    """ISO 8601; without a zone it is UTC."""

    def value(self, text: str) -> datetime:
        try:
            moment = parse_datetime(text.strip())
        except ValueError:
            moment = None
        if moment is None:
            raise Invalid("A moment such as 2026-03-02T12:00:00Z is expected here.")
        try:
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except OverflowError as error:
            raise Invalid("A moment such as 2026-03-02T12:00:00Z is expected here.") from error


@dataclass(frozen=True, kw_only=True)
class Sid(Field):
    """A sid of one kind; ``clears``: or nothing, which empties what it names."""

    prefix: str
    clears: bool = False

    def value(self, text: str) -> str | None:
        if not text and self.clears:
            return None
        if not sids.is_sid(text, self.prefix):
            raise Invalid("A sid that begins with %(prefix)s is expected here.", params={"prefix": self.prefix})
        return text


@dataclass(frozen=True, kw_only=True)
class Document(Field):
    """A JSON object, of at most so many characters as they stand there; 0: of any."""

    most: int = 0

    def value(self, text: str) -> dict[str, Any]:
        if 0 < self.most < len(text):
            raise Invalid("Attributes take at most %(limit)d characters.", params={"limit": self.most})
        try:
            document = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise Invalid("A JSON object is expected here.") from error
        if not isinstance(document, dict):
            raise Invalid("A JSON object is expected here.")
        storable.check(document)
        return document


@dataclass(frozen=True, kw_only=True)
class Expression(Field):
    """An expression, compiled."""

    def value(self, text: str) -> expressions.Expression:
        return expressions.parse(text)


@dataclass(frozen=True, kw_only=True)
class Ordering(Field):
    """``Attribute:asc`` or ``Attribute:desc``, several with commas between; read as what ``order_by`` takes.

    ``columns`` tells the column of each attribute: one of the row's own, and never null. Those ``apart`` do not go
    together.
    """

    columns: Mapping[str, str]
    apart: frozenset[str] = frozenset()

    def value(self, text: str) -> tuple[str, ...]:
        first: dict[str, str] = {}  # An attribute that comes again decides nothing, and costs.
        for part in text.split(","):
            term = self._term(part)
            first.setdefault(term.lstrip("-"), term)
        terms = tuple(first.values())
        if len(self.apart) > 1 and {self.columns[name] for name in self.apart} <= first.keys():
            raise Invalid("%(attributes)s do not go together.", params={"attributes": ", ".join(sorted(self.apart))})
        return terms

    def _term(self, text: str) -> str:
        attribute, _, direction = text.strip().partition(":")
        if attribute not in self.columns or direction not in ("asc", "desc"):
            raise Invalid(
                "Order by %(attributes)s, each followed by :asc or :desc.",
                params={"attributes": ", ".join(self.columns)},
            )
        return ("-" if direction == "desc" else "") + self.columns[attribute]


class Form:
    """The parameters of one operation, under our names.

    >>> Form(friendly_name=Text(required=True), available=Flag()).read(QueryDict("FriendlyName=Lunch&Available=no"))
    {'friendly_name': 'Lunch', 'available': False}
    """

    def __init__(self, **fields: Field) -> None:
        self._fields = {name: (pascal(name), field) for name, field in fields.items()}

    @property
    def parameters(self) -> list[str]:
        """Their names on the wire."""
        return [parameter for parameter, _ in self._fields.values()]

    def read(self, parameters: QueryDict) -> dict[str, Any]:
        """What was given. Parameters that the form does not know are ignored, as Twilio does. Raises Invalid."""
        given = {}
        for name, (parameter, field) in self._fields.items():
            texts = parameters.getlist(parameter)
            if texts:
                given[name] = _read(field, texts, name=name)
            elif field.required:
                raise Invalid("This parameter is needed.", field=name)
        return given


def _read(field: Field, texts: list[str], *, name: str) -> Any:
    try:
        return field.read(texts)
    except Invalid as error:
        error.field = name
        raise
