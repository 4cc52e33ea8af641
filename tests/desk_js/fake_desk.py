"""A server that speaks the desk's protocol from a script: what the screen is tried against.

It numbers events without gaps, answers a known cursor with what is missing and an unknown one with a snapshot, and
keeps each posted `ref` once, as the product does. Tests reach into it from their own thread.
"""

import asyncio
import json
import threading
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import WSMsgType, web

from . import cast
from .shell import NONCE

AUDIENCE = f"worker:{cast.WORKER_SID}"
PATIENCE_SECONDS = 10
POLICY = (
    f"default-src 'none'; script-src 'self' 'nonce-{NONCE}'; style-src 'self'; img-src 'self' blob:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; require-trusted-types-for 'script'"
)


class FakeDesk:
    def __init__(self, site: Path) -> None:
        self.site = site
        self.snapshot: dict[str, Any] = dict(cast.snapshot())
        self.history: dict[str, list[dict[str, Any]]] = {}
        self.templates: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.contacts: dict[str, dict[str, Any]] = {}
        self.people: list[dict[str, Any]] = []
        self.past: list[dict[str, Any]] = []
        self.refusal: dict[str, Any] = {}
        self.forget_cursors = False
        self.reachable = True
        self.signed_in = True
        self.answers = True
        self.skew = timedelta()
        self.received: list[dict[str, Any]] = []
        self.posted: dict[str, dict[str, Any]] = {}
        self.uploads: list[tuple[str, bytes]] = []
        self.forgotten: list[str] = []
        self.refuse_files = ""
        self.drop_files = False
        self.connections = 0
        self._news = threading.Condition()
        self._sockets: set[web.WebSocketResponse] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    # --- the test's side ---------------------------------------------------------------------------------------

    def start(self) -> str:
        self._thread.start()
        return f"http://127.0.0.1:{self._call(self._serve())}"

    def stop(self) -> None:
        self._call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_SECONDS)

    def event(self, kind: str, data: dict[str, Any], *, ref: str = "", deliver: bool = True) -> dict[str, Any]:
        """Number and log an event; with ``deliver=False`` it is lost on the way, as a channel layer may do."""
        return self._call(self._event(kind, data, ref=ref, deliver=deliver))

    def send(self, frame: dict[str, Any]) -> None:
        self._call(self._send(frame))

    def heartbeat(self) -> None:
        self.send({"t": "heartbeat", "now": self.now(), "heads": {AUDIENCE: len(self.events)}})

    def cut(self) -> None:
        """Pull the cable: every socket dies without a close frame and none can be opened."""
        self.reachable = False
        self._call(self._abort())

    def mend(self) -> None:
        self.reachable = True

    def close(self, code: int) -> None:
        self._call(self._close_sockets(code))

    def wait_for(self, wanted: Callable[[dict[str, Any]], bool], *, count: int = 1) -> list[dict[str, Any]]:
        """The first ``count`` frames from the screen that are ``wanted``, as soon as there are so many."""

        def found() -> list[dict[str, Any]]:
            return [frame for frame in self.received if wanted(frame)]

        with self._news:
            assert self._news.wait_for(lambda: len(found()) >= count, PATIENCE_SECONDS), self.received
            return found()[:count]

    def said(self, name: str) -> list[dict[str, Any]]:
        return [frame for frame in self.received if frame["do"] == name]

    def now(self) -> str:
        return cast.iso(datetime.now(UTC) + self.skew)

    # --- HTTP --------------------------------------------------------------------------------------------------

    async def _serve(self) -> int:
        app = web.Application()
        app.router.add_get("/desk/", self._page)
        app.router.add_get("/desk/conversations/{sid}/messages", self._messages)
        app.router.add_post("/desk/conversations/{sid}/files", self._upload)
        app.router.add_delete("/desk/files/{sid}", self._forget_file)
        app.router.add_get("/media/{sid}/thumbnail", self._thumbnail)
        app.router.add_get("/desk/conversations/{sid}/templates", self._templates)
        app.router.add_get("/desk/contacts", self._found)
        app.router.add_get("/desk/contacts/{sid}", self._contact)
        app.router.add_post("/desk/contacts/{sid}", self._change)
        app.router.add_get("/desk/contacts/{sid}/conversations", self._past)
        app.router.add_get("/page/{name}", self._other_page)
        app.router.add_get("/jsi18n/", self._catalogue)
        app.router.add_get("/ws/desk", self._socket)
        app.router.add_static("/static/", self.site / "static")
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        listener = web.TCPSite(self._runner, "127.0.0.1", 0)
        await listener.start()
        return int(self._runner.addresses[0][1])

    async def _page(self, request: web.Request) -> web.StreamResponse:
        if not self.signed_in:
            raise web.HTTPFound("/page/login.html")
        return self._html("desk.html")

    async def _other_page(self, request: web.Request) -> web.StreamResponse:
        return self._html(request.match_info["name"])

    def _html(self, name: str) -> web.Response:
        text = (self.site / name).read_text(encoding="utf-8")
        return web.Response(text=text, content_type="text/html", headers={"Content-Security-Policy": POLICY})

    async def _catalogue(self, request: web.Request) -> web.Response:
        return web.Response(text="", content_type="text/javascript")

    async def _messages(self, request: web.Request) -> web.Response:
        if not self.reachable:
            raise web.HTTPServiceUnavailable
        before, limit = int(request.query["before"]), int(request.query["limit"])
        rows = [row for row in self.history.get(request.match_info["sid"], []) if row["index"] < before]
        return web.json_response({"messages": rows[-limit:], "has_more": len(rows) > limit})

    async def _upload(self, request: web.Request) -> web.Response:
        if self.drop_files:
            raise web.HTTPBadGateway
        assert request.headers["X-CSRFToken"] == "token"
        field: Any = (await request.post())["file"]
        if self.refuse_files:
            return web.json_response({"code": "file-kind", "message": self.refuse_files, "field": "media"}, status=400)
        self.uploads.append((field.filename, field.file.read()))
        sid = cast.sid("ME", len(self.uploads))
        told = {"sid": sid, "name": field.filename, "content_type": "image/png", "size": 70}
        return web.json_response({"file": told | {"thumbnail_url": f"/media/{sid}/thumbnail"}}, status=201)

    async def _forget_file(self, request: web.Request) -> web.Response:
        self.forgotten.append(request.match_info["sid"])
        return web.Response(status=204)

    async def _thumbnail(self, request: web.Request) -> web.Response:
        return web.Response(body=self.uploads[int(request.match_info["sid"][2:], 16) - 1][1], content_type="image/png")

    async def _templates(self, request: web.Request) -> web.Response:
        if not self.reachable:
            raise web.HTTPServiceUnavailable
        words = request.query["q"].lower()
        found = [row for row in self.templates if words in f"{row['name']} {row['body']}".lower()]
        return web.json_response({"templates": found[:50], "has_more": len(found) > 50, "language": "en"})

    async def _contact(self, request: web.Request) -> web.Response:
        sid = request.match_info["sid"]
        return web.json_response({"contact": self.contacts.get(sid) or cast.contact(int(sid[2:], 16))})

    async def _change(self, request: web.Request) -> web.Response:
        """What was asked is kept; a test says what is answered by changing the contact, or with ``refusal``."""
        with self._news:
            self.received.append(await request.json() | {"token": request.headers["X-CSRFToken"]})
            self._news.notify_all()
        if self.refusal:
            return web.json_response(self.refusal, status=400)
        return await self._contact(request)

    async def _past(self, request: web.Request) -> web.Response:
        return web.json_response({"conversations": self.past, "has_more": False})

    async def _found(self, request: web.Request) -> web.Response:
        words = request.query["q"].lower()
        found = [row for row in self.people if words in row["name"].lower() and row["sid"] != request.query["but"]]
        return web.json_response({"contacts": found})

    # --- the socket --------------------------------------------------------------------------------------------

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        if not self.reachable or not self.signed_in:
            raise web.HTTPForbidden
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.connections += 1
        try:
            async for raw in socket:
                if raw.type is WSMsgType.TEXT:
                    await self._take(socket, json.loads(raw.data))
        finally:
            self._sockets.discard(socket)
        return socket

    async def _take(self, socket: web.WebSocketResponse, frame: dict[str, Any]) -> None:
        if not self.reachable:
            return
        if frame["do"] in ("hello", "resume"):
            await self._welcome(socket, frame["cursors"])
        elif self.answers and frame["do"] == "message.post":
            await self._post(socket, frame)
        elif self.answers and "ref" in frame:
            await socket.send_json({"t": "ok", "ref": frame["ref"], "data": {}})
        with self._news:
            self.received.append(frame)
            self._news.notify_all()

    async def _welcome(self, socket: web.WebSocketResponse, cursors: dict[str, int]) -> None:
        seen = None if self.forget_cursors else cursors.get(AUDIENCE)
        head = {"t": "welcome", "now": self.now(), "audiences": [AUDIENCE], "heads": {AUDIENCE: len(self.events)}}
        await socket.send_json(head | {"snapshot": self.snapshot if seen is None else None})
        for missed in [] if seen is None else self.events[seen:]:
            await socket.send_json(missed)
        self._sockets.add(socket)

    async def _post(self, socket: web.WebSocketResponse, frame: dict[str, Any]) -> None:
        ref, sid = frame["ref"], frame["conversation"]
        if ref not in self.posted:
            number, index = int(sid[2:], 16), self._last_index(sid) + 1
            row = cast.outbound(number, index, frame["body"], ref=ref, date_created=cast.ago())
            self.posted[ref] = row
            await self._event("message.added", row, ref=ref, deliver=True)
        await socket.send_json({"t": "ok", "ref": ref, "data": {"message": self.posted[ref]}})

    def _last_index(self, sid: str) -> int:
        logged = [event["data"] for event in self.events if event["type"] == "message.added"]
        rows = [*self.snapshot["messages"], *self.history.get(sid, []), *logged]
        return max((row["index"] for row in rows if row["conversation_sid"] == sid), default=0)

    async def _event(self, kind: str, data: dict[str, Any], *, ref: str, deliver: bool) -> dict[str, Any]:
        frame = {
            "t": "event",
            "a": AUDIENCE,
            "n": len(self.events) + 1,
            "type": kind,
            "at": self.now(),
            "ref": ref,
            "data": data,
        }
        self.events.append(frame)
        if deliver:
            await self._send(frame)
        return frame

    async def _send(self, frame: dict[str, Any]) -> None:
        for socket in list(self._sockets):
            if not socket.closed:
                await socket.send_json(frame)

    async def _abort(self) -> None:
        for socket in list(self._sockets):
            transport = socket._req.transport if socket._req else None
            if transport:
                transport.abort()
        self._sockets.clear()

    async def _close_sockets(self, code: int) -> None:
        for socket in list(self._sockets):
            await socket.close(code=code)

    async def _close(self) -> None:
        await self._abort()
        await self._runner.cleanup()

    def _call(self, work: Any) -> Any:
        future: Future[Any] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result(PATIENCE_SECONDS)
