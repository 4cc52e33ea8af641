"""The carrier's doors, ahead of Django: verify, store, and only then say 200. What it says is brought in afterwards.

Nothing here waits for anything but that one commit. A refusal is a plain status with a short text; the log line carries
sids and no personal data.
"""

import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog
from django.conf import settings
from django.http import QueryDict
from django.utils.encoding import escape_uri_path

from carriers.twilio import inbound, signature, twiml
from conversations.core import doors
from conversations.core.doors import Door
from conversations.inbox import inbox
from conversations.models import Arrival
from kernel.errors import DomainError, Invalid

logger = structlog.get_logger(__name__)

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]

FORM: Final = "application/x-www-form-urlencoded"
_TEXT: Final = b"text/plain; charset=utf-8"
_XML: Final = b"text/xml; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered."""

    status: int
    body: bytes = b""
    content_type: bytes = _TEXT
    headers: tuple[tuple[bytes, bytes], ...] = ()


_STORED: Final = {
    Arrival.Kind.MESSAGE: Answer(200, twiml.empty_response().encode(), _XML),
    Arrival.Kind.RECEIPT: Answer(204),
}


class Webhooks:
    """The ASGI application behind the paths of `doors`. Who calls it limits bodies and counts requests."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        door = doors.door(scope["path"])
        body = await _body(receive)
        if door is None or body is None:  # None of ours, or whoever called went away.
            return
        answer = await _answer(door, scope, body)
        await _send(send, answer)
        took = round((time.perf_counter() - began) * 1000, 1)
        logger.info("request", method=scope["method"], route=f"twilio-{door.name}", status=answer.status, ms=took)


async def _answer(door: Door, scope: Scope, body: bytes) -> Answer:
    if scope["method"] != "POST":
        return Answer(405, b"POST only", headers=((b"allow", b"POST"),))
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    params = _params(headers.get("content-type", ""), body)
    raw = body if params is None else None
    # Whoever is not the carrier learns nothing but 403, however malformed the request is.
    if not signature.verify(url=_url(scope), params=params, body=raw, headers=headers):
        return _refused(door, 403, "bad signature")
    if params is None:
        return _refused(door, 400, "not a form")
    try:
        arrival = _arrival(door, inbound.fields(params), path=scope["path"], body=body)
        await inbox.keep(arrival)
    except DomainError as error:
        return _refused(door, error.status, error.code, field=error.field)
    return _STORED[Arrival.Kind(arrival.kind)]


def _arrival(door: Door, params: Mapping[str, str], *, path: str, body: bytes) -> Arrival:
    """The row of what came; raises ``Invalid`` with the field for what nobody could bring in."""
    if door.message_sid:
        receipt = inbound.parse_status(params)
        key = f"{door.message_sid}/{door.fence}/{receipt.status}/{receipt.error_code}"
        ours = params.get("From", "").replace("\0", "")[:128]
        return Arrival(kind=Arrival.Kind.RECEIPT, key=key, line=door.message_sid, ours=ours, path=path, body=body)
    message = inbound.parse_message(params)
    if message.account_sid != settings.TWILIO_ACCOUNT_SID:
        raise Invalid("The message is for another account.", field="AccountSid")
    return Arrival(
        kind=Arrival.Kind.MESSAGE,
        key=message.provider_sid,
        line=f"{message.to_address} {message.from_address}",
        ours=message.to_address,
        path=path,
        body=body,
    )


def _url(scope: Scope) -> str:
    """The address that the carrier called: the host and scheme that we gave it, path and query as they came."""
    # Host and scheme are the proxy's, and the path is signed as it was sent, not as it reads.
    raw: bytes = scope.get("raw_path") or escape_uri_path(scope["path"]).encode()
    query = scope.get("query_string", b"")
    return settings.PUBLIC_URL + raw.decode("latin-1") + (f"?{query.decode('latin-1')}" if query else "")


def _params(content_type: str, body: bytes) -> QueryDict | None:
    """The form, parsed from the raw body so that what was signed is what is read; ``None`` if it is none."""
    if content_type.partition(";")[0].strip().lower() != FORM:
        return None
    try:
        return inbound.form(body)
    except Invalid:
        return None


def _refused(door: Door, status: int, reason: str, *, field: str | None = None) -> Answer:
    logger.warning("webhook refused", webhook=door.name, status=status, reason=reason, field=field)
    return Answer(status, reason.encode(), headers=((b"retry-after", b"1"),) if status == 503 else ())


async def _body(receive: Receive) -> bytes | None:
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


async def _send(send: Send, answer: Answer) -> None:
    request_id = b"%032x" % random.getrandbits(128)
    headers = [(b"content-length", str(len(answer.body)).encode()), (b"x-request-id", request_id)]
    if answer.body:
        headers.append((b"content-type", answer.content_type))
    await send({"type": "http.response.start", "status": answer.status, "headers": [*headers, *answer.headers]})
    await send({"type": "http.response.body", "body": answer.body})
