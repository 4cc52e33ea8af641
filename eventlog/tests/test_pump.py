"""The loops that step the services: who wakes whom, and who holds up nobody."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection

from eventlog import doorbell
from eventlog.pump import Pump
from eventlog.services import Service

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE = 5.0


class Worker(Service):
    """Counts its steps; rests for as long as it is told to."""

    name = "worker"
    made: "list[Worker]" = []

    def __init__(self) -> None:
        self.steps = 0
        self.stepped = threading.Semaphore(0)
        self.closed = threading.Event()
        self.thread = ""
        self.connection: object = None
        Worker.made.append(self)

    def step(self) -> bool:
        self.steps += 1
        self.thread = threading.current_thread().name
        self.connection = connection.connection or connection.ensure_connection() or connection.connection
        self.stepped.release()
        return False

    def rest(self) -> float:
        return 1e9

    def close(self) -> None:
        self.closed.set()


class Other(Worker):
    name = "other"


class Broken(Worker):
    name = "broken"

    def step(self) -> bool:
        super().step()
        raise ValueError("cannot")


class Slow(Worker):
    """Does not come to an end before it is let."""

    name = "slow"
    gate = threading.Event()
    entered = threading.Event()

    def step(self) -> bool:
        self.entered.set()
        self.gate.wait(PATIENCE)
        return super().step()


@pytest.fixture(autouse=True)
def _nobody_yet() -> None:
    Worker.made = []


@contextmanager
def running(settings: Any, *threads: list[type[Worker]], only: tuple[str, ...] = ()) -> Iterator[None]:
    settings.PUMP_THREADS = [[f"{__name__}.{each.__name__}" for each in group] for group in threads]
    stop = threading.Event()
    pump = Pump(stop, only=only)
    runner = threading.Thread(target=pump.run)
    runner.start()
    try:
        yield
    finally:
        stop.set()
        pump.wake()
        runner.join(PATIENCE)
        assert not runner.is_alive()


def test_services_of_one_list_share_a_thread_and_a_connection(settings: Any) -> None:
    with running(settings, [Worker, Other]):
        first, second = Worker.made
        assert first.stepped.acquire(timeout=PATIENCE)
        assert second.stepped.acquire(timeout=PATIENCE)

    assert first.thread == second.thread == "worker other"
    assert first.connection is second.connection
    assert first.closed.is_set()
    assert second.closed.is_set()


def test_services_of_several_lists_do_not_wait_for_one_another(settings: Any) -> None:
    with running(settings, [Slow], [Other]):
        slow, other = Worker.made
        assert other.stepped.acquire(timeout=PATIENCE)
        assert slow.steps == 0
        Slow.gate.set()
        assert slow.stepped.acquire(timeout=PATIENCE)

    assert slow.connection is not other.connection


def test_those_behind_begin_when_those_before_have_looked_once(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eventlog.pump._HEAD_START_SECONDS", PATIENCE)
    monkeypatch.setattr(Slow, "gate", threading.Event())
    monkeypatch.setattr(Slow, "entered", threading.Event())
    with running(settings, [Slow], [Other]):
        slow, other = Worker.made
        assert slow.entered.wait(PATIENCE)
        assert other.steps == 0
        slow.gate.set()
        assert other.stepped.acquire(timeout=PATIENCE)


def test_doorbell_wakes_everybody_who_rests(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eventlog.pump.POLL_SECONDS", 1000.0)
    with running(settings, [Worker], [Other]):
        for service in Worker.made:
            assert service.stepped.acquire(timeout=PATIENCE)
        doorbell.ring()
        for service in Worker.made:
            assert service.stepped.acquire(timeout=PATIENCE)


def test_who_does_not_heed_rings_is_left_in_peace(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eventlog.pump.POLL_SECONDS", 1000.0)
    monkeypatch.setattr(Other, "heeds_rings", lambda _: False)
    with running(settings, [Worker, Other], [Other]):
        heeds, *deaf = Worker.made
        for service in Worker.made:
            assert service.stepped.acquire(timeout=PATIENCE)
        doorbell.ring()
        assert heeds.stepped.acquire(timeout=PATIENCE)
        doorbell.ring()
        assert heeds.stepped.acquire(timeout=PATIENCE)

    assert [service.steps for service in deaf] == [1, 1]


def test_signal_handler_ends_it_within_a_poll(settings: Any) -> None:
    settings.PUMP_THREADS = [[f"{__name__}.Worker"], [f"{__name__}.Other"]]
    pump = Pump(threading.Event())
    runner = threading.Thread(target=pump.run)
    runner.start()

    pump.end()
    runner.join(PATIENCE)

    assert not runner.is_alive()
    assert all(service.closed.is_set() for service in Worker.made)


def test_one_that_fails_holds_up_nobody_and_is_tried_again(settings: Any) -> None:
    with running(settings, [Broken, Other]):
        broken, other = Worker.made
        for _ in range(2):
            assert broken.stepped.acquire(timeout=PATIENCE)
        assert other.stepped.acquire(timeout=PATIENCE)

    assert broken.closed.is_set()


def test_process_may_run_some_of_them_only(settings: Any) -> None:
    with running(settings, [Worker, Other], [Broken], only=("other",)):
        [other] = Worker.made
        assert other.stepped.acquire(timeout=PATIENCE)

    assert other.name == "other"
