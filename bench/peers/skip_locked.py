"""The loop that every team writes first: SELECT … FOR UPDATE SKIP LOCKED, with the index that it needs."""

import time
from typing import Any

import psycopg

_TABLE = (
    "CREATE TABLE job (id bigserial PRIMARY KEY, queue int NOT NULL, priority int NOT NULL, created_at timestamptz"
    " NOT NULL DEFAULT now(), status text NOT NULL DEFAULT 'pending', payload jsonb NOT NULL)"
)
_INDEX = "CREATE INDEX job_next ON job (queue, priority DESC, created_at, id) WHERE status = 'pending'"
_FILL = (
    "INSERT INTO job (queue, priority, created_at, payload) SELECT 1, mod(n, 10), now() - interval '1 hour'"
    " + n * interval '1 ms', jsonb_build_object('number', n, 'note', repeat('x', 150)) FROM generate_series(1, %s) n"
)
_PICK = (
    "SELECT id, payload FROM job WHERE queue = 1 AND status = 'pending' ORDER BY priority DESC, created_at, id"
    " LIMIT 1 FOR UPDATE SKIP LOCKED"
)


def fill(connection: psycopg.Connection[Any], waiting: int) -> None:
    """A table with so many waiting jobs."""
    for statement in ("DROP TABLE IF EXISTS job", _TABLE, _INDEX):
        connection.execute(statement)
    connection.execute(_FILL, [waiting])
    connection.execute("VACUUM ANALYZE job")


def take(connection: psycopg.Connection[Any], count: int) -> float:
    """Take so many, one transaction each; jobs a second."""
    began = time.perf_counter()
    for _ in range(count):
        with connection.transaction():
            row = connection.execute(_PICK, prepare=True).fetchone()
            assert row is not None
            connection.execute("UPDATE job SET status = 'taken' WHERE id = %s", [row[0]], prepare=True)
    return count / (time.perf_counter() - began)
