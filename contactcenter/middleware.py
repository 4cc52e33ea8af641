"""Around every request: the load balancer's questions, and a line in the log without bodies or raw paths."""

import re
import time
import uuid
from collections.abc import Callable

import structlog
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils import translation

from accounts import queries
from accounts.models import User
from contactcenter import health

logger = structlog.get_logger(__name__)

_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
# Asked twice a second by an open page: on the terminal they would drive the log-ins out of sight.
_POLLED = {"twin-phone-messages"}
_PROBES = {"/healthz": health.healthz, "/readyz": health.readyz}


class Probes:
    """Answers the load balancer before anything looks at the Host header: it asks by address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        view = _PROBES.get(request.path)
        return view(request) if view else self._get_response(request)


class RequestLog:
    """Gives each request an id (or keeps the proxy's), in the log and in the answer's ``X-Request-ID``."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _GIVEN_ID.fullmatch(given) else uuid.uuid4().hex
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self._get_response(request)
            route = _route(request)
            log = logger.debug if route is None or route in _POLLED else logger.info
            log(
                "request",
                method=request.method,
                route=route,
                status=response.status_code,
                ms=round((time.perf_counter() - started) * 1000, 1),
            )
        response.headers["X-Request-ID"] = request_id
        return response


class OwnLanguage:
    """The language that a person's account names, unless one was chosen in this browser: a cookie says so."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES and settings.SESSION_COOKIE_NAME in request.COOKIES:
            locale = getattr(request.user, "locale", "")
            if locale:
                translation.activate(locale)
                request.LANGUAGE_CODE = locale
        return self._get_response(request)


class SecondFactor:
    """Leads whoever must have a second factor, and has none, to where one is set up; nothing else opens."""

    # What is needed to set one up, to leave, and to read the page.
    open_to_all = frozenset(
        {
            "mfa_index",
            "mfa_activate_totp",
            "mfa_add_webauthn",
            "mfa_view_recovery_codes",
            "mfa_download_recovery_codes",
            "account_reauthenticate",
            "mfa_reauthenticate",
            "logout",
            "set_language",
        }
    )

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self._get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponseBase | None:
        match = request.resolver_match
        if not settings.SECOND_FACTOR_ROLES or (match and match.url_name in self.open_to_all):
            return None
        if not isinstance(request.user, User) or not queries.lacks_factor(request.user):
            return None
        if request.method in ("GET", "HEAD"):
            return redirect("mfa_index")
        raise PermissionDenied


def _route(request: HttpRequest) -> str | None:
    """The matched pattern, never the path: a path carries numbers and names. None for static files and the unknown."""
    match = request.resolver_match
    return (match.view_name or match.route) if match else None
