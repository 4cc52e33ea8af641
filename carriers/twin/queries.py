"""What the phones and the REST API show."""

from collections.abc import Iterable
from datetime import datetime
from typing import TypedDict

from django.db.models import Prefetch, Q, QuerySet
from django.urls import reverse

from carriers.twilio.inbound import channel_of
from carriers.twin.models import TwinCallback, TwinCustomer, TwinMedia, TwinMessage, TwinNumber
from kernel.clock import iso
from kernel.errors import NotFound

ON_SCREEN = 100


class PhoneMedia(TypedDict):
    url: str
    content_type: str


class PhoneButton(TypedDict):
    """One with a payload is pressed, one with a URL leads elsewhere."""

    title: str
    payload: str
    url: str


class PhoneMessage(TypedDict):
    """A message as its phone shows it; ``state``: sending, delivered, refused (own) or delivered, failed (theirs)."""

    id: int
    sid: str
    phone: str
    ours: str
    mine: bool
    body: str
    media: list[PhoneMedia]
    buttons: list[PhoneButton]
    state: str
    error_code: int | None
    at: str | None


def customers() -> "QuerySet[TwinCustomer]":
    """Everybody with a phone, the oldest first."""
    return TwinCustomer.objects.all()


def customer(address: str) -> TwinCustomer:
    """The owner of an address; raises ``NotFound``."""
    found = TwinCustomer.objects.filter(address=address).first()
    if found is None:
        raise NotFound("There is no such phone.", field="phone")
    return found


def numbers() -> "QuerySet[TwinNumber]":
    """Every number, sender and page of the account."""
    return TwinNumber.objects.all()


def phone_messages(addresses: Iterable[str], *, after: int = 0) -> list[PhoneMessage]:
    """The last messages of each phone, oldest first. What has not arrived at a phone is not on it."""
    found: list[PhoneMessage] = []
    for address in addresses:
        arrived = Q(to_address=address, status__in=("delivered", "read", "undelivered", "failed"))
        rows = (
            TwinMessage.objects.filter(Q(from_address=address, direction="inbound") | arrived, id__gt=after)
            .prefetch_related(
                Prefetch("media", TwinMedia.objects.defer("content")),
                Prefetch("callbacks", TwinCallback.objects.filter(kind="inbound")),
            )
            .order_by("-id")[:ON_SCREEN]
        )
        found += [_phone_message(row) for row in reversed(rows)]
    return found


def messages(
    *,
    to: str = "",
    from_address: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> "QuerySet[TwinMessage]":
    """The account's messages, newest first; ``until`` is exclusive."""
    rows = TwinMessage.objects.order_by("-id").prefetch_related(Prefetch("media", TwinMedia.objects.defer("content")))
    if to:
        rows = rows.filter(to_address=to)
    if from_address:
        rows = rows.filter(from_address=from_address)
    if since:
        rows = rows.filter(created_at__gte=since)
    if until:
        rows = rows.filter(created_at__lt=until)
    return rows


def sms_numbers(*, phone_number: str = "") -> "QuerySet[TwinNumber]":
    """What Twilio calls IncomingPhoneNumbers: WhatsApp senders and Messenger pages are not among them."""
    rows = TwinNumber.objects.filter(channel="sms")
    return rows.filter(address__contains=phone_number) if phone_number else rows


def _phone_message(row: TwinMessage) -> PhoneMessage:
    mine = row.is_inbound
    return {
        "id": row.pk,
        "sid": row.sid,
        "phone": row.from_address if mine else row.to_address,
        "ours": row.to_address if mine else row.from_address,
        "mine": mine,
        "body": row.body,
        "media": _pictures(row),
        "buttons": row.buttons,
        "state": _own_state(row) if mine else _their_state(row),
        "error_code": row.error_code,
        "at": iso(row.created_at),
    }


def _pictures(row: TwinMessage) -> list[PhoneMedia]:
    return [
        {"url": reverse("twin-phone-media", args=(media.sid,)), "content_type": media.content_type}
        for media in row.media.all()
    ]


def _own_state(row: TwinMessage) -> str:
    """One tick while the webhook is on its way, two when it was taken. A lost one looks like one on its way."""
    made = list(row.callbacks.all())
    if any(callback.was_taken for callback in made):
        return "delivered"
    if any(callback.done_at and callback.last_status for callback in made):
        return "refused"
    return "sending"


def _their_state(row: TwinMessage) -> str:
    return "failed" if row.status in ("undelivered", "failed") else "delivered"


def channel_numbers(channel: str) -> list[TwinNumber]:
    """Our numbers of one channel."""
    return [number for number in numbers() if channel_of(number.address) == channel]
