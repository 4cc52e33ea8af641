"""Many webhooks, few commits: requests that arrive together are stored together.

Each request puts its message in line and waits for the writer's turn. Whoever gets the turn writes all that stands in
line in one transaction; the others wake up to find theirs done. A lone message is written at once, by its own thread.
Nobody is told 200 before the commit that holds the message.
"""

import threading
from collections import deque
from collections.abc import Sequence

import structlog

from carriers.base import InboundMessage
from conversations import actions
from conversations.models import Message
from kernel.actor import CARRIER

logger = structlog.get_logger(__name__)

LIMIT = 100


class Ticket:
    """One message in line, and what became of it."""

    __slots__ = ("error", "inbound", "is_done", "message")

    def __init__(self, inbound: InboundMessage) -> None:
        self.inbound = inbound
        self.message: Message | None = None
        self.error: Exception | None = None
        self.is_done = False


class Ingress:
    """The line and the writer's turn."""

    def __init__(self) -> None:
        self._line: deque[Ticket] = deque()
        self._turn = threading.Lock()

    def receive(self, inbound: InboundMessage) -> Message:
        """The stored message; raises what ``actions.receive`` raises."""
        ticket = Ticket(inbound)
        self._line.append(ticket)
        with self._turn:
            while not ticket.is_done:
                self._write(self._take())
        if ticket.error is not None:
            raise ticket.error
        assert ticket.message is not None  # noqa: S101 - done without an error
        return ticket.message

    def _take(self) -> list[Ticket]:
        """The head of the line; nobody else takes while this thread has the turn."""
        return [self._line.popleft() for _ in range(min(LIMIT, len(self._line)))]

    def _write(self, tickets: Sequence[Ticket]) -> None:
        if len(tickets) > 1:
            self._write_together(tickets)
        for ticket in tickets:
            if ticket.message is None:
                self._write_alone(ticket)
            ticket.is_done = True

    def _write_together(self, tickets: Sequence[Ticket]) -> None:
        try:
            messages = actions.receive_together([ticket.inbound for ticket in tickets], actor=CARRIER)
        except Exception as error:  # Another process knows one of them by now, or worse: alone, each finds out.
            logger.info("messages are stored one by one", count=len(tickets), reason=type(error).__name__)
            return
        for ticket, message in zip(tickets, messages, strict=True):
            ticket.message = message

    def _write_alone(self, ticket: Ticket) -> None:
        try:
            ticket.message = actions.receive(ticket.inbound, actor=CARRIER)
        except Exception as error:  # Raised again by the thread whose message it is.
            ticket.error = error


ingress = Ingress()
