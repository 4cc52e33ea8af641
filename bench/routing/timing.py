"""How late timers fire: offers that nobody answers, workflow steps that end, tasks whose time to live is over."""

import time
from dataclasses import dataclass

import psycopg

from bench import figures
from bench.report import Check, Section
from bench.routing.feed import last_reservation
from bench.routing.notices import FIRED, Notices
from bench.routing.seed import EVENT, TABLES
from bench.routing.shape import STEP_SECONDS
from bench.routing.throughput import LARGE, MIDDLE
from bench.run import Run, Stage, say
from bench.scratch import value
from bench.site import wait_for

KINDS = ("reservation", "step", "task")
NAMES = {
    "reservation": "an offer's time to answer",
    "step": "a workflow step",
    "task": "a task's time to live",
}
WINDOW_SECONDS = 5.0
LEAD_SECONDS = 3.0
FREED_AT_ONCE = 20
LAP_SECONDS = 0.02

P99_MS, MAX_MS, RESTART_SECONDS = 50.0, 150.0, 2.0


@dataclass
class Fired:
    """What was due when (``kind:row`` → seconds since 1970), and when each fired, as often as it did."""

    due: dict[str, float]
    heard: dict[str, list[float]]

    def late_ms(self, kind: str, *, not_before: float = 0.0) -> list[float]:
        """How late each fired; what was due before ``not_before`` counts from then."""
        return [
            (self.heard[said][0] - max(at, not_before)) * 1000
            for said, at in self.due.items()
            if said.startswith(kind) and said in self.heard
        ]

    @property
    def missed(self) -> int:
        return sum(1 for said in self.due if said not in self.heard)

    @property
    def twice(self) -> int:
        return sum(1 for said in self.due if len(self.heard.get(said, ())) > 1)


