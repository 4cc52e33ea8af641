"""What every carrier speaks: messages in and out, receipts, and the three ways in which a send can fail."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from carriers.details import Details

Outcome = Literal["not_accepted", "rejected", "unknown"]
Scope = Literal["message", "sender", "account"]

# https://www.twilio.com/docs/api/errors: too many requests; too many messages in a queue, of a sender, on a channel.
BUSY = frozenset({"20429", "21611", "30001", "30022", "63018"})

CHANNELS = ("sms", "rcs", "whatsapp", "messenger")


@dataclass(frozen=True, slots=True)
class InboundMedia:
    """A file of an inbound message, still at the provider; fetch it with ``Carrier.fetch_media``."""

    url: str
    content_type: str


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """A customer's message as the provider announced it; ``params`` keeps every parameter that came, ``details`` says
    what the known ones among them mean.

    ``ref`` is the sender's own name for the message, where the channel has such a thing; ``received_at`` is when it
    reached us, if that was before now.
    """

    provider: str
    provider_sid: str
    account_sid: str
    channel: str
    from_address: str
    to_address: str
    body: str
    media: tuple[InboundMedia, ...] = ()
    profile_name: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    ref: str | None = None
    details: Details = field(default_factory=Details)
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ListedMessage:
    """A customer's message as the provider lists it: without its files and without what only a webhook tells."""

    provider_sid: str
    to_address: str
    sent_at: datetime
    params: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Listing:
    """Customers' messages of a span of time, oldest first; ``seen`` counts ours as well.

    ``complete`` is false when there are more than were asked for: the oldest are missing then.
    """

    messages: tuple[ListedMessage, ...]
    seen: int
    complete: bool


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message of ours as the provider lists it."""

    provider_sid: str
    body: str
    media: int
    status: str
    created_at: datetime
    error_code: str = ""
    error_message: str = ""


@dataclass(frozen=True, slots=True)
class SentListing:
    """What we sent to a customer. ``complete`` is false when there was more than was read."""

    messages: tuple[SentMessage, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class OutboundMessage:
    """One attempt to send: ``fence`` tells attempts of the same message apart.

    With a ``messaging_service_sid`` the sender is one of its pool. With a ``content_sid`` a template goes out; ``body``
    is then what it reads like, for us alone.
    ``valid_for_seconds``: what the provider has not passed on by then it is to drop (error 30036).
    """

    message_sid: str
    fence: int
    channel: str
    from_address: str
    to_address: str
    body: str
    media_urls: tuple[str, ...] = ()
    status_callback_url: str = ""
    messaging_service_sid: str = ""
    content_sid: str = ""
    content_variables: Mapping[str, str] = field(default_factory=dict)
    valid_for_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class ListedTemplate:
    """A template as the provider has it: ``types`` is what it says by content type, ``samples`` a value for each name.

    ``state`` is the channel's: unsubmitted, received, pending, approved, rejected (``reason`` says why), paused or
    disabled.
    """

    sid: str
    name: str
    language: str
    samples: Mapping[str, str]
    types: Mapping[str, Any]
    category: str
    state: str
    reason: str
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class TemplateListing:
    """The account's templates; ``complete`` is false when there are more than were asked for."""

    templates: tuple[ListedTemplate, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class SendResult:
    """The provider has taken the message; ``status`` is where it stands there (Twilio: ``queued``)."""

    provider_sid: str
    status: str


@dataclass(frozen=True, slots=True)
class StatusUpdate:
    """A receipt; ``error_code`` is the provider's number as text, or empty."""

    provider_sid: str
    status: str
    error_code: str = ""
    error_message: str = ""
    params: Mapping[str, str] = field(default_factory=dict)


class CarrierError(Exception):
    """The carrier did not take the message, or we cannot know whether it did.

    ``outcome`` decides what may follow:

    - ``not_accepted``: surely not taken, a retry is safe (after ``retry_after`` seconds, if given);
    - ``rejected``: refused for good, ``code`` tells why (``carriers.twilio.errors.remedy``);
    - ``unknown``: perhaps taken; never resend blindly.

    ``code`` is the provider's number as text (``"21610"``) or a word of ours (``"refused"``, ``"read-timeout"``).

    ``scope`` says what is in trouble: this message, its sender (it sends too fast), or the whole account (it sends too
    fast, its credentials are not accepted, the provider cannot be reached or is out of order).
    """

    def __init__(
        self,
        message: str,
        *,
        code: str,
        outcome: Outcome,
        permanent: bool | None = None,
        retry_after: float | None = None,
        scope: Scope = "message",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.outcome: Outcome = outcome
        self.permanent = outcome == "rejected" if permanent is None else permanent
        self.retry_after = retry_after
        self.scope: Scope = scope

    @property
    def is_busy(self) -> bool:
        """Nothing is out of order: we were only too fast."""
        return self.scope != "message" and self.code in BUSY

    @property
    def is_breakage(self) -> bool:
        """The account, the provider or the way there is out of order: other messages would fail as well."""
        return self.scope == "account" and not self.is_busy


class Carrier(Protocol):
    """A way to the customer's phone."""

    def send(self, message: OutboundMessage) -> SendResult:
        """Hand one message over; raises ``CarrierError``."""

    def fetch_media(self, url: str) -> tuple[str, bytes]:
        """The content type and bytes of an inbound file; raises ``CarrierError``."""

    def list_inbound(self, *, since: datetime, until: datetime, limit: int) -> Listing:
        """What customers sent in that time, of at most ``limit`` messages looked at; raises ``CarrierError``."""

    def list_sent(self, *, from_address: str, to_address: str, since: datetime, limit: int) -> SentListing:
        """What was sent from one to the other since then, at most ``limit`` looked at; raises ``CarrierError``."""

    def ping(self) -> None:
        """Ask something harmless, to see whether the provider answers us; raises ``CarrierError``."""

    def listed(self, message: ListedMessage) -> InboundMessage:
        """The listed message with its files; raises ``CarrierError``, and ``Invalid`` for one that cannot be read."""

    def list_templates(self, *, limit: int) -> TemplateListing:
        """The account's templates; raises ``CarrierError``."""
