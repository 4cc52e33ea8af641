"""Which files a channel carries: how many, how large, of which kinds.

SMS: https://www.twilio.com/docs/messaging/guides/accepted-mime-types, WhatsApp:
https://www.twilio.com/docs/whatsapp/guidance-whatsapp-media-messages
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

Problem = Literal["too-many", "too-large", "wrong-type"]

_MB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """``largest`` maps a type, or the part before its slash, to bytes; the type itself goes first."""

    count: int
    largest: Mapping[str, int]


_SMS_OTHER: Final = 500 * 1024
LIMITS: Final[Mapping[str, Limits]] = {
    "sms": Limits(
        10,
        {"image/jpeg": 5 * _MB, "image/jpg": 5 * _MB, "image/png": 5 * _MB, "image/gif": 5 * _MB}
        | dict.fromkeys(("image", "audio", "video", "text", "application/pdf"), _SMS_OTHER),
    ),
    "whatsapp": Limits(
        1,
        dict.fromkeys(
            ("image/jpeg", "image/png", "image/webp", "audio", "video/mp4", "video/3gpp", "text/plain", "text/vcard"),
            16 * _MB,
        )
        | {"application": 16 * _MB},
    ),
    "messenger": Limits(1, dict.fromkeys(("image", "audio", "video", "application"), 25 * _MB)),
    "webchat": Limits(10, dict.fromkeys(("image", "audio", "video", "text", "application"), 16 * _MB)),
}


def problem(channel: str, files: Sequence[tuple[str, int]]) -> Problem | None:
    """What is wrong with these files (type, bytes) on this channel, or ``None``.

    >>> problem("sms", [("image/png", 600_000)]), problem("sms", [("application/pdf", 600_000)])
    (None, 'too-large')
    """
    limits = LIMITS[channel]
    if len(files) > limits.count:
        return "too-many"
    for kind, size in files:
        most = limits.largest.get(kind, limits.largest.get(kind.partition("/")[0]))
        if most is None:
            return "wrong-type"
        if size > most:
            return "too-large"
    return None