def timers(run: Run) -> Section:
    """Deadlines on top of those of all waiting tasks, while agents are freed and offered new work without a pause."""
    stage = run.stage(MIDDLE if run.quick else LARGE)
    stage.connection.execute(FIRED)
    # Who lets an offer time out would go offline; here he stays, so that the load stays.
    stage.connection.execute("UPDATE agents_workspace SET timeout_activity_id = NULL")
    pump = stage.site.pump()
    count = 200 if run.quick else 600
    wait_for(lambda: _standing(stage) >= 3 * count, what="so many offers that stand")
    with Notices(stage.site.url) as notices:
        steady, rate = _window(stage, notices, count=count)
        pump.terminate()
        after, restarted = _restart(stage, notices, count=count // 3)
    stage.site.disconnect()
    return _section(stage, steady, after, restarted, rate)


def _window(stage: Stage, notices: Notices, *, count: int) -> tuple[Fired, float]:
    """So many of each kind, due within a few seconds; and the offers a second meanwhile."""
    due = _plant(stage, count=count, first=LEAD_SECONDS, within=WINDOW_SECONDS)
    first, began = last_reservation(stage.connection), time.monotonic()
    _load(stage, LEAD_SECONDS + WINDOW_SECONDS)
    rate = (last_reservation(stage.connection) - first) / (time.monotonic() - began)
    _wait_for_all(stage, notices, due)
    return Fired(due, notices.heard), rate


def _restart(stage: Stage, notices: Notices, *, count: int) -> tuple[Fired, float]:
    """As many again, due while no pump runs and after; when the new pump was started."""
    due = _plant(stage, count=count, first=0.5, within=WINDOW_SECONDS)
    time.sleep(1.0)
    restarted = time.time()
    stage.site.pump()
    _load(stage, WINDOW_SECONDS)
    _wait_for_all(stage, notices, due)
    return Fired(due, notices.heard), restarted


def _plant(stage: Stage, *, count: int, first: float, within: float) -> dict[str, float]:
    """Move deadlines of rows that nobody will offer soon: the last in line, and offers that stand."""
    connection = stage.connection
    at = f"clock_timestamp() + interval '{first} seconds' + row_number() OVER () * interval '{within / count} seconds'"
    planted = {
        "reservation": connection.execute(
            f"WITH d AS (SELECT id, {at} AS at FROM routing_reservation WHERE reservation_status = 'pending' LIMIT %s)"
            " UPDATE routing_reservation r SET expires_at = d.at FROM d WHERE d.id = r.id"
            " RETURNING r.id, extract(epoch FROM d.at)",
            [count],
        ),
        "task": connection.execute(
            f"WITH d AS (SELECT id, {at} AS at FROM {_last_in_line(count)} l)"
            " UPDATE routing_task t SET expires_at = d.at FROM d WHERE d.id = t.id"
            " RETURNING t.id, extract(epoch FROM d.at)"
        ),
        "step": _plant_steps(stage, at, count),
    }
    return {f"{kind}:{row}": float(moment) for kind, rows in planted.items() for row, moment in rows.fetchall()}


def _plant_steps(stage: Stage, at: str, count: int) -> psycopg.Cursor[tuple[int, float]]:
    """A step ends at an age: the tasks become older, and the log says so."""
    journal = stage.seed.copy(
        EVENT,
        f"older JOIN bench_sample b ON b.place = 0 JOIN {TABLES[EVENT]} s ON s.id = b.event_id"
        " WHERE s.type = 'task.created'",
        sid="'EV' || md5(older.sid || random())",
        type="'task.updated'",
        subject_sid="older.sid",
        data="replace(s.data::text, b.sid, older.sid)::jsonb",
        created_at="clock_timestamp()",
    )
    head = (
        f"WITH d AS (SELECT id, {at} AS at FROM {_last_in_line(count)} l), older AS (UPDATE routing_task t"
        f" SET created_at = d.at - interval '{STEP_SECONDS} seconds', step_due_at = d.at, version = version + 1 FROM d"
        " WHERE d.id = t.id RETURNING t.id, t.sid, d.at), noted AS ("
    )
    from psycopg import sql

    statement = sql.SQL(head) + journal + sql.SQL(") SELECT id, extract(epoch FROM at) FROM older")  # type: ignore[arg-type]
    found = stage.connection.execute(statement)
    stage.feed.ring()
    return found


def _last_in_line(count: int) -> str:
    """Waiting tasks on their first step, the least important and newest of them, whose time is far away."""
    return (
        "(SELECT id FROM routing_task WHERE assignment_status = 'pending' AND target_index = 0 AND priority = 0"
        " AND expires_at > now() + interval '1 hour' AND step_due_at > now() + interval '5 minutes'"
        f" ORDER BY id DESC LIMIT {count})"
    )


def _load(stage: Stage, seconds: float) -> None:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        stage.feed.finish(most=FREED_AT_ONCE)
        time.sleep(LAP_SECONDS)


def _standing(stage: Stage) -> int:
    """Offers that nobody has answered."""
    return int(value(stage.connection, "SELECT count(*) FROM routing_reservation WHERE reservation_status = 'pending'"))


def _wait_for_all(stage: Stage, notices: Notices, due: dict[str, float]) -> None:
    try:
        wait_for(lambda: due.keys() <= notices.heard.keys(), seconds=30, what="all timers")
    except TimeoutError:
        say(f"not all timers fired\n{stage.site.log_tail()}")


def _section(stage: Stage, steady: Fired, after: Fired, restarted: float, rate: float) -> Section:
    section = Section(
        f"Timers, lateness with the deadlines of {stage.shape.label} pending and {rate:.0f} offers/s",
        ["timer", "p50", "p99", "max", "fired", "after a restart: max"],
    )
    for kind in KINDS:
        late, later = steady.late_ms(kind), after.late_ms(kind, not_before=restarted)
        planted = sum(1 for said in steady.due if said.startswith(kind))
        cells = [f"{figures.percentile(late, share):.0f} ms" for share in (0.5, 0.99, 1.0)] if late else ["–"] * 3
        worst = f"{max(later) / 1000:.2f} s" if later else "–"
        section.rows.append([NAMES[kind], *cells, f"{len(late)} of {planted}", worst])
        section.data[kind] = {"late_ms": late, "after_restart_ms": later}
        if late and later:
            section.checks += [
                Check(f"{NAMES[kind]}: p99 late", figures.percentile(late, 0.99), "≤", P99_MS, "ms"),
                Check(f"{NAMES[kind]}: max late", max(late), "≤", MAX_MS, "ms"),
                Check(f"{NAMES[kind]}: late after a restart", max(later) / 1000, "≤", RESTART_SECONDS, "s"),
            ]
    section.checks += [
        Check("timers that fired twice", steady.twice + after.twice, "≤", 0, ""),
        Check("timers that did not fire", steady.missed + after.missed, "≤", 0, ""),
    ]
    section.data["offers_per_second"] = rate
    section.notes.append(
        "From the deadline in the row to the committed move, as another connection hears of it. The restart: the only "
        "pump ends by TERM, a second later a new process is started; what was due in between counts from that start."
    )
    return section
