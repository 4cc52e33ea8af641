"""A list of customers: read from CSV, its columns given a meaning, every bad row named before anything goes out."""

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from typing import Final

from campaigns.core import texts
from campaigns.core.numbers import normal

ROWS: Final = 50_000
_CELL: Final = 500
_GUESSES: Final = {
    "address": ("phone", "number", "mobile", "to", "telefono", "teléfono", "celular", "numero", "número", "address"),
}


class Unreadable(Exception):
    """The file is no list; ``code`` says why: ``encoding``, ``empty``, ``no-rows``, ``too-many-rows``, ``columns``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Sheet:
    """The names of the columns, and the rows, each with its line in the file."""

    columns: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column is what; ``variables`` by the names of the text's places."""

    address: str
    variables: Mapping[str, str] = field(default_factory=dict)
    country: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """A customer of the list as it came; ``line`` counts as the file does, or from 1 in a request."""

    line: int
    address: str
    variables: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Problem:
    """A row that will get nothing, and why: ``no-address``, ``bad-address``, ``twice``, ``missing``, ``too-long``,
    ``opted-out``. ``about``: the first line of the same address, or the name of what is missing.
    """

    line: int
    value: str
    code: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """The rows that will get the text, their addresses as the provider writes them, and those that will not."""

    good: tuple[Given, ...]
    bad: tuple[Problem, ...]


def decoded(content: bytes) -> str:
    """The text of a file as spreadsheets save it: UTF-8, with or without a mark, UTF-16, or Windows' western page."""
    encodings = ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unreadable("encoding")


def read(text: str) -> Sheet:
    r"""The rows of a CSV whose first line names the columns; commas, semicolons or tabs between. Raises ``Unreadable``.

    >>> read("phone;name\n+1 555 010 0001;Ana\n\n").rows
    ((2, ('+1 555 010 0001', 'Ana')),)
    """
    if "\0" in text:
        raise Unreadable("encoding")
    reader = csv.reader(StringIO(text.lstrip("\ufeff")), delimiter=_delimiter(text))
    try:
        lines = [(reader.line_num, tuple(cell.strip() for cell in cells)) for cells in reader if any(cells)]
    except csv.Error as error:
        raise Unreadable("encoding") from error
    if not lines:
        raise Unreadable("empty")
    columns = lines[0][1]
    if not all(columns) or len(set(columns)) < len(columns):
        raise Unreadable("columns")
    if len(lines) == 1:
        raise Unreadable("no-rows")
    if len(lines) > ROWS + 1:
        raise Unreadable("too-many-rows")
    return Sheet(columns, tuple(lines[1:]))


def without(text: str, is_theirs: Callable[[str], bool]) -> str:
    r"""The list without what stands in the rows of which a cell is theirs: these stay as empty lines, so that the other
    rows keep their numbers. Empty when no row is left.

    >>> without("phone;name\n1;Ana\n2;Bo\n", lambda cell: cell == "1")
    'phone;name\n\n2;Bo\n'
    """
    delimiter = _delimiter(text)
    out = StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    reader = csv.reader(StringIO(text), delimiter=delimiter)
    kept, begun = 0, 0
    for number, cells in enumerate(reader):
        height = reader.line_num - begun
        begun = reader.line_num
        if number and any(is_theirs(cell.strip()) for cell in cells):
            out.write("\n" * height)
            continue
        writer.writerow(cells) if cells else out.write("\n")
        kept += bool(number and any(cells))
    return out.getvalue() if kept else ""


def guessed(columns: Sequence[str], places: Iterable[str]) -> Columns:
    """What the columns seem to be, by their names."""
    by_name = {column.casefold(): column for column in columns}
    address = next((by_name[name] for name in _GUESSES["address"] if name in by_name), columns[0])
    return Columns(address, {place: by_name[place.casefold()] for place in places if place.casefold() in by_name})


def picked(sheet: Sheet, mapping: Columns) -> list[Given]:
    """The customers of a list."""
    at = {column: number for number, column in enumerate(sheet.columns)}

    def cell(cells: tuple[str, ...], column: str) -> str:
        number = at.get(column, len(cells))
        return cells[number][:_CELL] if number < len(cells) else ""

    return [
        Given(
            line,
            cell(cells, mapping.address),
            {place: cell(cells, column) for place, column in mapping.variables.items()},
        )
        for line, cells in sheet.rows
    ]


def checked(
    given: Iterable[Given],
    *,
    body: str,
    channel: str,
    limit: int,
    places: Sequence[str] | None = None,
    country: str = "",
    known: Mapping[str, int] | None = None,
) -> Checked:
    """Every row judged. ``places``: what needs a value, if the text does not say it itself. ``known``: addresses that
    have a place already, and their lines.
    """
    wanted = texts.places(body) if places is None else places
    seen = dict(known or {})
    good: list[Given] = []
    bad: list[Problem] = []
    for row in given:
        address = normal(row.address, channel=channel, country=country)
        problem = _problem(row, address, wanted=wanted, body=body, limit=limit, seen=seen)
        if problem is not None:
            bad.append(problem)
            continue
        seen[address] = row.line
        good.append(Given(row.line, address, {place: row.variables.get(place, "") for place in wanted}))
    return Checked(tuple(good), tuple(bad))


def _problem(
    row: Given, address: str, *, wanted: Sequence[str], body: str, limit: int, seen: Mapping[str, int]
) -> Problem | None:
    if not row.address.strip():
        return Problem(row.line, "", "no-address")
    if not address:
        return Problem(row.line, row.address, "bad-address")
    if address in seen:
        return Problem(row.line, row.address, "twice", str(seen[address]))
    missing = next((place for place in wanted if not row.variables.get(place, "").strip()), "")
    if missing:
        return Problem(row.line, row.address, "missing", missing)
    if len(texts.filled(body, row.variables)) > limit:
        return Problem(row.line, row.address, "too-long", str(limit))
    return None


def _delimiter(text: str) -> str:
    first = text.partition("\n")[0]
    return max(",;\t", key=first.count)
