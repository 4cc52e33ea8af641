"""What the simulated provider shows under ``messaging.twilio.com``: Messaging Services, WhatsApp and RCS senders.

https://www.twilio.com/docs/messaging/api/service-resource and https://www.twilio.com/docs/whatsapp/api/senders
"""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET, require_http_methods

from carriers.twin import actions, bodies, queries
from carriers.twin.access import not_found, rest
from carriers.twin.models import TwinNumber, TwinService
from carriers.twin.rest import json_object


@rest
@require_GET
def services(_request: HttpRequest) -> HttpResponse:
    """The account's Messaging Services."""
    return JsonResponse(bodies.listing(TwinService.objects.all(), key="services", shape=bodies.service))


@rest
@require_http_methods(["GET", "POST"])
def service(request: HttpRequest, sid: str) -> HttpResponse:
    """One Messaging Service, read or updated."""
    row = TwinService.objects.filter(sid=sid).first()
    if row is None:
        raise not_found(request)
    if request.method == "POST":
        row = actions.update_service(row, params=request.POST.dict())
    return JsonResponse(bodies.service(row))


@rest
@require_GET
def senders(request: HttpRequest) -> HttpResponse:
    """The account's senders of one channel."""
    rows = queries.numbers().filter(channel=request.GET.get("Channel", ""))
    return JsonResponse(bodies.listing(rows, key="senders", shape=bodies.sender))


@rest
@require_http_methods(["GET", "POST"])
def sender(request: HttpRequest, sid: str) -> HttpResponse:
    """One sender, read or updated."""
    row = TwinNumber.objects.filter(sid=f"PN{sid[2:]}", channel__in=("whatsapp", "rcs")).first()
    if row is None or sid != bodies.sender_sid(row):
        raise not_found(request)
    if request.method == "POST":
        row = actions.update_sender(row, document=json_object(request))
    return JsonResponse(bodies.sender(row), status=202 if request.method == "POST" else 200)
