"""What Twilio's own specification says of TaskRouter's answers, and whether an answer keeps to it."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator

_DOCUMENT = json.loads((Path(__file__).parent / "taskrouter_v1.json").read_text())

ERROR = {
    "type": "object",
    "properties": {
        "code": {"type": "integer", "minimum": 10000, "maximum": 99999},
        "message": {"type": "string", "minLength": 1},
        "more_info": {"type": "string", "pattern": r"^https://www\.twilio\.com/docs/errors/[0-9]{5}$"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
    },
    "required": ["code", "message", "more_info", "status"],
    "additionalProperties": False,
}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
# There only where the row has such a thing.
OPTIONAL_LINKS = {"assignment_activity", "reservation_activity", "task_queue", "workflow"}


@dataclass(frozen=True)
class Operation:
    """One of the 61."""

    name: str
    method: str
    path: str
    query: list[str]
    form: list[str]
    status: int
    answer: dict[str, Any] | None
    links: list[str]

    @property
    def pattern(self) -> str:
        return re.sub(r"\{\w+\}", "[^/]+", self.path)


OPERATIONS = {name: Operation(name, **node) for name, node in _DOCUMENT["operations"].items()}


def operation(method: str, path: str) -> Operation:
    """The one that a request asks for; of several the one that names most of the path."""
    found = [each for each in OPERATIONS.values() if each.method == method and re.fullmatch(each.pattern, path)]
    return min(found, key=lambda each: each.path.count("{"))


def check(method: str, url: str, *, status: int, text: str, headers: Any, base: str) -> None:
    """Raises ``AssertionError`` or jsonschema's ``ValidationError`` unless the answer is one that Twilio would give."""
    if status >= 400:
        told = json.loads(text)
        Draft202012Validator(ERROR).validate(told)
        assert told["status"] == status
        return
    asked = operation(method, urlsplit(url).path.removeprefix("/taskrouter"))
    assert status == asked.status
    assert {"X-Rate-Limit-Limit", "X-Rate-Limit-Remaining", "X-Rate-Limit-Config"} <= {name.title() for name in headers}
    if asked.answer is None:
        assert text == ""
        return
    body = json.loads(text)
    Draft202012Validator({**asked.answer, "$defs": _DOCUMENT["$defs"]}).validate(body)
    rows = body[body["meta"]["key"]] if "meta" in body else [body]
    for row in rows:
        _check_row(row, asked, base=base)
    for name, value in body.get("meta", {}).items():
        assert not name.endswith("url") or value is None or value.startswith(f"{base}/taskrouter/v1/")


def _check_row(row: dict[str, Any], asked: Operation, *, base: str) -> None:
    links = row.get("links") or {}
    assert set(links) | OPTIONAL_LINKS == set(asked.links) | OPTIONAL_LINKS
    addresses = [row["url"]] if "url" in row else []  # The specification says where there is none.
    for address in (*addresses, *links.values()):
        assert address.startswith(f"{base}/taskrouter/v1/")
    for name, value in row.items():
        assert not name.startswith("date_") or value is None or MOMENT.fullmatch(value), name
