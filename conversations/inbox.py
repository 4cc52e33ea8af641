"""Many webhooks, few commits: those that arrive together are stored together, and brought in together.

A thread stores: nobody is told 200 before the commit that holds the webhook. Others bring in what was stored, messages
and receipts each with a thread of its own, so that the next webhook waits for neither. What a process that dies has not
brought in, the pump's sweep does.
"""

import asyncio
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

import structlog
from django.db import InterfaceError, OperationalError, connection

from conversations.actions import inbox as actions
from conversations.models import Arrival
from eventlog.dbclock import SteadyClock
from kernel.errors import DomainError, NotFound

logger = structlog.get_logger(__name__)

Item = TypeVar("Item")
_IDLE_SECONDS = 1.0
_TRY_AGAIN_SECONDS = 2.0
# A tick may be a moment late, and with others it costs a fraction; words may not.
_GATHER_SECONDS: dict[str, float] = {Arrival.Kind.RECEIPT: 0.05}


class Unavailable(DomainError):
    """The webhook could not be stored; whoever sent it does so again."""

    status = 503
    default_code = "unavailable"


class Batches(Generic[Item]):
    """A line of work for one thread, which takes all that stands in it at once, up to ``actions.BATCH``.

    ``gather``: for so many seconds it waits for others to join the first. The thread gives its database connection back
    and ends after a second without work.
    """

    def __init__(self, name: str, work: Callable[[list[Item]], None], *, gather: float = 0.0) -> None:
        self._name = name
        self._work = work
        self._gather = gather
        self._line: deque[Item] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._over = False

    def put(self, *items: Item) -> None:
        with self._changed:
            self._line.extend(items)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._changed.notify()

    def finish(self) -> None:
        """Returns when all is done that stood in line, and the thread has ended."""
        with self._changed:
            thread, self._over = self._thread, True
            self._changed.notify()
        if thread is not None:
            thread.join()
        self._over = False

    def _run(self) -> None:
        try:
            while batch := self._take():
                self._do(batch)
        finally:
            connection.close()

    def _take(self) -> list[Item]:
        with self._changed:
            if not self._line and not self._over:
                self._changed.wait(_IDLE_SECONDS)
            if self._line and self._gather:
                self._changed.wait_for(lambda: self._over or len(self._line) >= actions.BATCH, self._gather)
            if not self._line:
                self._thread = None
            return [self._line.popleft() for _ in range(min(actions.BATCH, len(self._line)))]

    def _do(self, batch: list[Item]) -> None:
        try:
            self._work(batch)
        except Exception:  # The next batch may do better, on another connection.
            logger.exception("batch failed", work=self._name, count=len(batch))
            connection.close()


class Ticket:
    """A webhook in line, and whom to tell."""

    __slots__ = ("arrival", "done", "loop")

    def __init__(self, arrival: Arrival) -> None:
        self.arrival = arrival
        self.loop = asyncio.get_running_loop()
        self.done: asyncio.Future[None] = self.loop.create_future()

    def tell(self, error: DomainError | None) -> None:
        if self.done.done():  # Whoever asked went away.
            return
        if error is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(error)


class Inbox:
    """The threads of one process."""

    def __init__(self) -> None:
        self._clock = SteadyClock()
        self._keeping = Batches[Ticket]("inbox", self._keep)
        self._bringing = {
            kind: Batches[str](f"inbox-{kind}s", self._bring_in, gather=_GATHER_SECONDS.get(kind, 0.0))
            for kind in Arrival.Kind.values
        }

    async def keep(self, arrival: Arrival) -> None:
        """Returns once the webhook is committed.

        Raises ``NotFound`` for a receipt of a message that we never sent, ``Unavailable`` when the database is away.
        """
        ticket = Ticket(arrival)
        self._keeping.put(ticket)
        await ticket.done

    def finish(self) -> None:
        """Returns when all that was given is stored and brought in, or was tried, and no thread is left."""
        self._keeping.finish()
        for bringing in self._bringing.values():
            bringing.finish()

    def _keep(self, tickets: list[Ticket]) -> None:
        began = time.monotonic()
        try:
            self._keep_together(tickets)
        except Exception as error:  # Of whatever kind: alone each finds out whose it is.
            logger.warning("webhooks are not stored together", count=len(tickets), reason=type(error).__name__)
            connection.close()
            if time.monotonic() - began > _TRY_AGAIN_SECONDS:
                _tell(tickets, dict.fromkeys(tickets, Unavailable("Try again in a second.")))
            else:
                self._keep_apart(tickets)

    def _keep_apart(self, tickets: Sequence[Ticket]) -> None:
        away = False
        for ticket in tickets:
            try:
                if away:
                    raise OperationalError
                self._keep_together([ticket])
            except Exception as error:
                away = isinstance(error, OperationalError | InterfaceError)
                logger.error("webhook not stored", key=ticket.arrival.key, reason=type(error).__name__)
                connection.close()
                _tell([ticket], {ticket: Unavailable("Try again in a second.")})

    def _keep_together(self, tickets: Sequence[Ticket]) -> None:
        stray = actions.keep([ticket.arrival for ticket in tickets], now=self._clock.moment())
        unknown = [ticket for ticket in tickets if ticket.arrival.key in stray]
        _tell(tickets, dict.fromkeys(unknown, NotFound("There is no such message.")))
        for kind, bringing in self._bringing.items():
            lines = {t.arrival.line for t in tickets if t.arrival.kind == kind and t.arrival.key not in stray}
            if lines:
                bringing.put(*lines)

    def _bring_in(self, lines: list[str]) -> None:
        while actions.bring_in(set(lines)):
            pass


def _tell(tickets: Sequence[Ticket], errors: dict[Ticket, DomainError]) -> None:
    """Wake those who wait, with one call for each loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Ticket]] = defaultdict(list)
    for ticket in tickets:
        by_loop[ticket.loop].append(ticket)
    for loop, waiting in by_loop.items():
        with suppress(RuntimeError):  # The loop is closed: nobody waits any more.
            loop.call_soon_threadsafe(_tell_here, waiting, errors)


def _tell_here(tickets: Sequence[Ticket], errors: dict[Ticket, DomainError]) -> None:
    for ticket in tickets:
        ticket.tell(errors.get(ticket))


inbox = Inbox()
