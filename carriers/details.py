"""What a customer's message says beside its words: where, which button, in answer to what, after which ad."""

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Location:
    """A place that the customer shares; degrees, north and east positive."""

    latitude: float
    longitude: float
    label: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """A button that was pressed, or a row picked from a list; ``payload`` is the id that its template gave it."""

    kind: Literal["button", "list"]
    text: str
    payload: str
    type: str = ""


@dataclass(frozen=True, slots=True)
class Referral:
    """The advertisement that led the customer here; ``source_url`` is empty unless it is http."""

    headline: str
    body: str
    source_type: str
    source_id: str
    source_url: str
    media_url: str
    media_content_type: str
    click_id: str


@dataclass(frozen=True, slots=True)
class Quote:
    """The earlier message that this one answers, by the provider's sid."""

    provider_sid: str
    sender: str


@dataclass(frozen=True, slots=True)
class Region:
    """Where the provider believes a number to be."""

    city: str
    state: str
    zip: str
    country: str


@dataclass(frozen=True, slots=True)
class Details:
    """All of it. What did not come, or made no sense, is ``None`` or empty; ``InboundMessage.params`` still has it.

    ``forwarded`` counts as the customer's app does: once, or often. ``opt_out`` is the keyword that the provider has
    recognised. ``interactive``, ``flow`` and ``channel`` are JSON as the channel gave it.
    """

    location: Location | None = None
    choice: Choice | None = None
    referral: Referral | None = None
    quote: Quote | None = None
    forwarded: Literal["", "once", "often"] = ""
    opt_out: Literal["", "STOP", "START", "HELP"] = ""
    from_region: Region | None = None
    to_region: Region | None = None
    profile_name: str = ""
    whatsapp_id: str = ""
    messaging_service_sid: str = ""
    segments: int | None = None
    interactive: Any = None
    flow: Any = None
    channel: Any = None
