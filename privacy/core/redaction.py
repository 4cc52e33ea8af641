"""What of an event's data is personal, and what is left when that is gone.

Two nets: names of fields that hold what people said or who they are, wherever they stand in the document; and the
person's own names and numbers, wherever they are spelled out.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

# What these hold becomes nothing of the same kind, so that readers of the shape still find it.
_SAID: Final = frozenset(
    {
        *("body", "content", "details", "media", "error_message", "customer_address", "note", "reason", "summary"),
        "customer_shown",
        *("transcript", "context", "evidence", "from", "last_message", "last_words", "fields", "previous", "answer"),
    }
)
_KEPT_ATTRIBUTES: Final = frozenset({"conversation_sid", "channel", "to", "skills", "handed_off"})
_NAMED: Final = frozenset({"contact", "author"})
_SHORTEST: Final = 3


def redacted(data: Any, *, words: Collection[str] = ()) -> Any:
    """The document without what people said and who they are. ``words`` are blotted out wherever they stand.

    >>> redacted({"sid": "IM1", "body": "hi", "author": {"kind": "customer", "name": "Ana"}, "index": 3})
    {'sid': 'IM1', 'body': '', 'author': {'kind': 'customer', 'name': ''}, 'index': 3}
    >>> redacted({"attributes": {"channel": "sms", "from": "+15550100001"}, "why": "asked +15550100001"},
    ...          words=["+15550100001"])
    {'attributes': {'channel': 'sms'}, 'why': 'asked …'}
    """
    longest_first = sorted((word for word in words if len(word) >= _SHORTEST), key=len, reverse=True)
    return _clean(data, longest_first)


def _clean(value: Any, words: Collection[str]) -> Any:
    if isinstance(value, dict):
        return {name: _field(name, part, words) for name, part in value.items()}
    if isinstance(value, list):
        return [_clean(part, words) for part in value]
    return _blotted(value, words) if isinstance(value, str) else value


def _field(name: str, value: Any, words: Collection[str]) -> Any:
    if name in _SAID:
        return _nothing(value)
    if name == "attributes" and isinstance(value, dict):
        return {key: _clean(part, words) for key, part in value.items() if key in _KEPT_ATTRIBUTES}
    if name in _NAMED and isinstance(value, dict) and _is_customer(name, value):
        return {**_clean(value, words), "name": ""}
    return _clean(value, words)


def _is_customer(name: str, value: Mapping[str, Any]) -> bool:
    return name == "contact" or value.get("kind") == "customer"


def _nothing(value: Any) -> Any:
    if isinstance(value, str):
        return ""
    if isinstance(value, list):
        return []
    return {} if isinstance(value, dict) and not _is_line(value) else None


def _is_line(value: Mapping[str, Any]) -> bool:
    """A conversation's last message, which is null where there is none."""
    return "body" in value


def _blotted(text: str, words: Collection[str]) -> str:
    for word in words:
        text = text.replace(word, "…")
    return text
