"""What one process takes on at once: bodies of a known size, so many requests, and then an honest 503."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import ExitStack, asynccontextmanager
from typing import Any

import structlog

logger = structlog.get_logger(__name__)

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

MIB = 1024 * 1024
BODY_LIMIT = MIB
# The phones send pictures; agents, visitors and bots files: the largest that a channel carries, and the form around it.
BODY_LIMITS = {"/phones/send": 6 * MIB}
FILE_PATH = re.compile(r"/(desk|api/v1)/conversations/CH[0-9a-f]{32}/files|/chat/files")
# A campaign's list of customers.
LIST_PATH = re.compile(r"/admin/campaigns/campaign/(add|\d+/change)/")
FILE_LIMIT = 26 * MIB
_WEBHOOKS = "/webhooks/"
WEBHOOK_BODY_LIMIT = MIB // 2

# Requests hold the interpreter most of the time: with twice the threads a process answers a quarter fewer of them.
RUNNING = 12
WAITING = 256
# Webhooks need no thread each, and nobody else's crowd may keep them out.
WEBHOOKS_RUNNING = 256
WEBHOOKS_WAITING = 768
# Asked by whoever decides whether this process lives: answered also when it is full.
ALWAYS_ANSWERED = frozenset({"/healthz", "/readyz"})


def body_limit(path: str) -> int:
    """The largest body, in bytes, that a path takes."""
    if path.startswith(_WEBHOOKS):
        return WEBHOOK_BODY_LIMIT
    if FILE_PATH.fullmatch(path) or LIST_PATH.fullmatch(path):
        return FILE_LIMIT
    return BODY_LIMITS.get(path, BODY_LIMIT)


class BodyTooLarge(Exception):
    """More came than the path takes."""


class Limits:
    """ASGI wrapper around an application for HTTP.

    A body beyond its limit is answered 413, by its declared length before anything is read, and by counting where no
    length is declared. Beyond ``running`` requests, ``waiting`` more wait; the next is answered 503. An answer in parts
    counts until its first part: the rest goes as fast as the client takes it, and keeps nobody else out.
    """

    def __init__(self, app: App, *, running: int = RUNNING, waiting: int = WAITING) -> None:
        self._app = app
        self._most = running + waiting
        self._slots = asyncio.Semaphore(running)
        self._working = 0
        self.in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Daphne takes this from a header that anybody may send; it would end up in every link of the answer.
        scope["root_path"] = ""
        limit = body_limit(scope["path"])
        if _declared_length(scope) > limit:
            await _refuse_body(send, limit=limit)
        elif scope["path"] in ALWAYS_ANSWERED:
            await self._counted(scope, receive, send, limit=limit)
        elif self._working >= self._most:
            await refuse(send, status=503, text="Too busy. Try again in a second.", headers=[(b"retry-after", b"1")])
        else:
            await self._in_turn(scope, receive, send, limit=limit)

    async def _in_turn(self, scope: Scope, receive: Receive, send: Send, *, limit: int) -> None:
        self.in_flight += 1
        try:
            async with self._place() as leave:

                async def leaving_send(message: Message) -> None:
                    if message.get("more_body"):
                        leave()
                    await send(message)

                await self._counted(scope, receive, leaving_send, limit=limit)
        finally:
            self.in_flight -= 1

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[Callable[[], None]]:
        """One of the places, waited for, with a function that gives it back before the end."""
        with ExitStack() as kept:
            self._working += 1
            kept.callback(self._end_work)
            await self._slots.acquire()
            kept.callback(self._slots.release)
            yield kept.close

    def _end_work(self) -> None:
        self._working -= 1

    async def _counted(self, scope: Scope, receive: Receive, send: Send, *, limit: int) -> None:
        seen = 0

        async def counting_receive() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                raise BodyTooLarge
            return message

        try:
            await self._app(scope, counting_receive, send)
        except BodyTooLarge:
            await _refuse_body(send, limit=limit)


class Fork:
    """Two applications, each within its own limits: ``taken`` gets the paths that ``takes`` names."""

    def __init__(self, takes: Callable[[str], bool], *, taken: Limits, others: Limits) -> None:
        self._takes = takes
        self._taken = taken
        self._others = others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self._taken if self._takes(scope["path"]) else self._others)(scope, receive, send)

    @property
    def in_flight(self) -> int:
        return self._taken.in_flight + self._others.in_flight


async def refuse(send: Send, *, status: int, text: str, headers: list[tuple[bytes, bytes]] | None = None) -> None:
    """Answer with one line of text, and close the connection."""
    body = text.encode() + b"\n"
    fixed = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": [*fixed, *(headers or [])]})
    await send({"type": "http.response.body", "body": body})


async def _refuse_body(send: Send, *, limit: int) -> None:
    logger.warning("request refused: the body is too large", status=413, limit=limit)
    await refuse(send, status=413, text="The request body is too large.")


def _declared_length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0
