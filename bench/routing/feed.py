"""The rest of the contact centre, as far as the router sees it: tasks arrive, agents finish. Set-based SQL with events.

One arrival is what `create_task` writes: the row and its events. Finishing is shorter than in life: an offer that
stands is completed without having been accepted, and each freed agent is told of by one event.
"""

import time
from typing import Any

import psycopg
from psycopg import sql

from bench.routing.seed import CHANNEL, EVENT, TABLES, TASK, WORKER, Seed, samples_of, sid
from bench.scratch import value
from eventlog import doorbell
from eventlog.bus import RedisBus

RESERVATION = "routing_reservation"
LAP_SECONDS = 0.02
MOST_AT_ONCE = 2000


class Feed:
    """A connection of its own to the scratch database."""

    def __init__(self, connection: psycopg.Connection[Any], seed: Seed, *, bell: RedisBus | None = None) -> None:
        self._connection = connection
        self._seed = seed
        self._bell = bell
        self._queues = seed.shape.queues
        self._born = 0
        self._keep_samples()
        self._last_worker = int(value(connection, f"SELECT max(id) FROM {TABLES[WORKER]}"))
        self._arrive, self._arrive_silently = self._arrival(events=True), self._arrival(events=False)

    # --- arrivals ---

    def arrive(self, count: int, *, events: bool = True) -> None:
        """So many tasks wait, in one commit; the queues are filled in turn."""
        statement = self._arrive if events else self._arrive_silently
        self._connection.execute(statement, {"first": self._born, "count": count}, prepare=True)
        self._born += count
        if events:
            self.ring()

    def arrive_one(self) -> tuple[int, float]:
        """One task in a commit of its own, as a web process makes it; its row's number, and when that was."""
        with self._connection.cursor() as cursor:
            row = cursor.execute(self._arrive, {"first": self._born, "count": 1}, prepare=True).fetchone()
        committed = time.time()
        self._born += 1
        self.ring()
        assert row is not None
        return int(row[0]), committed

    def ring(self) -> None:
        """As `eventlog.doorbell.ring` does after a commit."""
        if self._bell is not None:
            self._bell.publish(doorbell.TOPIC, "")

    def _keep_samples(self) -> None:
        """Which events belong to which queue's sample task."""
        self._connection.execute(
            f"CREATE TABLE IF NOT EXISTS bench_sample AS SELECT place, sample_id AS task_id, t.sid, e.id AS event_id,"
            f" e.data::text AS words FROM {samples_of(self._seed)} JOIN {TABLES[TASK]} t ON t.id = sample_id"
            f" JOIN {TABLES[EVENT]} e ON position(t.sid in e.data::text) > 0 AND e.type NOT LIKE 'reservation%'"
        )
        query = (
            f"SELECT min(id) FROM {TABLES[EVENT]} WHERE subject_sid = (SELECT sid FROM {TABLES[WORKER]} WHERE id = %s)"
        )
        self._worker_event = int(value(self._connection, query, self._seed.samples["worker"]))

    def _arrival(self, *, events: bool) -> sql.Composable:
        at = "clock_timestamp()"
        given = (
            "g AS MATERIALIZED (SELECT n, mod(n, {queues}) AS place, " + sid("WT", "{salt} || n") + " AS sid"
            " FROM generate_series(%(first)s::bigint, %(first)s::bigint + %(count)s - 1) n)"
        )
        tasks = self._seed.copy(
            TASK,
            f"g JOIN {samples_of(self._seed)} USING (place) JOIN {TABLES[TASK]} s ON s.id = sample_id ORDER BY n",
            sid="g.sid",
            # As at the arrival of the sample, whatever has become of it since.
            assignment_status="'pending'",
            ended_at="NULL",
            reason="''",
            assignment_count="0",
            version="1",
            # The same for all of a lot: then its rows' numbers are the order, as they are of its events.
            virtual_start_time="statement_timestamp()",
            created_at=at,
            updated_at=at,
            task_queue_entered_at=at,
            step_due_at=f"{at} + (s.step_ends_at_age || ' seconds')::interval",
            expires_at=f"{at} + interval '1 day'",
        )
        journal = self._seed.copy(
            EVENT,
            f"g JOIN bench_sample b USING (place) JOIN {TABLES[EVENT]} s ON s.id = b.event_id ORDER BY n, b.event_id",
            sid=sid("EV", "g.sid || b.event_id"),
            subject_sid="replace(s.subject_sid, b.sid, g.sid)",
            data="replace(b.words, b.sid, g.sid)::jsonb",
            created_at=at,
        )
        noted = sql.SQL(", noted AS ({})").format(journal) if events else sql.SQL("")
        head = sql.SQL("WITH " + given).format(  # type: ignore[operator]
            queues=sql.Literal(self._queues), salt=sql.Literal(f"arrival {time.time()}")
        )
        return sql.SQL("{}, arrived AS ({} RETURNING id){} SELECT id FROM arrived").format(head, tasks, noted)

    # --- agents finish ---

    def finish(self, *, events: bool = True, most: int = 1_000_000, overdue: bool = False) -> int:
        """The seeded agents complete what they were offered and are free again; how many offers that were.

        Channels on which the router writes at this moment are left for the next time, so that nobody waits here, and no
        more are held than are needed, so that nobody waits for this; offers that are about to expire are left to the
        timers, unless ``overdue`` ones shall end as well.
        """
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.execute(
                "CREATE TEMP TABLE IF NOT EXISTS free (id bigint, worker_id bigint, task_channel_id bigint)"
                " ON COMMIT DELETE ROWS; CREATE TEMP TABLE IF NOT EXISTS done"
                " (id bigint, task_id bigint, channel_id bigint) ON COMMIT DELETE ROWS;"
            )
            cursor.execute(
                f"INSERT INTO free SELECT id, worker_id, task_channel_id FROM {TABLES[CHANNEL]}"
                f" WHERE load > 0 AND worker_id <= %s ORDER BY random() LIMIT %s FOR UPDATE SKIP LOCKED",
                [self._last_worker, most],
            )
            cursor.execute(
                f"INSERT INTO done SELECT r.id, r.task_id, f.id FROM {RESERVATION} r JOIN free f USING (worker_id)"
                f" JOIN {TABLES[TASK]} t ON t.id = r.task_id AND t.task_channel_id = f.task_channel_id"
                f" WHERE r.reservation_status = 'pending' AND (%s OR r.expires_at > now() + interval '1 minute')"
                f" ORDER BY r.id LIMIT %s",
                [overdue, most],
            )
            done = cursor.rowcount
            if done:
                self._complete(cursor)
                if events:
                    self._tell_of_workers(cursor)
        if done and events:
            self.ring()
        return done

    def _complete(self, cursor: psycopg.Cursor[Any]) -> None:
        cursor.execute(
            f"UPDATE {TABLES[TASK]} t SET assignment_status = 'completed', reason = 'completed', step_due_at = NULL,"
            f" ended_at = clock_timestamp(), version = version + 1 FROM done WHERE t.id = done.task_id"
        )
        cursor.execute(
            f"UPDATE {RESERVATION} r SET reservation_status = 'completed', accepted_at = clock_timestamp(),"
            f" ended_at = clock_timestamp(), version = version + 1 FROM done WHERE r.id = done.id"
        )
        cursor.execute(
            f"UPDATE {TABLES[CHANNEL]} c SET load = load - n"
            f" FROM (SELECT channel_id, count(*) n FROM done GROUP BY 1) f WHERE c.id = f.channel_id"
        )

    def _tell_of_workers(self, cursor: psycopg.Cursor[Any]) -> None:
        source = (
            f"(SELECT DISTINCT f.worker_id FROM done JOIN free f ON f.id = done.channel_id) d"
            f" JOIN {TABLES[WORKER]} w ON w.id = d.worker_id, {TABLES[EVENT]} s JOIN {TABLES[WORKER]} o"
            f" ON o.sid = s.subject_sid WHERE s.id = {self._worker_event}"
        )
        cursor.execute(
            self._seed.copy(
                EVENT,
                source,
                sid=sid("EV", "random()::text || w.sid"),
                type="'worker.capacity.update'",
                subject_sid="w.sid",
                audiences="replace(s.audiences::text, o.sid, w.sid)::jsonb",
                data="replace(s.data::text, o.sid, w.sid)::jsonb"
                " || jsonb_build_object('attributes', w.attributes, 'friendly_name', w.friendly_name)",
                created_at="clock_timestamp()",
            )
        )

    # --- steady state ---

    def keep_steady(self, seconds: float) -> int:
        """As many tasks arrive as were offered, and agents finish at once, for so long; how many arrived."""
        offered = last_reservation(self._connection)
        arrived, ends = 0, time.monotonic() + seconds
        while time.monotonic() < ends:
            lap = time.monotonic() + LAP_SECONDS
            self.finish()
            now = last_reservation(self._connection)
            count = min(now - offered, MOST_AT_ONCE)
            if count:
                self.arrive(count)
                offered += count
                arrived += count
            time.sleep(max(0.0, lap - time.monotonic()))
        return arrived


def last_reservation(connection: psycopg.Connection[Any]) -> int:
    """The newest reservation's number; cheap, and at most a few too many where a write was refused."""
    query = "SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence(%s, 'id')::regclass), 0)"
    return int(value(connection, query, RESERVATION))


def reservations_after(connection: psycopg.Connection[Any], number: int) -> int:
    """How many were truly written after that one."""
    return int(value(connection, f"SELECT count(*) FROM {RESERVATION} WHERE id > %s", number))
