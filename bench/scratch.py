"""A run's own databases on the server of ``DATABASE_URL``: made, copied, dropped."""

import os
import secrets
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

_LOOPBACK = {"", "127.0.0.1", "localhost", "::1"}


class Refused(SystemExit):
    """The run would put load on somebody else's machine."""


def require_loopback(url: str, *, allow_remote: bool) -> None:
    """A benchmark is a load test: it goes to this machine alone unless it is told otherwise."""
    host = urlsplit(url).hostname or ""
    if host not in _LOOPBACK and not allow_remote:
        raise Refused(f"{host} is not this machine. Say --allow-remote if that server is yours to burden.")


class Server:
    """Makes databases whose names begin with ``bench_`` and drops those, and only those, that it made."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._made: list[str] = []

    def create(self, label: str, *, template: str = "") -> str:
        """A new database, empty or a copy of ``template`` (a URL that this server gave); its URL."""
        name = f"bench_{label}_{os.getpid()}_{secrets.token_hex(3)}"
        source = sql.SQL(" TEMPLATE {}").format(sql.Identifier(database_of(template))) if template else sql.SQL("")
        self._execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)) + source)
        self._made.append(name)
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))

    def drop(self, url: str) -> None:
        """Also with somebody still in it; a second time does nothing."""
        name = database_of(url)
        if name not in self._made:
            return
        self._made.remove(name)
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def drop_all(self) -> None:
        for name in list(self._made):
            self.drop(urlunsplit(urlsplit(self.url)._replace(path=f"/{name}")))

    def checkpoint(self) -> None:
        """What was written so far must not be flushed during the next measurement."""
        self._execute(sql.SQL("CHECKPOINT"))

    def _execute(self, statement: sql.Composable) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement)


def value(connection: psycopg.Connection[Any], query: str, *parameters: Any) -> Any:
    """What a query of one row and one column answers."""
    row = connection.execute(query, parameters or None).fetchone()
    assert row is not None
    return row[0]


def database_of(url: str) -> str:
    """The database's name in a URL.

    >>> database_of("postgresql://ana@127.0.0.1:5432/bench_x?sslmode=disable")
    'bench_x'
    """
    return urlsplit(url).path.lstrip("/")
