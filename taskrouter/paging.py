"""Pages of a list that stay put: a token names the row at the edge of a page, never a count of rows.

What is made or deleted meanwhile neither repeats nor hides a row of the pages behind it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypedDict, TypeVar
from urllib.parse import urlencode

from django.core import signing
from django.db.models import Field, Model, Q, QuerySet
from django.http import QueryDict

from kernel.errors import Invalid
from taskrouter.forms import Form, Text, Whole
from taskrouter.wire import url

Row = TypeVar("Row")
"""A row of the model, or a tuple with names that has at least the columns of the order."""

SIZE: Final = 50
MOST: Final = 1000
_PORTION: Final = 1000
_PARAMETERS: Final = frozenset({"PageSize", "Page", "PageToken"})
_FORM: Final = Form(page_size=Whole(least=1, most=MOST), page=Whole(least=0, most=10**9), page_token=Text())


class Meta(TypedDict):
    """What Twilio's clients read beside the rows; they follow ``next_page_url`` until it is null."""

    first_page_url: str
    key: str
    next_page_url: str | None
    page: int
    page_size: int
    previous_page_url: str | None
    url: str


@dataclass(frozen=True, slots=True)
class Turn:
    """Which page is wanted: the first, or the one that lies ahead of, or behind, the row with these ``marks``."""

    size: int = SIZE
    number: int = 0
    forward: bool = True
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows, and the turns to what lies around them."""

    rows: list[Row]
    turn: Turn
    following: Turn | None
    previous: Turn | None


@dataclass(frozen=True, slots=True)
class Listing:
    """One list: its path, and an order whose last term is unique and none of whose columns is ever null."""

    path: str
    order: Sequence[str] = ("pk",)

    def turn(self, parameters: QueryDict) -> Turn:
        """What the query wants.

        Raises Invalid, with TaskRouter's number 40153 for a page number without a token.
        """
        given = _FORM.read(parameters)
        size = given.get("page_size", SIZE)
        token = given.get("page_token", "")
        if token:
            return self._opened(token, size=size)
        if given.get("page", 0) > 0:
            raise Invalid("Pages are not found by number; follow next_page_url.", code="absolute-paging", field="page")
        return Turn(size)

    def page(self, rows: QuerySet[Any, Row], wanted: Turn, *, passes: Callable[[Row], bool] | None = None) -> Page[Row]:
        """The wanted page of ``rows``, or of those of them that pass: what no database can ask is asked here."""
        columns = [_Column(rows.model, term) for term in self.order]
        found = (
            _found(rows, columns, wanted, wanted.marks, wanted.size + 1)
            if passes is None
            else _sifted(rows, columns, wanted, passes)
        )
        more = len(found) > wanted.size
        found = found[: wanted.size]
        if not wanted.forward:
            found.reverse()
        ahead, behind = (more, wanted.number > 0) if wanted.forward else (True, more)
        return Page(
            found,
            wanted,
            following=_turn_from(found[-1], columns, wanted, forward=True) if found and ahead else None,
            previous=_turn_from(found[0], columns, wanted, forward=False) if found and behind else None,
        )

    def meta(self, shown: Page[Any], *, key: str, parameters: QueryDict) -> Meta:
        """The addresses of the pages around, each with the filters of this one."""
        filters = [(name, text) for name, texts in parameters.lists() for text in texts if name not in _PARAMETERS]

        def address(to: Turn) -> str:
            query = [*filters, ("PageSize", to.size), ("Page", to.number)]
            return f"{url(self.path)}?{urlencode([*query, ('PageToken', self._sealed(to))] if to.marks else query)}"

        return {
            "first_page_url": address(Turn(shown.turn.size)),
            "key": key,
            "next_page_url": address(shown.following) if shown.following else None,
            "page": shown.turn.number,
            "page_size": shown.turn.size,
            "previous_page_url": address(shown.previous) if shown.previous else None,
            "url": address(shown.turn),
        }

    def _sealed(self, to: Turn) -> str:
        return signing.dumps([to.number, to.forward, to.marks], salt=self._salt)

    def _opened(self, token: str, *, size: int) -> Turn:
        try:
            number, forward, marks = signing.loads(token, salt=self._salt)
        except signing.BadSignature as error:
            raise Invalid(
                "This page token does not belong to this list. Begin without it.", field="page_token"
            ) from error
        return Turn(size, number, forward, tuple(marks))

    @property
    def _salt(self) -> str:
        """A token leads nowhere but on in the same list and order."""
        return f"taskrouter.page {self.path} {','.join(self.order)}"


class _Column:
    """One term of an order."""

    def __init__(self, model: type[Model], term: str) -> None:
        self.name = term.removeprefix("-")
        self.descending = term.startswith("-")
        self.field: Field[Any, Any] = model._meta.pk if self.name == "pk" else model._meta.get_field(self.name)  # type: ignore[assignment]

    def term(self, forward: bool) -> str:
        return self.name if forward != self.descending else f"-{self.name}"

    def past(self, value: Any, *, forward: bool) -> Q:
        return Q(**{f"{self.name}__{'gt' if forward != self.descending else 'lt'}": value})


def _beyond(columns: Sequence[_Column], marks: Sequence[str], *, forward: bool) -> Q:
    """What comes after the row with these marks: as SQL compares rows, for mixed directions as well.

    The bound on the first column adds nothing but a place where the index can begin.
    """
    values = [column.field.to_python(mark) for column, mark in zip(columns, marks, strict=True)]
    wanted, same = Q(), Q()
    for column, value in zip(columns, values, strict=True):
        wanted |= same & column.past(value, forward=forward)
        same &= Q(**{column.name: value})
    return ~columns[0].past(values[0], forward=not forward) & wanted if len(columns) > 1 else wanted


def _found(
    rows: QuerySet[Any, Row], columns: Sequence[_Column], wanted: Turn, marks: Sequence[str], count: int
) -> list[Row]:
    """The first so many behind the marks, in the direction that is wanted."""
    if marks:
        rows = rows.filter(_beyond(columns, marks, forward=wanted.forward))
    return list(rows.order_by(*(column.term(wanted.forward) for column in columns))[:count])


def _sifted(
    rows: QuerySet[Any, Row], columns: Sequence[_Column], wanted: Turn, passes: Callable[[Row], bool]
) -> list[Row]:
    """One more than a page of those that pass, if there are as many; read in portions until there are."""
    sifted: list[Row] = []
    marks: Sequence[str] = wanted.marks
    while True:
        portion = _found(rows, columns, wanted, marks, _PORTION)
        sifted += [row for row in portion if passes(row)]
        if len(sifted) > wanted.size or len(portion) < _PORTION:
            return sifted[: wanted.size + 1]
        marks = _marks(portion[-1], columns)


def _marks(row: Any, columns: Sequence[_Column]) -> tuple[str, ...]:
    return tuple(column.field.value_to_string(row) for column in columns)


def _turn_from(row: Any, columns: Sequence[_Column], wanted: Turn, *, forward: bool) -> Turn:
    marks = _marks(row, columns)
    return Turn(wanted.size, max(0, wanted.number + (1 if forward else -1)), forward, marks)
