"""Transactions that are under way while others commit."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, transaction

needs_postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="on SQLite one transaction writes at a time"
)

_SECONDS = 10


class _Undone(Exception):
    """Rolls back."""


def somebody_waits() -> bool:
    """Whether a statement waits for a lock in the tests' own database, which is PostgreSQL."""
    with connection.cursor() as cursor:
        # Else a transaction knows only the connections that there were when it first looked.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])


@contextmanager
def committing_late(write: Callable[[], object], *, undo: bool = False) -> Iterator[None]:
    """``write`` has happened inside, and is committed, or undone, only at the end."""
    written, commit = threading.Event(), threading.Event()

    def run() -> None:
        try:
            with transaction.atomic():
                write()
                written.set()
                commit.wait(_SECONDS)
                if undo:
                    raise _Undone
        except _Undone:
            pass
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert written.wait(_SECONDS)
        yield
    finally:
        commit.set()
        thread.join()
