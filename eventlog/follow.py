"""Follows the log without waiting for the relay: what is committed is heard of at once, and nothing is skipped.

Ids of a sequence are no order of commits, so that "greater than the last id seen" alone would skip what commits late.
Here that is only the fast way. Whatever it misses comes with its position, which the relay gives to every event after
its commit, one by one; what was heard of before is then passed over.
"""

import time
from collections.abc import Collection, Iterable, Sequence
from typing import Final, NamedTuple

from eventlog import dialect, queries
from eventlog.models import Event

BATCH: Final = 2000
_GAP_SECONDS: Final = 5.0
_LONGEST_GAP: Final = 1000
_HEARD_KEPT: Final = 500_000


class News(NamedTuple):
    """What a follower needs to know of an event; ``told`` are the fields that it asked for."""

    id: int
    position: int | None
    subject_sid: str
    workspace_sid: str
    told: Sequence[str | None]


class Follower:
    """Hears of each event once, in no particular order; ``read`` is to be called again and again.

    ``fields`` are dotted paths into the data of events whose subject's sid begins with ``prefix``.
    """

    def __init__(self, *, prefix: str, fields: Sequence[str]) -> None:
        self._position = queries.last_position()
        newest = set(Event.objects.order_by("-id").values_list("id", flat=True)[:_LONGEST_GAP])
        self._last = max(newest, default=0)
        # What is missing among the newest may belong to a transaction that has yet to commit.
        missing = set(range(max(1, self._last - _LONGEST_GAP), self._last)) - newest
        self._gaps = dict.fromkeys(missing, time.monotonic())
        self._heard: set[int] = set()
        self._reading = _Reading(prefix, fields)
        self.behind = False

    def read(self) -> list[News]:
        """What was committed since, or a part of it: then ``behind`` is true, and newer may stand before older."""
        self._forget()
        found = self._reading.read(self._position, self._last, self._gaps.keys())
        numbered = sum(each.position is not None for each in found)
        self.behind = max(numbered, len(found) - numbered) >= BATCH
        news = [each for each in found if each.id not in self._heard]
        missed = [each.id for each in news if each.position is not None]
        if missed:
            news = [each for each in news if each.position is None] + self._reading.read_again(missed)
        for each in found:
            if each.position is not None:
                self._position = max(self._position, each.position)
                self._heard.discard(each.id)
        self._hear(each.id for each in found)
        self._heard.update(each.id for each in news if each.position is None)
        return news

    def pass_over(self, ids: Iterable[int]) -> None:
        """These are the follower's own doing: it need not be told of them."""
        own = sorted(ids)
        # Beyond a long gap what came meanwhile is read first, and these with it.
        if own and own[0] - self._last <= _LONGEST_GAP:
            self._hear(own)
        self._heard.update(own)

    def _hear(self, ids: Iterable[int]) -> None:
        """Remember which ids below the highest are missing: their transactions may commit yet."""
        now = time.monotonic()
        for number in sorted(ids):
            if number > self._last:
                if number - self._last <= _LONGEST_GAP:
                    self._gaps.update(dict.fromkeys(range(self._last + 1, number), now))
                self._last = number
            else:
                self._gaps.pop(number, None)

    def _forget(self) -> None:
        """What is still missing was rolled back, or will be heard of by its position."""
        if self._gaps:
            oldest = time.monotonic() - _GAP_SECONDS
            self._gaps = {number: since for number, since in self._gaps.items() if since > oldest}
        if len(self._heard) > _HEARD_KEPT:
            self._heard.clear()  # To be told of something twice does no harm.


class _Reading:
    """The statements, each with an index of its own to go by. Of what is numbered, which is mostly known by then, only
    the number is read."""

    def __init__(self, prefix: str, fields: Sequence[str]) -> None:
        told = [
            f"CASE WHEN substr(subject_sid, 1, {len(prefix)}) = '{prefix}' THEN {dialect.field('data', field)} END"
            for field in fields
        ]
        columns = ", ".join(["id", "position", "subject_sid", "workspace_sid", *told])
        # Only names of ours are built in.
        read = f"SELECT {columns} FROM eventlog_event WHERE"  # noqa: S608
        number = f"SELECT id, position, NULL, NULL{', NULL' * len(fields)} FROM eventlog_event WHERE position > %s"  # noqa: S608
        numbered = f"SELECT * FROM ({number} ORDER BY position LIMIT {BATCH}) numbered"  # noqa: S608
        fresh = f"SELECT * FROM ({read} position IS NULL AND id > %s ORDER BY id LIMIT {BATCH}) fresh"  # noqa: S608
        self._all_new = f"{numbered} UNION ALL {fresh}"
        self._with_late = f"{self._all_new} UNION ALL {read} position IS NULL AND id {dialect.among()}"
        self._missed = f"{read} id {dialect.among()}"

    def read(self, position: int, last: int, gaps: Collection[int]) -> list[News]:
        """One statement, and so one snapshot."""
        if gaps:
            found = dialect.rows(self._with_late, [position, last, dialect.values(gaps)])
        else:
            found = dialect.rows(self._all_new, [position, last])
        return _news(found)

    def read_again(self, ids: Collection[int]) -> list[News]:
        """All that is to be known of these."""
        return _news(dialect.rows(self._missed, [dialect.values(ids)]))


def _news(rows: Iterable[dialect.Row]) -> list[News]:
    return [News(row[0], row[1], row[2], row[3], row[4:]) for row in rows]
