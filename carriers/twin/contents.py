"""The account's templates: those to begin with, and how one reads with its values in."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from carriers.twin.models import TwinContent
from carriers.twin.rules import Refusal

Document = dict[str, Any]
_PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")
# https://www.twilio.com/docs/errors/63040 and the two that follow it.
_REFUSED: Final = {
    "rejected": (63040, "Template Rejected"),
    "paused": (63041, "Template Paused"),
    "disabled": (63042, "Template Disabled"),
}


def _reply(title: str, payload: str) -> dict[str, str]:
    return {"title": title, "id": payload}


def _with_buttons(body: str, *actions: dict[str, str]) -> Document:
    return {"twilio/quick-reply": {"body": body, "actions": list(actions)}, "twilio/text": {"body": body}}


_REMINDER_EN = "Hello {{1}}, this is a reminder of your appointment on {{2}} at {{3}}. Will you come?"
_REMINDER_ES = "Hola {{1}}, le recordamos su cita del {{2}} a las {{3}}. ¿Podrá venir?"
_LINK = {"type": "URL", "title": "Follow the parcel", "url": "https://example.com/parcels/{{2}}"}
_SHIPPED = {"body": "Good news, {{1}}: your order {{2}} is on its way.", "actions": [_LINK]}
SEEDS: Final[tuple[Document, ...]] = (
    {
        "friendly_name": "appointment_reminder",
        "language": "en",
        "variables": {"1": "Maria", "2": "12 May", "3": "10:30"},
        "types": _with_buttons(_REMINDER_EN, _reply("Confirm", "confirm"), _reply("Reschedule", "reschedule")),
    },
    {
        "friendly_name": "appointment_reminder",
        "language": "es",
        "variables": {"1": "María", "2": "12 de mayo", "3": "10:30"},
        "types": _with_buttons(_REMINDER_ES, _reply("Confirmar", "confirm"), _reply("Cambiar", "reschedule")),
    },
    {
        "friendly_name": "continue_conversation",
        "language": "en",
        "variables": {"name": "Maria"},
        "types": {"twilio/text": {"body": "Hello {{name}}, we have an answer for you. May we go on here?"}},
    },
    {
        "friendly_name": "continue_conversation",
        "language": "es",
        "variables": {"name": "María"},
        "types": {"twilio/text": {"body": "Hola {{name}}, ya tenemos respuesta para usted. ¿Seguimos por aquí?"}},
    },
    {
        "friendly_name": "order_shipped",
        "language": "en",
        "variables": {"1": "Maria", "2": "A-1042"},
        "types": {"twilio/call-to-action": _SHIPPED},
    },
    {
        "friendly_name": "satisfaction_survey",
        "language": "en",
        "status": "pending",
        "variables": {"1": "Maria"},
        "types": _with_buttons("How did we do, {{1}}?", _reply("Well", "well"), _reply("Badly", "badly")),
    },
    {
        "friendly_name": "spring_sale",
        "language": "es",
        "category": "MARKETING",
        "status": "rejected",
        "rejection_reason": "INVALID_FORMAT. The template begins with a variable.",
        "variables": {"1": "María"},
        "types": {"twilio/text": {"body": "{{1}}, hoy todo al 50 %."}},
    },
)


@dataclass(frozen=True, slots=True)
class Rendered:
    """What the phone shows of a template, or why it will not get there."""

    body: str
    buttons: tuple[dict[str, str], ...]
    media: tuple[str, ...]
    trouble: tuple[int, str] | None


def ensure() -> None:
    """The account has templates."""
    if TwinContent.objects.exists():
        return
    for seed in SEEDS:
        TwinContent.objects.get_or_create(friendly_name=seed["friendly_name"], language=seed["language"], defaults=seed)


def render(sid: str, variables: str, *, channel: str) -> Rendered:
    """The template with its values. Raises ``Refusal`` for what Twilio refuses at once."""
    content = TwinContent.objects.filter(sid=sid).first()
    if content is None:
        raise Refusal(21655, "The ContentSid Parameter is invalid.")
    values = _values(variables)
    shape = _shape(content.types, channel=channel)
    needed = set(_PLACEHOLDER.findall(json.dumps(shape)))
    filled = _filled(shape, values)
    return Rendered(
        body=filled.get("body", ""),
        buttons=tuple(_button(action) for action in filled.get("actions", [])),
        media=tuple(filled.get("media", [])),
        trouble=_trouble(content, needed=needed, given=set(values), channel=channel),
    )


def _values(text: str) -> dict[str, str]:
    try:
        given = json.loads(text) if text else {}
    except ValueError:
        given = None
    if not isinstance(given, dict) or not all(isinstance(value, str) and value for value in given.values()):
        raise Refusal(21656, "The ContentVariables Parameter is invalid.")
    return given


def _trouble(content: TwinContent, *, needed: set[str], given: set[str], channel: str) -> tuple[int, str] | None:
    if needed != given:
        return 63028, "Number of parameters provided does not match the expected number of parameters"
    return _REFUSED.get(content.status) if channel == "whatsapp" else None


def _shape(types: Mapping[str, Any], *, channel: str) -> Document:
    rich = () if channel == "sms" else ("twilio/quick-reply", "twilio/call-to-action")
    for name in (*rich, "twilio/media", "twilio/text"):
        if name in types:
            return dict(types[name])
    raise Refusal(63013, "The template has no content type for this channel.")


def _filled(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), value)
    if isinstance(value, Mapping):
        return {name: _filled(each, values) for name, each in value.items()}
    return [_filled(each, values) for each in value] if isinstance(value, list) else value


def _button(action: Mapping[str, str]) -> dict[str, str]:
    if "id" in action:
        return {"title": action["title"], "payload": action["id"], "url": ""}
    return {"title": action["title"], "payload": "", "url": action.get("url") or f"tel:{action.get('phone', '')}"}
