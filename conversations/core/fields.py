"""What a workspace wants to know of its customers: keys, and values as they are kept."""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final

from kernel.errors import Invalid

KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")
MAX_TEXT: Final = 500
MAX_CHOICES: Final = 50
MAX_CHOICE: Final = 100
MAX_FIGURES: Final = 30
_UNSEEN: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def kept(text: str, *, kind: str, choices: Sequence[str] = (), key: str) -> str:
    """The value as it is kept; raises Invalid with the field ``fields.<key>``.

    >>> kept(" 12,50 ", kind="number", key="age"), kept("2026-01-31", kind="date", key="since")
    ('12.50', '2026-01-31')
    """
    value = _UNSEEN.sub("", text).strip()
    field = f"fields.{key}"
    if len(value) > MAX_TEXT:
        raise Invalid("Write at most %(limit)d characters.", field=field, params={"limit": MAX_TEXT})
    if not value:
        return ""
    if kind == "number":
        return _number(value, field=field)
    if kind == "date":
        return _date(value, field=field)
    if kind == "choice" and value not in choices:
        raise Invalid("Choose one of: %(choices)s.", field=field, params={"choices": ", ".join(choices)})
    return value


def checked_choices(choices: Sequence[str]) -> list[str]:
    """What may be chosen, each once; raises Invalid with the field ``choices``."""
    plain = list(dict.fromkeys(choice.strip() for choice in choices if choice.strip()))
    if not plain:
        raise Invalid("Name at least one choice, each on a line of its own.", field="choices")
    if len(plain) > MAX_CHOICES or any(len(choice) > MAX_CHOICE for choice in plain):
        raise Invalid(
            "At most %(count)d choices of %(limit)d characters each.",
            field="choices",
            params={"count": MAX_CHOICES, "limit": MAX_CHOICE},
        )
    return plain


def _number(text: str, *, field: str) -> str:
    try:
        number = Decimal(text.replace(" ", "").replace(",", "."))
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite() or abs(number.adjusted()) > MAX_FIGURES:
        raise Invalid("Write a number, such as 12.5.", field=field)
    return f"{number:f}"


def _date(text: str, *, field: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise Invalid("Write a date as year-month-day, such as 2026-01-31.", field=field) from error
