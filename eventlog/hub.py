"""One hub a process: holds the process's sockets by audience and hands each event to those who may see it."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import cache
from typing import Protocol

import structlog

from eventlog import live, queries
from eventlog.bus import bus
from eventlog.threads import in_database

logger = structlog.get_logger(__name__)

# How late an event can be on the screen when the bus lost it.
POLL_SECONDS = 1.0


class Subscriber(Protocol):
    """A socket, as the hub sees it."""

    user_sid: str

    def deliver(self, audience: str, n: int, text: str) -> None:
        """Event ``n`` of an audience, as text ready to send."""

    def notice_head(self, audience: str, n: int) -> None:
        """The audience has come to ``n``: ask for what is missing."""

    def blip(self, text: str) -> None:
        """Something ephemeral."""

    async def say(self, text: str) -> None:
        """Send this now."""

    def ask_again(self) -> None:
        """Look whether this person may still listen: something about the person has changed."""

    async def end(self, code: int, reason: str) -> None:
        """Close with a reason."""


class Hub:
    """Lives on the event loop; the bus calls in from its own threads."""

    def __init__(self) -> None:
        self._members: dict[str, set[Subscriber]] = defaultdict(set)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._poller: asyncio.Task[None] | None = None

    def join(self, subscriber: Subscriber, audiences: Iterable[str]) -> None:
        """From now on the subscriber hears of these audiences. Must run on the event loop."""
        self._start()
        for audience in audiences:
            self._members[audience].add(subscriber)

    def leave(self, subscriber: Subscriber) -> None:
        """The subscriber hears of nothing any more."""
        for audience in [name for name, members in self._members.items() if subscriber in members]:
            self._members[audience].discard(subscriber)
            if not self._members[audience]:
                del self._members[audience]

    def listening(self, audience: str) -> int:
        """How many subscribers of this process hear the audience."""
        return len(self._members.get(audience, ()))

    def everybody(self) -> set[Subscriber]:
        """All subscribers of this process."""
        return set().union(*self._members.values()) if self._members else set()

    async def drain(self) -> None:
        """The process goes down: tell every socket to come back elsewhere."""
        for subscriber in self.everybody():
            with contextlib.suppress(Exception):
                await subscriber.say('{"t":"drain"}')
                await subscriber.end(1012, "restart")

    def _start(self) -> None:
        loop = asyncio.get_running_loop()
        if self._loop is loop:
            return
        if self._loop is None:
            bus().subscribe(live.EVENTS, lambda payload: self._from_bus(self._event, payload))
            bus().subscribe(live.BLIPS, lambda payload: self._from_bus(self._blip, payload))
            bus().subscribe(live.REVOKED, lambda payload: self._from_bus(self._revoked, payload))
        self._loop = loop
        self._poller = loop.create_task(self._poll())

    def _from_bus(self, handler: Callable[[str], None], payload: str) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(handler, payload)

    def _event(self, payload: str) -> None:
        audience, n, text = live.parse(payload)
        for subscriber in tuple(self._members.get(audience, ())):
            subscriber.deliver(audience, n, text)

    def _blip(self, payload: str) -> None:
        audience, _, text = live.parse(payload)
        for subscriber in tuple(self._members.get(audience, ())):
            subscriber.blip(text)

    def _revoked(self, user_sid: str) -> None:
        for subscriber in self.everybody():
            if subscriber.user_sid == user_sid:
                subscriber.ask_again()

    async def _poll(self) -> None:
        """Read heads, so that nothing depends on the bus."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            audiences = list(self._members)
            if not audiences:
                continue
            try:
                heads = await in_database(queries.heads, audiences)
            except Exception as error:  # The database may be away for a while; sockets stay and wait.
                logger.warning("hub poll failed", error=type(error).__name__)
                continue
            for audience, n in heads.items():
                for subscriber in tuple(self._members.get(audience, ())):
                    subscriber.notice_head(audience, n)


@cache
def hub() -> Hub:
    """The process's hub."""
    return Hub()


async def drain() -> None:
    """Send every socket of this process elsewhere."""
    await hub().drain()
