"""The REST API of the simulated provider, under Twilio's own paths.

https://www.twilio.com/docs/messaging/api/message-resource
"""

import json
import time
from datetime import UTC, datetime, timedelta

from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.dateparse import parse_date, parse_datetime
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from carriers.twin import actions, bodies, faults, queries
from carriers.twin import contents as content_seeds
from carriers.twin.access import not_found, require_twin, rest
from carriers.twin.callbacks import media_base
from carriers.twin.models import TwinContent, TwinMedia, TwinMessage, TwinNumber
from carriers.twin.rules import Refusal, Wanted
from kernel.errors import Invalid

SHOWN = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_FILE_SALT = "twin.file"
_FILE_SECONDS = 4 * 3600


@rest
@require_http_methods(["GET", "POST"])
def messages(request: HttpRequest) -> HttpResponse:
    """List the account's messages, or create one."""
    if request.method == "POST":
        return _create(request)
    since, until = _sent_between(request)
    rows = queries.messages(
        to=request.GET.get("To", ""), from_address=request.GET.get("From", ""), since=since, until=until
    )
    return JsonResponse(bodies.page(request, rows, path="Messages.json", key="messages", shape=bodies.message))


@rest
@require_GET
def message(request: HttpRequest, sid: str) -> HttpResponse:
    """One message."""
    return JsonResponse(bodies.message(_message(request, sid)))


@rest
@require_GET
def media_list(request: HttpRequest, sid: str) -> HttpResponse:
    """The files of a message."""
    rows = TwinMedia.objects.filter(message=_message(request, sid)).select_related("message").order_by("-id")
    path = f"Messages/{sid}/Media.json"
    return JsonResponse(bodies.page(request, rows, path=path, key="media_list", shape=bodies.media))


@rest
@require_GET
def media(request: HttpRequest, sid: str, media_sid: str) -> HttpResponse:
    """A file: as Twilio does it, a redirect to where the bytes lie, good for four hours."""
    row = TwinMedia.objects.filter(sid=media_sid, message__sid=sid).defer("content").first()
    if row is None:
        raise not_found(request)
    token = signing.dumps(row.sid, salt=_FILE_SALT)
    path = reverse("twin-file", args=(token,))
    return HttpResponseRedirect(media_base().removesuffix("/twin") + path, status=307)


@csrf_exempt
@require_GET
def file(request: HttpRequest, token: str) -> HttpResponse:
    """The bytes behind a signed address. Like S3, it refuses a request that brings credentials along."""
    require_twin()
    if "Authorization" in request.headers:
        return HttpResponse("Only one auth mechanism allowed", status=400, content_type="text/plain")
    try:
        sid = signing.loads(token, salt=_FILE_SALT, max_age=_FILE_SECONDS)
    except signing.BadSignature:
        return HttpResponse(status=403)
    row = TwinMedia.objects.filter(sid=sid).first()
    return picture(row) if row else HttpResponse(status=404)


def picture(row: TwinMedia) -> HttpResponse:
    """The file itself, shown only if it is a picture."""
    answer = HttpResponse(bytes(row.content), content_type=row.content_type)
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Disposition"] = "inline" if row.content_type in SHOWN else "attachment"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["Cache-Control"] = "private, max-age=3600"
    return answer


@rest
@require_GET
def numbers(request: HttpRequest) -> HttpResponse:
    """The account's phone numbers."""
    rows = queries.sms_numbers(phone_number=request.GET.get("PhoneNumber", "")).order_by("-id")
    path, key = "IncomingPhoneNumbers.json", "incoming_phone_numbers"
    return JsonResponse(bodies.page(request, rows, path=path, key=key, shape=bodies.number))


@rest
@require_http_methods(["GET", "POST"])
def number(request: HttpRequest, sid: str) -> HttpResponse:
    """One phone number, read or updated."""
    row = TwinNumber.objects.filter(sid=sid, channel="sms").first()
    if row is None:
        raise not_found(request)
    if request.method == "POST":
        row = actions.update_number(row, params=request.POST.dict())
    return JsonResponse(bodies.number(row))


@rest
@require_GET
def contents(request: HttpRequest) -> HttpResponse:
    """The account's templates with what WhatsApp says of them."""
    content_seeds.ensure()
    return JsonResponse(bodies.content_page(request, TwinContent.objects.order_by("-id")))


@rest
@require_http_methods(["GET", "POST"])
def fault_panel(request: HttpRequest) -> HttpResponse:
    """The faults as JSON, read or set: ``{"rate_limit_next": 1}``."""
    if request.method == "POST":
        actions.set_faults(json_object(request))
    return JsonResponse(faults.as_dict(faults.current()))


def json_object(request: HttpRequest) -> dict[str, object]:
    """The body as an object; raises ``Invalid``."""
    try:
        given = json.loads(request.body)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise Invalid("The body must be a JSON object.")
    return given


def _create(request: HttpRequest) -> HttpResponse:
    standing = faults.current()
    time.sleep(standing.delay_ms / 1000)
    if faults.strike(standing, "rate_limit_next"):
        answer = JsonResponse(Refusal(20429, "Too Many Requests", status=429).body(), status=429)
        answer["Retry-After"] = "1"
        return answer
    if faults.strike(standing, "server_error_next"):
        raise Refusal(20500, "An internal server error has occurred", status=500)
    created = actions.accept_outbound(Wanted.of(request.POST.dict(), request.POST.getlist("MediaUrl")))
    if faults.strike(standing, "hang_next"):
        # Accepted, and nobody will know: the client has long given up when this answer comes.
        time.sleep(standing.hang_seconds)
        raise Refusal(20504, "Gateway Timeout", status=504)
    return JsonResponse(bodies.message(created), status=201)


def _message(request: HttpRequest, sid: str) -> TwinMessage:
    row = TwinMessage.objects.filter(sid=sid).first()
    if row is None:
        raise not_found(request)
    return row


def _sent_between(request: HttpRequest) -> tuple[datetime | None, datetime | None]:
    """From the filters ``DateSent``, ``DateSent>`` (not before) and ``DateSent<`` (not after), in UTC."""
    exact = _moment(request.GET.get("DateSent", ""))
    if exact:
        day = exact.replace(hour=0, minute=0, second=0, microsecond=0)
        return day, day + timedelta(days=1)
    until_text = request.GET.get("DateSent<", "")
    until = _moment(until_text)
    if until:
        until += timedelta(days=1) if parse_date(until_text) else timedelta(seconds=1)
    return _moment(request.GET.get("DateSent>", "")), until


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        day = parse_date(text)
        moment = datetime(day.year, day.month, day.day, tzinfo=UTC) if day else parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None:
        raise Refusal(20001, "DateSent is not a date")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
