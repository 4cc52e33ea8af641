"""The socket that cannot miss anything: cursors, replay, commands, bounded everything.

One consumer a socket. The reader side puts frames into a bounded inbox and one task works through them in order; the
writer side sends event ``n`` of an audience only directly after ``n - 1`` and reads any gap from the database. The
protocol is told in ``docs/protocol.md``.
"""

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import Coroutine, Mapping
from typing import Any, ClassVar

import structlog
from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer
from django.conf import settings
from django.utils import translation

from eventlog import live, queries
from eventlog.hub import hub
from eventlog.threads import in_database
from kernel import clock
from kernel.errors import DomainError
from kernel.storable import without_unstorable

logger = structlog.get_logger(__name__)

HEARTBEAT_SECONDS = 15
FRAME_LIMIT = 64 * 1024
INBOX_LIMIT = 64
REPLAY_LIMIT = 500
# What a client may owe us in acknowledgements before we take it for one that does not read.
UNREAD_LIMIT = 5000
SILENCE_SECONDS = 60
# Tabs of one person or visitor, in each process; each costs memory, and a look at the database at every heartbeat.
SOCKETS_LIMIT = 20

BAD_FRAME, SIGN_IN, NOT_ALLOWED, TOO_SLOW, TOO_MANY = 4400, 4401, 4403, 4408, 4429


class BadFrame(Exception):
    """The client sent what the protocol does not know."""


