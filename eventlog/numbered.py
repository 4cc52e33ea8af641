"""A numbered event as the relay hands it to sinks. Its data stays text until somebody asks: most are only passed on."""

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from django.db import connection

from eventlog import dialect


class NumberedEvent:
    """The columns of `eventlog.models.Event` that sinks need.

    ``text`` is its data as JSON, None where no audience hears of it; ``at`` is in seconds since 1970; ``numbers`` is
    what each audience calls it.
    """

    __slots__ = ("_data", "at", "audiences", "id", "numbers", "position", "ref", "sid", "subject_sid", "text", "type")

    def __init__(self, row: dialect.Row, *, position: int, numbers: dict[str, int] | None = None) -> None:
        self.id, self.sid, self.type, self.subject_sid, self.ref, audiences, self.text, at = row
        self.position = position
        self.audiences = _listed(audiences)
        self.at = dialect.seconds(at)
        self.numbers = numbers or {}
        self._data: Mapping[str, Any] | None = None

    @property
    def data(self) -> Mapping[str, Any]:
        """What happened."""
        if self._data is None:
            self._data = json.loads(self.text or _text_of(self.id))
        return self._data


def columns() -> str:
    """What `NumberedEvent` is made of."""
    return (
        f"id, sid, type, subject_sid, ref, {dialect.text('audiences')},"
        f" CASE WHEN audiences <> '[]' THEN {dialect.text('data')} END, {dialect.moment('created_at')}"
    )


def events_after(position: int, limit: int) -> list[NumberedEvent]:
    """Events after ``position``, in order."""
    query = (
        f"SELECT {columns()}, numbered.position, {dialect.text('numbered.numbers')} FROM eventlog_event JOIN"  # noqa: S608 - only names of ours
        f" (SELECT * FROM eventlog_position WHERE position > %s ORDER BY position LIMIT {limit}) numbered"
        f" ON numbered.event_id = eventlog_event.id ORDER BY numbered.position"
    )
    rows = dialect.rows(query, [position])
    return [NumberedEvent(row[:-2], position=row[-2], numbers=json.loads(row[-1])) for row in rows]


def forget_deliveries(numbers: Iterable[Mapping[str, int]]) -> None:
    """Those that events with these numbers had."""
    pairs = [(audience, n) for each in numbers for audience, n in each.items()]
    if pairs:
        given = dialect.given(audience="text", n="bigint")
        with connection.cursor() as cursor:
            cursor.execute(
                f"DELETE FROM eventlog_delivery WHERE (audience, n) IN (SELECT audience, n FROM {given})",  # noqa: S608
                dialect.columns(pairs),
            )


def _text_of(number: int) -> str:
    ((text,),) = dialect.rows(f"SELECT {dialect.text('data')} FROM eventlog_event WHERE id = %s", [number])  # noqa: S608
    return str(text)


@lru_cache(10_000)
def _listed(audiences: str) -> tuple[str, ...]:
    return tuple(json.loads(audiences))
