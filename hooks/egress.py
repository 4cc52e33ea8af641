"""The way out to URLs that integrators gave us. It leads to the open internet and to nowhere else.

The name is resolved once, every address that it has is checked, and the connection goes to a checked address while
``Host`` and SNI keep the name: there is no second look-up that could answer differently. No redirects, no proxies or
``.netrc`` of the environment, no cookies; one time limit for all; 64 KiB of answer. The operator alone opens doors
inwards, by ``settings.EGRESS_ALLOW``.
"""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from typing import Any

import certifi
from django.conf import settings
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, SSLError
from urllib3.exceptions import TimeoutError as TimeoutErrors
from urllib3.util import Timeout

from kernel.addresses import Allowed, allowed_by, is_public
from kernel.errors import Invalid
from kernel.targets import Target, target_of

TOTAL_SECONDS = 10.0
ANSWER_BYTES = 64 * 1024
_READ_BYTES = 8 * 1024

Resolve = Callable[[str, int], Sequence[str]]


class Refused(Exception):
    """The target may not be reached from here; nothing was sent."""


class Unreachable(Exception):
    """The target could not be reached, or did not answer in time. What came back is never quoted."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the target said: the status and the first 64 KiB."""

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

    Raises ``Refused`` before anything is sent, or ``Unreachable``.
    """
    try:
        target = check_url(url)
    except Invalid as error:
        raise Refused(str(error)) from error
    line = _Line(target, resolve=resolve or system_resolve, seconds=seconds)
    try:
        answer = line.post(body=body, headers=headers)
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


def permitted(target: Target, addresses: Sequence[str], *, allowed: Allowed) -> str:
    """The address to connect to; raises ``Refused`` unless every one of ``addresses`` may be reached.

    One bad address is enough: a name that leads both outside and inside is an attack or a mistake.
    """
    if not addresses:
        raise Refused(f"{target.host} has no address")
    if allowed.names(target.host, target.port):
        return addresses[0]
    for text in addresses:
        _permit(target, text, allowed=allowed)
    return addresses[0]


def _permit(target: Target, text: str, *, allowed: Allowed) -> None:
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError as error:
        raise Refused(f"{target.host} has an address that cannot be read") from error
    if allowed.holds(address):
        return
    if not is_public(address):
        raise Refused(f"{target.host} leads to an address that is not on the open internet")
    if target.scheme != "https":
        raise Refused("plain http goes only to what the operator lists in EGRESS_ALLOW")


def system_resolve(host: str, port: int) -> list[str]:
    """Every address that the system's resolver knows for ``host``."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


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

    def post(self, *, body: bytes, headers: Mapping[str, str]) -> Answer:
        pool = self._pool()
        try:
            response = pool.urlopen(
                "POST",
                self._target.path,
                body=body,
                headers={"user-agent": "contactcenter-webhooks/1", **headers},
                redirect=False,
                retries=False,
                preload_content=False,
                decode_content=False,
                timeout=Timeout(connect=self._left(), read=self._left()),
            )
            kind = response.headers.get("content-type", "")
            return Answer(status=response.status, body=self._read(response), content_type=kind)
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
            addresses = self._resolve(self._target.host, self._target.port)
        except (OSError, UnicodeError) as error:
            raise Unreachable("the name could not be resolved") from error
        address = permitted(self._target, addresses, allowed=allow_list())
        opened = socket.create_connection((address, self._target.port), timeout=self._left())
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
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

    def _read(self, response: Any) -> bytes:
        held = bytearray()
        while len(held) < ANSWER_BYTES and (part := response.read(min(_READ_BYTES, ANSWER_BYTES - len(held)))):
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
