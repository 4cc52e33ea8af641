"""Twilio's JSON documents: RFC 2822 dates, numbers as strings, URIs relative to the API host."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest

from carriers.twilio.inbound import channel_of
from carriers.twin.callbacks import API_VERSION, media_base, media_uri
from carriers.twin.models import TwinContent, TwinMedia, TwinMessage, TwinNumber, TwinService
from carriers.twin.rules import Refusal
from kernel import clock

Document = dict[str, Any]
_MAX_PAGE = 1_000


def message(row: TwinMessage) -> Document:
    """A Message resource."""
    uri = f"{_account_uri()}/Messages/{row.sid}"
    return {
        "account_sid": settings.TWILIO_ACCOUNT_SID,
        "api_version": API_VERSION,
        "body": row.body,
        "date_created": _date(row.created_at),
        "date_sent": None if row.status == "queued" else _date(row.created_at),
        "date_updated": _date(row.updated_at),
        "direction": row.direction,
        "error_code": row.error_code,
        "error_message": row.error_message or None,
        "from": row.from_address,
        "messaging_service_sid": row.messaging_service_sid or None,
        "num_media": str(row.num_media),
        "num_segments": "0" if row.status == "accepted" else "1",
        "price": None,
        "price_unit": "USD",
        "sid": row.sid,
        "status": row.status,
        "subresource_uris": {"media": f"{uri}/Media.json", "feedback": f"{uri}/Feedback.json"},
        "to": row.to_address,
        "uri": f"{uri}.json",
    }


def number(row: TwinNumber) -> Document:
    """An IncomingPhoneNumber resource."""
    return {
        "account_sid": settings.TWILIO_ACCOUNT_SID,
        "address_requirements": "none",
        "address_sid": None,
        "api_version": API_VERSION,
        "beta": False,
        "capabilities": {"voice": False, "sms": True, "mms": True, "fax": False},
        "date_created": _date(row.created_at),
        "date_updated": _date(row.updated_at),
        "friendly_name": row.friendly_name or row.address,
        "origin": "twilio",
        "phone_number": row.address,
        "sid": row.sid,
        "sms_application_sid": "",
        "sms_fallback_method": "POST",
        "sms_fallback_url": row.sms_fallback_url,
        "sms_method": row.sms_method,
        "sms_url": row.sms_url,
        "status": "in-use",
        "status_callback": row.status_callback,
        "status_callback_method": "POST",
        "type": "local" if channel_of(row.address) == "sms" else None,
        "uri": f"{_account_uri()}/IncomingPhoneNumbers/{row.sid}.json",
    }


def service(row: TwinService) -> Document:
    """A Messaging Service resource."""
    return {
        "account_sid": settings.TWILIO_ACCOUNT_SID,
        "sid": row.sid,
        "friendly_name": row.friendly_name,
        "inbound_request_url": row.inbound_request_url or None,
        "inbound_method": row.inbound_method,
        "fallback_url": row.fallback_url or None,
        "fallback_method": row.fallback_method,
        "use_inbound_webhook_on_number": row.use_inbound_webhook_on_number,
        "sticky_sender": row.sticky_sender,
        "validity_period": 36000,
        "date_created": clock.iso(row.created_at),
        "date_updated": clock.iso(row.created_at),
        "url": f"https://messaging.twilio.com/v1/Services/{row.sid}",
    }


def pool_number(row: TwinNumber) -> Document:
    """A number of a Messaging Service's pool."""
    return {
        "account_sid": settings.TWILIO_ACCOUNT_SID,
        "capabilities": ["SMS", "MMS"],
        "country_code": "US",
        "date_created": clock.iso(row.created_at),
        "date_updated": clock.iso(row.updated_at),
        "phone_number": row.address,
        "service_sid": row.service.sid if row.service else None,
        "sid": row.sid,
        "url": f"{_pool_uri(row)}/PhoneNumbers/{row.sid}",
    }


def pool_sender(row: TwinNumber) -> Document:
    """A WhatsApp, RCS or Messenger sender of a Messaging Service's pool."""
    return {
        "account_sid": settings.TWILIO_ACCOUNT_SID,
        "country_code": "",
        "date_created": clock.iso(row.created_at),
        "date_updated": clock.iso(row.updated_at),
        "messaging_service_sid": row.service.sid if row.service else None,
        "sender": row.address,
        "sender_type": row.channel,
        "sid": sender_sid(row),
        "url": f"{_pool_uri(row)}/ChannelSenders/{sender_sid(row)}",
    }


def _pool_uri(row: TwinNumber) -> str:
    return f"https://messaging.twilio.com/v1/Services/{row.service.sid if row.service else ''}"


