"""The database's clock: deadlines are written and compared with this one, never with a web server's own."""

import time
from datetime import UTC, datetime
from typing import Final

from django.db import connection

from kernel import clock

# SQLite lives in our own process and has our clock.
_QUERIES: Final = {"postgresql": "SELECT clock_timestamp()"}
_ASKED_SECONDS: Final = 1.0
_LATE_SECONDS: Final = 2.0
_DRIFT_SECONDS: Final = 0.0005


def database_now() -> datetime:
    """The present as the database sees it, aware, UTC."""
    query = _QUERIES.get(connection.vendor)
    if query is None:
        return clock.now()
    with connection.cursor() as cursor:
        cursor.execute(query)
        moment: datetime = cursor.fetchone()[0]
    return moment.astimezone(UTC)


class SteadyClock:
    """The database's clock for a loop that asks all the time: it is read once a second and counted on in between."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self._ask_at = 0.0

    def now(self) -> float:
        """Seconds since 1970."""
        moment = time.monotonic()
        if moment >= self._ask_at:
            ahead = database_now().timestamp() - time.monotonic()
            # An answer that came late makes the database's clock seem slow: what follows must not be stamped earlier.
            self._ahead = (
                ahead if abs(ahead - self._ahead) > _LATE_SECONDS else max(ahead, self._ahead - _DRIFT_SECONDS)
            )
            self._ask_at = moment + _ASKED_SECONDS
        return time.monotonic() + self._ahead

    def moment(self) -> datetime:
        """The same, aware, UTC."""
        return datetime.fromtimestamp(self.now(), UTC)
