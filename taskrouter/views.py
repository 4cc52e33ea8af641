"""What every view of the surface shares: credentials and a scope, forms in, JSON out, Twilio's refusals."""

from collections.abc import Collection, Sequence
from functools import cached_property
from typing import Any, ClassVar, TypeVar

from django.db.models import Model, QuerySet
from django.http import QueryDict
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from accounts import queries as accounts
from accounts.models import Account
from agents.models import Worker, Workspace
from kernel import sids
from kernel.actor import Actor
from kernel.errors import NotFound
from taskrouter import access, problems, queries
from taskrouter.forms import Form
from taskrouter.paging import Listing, Page
from taskrouter.wire import Shown, url

Row = TypeVar("Row", bound=Model)


class FormsInJSONOut(BaseContentNegotiation):
    """One format in, one out: whatever ``Accept`` says, and by the bare media type of ``Content-Type``."""

    def select_parser(self, request: Request, parsers: Any) -> BaseParser | None:
        given = request.META.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == given), None)

    def select_renderer(
        self, _request: Request, renderers: Any, _format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type


class UTF8Form(BaseParser):
    """A form in UTF-8 whatever the request says of itself: some charsets that a name stands for are none of text."""

    media_type = "application/x-www-form-urlencoded"

    def parse(self, stream: Any, _media_type: str | None = None, _context: Any = None) -> QueryDict:
        return QueryDict(stream.read(), encoding="utf-8")


class View(ViewSet):
    """A caller with credentials and a scope, forms in, JSON out, Twilio's refusals, headers that tell the rate."""

    authentication_classes = [access.Credentials]
    permission_classes = [access.Scoped]
    throttle_classes = [access.RequestRate]
    parser_classes = [UTF8Form]
    renderer_classes = [JSONRenderer]
    content_negotiation_class = FormsInJSONOut
    http_method_names = ["get", "head", "post", "delete"]
    schema = None  # Twilio's specification describes it.
    for_workers: ClassVar[Collection[str]] = ()
    """The operations that a worker's own key may call, on what is his."""

    spent: access.Spent | None = None

    def get_exception_handler(self) -> Any:
        return problems.handle

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        answer = super().finalize_response(request, response, *args, **kwargs)
        for name, value in (self.spent.headers() if self.spent else {}).items():
            answer[name] = value
        return answer

    @property
    def actor(self) -> Actor:
        return access.actor_of(self.request)

    @cached_property
    def account(self) -> Account:
        """The caller's own."""
        return accounts.account(self.actor.account_sid)

    def missing(self) -> NotFound:
        """The refusal of a path that leads to nothing, or to nothing of this account's."""
        return NotFound("The requested resource %(path)s was not found.", params={"path": self.request.path[:200]})

    def sought(self, rows: QuerySet[Row], sid: str, prefix: str) -> Row:
        """The one of these rows that a sid of the path names. Raises NotFound, for what is no such sid as well."""
        row = rows.filter(sid=sid).first() if sids.is_sid(sid, prefix) else None
        if row is None:
            raise self.missing()
        return row

    @property
    def path_below(self) -> str:
        """The request's path from below ``/v1/`` on, under whichever host."""
        return self.request.path.partition("/v1/")[2]

    def paged(self, listing: Listing, page: Page[Any], *, key: str, shown: Sequence[Shown]) -> Response:
        """A page of the list, and the way to those around it."""
        return Response({key: shown, "meta": listing.meta(page, key=key, parameters=self.request.query_params)})

    def posted(self, form: Form) -> dict[str, Any]:
        """The body; raises Invalid."""
        body = self.request.data
        return form.read(body if isinstance(body, QueryDict) else QueryDict())


class InWorkspace(View):
    """What belongs to a workspace, which the path names first; a foreign one is 404 whatever else is asked."""

    rows_of_path: ClassVar[Sequence[str]] = ("workspace",)
    """What the path leads through, each looked for before anything else."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        for name in self.rows_of_path:
            getattr(self, name)

    @cached_property
    def workspace(self) -> Workspace:
        return self.sought(queries.workspaces(self.actor), self.kwargs["workspace_sid"], "WS")

    def url(self, *parts: str) -> str:
        """An address in the workspace."""
        return url("Workspaces", self.workspace.sid, *parts)


class OfWorker(InWorkspace):
    """What belongs to a worker, whom the path names second; for a worker's own key there is no other."""

    rows_of_path = ("workspace", "worker")

    @cached_property
    def worker(self) -> Worker:
        return self.sought(queries.workers(self.workspace, self.actor), self.kwargs["worker_sid"], "WK")


class Nothing(View):
    """Every other path: the same shape of refusal instead of a page."""

    authentication_classes = []
    permission_classes = []
    throttle_classes = []

    def initial(self, *_: Any, **__: Any) -> None:
        raise self.missing()

    def nothing(self, _request: Request) -> Response:
        raise self.missing()
