"""A workflow document as the rows of a form, and back. Nothing that the document may say is lost on the way."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

TARGET_KEYS: Final = (
    "queue",
    "priority",
    "timeout",
    "expression",
    "order_by",
    "skip_if",
    "known_worker_sid",
    "known_worker_friendly_name",
)
DEFAULT_KEYS: Final = ("name", "queue", "priority", "expression", "order_by", "skip_if")
_NUMBERS: Final = ("priority", "timeout")

Row = dict[str, Any]


def rows_of(text: str) -> Row:
    """The rows of a document: ``{"filters": [{"name", "expression", "targets": [{...}]}], "default": {...}}``.

    Every value is a text. What is no workflow document gives empty rows.

    >>> rows_of('{"task_routing": {"default_filter": {"queue": "WQ1", "priority": 3}}}')["default"]["priority"]
    '3'
    """
    try:
        routing = _mapping(_mapping(json.loads(text)).get("task_routing"))
    except (ValueError, RecursionError):
        routing = {}
    default = _mapping(routing.get("default_filter"))
    filters = routing.get("filters")
    return {
        "filters": [_filter_row(_mapping(value)) for value in (filters if isinstance(filters, list) else [])],
        "default": {**_texts(default, DEFAULT_KEYS), "name": _text(default.get("filter_friendly_name"))},
    }


def posted_rows(data: Mapping[str, Any], prefix: str) -> Row:
    """The rows of a posted form, in the order in which they stood on the page. Empty rows are dropped.

    Names are ``<prefix>-<filter>-<field>`` and ``<prefix>-<filter>-<target>-<field>``, where ``<filter>`` and
    ``<target>`` are any words without a hyphen, and ``<prefix>-default-<field>``.
    """
    default: Row = dict.fromkeys(DEFAULT_KEYS, "")
    filters: dict[str, Row] = {}
    for key in data:
        head, _, rest = str(key).partition("-")
        parts = rest.split("-")
        if head != prefix or len(parts) not in (2, 3):
            continue
        value = str(data[key]).strip().replace("\r\n", "\n")
        if parts[0] == "default":
            default[parts[1]] = value
        else:
            _put(filters.setdefault(parts[0], {"name": "", "expression": "", "targets": {}}), parts[1:], value)
    rows = [{**row, "targets": _filled(row["targets"].values())} for row in filters.values()]
    return {"filters": _filled(rows), "default": _texts(default, DEFAULT_KEYS)}


def document_of(rows: Row) -> dict[str, Any]:
    """Twilio's document of the rows."""
    routing: dict[str, Any] = {
        "filters": [
            {
                "filter_friendly_name": row["name"],
                "expression": row["expression"],
                "targets": [_target(target) for target in row["targets"]],
            }
            for row in rows["filters"]
        ]
    }
    default = _target({key: value for key, value in rows["default"].items() if key != "name"})
    if default:
        name = {"filter_friendly_name": rows["default"]["name"]} if rows["default"]["name"] else {}
        routing["default_filter"] = {**name, **default}
    return {"task_routing": routing}


def text_of(rows: Row) -> str:
    """The document as it is kept."""
    return json.dumps(document_of(rows), indent=2, ensure_ascii=False)


def _put(row: Row, place: list[str], value: str) -> None:
    """One posted value into its filter; what the form does not have is left out."""
    if len(place) == 2 and place[1] in TARGET_KEYS:
        row["targets"].setdefault(place[0], dict.fromkeys(TARGET_KEYS, ""))[place[1]] = value
    elif len(place) == 1 and place[0] in ("name", "expression"):
        row[place[0]] = value


def _filter_row(value: Mapping[str, Any]) -> Row:
    targets = value.get("targets")
    return {
        "name": _text(value.get("filter_friendly_name") or value.get("friendly_name")),
        "expression": _text(value.get("expression")),
        "targets": [_texts(_mapping(target), TARGET_KEYS) for target in (targets if isinstance(targets, list) else [])],
    }


def _target(row: Row) -> dict[str, Any]:
    return {key: _number(value) if key in _NUMBERS else value for key, value in row.items() if value}


def _number(text: str) -> int | str:
    """What is no number is kept as it is, so that the check can refuse it at its place."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else text


def _filled(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if any(row.values())]


def _texts(value: Mapping[str, Any], keys: Iterable[str]) -> Row:
    return {key: _text(value.get(key)) for key in keys}


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
