"""What a message says beside its words, as those see it who answer it."""

from collections.abc import Callable, Mapping
from typing import TypedDict

from carriers.details import Choice, Details, Location, Quote, Referral
from carriers.twilio.details import parse_details
from conversations.models import Message

_PARSERS: Mapping[str, Callable[[Mapping[str, str]], Details]] = {"twilio": parse_details}
_EXCERPT = 140


class LocationPayload(TypedDict):
    """A place; degrees, north and east positive."""

    latitude: float
    longitude: float
    name: str
    address: str


class ChoicePayload(TypedDict):
    """A pressed ``button`` or a row of a ``list``."""

    kind: str
    text: str
    payload: str


class ReferralPayload(TypedDict):
    """The advertisement that led here."""

    headline: str
    body: str
    source_type: str
    source_url: str


class QuotePayload(TypedDict):
    """The message that is answered; ``index`` is ``None`` if it does not stand in this conversation."""

    index: int | None
    author_kind: str
    body: str


class DetailsPayload(TypedDict, total=False):
    """Only what the message has."""

    location: LocationPayload
    choice: ChoicePayload
    referral: ReferralPayload
    quote: QuotePayload
    forwarded: str


def details_payload(message: Message) -> DetailsPayload:
    """Read anew from the parameters that the provider gave, so that it holds for every message that we ever kept."""
    parse = _PARSERS.get(message.provider)
    if parse is None or not message.provider_params:
        return {}
    details = parse(message.provider_params)
    given: DetailsPayload = {}
    if details.location is not None:
        given["location"] = _location(details.location)
    if details.choice is not None:
        given["choice"] = _choice(details.choice)
    if details.referral is not None:
        given["referral"] = _referral(details.referral)
    if details.quote is not None:
        given["quote"] = _quoted(details.quote, message=message)
    if details.forwarded:
        given["forwarded"] = details.forwarded
    return given


def _location(location: Location) -> LocationPayload:
    return {
        "latitude": location.latitude,
        "longitude": location.longitude,
        "name": location.label,
        "address": location.address,
    }


def _choice(choice: Choice) -> ChoicePayload:
    return {"kind": choice.kind, "text": choice.text, "payload": choice.payload}


def _referral(referral: Referral) -> ReferralPayload:
    return {
        "headline": referral.headline,
        "body": referral.body,
        "source_type": referral.source_type,
        "source_url": referral.source_url,
    }


def _quoted(quote: Quote, *, message: Message) -> QuotePayload:
    """Words of this conversation alone: whoever sees it need not see another."""
    same = Message.objects.filter(
        provider=message.provider, provider_sid=quote.provider_sid, conversation_id=message.conversation_id
    )
    found = same.values_list("index", "author_kind", "body").first()
    index, author_kind, body = found or (None, "", "")
    return {"index": index, "author_kind": author_kind, "body": body[:_EXCERPT]}
