"""The carrier's doors: verify, parse, act, and only then say 200.

Nothing here waits for anything but the database. A refusal is a plain status with a short text; the log line carries
sids and no personal data.
"""

from collections.abc import Callable
from functools import wraps

import structlog
from django.conf import settings
from django.core.exceptions import TooManyFieldsSent
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.encoding import escape_uri_path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from carriers.twilio import inbound, signature, twiml
from conversations import actions
from conversations.ingress import ingress
from conversations.tasks import PROVIDER
from kernel.errors import DomainError, Invalid

logger = structlog.get_logger(__name__)

View = Callable[..., HttpResponse]
_FORM = "application/x-www-form-urlencoded"


def signed(view: View) -> View:
    """Let only the carrier in: its signature covers the public URL, byte for byte, and every parameter.

    Whoever is not the carrier learns nothing but 403, however malformed the request is.
    """

    @csrf_exempt
    @require_POST
    @wraps(view)
    def checked(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        params = _params(request)
        body = request.body if params is None else None
        if not signature.verify(url=_public_url(request), params=params, body=body, headers=request.headers):
            return _refuse(view, 403, "bad signature")
        if params is None:
            return _refuse(view, 400, "not a form")
        try:
            return view(request, {name: params[name] for name in params}, *args, **kwargs)
        except DomainError as error:
            return _refuse(view, error.status, error.code, field=error.field)

    return checked


@signed
def messages(_: HttpRequest, params: dict[str, str]) -> HttpResponse:
    """A customer's message. 200 means that it is stored, and stored once."""
    message = inbound.parse_message(params)
    if message.account_sid != settings.TWILIO_ACCOUNT_SID:
        raise Invalid("The message is for another account.", field="AccountSid")
    ingress.receive(message)
    return HttpResponse(twiml.empty_response(), content_type="text/xml")


@signed
def status(_: HttpRequest, params: dict[str, str], message_sid: str, fence: int) -> HttpResponse:
    """A receipt for attempt ``fence`` of one of our messages."""
    actions.apply_receipt(message_sid, fence=fence, receipt=inbound.parse_status(params), provider=PROVIDER)
    return HttpResponse(status=204)


def _public_url(request: HttpRequest) -> str:
    """The address that the carrier called: the host and scheme that we gave it, path and query as they came."""
    # Host and scheme are the proxy's, and Django would escape the path anew.
    raw_path: bytes = getattr(request, "scope", {}).get("raw_path") or escape_uri_path(request.path).encode()
    query = request.META.get("QUERY_STRING", "")
    return settings.PUBLIC_URL + raw_path.decode("latin-1") + (f"?{query}" if query else "")


def _params(request: HttpRequest) -> QueryDict | None:
    """The form, parsed from the raw body so that what was signed is what is read; ``None`` if it is none."""
    if request.content_type != _FORM:
        return None
    try:
        return QueryDict(request.body, encoding="utf-8")
    except (TooManyFieldsSent, ValueError):
        return None


def _refuse(view: View, code: int, reason: str, *, field: str | None = None) -> HttpResponse:
    logger.warning("webhook refused", webhook=view.__name__, status=code, reason=reason, field=field)
    return HttpResponse(reason, status=code, content_type="text/plain")
