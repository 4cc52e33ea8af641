"""The way out to URLs that integrators gave us. It leads to the open internet and to nowhere else.

The name is resolved once, every address that it has is checked, and the connection goes to a checked address while
``Host`` and SNI keep the name: there is no second look-up that could answer differently. No redirects, no proxies or
``.netrc`` of the environment, no cookies; one time limit for all; of an answer 64 KiB, of a file what the caller takes.
The operator alone opens doors inwards, by ``settings.EGRESS_ALLOW``.
"""

import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import certifi
from django.conf import settings
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, SSLError
from urllib3.exceptions import TimeoutError as TimeoutErrors
from urllib3.util import Timeout

from kernel.addresses import Allowed, allowed_by
from kernel.dialing import Refused, Resolve, Unresolved, dial, system_resolve
from kernel.errors import Invalid
from kernel.targets import Target, target_of

__all__ = [
    "Answer",
    "Oversize",
    "Refused",
    "Resolve",
    "Unreachable",
    "allow_list",
    "check_url",
    "get",
    "post",
    "socket",
]

TOTAL_SECONDS = 10.0
ANSWER_BYTES = 64 * 1024
_READ_BYTES = 8 * 1024


class Unreachable(Exception):
    """The target could not be reached, or did not answer in time. What came back is never quoted."""


class Oversize(Exception):
    """The answer is larger than the caller takes."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the target said: the status, and of the body what was asked for."""

    status: int
    body: bytes
    content_type: str = ""


def post(
    url: str,
    *,
    body: bytes,
    headers: Mapping[str, str],
    resolve: Resolve | None = None,
    seconds: float = TOTAL_SECONDS,
) -> Answer:
    """POST ``body`` to ``url``; connection and answer have ``seconds`` together, from which the look-up takes its time.

    Of the answer the first 64 KiB are read. Raises ``Refused`` before anything is sent, or ``Unreachable``.
    """
    request = _Request("POST", body=body, headers=headers, most=ANSWER_BYTES)
    return _exchange(url, request, resolve=resolve, seconds=seconds)


def get(url: str, *, most: int, resolve: Resolve | None = None, seconds: float = TOTAL_SECONDS) -> Answer:
    """The file at ``url``, of at most so many bytes; else as `post`.

    Raises ``Refused`` before anything is sent, ``Unreachable``, or ``Oversize``.
    """
    answer = _exchange(url, _Request("GET", most=most + 1), resolve=resolve, seconds=seconds)
    if len(answer.body) > most:
        raise Oversize
    return answer


@dataclass(frozen=True, slots=True)
class _Request:
    """``most``: the bytes of the answer that are read."""

    method: str
    most: int
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def _exchange(url: str, request: _Request, *, resolve: Resolve | None, seconds: float) -> Answer:
    try:
        target = check_url(url)
    except Invalid as error:
        raise Refused(str(error)) from error
    line = _Line(target, resolve=resolve or system_resolve, seconds=seconds)
    try:
        answer = line.say(request)
    except (HTTPError, OSError, ValueError) as error:
        raise Unreachable(_late(seconds) if line.late else _reason(error, seconds=seconds)) from error
    finally:
        line.close()
    if line.late:  # What was cut in the midst of its headers reads like a complete answer.
        raise Unreachable(_late(seconds))
    return answer


def check_url(url: str) -> Target:
    """The target of ``url``, as `kernel.targets` has it; raises ``Invalid``."""
    return target_of(url, allowed=allow_list())


def allow_list() -> Allowed:
    """The operator's allow-list."""
    return allowed_by(tuple(settings.EGRESS_ALLOW))


class _Line:
    """One request on one connection, cut when its time is over, whatever the other side does to draw it out."""

    def __init__(self, target: Target, *, resolve: Resolve, seconds: float) -> None:
        self._target = target
        self._resolve = resolve
        self._ends_at = time.monotonic() + seconds
        self._wire: socket.socket | None = None
        self._watch: threading.Timer | None = None
        self.late = False

    def say(self, request: _Request) -> Answer:
        pool = self._pool()
        try:
            response = pool.urlopen(
                request.method,
                self._target.path,
                body=request.body,
                headers={"user-agent": "contactcenter-webhooks/1", **request.headers},
                redirect=False,
                retries=False,
                preload_content=False,
                decode_content=False,
                timeout=Timeout(connect=self._left(), read=self._left()),
            )
            kind = response.headers.get("content-type", "")
            return Answer(status=response.status, body=self._read(response, request.most), content_type=kind)
        finally:
            pool.close()

    def close(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
        if self._wire is not None:
            self._wire.close()

    def dial(self) -> socket.socket:
        """A connection to a checked address of the target."""
        try:
            opened = dial(self._target, allowed=allow_list(), resolve=self._resolve, seconds=self._left)
        except Unresolved as error:
            raise Unreachable(str(error)) from error
        # A second handle on the same connection: TLS takes the first one for itself.
        self._wire = opened.dup()
        self._watch = threading.Timer(self._left(), self._cut)
        self._watch.daemon = True
        self._watch.start()
        return opened

    def _pool(self) -> HTTPConnectionPool:
        line = self

        class Plain(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                return line.dial()

        class Secure(HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                return line.dial()

        host = f"[{self._target.host}]" if ":" in self._target.host else self._target.host
        if self._target.scheme == "https":
            secure = HTTPSConnectionPool(host, self._target.port, ssl_context=_tls())
            secure.ConnectionCls = Secure
            return secure
        open_pool = HTTPConnectionPool(host, self._target.port)
        open_pool.ConnectionCls = Plain
        return open_pool

    def _read(self, response: Any, most: int) -> bytes:
        held = bytearray()
        while len(held) < most and (part := response.read(min(_READ_BYTES, most - len(held)))):
            held += part
        return bytes(held)

    def _left(self) -> float:
        return max(0.001, self._ends_at - time.monotonic())

    def _cut(self) -> None:
        self.late = True
        if self._wire is not None:
            with suppress(OSError):
                self._wire.shutdown(socket.SHUT_RDWR)


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """The system's authorities, so that an operator can add one, and certifi's, where the system has none."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _late(seconds: float) -> str:
    return f"no complete answer within {seconds:.0f} seconds"


def _reason(error: Exception, *, seconds: float) -> str:
    if isinstance(error, (TimeoutError, TimeoutErrors)):
        return _late(seconds)
    if isinstance(error, SSLError):
        return "the TLS connection could not be made"
    return f"the connection failed ({type(error).__name__})"
