"""A line per request: who asked for which route, how it ended, how long it took. No bodies, no raw paths."""

import re
import time
import uuid
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponseBase

logger = structlog.get_logger(__name__)

_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
# Asked for every few seconds by machines.
_QUIET = frozenset({"healthz", "readyz"})


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
            log = logger.debug if route is None or route in _QUIET else logger.info
            log(
                "request",
                method=request.method,
                route=route,
                status=response.status_code,
                ms=round((time.perf_counter() - started) * 1000, 1),
            )
        response.headers["X-Request-ID"] = request_id
        return response


def _route(request: HttpRequest) -> str | None:
    """The matched pattern, never the path: a path carries numbers and names. None for static files and the unknown."""
    match = request.resolver_match
    return (match.view_name or match.route) if match else None
