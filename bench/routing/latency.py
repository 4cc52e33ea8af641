"""From the commit of an event to the commit of the offer that follows from it, with a real pump process."""

import time
from contextlib import suppress

from bench import figures, floors
from bench.report import Check, Section
from bench.routing.notices import OFFERED, Notices
from bench.routing.shape import Shape
from bench.run import Run, Stage
from bench.scratch import value
from bench.site import wait_for

IDLE = Shape(10, 200, 10, 50)
TASKS_PER_SECOND = 200
FREE_EVERY_SECONDS = 0.2
PATIENCE_SECONDS = 5.0

P50_FLOORS, P95_MS, P99_MS = 5.0, 30.0, 60.0


def latency(run: Run) -> Section:
    """Arrivals at a steady rate in commits of their own; beside them agents finish, learn, and come back."""
    seconds = 8.0 if run.quick else 30.0
    stage = run.fresh(IDLE)
    try:
        stage.connection.execute(OFFERED)
        people = stage.site.hand()
        people.call("routing.people:prepare", cycles=int(seconds * 10))
        stage.site.pump()
        wait_for(lambda: _waiting(stage) == 0 and _offered_to_people(stage), what="the pump's first offers")
        floor = [floors.insert_ms(database_url=stage.site.url, folder=stage.site.var)]
        with Notices(stage.site.url) as notices:
            people.ask("routing.people:work", seconds=seconds)
            arrived = _arrivals(stage, seconds)
            took = people.answer()
            with suppress(TimeoutError):  # Who got none is counted below.
                wait_for(lambda: arrived.keys() <= _offered(notices).keys(), seconds=PATIENCE_SECONDS)
        floor.append(floors.insert_ms(database_url=stage.site.url, folder=stage.site.var))
    finally:
        stage.close()
    heard = _offered(notices)
    took["arrival"] = [(heard[task] - at) * 1000 for task, at in arrived.items() if task in heard]
    lost = {"arrival": len(arrived) - len(took["arrival"])}
    return _section(took, lost, floor=sum(floor) / len(floor))


def _arrivals(stage: Stage, seconds: float) -> dict[int, float]:
    """Task → when its commit was answered. Open loop: who is late does not slow down who comes after."""
    arrived: dict[int, float] = {}
    began = time.time()
    free_at = began
    for number in range(int(seconds * TASKS_PER_SECOND)):
        time.sleep(max(0.0, began + number / TASKS_PER_SECOND - time.time()))
        task, at = stage.feed.arrive_one()
        arrived[task] = at
        if time.time() >= free_at:
            stage.feed.finish()
            free_at = time.time() + FREE_EVERY_SECONDS
    return arrived


def _offered(notices: Notices) -> dict[int, float]:
    """Task → when its first offer was heard of."""
    return {int(said.split(":")[1]): moments[0] for said, moments in reversed(list(notices.heard.items()))}


def _waiting(stage: Stage) -> int:
    """Tasks of the seeded queues that wait."""
    query = "SELECT count(*) FROM routing_task WHERE assignment_status = 'pending' AND task_queue_id = ANY(%s)"
    return int(value(stage.connection, query, stage.seed.samples["queues"]))


def _offered_to_people(stage: Stage) -> bool:
    query = (
        "SELECT EXISTS (SELECT FROM routing_reservation r JOIN agents_worker w ON w.id = r.worker_id"
        " WHERE w.friendly_name = 'freed')"
    )
    return bool(value(stage.connection, query))


def _section(took: dict[str, list[float]], lost: dict[str, int], *, floor: float) -> Section:
    section = Section(f"Event to committed offer, at {TASKS_PER_SECOND} tasks/s", figures.COLUMNS)
    names = {
        "arrival": "a task arrives",
        "freed": "an agent completes",
        "skill": "an agent gets a skill",
        "activity": "an agent becomes available",
    }
    for kind, name in names.items():
        values = took[kind]
        missing = lost.get(kind, 0)
        note = f"{len(values)} samples" + (f", **{missing} without an offer**" if missing else "")
        figure = figures.of(name, values, floor=floor, note=note)
        section.rows.append(figure.cells)
        section.checks += [
            Check(f"offer after {name}: p50", figure.ratio, "≤", P50_FLOORS),
            Check(f"offer after {name}: p95", figure.p95, "≤", P95_MS, "ms"),
            Check(f"offer after {name}: p99", figure.p99, "≤", P99_MS, "ms"),
        ]
    section.data = {"took": took, "lost": lost, "floor_ms": floor}
    section.notes = [
        "From the answer to the COMMIT of the change to the moment at which another connection hears of the committed "
        "offer (a trigger of the scratch database notifies). Floor: one row inserted and committed, in ms.",
        "Arrivals are a commit each, row and events, with the doorbell rung as the product rings it; the agents' "
        "changes are the product's verbs, about ten a second.",
    ]
    return section
