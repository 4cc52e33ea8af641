"""Inside a `bench.hand`: three agents whose changes bring them work at once, made with the product's verbs.

``freed`` completes and gets the next task; ``skill`` learns what a waiting task asks for; ``activity`` comes back.
"""

import time
from collections.abc import Callable
from typing import Any

import psycopg

from bench.routing.notices import CHANNEL

PATIENCE_SECONDS = 5.0
PAUSE_SECONDS = 0.1
KINDS = ("freed", "skill", "activity")


class Person:
    """An agent with a queue of his own in which more tasks wait than he will ever take."""

    def __init__(self, kind: str, *, cycles: int) -> None:
        from agents import actions
        from agents.models import Activity, Workspace
        from kernel.actor import SYSTEM

        workspace = Workspace.objects.get()
        self.kind = kind
        self.here = Activity.objects.get(workspace=workspace, friendly_name="Available")
        self.away = Activity.objects.get(workspace=workspace, friendly_name="Offline")
        self.attributes = {"person": kind, "skills": [] if kind == "skill" else ["rare"]}
        self.worker = actions.create_worker(
            workspace,
            friendly_name=kind,
            attributes=self.attributes,
            activity=self.away if kind == "activity" else self.here,
            actor=SYSTEM,
        )
        self._queue(workspace, cycles)

    def _queue(self, workspace: Any, cycles: int) -> None:
        from kernel.actor import SYSTEM
        from routing import actions
        from routing.models import TaskQueue

        queue = actions.save_queue(
            TaskQueue(workspace=workspace),
            friendly_name=f"For {self.kind}",
            target_workers=f"person == '{self.kind}' AND skills HAS 'rare'",
            actor=SYSTEM,
        )
        for _ in range(cycles):
            actions.create_task(workspace, attributes={}, task_queue=queue, actor=SYSTEM)

    # --- what brings him work, and what makes him ready for the next time ---

    def change(self) -> None:
        from agents import actions
        from kernel.actor import SYSTEM
        from routing.actions import complete
        from routing.models import Task

        if self.kind == "freed":
            complete(Task.objects.get(reservations__worker=self.worker, assignment_status="assigned"), actor=SYSTEM)
        elif self.kind == "skill":
            actions.update_worker(self.worker, attributes=self.attributes | {"skills": ["rare"]}, actor=SYSTEM)
        else:
            actions.set_activity(self.worker, activity=self.here, actor=SYSTEM)

    def reset(self) -> None:
        from agents import actions
        from kernel.actor import SYSTEM
        from routing.actions import accept, reject

        reservation = self.offer()
        if self.kind == "freed":
            accept(reservation, actor=SYSTEM)
            return
        if self.kind == "skill":
            actions.update_worker(self.worker, attributes=self.attributes, actor=SYSTEM)
        else:
            actions.set_activity(self.worker, activity=self.away, actor=SYSTEM)
        reject(reservation, actor=SYSTEM)

    def offer(self) -> Any:
        from routing import queries

        return queries.open_reservations(self.worker).get()


_people: list[Person] = []


def prepare(cycles: int) -> None:
    """Make them and their work; no pump runs yet."""
    _people.extend(Person(kind, cycles=cycles // len(KINDS) + 2) for kind in KINDS)


def work(seconds: float) -> dict[str, list[float]]:
    """In turn, until the time is over: milliseconds from the commit of each change to the offer's."""
    from django.conf import settings

    database = settings.DATABASES["default"]
    address = {"host": database["HOST"], "port": database["PORT"] or None, "user": database["USER"]}
    took: dict[str, list[float]] = {person.kind: [] for person in _people}
    next(person for person in _people if person.kind == "freed").reset()
    with psycopg.connect(
        dbname=database["NAME"], password=database["PASSWORD"] or None, autocommit=True, **address
    ) as ears:
        ears.execute(f"LISTEN {CHANNEL}")
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            for person in _people:
                began = time.monotonic()
                took[person.kind].append(_cycle(person, ears))
                time.sleep(max(0.0, PAUSE_SECONDS - (time.monotonic() - began)))
    return took


def _cycle(person: Person, ears: psycopg.Connection[Any]) -> float:
    for _ in ears.notifies(timeout=0):
        pass  # Offers to others, from before.
    committed = _commit_time(person.change)
    offered = _heard(ears, suffix=f":{person.worker.pk}")
    person.reset()
    return (offered - committed) * 1000


def _commit_time(change: Callable[[], None]) -> float:
    """When the change's COMMIT was answered, before anybody is rung."""
    from django.db import transaction

    moments: list[float] = []
    with transaction.atomic():
        transaction.on_commit(lambda: moments.append(time.time()))
        change()
    return moments[0]


def _heard(ears: psycopg.Connection[Any], *, suffix: str) -> float:
    for notice in ears.notifies(timeout=PATIENCE_SECONDS):
        if notice.payload.endswith(suffix):
            return time.time()
    raise TimeoutError(f"no offer to worker{suffix} within {PATIENCE_SECONDS:g} s")
