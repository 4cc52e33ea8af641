"""The addresses that the carrier calls."""

import re
from dataclasses import dataclass
from typing import Final

PREFIX: Final = "/webhooks/twilio/"
MESSAGES: Final = f"{PREFIX}messages"
FALLBACK: Final = f"{PREFIX}fallback"
# The fence is a column of the database: longer numbers are none of ours.
_RECEIPT = re.compile(rf"{PREFIX}status/([A-Za-z0-9]{{1,64}})/([0-9]{{1,9}})")


@dataclass(frozen=True, slots=True)
class Door:
    """What comes in here: messages, or receipts for attempt ``fence`` of the message ``message_sid``.

    ``name`` is what the log calls it.
    """

    name: str
    message_sid: str = ""
    fence: int = 0


_MESSAGES: Final = {MESSAGES: Door("messages"), FALLBACK: Door("fallback")}


def door(path: str) -> Door | None:
    """What comes in at this path.

    >>> door("/webhooks/twilio/messages"), door("/webhooks/twilio/"), door(receipt_path("IM1", fence=2))
    (Door(name='messages', message_sid='', fence=0), None, Door(name='status', message_sid='IM1', fence=2))
    """
    found = _RECEIPT.fullmatch(path)
    if found is not None:
        return Door("status", found[1], int(found[2]))
    return _MESSAGES.get(path)


def receipt_path(message_sid: str, *, fence: int) -> str:
    """Where receipts for this attempt go."""
    return f"{PREFIX}status/{message_sid}/{fence}"
