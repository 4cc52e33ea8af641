"""Multiplies sample rows into a contact centre: set-based SQL, columns as the verbs wrote them but what must differ."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from bench.routing.shape import Shape

TASK, WORKER, CHANNEL, EVENT = "routing.Task", "agents.Worker", "agents.WorkerChannel", "eventlog.Event"
TABLES = {name: name.lower().replace(".", "_") for name in (TASK, WORKER, CHANNEL, EVENT)}

_HISTORY = 20_000


@dataclass(frozen=True, slots=True)
class Seed:
    """What `bench.routing.samples.make` answered, and the shape that is to come of it."""

    shape: Shape
    samples: dict[str, Any]

    @property
    def workspace(self) -> dict[str, Any]:
        found: dict[str, Any] = self.samples["workspace"]
        return found

    def copy(self, model: str, source: str, **overrides: str) -> sql.Composable:
        """``INSERT … SELECT`` of all columns of ``model`` from ``source`` (whose sample row is ``s``).

        ``overrides`` are SQL expressions for the columns that are not as in the sample.
        """
        columns = self.samples["columns"][model]
        unknown = overrides.keys() - set(columns)
        if unknown:
            raise KeyError(f"{model} has no {unknown}")
        return sql.SQL("INSERT INTO {} ({}) SELECT {} FROM " + source).format(  # type: ignore[operator]
            sql.Identifier(TABLES[model]),
            sql.SQL(", ").join(map(sql.Identifier, columns)),
            sql.SQL(", ").join(
                sql.SQL(overrides[name]) if name in overrides else sql.SQL("s.") + sql.Identifier(name)  # type: ignore[arg-type]
                for name in columns
            ),
        )


def sid(prefix: str, salt: str) -> str:
    """As `kernel.sids.new` makes them, in SQL: the time, and what ``salt`` makes different."""
    milliseconds = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
    return f"'{prefix}' || lpad(to_hex({milliseconds}), 12, '0') || left(md5({salt}), 20)"


def fill(connection: psycopg.Connection[Any], seed: Seed) -> None:
    """All agents, all waiting tasks, and the statistics of a database that has been in use."""
    # What the samples told is history: no relay has it before it, and `Feed` copies it. There is more of it, so that
    # the database's statistics are those of a log that has been in use.
    source = f"generate_series(1, {_HISTORY}), {TABLES[EVENT]} s WHERE s.type = 'worker.created'"
    connection.execute(seed.copy(EVENT, source))
    connection.execute(
        f"INSERT INTO eventlog_position (position, event_id, numbers) SELECT id, id, '{{}}' FROM {TABLES[EVENT]}"
        " WHERE id NOT IN (SELECT event_id FROM eventlog_position)"
    )
    _workers(connection, seed)
    _tasks(connection, seed)
    connection.execute("VACUUM (ANALYZE)")


def _workers(connection: psycopg.Connection[Any], seed: Seed) -> None:
    crew = [(f"agent {n}", json.dumps(seed.shape.attributes(n))) for n in range(1, seed.shape.workers)]
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE crew (friendly_name text, attributes jsonb) ON COMMIT DROP")
        with cursor.copy("COPY crew FROM STDIN") as copy:
            for row in crew:
                copy.write_row(row)
        source = f"crew, {TABLES[WORKER]} s WHERE s.id = {seed.samples['worker']}"
        cursor.execute(
            seed.copy(
                WORKER,
                source,
                sid="'WK' || md5(crew.friendly_name)",
                friendly_name="crew.friendly_name",
                attributes="crew.attributes",
            )
        )
        source = (
            f"{TABLES[CHANNEL]} s, {TABLES[WORKER]} w WHERE s.worker_id = {seed.samples['worker']}"
            f" AND w.workspace_id = {seed.workspace['id']} AND w.id <> s.worker_id"
        )
        cursor.execute(seed.copy(CHANNEL, source, sid="'WC' || md5(w.sid || s.sid)", worker_id="w.id"))


def _tasks(connection: psycopg.Connection[Any], seed: Seed) -> None:
    """The oldest an hour ago, the newest now, the queues in turn, priorities 0 to 9 in each."""
    wanted = seed.shape.tasks - seed.shape.queues
    if wanted <= 0:
        return
    source = (
        f"(SELECT n, now() - interval '1 hour' * (1 - n / {wanted}.0) AS at FROM generate_series(1, {wanted}) n) g"
        f" JOIN {samples_of(seed)} ON place = n % {seed.shape.queues} JOIN {TABLES[TASK]} s ON s.id = sample_id"
    )
    statement = seed.copy(
        TASK,
        source,
        sid=sid("WT", "'seed' || n"),
        priority=f"(n / {seed.shape.queues}) % 10",
        virtual_start_time="at",
        created_at="at",
        updated_at="at",
        task_queue_entered_at="at",
        step_due_at="at + (s.step_due_at - s.created_at)",
        expires_at="at + (s.expires_at - s.created_at)",
    )
    with connection.transaction(), _unchecked(connection):
        connection.execute(statement)


@contextlib.contextmanager
def _unchecked(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Six foreign keys of a million copies of the same rows: where the role may, they are not looked up again."""
    with contextlib.suppress(psycopg.errors.InsufficientPrivilege), connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")
    yield


def samples_of(seed: Seed) -> str:
    """A row source ``sample (place, sample_id)``: the sample task of each queue."""
    pairs = ", ".join(f"({place}, {task['id']})" for place, task in enumerate(seed.samples["tasks"]))
    return f"(VALUES {pairs}) AS sample (place, sample_id)"
