"""Follows the log: what is committed is heard of at once, once, and nothing is skipped.

Ids of a sequence are no order of commits: "greater than the last id seen" alone would skip what commits late. So a
follower remembers which ids it misses, and looks for them again until they are there or nobody is left who could write
them. That is known exactly: whoever was given an id holds a lock on the table from before until the end of his
transaction. On SQLite one transaction writes at a time, so that what is missing was rolled back.
"""

import time
from collections.abc import Iterable, Sequence
from typing import Final

from django.db import connection

from eventlog import dialect, queries
from eventlog.gaps import Gaps

BATCH: Final = 2000
_ASK_SECONDS: Final = 0.1
_WIDE: Final = 64
"""A gap of more than so many ids, such as a bulk load leaves while it is under way, is looked for as a range."""


class Follower:
    """``read`` is to be called again and again.

    ``columns`` are what it reads of an event, its id first. What is in ``known``, a table and its column of ids, it has
    heard of already.
    """

    def __init__(
        self, columns: str, *, known: tuple[str, str] = ("eventlog_event", "id"), batch: int | None = None
    ) -> None:
        self._columns = columns
        self._batch = batch or BATCH
        self._ask_at = 0.0
        self._gaps = _gaps_among(*known)
        self.behind = False

    @property
    def horizon(self) -> int:
        """Up to this id it has heard of all that there will ever be."""
        return self._gaps.horizon

    def read(self) -> list[dialect.Row]:
        """What was committed since, in the order of ids, or a part of it: then ``behind`` is true."""
        self._ask_who_writes()
        newest = self._gaps.newest
        rows = sorted(self._read(), key=_id)
        late = sum(row[0] < newest for row in rows)
        self.behind = max(late, len(rows) - late) >= self._batch
        self._gaps.hear(map(_id, rows))
        if late < self._batch:
            self._gaps.forget()
        return rows

    def pass_over(self, ids: Iterable[int]) -> None:
        """These are the follower's own doing: it need not be told of them."""
        self._gaps.hear(ids)

    def _read(self) -> Sequence[dialect.Row]:
        """One statement, and so one snapshot: of two events that follow from one another none comes first."""
        wide = [gap for gap in self._gaps if len(gap) > _WIDE]
        narrow = [number for gap in self._gaps if len(gap) <= _WIDE for number in range(gap.first, gap.last + 1)]
        parts = [self._part("id > %s", f"ORDER BY id LIMIT {self._batch}")]
        parameters: list[int | str] = [self._gaps.newest]
        if narrow:
            parts.append(self._part(f"id {dialect.among()}"))
            parameters.append(dialect.values(narrow))
        for gap in wide:
            parts.append(self._part("id BETWEEN %s AND %s", f"ORDER BY id LIMIT {self._batch}"))
            parameters += [gap.first, gap.last]
        return dialect.rows(" UNION ALL ".join(parts), parameters)

    def _part(self, condition: str, order: str = "") -> str:
        # Only names of ours are built in.
        return f"SELECT * FROM (SELECT {self._columns} FROM eventlog_event WHERE {condition} {order}) part"  # noqa: S608

    def _ask_who_writes(self) -> None:
        if not self._gaps or time.monotonic() < self._ask_at:
            return
        self._ask_at = time.monotonic() + (_ASK_SECONDS if connection.vendor == "postgresql" else 0.0)
        self._gaps.narrow(_writing())


def _id(row: dialect.Row) -> int:
    return int(row[0])


def _gaps_among(table: str, column: str) -> Gaps:
    """What is missing among the ids beyond the relay's horizon."""
    horizon = queries.horizon()
    ids = f"SELECT {column} AS id FROM {table} WHERE {column} > %s"  # noqa: S608 - only names of ours
    ((newest,),) = dialect.rows(f"SELECT max(id) FROM ({ids}) ids", [horizon])  # noqa: S608
    pairs = f"SELECT id, lead(id) OVER (ORDER BY id) AS next FROM ({ids} UNION ALL SELECT %s) ids"  # noqa: S608
    missing = dialect.rows(f"SELECT id + 1, next - 1 FROM ({pairs}) pairs WHERE next > id + 1", [horizon, horizon])  # noqa: S608
    return Gaps(newest=newest or horizon, missing=((first, last) for first, last in missing))


_WRITING: Final = """
SELECT virtualtransaction FROM pg_locks
WHERE locktype = 'relation' AND mode = 'RowExclusiveLock' AND relation = 'eventlog_event'::regclass
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


def _writing() -> frozenset[str]:
    """The transactions that have written events, or are about to."""
    if connection.vendor != "postgresql":
        return frozenset()
    return frozenset(name for (name,) in dialect.rows(_WRITING))
