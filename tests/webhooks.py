"""The carrier at our door: through the whole ASGI application, without a server between."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes, urlencode

from django.conf import settings

from carriers.twilio.signature import sign
from contactcenter.asgi import application
from contactcenter.tests.asgi import Exchange, body, http_scope
from conversations.core.doors import MESSAGES
from conversations.inbox import inbox

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Answer:
    """What the carrier was told."""

    status_code: int
    text: str


def knock(
    path: str, sent: bytes, *, content_type: str = FORM, headers: Mapping[str, str] | None = None, method: str = "POST"
) -> Answer:
    """A request to the path as it is written, query and all."""
    raw, _, query = path.partition("?")
    scope = http_scope(
        unquote_to_bytes(raw).decode(),
        headers={"Host": "testserver", "Content-Type": content_type},
        raw_path=raw.encode(),
        query_string=query.encode(),
    )
    scope["method"] = method
    scope["headers"] += [(name.lower().encode(), value.encode("latin-1")) for name, value in (headers or {}).items()]
    exchange = Exchange(body(sent))
    asyncio.run(application(scope, exchange.receive, exchange.send))
    return Answer(exchange.status, exchange.sent[-1]["body"].decode())


def post(params: Mapping[str, str], *, path: str = MESSAGES, signature: str | None = None) -> Answer:
    """The form, signed as the carrier signs it unless another signature is given. It may not be brought in yet."""
    genuine = sign(settings.PUBLIC_URL + path, params, token=settings.TWILIO_AUTH_TOKEN)
    headers = {"X-Twilio-Signature": genuine if signature is None else signature}
    return knock(path, urlencode(params).encode(), headers=headers)


def bring(params: Mapping[str, str], *, path: str = MESSAGES, signature: str | None = None) -> Answer:
    """The same, and what was stored is brought in."""
    answer = post(params, path=path, signature=signature)
    inbox.finish()
    return answer
