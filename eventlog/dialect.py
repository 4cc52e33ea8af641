"""The few words of SQL that the hot reads need and in which our two databases differ."""

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, cast

from django.db import OperationalError, connection

_AMONG: Final = {"postgresql": "= ANY(%s)", "sqlite": "IN (SELECT value FROM json_each(%s))"}
_FIELD: Final = {"postgresql": "{} #>> '{{{}}}'", "sqlite": "json_extract({}, '$.{}')"}
_EPOCH: Final = {"postgresql": "extract(epoch FROM {})::float8", "sqlite": "{}"}
_TEXT: Final = {"postgresql": "{}::text", "sqlite": "{}"}
_JSON: Final = {"postgresql": "{}::jsonb", "sqlite": "{}"}
_ARRAY: Final = {"postgresql": "jsonb_build_array({})", "sqlite": "json_array({})"}
_ARRAYS: Final = {"postgresql": "jsonb_agg({})::text", "sqlite": "json_group_array({})"}

_LOCK_TIMEOUT: Final = "55P03"
_PASSING: Final = ("40001", "40P01", _LOCK_TIMEOUT, "57014")
"""Not serializable, deadlock, lock not had in time, statement not done in time."""

Row = tuple[Any, ...]


def among() -> str:
    """The condition that takes one `values`: ``id`` + ``among()``."""
    return _AMONG[connection.vendor]


def values(wanted: Collection[int] | Collection[str]) -> str:
    """The parameter of `among`."""
    return array_of(wanted) if _is_postgresql() else json.dumps(list(wanted))


def array_of(listed: Iterable[int] | Iterable[str]) -> str:
    """An array as PostgreSQL reads it. The driver would ask of each value what it is.

    >>> array_of([1, 2]), array_of(["a", 'say "b"'])
    ('{1,2}', '{"a","say \\\\"b\\\\""}')
    """
    return f"{{{','.join([str(each) if isinstance(each, int) else _quoted(each) for each in listed])}}}"


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def given(**columns: str) -> str:
    """A row source ``given`` with these columns, by their PostgreSQL types; `columns` are its parameters."""
    if _is_postgresql():
        arrays = ", ".join(f"%s::{kind}[]" for kind in columns.values())
        return f"unnest({arrays}) AS given ({', '.join(columns)})"
    values = ", ".join(f"json_extract(value, '$[{place}]') AS {name}" for place, name in enumerate(columns))
    return f"(SELECT {values} FROM json_each(%s)) AS given"  # noqa: S608 - only names of ours are built in


def columns(rows: Sequence[Sequence[Any]]) -> list[Any]:
    """The parameters of `given`, of one row at least."""
    return [array_of(column) for column in zip(*rows, strict=True)] if _is_postgresql() else [json.dumps(rows)]


def field(column: str, path: str) -> str:
    """A text inside a JSON column, by its dotted path."""
    return _FIELD[connection.vendor].format(column, path.replace(".", ",") if _is_postgresql() else path)


def moment(column: str) -> str:
    """A time as `seconds` understands it."""
    return _EPOCH[connection.vendor].format(column)


def text(column: str) -> str:
    """A JSON column as JSON text."""
    return _TEXT[connection.vendor].format(column)


def document(text: str) -> str:
    """JSON text as a JSON column takes it."""
    return _JSON[connection.vendor].format(text)


def array(*columns: str) -> str:
    """These values as a JSON array."""
    return _ARRAY[connection.vendor].format(", ".join(columns))


def gathered(value: str) -> str:
    """The JSON text of an array of this value over all rows."""
    return _ARRAYS[connection.vendor].format(value)


def seconds(value: float | str | datetime | None) -> float:
    """Seconds since 1970 of a `moment`; 0 for none."""
    if isinstance(value, float):
        return value
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.replace(tzinfo=UTC).timestamp() if isinstance(moment, datetime) else float(moment or 0)


def rows(query: str, parameters: Collection[Any] = (), *, binary: bool = False) -> list[Row]:
    """``binary``: PostgreSQL's own form of numbers, which many rows come through in half the time."""
    if binary and _is_postgresql():
        connection.ensure_connection()
        with connection.connection.cursor(binary=True) as cursor:
            return cast(list[Row], cursor.execute(query, parameters).fetchall())
    with connection.cursor() as cursor:
        cursor.execute(query, list(parameters))
        return cast(list[Row], cursor.fetchall())


def is_passing(error: OperationalError) -> bool:
    """Whether the same may go well in a moment: it lost against somebody else, and the database is there."""
    return not _is_postgresql() or getattr(error.__cause__, "sqlstate", None) in _PASSING


def is_lock_timeout(error: OperationalError) -> bool:
    """Whether somebody else held a row for longer than the statement would wait."""
    return getattr(error.__cause__, "sqlstate", None) == _LOCK_TIMEOUT


def _is_postgresql() -> bool:
    return connection.vendor == "postgresql"
