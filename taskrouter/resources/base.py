"""What every resource does in the same way: a subclass only says what it is."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, Final, Generic, TypeVar

from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.urls import URLPattern
from django.urls import path as route
from rest_framework.request import Request
from rest_framework.response import Response

from agents.actions.checks import locked_workspace
from kernel import sids
from taskrouter import problems
from taskrouter.forms import Form, Given
from taskrouter.paging import Listing
from taskrouter.views import InWorkspace, View
from taskrouter.wire import Shown

Row = TypeVar("Row", bound=Model)

_ON_LIST: Final[Mapping[str, str]] = {"get": "list", "post": "create"}
_ON_ITEM: Final[Mapping[str, str]] = {"get": "retrieve", "post": "update", "delete": "destroy"}


class Resource(View, Generic[Row]):
    """Rows of one kind under one path: listed, made, fetched, changed and removed.

    A row is only ever sought among ``rows()``. These are the caller's own, so that all others are 404 on every path.
    """

    path: ClassVar[str]
    key: ClassVar[str]
    """The name of the list in its own answer, and of its ``meta.key``."""
    prefix: ClassVar[str]
    """Of the rows' sids."""
    also_by: ClassVar[str] = ""
    """A column by which a path may name a row instead."""
    operations: ClassVar[Sequence[str]] = ("list", "create", "retrieve", "update", "destroy")
    filters: ClassVar[Form] = Form()
    """``ordering``, if there is one, orders; all others are given to ``filtered``."""
    order: ClassVar[Sequence[str]] = ()
    """Of the list unless another is asked for; what is equal by it stays in the order of making."""
    new: ClassVar[Form] = Form()
    changes: ClassVar[Form] = Form()

    # --- what a resource says of itself ---

    def rows(self) -> QuerySet[Row]:
        """Those that the caller may see at this path."""
        raise NotImplementedError

    def filtered(self, rows: QuerySet[Row], given: Given) -> QuerySet[Row]:
        """Those that the filters let pass; columns of the same name, unless a resource says more."""
        return rows.filter(**given)

    def passing(self, given: dict[str, Any]) -> Callable[[Any], bool] | None:  # noqa: ARG002
        """What else a row of the list must fulfil that the database cannot be asked.

        It takes out of ``given`` what `filtered` would take for a column.
        """
        return None

    def lean(self, rows: QuerySet[Row]) -> QuerySet[Any, Any]:
        """The rows as a list reads them: a hot one no more of them than ``listed`` shows."""
        return rows

    def prepare(self, rows: Sequence[Any]) -> None:
        """Look up at once what ``listed`` needs for all rows of a page."""

    def listed(self, row: Any) -> Shown:
        """One of the lean rows on the wire."""
        return self.shown(row)

    def named(self, name: str) -> Q:
        """Which row the end of a path names; raises NotFound for what can be no name."""
        if sids.is_sid(name, self.prefix):
            return Q(sid=name)
        if self.also_by and name.isascii() and name.isprintable():
            return Q(**{self.also_by: name})
        raise self.missing()

    def shown(self, row: Row) -> Shown:
        """The row on the wire."""
        raise NotImplementedError

    def make(self, given: dict[str, Any]) -> Row:
        """Call the action."""
        raise NotImplementedError

    def change(self, row: Row, given: dict[str, Any]) -> Row:
        """Call the action."""
        raise NotImplementedError

    def remove(self, row: Row) -> None:
        """Call the action."""
        raise NotImplementedError

    def hold(self, row: Row) -> QuerySet[Row]:
        """The row for a conditional change: locked until the transaction ends, after what comes before it in order."""
        return self.rows().select_for_update(of=("self",), no_key=True).filter(pk=row.pk)

    # --- what all of them do ---

    @classmethod
    def routes(cls) -> Iterator[URLPattern]:
        """Of the list and of each row, for those operations that there are."""
        for path, methods in ((cls.path, _ON_LIST), (f"{cls.path}/<str:sid>", _ON_ITEM)):
            served: dict[str, Any] = {
                method: operation for method, operation in methods.items() if operation in cls.operations
            }
            if served:
                yield route(path, cls.as_view(served), name=f"taskrouter-{cls.key}")

    def list(self, request: Request, **_: str) -> Response:
        given = self.filters.read(request.query_params)
        listing = Listing(self.path_below, (*given.pop("ordering", self.order), "pk"))
        turn, passes = listing.turn(request.query_params), self.passing(given)
        page = listing.page(self.lean(self.filtered(self.rows(), given)), turn, passes=passes)
        self.prepare(page.rows)
        return self.paged(listing, page, key=self.key, shown=[self.listed(row) for row in page.rows])

    def create(self, _request: Request, **_: str) -> Response:
        return self._answer(self.make(self.posted(self.new)), status=201)

    def retrieve(self, _request: Request, sid: str, **_: str) -> Response:
        return self._answer(self.found(sid))

    def update(self, _request: Request, sid: str, **_: str) -> Response:
        given = self.posted(self.changes)
        with self._unchanged(self.found(sid)) as row:
            return self._answer(self.change(row, given))

    def destroy(self, _request: Request, sid: str, **_: str) -> Response:
        with self._unchanged(self.found(sid)) as row:
            self.remove(row)
        return Response(status=204)

    def found(self, sid: str) -> Row:
        """Raises NotFound."""
        row = self.rows().filter(self.named(sid)).first()
        if row is None:
            raise self.missing()
        return row

    @contextmanager
    def _unchanged(self, row: Row) -> Iterator[Row]:
        """The row as the caller saw it, if he says by ``If-Match`` what he saw; raises Changed.

        Without the header the last write wins. https://www.twilio.com/docs/usage/mutation-and-conflict-resolution
        """
        seen = self.request.headers.get("If-Match")
        if seen is None:
            yield row
            return
        with transaction.atomic():
            present = self.hold(row).first()
            if present is None:
                raise self.missing()
            if seen.strip() != "*" and etag(present) not in [tag.strip() for tag in seen.split(",")]:
                raise problems.Changed("Somebody else has changed this. Read it again.", field="If-Match")
            yield present

    def _answer(self, row: Row, *, status: int = 200) -> Response:
        tag = etag(row)
        return Response(self.shown(row), status=status, headers={"ETag": tag} if tag else None)


class Configuration(InWorkspace, Resource[Row]):
    """What the workspace is made up of: changed one at a time, the workspace locked first."""

    def hold(self, row: Row) -> QuerySet[Row]:
        locked_workspace(self.workspace)
        return super().hold(row)


def etag(row: Model) -> str:
    """The row's version as HTTP tells it; empty for what carries none."""
    version = getattr(row, "version", None)
    return "" if version is None else f'"{version}"'
