"""The moment of a commit, as seen from outside: triggers of the scratch database notify, a thread writes down when."""

import threading
import time
from types import TracebackType
from typing import Any

import psycopg

CHANNEL = "bench"

OFFERED = (
    "CREATE OR REPLACE FUNCTION bench_offered() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN PERFORM pg_notify('bench', 'offered:' || NEW.task_id || ':' || NEW.worker_id); RETURN NULL; END $$;"
    "DROP TRIGGER IF EXISTS bench_offered ON routing_reservation;"
    "CREATE TRIGGER bench_offered AFTER INSERT ON routing_reservation FOR EACH ROW EXECUTE FUNCTION bench_offered();"
)

FIRED = (
    "CREATE OR REPLACE FUNCTION bench_fired() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN PERFORM pg_notify('bench', TG_ARGV[0] || ':' || NEW.id); RETURN NULL; END $$;"
    "DROP TRIGGER IF EXISTS bench_expired ON routing_reservation;"
    "CREATE TRIGGER bench_expired AFTER UPDATE ON routing_reservation FOR EACH ROW"
    " WHEN (OLD.reservation_status = 'pending' AND NEW.reservation_status = 'timeout')"
    " EXECUTE FUNCTION bench_fired('reservation');"
    "DROP TRIGGER IF EXISTS bench_ended ON routing_task;"
    "CREATE TRIGGER bench_ended AFTER UPDATE ON routing_task FOR EACH ROW"
    " WHEN (OLD.assignment_status <> 'canceled' AND NEW.assignment_status = 'canceled')"
    " EXECUTE FUNCTION bench_fired('task');"
    "DROP TRIGGER IF EXISTS bench_moved ON routing_task;"
    "CREATE TRIGGER bench_moved AFTER UPDATE ON routing_task FOR EACH ROW"
    " WHEN (OLD.target_index IS DISTINCT FROM NEW.target_index) EXECUTE FUNCTION bench_fired('step');"
)


class Notices:
    """Collects, while the ``with`` lasts: what was said → every moment (seconds since 1970) at which it was heard."""

    def __init__(self, url: str) -> None:
        self.heard: dict[str, list[float]] = {}
        self._connection: psycopg.Connection[Any] = psycopg.connect(url, autocommit=True)
        self._connection.execute(f"LISTEN {CHANNEL}")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> "Notices":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()
        self._connection.close()

    def _listen(self) -> None:
        while not self._stop.is_set():
            for notice in self._connection.notifies(timeout=0.2, stop_after=1):
                self.heard.setdefault(notice.payload, []).append(time.time())
