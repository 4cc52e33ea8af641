"""The visitor's socket."""

import json
import time
from collections.abc import Mapping
from typing import Any, ClassVar

from eventlog import live
from eventlog.stream import TOO_MANY, StreamConsumer
from kernel.errors import NotAuthenticated
from webchat import actions, commands, queries
from webchat.models import Visitor
from webchat.payloads import trimmed_event

FRAMES_A_MINUTE = 240
_TYPING_EVERY_SECONDS = 1.0


class VisitorConsumer(StreamConsumer):
    """A visitor's tab. The token comes in the first frame, never in the address, which ends up in logs."""

    ephemeral: ClassVar[frozenset[str]] = frozenset({"typing"})

    def __init__(self) -> None:
        super().__init__()
        self._visitor_pk: int | None = None
        self._minute = 0
        self._frames = 0
        self._typed_at = 0.0

    async def websocket_receive(self, message: dict[str, Any]) -> None:
        minute = int(time.monotonic() // 60)
        self._frames = self._frames + 1 if minute == self._minute else 1
        self._minute = minute
        if self._frames > FRAMES_A_MINUTE:
            await self.end(TOO_MANY, "too many frames")
        else:
            await super().websocket_receive(message)

    def admit(self) -> list[str] | None:
        """Anybody may knock; `greet` asks for the token."""
        return []

    def greet(self, hello: Mapping[str, Any]) -> list[str] | None:
        visitor = actions.arrive(hello["token"]) if "token" in hello else self._visitor()
        if visitor is None:
            return None
        self._visitor_pk = visitor.pk
        self.user_sid = visitor.sid
        return queries.audiences(visitor)

    def still_admitted(self) -> bool:
        return self._visitor() is not None

    def snapshot(self) -> Mapping[str, Any]:
        return queries.snapshot(self._known_visitor())

    def command(self, name: str, frame: Mapping[str, Any]) -> Mapping[str, Any] | None:
        if name == "typing" and not self._may_tell_typing():
            return None
        return commands.carry_out(name, frame, visitor=self._known_visitor())

    def outgoing(self, text: str) -> str | None:
        frame = json.loads(text)
        if frame["type"] == "visitor.moved":
            self.start_over()
        return live.encode(trimmed_event(frame))

    def _may_tell_typing(self) -> bool:
        now = time.monotonic()
        due = now - self._typed_at >= _TYPING_EVERY_SECONDS
        self._typed_at = now if due else self._typed_at
        return due

    def _visitor(self) -> Visitor | None:
        return queries.visitor(self._visitor_pk) if self._visitor_pk is not None else None

    def _known_visitor(self) -> Visitor:
        visitor = self._visitor()
        if visitor is None:
            raise NotAuthenticated("This chat has ended. Begin a new one.")
        return visitor
