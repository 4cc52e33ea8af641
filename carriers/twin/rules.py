"""What Twilio refuses at once: its codes, its magic test numbers, its words."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from carriers.twilio.inbound import channel_of, is_address

MAX_BODY = 1_600
MAX_MEDIA = 10

# https://www.twilio.com/docs/iam/test-credentials#test-sms-messages
_BAD_SENDERS = {
    "+15005550001": (21212, "The 'From' number %s is not a valid phone number."),
    "+15005550007": (21606, "The 'From' phone number provided (%s) is not a valid, message-capable number."),
    "+15005550008": (21611, "The 'From' number %s has exceeded the maximum number of queued messages."),
}
_BAD_RECIPIENTS = {
    "+15005550001": (21211, "Invalid 'To' Phone Number: %s"),
    "+15005550002": (21612, "Message cannot be sent with the current combination of 'To' (%s) and 'From' parameters."),
    "+15005550003": (21408, "Permission to send an SMS has not been enabled for the region of 'To' number %s"),
    "+15005550004": (21610, "Attempt to send to unsubscribed recipient %s"),
    "+15005550009": (21614, "'To' number %s is not a valid mobile number"),
}
GOOD_SENDER = "+15005550006"
# Ours, not Twilio's: texts to it are sent and end as ``undelivered``.
UNREACHABLE = "+15005550030"
UNREACHABLE_ERROR = (30003, "Unreachable destination handset")
# https://www.twilio.com/docs/api/errors/63016: taken at first, and refused by the channel.
WINDOWED = frozenset({"whatsapp", "messenger"})
WINDOW = timedelta(hours=24)
WINDOW_ERROR = (63016, "Failed to send freeform message because you are outside the allowed window.")

# What happens to files on the way: https://www.twilio.com/docs/api/errors/11200, /12300, /11751
FETCH_ERROR = (11200, "HTTP retrieval failure")
TYPE_ERROR = (12300, "Invalid Content-Type")
SIZE_ERROR = (11751, "Media exceeds the size limit")
MEDIA_BYTES = {
    "sms": 5 * 1024 * 1024,
    "rcs": 16 * 1024 * 1024,
    "whatsapp": 16 * 1024 * 1024,
    "messenger": 25 * 1024 * 1024,
}
_PLAIN_MMS = frozenset({"image/jpeg", "image/png", "image/gif"})
_OTHER_MMS_BYTES = 500 * 1024
_CARRIED = ("image/", "audio/", "video/", "application/pdf", "application/vnd.", "text/vcard")
_CARRIED_BY_RCS = ("image/jpeg", "image/png", "image/gif", "video/mp4", "video/mpeg", "video/webm", "application/pdf")

STOP_WORDS = frozenset({"STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL"})
START_WORDS = frozenset({"START", "YES", "UNSTOP"})


class Refusal(Exception):
    """An error answer in Twilio's shape."""

    def __init__(self, code: int, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status

    def body(self) -> dict[str, object]:
        """The JSON document of the answer."""
        return {
            "code": self.code,
            "message": self.message,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }


@dataclass(frozen=True, slots=True)
class Wanted:
    """The parameters of a message to create."""

    to: str
    from_: str
    body: str
    media_urls: tuple[str, ...]
    status_callback: str
    messaging_service_sid: str = ""
    content_sid: str = ""
    content_variables: str = ""

    @classmethod
    def of(cls, params: Mapping[str, str], media_urls: Sequence[str]) -> "Wanted":
        """From a form; ``MediaUrl`` may repeat."""
        return cls(
            to=params.get("To", "").strip(),
            from_=params.get("From", "").strip(),
            body=params.get("Body", ""),
            media_urls=tuple(media_urls),
            status_callback=params.get("StatusCallback", ""),
            messaging_service_sid=params.get("MessagingServiceSid", "").strip(),
            content_sid=params.get("ContentSid", "").strip(),
            content_variables=params.get("ContentVariables", ""),
        )


def check(wanted: Wanted) -> None:
    """Raise the ``Refusal`` with which Twilio would answer; who owns the sender is checked elsewhere."""
    if not wanted.to:
        raise Refusal(21604, "A 'To' phone number is required.")
    if not wanted.from_ and not wanted.messaging_service_sid:
        raise Refusal(21603, "A 'From' phone number is required.")
    _check_magic(wanted)
    if wanted.from_ and not is_address(wanted.from_):
        raise Refusal(21212, f"The 'From' number {wanted.from_} is not a valid phone number.")
    if not is_address(wanted.to):
        raise Refusal(21211, f"Invalid 'To' Phone Number: {wanted.to}")
    if wanted.from_ and channel_of(wanted.to) != channel_of(wanted.from_):
        raise Refusal(21910, "Invalid 'From' and 'To' pair. 'From' and 'To' should be of the same channel")
    if wanted.to == wanted.from_:
        raise Refusal(21266, "'To' and 'From' number cannot be the same.")
    _check_content(wanted)


def _check_magic(wanted: Wanted) -> None:
    for table, address in ((_BAD_SENDERS, wanted.from_), (_BAD_RECIPIENTS, wanted.to)):
        refused = table.get(bare(address))
        if refused:
            code, message = refused
            raise Refusal(code, message % address)


def _check_content(wanted: Wanted) -> None:
    if wanted.content_variables and not wanted.content_sid:
        raise Refusal(21654, "ContentSid is required when ContentVariables are given.")
    if not wanted.body and not wanted.media_urls and not wanted.content_sid:
        raise Refusal(21602, "Message body is required.")
    if len(wanted.body) > MAX_BODY:
        raise Refusal(21617, f"The concatenated message body exceeds the {MAX_BODY} character limit.")
    most = MAX_MEDIA if channel_of(wanted.to) == "sms" else 1
    if len(wanted.media_urls) > most:
        raise Refusal(21623, f"Number of media files exceeds allowed limit of {most}.")
    if not all(_is_url(url) for url in wanted.media_urls):
        raise Refusal(21620, "Invalid media URL(s)")
    if wanted.status_callback and not _is_url(wanted.status_callback):
        raise Refusal(21609, f"The StatusCallback URL {wanted.status_callback} is not a valid URL.")


def media_error(channel: str, content_type: str, size: int) -> tuple[int, str] | None:
    """What the channel has against a file, or ``None``.

    >>> media_error("sms", "image/png", 600_000), media_error("sms", "audio/mpeg", 600_000)
    (None, (11751, 'Media exceeds the size limit'))
    """
    if (
        not content_type.startswith(_CARRIED_BY_RCS if channel == "rcs" else _CARRIED)
        or content_type == "image/svg+xml"
    ):
        return TYPE_ERROR
    is_small = channel == "sms" and content_type not in _PLAIN_MMS
    return SIZE_ERROR if size > (_OTHER_MMS_BYTES if is_small else MEDIA_BYTES[channel]) else None


def bare(address: str) -> str:
    """The address without its channel.

    >>> bare("whatsapp:+15005550001")
    '+15005550001'
    """
    return address.rpartition(":")[2]


def opt_out_word(body: str) -> str:
    """``stop``, ``start`` or nothing: only a single word counts, in any case.

    >>> opt_out_word(" Stop "), opt_out_word("STOP please"), opt_out_word("yes")
    ('stop', '', 'start')
    """
    word = body.strip().upper()
    if word in STOP_WORDS:
        return "stop"
    return "start" if word in START_WORDS else ""


def _is_url(text: str) -> bool:
    parts = urlsplit(text) if len(text) <= 2048 and not re.search(r"\s", text) else None
    return parts is not None and parts.scheme in ("http", "https") and bool(parts.netloc)
