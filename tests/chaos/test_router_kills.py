"""kill -9 of pumps each second, the router every other time, while tasks arrive: each is offered once, in its turn.

``CHAOS_TASKS=50000 ./run test tests/chaos/test_router_kills.py`` is the long run.
"""

import os
from collections.abc import Iterator

import pytest

from bench.routing.failover import under_fire
from bench.routing.shape import Shape
from bench.run import Run
from bench.scratch import require_loopback

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
