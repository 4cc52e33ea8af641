"""The verbs of the simulated provider and of the people with phones."""

import secrets
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from carriers.twilio.inbound import channel_of, is_address, is_agent
from carriers.twin import callbacks, contents, faults, outbox, pools
from carriers.twin.contents import Rendered
from carriers.twin.models import (
    RANKS,
    TwinCallback,
    TwinCustomer,
    TwinFaults,
    TwinMedia,
    TwinMessage,
    TwinNumber,
    TwinService,
)
from carriers.twin.rules import Refusal, Wanted, check
from kernel import clock, sids
from kernel.errors import Invalid, NotFound

MAX_TEXT = 4_096
MAX_NAME = 64

OUR_NUMBERS = (
    ("+15550001000", "Front desk"),
    ("rcs:front_desk_agent", "Front desk"),
    ("whatsapp:+15550002000", "Front desk"),
    ("messenger:100200300", "Front desk"),
)
CUSTOMERS = (
    ("+15550100001", "Maria Lopez"),
    ("rcs:+15550100004", "Lucia Fernandez"),
    ("whatsapp:+15550100002", "Daniel Okafor"),
    ("messenger:2890110000003", "Aiko Tanaka"),
)


@dataclass(frozen=True, slots=True)
class Picture:
    """A file that the customer attaches, or that is sent to one."""

    content_type: str
    content: bytes


def press(customer: TwinCustomer, *, message_sid: str, position: int) -> TwinMessage:
    """The customer presses a button of a template: its text comes as a message that says which one it answers."""
    asked = TwinMessage.objects.filter(sid=message_sid, to_address=customer.address).first()
    button = asked.buttons[position] if asked and 0 <= position < len(asked.buttons) else None
    if asked is None or not button or not button["payload"]:
        raise NotFound("There is no such button.", field="button")
    choice = {"text": button["title"], "payload": button["payload"], "answers": asked.sid, "sender": asked.from_address}
    return text_in(customer, to=asked.from_address, body=button["title"], choice=choice)


def text_in(
    customer: TwinCustomer,
    *,
    to: str,
    body: str,
    picture: Picture | None = None,
    choice: Mapping[str, str] | None = None,
) -> TwinMessage:
    """The customer's message is with the provider, which will call our webhook. Raises ``Invalid``, ``NotFound``."""
    if not body.strip() and picture is None:
        raise Invalid("Write something or choose a picture.", field="body")
    if len(body) > MAX_TEXT:
        raise Invalid("The text is longer than %(limit)s characters.", field="body", params={"limit": MAX_TEXT})
    with transaction.atomic():
        # The lock makes the order of ids the order of commits, and so the lane's order that of the customer.
        number = TwinNumber.objects.select_for_update(of=("self",)).select_related("service").filter(address=to).first()
        if number is None or number.channel != customer.channel:
            raise NotFound("There is no such number to write to.", field="to")
        message = TwinMessage.objects.create(
            sid=sids.new("MM" if picture else "SM"),
            direction="inbound",
            from_address=customer.address,
            to_address=number.address,
            body=body.replace("\0", ""),
            num_media=1 if picture else 0,
            status="received",
            choice=dict(choice or {}),
        )
        if picture:
            TwinMedia.objects.create(message=message, content_type=picture.content_type, content=picture.content)
        outbox.schedule(callbacks.inbound(message, number, customer))
    return message


