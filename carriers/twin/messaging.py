"""What the simulated provider shows under ``messaging.twilio.com``: Messaging Services and their pools, WhatsApp and
RCS senders.

https://www.twilio.com/docs/messaging/api/service-resource and https://www.twilio.com/docs/whatsapp/api/senders
"""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET, require_http_methods

from carriers.twin import actions, bodies, pools, queries
from carriers.twin.access import not_found, rest
from carriers.twin.models import TwinNumber, TwinService
from carriers.twin.rest import json_object


@rest
@require_http_methods(["GET", "POST"])
def services(request: HttpRequest) -> HttpResponse:
    """List the account's Messaging Services, or create one."""
    if request.method == "POST":
        made = actions.update_service(pools.create(request.POST), params=request.POST.dict())
        return JsonResponse(bodies.service(made), status=201)
    return JsonResponse(bodies.listing(TwinService.objects.all(), key="services", shape=bodies.service))


@rest
@require_http_methods(["GET", "POST"])
def service(request: HttpRequest, sid: str) -> HttpResponse:
    """One Messaging Service, read or updated."""
    row = _service(request, sid)
    if request.method == "POST":
        row = actions.update_service(row, params=request.POST.dict())
    return JsonResponse(bodies.service(row))


@rest
@require_http_methods(["GET", "POST"])
def pool_numbers(request: HttpRequest, sid: str) -> HttpResponse:
    """The numbers of a service's pool, or one more."""
    row = _service(request, sid)
    if request.method == "POST":
        number = TwinNumber.objects.filter(sid=request.POST.get("PhoneNumberSid", ""), channel="sms").first()
        return JsonResponse(bodies.pool_number(pools.add(row, number)), status=201)
    rows = row.pool.filter(channel="sms").select_related("service")
    return JsonResponse(bodies.listing(rows, key="phone_numbers", shape=bodies.pool_number))


@rest
@require_http_methods(["GET", "POST"])
def pool_senders(request: HttpRequest, sid: str) -> HttpResponse:
    """The senders of other channels in a service's pool, or one more."""
    row = _service(request, sid)
    if request.method == "POST":
        wanted = request.POST.get("Sid", "")
        number = TwinNumber.objects.filter(sid=f"PN{wanted[2:]}").exclude(channel="sms").first()
        return JsonResponse(bodies.pool_sender(pools.add(row, number)), status=201)
    rows = row.pool.exclude(channel="sms").select_related("service")
    return JsonResponse(bodies.listing(rows, key="senders", shape=bodies.pool_sender))


@rest
@require_http_methods(["GET", "DELETE"])
def pool_item(request: HttpRequest, sid: str, item: str) -> HttpResponse:
    """One number or sender of a pool, read or taken out."""
    row = _service(request, sid).pool.select_related("service").filter(sid=f"PN{item[2:]}").first()
    if row is None:
        raise not_found(request)
    if request.method == "DELETE":
        pools.remove(row)
        return HttpResponse(status=204)
    return JsonResponse(bodies.pool_number(row) if row.channel == "sms" else bodies.pool_sender(row))


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


def _service(request: HttpRequest, sid: str) -> TwinService:
    row = TwinService.objects.filter(sid=sid).first()
    if row is None:
        raise not_found(request)
    return row