class StreamConsumer(AsyncConsumer):  # type: ignore[misc]
    """Subclasses say who may listen, to what, from which snapshot, and what the commands do.

    ``admit``, ``greet``, ``snapshot``, ``command`` and ``still_admitted`` run on database threads.
    """

    channel_layer_alias = None
    ephemeral: ClassVar[frozenset[str]] = frozenset()

    def __init__(self) -> None:
        self.user_sid = ""
        self.language = "en"
        self._audiences: list[str] = []
        self._sent: dict[str, int] = {}
        self._came_early: dict[str, int] = {}
        self._acknowledged: dict[str, int] = {}
        self._inbox: deque[str] = deque()
        self._inbox_filled = asyncio.Event()
        self._catching_up: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._heard_at = 0.0
        self._open = False
        self._joined = False

    # --- for subclasses ---

    def admit(self) -> list[str] | None:
        """The audiences that this socket hears, or ``None``: nobody we know."""
        raise NotImplementedError

    def greet(self, hello: Mapping[str, Any]) -> list[str] | None:  # noqa: ARG002 - for those who need it
        """The audiences as of this hello or resume; for listeners whom the handshake alone does not name."""
        return self._audiences

    def still_admitted(self) -> bool:
        """Whether what `admit` and `greet` found still holds; asked at each heartbeat."""
        raise NotImplementedError

    def snapshot(self) -> Mapping[str, Any]:
        """All that this listener may see, now."""
        raise NotImplementedError

    def command(self, name: str, frame: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Carry out a command; raises ``DomainError`` with the reason when it cannot be."""
        raise NotImplementedError

    def outgoing(self, text: str) -> str | None:
        """What of an event this listener gets to see."""
        return text

    def start_over(self) -> None:
        """Greet and welcome this listener anew: the audiences have changed. Call it on the event loop."""
        self._inbox.append('{"do":"resume"}')
        self._inbox_filled.set()

    # --- ASGI ---

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Without Channels' hop to a thread for each message: nothing here touches the database on the loop."""
        handler = getattr(self, message["type"].replace(".", "_"))
        await handler(message)

    async def websocket_connect(self, _: dict[str, Any]) -> None:
        await self.send({"type": "websocket.accept"})
        self._open = True
        self._heard_at = asyncio.get_running_loop().time()
        audiences = await in_database(self.admit)
        if audiences is None:
            await self.end(SIGN_IN, "sign in")
            return
        self._audiences = audiences
        self._spawn(self._work())
        self._spawn(self._beat())

    async def websocket_receive(self, message: dict[str, Any]) -> None:
        text = message.get("text")
        if not self._open:
            return
        if text is None or len(text) > FRAME_LIMIT:
            await self.end(BAD_FRAME, "text frames of at most 64 KiB")
        elif len(self._inbox) >= INBOX_LIMIT:
            await self.end(TOO_MANY, "too many frames at once")
        else:
            self._heard_at = asyncio.get_running_loop().time()
            self._inbox.append(text)
            self._inbox_filled.set()

    async def websocket_disconnect(self, _: dict[str, Any]) -> None:
        self._close_down()
        raise StopConsumer

    # --- for the hub ---

    def deliver(self, audience: str, n: int, text: str) -> None:
        last = self._sent.get(audience)
        if last is None:
            self._came_early[audience] = n
        elif n <= last:
            return
        elif n == last + 1 and audience not in self._catching_up:
            self._send_event(audience, n, text)
        else:
            self.notice_head(audience, n)

    def notice_head(self, audience: str, n: int) -> None:
        last = self._sent.get(audience)
        if last is not None and n > last and audience not in self._catching_up:
            self._catching_up.add(audience)
            self._spawn(self._catch_up(audience))

    def blip(self, text: str) -> None:
        if self._sent and self._open:
            self._spawn(self.say(text))

    def ask_again(self) -> None:
        self._spawn(self._end_unless_admitted())

    async def end(self, code: int, reason: str) -> None:
        if self._open:
            await self.send({"type": "websocket.close", "code": code, "reason": reason})
        self._close_down()

    # --- inside ---

    def _close_down(self) -> None:
        self._open = False
        hub().leave(self)
        current = asyncio.current_task()
        for task in tuple(self._tasks):
            if task is not current:
                task.cancel()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def say(self, text: str) -> None:
        if self._open:
            await self.send({"type": "websocket.send", "text": text})

    async def _send_frame(self, frame: Mapping[str, Any]) -> None:
        await self.say(live.encode(frame))

    def _send_event(self, audience: str, n: int, text: str) -> None:
        self._sent[audience] = n
        shown = self.outgoing(text)
        if shown is not None:
            self._spawn(self.say(shown))
        if n - self._acknowledged.get(audience, n) > UNREAD_LIMIT:
            self._spawn(self.end(TOO_SLOW, "too far behind; resume by cursor"))

    async def _work(self) -> None:
        """Take frames out of the inbox, one after the other."""
        while self._open:
            await self._inbox_filled.wait()
            while self._inbox and self._open:
                await self._handle(self._inbox.popleft())
            self._inbox_filled.clear()

    async def _handle(self, text: str) -> None:
        try:
            frame = parse_frame(text)
            verb = frame["do"]
            if verb in ("hello", "resume"):
                await self._hello(frame)
            elif verb == "ping":
                self._acknowledge(frame.get("cursors"))
            elif not self._sent:
                raise BadFrame("say hello first")
            else:
                await self._command(verb, frame)
        except BadFrame as error:
            await self.end(BAD_FRAME, str(error))
        except Exception:
            logger.exception("socket frame failed")
            await self.end(1011, "internal error; come back")

    def _acknowledge(self, cursors: object) -> None:
        if isinstance(cursors, dict):
            # Nobody has read what was not sent yet.
            known = {
                name: min(n, self._sent[name])
                for name, n in cursors.items()
                if name in self._sent and isinstance(n, int)
            }
            self._acknowledged |= known

    async def _hello(self, frame: Mapping[str, Any]) -> None:
        """Answer with the missing events, or with a snapshot when they are too many or the client is new.

        The socket joins its audiences before anything is read, and the heads are read before the snapshot: the
        snapshot is at least as new as the heads, and applying an event twice does no harm.
        """
        self.language = _spoken(frame.get("language")) or self.language
        audiences = await in_database(self.greet, frame)
        if audiences is None:
            await self.end(SIGN_IN, "sign in")
            return
        self._sent = {}
        if not self._join(audiences):
            await self.end(TOO_MANY, "too many tabs")
            return
        start = await in_database(self._start_from, frame.get("cursors"))
        for audience, events in start["missing"].items():
            start["heads"][audience] = events[-1]["n"] if events else start["heads"][audience]
        await self._send_frame(
            {
                "t": "welcome",
                "now": clock.iso(clock.now()),
                "audiences": self._audiences,
                "heads": start["heads"],
                "snapshot": start["snapshot"],
            }
        )
        for events in start["missing"].values():
            for event in events:
                shown = self.outgoing(live.encode(event))
                if shown is not None:
                    await self.say(shown)
        self._sent = dict(start["heads"])
        self._acknowledged = dict(start["heads"])
        for audience, n in self._came_early.items():
            self.notice_head(audience, n)
        self._came_early.clear()

    def _join(self, audiences: list[str]) -> bool:
        """Hear these audiences and no others; False when too many others hear the listener's own, the first."""
        if audiences != self._audiences:
            hub().leave(self)
            self._audiences = audiences
        if not self._joined and audiences and hub().listening(audiences[0]) >= SOCKETS_LIMIT:
            return False
        hub().join(self, audiences)
        self._joined = True
        return True

    def _start_from(self, given: object) -> dict[str, Any]:
        cursors = given if isinstance(given, dict) else {}
        heads = queries.heads(self._audiences)
        missing: dict[str, list[queries.EventFrame]] = {}
        for audience in self._audiences:
            seen = cursors.get(audience)
            if not isinstance(seen, int) or not 0 <= heads[audience] - seen <= REPLAY_LIMIT:
                return {"heads": heads, "missing": {}, "snapshot": self.snapshot()}
            missing[audience] = queries.since(audience, seen, limit=REPLAY_LIMIT)
            if seen < heads[audience] and (not missing[audience] or missing[audience][0]["n"] != seen + 1):
                return {"heads": heads, "missing": {}, "snapshot": self.snapshot()}
        return {"heads": heads, "missing": missing, "snapshot": None}

    async def _catch_up(self, audience: str) -> None:
        """Send what the bus lost, from the database, in order."""
        try:
            while self._open and audience in self._sent:  # A resume forgets what was sent, and begins anew itself.
                rows = await in_database(queries.since, audience, self._sent[audience], limit=REPLAY_LIMIT)
                for row in rows:
                    if row["n"] == self._sent.get(audience, row["n"]) + 1:
                        self._send_event(audience, row["n"], live.encode(row))
                if len(rows) < REPLAY_LIMIT:
                    return
        finally:
            self._catching_up.discard(audience)

    async def _command(self, name: str, frame: Mapping[str, Any]) -> None:
        ref = frame.get("ref", "")
        try:
            data = await in_database(self._in_language, name, frame)
        except DomainError as error:
            logger.info("command refused", code=error.code, field=error.field, by=self.user_sid)
            with translation.override(self.language):
                text = translation.gettext(error.message)
            message = text % error.params if error.params else text
            if name not in self.ephemeral:
                await self._send_frame(
                    {"t": "error", "ref": ref, "code": error.code, "message": message, "field": error.field}
                )
        else:
            if name not in self.ephemeral:
                await self._send_frame({"t": "ok", "ref": ref, "data": data})

    def _in_language(self, name: str, frame: Mapping[str, Any]) -> Mapping[str, Any] | None:
        with translation.override(self.language):
            return self.command(name, frame)

    async def _end_unless_admitted(self) -> None:
        with contextlib.suppress(Exception):  # The database may be away; the next beat asks again.
            if not await in_database(self.still_admitted):
                await self.end(SIGN_IN, "sign in again")

    async def _beat(self) -> None:
        """Tell the heads, ask whether this person may still listen, and drop who has gone silent."""
        loop = asyncio.get_running_loop()
        while self._open:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            await self._end_unless_admitted()
            if loop.time() - self._heard_at > SILENCE_SECONDS:
                await self.end(TOO_SLOW, "no sign of life")
                return
            await self._send_frame({"t": "heartbeat", "now": clock.iso(clock.now()), "heads": self._sent})


def _spoken(language: object) -> str:
    """The code of a language of ours, or nothing."""
    return next((code for code, _ in settings.LANGUAGES if code == language), "")


def parse_frame(text: str) -> dict[str, Any]:
    """The frame as a dict with a text ``do``, or ``BadFrame``.

    What no database takes (NUL and halves of characters, as a text cut in the middle of an emoji has them) is left out:
    refused, the client would keep the command and send it again for ever.

    >>> parse_frame('{"do": "message.post", "body": "so\\\\ud83d\\\\u0000 far"}')
    {'do': 'message.post', 'body': 'so far'}
    """
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadFrame("frames are JSON objects") from error
    if not isinstance(frame, dict) or not isinstance(frame.get("do"), str):
        raise BadFrame("frames are JSON objects with a text 'do'")
    frame = {name: without_unstorable(value) if isinstance(value, str) else value for name, value in frame.items()}
    ref = frame.get("ref", "")
    if not isinstance(ref, str) or len(ref) > 64:
        raise BadFrame("ref is a text of at most 64 characters")
    return frame