def accept_outbound(wanted: Wanted) -> TwinMessage:
    """The message is queued and its callbacks are planned; raises ``Refusal`` as Twilio would."""
    check(wanted)
    with transaction.atomic():
        number = pools.sender(wanted)
        if pools.has_opted_out(number, wanted.to):
            raise Refusal(21610, f"Attempt to send to unsubscribed recipient {wanted.to}")
        made = _rendered(wanted)
        goes_at, overflow = pools.queue(number, wanted)
        message = TwinMessage.objects.create(
            sid=sids.new("MM" if made.media else "SM"),
            direction="outbound-api",
            from_address=number.address if number else wanted.from_,
            to_address=wanted.to,
            body=made.body.replace("\0", ""),
            media_urls=list(made.media),
            num_media=len(made.media),
            status="accepted" if wanted.messaging_service_sid else "queued",
            status_callback=wanted.status_callback,
            messaging_service_sid=wanted.messaging_service_sid,
            goes_at=goes_at,
            content_sid=wanted.content_sid,
            buttons=list(made.buttons),
        )
        if overflow:
            outbox.schedule(callbacks.failed(message, overflow))
        elif message.media_urls and not made.trouble:
            outbox.schedule([callbacks.fetch(message)])
        else:
            outbox.schedule(callbacks.outbound(message, trouble=made.trouble))
    return message


def _rendered(wanted: Wanted) -> Rendered:
    """What the phone will show; the words of a template come from nowhere else."""
    if not wanted.content_sid:
        return Rendered(wanted.body, (), wanted.media_urls, None)
    return contents.render(wanted.content_sid, wanted.content_variables, channel=channel_of(wanted.to))


def take_files(callback: TwinCallback, *, files: Sequence[Picture], trouble: tuple[int, str] | None) -> None:
    """What the message names has been fetched, or could not be: it goes on its way, or fails."""
    message = callback.message
    with transaction.atomic():
        if TwinMedia.objects.filter(message=message).exists() or message.callbacks.filter(kind="status").exists():
            return  # Another worker was first.
        for file in files:
            TwinMedia.objects.create(message=message, content_type=file.content_type, content=file.content)
        outbox.schedule(callbacks.failed(message, trouble) if trouble else callbacks.outbound(message))


def apply_due_statuses(callbacks: Iterable[TwinCallback], *, now: datetime) -> None:
    """The messages take the statuses of their callbacks, except those that have gone further already."""
    alike = defaultdict(list)
    for callback in callbacks:
        code, text = callback.params.get("ErrorCode"), callback.params.get("ErrorMessage", "")
        if callback.status:
            alike[callback.status, code, text].append(callback.message_id)
    for (status, code, text), pks in alike.items():
        lower = [other for other, rank in RANKS.items() if rank < RANKS[status]]
        TwinMessage.objects.filter(pk__in=pks, status__in=lower).update(
            status=status, error_code=int(code) if code else None, error_message=text, updated_at=now
        )


def read_by_customer(customer: TwinCustomer) -> int:
    """What was delivered to this phone has been seen. WhatsApp and RCS tell; returns how many they told of."""
    if customer.channel not in ("whatsapp", "rcs"):
        return 0
    with transaction.atomic():
        delivered = TwinMessage.objects.filter(
            to_address=customer.address, direction="outbound-api", status="delivered"
        )
        now = clock.now()
        seen = [
            message
            for message in delivered
            if TwinMessage.objects.filter(pk=message.pk, status="delivered").update(status="read", updated_at=now)
        ]
        outbox.schedule(callbacks.status(message, "read", due_at=now) for message in seen)
    return len(seen)


def set_faults(wanted: Mapping[str, object]) -> TwinFaults:
    """The named faults stand as wanted; raises ``Invalid``."""
    return faults.save(wanted)


def create_customer(channel: str, *, name: str, address: str = "") -> TwinCustomer:
    """Somebody new with a phone, at a made-up address unless one is given. Raises ``Invalid``."""
    address = address or _free_address(channel)
    if not is_address(address) or channel_of(address) != channel or is_agent(address):
        raise Invalid("The address is missing or malformed.", field="address")
    customer, _ = TwinCustomer.objects.update_or_create(
        address=address, defaults={"channel": channel, "name": _name(name)}
    )
    return customer


def rename_customer(customer: TwinCustomer, *, name: str) -> TwinCustomer:
    """The customer's profile carries another name from now on."""
    customer.name = _name(name)
    customer.save(update_fields=["name"])
    return customer


def ensure_customers() -> None:
    """Every channel has somebody who can write."""
    for address, name in CUSTOMERS:
        TwinCustomer.objects.get_or_create(address=address, defaults={"channel": channel_of(address), "name": name})


