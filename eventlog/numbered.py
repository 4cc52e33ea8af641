"""A numbered event as the relay hands it to sinks. Its data stays text until somebody asks: most are only passed on."""

import json
from collections.abc import Mapping, Sequence
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

    def __init__(self, row: dialect.Row) -> None:
        self.id, self.position, self.sid, self.type, self.subject_sid, self.ref, audiences, self.text, at = row
        self.audiences = _listed(audiences)
        self.at = dialect.seconds(at)
        self.numbers: dict[str, int] = {}
        self._data: Mapping[str, Any] | None = None

    @property
    def data(self) -> Mapping[str, Any]:
        """What happened."""
        if self._data is None:
            self._data = json.loads(self.text or _text_of(self.id))
        return self._data


def unnumbered(limit: int) -> list[NumberedEvent]:
    """Committed events that have no position yet, in the order of their ids."""
    return [NumberedEvent(row) for row in dialect.rows(f"{_read()} WHERE position IS NULL ORDER BY id LIMIT {limit}")]


def events_after(position: int, limit: int) -> list[NumberedEvent]:
    """Events after ``position``, in order."""
    query = f"{_read()} WHERE position > %s ORDER BY position LIMIT {limit}"
    events = {row[0]: NumberedEvent(row) for row in dialect.rows(query, [position])}
    numbers = f"SELECT event_id, audience, n FROM eventlog_delivery WHERE event_id {dialect.among()}"  # noqa: S608
    for number, audience, n in dialect.rows(numbers, [dialect.values(events)]):
        events[number].numbers[audience] = n
    return list(events.values())


def write_positions(events: Sequence[NumberedEvent]) -> None:
    """As they stand on the events."""
    given = dialect.given(id="bigint", position="bigint")
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE eventlog_event SET position = given.position FROM {given} WHERE eventlog_event.id = given.id",  # noqa: S608
            dialect.columns([(event.id, event.position) for event in events]),
        )


def write_numbers(events: Sequence[NumberedEvent], heads: Mapping[str, int]) -> None:
    """As they stand on the events, and where that brings their audiences."""
    rows = [(audience, n, event.id) for event in events for audience, n in event.numbers.items()]
    if not rows:
        return
    moved = [(audience, heads[audience]) for audience in sorted({row[0] for row in rows})]
    numbers = dialect.given(audience="text", n="bigint", event_id="bigint")
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO eventlog_delivery (audience, n, event_id) SELECT audience, n, event_id FROM {numbers}",  # noqa: S608
            dialect.columns(rows),
        )
        cursor.execute(
            f"INSERT INTO eventlog_audiencehead (audience, n)"  # noqa: S608
            f" SELECT audience, n FROM {dialect.given(audience='text', n='bigint')} WHERE true"
            f" ON CONFLICT (audience) DO UPDATE SET n = excluded.n",
            dialect.columns(moved),
        )


def _read() -> str:
    return (
        f"SELECT id, position, sid, type, subject_sid, ref, {dialect.text('audiences')},"  # noqa: S608
        f" CASE WHEN audiences <> '[]' THEN {dialect.text('data')} END, {dialect.moment('created_at')}"
        f" FROM eventlog_event"
    )


def _text_of(number: int) -> str:
    ((text,),) = dialect.rows(f"SELECT {dialect.text('data')} FROM eventlog_event WHERE id = %s", [number])  # noqa: S608
    return str(text)


@lru_cache(10_000)
def _listed(audiences: str) -> tuple[str, ...]:
    return tuple(json.loads(audiences))
