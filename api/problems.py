"""Every refusal in one shape: ``{"code", "message", "field", "status", "errors"?}``."""

from collections.abc import Iterator, Mapping
from typing import Any, TypedDict

import structlog
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404
from django.utils.translation import gettext
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import set_rollback

from api.authentication import REALM
from kernel.errors import DomainError

logger = structlog.get_logger(__name__)

_CODES = {
    401: "not-authenticated",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    415: "unsupported-media-type",
    429: "throttled",
}


class FieldProblem(TypedDict):
    """One field and what to do about it."""

    field: str | None
    message: str


class Problem(TypedDict, total=False):
    """The body of every answer that is not a success."""

    code: str
    message: str
    field: str | None
    status: int
    errors: list[FieldProblem]


def handle(error: Exception, _context: Mapping[str, Any]) -> Response | None:
    """The framework's exception handler; ``None`` for what is our own fault, which then is a 500 with a log."""
    problem = _problem(error)
    if problem is None:
        return None
    set_rollback()
    return Response(problem, status=problem["status"], headers=_headers(error, status=problem["status"]))


def _problem(error: Exception) -> Problem | None:
    if isinstance(error, DomainError):
        message = gettext(error.message)
        text = message % error.params if error.params else message
        return {"code": error.code, "message": text, "field": error.field, "status": error.status}
    if isinstance(error, exceptions.ValidationError):
        return _validation(error)
    if isinstance(error, exceptions.ParseError):
        message = gettext("The body is not valid JSON: %(reason)s.") % {"reason": error.detail}
        return {"code": "malformed-json", "message": message, "field": None, "status": 400}
    if isinstance(error, exceptions.UnsupportedMediaType):
        message = gettext("Send the body as application/json.")
        return {"code": _CODES[415], "message": message, "field": "Content-Type", "status": 415}
    if isinstance(error, exceptions.APIException):
        status = error.status_code
        return {"code": _CODES.get(status, "invalid"), "message": str(error.detail), "field": None, "status": status}
    return _from_django(error)


def _from_django(error: Exception) -> Problem | None:
    if isinstance(error, Http404):
        return {"code": "not-found", "message": gettext("There is nothing here."), "field": None, "status": 404}
    if isinstance(error, PermissionDenied):
        return {"code": "forbidden", "message": gettext("This is not allowed."), "field": None, "status": 403}
    if isinstance(error, SuspiciousOperation):
        return {"code": "invalid", "message": gettext("The request cannot be read."), "field": None, "status": 400}
    return None


def _validation(error: exceptions.ValidationError) -> Problem:
    errors = list(flat(error.detail))
    first = errors[0]
    return {
        "code": "invalid",
        "message": first["message"],
        "field": first["field"],
        "status": 400,
        "errors": errors,
    }


def flat(detail: Any, *, path: str = "") -> Iterator[FieldProblem]:
    """The framework's nested errors as a list with dotted paths.

    >>> list(flat({"channel": {"from": ["Required."]}, "transcript": [{}, {"body": ["Too long."]}]}))
    [{'field': 'channel.from', 'message': 'Required.'}, {'field': 'transcript.1.body', 'message': 'Too long.'}]
    """
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            own = path if name == api_settings.NON_FIELD_ERRORS_KEY else f"{path}.{name}" if path else str(name)
            yield from flat(inner, path=own)
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            own = path if isinstance(inner, str) else f"{path}.{index}"
            yield from flat(inner, path=own)
    else:
        yield {"field": path or None, "message": str(detail)}


def _headers(error: Exception, *, status: int) -> dict[str, str]:
    headers = {}
    if status == 401:
        headers["WWW-Authenticate"] = REALM
    wait = getattr(error, "wait", None)
    if status == 429 and wait:
        headers["Retry-After"] = str(max(1, round(wait)))
    return headers
