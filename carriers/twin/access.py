"""Who may reach the twin: nobody where it is off, the account's credentials on the API, a person on the phones."""

import base64
import binascii
import hmac
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from carriers.twin.rules import Refusal
from kernel.errors import DomainError

View = Callable[..., HttpResponseBase]


def rest(view: View) -> View:
    """A view of the account's REST API: Basic auth, Twilio's error documents, no CSRF (no cookies count here)."""

    @csrf_exempt
    @wraps(view)
    def guarded(request: HttpRequest, account_sid: str = "", **kwargs: Any) -> HttpResponseBase:
        require_twin()
        if not _has_credentials(request):
            answer = JsonResponse(Refusal(20003, "Authenticate", status=401).body(), status=401)
            answer["WWW-Authenticate"] = 'Basic realm="Twilio API"'
            return answer
        try:
            if account_sid and account_sid != settings.TWILIO_ACCOUNT_SID:
                raise not_found(request)
            return view(request, **kwargs)
        except Refusal as refusal:
            return JsonResponse(refusal.body(), status=refusal.status)
        except DomainError as error:
            return problem(error)

    return guarded


def phones(view: View) -> View:
    """A view of the phones page: open to all with ``TWIN_OPEN``, otherwise to those who have signed in."""

    @wraps(view)
    def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        require_twin()
        if not settings.TWIN_OPEN and not request.user.is_authenticated:
            if "text/html" in request.headers.get("Accept", ""):
                return redirect_to_login(request.get_full_path())
            return JsonResponse({"code": "not-authenticated", "message": _("Sign in, please.")}, status=401)
        try:
            return view(request, **kwargs)
        except DomainError as error:
            return problem(error)

    return guarded


def not_found(request: HttpRequest) -> Refusal:
    """Twilio's 404."""
    return Refusal(20404, f"The requested resource {request.path} was not found", status=404)


def problem(error: DomainError) -> HttpResponse:
    """A refusal as JSON, in the reader's language."""
    message = _(error.message) % error.params if error.params else _(error.message)
    return JsonResponse({"code": error.code, "message": message, "field": error.field}, status=error.status)


def require_twin() -> None:
    """Where the twin is off there is nothing to be found."""
    if not settings.TWIN_ENABLED:
        raise Http404


def _has_credentials(request: HttpRequest) -> bool:
    scheme, _space, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic" or not settings.TWILIO_AUTH_TOKEN:
        return False
    try:
        given = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return False
    wanted = f"{settings.TWILIO_ACCOUNT_SID}:{settings.TWILIO_AUTH_TOKEN}".encode()
    return hmac.compare_digest(given, wanted)
