"""Which files a channel carries: how many, how large, of which kinds; and how several go out.

SMS, MMS and RCS: https://www.twilio.com/docs/messaging/guides/accepted-mime-types, WhatsApp:
https://www.twilio.com/docs/whatsapp/guidance-whatsapp-media-messages
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kernel.errors import DomainError, Invalid, TooLarge

FILES_AT_ONCE: Final = 10

_KB: Final = 1024
_MB: Final = 1024 * _KB
# Files that cannot be combined with words in one message.
_MUTE: Final[Mapping[str, tuple[str, ...]]] = {"whatsapp": ("audio/",), "rcs": ("application/",)}


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one message. ``largest`` maps a type, or the part before its slash, to bytes; the type itself goes first."""

    count: int
    total: int
    largest: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class File:
    """What the limits ask of a file."""

    sid: str
    name: str
    content_type: str
    size: int


LIMITS: Final[Mapping[str, Limits]] = {
    "sms": Limits(
        FILES_AT_ONCE,
        5 * _MB,
        dict.fromkeys(("image/jpeg", "image/png", "image/gif"), 5 * _MB)
        | dict.fromkeys(("image", "audio", "video", "application/pdf"), 500 * _KB),
    ),
    "rcs": Limits(
        1,
        16 * _MB,
        dict.fromkeys(
            ("image/jpeg", "image/png", "image/gif", "video/mp4", "video/mpeg", "video/webm", "application/pdf"),
            16 * _MB,
        ),
    ),
    "whatsapp": Limits(
        1,
        16 * _MB,
        dict.fromkeys(("image/jpeg", "image/png", "audio", "video/mp4", "video/3gpp", "application"), 16 * _MB),
    ),
    "messenger": Limits(1, 25 * _MB, dict.fromkeys(("image", "audio", "video", "application"), 25 * _MB)),
    "webchat": Limits(FILES_AT_ONCE, 40 * _MB, dict.fromkeys(("image", "audio", "video", "application"), 16 * _MB)),
}
LARGEST: Final = max(most for limits in LIMITS.values() for most in limits.largest.values())

# What the provider would answer to the same: https://www.twilio.com/docs/api/errors
PROVIDER_CODES: Final[Mapping[str, str]] = {
    "too-many-files": "21623",
    "file-too-large": "11751",
    "files-too-large": "11751",
    "file-kind": "12300",
}


def check(channel: str, files: Sequence[File]) -> None:
    """Raise for the first thing that is wrong with these files: ``too-many-files``, ``file-too-large``,
    ``files-too-large`` or ``file-kind``.
    """
    if len(files) > FILES_AT_ONCE:
        raise Invalid(
            "At most %(limit)d files go out at once. Send the others afterwards.",
            code="too-many-files",
            field="media",
            params={"limit": FILES_AT_ONCE},
        )
    for file in files:
        check_one(channel, file)
    limits = LIMITS[channel]
    if limits.count > 1 and sum(file.size for file in files) > limits.total:
        raise TooLarge(
            "Together the files are larger than %(limit)s, the most that this channel takes in one message. Send "
            "them in several messages.",
            code="files-too-large",
            field="media",
            params={"limit": in_words(limits.total)},
        )


def check_one(channel: str, file: File) -> None:
    """Raise when the channel does not carry this file, whatever goes with it."""
    most = most_bytes(channel, file.content_type)
    if most is None:
        raise Invalid(
            "This channel does not carry files of this kind (%(kind)s). Send a JPEG or PNG picture, or a PDF.",
            code="file-kind",
            field="media",
            params={"kind": file.content_type},
        )
    if file.size > most:
        raise TooLarge(
            "%(name)s is larger than %(limit)s, the most that this channel takes of its kind. Make it smaller, or "
            "send a link.",
            code="file-too-large",
            field="media",
            params={"name": file.name, "limit": in_words(most)},
        )


def most_bytes(channel: str, content_type: str) -> int | None:
    """The largest file of this type that the channel carries; ``None`` if it carries none.

    >>> most_bytes("sms", "image/png"), most_bytes("sms", "audio/mpeg"), most_bytes("sms", "application/zip")
    (5242880, 512000, None)
    """
    largest = LIMITS[channel].largest
    return largest.get(content_type, largest.get(content_type.partition("/")[0]))


def provider_code(error: DomainError) -> str:
    """The provider's number for what `check` has refused."""
    return PROVIDER_CODES.get(error.code, "21620")


def parts(channel: str, text: str, files: Sequence[File]) -> list[tuple[str, tuple[File, ...]]]:
    """The messages in which words and files go out, in their order.

    Where a message carries one file only, each file is a message: each has a fate of its own that way. The words are
    the first one's caption, or go ahead of what has none: on WhatsApp a sound, on RCS a document.

    >>> one, two = File("1", "a.png", "image/png", 1), File("2", "b.png", "image/png", 1)
    >>> [(words, [file.sid for file in some]) for words, some in parts("whatsapp", "Look", [one, two])]
    [('Look', ['1']), ('', ['2'])]
    >>> [(words, [file.sid for file in some]) for words, some in parts("sms", "Look", [one, two])]
    [('Look', ['1', '2'])]
    """
    if len(files) <= 1 and not _is_mute(channel, files):
        return [(text, tuple(files))]
    if LIMITS[channel].count > 1:
        return [(text, tuple(files))]
    alone: list[tuple[str, tuple[File, ...]]] = [("", (file,)) for file in files]
    if not text:
        return alone
    return [(text, ()), *alone] if _is_mute(channel, files) else [(text, alone[0][1]), *alone[1:]]


def _is_mute(channel: str, files: Sequence[File]) -> bool:
    kinds = _MUTE.get(channel, ())
    return bool(files and kinds) and files[0].content_type.startswith(kinds)


def in_words(size: int) -> str:
    """A limit as people say it.

    >>> in_words(5 * 1024 * 1024), in_words(500 * 1024)
    ('5 MB', '500 KB')
    """
    return f"{size // _MB} MB" if size >= _MB else f"{size // _KB} KB"


def limits_payload() -> dict[str, dict[str, Any]]:
    """The limits of each channel, so that a browser can say them before it sends a file."""
    return {
        channel: {
            "at_once": FILES_AT_ONCE,
            "total": limits.total if limits.count > 1 else 0,
            "largest": dict(limits.largest),
        }
        for channel, limits in LIMITS.items()
    }
