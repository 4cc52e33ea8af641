"""Assignments a second, the whole path, at every size: draining, and with tasks arriving and agents finishing."""

from dataclasses import dataclass, field

from bench.report import Check, Section, measured, number, ratio
from bench.routing.feed import last_reservation, reservations_after
from bench.routing.shape import Shape
from bench.run import Run, Stage, say
from bench.scratch import value
from bench.site import Hand

SMALL = Shape(1_000, 100, 10, 50)
MIDDLE = Shape(100_000, 100, 10, 50)
LARGE = Shape(1_000_000, 100, 10, 50)
SMALL_WIDE = Shape(1_000, 10_000, 200, 3)
LARGE_WIDE = Shape(1_000_000, 10_000, 200, 3)

FULL = (SMALL, MIDDLE, LARGE, SMALL_WIDE, LARGE_WIDE)
QUICK = (SMALL, MIDDLE)

DRAIN_LEAST = 3.0
STEADY_LEAST = 1.0
FLAT_LEAST = 0.8

_FORGET_EVENTS = "DELETE FROM eventlog_event WHERE id > (SELECT coalesce(max(event_id), 0) FROM eventlog_position)"


@dataclass
class Bench:
    """A stage with its router in a hand, and what each round said.

    ``known`` is the newest task that the board was shown by hand: the events of later ones may be deleted unread.
    """

    stage: Stage
    hand: Hand
    take_over: dict[str, float]
    known: int
    drained: list[float] = field(default_factory=list)
    steady: list[float] = field(default_factory=list)
    drain_floors: list[float] = field(default_factory=list)
    steady_floors: list[float] = field(default_factory=list)
    kept_up: list[float] = field(default_factory=list)
    numbered: list[float] = field(default_factory=list)


def open_bench(stage: Stage) -> Bench:
    """The router in a process of its own, with its board read."""
    hand = stage.site.hand()
    took = hand.call("routing.router:take_over")
    say(f"{stage.shape.label}: board read in {took['seconds']:.1f} s")
    return Bench(stage, hand, took, _newest_task(stage))


def throughput(run: Run) -> Section:
    """Rounds over all shapes in turn, each figure right after a floor of its own."""
    benches = [open_bench(run.stage(shape)) for shape in (QUICK if run.quick else FULL)]
    for _ in range(2 if run.quick else 3):
        for bench in benches:
            bench.drain_floors.append(run.floor())
            bench.drained.append(drain(bench, 2_000 if run.quick else 6_000))
            bench.steady_floors.append(run.floor())
            bench.steady.append(steady(bench, 3.0 if run.quick else 5.0))
    for bench in benches:
        bench.hand.stop()
    return _section(benches)


