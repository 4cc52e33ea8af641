"""A workflow document as the rows of a form, and back. Nothing that the document says is lost on the way."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from routing.core.document import NAME_KEYS

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
FURTHER_KEYS: Final = TARGET_KEYS[3:]
"""What most targets leave out."""
DEFAULT_KEYS: Final = ("name", "queue", "priority", "expression", "order_by", "skip_if")
_FILTER_FIELDS: Final = ("name", "expression")
_NUMBERS: Final = ("priority", "timeout")

Row = dict[str, Any]


def rows_of(text: str) -> Row:
    """The rows of a document: ``{"filters": [{"name", "expression", "targets": [{...}]}], "default": {...}}``.

    Every value is a text; ``kept`` is the piece of the document behind a row, as JSON, where the fields of the form do
    not say all of it. What is no workflow document gives empty rows.

    >>> rows_of('{"task_routing": {"default_filter": {"queue": "WQ1", "priority": 3}}}')["default"]["priority"]
    '3'
    """
    try:
        root = _mapping(json.loads(text))
    except (ValueError, RecursionError):
        root = {}
    routing = _mapping(root.get("task_routing"))
    rows: Row = {
        "filters": [_filter_row(_mapping(value), index) for index, value in enumerate(_listed(routing.get("filters")))],
        "default": _row(_mapping(routing.get("default_filter")), DEFAULT_KEYS),
    }
    frame = _frame(root)
    plain = _frame({"task_routing": _routing({**rows, "filters": []})})
    return {**rows, "kept": "" if frame == plain else json.dumps(frame)}


def posted_rows(data: Mapping[str, Any], prefix: str) -> Row:
    """The rows of a posted form, in the order in which they stood on the page. Filters without a word are dropped.

    Names are ``<prefix>-<filter>-<field>`` and ``<prefix>-<filter>-<target>-<field>``, where ``<filter>`` and
    ``<target>`` are any words without a hyphen, ``<prefix>-default-<field>`` and ``<prefix>-kept``. All of them may
    come as one JSON object under ``<prefix>``, for there are limits to how many fields a form may post.
    """
    rows: Row = {"filters": {}, "default": dict.fromkeys((*DEFAULT_KEYS, "kept"), ""), "kept": ""}
    for key, value in _unpacked(data, prefix).items():
        head, _, rest = str(key).partition("-")
        if head == prefix:
            _put(rows, rest.split("-"), str(value).strip().replace("\r\n", "\n"))
    filters = [{**row, "targets": list(row["targets"].values())} for row in rows["filters"].values()]
    return {**rows, "filters": [row for row in filters if not _is_blank(row)]}


def document_of(rows: Row) -> dict[str, Any]:
    """Twilio's document of the rows."""
    frame = _loaded(rows.get("kept", ""))
    kept = _mapping(frame.get("task_routing"))
    routing = _routing(rows)
    if "filters" not in kept and frame and not routing["filters"]:
        routing.pop("filters")
    return {**frame, "task_routing": {**{key: value for key, value in kept.items() if key != "filters"}, **routing}}


def text_of(rows: Row) -> str:
    """The document as it is kept."""
    return json.dumps(document_of(rows), indent=2, ensure_ascii=False)


def is_document(text: str) -> bool:
    """Whether a text can be shown as rows at all."""
    return "task_routing" in _loaded(text)


def blank_target() -> Row:
    """A target without a word."""
    return dict.fromkeys((*TARGET_KEYS, "kept"), "")


def numbered(rows: Row) -> Row:
    """The rows, with their places as ids."""
    filters = [
        {**rule, "id": str(index), "targets": [{**row, "id": str(place)} for place, row in enumerate(rule["targets"])]}
        for index, rule in enumerate(rows["filters"])
    ]
    return {**rows, "filters": filters}


# --- places ---


def numbers(path: str) -> list[int]:
    """The numbers in a path of a document: of the filter, and of the target in it.

    >>> numbers("task_routing.filters[1].targets[0].expression")
    [1, 0]
    """
    return [int(number) for number in re.findall(r"\[(\d+)\]", path)]


def row_of(path: str, rows: Row) -> str:
    """In which row a path of the document stands: ``<filter>``, ``<filter>-<target>``, ``default`` or ``workflow``."""
    if "default_filter" in path:
        return "default"
    found = numbers(path)
    if not found or found[0] >= len(rows["filters"]):
        return "workflow"
    rule = rows["filters"][found[0]]
    if len(found) > 1 and found[1] < len(rule["targets"]):
        return f"{rule['id']}-{rule['targets'][found[1]]['id']}"
    return str(rule["id"])


