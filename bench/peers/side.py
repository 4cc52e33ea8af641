"""All of them side by side with the router, round by round."""

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median

from bench import figures
from bench.peers import skip_locked
from bench.peers.callcenter import TICK_SECONDS, Model
from bench.peers.scratch import Missing, Scratch
from bench.report import Section, measured, number, ratio
from bench.routing.shape import short
from bench.routing.throughput import LARGE, MIDDLE, drain, open_bench
from bench.run import Run, say

CALLCENTER_RATE = 200.0

LESS = {
    "Celery, priorities on Redis": "No skills, no capacity an agent, no offer that is declined or expires, no journal; "
    "a crash of Redis loses jobs. Steps of priority, not an order.",
    "procrastinate": "No skills, no capacity an agent, no offers, no journal. Durable in the same PostgreSQL.",
    "RabbitMQ, priority queue": "No skills, no capacity beyond prefetch, no offers, no journal; cannot say what waits.",
    "graphile-worker": "No skills, no capacity an agent, no offers, no journal. Durable in the same PostgreSQL.",
    "graphile-worker, batched": "As above; 500 jobs are locked ahead, which what is urgent and comes later waits for, "
    "and which a crash repeats.",
    "SKIP LOCKED loop": "One queue without skills, capacity, offers or journal. Durable.",
}


@dataclass
class Peer:
    """How to empty a queue once; None for what cannot be run here, with the reason."""

    name: str
    once: Callable[[], float]
    rates: list[float] = field(default_factory=list)
    floors: list[float] = field(default_factory=list)
    missing: str = ""

    def run(self, floor: float) -> None:
        if self.missing:
            return
        try:
            self.rates.append(self.once())
            self.floors.append(floor)
            say(f"{self.name}: {number(self.rates[-1])}/s")
        except Missing as error:
            self.missing = str(error)


def peers(run: Run) -> Section:
    """Each empties a queue of its own; ours drains a hundred thousand waiting tasks by skill, language and level."""
    scratch = Scratch()
    ours = open_bench(run.stage(MIDDLE))
    entrants = [Peer("this router", lambda: drain(ours, 2_000 if run.quick else 5_000)), *_entrants(run, scratch)]
    try:
        for _ in range(1 if run.quick else 3):
            for peer in entrants:
                peer.run(run.floor())
    finally:
        ours.hand.stop()
        scratch.close()
    section = _section(entrants)
    _backlogs(run, section)
    _callcenter(run, section)
    return section


def _entrants(run: Run, scratch: Scratch) -> list[Peer]:
    assert run.server is not None
    jobs = 1_000 if run.quick else 4_000
    urls = {name: run.server.create(name) for name in ("procrastinate", "graphile", "skip_locked")}

    def celery() -> float:
        address = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/13")
        given = {"BENCH_REDIS": address, "BENCH_PREFIX": f"bench-{secrets.token_hex(4)}:"}
        return scratch.python("celery_redis", str(jobs), env=given)

    def procrastinate() -> float:
        return scratch.python("procrastinate_jobs", str(jobs // 2), env={"BENCH_DATABASE": urls["procrastinate"]})

    def rabbitmq() -> float:
        address = os.environ.get("AMQP_URL", "amqp://guest:guest@127.0.0.1:5672/%2F")
        return scratch.python("rabbitmq", str(jobs), env={"BENCH_AMQP": address})

    def graphile(*how: str) -> Callable[[], float]:
        return lambda: scratch.node("graphile.mjs", str(jobs * 2), *how, env={"BENCH_DATABASE": urls["graphile"]})

    return [
        Peer("Celery, priorities on Redis", celery),
        Peer("procrastinate", procrastinate),
        Peer("RabbitMQ, priority queue", rabbitmq),
        Peer("graphile-worker", graphile()),
        Peer("graphile-worker, batched", graphile("batched")),
        Peer("SKIP LOCKED loop", lambda: _loop(urls["skip_locked"], waiting=100_000, count=jobs // 2)),
    ]


def _loop(url: str, *, waiting: int, count: int) -> float:
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        skip_locked.fill(connection, waiting)
        return skip_locked.take(connection, count)


def _section(entrants: list[Peer]) -> Section:
    section = Section("Side by side", ["", "jobs/s", "÷ floor", "ours ÷ theirs", "what it does less"])
    ours = entrants[0]
    for peer in entrants:
        if peer.missing:
            section.rows.append([peer.name, "skipped", "–", "–", peer.missing])
            continue
        times = "1" if peer is ours else number(median(ours.rates) / median(peer.rates))
        cells = [peer.name, measured(peer.rates), number(ratio(peer.rates, peer.floors)), times]
        section.rows.append([*cells, LESS.get(peer.name, "")])
        section.data[peer.name] = {"rates": peer.rates, "floors": peer.floors}
    section.notes.append("Each hands out work that does nothing and notes that it is done; ours writes an offer.")
    return section


def _backlogs(run: Run, section: Section) -> None:
    """The loop with the right index is flat; what breaks it is an old snapshot."""
    import psycopg

    assert run.server is not None
    url = run.server.create("loop")
    sizes = [1_000, MIDDLE.tasks] if run.quick else [1_000, MIDDLE.tasks, LARGE.tasks]
    count = 500 if run.quick else 1_000
    rates = {short(size): _loop(url, waiting=size, count=count) for size in sizes}
    total = 4_000 if run.quick else 12_000
    with psycopg.connect(url, autocommit=True) as dump, psycopg.connect(url, autocommit=True) as connection:
        skip_locked.fill(connection, 50_000)
        free = skip_locked.take(connection, count)
        dump.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        dump.execute("SELECT count(*) FROM job")
        held = skip_locked.take(connection, total)
        last = skip_locked.take(connection, count // 2)
    said = ", ".join(f"{number(rate)}/s at {size}" for size, rate in rates.items())
    section.notes.append(
        f"SKIP LOCKED loop by backlog: {said}. With an old snapshot held: {number(free)}/s free, {number(held)}/s over "
        f"{total:,} jobs, {number(last)}/s after them ({number(last / free)} of the free rate)."
    )
    section.data["SKIP LOCKED loop by backlog"] = rates
    section.data["SKIP LOCKED loop under a snapshot"] = {"free": free, "held": held, "last": last}


def _callcenter(run: Run, section: Section) -> None:
    for waiting in (1_000,) if run.quick else (1_000, 100_000):
        took, longest = Model(waiting).run(seconds=3.0, rate=CALLCENTER_RATE)
        section.notes.append(
            f"mod_callcenter's algorithm, a tick of {TICK_SECONDS * 1000:.0f} ms over all who wait, "
            f"{short(waiting)} others waiting and agents free: an arrival is offered after p50 "
            f"{figures.percentile(took, 0.5):.0f} ms, p99 {figures.percentile(took, 0.99):.0f} ms; the longest tick "
            f"took {longest:.0f} ms. One thread, no skills beyond tiers, nothing durable."
        )
        section.data[f"callcenter {short(waiting)}"] = {"ms": took, "longest_tick_ms": longest}
