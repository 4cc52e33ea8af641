"""Signed forms over kept connections: a client so light that it leaves the machine to what is measured."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from urllib.parse import urlencode, urlsplit

from tests.support.carrier import Provider


class _Connection(asyncio.Protocol):
    """One request at a time; what it was answered."""

    def __init__(self) -> None:
        self.is_open = True
        self._received = b""
        self._answer: asyncio.Future[int] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def ask(self, request: bytes) -> asyncio.Future[int]:
        assert self._transport is not None
        self._received, self._answer = b"", asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answer

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, ended, body = self._received.partition(b"\r\n\r\n")
        if not ended:
            return
        _, found, rest = head.lower().partition(b"content-length:")
        if len(body) >= (int(rest.partition(b"\r\n")[0]) if found else 0):
            self._tell(int(head[9:12]))

    def connection_lost(self, _error: Exception | None) -> None:
        self.is_open = False
        self._tell(0)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _tell(self, status: int) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(status)


class Posts:
    """At most ``most`` requests at once; those beyond wait for their turn."""

    def __init__(self, url: str, provider: Provider, *, most: int = 128) -> None:
        parts = urlsplit(url)
        self._url, self._provider = url, provider
        self._host, self._port = str(parts.hostname), int(parts.port or 80)
        self._turns = asyncio.Semaphore(most)
        self._free: deque[_Connection] = deque()
        self._all: list[_Connection] = []

    def request(self, path: str, params: Mapping[str, str], *, signature: str = "") -> bytes:
        """The bytes of a form, signed unless a signature is given."""
        signed = signature or self._provider.sign(self._url + path, params)
        body = urlencode(params).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\nX-Twilio-Signature: {signed}\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    async def post(self, request: bytes, *, going: Callable[[], None] = lambda: None) -> int:
        """The status; 0 when the connection broke. ``going`` is called right before the request goes out."""
        async with self._turns:
            try:
                connection = await self._connection()
            except OSError:
                return 0
            going()
            status = await connection.ask(request)
            if connection.is_open:
                self._free.append(connection)
            return status

    def close(self) -> None:
        for connection in self._all:
            connection.close()

    async def _connection(self) -> _Connection:
        while self._free:
            kept = self._free.pop()
            if kept.is_open:
                return kept
        _, made = await asyncio.get_running_loop().create_connection(_Connection, self._host, self._port)
        self._all.append(made)
        return made
