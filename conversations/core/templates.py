"""Templates of the provider's Content API: what one says, which values it asks for, how it reads when they are in.

https://www.twilio.com/docs/content/content-types-overview
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

TEXT: Final = "twilio/text"
# The first of these that a template has is what the customer sees on a channel with buttons.
RICH: Final = (
    "whatsapp/card",
    "twilio/card",
    "twilio/quick-reply",
    "twilio/call-to-action",
    "twilio/list-picker",
    "twilio/media",
    TEXT,
)
CHANNELS: Final = frozenset({"sms", "rcs", "whatsapp", "messenger"})
PLAIN: Final = (TEXT, "twilio/media")
# Only here does an approved template pass a closed window; Messenger's rules know of none.
APPROVES: Final = frozenset({"whatsapp"})
MAX_VALUE: Final = 1_024

_PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z0-9_]{1,64})\s*\}\}")
_WORDS: Final = {
    "es": frozenset(("el", "la", "los", "de", "que", "en", "y", "mi", "su", "para", "por", "con", "hola", "está")),
    "en": frozenset(("the", "of", "to", "is", "and", "my", "your", "for", "with", "hello", "when", "where", "i", "it")),
}


@dataclass(frozen=True, slots=True)
class Button:
    """``kind``: ``reply`` (comes back with ``value`` as its payload), ``url``, ``phone``, ``copy`` or ``list``."""

    kind: str
    title: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a template says in one of its types, with placeholders or without."""

    type: str
    body: str
    footer: str = ""
    buttons: tuple[Button, ...] = ()
    media: tuple[str, ...] = ()


def shape(types: Mapping[str, Any], *, channel: str) -> Shape | None:
    """What goes out on this channel: SMS has no buttons. ``None`` when the template has no type for it.

    >>> shape({"twilio/text": {"body": "Hello {{1}}"}}, channel="sms").body
    'Hello {{1}}'
    """
    for name in PLAIN if channel == "sms" else RICH:
        content = types.get(name)
        if isinstance(content, Mapping):
            return _shape(name, content)
    return None


def placeholders(given: Shape) -> tuple[str, ...]:
    """The names that want a value, each once: numbers in their order, then names as they come.

    >>> placeholders(Shape("twilio/text", "{{name}}: {{2}}, {{ 1 }} {{2}}"))
    ('1', '2', 'name')
    """
    parts = [given.body, given.footer, *given.media]
    parts += [text for button in given.buttons for text in (button.title, button.value)]
    names = list(dict.fromkeys(name for part in parts for name in _PLACEHOLDER.findall(part)))
    return tuple(sorted(names, key=lambda name: (0, int(name)) if name.isdecimal() else (1, 0)))


def render(given: Shape, values: Mapping[str, str]) -> Shape:
    """The same with the values in; what has none stays as it is, and a value's own braces mean nothing."""

    def filled(text: str) -> str:
        return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)

    return replace(
        given,
        body=filled(given.body),
        footer=filled(given.footer),
        media=tuple(filled(url) for url in given.media),
        buttons=tuple(replace(one, title=filled(one.title), value=filled(one.value)) for one in given.buttons),
    )


def language_of(texts: Iterable[str], *, otherwise: str) -> str:
    """The language that a customer seems to write, of the two that we can tell apart; ``otherwise`` without a clue.

    >>> language_of(["¿Cuándo llega mi pedido?"], otherwise="en"), language_of(["ok"], otherwise="en")
    ('es', 'en')
    """
    words = [word for text in texts for word in re.findall(r"[^\W\d_]+", text.lower())]
    counts = {language: sum(word in known for word in words) for language, known in _WORDS.items()}
    best = max(counts, key=lambda language: counts[language])
    return best if counts[best] > min(counts.values()) else otherwise


def _shape(name: str, content: Mapping[str, Any]) -> Shape:
    if name == "twilio/list-picker":
        return Shape(name, _text(content, "body"), buttons=_rows(content))
    words = [_text(content, key) for key in ("header_text", "title", "body", "subtitle")]
    # A card's only words may be its title, which WhatsApp shows above the rest.
    body = "\n".join(dict.fromkeys(word for word in words if word))
    return Shape(name, body, _text(content, "footer"), _buttons(content), _media(content.get("media")))


def _buttons(content: Mapping[str, Any]) -> tuple[Button, ...]:
    return tuple(_button(action) for action in _mappings(content.get("actions")))


def _button(action: Mapping[str, Any]) -> Button:
    title = _text(action, "title")
    match _text(action, "type").upper():
        case "URL":
            return Button("url", title, _text(action, "url"))
        case "PHONE_NUMBER":
            return Button("phone", title, _text(action, "phone"))
        case "COPY_CODE":
            return Button("copy", title, _text(action, "code"))
    return Button("reply", title, _text(action, "id") or title)


def _rows(content: Mapping[str, Any]) -> tuple[Button, ...]:
    rows = _mappings(content.get("items"))
    return tuple(Button("list", _text(row, "item"), _text(row, "id")) for row in rows)


def _mappings(value: Any) -> Sequence[Mapping[str, Any]]:
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


def _media(value: Any) -> tuple[str, ...]:
    urls = value if isinstance(value, list) else [value]
    return tuple(url for url in urls if isinstance(url, str) and url)


def _text(content: Mapping[str, Any], name: str) -> str:
    value = content.get(name)
    return value if isinstance(value, str) else ""
