"""kill -9 of the router: how long until the next offer, and whether anything is doubled, lost or out of order."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from bench.report import Check, Section, measured, number
from bench.routing.feed import last_reservation
from bench.routing.shape import Shape
from bench.routing.throughput import LARGE, MIDDLE
from bench.run import Run, Stage, say
from bench.scratch import value
from bench.site import Hand, wait_for

OFFERS_BEFORE_A_KILL = 200
FREED_AT_ONCE = 20
LAP_SECONDS = 0.02
PATIENCE_SECONDS = 180.0
EXACT_SECONDS = 480.0
MOST_AHEAD = 5_000


class Crew:
    """Pumps of one stage, of which the lease makes one the router."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.nursery: Hand = stage.site.hand()
        self.pids: set[int] = set()

    def spawn(self) -> None:
        self.pids.add(self.nursery.call("routing.nursery:spawn"))

    def kill(self, pid: int) -> None:
        self.nursery.call("routing.nursery:kill", pid=pid)
        self.pids.discard(pid)

    def leader(self) -> int | None:
        """Who routes; None while nobody alive does."""
        row = self.stage.connection.execute(
            "SELECT holder FROM eventlog_lease WHERE name LIKE 'router:%' AND expires_at > clock_timestamp()"
        ).fetchone()
        pid = int(row[0].split(":")[1]) if row else 0
        return pid if pid in self.pids else None

    def stop(self) -> None:
        for pid in list(self.pids):
            self.kill(pid)
        self.nursery.stop()


# --- how long ---


def takeover(run: Run) -> Section:
    """A leader and a standby; the leader is killed while it offers."""
    limits = {MIDDLE: 3.0} if run.quick else {MIDDLE: 3.0, LARGE: 10.0}
    section = Section(
        "Take-over after kill -9 of the router",
        ["waiting/agents/queues", "kill to next committed offer", "memory of the new router's process"],
    )
    for shape, limit in limits.items():
        gaps, memory = _gaps(run.stage(shape), kills=2 if shape == LARGE or run.quick else 3)
        section.rows.append([shape.label, f"{measured(gaps)} s", f"{memory:.0f} MB"])
        section.checks.append(Check(f"take-over, {shape.label}", max(gaps), "≤", limit, "s"))
        section.data[shape.label] = {"gaps": gaps, "memory_mb": memory}
    section.notes.append("A standby pump runs all the time; the kill falls while offers are committed every few ms.")
    return section


def _gaps(stage: Stage, *, kills: int) -> tuple[list[float], float]:
    crew = Crew(stage)
    gaps = []
    try:
        crew.spawn()
        crew.spawn()
        _get_going(crew)
        for _ in range(kills):
            leader = crew.leader()
            if leader is None:
                raise RuntimeError("nobody routes")
            gaps.append(_gap(crew, leader))
            say(f"{stage.shape.label}: taken over in {gaps[-1]:.2f} s")
            crew.spawn()
            _get_going(crew)
        successor = crew.leader()
        memory = crew.nursery.call("routing.nursery:megabytes", pid=successor) if successor else 0.0
    finally:
        crew.stop()
    return gaps, memory


def _gap(crew: Crew, leader: int) -> float:
    stage = crew.stage
    began = time.monotonic()
    crew.kill(leader)
    # What the dead router had sent to the database may still be committed: let the server notice that it is gone.
    time.sleep(0.1)
    offered = last_reservation(stage.connection)
    _keep_going_until(stage, lambda: last_reservation(stage.connection) > offered)
    return time.monotonic() - began


def _get_going(crew: Crew) -> None:
    """Until somebody routes and has made some offers."""
    stage = crew.stage
    enough = last_reservation(stage.connection) + OFFERS_BEFORE_A_KILL
    _keep_going_until(stage, lambda: crew.leader() is not None and last_reservation(stage.connection) >= enough)


