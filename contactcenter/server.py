"""Daphne with our limits, and with an orderly end: its own is to cancel everything at once."""

import asyncio
import gc
import signal
import socket
import sys
from typing import Any

import daphne.server
from daphne.http_protocol import HTTPFactory, WebRequest
from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol
from twisted.internet import reactor
from twisted.internet.interfaces import IAddress, IProtocol

from contactcenter import drain
from contactcenter.limits import body_limit

_FRAME_LIMIT = 64 * 1024
_REASON_LIMIT = 123  # RFC 6455, 5.5: a control frame has at most 125 bytes, two of them the code.
_TOO_LARGE = (
    b"HTTP/1.1 413 Content Too Large\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: 31\r\nConnection: close\r\n\r\nThe request body is too large.\n"
)


class Request(WebRequest):  # type: ignore[misc]
    """Refuses a large body while it comes in; Daphne would store all of it before the application hears of it."""

    _refused = False
    _received = 0

    def gotLength(self, length: int | None) -> None:  # noqa: N802
        super().gotLength(length)
        if length is not None and length > self._limit():
            self._refuse()

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802
        self._received += len(data)
        if self._received > self._limit():
            self._refuse()
        elif not self._refused:
            super().handleContentChunk(data)

    def _limit(self) -> int:
        path: bytes = getattr(self.channel, "_path", b"") or b""
        return body_limit(path.partition(b"?")[0].decode("latin1"))

    def _refuse(self) -> None:
        if self._refused or self.channel is None:
            return
        self._refused = True
        self.channel.transport.write(_TOO_LARGE)
        self.channel.loseConnection()


class Factory(HTTPFactory):  # type: ignore[misc]
    """Makes connections whose requests are ours."""

    def buildProtocol(self, addr: IAddress) -> IProtocol | None:  # noqa: N802
        protocol: IProtocol | None = super().buildProtocol(addr)
        if protocol is not None:
            protocol.requestFactory = Request
        return protocol


class Socket(WebSocketProtocol):  # type: ignore[misc]
    """Closes with the reason as well, and with any code: Daphne sends no reason, and Autobahn refuses 1012."""

    def handle_reply(self, message: dict[str, Any]) -> None:
        if message["type"] == "websocket.close" and self.state == self.STATE_OPEN:
            reason = str(message.get("reason") or "").encode()[:_REASON_LIMIT]
            self.sendCloseFrame(code=message.get("code") or 1000, reasonUtf8=reason)
        else:
            super().handle_reply(message)


class SocketFactory(WebSocketFactory):  # type: ignore[misc]
    """Makes sockets of ours."""

    protocol = Socket


# The only places where Daphne lets one choose.
daphne.server.HTTPFactory = Factory
daphne.server.WebSocketFactory = SocketFactory


SWITCH_SECONDS = 0.0005


class WebServer(daphne.server.Server):  # type: ignore[misc]
    """One listening process. ``run`` returns after TERM or INT once it has drained, or at once if it cannot listen."""

    def __init__(self, *, host: str, port: int, grace_seconds: float, behind_proxy: bool, signals: bool = True) -> None:
        from contactcenter import asgi

        super().__init__(
            asgi.application,
            endpoints=[f"tcp:port={port}:interface={host.replace(':', chr(92) + ':')}"],
            signal_handlers=False,
            http_timeout=60,
            websocket_max_message_size=_FRAME_LIMIT,
            websocket_max_frame_size=_FRAME_LIMIT,
            websocket_handshake_timeout=10,
            ping_interval=20,
            ping_timeout=20,
            application_close_timeout=5,
            # The proxy overwrites this header; Forwarded-For begins with what the client claimed.
            proxy_forwarded_address_header="X-Real-IP" if behind_proxy else None,
            proxy_forwarded_proto_header="X-Forwarded-Proto" if behind_proxy else None,
            ready_callable=self._ready,
            server_name="",
        )
        self._requests = asgi.http
        self._grace_seconds = grace_seconds
        self._signals = signals
        self._ending: asyncio.Task[None] | None = None
        self.failed = False

    def _ready(self) -> None:
        if self._signals:
            # Also where SIGINT is ignored, as in a shell's background job: whoever sends it means it.
            loop = asyncio.get_event_loop()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self.end)
        # Threads that wait for the database a dozen times a request must not wait 5 ms for the lock each time.
        sys.setswitchinterval(SWITCH_SECONDS)
        gc.collect()
        gc.freeze()  # What was imported stays: the collector need not look at it again.

    def listen_error(self, failure: Any) -> None:
        self.failed = True
        super().listen_error(failure)

    def end(self) -> None:
        """Begin to stop; a second call changes nothing."""
        if self._ending is None:
            self.ending()
            self._ending = asyncio.get_event_loop().create_task(self._end())

    def ending(self) -> None:
        """Called once, when the end begins."""

    async def _end(self) -> None:
        from eventlog import hub

        for listener in self.listeners:
            listener.addCallback(lambda port: port.stopListening())
        try:
            await drain.drained(sockets=hub.drain, in_flight=self._in_flight, grace_seconds=self._grace_seconds)
        finally:
            reactor.stop()  # type: ignore[misc]

    def _in_flight(self) -> int:
        """Requests that run, and sockets whose close the other side has not confirmed."""
        open_sockets = sum(
            isinstance(protocol, WebSocketProtocol) and "disconnected" not in facts
            for protocol, facts in self.connections.items()
        )
        return self._requests.in_flight + open_sockets


def free_port(host: str, port: int) -> None:
    """Raises OSError when nobody could listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
