"""Twilio's webhooks, read strictly where it matters and generously elsewhere.

Who wrote to whom, and the message's sid, must make sense. Whatever else does not is left as it came, in the parameters:
a customer's message is not lost for an odd number of files.

https://www.twilio.com/docs/messaging/guides/webhook-request
"""

import re
from collections.abc import Mapping

from django.conf import settings
from django.core.exceptions import TooManyFieldsSent
from django.http import QueryDict

from carriers.base import InboundMedia, InboundMessage, StatusUpdate
from carriers.twilio.details import MESSAGE_SID, is_http, parse_details
from kernel.errors import Invalid
from kernel.sids import is_sid

MAX_MEDIA = 10
MAX_BODY = 16_000
_MAX_NAME = 200
_ADDRESSES = {
    # A customer's number, or one of our agents: https://www.twilio.com/docs/rcs/send-an-rcs-message
    "rcs": re.compile(r"rcs:(\+[1-9][0-9]{4,14}|[A-Za-z0-9][A-Za-z0-9_.-]{0,99})"),
    "whatsapp": re.compile(r"whatsapp:\+[1-9][0-9]{4,14}"),
    "messenger": re.compile(r"messenger:[A-Za-z0-9_.-]{1,64}"),
    # E.164, a short code, or an alphanumeric sender.
    "sms": re.compile(r"\+[1-9][0-9]{1,14}|[0-9]{3,10}|(?=.*[A-Za-z])[A-Za-z0-9 &+._-]{1,11}"),
}
STATUSES = frozenset(
    {
        "accepted",
        "scheduled",
        "canceled",
        "queued",
        "sending",
        "sent",
        "failed",
        "delivered",
        "undelivered",
        "receiving",
        "received",
        "read",
        "partially_delivered",
    }
)


def form(body: bytes) -> QueryDict:
    """The fields as they were sent, repeats and all. Raises ``Invalid`` for what is no form, or too large a one."""
    try:
        return QueryDict(body, encoding="utf-8")
    except (TooManyFieldsSent, ValueError) as error:
        raise Invalid("This is no form, or too large a one.") from error


def fields(form: QueryDict) -> dict[str, str]:
    """Each field once; of a repeated one its last value."""
    return {name: str(form[name]) for name in form}


def parse_message(params: Mapping[str, str]) -> InboundMessage:
    """The customer's message; every parameter that came is kept. Raises ``Invalid`` with the field."""
    given = _plain(params)
    from_address = _address(given, "From")
    to_address = _address(given, "To")
    if is_agent(from_address):
        raise Invalid("The address is missing or malformed.", field="From")
    channel = channel_of(from_address)
    if channel != channel_of(to_address):
        raise Invalid("From and To are not of the same channel.", field="To")
    return InboundMessage(
        provider="twilio",
        provider_sid=_message_sid(given),
        account_sid=_account_sid(given),
        channel=channel,
        from_address=from_address,
        to_address=to_address,
        body=given.get("Body", "")[:MAX_BODY],
        media=_media(given),
        profile_name=given.get("ProfileName", "")[:_MAX_NAME],
        params=given,
        details=parse_details(given),
    )


def parse_status(params: Mapping[str, str]) -> StatusUpdate:
    """A receipt; raises ``Invalid`` with the field."""
    given = _plain(params)
    _account_sid(given)
    status = given.get("MessageStatus") or given.get("SmsStatus", "")
    if status not in STATUSES:
        raise Invalid("This is no status of a message.", field="MessageStatus")
    code = given.get("ErrorCode", "")
    if code and not re.fullmatch(r"\d{1,6}", code):
        raise Invalid("An error code is a number.", field="ErrorCode")
    return StatusUpdate(
        provider_sid=_message_sid(given),
        status=status,
        error_code=code,
        error_message=given.get("ErrorMessage", "")[:_MAX_NAME],
        params=given,
    )


def channel_of(address: str) -> str:
    """The channel that an address belongs to, by its prefix.

    >>> channel_of("whatsapp:+15550002000"), channel_of("+15550001000")
    ('whatsapp', 'sms')
    """
    prefix, colon, _ = address.partition(":")
    return prefix if colon else "sms"


def is_agent(address: str) -> bool:
    """Whether it is an RCS sender, which is no number.

    >>> is_agent("rcs:brand_agent"), is_agent("rcs:+15550100001"), is_agent("+15550100001")
    (True, False, False)
    """
    return address.startswith("rcs:") and not address.startswith("rcs:+")


def is_address(address: str) -> bool:
    """Whether the address is well formed for a channel that we serve."""
    pattern = _ADDRESSES.get(channel_of(address))
    return pattern is not None and pattern.fullmatch(address) is not None


def _plain(params: Mapping[str, str]) -> dict[str, str]:
    """Plain text without NUL, which PostgreSQL refuses; a text is never lost for one."""
    return {str(name).replace("\0", ""): str(value).replace("\0", "") for name, value in params.items()}


def _message_sid(given: Mapping[str, str]) -> str:
    # The two others are its older names.
    for name in ("MessageSid", "SmsMessageSid", "SmsSid"):
        sid = given.get(name, "")
        if MESSAGE_SID.fullmatch(sid):
            return sid
    raise Invalid("MessageSid is missing or malformed.", field="MessageSid")


def _account_sid(given: Mapping[str, str]) -> str:
    sid = given.get("AccountSid", "")
    if not is_sid(sid, "AC"):
        raise Invalid("AccountSid is missing or malformed.", field="AccountSid")
    if sid != settings.TWILIO_ACCOUNT_SID:
        raise Invalid("This is not our account.", field="AccountSid")
    return sid


def _address(given: Mapping[str, str], name: str) -> str:
    address = given.get(name, "")
    if not is_address(address):
        raise Invalid("The address is missing or malformed.", field=name)
    return address


def _media(given: Mapping[str, str]) -> tuple[InboundMedia, ...]:
    """The files in their order, ten at most; those without a usable address are left out."""
    text = given.get("NumMedia", "")
    count = min(int(text), MAX_MEDIA) if re.fullmatch(r"[0-9]{1,3}", text) else MAX_MEDIA
    return tuple(media for index in range(count) if (media := _one_media(given, index)) is not None)


def _one_media(given: Mapping[str, str], index: int) -> InboundMedia | None:
    url = given.get(f"MediaUrl{index}", "")
    if not is_http(url):
        return None
    content_type = given.get(f"MediaContentType{index}", "") or "application/octet-stream"
    return InboundMedia(url=url, content_type=content_type[:100])
