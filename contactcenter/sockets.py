"""Who may open a WebSocket at all, before any consumer hears of it."""

from urllib.parse import urlsplit

import structlog
from django.conf import settings

from contactcenter.limits import App, Receive, Scope, Send

logger = structlog.get_logger(__name__)

NOT_ALLOWED = 4403
NOT_FOUND = 4404
_DEFAULT_PORTS = {"http": 80, "https": 443}


class KnownOrigin:
    """Lets a handshake through only from ``settings.TRUSTED_ORIGINS``, compared by scheme, host and port.

    Channels' own validator compares hosts alone, so a page on another port or on plain http would pass. A browser that
    may not is told why: the socket is accepted and closed with 4403, since a refused handshake carries no reason.
    A client that sends no Origin is no browser and cannot ride on anybody's cookies.
    """

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["root_path"] = ""
        origin = _header(scope, b"origin")
        if origin is None or is_trusted(origin):
            await self._app(scope, receive, send)
            return
        logger.warning("socket refused: unknown origin", origin=origin[:200], path=scope["path"][:50])
        await close(receive, send, code=NOT_ALLOWED, reason="origin not allowed")


class Nowhere:
    """The end of every path that leads to no consumer; without it the router raises, and the answer is a 500."""

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        await close(receive, send, code=NOT_FOUND, reason="no such socket")


def is_trusted(origin: str) -> bool:
    """Whether an ``Origin`` header names one of ours."""
    wanted = _parts(origin)
    return wanted is not None and any(wanted == _parts(known) for known in settings.TRUSTED_ORIGINS)


async def close(receive: Receive, send: Send, *, code: int, reason: str) -> None:
    """Accept, then close with a code that the page's script can read."""
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": code, "reason": reason})


def _parts(origin: str) -> tuple[str, str, int | None] | None:
    try:
        parts = urlsplit(origin)
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return None
    return (parts.scheme, parts.hostname, port) if parts.hostname else None


def _header(scope: Scope, name: bytes) -> str | None:
    for key, value in scope["headers"]:
        if key == name:
            return str(value.decode("latin1"))
    return None
