"""A past period for tests: lived through with the verbs while the clock is held, or simulated and written down."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from agents import actions as agents
from agents.models import Worker
from eventlog import dbclock
from kernel import clock
from kernel.actor import SYSTEM
from routing import actions, queries
from routing.models import Reservation, Task
from tests.people import House

MORNING = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


class Past:
    """``at`` sets the clock, to seconds after the morning began; every verb then happens at that moment."""

    def __init__(self) -> None:
        self.moment = MORNING

    def at(self, seconds: float) -> "Past":
        self.moment = MORNING + timedelta(seconds=seconds)
        return self

    def present(self, home: House, *names: str) -> None:
        for name in names:
            self.goes(home, name, "Available")

    def goes(self, home: House, name: str, activity: str) -> None:
        agents.set_activity(home.workers[name], activity=home.activity(activity), actor=home.actor(name))

    def comes(self, home: House, **more: Any) -> Task:
        given: dict[str, Any] = {"attributes": {}, "actor": SYSTEM}
        return actions.create_task(home.workspace, **(given | more))

    def asks(self, task: Task, worker: Worker) -> Reservation:
        fresh = Worker.objects.select_related("workspace").get(pk=worker.pk)
        return queries.reservation(actions.offer(queries.task(task.sid), workers=[fresh])[0].sid)

    def accepts(self, reservation: Reservation) -> None:
        actions.accept(queries.reservation(reservation.sid), actor=SYSTEM)

    def done(self, task: Task) -> None:
        actions.complete(queries.task(task.sid), actor=SYSTEM)

    def served(self, task: Task, worker: Worker, *, asked: float, accepted: float, done: float) -> None:
        """Asked, accepted and done at these seconds."""
        self.at(asked)
        reservation = self.asks(task, worker)
        self.at(accepted)
        self.accepts(reservation)
        self.at(done)
        self.done(task)


@contextlib.contextmanager
def held_clock(past: Past) -> Iterator[None]:
    """The product's clock and the database's say what ``past`` says.

    The moment itself is replaced, not the function that reads it: columns hold the function as their default.
    """

    class Held(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return past.moment.astimezone(tz)

    before, queries_of = clock.datetime, dict(dbclock._QUERIES)
    clock.datetime = Held  # type: ignore[misc,attr-defined]
    dbclock._QUERIES.clear()
    try:
        yield
    finally:
        clock.datetime = before  # type: ignore[misc,attr-defined]
        dbclock._QUERIES.update(queries_of)
