"""JSON that can be stored: RFC 8259 in UTF-8, of a sane depth, without what a database refuses."""

import json
import math
from collections.abc import Iterator, Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from kernel.errors import Invalid, TooLarge

BODY_BYTES = 1024 * 1024
DEPTH = 20


class JSONParser(BaseParser):
    """Raises ``ParseError`` for what is no JSON, and names the place of a value that cannot be kept."""

    media_type = "application/json"

    def parse(self, stream: IO[Any], _media_type: str | None = None, _context: Mapping[str, Any] | None = None) -> Any:
        raw = stream.read(BODY_BYTES + 1)
        if len(raw) > BODY_BYTES:
            raise TooLarge("The request body is too large; %(limit)d bytes are taken.", params={"limit": BODY_BYTES})
        try:
            value = json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise ParseError(_place(error)) from error
        check(value)
        return value


def check(value: Any) -> None:
    """Raise ``Invalid``, with the path as field, for text and numbers that no database takes, and for absurd depth."""
    waiting = [("", 0, value)]
    while waiting:
        path, depth, item = waiting.pop()
        if depth > DEPTH:
            raise Invalid("This is nested deeper than %(depth)d levels.", field=path[:64], params={"depth": DEPTH})
        if isinstance(item, float) and not math.isfinite(item):
            raise Invalid("This number is too large.", field=path[:64])
        if isinstance(item, str):
            _check_text(item, path=path)
        waiting.extend((inner, depth + 1, part) for inner, part in _parts(item, path=path))


def _parts(item: Any, *, path: str) -> Iterator[tuple[str, Any]]:
    start = f"{path}." if path else ""
    if isinstance(item, dict):
        for name, part in item.items():
            _check_text(name, path=path)
            yield f"{start}{name}", part
    elif isinstance(item, list):
        for index, part in enumerate(item):
            yield f"{start}{index}", part


def _check_text(text: str, *, path: str) -> None:
    if "\0" in text:
        raise Invalid("The character U+0000 cannot be stored; leave it out.", field=path[:64])
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise Invalid("Half a surrogate pair is no text; leave it out.", field=path[:64]) from error


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _place(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} (line {error.lineno}, column {error.colno})"
    if isinstance(error, UnicodeDecodeError):
        return f"not UTF-8 (byte {error.start})"
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)


class JSONOnly(BaseContentNegotiation):
    """One format in, one out: whatever ``Accept`` says, and by the bare media type of ``Content-Type``."""

    def select_parser(self, request: Request, parsers: Any) -> BaseParser | None:
        given = request.META.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == given), None)

    def select_renderer(
        self, _request: Request, renderers: Any, _format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type