def ensure_numbers(
    *, webhook_url: str, fallback_url: str = "", numbers: tuple[tuple[str, str], ...] = OUR_NUMBERS
) -> list[TwinNumber]:
    """The account has these (address, friendly name) and calls ``webhook_url`` for them; others stay as they are."""
    rows = []
    for address, friendly_name in numbers:
        row, _ = TwinNumber.objects.update_or_create(
            address=address,
            defaults={"sms_url": webhook_url, "sms_fallback_url": fallback_url, "updated_at": clock.now()},
            create_defaults={
                "channel": channel_of(address),
                "friendly_name": friendly_name,
                "sms_url": webhook_url,
                "sms_fallback_url": fallback_url,
            },
        )
        rows.append(row)
    return rows


_UPDATABLE = {
    "SmsUrl": "sms_url",
    "SmsMethod": "sms_method",
    "SmsFallbackUrl": "sms_fallback_url",
    "StatusCallback": "status_callback",
    "FriendlyName": "friendly_name",
}


def update_number(number: TwinNumber, *, params: Mapping[str, str]) -> TwinNumber:
    """The given fields are written, empty values included; the others stay. Raises ``Refusal``."""
    if params.get("SmsMethod", "POST") not in ("GET", "POST"):
        raise Refusal(21403, "The SmsMethod is neither GET nor POST.")
    given = {field: params[name] for name, field in _UPDATABLE.items() if name in params}
    for field, value in given.items():
        setattr(number, field, value)
    number.updated_at = clock.now()
    number.save(update_fields=[*given, "updated_at"])
    return number


_SERVICE = {
    "InboundRequestUrl": "inbound_request_url",
    "InboundMethod": "inbound_method",
    "FallbackUrl": "fallback_url",
    "FallbackMethod": "fallback_method",
    "FriendlyName": "friendly_name",
}
_SWITCHES = {"UseInboundWebhookOnNumber": "use_inbound_webhook_on_number", "StickySender": "sticky_sender"}
_SENDER = {"callback_url": "sms_url", "callback_method": "sms_method", "fallback_url": "sms_fallback_url"}


def update_service(service: TwinService, *, params: Mapping[str, str]) -> TwinService:
    """The given fields are written, empty values included; the others stay."""
    given: dict[str, str | bool] = {field: params[name] for name, field in _SERVICE.items() if name in params}
    for name, field in _SWITCHES.items():
        if name in params:
            given[field] = params[name].lower() == "true"
    for field, value in given.items():
        setattr(service, field, value)
    service.save(update_fields=list(given))
    return service


def update_sender(number: TwinNumber, *, document: Mapping[str, object]) -> TwinNumber:
    """The webhook of the document replaces the sender's. Raises ``Refusal``."""
    webhook = document.get("webhook")
    if not isinstance(webhook, Mapping):
        raise Refusal(20001, "webhook is not an object")
    for name, field in _SENDER.items():
        setattr(number, field, str(webhook.get(name) or ("POST" if name.endswith("_method") else "")))
    number.updated_at = clock.now()
    number.save(update_fields=[*_SENDER.values(), "updated_at"])
    return number


def _free_address(channel: str) -> str:
    # 555 numbers belong to nobody.
    digits = "".join(secrets.choice("0123456789") for _ in range(7))
    made = {
        "sms": f"+1555{digits}",
        "rcs": f"rcs:+1555{digits}",
        "whatsapp": f"whatsapp:+1555{digits}",
        "messenger": f"messenger:289011{digits}",
    }
    if channel not in made:
        raise Invalid("There is no such channel.", field="channel")
    return _free_address(channel) if TwinCustomer.objects.filter(address=made[channel]).exists() else made[channel]


def _name(name: str) -> str:
    plain = " ".join(name.replace("\0", "").split())
    if not plain or len(plain) > MAX_NAME:
        raise Invalid("A name has 1 to %(limit)s characters.", field="name", params={"limit": MAX_NAME})
    return plain
