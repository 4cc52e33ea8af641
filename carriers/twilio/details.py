"""The parameters that say more than words. Twilio adds to them without notice, so nothing here refuses a message.

https://www.twilio.com/docs/messaging/guides/webhook-request
"""

import json
import math
import re
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

from carriers.details import Choice, Details, Location, Quote, Referral, Region
from kernel.sids import is_sid

MAX_TEXT = 1_000
MAX_URL = 1_000
MESSAGE_SID = re.compile(r"(SM|MM)[0-9a-f]{32}")
_DEGREES = re.compile(r"[+-]?[0-9]{1,3}(\.[0-9]{1,30})?")
_WHATSAPP_ID = re.compile(r"[0-9]{1,20}")
_COUNT = re.compile(r"[0-9]{1,4}")


def parse_details(given: Mapping[str, str]) -> Details:
    """What makes sense of the parameters; never raises."""
    return Details(
        location=_location(given),
        choice=_choice(given),
        referral=_referral(given),
        quote=_quote(given),
        forwarded=_forwarded(given),
        opt_out=_opt_out(given),
        from_region=_region(given, "From"),
        to_region=_region(given, "To"),
        profile_name=_text(given, "ProfileName"),
        whatsapp_id=_matching(_WHATSAPP_ID, given.get("WaId", "")),
        messaging_service_sid=_service(given),
        segments=_count(given.get("NumSegments", "")),
        interactive=_json(given.get("InteractiveData", "")),
        flow=_json(given.get("FlowData", "")),
        channel=_json(given.get("ChannelMetadata", "")),
    )


def is_http(url: str) -> bool:
    """Whether it is a web address that fits where we keep it."""
    try:
        parts = urlsplit(url)
        return len(url) <= MAX_URL and parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:  # An opened bracket that nobody closes.
        return False


def _location(given: Mapping[str, str]) -> Location | None:
    latitude, longitude = _degrees(given, "Latitude", 90), _degrees(given, "Longitude", 180)
    if latitude is None or longitude is None:
        return None
    return Location(latitude, longitude, label=_text(given, "Label"), address=_text(given, "Address"))


def _degrees(given: Mapping[str, str], name: str, most: float) -> float | None:
    text = given.get(name, "").strip()
    if not _DEGREES.fullmatch(text) or math.fabs(float(text)) > most:
        return None
    return float(text)


def _choice(given: Mapping[str, str]) -> Choice | None:
    if given.get("ButtonText") or given.get("ButtonPayload"):
        return Choice(
            "button", _text(given, "ButtonText"), _text(given, "ButtonPayload"), type=_text(given, "ButtonType")
        )
    if given.get("ListTitle") or given.get("ListId"):
        return Choice("list", _text(given, "ListTitle"), _text(given, "ListId"))
    return None


def _referral(given: Mapping[str, str]) -> Referral | None:
    if not any(value for name, value in given.items() if name.startswith("Referral") and name != "ReferralNumMedia"):
        return None
    return Referral(
        headline=_text(given, "ReferralHeadline"),
        body=_text(given, "ReferralBody"),
        source_type=_text(given, "ReferralSourceType"),
        source_id=_text(given, "ReferralSourceId"),
        source_url=_url(given, "ReferralSourceUrl"),
        media_url=_url(given, "ReferralMediaUrl"),
        media_content_type=_text(given, "ReferralMediaContentType"),
        click_id=_text(given, "ReferralCtwaClid"),
    )


def _quote(given: Mapping[str, str]) -> Quote | None:
    sid = _matching(MESSAGE_SID, given.get("OriginalRepliedMessageSid", ""))
    return Quote(sid, _text(given, "OriginalRepliedMessageSender")) if sid else None


def _forwarded(given: Mapping[str, str]) -> Literal["", "once", "often"]:
    if given.get("FrequentlyForwarded", "").lower() == "true":
        return "often"
    return "once" if given.get("Forwarded", "").lower() == "true" else ""


def _opt_out(given: Mapping[str, str]) -> Literal["", "STOP", "START", "HELP"]:
    match given.get("OptOutType", "").upper():
        case "STOP":
            return "STOP"
        case "START":
            return "START"
        case "HELP":
            return "HELP"
    return ""


def _region(given: Mapping[str, str], side: str) -> Region | None:
    region = Region(*(_text(given, f"{side}{part}") for part in ("City", "State", "Zip", "Country")))
    return region if any((region.city, region.state, region.zip, region.country)) else None


def _service(given: Mapping[str, str]) -> str:
    sid = given.get("MessagingServiceSid", "")
    return sid if is_sid(sid, "MG") else ""


def _text(given: Mapping[str, str], name: str) -> str:
    return given.get(name, "").strip()[:MAX_TEXT]


def _url(given: Mapping[str, str], name: str) -> str:
    url = given.get(name, "").strip()
    return url if is_http(url) else ""


def _count(text: str) -> int | None:
    return int(text) if _COUNT.fullmatch(text) else None


def _matching(pattern: re.Pattern[str], text: str) -> str:
    return text if pattern.fullmatch(text) else ""


def _json(text: str) -> Any:
    if not text:
        return None
    try:
        return json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return None


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON.")
