"""The database's clock: deadlines are written and compared with this one, never with a web server's own."""

from datetime import UTC, datetime

from django.db import connection

from kernel import clock

# SQLite lives in our own process and has our clock.
_QUERIES = {"postgresql": "SELECT clock_timestamp()"}


def database_now() -> datetime:
    """The present as the database sees it, aware, UTC."""
    query = _QUERIES.get(connection.vendor)
    if query is None:
        return clock.now()
    with connection.cursor() as cursor:
        cursor.execute(query)
        moment: datetime = cursor.fetchone()[0]
    return moment.astimezone(UTC)
