"""JSON that can be stored: RFC 8259 in UTF-8, of a sane depth, without what a database refuses."""

import json
from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from kernel import storable
from kernel.errors import TooLarge

BODY_BYTES = 1024 * 1024


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
        storable.check(value)
        return value


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
