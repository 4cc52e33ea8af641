"""What the provider will tell us about a message, and when: the rows of the outbox."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from carriers.twilio.inbound import channel_of
from carriers.twin import faults
from carriers.twin.models import TwinCallback, TwinContent, TwinCustomer, TwinFaults, TwinMessage, TwinNumber
from carriers.twin.rules import UNREACHABLE, UNREACHABLE_ERROR, WINDOW, WINDOW_ERROR, WINDOWED, bare
from kernel import clock

API_VERSION = "2010-04-01"
# Long enough for the ticks to be seen one after the other.
_UNTIL_DELIVERED = timedelta(milliseconds=300)
_OUT_OF_ORDER = timedelta(milliseconds=1200)


@dataclass(frozen=True, slots=True)
class _Step:
    status: str
    after: timedelta


def inbound(message: TwinMessage, number: TwinNumber, customer: TwinCustomer) -> list[TwinCallback]:
    """The webhook for a customer's message; one lane per pair of addresses keeps their order."""
    standing = faults.current()
    lost = faults.strike(standing, "lose_next")
    copies = 2 if faults.strike(standing, "duplicate_next") else 1
    now = clock.now()
    # A service without an inbound URL discards what customers write.
    service = number.service if number.service and not number.service.use_inbound_webhook_on_number else None
    return [
        TwinCallback(
            message=message,
            kind="inbound",
            lane=f"{message.from_address} {message.to_address}",
            url=service.inbound_request_url if service else number.sms_url,
            fallback_url=service.fallback_url if service else number.sms_fallback_url,
            method=service.inbound_method if service else number.sms_method,
            params=_inbound_params(message, customer) | _service_params(number),
            due_at=now,
            done_at=now if lost else None,
        )
        for _ in range(copies)
    ]


def outbound(message: TwinMessage, *, trouble: tuple[int, str] | None = None) -> list[TwinCallback]:
    """The life of a message from its sender's turn on. Twilio sends no callback for the status it was created with: one
    of a service was only accepted then, and is told of as queued.
    """
    standing = faults.current()
    error = trouble or _trouble(message, standing)
    steps = [_Step("sent", timedelta()), _Step("undelivered" if error else "delivered", _UNTIL_DELIVERED)]
    if error and error != UNREACHABLE_ERROR:
        del steps[0]
    if faults.strike(standing, "reorder_next"):
        steps = [_Step(steps[-1].status, timedelta()), _Step("sent", _OUT_OF_ORDER)]
    copies = 2 if faults.strike(standing, "duplicate_next") else 1
    now = clock.now()
    begin = max(message.goes_at, now)
    queued = [status(message, "queued", due_at=now)] if message.messaging_service_sid else []
    return queued + [
        status(message, step.status, due_at=begin + step.after, error=error if step.status == "undelivered" else None)
        for step in steps
        for _ in range(copies)
    ]


def _trouble(message: TwinMessage, standing: TwinFaults) -> tuple[int, str] | None:
    """Why the message will not reach the phone."""
    if bare(message.to_address) == UNREACHABLE or faults.strike(standing, "undelivered_next"):
        return UNREACHABLE_ERROR
    if is_window_open(ours=message.from_address, customer=message.to_address) or _is_approved(message):
        return None
    return WINDOW_ERROR


def _is_approved(message: TwinMessage) -> bool:
    """Whether it is a template that passes WhatsApp's closed window."""
    if channel_of(message.to_address) != "whatsapp" or not message.content_sid:
        return False
    return TwinContent.objects.filter(sid=message.content_sid, status="approved").exists()


def is_window_open(*, ours: str, customer: str) -> bool:
    """Whether free text may go to this customer: always, or for 24 hours after their last words."""
    if channel_of(customer) not in WINDOWED:
        return True
    texts = TwinMessage.objects.filter(direction="inbound", from_address=customer, to_address=ours)
    last = texts.order_by("-id").values_list("created_at", flat=True).first()
    return last is not None and clock.now() < last + WINDOW


def fetch(message: TwinMessage) -> TwinCallback:
    """The files come first; what becomes of the message follows from them."""
    return TwinCallback(message=message, kind="media", lane=f"status {message.sid}", due_at=clock.now())


def failed(message: TwinMessage, error: tuple[int, str]) -> list[TwinCallback]:
    """The message ended before it was sent."""
    return [status(message, "failed", due_at=clock.now(), error=error)]


def status(message: TwinMessage, new: str, *, due_at: datetime, error: tuple[int, str] | None = None) -> TwinCallback:
    """One status callback; the message takes the status when the callback's time has come."""
    return TwinCallback(
        message=message,
        kind="status",
        status=new,
        lane=f"status {message.sid}",
        url=message.status_callback,
        params=_status_params(message, new, error=error),
        due_at=due_at,
    )


def media_base() -> str:
    """Where the twin's REST is reached, as its own answers must name it."""
    return str(settings.TWILIO_API_BASE or f"{settings.PUBLIC_URL}/twin").rstrip("/")


def media_uri(message_sid: str, media_sid: str) -> str:
    """The path of a file, relative to the API host."""
    return f"/{API_VERSION}/Accounts/{settings.TWILIO_ACCOUNT_SID}/Messages/{message_sid}/Media/{media_sid}"


def _service_params(number: TwinNumber) -> dict[str, str]:
    return {"MessagingServiceSid": number.service.sid} if number.service else {}


def _inbound_params(message: TwinMessage, customer: TwinCustomer) -> dict[str, str]:
    channel = channel_of(message.from_address)
    params = {
        "MessageSid": message.sid,
        "SmsSid": message.sid,
        "SmsMessageSid": message.sid,
        "AccountSid": settings.TWILIO_ACCOUNT_SID,
        "From": message.from_address,
        "To": message.to_address,
        "Body": message.body,
        "NumMedia": str(message.num_media),
        "NumSegments": "1",
        "SmsStatus": "received",
        "ApiVersion": API_VERSION,
    }
    for index, media in enumerate(message.media.all()):
        params[f"MediaUrl{index}"] = media_base() + media_uri(message.sid, media.sid)
        params[f"MediaContentType{index}"] = media.content_type
    if channel == "sms":
        params |= {"FromCountry": "US", "ToCountry": "US"}
    elif channel != "rcs":
        params["ProfileName"] = customer.name
    if channel == "whatsapp":
        params["WaId"] = bare(message.from_address).lstrip("+")
    if message.choice:
        params |= {
            "ButtonText": message.choice["text"],
            "ButtonPayload": message.choice["payload"],
            "ButtonType": "REPLY",
            "OriginalRepliedMessageSid": message.choice["answers"],
            "OriginalRepliedMessageSender": message.choice["sender"],
        }
    return params


def _status_params(message: TwinMessage, new: str, *, error: tuple[int, str] | None) -> dict[str, str]:
    params = {
        "MessageSid": message.sid,
        "SmsSid": message.sid,
        "AccountSid": settings.TWILIO_ACCOUNT_SID,
        "From": message.from_address,
        "To": message.to_address,
        "MessageStatus": new,
        "SmsStatus": new,
        "ApiVersion": API_VERSION,
    }
    if message.messaging_service_sid:
        params["MessagingServiceSid"] = message.messaging_service_sid
    channel = channel_of(message.to_address)
    if channel != "sms":
        params["ChannelPrefix"] = channel
    elif new == "delivered":
        params["RawDlrDoneDate"] = clock.now().strftime("%y%m%d%H%M")
    if new == "read":
        params["EventType"] = "READ"
    if error:
        code, text = error
        params |= {"ErrorCode": str(code), "ErrorMessage": text}
    return params