def field_of(path: str, rows: Row) -> str:
    """In which field of its row: ``<filter>-<target>-timeout``. Empty where the form has no field for it."""
    row, key = row_of(path, rows), path.rpartition(".")[2]
    field = "name" if key in NAME_KEYS else key
    known = DEFAULT_KEYS if row == "default" else TARGET_KEYS if "-" in row else _FILTER_FIELDS
    return f"{row}-{field}" if row != "workflow" and field in known else ""


# --- from the document ---


def _frame(root: Mapping[str, Any]) -> Row:
    """What stands around the filters: keys that the form does not know, and whether there is a list of filters."""
    routing = {key: value for key, value in _mapping(root.get("task_routing")).items() if key != "default_filter"}
    if "filters" in routing:
        routing["filters"] = []
    return {**root, "task_routing": routing}


def _filter_row(value: Mapping[str, Any], index: int) -> Row:
    bare = {key: value[key] for key in value if key != "targets"}
    targets = [
        {"id": str(place), **_row(_mapping(target), TARGET_KEYS)}
        for place, target in enumerate(_listed(value.get("targets")))
    ]
    return {"id": str(index), **_row(bare, _FILTER_FIELDS), "targets": targets}


def _row(value: Mapping[str, Any], fields: Iterable[str]) -> Row:
    row = {field: _text(value.get(_key(field, value))) for field in fields}
    return {**row, "kept": "" if _same(value, _piece(row)) else json.dumps(value, ensure_ascii=False)}


def _key(field: str, value: Mapping[str, Any]) -> str:
    """Where a field of the form stands in its piece of the document: names have two places."""
    return field if field != "name" else next((key for key in NAME_KEYS if value.get(key)), NAME_KEYS[0])


# --- from the form ---


def _unpacked(data: Mapping[str, Any], prefix: str) -> Mapping[str, Any]:
    return _loaded(str(data[prefix])) if data.get(prefix) else data


def _put(rows: Row, place: list[str], value: str) -> None:
    """One posted value into its row; what the form does not have is left out."""
    match place:
        case ["kept"]:
            rows["kept"] = value
        case ["default", field] if field in (*DEFAULT_KEYS, "kept"):
            rows["default"][field] = value
        case [name, field] if field in (*_FILTER_FIELDS, "kept"):
            _posted_filter(rows, name)[field] = value
        case [name, target, field] if field in (*TARGET_KEYS, "kept"):
            blank = {"id": target, **blank_target()}
            _posted_filter(rows, name)["targets"].setdefault(target, blank)[field] = value


def _posted_filter(rows: Row, name: str) -> Row:
    blank = {"id": name, **dict.fromkeys((*_FILTER_FIELDS, "kept"), ""), "targets": {}}
    made: Row = rows["filters"].setdefault(name, blank)
    return made


def _is_blank(row: Row) -> bool:
    """A target without a word is one: it stays in the queue before it. A filter without a word is none."""
    said = [row[field] for field in _FILTER_FIELDS]
    return not any([*said, *(target[key] for target in row["targets"] for key in TARGET_KEYS)])


# --- to the document ---


def _routing(rows: Row) -> dict[str, Any]:
    made: dict[str, Any] = {
        "filters": [
            {**_piece(row), "targets": [_piece(_only(target, TARGET_KEYS)) for target in row["targets"]]}
            for row in rows["filters"]
        ]
    }
    default = _piece(_only(rows["default"], DEFAULT_KEYS))
    return {**made, "default_filter": default} if default.keys() - NAME_KEYS else made


def _only(row: Row, fields: Iterable[str]) -> Row:
    return {field: row.get(field, "") for field in (*fields, "kept")}


def _piece(row: Row) -> dict[str, Any]:
    """A filter, target or default filter. Where a field says what it said, its value stays as it was written."""
    before = _loaded(row.get("kept", ""))
    piece = dict(before)
    for field in row:
        if field in ("id", "kept", "targets"):
            continue
        key = _key(field, before)
        if row[field] and row[field] != _text(before.get(key)):
            piece[key] = _number(row[field]) if field in _NUMBERS else row[field]
        elif not row[field] and _text(before.get(key)):
            del piece[key]
    return piece


def _number(text: str) -> int | str:
    """What is no number is kept as it is, so that the check can refuse it at its place."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else text


# --- both ---


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Equal as JSON: ``1``, ``1.0``, ``true`` and ``"1"`` are four things."""
    if one == other and all(type(value) is str for value in one.values()):  # Most rows, and by far the fastest.
        return True
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _loaded(text: str) -> Row:
    if not text:
        return {}
    try:
        return dict(_mapping(json.loads(text)))
    except (ValueError, RecursionError):
        return {}


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
