"""What a visitor is asked before the first words: fields in two languages, written a line each."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypedDict

from kernel.errors import Invalid
from webchat import core

MOST: Final = 6
MAX_LABEL: Final = 60
MAX_ANSWER: Final = 200
# What a task says of itself already: answers stand beside it, and workflows route by both.
TAKEN: Final = frozenset(
    {
        *("name", "channel", "from", "customer_shown", "to", "conversation_sid", "last_message"),
        *("skills", "summary", "handed_off"),
    }
)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,29}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_PHONE = re.compile(r"\+?[0-9 ().-]{5,30}")
_KINDS: Final = {"email": "email", "phone": "tel"}
_SHAPES: Final = {"email": (_EMAIL, "maria@example.com"), "phone": (_PHONE, "+34 600 000 000")}


class Field(TypedDict):
    """``labels`` by language."""

    name: str
    labels: dict[str, str]
    required: bool


def parse(text: str) -> list[Field]:
    """The fields of ``email* | E-mail | Correo electrónico`` and the like; the star asks for an answer.

    Raises Invalid with the number of the line.

    >>> parse("order | Order number | Número de pedido")
    [{'name': 'order', 'labels': {'en': 'Order number', 'es': 'Número de pedido'}, 'required': False}]
    """
    lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    fields = [_field(number, line) for number, line in lines]
    names = [field["name"] for field in fields]
    twice = next((name for name in names if names.count(name) > 1 or name in TAKEN), None)
    if twice is not None:
        raise Invalid("The name %(name)s is taken; choose another.", field="fields", params={"name": twice})
    if len(fields) > MOST:
        raise Invalid("Ask for at most %(limit)d things.", field="fields", params={"limit": MOST})
    return fields


def written(fields: Sequence[Field]) -> str:
    """The lines that `parse` reads.

    >>> written(parse("email* | E-mail | Correo"))
    'email* | E-mail | Correo'
    """
    return "\n".join(
        f"{field['name']}{'*' if field['required'] else ''} | {field['labels']['en']} | {field['labels']['es']}"
        for field in fields
    )


def shown(fields: Sequence[Field], *, language: str) -> list[dict[str, Any]]:
    """The fields as the chat's page draws them."""
    return [
        {
            "name": field["name"],
            "label": field["labels"].get(language) or field["labels"]["en"],
            "type": _KINDS.get(field["name"], "text"),
            "required": field["required"],
        }
        for field in fields
    ]


def answers(fields: Sequence[Field], given: Mapping[str, Any]) -> dict[str, str]:
    """What was answered, cleaned; raises Invalid with the field's name."""
    found = {}
    for field in fields:
        name = field["name"]
        value = given.get(name, "")
        if not isinstance(value, str):
            raise Invalid("%(field)s is a text.", field=name, params={"field": name})
        text = " ".join(core.clean_body(value).split())
        if len(text) > MAX_ANSWER:
            raise Invalid("Write at most %(limit)d characters.", field=name, params={"limit": MAX_ANSWER})
        if text:
            _check(name, text)
            found[name] = text
        elif field["required"]:
            raise Invalid("This is needed before the chat begins.", field=name)
    return found


def _check(name: str, text: str) -> None:
    shape, example = _SHAPES.get(name, (None, ""))
    if shape is not None and shape.fullmatch(text) is None:
        raise Invalid("Write it like %(example)s.", field=name, params={"example": example})


def _field(number: int, line: str) -> Field:
    parts = [part.strip() for part in line.split("|")]
    name = parts[0].removesuffix("*").strip()
    labels_fit = len(parts) == 3 and all(0 < len(label) <= MAX_LABEL for label in parts[1:])
    if not labels_fit or _NAME.fullmatch(name) is None:
        raise Invalid(
            "Line %(line)d: write name | English label | Spanish label, as in email* | E-mail | Correo electrónico",
            field="fields",
            params={"line": number},
        )
    return {"name": name, "labels": {"en": parts[1], "es": parts[2]}, "required": parts[0].endswith("*")}
