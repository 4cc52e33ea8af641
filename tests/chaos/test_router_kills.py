"""kill -9 of pumps each second, the router every other time, while tasks arrive: each is offered once, in its turn.

``CHAOS_TASKS=50000 ./run test tests/chaos/test_router_kills.py`` is the long run.
"""

import os
import signal
from collections.abc import Iterator

import pytest

from bench.routing.failover import WAITING, WRONG, Crew, count, under_fire
from bench.routing.shape import Shape
from bench.run import Run, Stage
from bench.scratch import require_loopback
from bench.site import wait_for

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not os.environ.get("DATABASE_URL"), reason="on SQLite there is one process and one router"),
]

TASKS = int(os.environ.get("CHAOS_TASKS", "600"))
LONG = TASKS > 5_000


@pytest.fixture
def run() -> Iterator[Run]:
    """Databases of its own, beside the tests'."""
    require_loopback(os.environ["DATABASE_URL"], allow_remote=False)
    run = Run(os.environ["DATABASE_URL"], quick=True)
    try:
        yield run
    finally:
        run.close()


def test_kills_of_the_router_double_nothing_lose_nothing_and_keep_the_order(run: Run) -> None:
    nothing_waits = Shape(10, 100, 10, 20)

    fire = under_fire(run, nothing_waits, arriving=TASKS, at_once=100 if LONG else 2)

    print(f"{fire.tasks} tasks, {fire.kills} kills, {fire.leaders} of the router, {fire.seconds:.0f} s")
    assert fire.kills >= 4
    assert fire.leaders >= 1
    assert fire.wrong == dict.fromkeys(fire.wrong, 0)


def test_stopped_router_that_wakes_up_late_assigns_nothing_twice(run: Run) -> None:
    stage = run.fresh(Shape(300, 20, 10, 5))
    crew = Crew(stage)
    try:
        crew.spawn()
        crew.spawn()
        stopped = wait_for(crew.leader, what="a router")
        for _ in range(3):
            wait_for(lambda: _freed(stage), what="offers")
            os.kill(stopped, signal.SIGSTOP)
            successor = wait_for(lambda last=stopped: _other(crew, last), what="another router")
            wait_for(lambda: _freed(stage), what="offers of the other router")
            os.kill(stopped, signal.SIGCONT)
            stopped = successor
        wait_for(lambda: stage.feed.finish() >= 0 and not count(stage, WAITING), what="the last offer")
        wrong = {name: count(stage, query) for name, query in WRONG.items()}
    finally:
        crew.stop()
        stage.close()

    assert wrong == dict.fromkeys(WRONG, 0)


def _other(crew: Crew, last: int) -> int | None:
    leader = crew.leader()
    return leader if leader != last else None


def _freed(stage: Stage) -> bool:
    """Whether agents had something to finish: they were offered it."""
    return stage.feed.finish(most=5) > 0
