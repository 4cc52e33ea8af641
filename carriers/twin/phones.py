"""The page of simulated phones and what its script asks for."""

import filetype
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_POST

from carriers.base import CHANNELS
from carriers.twin import actions, faults, queries
from carriers.twin.access import phones
from carriers.twin.actions import Picture
from carriers.twin.models import TwinCustomer, TwinMedia
from carriers.twin.rest import json_object, picture
from kernel.errors import Invalid, NotFound, TooLarge

MAX_PICTURE = 5 * 1024 * 1024
PICTURE_TYPES = ("image/png", "image/jpeg", "image/gif", "image/webp")
_MAX_PHONES = 12


@phones
@require_GET
@ensure_csrf_cookie
def page(request: HttpRequest) -> HttpResponseBase:
    """The phones side by side, one for each channel."""
    actions.ensure_customers()
    standing = faults.current()
    context = {
        "phones": [_phone(channel) for channel in CHANNELS],
        "customers": [_customer(row) for row in queries.customers()],
        "faults": [
            {"name": name, "label": label, "value": getattr(standing, name), "max": faults.LIMITS[name]}
            for name, label in _fault_labels().items()
        ],
        "picture_types": ",".join(PICTURE_TYPES),
    }
    return render(request, "twin/phones.html", context)


@phones
@require_POST
def send(request: HttpRequest) -> HttpResponse:
    """The customer presses *send*: form fields ``from``, ``to``, ``body``, ``picture``."""
    message = actions.text_in(
        queries.customer(request.POST.get("from", "")),
        to=request.POST.get("to", ""),
        body=request.POST.get("body", ""),
        picture=_picture(request.FILES.get("picture")),
    )
    return JsonResponse({"sid": message.sid, "id": message.pk}, status=201)


@phones
@require_POST
def press(request: HttpRequest) -> HttpResponse:
    """The customer presses a button of a message: form fields ``from``, ``message``, ``button`` (its position)."""
    position = request.POST.get("button", "")
    message = actions.press(
        queries.customer(request.POST.get("from", "")),
        message_sid=request.POST.get("message", ""),
        position=int(position) if position.isdecimal() and len(position) < 3 else -1,
    )
    return JsonResponse({"sid": message.sid, "id": message.pk}, status=201)


@phones
@require_GET
def messages(request: HttpRequest) -> HttpResponse:
    """What is on the screens of the asked ``phone`` addresses."""
    after = request.GET.get("after", "") or "0"
    if not after.isdecimal() or len(after) > 18:
        raise Invalid("A whole number, please.", field="after")
    asked = request.GET.getlist("phone")[:_MAX_PHONES]
    answer = JsonResponse({"messages": queries.phone_messages(asked, after=int(after))})
    answer["Cache-Control"] = "no-store"
    return answer


@phones
@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """The customer has the conversation before their eyes: form field ``phone``."""
    seen = actions.read_by_customer(queries.customer(request.POST.get("phone", "")))
    return JsonResponse({"read": seen})


@phones
@require_POST
def customers(request: HttpRequest) -> HttpResponse:
    """Somebody new with a phone: form fields ``channel``, ``name``, optionally ``address``."""
    made = actions.create_customer(
        request.POST.get("channel", ""),
        name=request.POST.get("name", ""),
        address=request.POST.get("address", ""),
    )
    return JsonResponse(_customer(made), status=201)


@phones
@require_POST
def rename(request: HttpRequest) -> HttpResponse:
    """Another name for the owner of ``phone``."""
    customer = queries.customer(request.POST.get("phone", ""))
    return JsonResponse(_customer(actions.rename_customer(customer, name=request.POST.get("name", ""))))


@phones
@require_POST
def set_faults(request: HttpRequest) -> HttpResponse:
    """The fault panel's settings, as a JSON object."""
    return JsonResponse(faults.as_dict(actions.set_faults(json_object(request))))


@phones
@require_GET
def get_faults(_request: HttpRequest) -> HttpResponse:
    """The fault panel as it stands: counters go down as faults strike."""
    return JsonResponse(faults.as_dict(faults.current()))


@phones
@require_GET
def media(_request: HttpRequest, media_sid: str) -> HttpResponse:
    """A file that a customer sent, or was sent."""
    row = TwinMedia.objects.filter(sid=media_sid).first()
    if row is None:
        raise NotFound("There is no such picture.")
    return picture(row)


def _picture(upload: "UploadedFile[bytes] | None") -> Picture | None:
    """The upload as a picture, judged by its bytes and not by its name."""
    if upload is None:
        return None
    if (upload.size or 0) > MAX_PICTURE:
        raise TooLarge("A picture has at most 5 MB.", field="picture")
    content = upload.read()
    kind = filetype.guess_mime(content)
    if kind not in PICTURE_TYPES:
        raise Invalid("Only PNG, JPEG, GIF and WebP pictures can be sent.", field="picture")
    return Picture(content_type=kind, content=content)


def _customer(row: TwinCustomer) -> dict[str, str]:
    return {"channel": row.channel, "address": row.address, "name": row.name}


def _phone(channel: str) -> dict[str, object]:
    titles = {"sms": "SMS", "rcs": "RCS", "whatsapp": "WhatsApp", "messenger": "Messenger"}
    return {
        "channel": channel,
        "title": titles[channel],
        "numbers": [
            {"address": row.address, "label": row.friendly_name or row.address}
            for row in queries.channel_numbers(channel)
        ],
    }


def _fault_labels() -> dict[str, str]:
    return {
        "delay_ms": _("Delay every answer (ms)"),
        "rate_limit_next": _("Answer 429 to the next sends"),
        "server_error_next": _("Answer 500 to the next sends"),
        "hang_next": _("Accept the next sends and never answer"),
        "hang_seconds": _("… and hold the line for (s)"),
        "duplicate_next": _("Repeat the next callbacks"),
        "reorder_next": _("Turn the order of the next receipts round"),
        "lose_next": _("Lose the next texts on the way to us"),
        "undelivered_next": _("Find the phone switched off for the next replies"),
        "sender_rate": _("Messages a second of each number (0: any)"),
        "queue_seconds": _("… and the others wait up to (s)"),
    }
