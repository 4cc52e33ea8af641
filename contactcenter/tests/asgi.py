"""A few words of ASGI for tests."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any


def http_scope(path: str = "/desk/", *, headers: Mapping[str, str] | None = None, **more: Any) -> dict[str, Any]:
    raw = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
    return {"type": "http", "method": "POST", "path": path, "headers": raw, "root_path": "", **more}


class Exchange:
    """Feeds an application with messages and keeps what it sends."""

    def __init__(self, messages: Iterable[Mapping[str, Any]] = ()) -> None:
        self._incoming: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()
        for message in messages:
            self._incoming.put_nowait(message)
        self.sent: list[Mapping[str, Any]] = []

    async def receive(self) -> Mapping[str, Any]:
        return await self._incoming.get()

    async def send(self, message: Mapping[str, Any]) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        return self.sent[0]["status"]

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.sent[0]["headers"])


def body(*chunks: bytes) -> list[dict[str, Any]]:
    last = len(chunks) - 1
    return [{"type": "http.request", "body": chunk, "more_body": n < last} for n, chunk in enumerate(chunks)]
