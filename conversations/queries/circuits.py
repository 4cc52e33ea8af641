"""Whether the way to the provider is open."""

from datetime import datetime
from typing import cast

from django.conf import settings

from conversations.core import breaker
from conversations.models import Circuit
from conversations.payloads import CarrierPayload, carrier_payload


def circuit() -> Circuit | None:
    """The provider account's circuit breaker; ``None`` while nothing has ever gone wrong."""
    return Circuit.objects.filter(account_sid=settings.TWILIO_ACCOUNT_SID).first()


def facts(row: Circuit) -> breaker.Circuit:
    """The row as the core knows it."""
    return breaker.Circuit(
        state=cast(breaker.State, row.state), failures=row.failures, openings=row.openings, due_at=row.due_at
    )


def is_shut(row: Circuit | None, *, now: datetime) -> bool:
    """Whether no message may go now: the circuit stands in the way, or the account wants us to wait."""
    if row is None:
        return False
    held = row.held_until is not None and row.held_until > now
    return held or breaker.stands_in_the_way(facts(row), now=now)


def carrier() -> CarrierPayload:
    """How the way to the provider is, for the screens."""
    return carrier_payload(circuit())
