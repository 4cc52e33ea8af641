"""A carrier that answers as a test tells it to, and remembers what it was given."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from carriers.base import CarrierError, OutboundMessage, SendResult, SentListing, SentMessage
from conversations import actions
from kernel import clock, sids

Answer = Callable[[OutboundMessage], SendResult]


def taken(_: OutboundMessage) -> SendResult:
    return SendResult(provider_sid=sids.new("SM"), status="queued")


def broken(code: str = "refused", *, outcome: str = "not_accepted") -> CarrierError:
    """The carrier cannot be reached."""
    return CarrierError("x", code=code, outcome=outcome, scope="account")  # type: ignore[arg-type]


def busy(*, after: float | None, scope: str = "account", code: str = "20429") -> CarrierError:
    """Too much at once."""
    return CarrierError("x", code=code, outcome="not_accepted", retry_after=after, scope=scope)  # type: ignore[arg-type]


@dataclass
class FakeCarrier:
    """``failures`` are raised one after the other, then every message is taken."""

    failures: list[CarrierError] = field(default_factory=list)
    sent: list[OutboundMessage] = field(default_factory=list)
    listing: SentListing | CarrierError = field(default_factory=lambda: SentListing((), complete=True))
    asked: list[tuple[str, str, datetime]] = field(default_factory=list)
    pings: Iterator[CarrierError | None] = field(default_factory=lambda: iter(()))

    def send(self, message: OutboundMessage) -> SendResult:
        self.sent.append(message)
        if self.failures:
            raise self.failures.pop(0)
        return taken(message)

    def list_sent(self, *, from_address: str, to_address: str, since: datetime, limit: int) -> SentListing:
        self.asked.append((from_address, to_address, since))
        if isinstance(self.listing, CarrierError):
            raise self.listing
        return self.listing

    def ping(self) -> None:
        error = next(self.pings, None)
        if error is not None:
            raise error

    def holds(self, *rows: SentMessage, complete: bool = True) -> None:
        """Its list, from now on."""
        self.listing = SentListing(rows, complete=complete)


def claim_next() -> OutboundMessage | None:
    """The one message that is due, claimed."""
    taken = actions.claim(at_most=1).messages
    return taken[0] if taken else None


def listed(body: str, *, status: str = "delivered", at: datetime | None = None, error: str = "") -> SentMessage:
    """A row of the carrier's list."""
    return SentMessage(
        provider_sid=sids.new("SM"),
        body=body,
        media=0,
        status=status,
        created_at=at or clock.now(),
        error_code=error,
    )
