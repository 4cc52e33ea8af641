"""The SDK's HTTP client with a timeout, a movable base URL, and every failure told as a ``CarrierError``."""

import json
import re
import ssl
from collections.abc import Iterator
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectTimeout, InvalidSchema, InvalidURL, MissingSchema, ReadTimeout
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from urllib3.exceptions import NameResolutionError, NewConnectionError

from carriers.base import BUSY, CarrierError, Outcome

TIMEOUT = (5.0, 10.0)
_POOL = 64  # More than a worker has threads: a connection beyond it is opened and thrown away each time.
_TOO_MANY = "20429"
_TWILIO_URL = re.compile(r"https://(?P<product>[a-z0-9-]+)(?:\.[a-z0-9-]+){0,2}\.twilio\.com(?=/|$)")
_AFTER_HANDSHAKE = ("EOF", "BAD_RECORD_MAC", "DECRYPT")


class Transport(TwilioHttpClient):  # type: ignore[misc]
    """Sends the SDK's requests, once each: a repeated POST may send a message twice.

    ``api_base`` takes the place of ``https://api.twilio.com``; other products go to ``<api_base>/<product>``,
    so that no request of a redirected client ever reaches Twilio itself.
    Raises ``CarrierError`` for transport failures, 429 and 5xx; the SDK sees all other answers.
    """

    def __init__(self, *, api_base: str = "", timeout: tuple[float, float] = TIMEOUT) -> None:
        super().__init__()
        # Connect and read; the SDK's constructor compares it with 0, which a pair cannot be.
        self.timeout = timeout
        self.api_base = api_base.rstrip("/")
        for scheme in ("https://", "http://"):
            self.session.mount(scheme, HTTPAdapter(pool_maxsize=_POOL, max_retries=0))

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        try:
            response = super().request(method, self.rebase(url), *args, **kwargs)
        except requests.RequestException as error:
            raise from_transport(error) from error
        refuse_failure(response.status_code, response.headers, response.text)
        return response

    def rebase(self, url: str) -> str:
        """``url`` as it is reached from here."""
        found = _TWILIO_URL.match(url) if self.api_base else None
        if found is None:
            return url
        product = found["product"]
        return self.api_base + ("" if product == "api" else f"/{product}") + url[found.end() :]


def refuse_failure(status: int, headers: Any, body: str = "") -> None:
    """Raise for the answers that say nothing about the message itself: 429 (not taken) and 5xx (unknown).

    A 429 is the account's affair unless its document names an error of the sender's.
    A 5xx may come after the message was queued: https://www.twilio.com/docs/errors/20500
    """
    if status == 429:
        code = _busy_code(body)
        raise CarrierError(
            "The carrier asks us to slow down.",
            code=code,
            outcome="not_accepted",
            retry_after=_seconds(headers.get("Retry-After")),
            scope="account" if code == _TOO_MANY else "sender",
        )
    if status >= 500:
        raise CarrierError("The carrier failed to answer.", code=f"http-{status}", outcome="unknown", scope="account")


def _busy_code(body: str) -> str:
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    code = str(document.get("code")) if isinstance(document, dict) else ""
    return code if code in BUSY else _TOO_MANY


def from_transport(error: requests.RequestException) -> CarrierError:
    """What a failure of ``requests`` means: was the request written, or surely not?"""
    code = _transport_code(error)
    message, outcome = _TRANSPORT[code]
    return CarrierError(message, code=code, outcome=outcome, scope="account")


_TRANSPORT: dict[str, tuple[str, Outcome]] = {
    "connect-timeout": ("The carrier could not be reached in time.", "not_accepted"),
    "dns": ("The carrier's name could not be resolved.", "not_accepted"),
    "refused": ("The carrier refused the connection.", "not_accepted"),
    "tls": ("The carrier's certificate was not accepted.", "not_accepted"),
    "bad-url": ("The carrier's address is not a URL.", "rejected"),
    "read-timeout": ("The carrier did not answer in time.", "unknown"),
    "reset": ("The connection to the carrier broke.", "unknown"),
}
_BY_REQUESTS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
    (ConnectTimeout, "connect-timeout"),
    ((MissingSchema, InvalidSchema, InvalidURL), "bad-url"),
    (ReadTimeout, "read-timeout"),
)
# Names first: a failed resolution is a kind of failed connection.
_BY_CAUSE: tuple[tuple[type[Exception], str], ...] = (
    (NameResolutionError, "dns"),
    (NewConnectionError, "refused"),
)


def _transport_code(error: requests.RequestException) -> str:
    for kind, code in _BY_REQUESTS:
        if isinstance(error, kind):
            return code
    for cause in _causes(error):
        for kind, code in _BY_CAUSE:
            if isinstance(cause, kind):
                return code
        if isinstance(cause, ssl.SSLError) and not _may_follow_the_request(cause):
            return "tls"
    return "reset"


def _may_follow_the_request(error: ssl.SSLError) -> bool:
    """Whether this TLS failure can also come when the request is already on its way."""
    return any(word in str(error).upper() for word in _AFTER_HANDSHAKE)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and all that urllib3 wrapped inside it."""
    waiting: list[Any] = [error]
    seen: set[int] = set()
    while waiting:
        item = waiting.pop()
        if not isinstance(item, BaseException) or id(item) in seen:
            continue
        seen.add(id(item))
        yield item
        waiting += [item.__cause__, item.__context__, getattr(item, "reason", None), *item.args]


def _seconds(value: str | None) -> float | None:
    """``Retry-After`` in seconds; its date form is rare enough to be treated as absent."""
    try:
        return max(0.0, min(float(value or ""), 3600.0))
    except ValueError:
        return None
