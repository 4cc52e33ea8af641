"""What of an account calls us when a customer writes: numbers, Messaging Services, senders of WhatsApp and RCS; and
which URLs.

https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource
https://www.twilio.com/docs/messaging/api/service-resource
https://www.twilio.com/docs/whatsapp/api/senders
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from twilio.rest import Client

# Twilio's default is one retry, and only when no connection could be made: a 5xx would lose the message.
# https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
RETRIES: Final = "#rc=5&rp=all"

Kind = Literal["number", "service", "sender"]
Urls = dict[str, str]
LIMIT = 1000


@dataclass(frozen=True, slots=True)
class Point:
    """One of them, as it stands. ``urls`` are what we would set, by the names that the SDK gives them.

    ``left_alone`` says why it is not ours to change; empty when it is. ``loses``: what customers write to it is
    discarded as it stands.
    """

    kind: Kind
    sid: str
    name: str
    label: str
    urls: Urls
    left_alone: str = ""
    loses: bool = False


def wanted(kind: Kind, *, hooks: str) -> Urls:
    """What a point should call; ``hooks`` is where our webhooks stand.

    An application, where a number has one, would overrule the URLs. Status callbacks are left alone: a number's is
    about calls, and every message of ours brings its own.
    """
    message, fallback = f"{hooks}/messages{RETRIES}", f"{hooks}/fallback"
    if kind == "number":
        return {
            "sms_url": message,
            "sms_method": "POST",
            "sms_fallback_url": fallback,
            "sms_fallback_method": "POST",
            "sms_application_sid": "",
        }
    names = ("inbound_request_url", "inbound_method") if kind == "service" else ("callback_url", "callback_method")
    return {names[0]: message, names[1]: "POST", "fallback_url": fallback, "fallback_method": "POST"}


def numbers(client: Client) -> Iterator[Point]:
    """The account's phone numbers."""
    for row in client.incoming_phone_numbers.list(limit=LIMIT):
        urls = _told(row, "number")
        loses = not urls["sms_url"] and not urls["sms_application_sid"]
        yield Point("number", row.sid, row.phone_number, row.friendly_name or "", urls, loses=loses)


def services(client: Client) -> Iterator[Point]:
    """The account's Messaging Services. One without an inbound URL drops messages without a trace."""
    for row in client.messaging.v1.services.list(limit=LIMIT):
        if row.use_inbound_webhook_on_number:
            why = "its numbers' own URLs count"
            yield Point("service", row.sid, row.sid, row.friendly_name or "", _told(row, "service"), left_alone=why)
        else:
            urls = _told(row, "service")
            loses = not urls["inbound_request_url"]
            yield Point("service", row.sid, row.sid, row.friendly_name or "", urls, loses=loses)


def senders(client: Client) -> Iterator[Point]:
    """The account's senders of WhatsApp and RCS."""
    for channel in ("whatsapp", "rcs"):
        for row in client.messaging.v2.channels_senders.list(channel=channel, limit=LIMIT):
            webhook = _plain(row.webhook)
            urls = {name: str(webhook.get(name) or "") for name in wanted("sender", hooks="")}
            yield Point("sender", row.sid, row.sender_id, "", urls, loses=not urls["callback_url"])


def write(client: Client, kind: Kind, sid: str, urls: Mapping[str, str]) -> None:
    """The point calls these from now on; raises what the SDK raises."""
    if kind == "number":
        client.incoming_phone_numbers(sid).update(**urls)
    elif kind == "service":
        client.messaging.v1.services(sid).update(**urls)
    else:
        sender = client.messaging.v2.channels_senders(sid)
        sender.update(
            messaging_v2_channels_sender_requests_update=_Webhook(_plain(sender.fetch().webhook) | dict(urls))
        )


class _Webhook:
    """A change of nothing but the webhook: the SDK's own class would say null for everything else of the sender."""

    def __init__(self, urls: Mapping[str, Any]) -> None:
        self._urls = urls

    def to_dict(self) -> dict[str, Any]:
        return {"webhook": dict(self._urls)}


def _told(row: Any, kind: Kind) -> Urls:
    return {name: str(getattr(row, name) or "") for name in wanted(kind, hooks="")}


def _plain(webhook: Any) -> dict[str, Any]:
    """A sender's webhook as it came: JSON, or nothing."""
    return {name: value for name, value in (webhook or {}).items() if value is not None}