def _keep_going_until(stage: Stage, condition: Callable[[], bool]) -> None:
    """Agents finish all the time, so that there is always somebody to offer to."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"no offers\n{stage.site.log_tail()}")
        stage.feed.finish(most=FREED_AT_ONCE)
        time.sleep(LAP_SECONDS)


# --- how exactly ---

WAITING = "SELECT count(*) FROM routing_task WHERE assignment_status = 'pending'"
_DOUBLES = "SELECT count(*) FROM (SELECT task_id FROM routing_reservation GROUP BY 1 HAVING count(*) > 1) d"
_LOST = (
    "SELECT count(*) FROM routing_task t WHERE NOT EXISTS (SELECT FROM routing_reservation r WHERE r.task_id = t.id)"
)
_OVERLOADED = (
    "SELECT count(*) FROM agents_workerchannel c WHERE c.load <> (SELECT count(*) FROM routing_reservation r"
    " JOIN routing_task t ON t.id = r.task_id WHERE r.worker_id = c.worker_id AND t.task_channel_id = c.task_channel_id"
    " AND r.reservation_status IN ('pending', 'accepted', 'wrapping')) OR c.load > c.configured_capacity"
)
# In each queue: tasks that were offered although one that stands before them was offered in a later decision. What one
# decision offers has one moment; the decisions themselves follow one another as their rows' numbers do.
_INVERSIONS = """
WITH lined AS (
    SELECT t.task_queue_id AS queue, r.created_at AS at, r.id,
           row_number() OVER (PARTITION BY t.task_queue_id
                              ORDER BY t.priority DESC, t.virtual_start_time, t.id) AS place
    FROM routing_task t JOIN routing_reservation r ON r.task_id = t.id),
decisions AS (SELECT queue, at, min(id) AS turn, max(place) AS last FROM lined GROUP BY queue, at),
before AS (SELECT queue, at, max(last) OVER (PARTITION BY queue ORDER BY turn
                  ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached FROM decisions)
SELECT count(*) FROM lined JOIN before USING (queue, at) WHERE place < reached
"""
WRONG = {
    "doubles": _DOUBLES,
    "lost": _LOST,
    "order inversions": _INVERSIONS,
    "loads that do not fit": _OVERLOADED,
}
"""What must never be, counted when every task was offered."""


@dataclass(frozen=True, slots=True)
class Fire:
    """What was found when every task had been offered: ``wrong`` counts by name, all of which should be 0."""

    tasks: int
    kills: int
    leaders: int
    seconds: float
    wrong: dict[str, int]


def exact(run: Run) -> Section:
    """Four pumps, one of them killed each second, the router every other time, until every task was offered."""
    fire = under_fire(run, Shape(5_000 if run.quick else 50_000, 100, 10, 20))
    section = Section(
        "Exactness under fire",
        ["tasks", "kills", "of the router", "seconds", *fire.wrong],
        [
            [
                number(fire.tasks),
                str(fire.kills),
                str(fire.leaders),
                number(fire.seconds),
                *map(str, fire.wrong.values()),
            ]
        ],
        data={"tasks": fire.tasks, "kills": fire.kills, "leaders": fire.leaders, "seconds": fire.seconds, **fire.wrong},
    )
    section.checks = [Check(f"{name} under fire", value, "≤", 0, "") for name, value in fire.wrong.items()]
    section.notes.append("Four pumps race; one is killed with -9 each second and replaced at once.")
    return section


def under_fire(run: Run, shape: Shape, *, arriving: int = 0, at_once: int = 20) -> Fire:
    """``arriving`` further tasks come in lots of ``at_once`` while pumps are killed, some thousand ahead of the agents,
    who finish all the time."""
    stage = run.fresh(shape)
    crew = Crew(stage)
    try:
        began = time.monotonic()
        kills, leaders = _until_all_are_offered(crew, arriving, at_once)
        took = time.monotonic() - began
        crew.stop()
        wrong = {name: count(stage, query) for name, query in WRONG.items()}
    finally:
        crew.stop()
        stage.close()
    return Fire(shape.tasks + arriving, kills, leaders, took, wrong)


def _until_all_are_offered(crew: Crew, arriving: int, at_once: int) -> tuple[int, int]:
    stage, dice = crew.stage, random.Random(1)
    kills = leaders = ahead = 0
    for _ in range(4):
        crew.spawn()
    wait_for(lambda: last_reservation(stage.connection) > 0, what="the first offer")
    kill_at = time.monotonic() + 1.0
    deadline = time.monotonic() + EXACT_SECONDS
    while arriving or count(stage, WAITING):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not done in {EXACT_SECONDS:g} s\n{stage.site.log_tail()}")
        for _ in range(5):
            lot = min(arriving, at_once)
            if lot and ahead < MOST_AHEAD:
                stage.feed.arrive(lot)
                arriving -= lot
                ahead += lot
            ahead -= stage.feed.finish()
            time.sleep(LAP_SECONDS)
        if time.monotonic() >= kill_at:
            kill_at += 1.0
            leader = crew.leader()
            victim = leader if leader is not None and kills % 2 == 0 else dice.choice(sorted(crew.pids))
            kills, leaders = kills + 1, leaders + (victim == leader)
            crew.kill(victim)
            crew.spawn()
    return kills, leaders


def count(stage: Stage, query: str) -> int:
    """The answer of one `WRONG` query."""
    return int(value(stage.connection, query))
