"""Every refusal as Twilio tells it: ``{"code", "message", "more_info", "status"}``.

Never with ``type`` and ``title`` beside them: the SDK would take it for another kind of error (RFC 9457).
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Final, TypedDict

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404
from django.utils.translation import gettext
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from eventlog.dialect import is_passing
from kernel.errors import DomainError, TooMany
from taskrouter.wire import pascal

REALM: Final = 'Basic realm="Twilio API"'

# https://www.twilio.com/docs/api/errors: by status, and by our code where TaskRouter or Verify has a number of its own.
_BY_STATUS: Final = {400: 20001, 401: 20003, 405: 20004}
_BY_CODE: Final = {
    "bad-parameter": 60200,
    "max-checks": 60202,
    "max-sends": 60203,
    "absolute-paging": 40153,
    "start-too-old": 14241,
    "invalid-instruction": 55555,
    "reject-activity": 40100,
    "instruction-in-transfer": 40151,
    "call-failed": 40113,
    "call-state": 40114,
    "redirect-failed": 40122,
    "redirect-state": 40123,
    "dequeue-failed": 40133,
    "dequeue-state": 40135,
    "dequeue-call": 40140,
    "conference-failed": 40145,
    "conference-state": 40136,
    "conference-call": 40142,
    "supervise-failed": 40147,
    "supervise-state": 40146,
}


class Changed(DomainError):
    """The row is no longer as the caller saw it."""

    status: ClassVar[int] = 412
    default_code: ClassVar[str] = "changed"


class Crowded(TooMany):
    """The transaction lost against others (a deadlock, a row that was held for too long), or took too long itself."""

    def __init__(self, message: str) -> None:
        super().__init__(message, wait=1.0)


class Problem(TypedDict):
    """The body of every answer that is not a success."""

    code: int
    message: str
    more_info: str
    status: int


def handle(error: Exception, _context: Mapping[str, Any]) -> Response | None:
    """The framework's exception handler; ``None`` for what is our own fault, which then is a 500 with a log."""
    if isinstance(error, OperationalError) and is_passing(error):
        error = Crowded("This could not be done just now. Try again.")
    told = _told(error)
    if told is None:
        return None
    set_rollback()
    status, message, code = told
    return Response(problem(status, message, code=code), status=status, headers=_headers(error, status=status))


def problem(status: int, message: str, *, code: str = "") -> Problem:
    """The body of a refusal."""
    number = _BY_CODE.get(code) or _BY_STATUS.get(status, 20000 + status)
    more = f"https://www.twilio.com/docs/errors/{number}"
    return {"code": number, "message": message, "more_info": more, "status": status}


def _told(error: Exception) -> tuple[int, str, str] | None:
    """Status, message and our code."""
    if isinstance(error, DomainError):
        # Twilio knows no 409: what clashes is a bad request.
        return (400 if error.status == 409 else error.status), _message(error), error.code
    if isinstance(error, exceptions.UnsupportedMediaType):
        return 415, gettext("Send the body as application/x-www-form-urlencoded."), ""
    if isinstance(error, exceptions.APIException):
        return error.status_code, str(error.detail), ""
    return _from_django(error)


def _from_django(error: Exception) -> tuple[int, str, str] | None:
    if isinstance(error, Http404):
        return 404, gettext("There is nothing here."), ""
    if isinstance(error, PermissionDenied):
        return 403, gettext("This is not allowed."), ""
    if isinstance(error, SuspiciousOperation):
        return 400, gettext("The request cannot be read."), ""
    return None


def _message(error: DomainError) -> str:
    message = gettext(error.message)
    text = message % error.params if error.params else message
    return f"{pascal(error.field)}: {text}" if error.field else text


def _headers(error: Exception, *, status: int) -> dict[str, str]:
    headers = {}
    if status == 401:
        headers["WWW-Authenticate"] = REALM
    wait = getattr(error, "wait", None)
    if status == 429 and wait:
        headers["Retry-After"] = str(max(1, round(wait)))
    return headers
