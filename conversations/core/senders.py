"""Which sender of a pool writes to a customer: the one who did before, then one of the customer's country.

https://www.twilio.com/docs/messaging/services#sticky-sender
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import phonenumbers


@dataclass(frozen=True, slots=True)
class Sender:
    """``country`` is a region's two letters, empty for a sender that has none (a short code, a page)."""

    key: int
    channel: str
    country: str


def choose(pool: Sequence[Sender], *, channel: str, customer: str, country: str, before: int | None) -> Sender | None:
    """The sender, or ``None`` when the pool has none of the channel.

    ``before`` is the key of the one who wrote to this customer last, if the service is sticky. Among equals the
    customer's address decides, so that customers spread over the pool, and each has one sender while it stays as it is.

    >>> pool = [Sender(1, "sms", "US"), Sender(2, "sms", "MX"), Sender(3, "whatsapp", "MX")]
    >>> choose(pool, channel="sms", customer="+5215550001", country="MX", before=None).key
    2
    >>> choose(pool, channel="sms", customer="+5215550001", country="MX", before=1).key
    1
    >>> choose(pool, channel="messenger", customer="messenger:1", country="", before=None) is None
    True
    """
    able = [sender for sender in pool if sender.channel == channel]
    known = [sender for sender in able if sender.key == before]
    near = [sender for sender in able if country and sender.country == country]
    # Rendezvous hashing: a sender that comes or goes moves only its own customers.
    return max(known or near or able, key=lambda sender: _weight(sender, customer), default=None)


def country_of(address: str) -> str:
    """The region of a telephone number, or the code that several share; empty for what is no number.

    >>> country_of("whatsapp:+5215512345678"), country_of("messenger:100200300")
    ('MX', '')
    """
    try:
        number = phonenumbers.parse(address.rpartition(":")[2])
    except phonenumbers.NumberParseException:
        return ""
    return phonenumbers.region_code_for_number(number) or f"+{number.country_code}"


def _weight(sender: Sender, customer: str) -> bytes:
    return sha256(f"{sender.key} {customer}".encode()).digest()