def drain(bench: Bench, wanted: int) -> float:
    """Assignments a second while nothing arrives. The clock stands while agents are freed and the backlog refilled."""
    stage, done, seconds = bench.stage, 0, 0.0
    lap = min(stage.shape.slots, max(1, stage.shape.tasks // 2), wanted)
    while done < wanted:
        stage.feed.finish(events=False, overdue=True)
        stage.feed.arrive(lap, events=False)
        stage.connection.execute(_FORGET_EVENTS)
        bench.hand.call("routing.router:refill", numbers_after=bench.known)
        bench.known = _newest_task(stage)
        took = bench.hand.call("routing.router:drain", most=lap)
        if not took["assigned"]:
            raise RuntimeError(f"nothing was assigned at {stage.shape.label}\n{stage.site.log_tail()}")
        done += took["assigned"]
        seconds += took["seconds"]
    return done / seconds


def steady(bench: Bench, seconds: float) -> float:
    """Assignments a second while as many tasks arrive and agents finish at once; relay and timers run."""
    stage = bench.stage
    stage.connection.execute(_FORGET_EVENTS)
    stage.feed.finish(overdue=True)
    stage.feed.arrive(stage.shape.tasks - _waiting(stage))
    stage.connection.execute("ANALYZE routing_reservation")  # It was empty when all was: autovacuum is not yet there.
    first, event = last_reservation(stage.connection), _newest_event(stage)
    bench.hand.ask("routing.router:run", seconds=seconds)
    arrived = stage.feed.keep_steady(seconds)
    bench.hand.answer()
    assigned = reservations_after(stage.connection, first)
    if not assigned:
        raise RuntimeError(f"nothing was assigned at {stage.shape.label}\n{stage.site.log_tail()}")
    bench.kept_up.append(arrived / assigned)
    bench.numbered.append(_numbered(stage, after=event))
    return assigned / seconds


def _newest_task(stage: Stage) -> int:
    return int(value(stage.connection, "SELECT max(id) FROM routing_task"))


def _waiting(stage: Stage) -> int:
    return int(value(stage.connection, "SELECT count(*) FROM routing_task WHERE assignment_status = 'pending'"))


def _newest_event(stage: Stage) -> int:
    return int(value(stage.connection, "SELECT max(id) FROM eventlog_event"))


def _numbered(stage: Stage, *, after: int) -> float:
    """Which part of the events since then the relay had passed on when the time was over."""
    query = (
        "SELECT count(position)::float / greatest(count(*), 1)"
        " FROM eventlog_event LEFT JOIN eventlog_position ON event_id = eventlog_event.id WHERE eventlog_event.id > %s"
    )
    return float(value(stage.connection, query, after))


def _section(benches: list[Bench]) -> Section:
    section = Section(
        "Assignments a second, whole path",
        [
            "waiting/agents/queues",
            "draining",
            "÷ floor",
            "steady state",
            "÷ floor",
            "arrivals",
            "relayed",
            "floor",
            "board read in",
        ],
    )
    for bench in benches:
        drained, kept = ratio(bench.drained, bench.drain_floors), ratio(bench.steady, bench.steady_floors)
        label = bench.stage.shape.label
        section.rows.append(
            [
                label,
                measured(bench.drained),
                number(drained),
                measured(bench.steady),
                number(kept),
                f"{100 * min(bench.kept_up):.0f} %",
                f"{100 * min(bench.numbered):.0f} %",
                measured([*bench.drain_floors, *bench.steady_floors]),
                f"{number(bench.take_over['seconds'])} s",
            ]
        )
        section.checks += [
            Check(f"draining, {label}", drained, "≥", DRAIN_LEAST),
            Check(f"steady state, {label}", kept, "≥", STEADY_LEAST),
        ]
        section.data[label] = {
            "drained": bench.drained,
            "drain_floors": bench.drain_floors,
            "steady": bench.steady,
            "steady_floors": bench.steady_floors,
            "kept_up": bench.kept_up,
            "numbered": bench.numbered,
            "take_over": bench.take_over,
        }
    section.checks += _flatness(benches)
    section.notes += [
        "Floor: one row inserted and committed, one connection, in commits a second; measured before each figure.",
        "Draining: decision, reservation, task, capacity and events in committed batches; nothing arrives, the relay "
        "rests, and the clock stands while agents are freed and the backlog is refilled.",
        "Steady state: the pump's services (relay with all sinks, timers, router) in one process; a second one inserts "
        "as many tasks with their events as were assigned, and completes what agents have (set-based, an event each). "
        "Relayed: events that the relay had numbered and fed to the sinks when the time was over.",
    ]
    return section


def _flatness(benches: list[Bench]) -> list[Check]:
    """The largest backlog against the smallest with as many agents, round by round, each by its own floor."""
    checks = []
    for workers in sorted({bench.stage.shape.workers for bench in benches}):
        alike = sorted((b for b in benches if b.stage.shape.workers == workers), key=lambda b: b.stage.shape.tasks)
        if len(alike) < 2:
            continue
        small, large = alike[0], alike[-1]
        name = f"{large.stage.shape.label} by {small.stage.shape.label}"
        for kind in ("drained", "steady"):
            floor = "drain_floors" if kind == "drained" else "steady_floors"
            own = [[v / f for v, f in zip(getattr(b, kind), getattr(b, floor), strict=True)] for b in (small, large)]
            checks.append(Check(f"flat, {kind}: {name}", ratio(own[1], own[0]), "≥", FLAT_LEAST))
    return checks
