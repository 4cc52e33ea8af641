"""Messaging Services' pools: what stands in them, who of them sends, when, and to whom no more.

https://www.twilio.com/docs/messaging/services
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256

import phonenumbers
from django.db.models import Q

from carriers.twilio.inbound import channel_of
from carriers.twin import faults
from carriers.twin.models import TwinMessage, TwinNumber, TwinService
from carriers.twin.rules import GOOD_SENDER, Refusal, Wanted, bare, opt_out_word
from kernel import clock

MAX_NAME = 64
# https://www.twilio.com/docs/api/errors/30001: with a service, a message fails after it was accepted.
OVERFLOW = (30001, "Queue overflow")
_TEXTS = ("sms", "rcs")
_LOOKED_AT = 500


def create(params: Mapping[str, str]) -> TwinService:
    """A service with an empty pool."""
    name = params.get("FriendlyName", "").strip()
    if not 0 < len(name) <= MAX_NAME:
        raise Refusal(21705, "The Messaging Service FriendlyName is missing or too long.")
    return TwinService.objects.create(friendly_name=name)


def add(service: TwinService, number: TwinNumber | None) -> TwinNumber:
    """The number stands in this pool. Raises ``Refusal`` for one that stands in any."""
    if number is None:
        raise Refusal(21701, "The number is not one of the account's.", status=404)
    free = TwinNumber.objects.filter(pk=number.pk, service__isnull=True)
    if not free.update(service=service, updated_at=clock.now()):
        number.refresh_from_db()
        if number.service_id == service.pk:
            raise Refusal(21710, "Phone Number or Short Code is already in the Messaging Service.", status=409)
        raise Refusal(21712, "Phone Number or Short Code is associated with another Messaging Service.", status=409)
    number.refresh_from_db()
    return number


def remove(number: TwinNumber) -> None:
    """It stands in no pool any more."""
    TwinNumber.objects.filter(pk=number.pk).update(service=None, updated_at=clock.now())


def sender(wanted: Wanted) -> TwinNumber | None:
    """Who sends it; nobody for Twilio's own test number.

    Without a ``From``, one of the pool: the one who wrote to this customer before, if the service is sticky, then one
    of his country, then the one with the shortest queue. Raises ``Refusal``.
    """
    service = _service(wanted.messaging_service_sid)
    if service is not None and not wanted.from_:
        return _chosen(service, wanted.to)
    if bare(wanted.from_) == GOOD_SENDER:
        return None
    number = TwinNumber.objects.filter(address=wanted.from_).first()
    if number is not None and (service is None or number.service_id == service.pk):
        return number
    if channel_of(wanted.from_) == "sms":
        raise Refusal(
            21606, f"The 'From' phone number provided ({wanted.from_}) is not a valid, message-capable number."
        )
    raise Refusal(63007, "Twilio could not find a Channel with the specified From address")


def queue(number: TwinNumber | None, wanted: Wanted) -> tuple[datetime, tuple[int, str] | None]:
    """When the sender's turn for one more message comes, which is taken; and what is wrong when its queue is full.

    Without a service, a full queue is refused at once: ``Refusal``.
    """
    now, standing = clock.now(), faults.current()
    if number is None or not standing.sender_rate:
        return now, None
    locked = TwinNumber.objects.select_for_update().get(pk=number.pk)
    goes_at = max(locked.free_at or now, now)
    if goes_at <= now + timedelta(seconds=standing.queue_seconds):
        locked.free_at = goes_at + timedelta(seconds=1) / standing.sender_rate
        locked.save(update_fields=["free_at"])
        return goes_at, None
    if wanted.messaging_service_sid:
        return now, OVERFLOW
    raise Refusal(21611, f"The 'From' number {number.address} has exceeded the maximum number of queued messages.")


def has_opted_out(number: TwinNumber | None, customer: str) -> bool:
    """Whether the last keyword that the customer texted was one of STOP's: to this number, or to any of its pool.

    By SMS, MMS and RCS alike: https://help.twilio.com/articles/223134027
    """
    if number is None or number.channel not in _TEXTS:
        return False
    ours = Q(to_address=number.address)
    if number.service_id is not None:
        ours |= Q(to_address__in=TwinNumber.objects.filter(service=number.service_id).values("address"))
    line = (bare(customer), f"rcs:{bare(customer)}")
    texts = TwinMessage.objects.filter(ours, direction="inbound", from_address__in=line).order_by("-id")
    words = (opt_out_word(body) for body in texts.values_list("body", flat=True)[:_LOOKED_AT].iterator())
    return next((word for word in words if word), "") == "stop"


def _service(sid: str) -> TwinService | None:
    if not sid:
        return None
    found = TwinService.objects.filter(sid=sid).first()
    if found is None:
        raise Refusal(21701, f"The Messaging Service resource {sid} does not exist.")
    return found


def _chosen(service: TwinService, customer: str) -> TwinNumber:
    pool = list(service.pool.filter(channel=channel_of(customer)).order_by("pk"))
    if not pool:
        raise Refusal(21703, "The Messaging Service does not have a phone number available to send a message")
    if service.sticky_sender:
        sent = TwinMessage.objects.filter(messaging_service_sid=service.sid, to_address=customer).order_by("-id")
        before = sent.values_list("from_address", flat=True).first()
        known = next((number for number in pool if number.address == before), None)
        if known is not None:
            return known
    country, now = _country(customer), clock.now()
    near = [number for number in pool if _country(number.address) == country]
    return min(near or pool, key=lambda number: (max(number.free_at or now, now), _weight(number, customer)))


def _country(address: str) -> str:
    try:
        number = phonenumbers.parse(bare(address))
    except phonenumbers.NumberParseException:
        return ""
    return phonenumbers.region_code_for_number(number) or f"+{number.country_code}"


def _weight(number: TwinNumber, customer: str) -> bytes:
    return sha256(f"{number.pk} {customer}".encode()).digest()
