"""Daphne with our limits, and with an orderly end: its own is to cancel everything at once."""

import asyncio
import gc
import signal
import socket
import sys
import time
from typing import Any

import daphne.server
import structlog
from daphne.http_protocol import HTTPFactory, WebRequest
from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol
from twisted.internet import reactor
from twisted.internet.interfaces import IAddress, IProtocol, IPushProducer
from zope.interface import implementer  # type: ignore[import-untyped]

from contactcenter import drain
from contactcenter.limits import MIB, body_limit

logger = structlog.get_logger(__name__)

_FRAME_LIMIT = 64 * 1024
_STUCK_SECONDS = 60
_UNREAD_LIMIT = 8 * MIB
# Of bodies, those parts beyond the first 64 KiB, that one process holds at a time for all who send any.
_BODY_FREE = 64 * 1024
_BODIES_LIMIT = 128 * MIB
_TEXT, _BINARY = 1, 2  # RFC 6455, 5.2.
_REASON_LIMIT = 123  # RFC 6455, 5.5: a control frame has at most 125 bytes, two of them the code.
_TOO_LARGE = (
    b"HTTP/1.1 413 Content Too Large\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: 31\r\nConnection: close\r\n\r\nThe request body is too large.\n"
)


_TOO_MANY = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nRetry-After: 5\r\n"
    b"Content-Length: 34\r\nConnection: close\r\n\r\nToo busy. Try again in 5 seconds.\n"
)


class Held:
    """How many bytes of bodies this process holds."""

    count = 0


@implementer(IPushProducer)
class Flow:
    """Whether the client takes what is sent; the transport says when too much waits for it."""

    def __init__(self) -> None:
        self._free = asyncio.Event()
        self._stopped_at = 0.0
        self.resumeProducing()

    async def wait(self) -> None:
        """Returns when the client has taken most of it, or is gone."""
        await self._free.wait()

    def stuck_seconds(self) -> float:
        """For how long the client has taken too little."""
        return 0.0 if self._free.is_set() else time.monotonic() - self._stopped_at

    def pauseProducing(self) -> None:  # noqa: N802
        self._stopped_at = time.monotonic()
        self._free.clear()

    def resumeProducing(self) -> None:  # noqa: N802
        self._free.set()

    def stopProducing(self) -> None:  # noqa: N802
        self._free.set()


class Request(WebRequest):  # type: ignore[misc]
    """Sends a file no faster than its client takes it; Daphne would hold all of it for whoever does not read.

    Refuses a large body while it comes in, and one that is too much beside the others that are here.

    Daphne would store all of each before the application hears of it, and only the application knows who sends it.
    """

    _refused = False
    _received = 0
    _held = 0
    _flow: Flow | None = None

    def gotLength(self, length: int | None) -> None:  # noqa: N802
        super().gotLength(length)
        if length is not None and length > self._limit():
            self._refuse(_TOO_LARGE)

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802
        self._received += len(data)
        if self._received > self._limit():
            self._refuse(_TOO_LARGE)
        elif not self._refused and not self._hold():
            logger.warning("request refused: too many large bodies at once", status=503, held=Held.count)
            self._refuse(_TOO_MANY)
        elif not self._refused:
            super().handleContentChunk(data)

    def process(self) -> Any:
        if self.requestHeaders.hasHeader(b"upgrade"):
            self._let_go()  # A socket has no use for a body, and nobody tells this request of its end.
        return super().process()

    def handle_reply(self, message: dict[str, Any]) -> None:
        if message.get("more_body") and self._flow is None and self.channel is not None:
            self._flow = Flow()
            self.registerProducer(self._flow, streaming=True)
        super().handle_reply(message)

    async def taken(self) -> None:
        """Returns when the client has taken most of what was sent, or is gone."""
        if self._flow is not None:
            await self._flow.wait()

    def check_timeouts(self) -> None:
        if self._flow is None:
            super().check_timeouts()
        elif self._flow.stuck_seconds() > _STUCK_SECONDS and self.channel is not None:
            self.channel.forceAbortClient()

    def finish(self) -> None:
        self._let_go()
        if self.producer is not None and self.channel is not None:
            self.unregisterProducer()
        super().finish()

    def connectionLost(self, reason: Any) -> None:  # noqa: N802
        self._let_go()
        if self._flow is not None:
            self._flow.stopProducing()
        super().connectionLost(reason)

    def _hold(self) -> bool:
        """Whether what has come of this body fits beside what is held for others."""
        more = max(0, self._received - _BODY_FREE) - self._held
        if Held.count + more > _BODIES_LIMIT:
            return False
        self._held += more
        Held.count += more
        return True

    def _let_go(self) -> None:
        Held.count -= self._held
        self._held = 0

    def _limit(self) -> int:
        path: bytes = getattr(self.channel, "_path", b"") or b""
        return body_limit(path.partition(b"?")[0].decode("latin1"))

    def _refuse(self, answer: bytes) -> None:
        if self._refused or self.channel is None:
            return
        self._refused = True
        self._let_go()
        self.channel.transport.write(answer)
        self.channel.loseConnection()


class Factory(HTTPFactory):  # type: ignore[misc]
    """Makes connections whose requests are ours."""

    def buildProtocol(self, addr: IAddress) -> IProtocol | None:  # noqa: N802
        protocol: IProtocol | None = super().buildProtocol(addr)
        if protocol is not None:
            protocol.requestFactory = Request
        return protocol


@implementer(IPushProducer)
class Unread:
    """What waits for a client that does not read, in bytes; the transport says when it is that far."""

    def __init__(self) -> None:
        self._waits = False
        self.count = 0

    def add(self, count: int) -> None:
        self.count = self.count + count if self._waits else 0

    def pauseProducing(self) -> None:  # noqa: N802
        self._waits = True

    def resumeProducing(self) -> None:  # noqa: N802
        self._waits, self.count = False, 0

    def stopProducing(self) -> None:  # noqa: N802
        """The connection is gone."""


class Socket(WebSocketProtocol):  # type: ignore[misc]
    """Closes with the reason as well, and with any code: Daphne sends no reason, and Autobahn refuses 1012.

    What we send may be larger than what we take: a snapshot holds fifty messages. Autobahn has one limit for both. Who
    does not read what was sent is cut off: it would be kept for him without end.
    """

    def onOpen(self) -> None:  # noqa: N802
        self._unread = Unread()
        # In place of the connection's HTTP half, which is of no use any more.
        self.transport.unregisterProducer()
        self.transport.registerProducer(self._unread, True)
        super().onOpen()

    def serverSend(self, content: str | bytes, binary: bool = False) -> None:  # noqa: N802
        if self.state != self.STATE_OPEN:
            return
        payload = content.encode() if isinstance(content, str) else content
        self.sendFrame(opcode=_BINARY if binary else _TEXT, payload=payload)
        self._unread.add(len(payload))
        if self._unread.count > _UNREAD_LIMIT:
            logger.warning("socket cut: its client does not read", limit=_UNREAD_LIMIT)
            self.transport.abortConnection()

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

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        await super().handle_reply(protocol, message)
        if message.get("more_body"):
            await protocol.taken()

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