def sender(row: TwinNumber) -> Document:
    """A WhatsApp or RCS sender, as the Senders API shows one."""
    return {
        "sid": sender_sid(row),
        "sender_id": row.address,
        "status": "ONLINE",
        "webhook": {
            "callback_url": row.sms_url or None,
            "callback_method": row.sms_method,
            "fallback_url": row.sms_fallback_url or None,
            "fallback_method": "POST",
            "status_callback_url": row.status_callback or None,
            "status_callback_method": "POST",
        },
        "url": f"https://messaging.twilio.com/v2/Channels/Senders/{sender_sid(row)}",
    }


def sender_sid(row: TwinNumber) -> str:
    """What the Senders API calls the number."""
    return "XE" + row.sid[2:]


def listing(rows: Iterable[Any], *, key: str, shape: Callable[[Any], Document]) -> Document:
    """A list of the newer kind, on one page: nobody has a thousand of these."""
    shown = [shape(row) for row in rows]
    meta = {"key": key, "page": 0, "page_size": max(len(shown), 50), "next_page_url": None, "previous_page_url": None}
    return {"meta": meta | {"first_page_url": "", "url": ""}, key: shown}


def media(row: TwinMedia) -> Document:
    """A Media resource."""
    return {
        "account_sid": settings.TWILIO_ACCOUNT_SID,
        "content_type": row.content_type,
        "date_created": _date(row.created_at),
        "date_updated": _date(row.created_at),
        "parent_sid": row.message.sid,
        "sid": row.sid,
        "uri": media_uri(row.message.sid, row.sid) + ".json",
    }


def content(row: TwinContent) -> Document:
    """A Content resource with its approval."""
    return {
        "account_sid": settings.TWILIO_ACCOUNT_SID,
        "approval_requests": {
            "allow_category_change": True,
            "category": row.category,
            "content_type": next(iter(row.types), ""),
            "name": row.friendly_name,
            "rejection_reason": row.rejection_reason,
            "status": row.status,
        },
        "date_created": clock.iso(row.created_at),
        "date_updated": clock.iso(row.created_at),
        "friendly_name": row.friendly_name,
        "language": row.language,
        "sid": row.sid,
        "types": row.types,
        "variables": row.variables,
    }


def content_page(request: HttpRequest, rows: "QuerySet[TwinContent]") -> Document:
    """A list of the newer kind: its addresses are whole, and stand under ``meta``."""
    size, token = _whole(request, "PageSize", 50, _MAX_PAGE), _whole(request, "PageToken", 0, 2**62)
    found = list((rows.filter(id__lt=token) if token else rows)[: size + 1])
    shown, index = found[:size], _whole(request, "Page", 0, 10**6)
    base = f"{media_base()}{request.path.removeprefix('/twin')}"
    following = urlencode({"PageSize": size, "Page": index + 1, "PageToken": shown[-1].pk}) if found[size:] else ""
    return {
        "contents": [content(row) for row in shown],
        "meta": {
            "first_page_url": f"{base}?PageSize={size}&Page=0",
            "key": "contents",
            "next_page_url": f"{base}?{following}" if following else None,
            "page": index,
            "page_size": size,
            "previous_page_url": None,
            "url": f"{base}?PageSize={size}&Page={index}",
        },
    }


def page(
    request: HttpRequest, rows: "QuerySet[Any]", *, path: str, key: str, shape: Callable[[Any], Document]
) -> Document:
    """One page of a list, newest first. ``PageToken`` is the id to go on below, so a page never shifts."""
    size = _whole(request, "PageSize", 50, _MAX_PAGE)
    token = _whole(request, "PageToken", 0, 2**62)
    if token:
        rows = rows.filter(id__lt=token)
    found: Sequence[Any] = list(rows[: size + 1])
    shown = found[:size]
    index = _whole(request, "Page", 0, 10**6)
    following = {"PageSize": size, "Page": index + 1, "PageToken": shown[-1].pk} if len(found) > size else None
    return {
        "end": max(index * size + len(shown) - 1, 0),
        "first_page_uri": _uri(request, path, {"PageSize": size, "Page": 0}),
        "next_page_uri": _uri(request, path, following) if following else None,
        "page": index,
        "page_size": size,
        "previous_page_uri": None,
        key: [shape(row) for row in shown],
        "start": index * size,
        "uri": _uri(request, path, {"PageSize": size, "Page": index}),
    }


def _uri(request: HttpRequest, path: str, paging: dict[str, int]) -> str:
    filters = {name: value for name, value in request.GET.items() if not name.startswith("Page")}
    return f"{_account_uri()}/{path}?{urlencode(filters | paging)}"


def _whole(request: HttpRequest, name: str, default: int, most: int) -> int:
    text = request.GET.get(name, "") or str(default)
    if not text.isdecimal() or len(text) > 19:
        raise Refusal(20001, f"{name} is not a number")
    return min(int(text), most)


def _account_uri() -> str:
    return f"/{API_VERSION}/Accounts/{settings.TWILIO_ACCOUNT_SID}"


def _date(moment: datetime) -> str:
    return format_datetime(moment)
