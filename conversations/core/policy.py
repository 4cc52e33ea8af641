"""What a channel lets us send now: asked before a message is queued, and again when a sender claims it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from conversations.core.templates import APPROVES

# https://www.twilio.com/docs/api/errors/63016: WhatsApp and Messenger, since the customer's last message.
WINDOW: Final = timedelta(hours=24)
WINDOWED: Final = frozenset({"whatsapp", "messenger"})


@dataclass(frozen=True, slots=True)
class Standing:
    """How a customer stands to one of our addresses; ``last_inbound_at`` is known for channels with a window."""

    opted_out: bool = False
    blocked: bool = False
    last_inbound_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not. ``code`` names the rule; ``provider_code`` is what the provider would answer; ``remedy`` is a msgid."""

    code: str
    provider_code: str
    remedy: str


OPTED_OUT: Final = Refusal(
    "opted-out", "21610", "The customer has opted out. Only the customer can undo this, by writing START."
)
TEMPLATE_GONE: Final = Refusal(
    "template-gone", "63027", "This template does not exist any more. Choose another one, or ask a supervisor."
)
_NOT_APPROVED: Final = "This template is not approved by WhatsApp. Choose another one, or ask a supervisor."
# What the provider would answer for a template in this state; without a number of its own, that the window is closed.
_UNSENDABLE: Final = {"rejected": "63040", "paused": "63041", "disabled": "63042"}
# The provider was never asked, so it has no code for it.
BLOCKED: Final = Refusal("blocked", "blocked", "The contact is blocked. Unblock the contact to write again.")
WINDOW_CLOSED: Final = Refusal(
    "window-closed",
    "63016",
    "More than 24 hours have passed since the customer's last message. Only a template may be sent now.",
)

TOO_LATE: Final = Refusal(
    "too-late", "30036", "The message waited too long and was dropped. Send it again if it still matters."
)


def closes_at(channel: str, standing: Standing) -> datetime | None:
    """When free text ends; ``None`` for a channel without a window, or for a customer who never wrote."""
    if channel not in WINDOWED or standing.last_inbound_at is None:
        return None
    return standing.last_inbound_at + WINDOW


def refusal(channel: str, standing: Standing, *, now: datetime, template: str | None = None) -> Refusal | None:
    """Why the message may not be sent, or ``None``. At the very end of the window it is closed.

    ``template`` is the state of the template that it is made of, empty for one that is gone, ``None`` for free text. An
    approved one passes WhatsApp's closed window; another one goes nowhere on WhatsApp.
    """
    if standing.blocked:
        return BLOCKED
    if standing.opted_out:
        return OPTED_OUT
    if template == "":
        return TEMPLATE_GONE
    if template is not None and channel in APPROVES:
        return None if template == "approved" else _unapproved(template)
    if channel not in WINDOWED:
        return None
    end = closes_at(channel, standing)
    return WINDOW_CLOSED if end is None or now >= end else None


def _unapproved(state: str) -> Refusal:
    return Refusal("template-not-approved", _UNSENDABLE.get(state, "63016"), _NOT_APPROVED)
