"""Writes what the relay has numbered: positions, each audience's deliveries, and where its audiences are now."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db import connection, transaction

from eventlog import dialect
from eventlog.leases import Lease
from eventlog.numbered import NumberedEvent

_LEASE: Final = (
    "lease AS MATERIALIZED"
    " (SELECT FROM eventlog_lease WHERE name = %s AND holder = %s AND fence = %s FOR NO KEY UPDATE)"
)

Part = tuple[str, list[Any]]


def write(events: Sequence[NumberedEvent], heads: Mapping[str, int], *, lease: Lease) -> None:
    """As the events have it, under the fence of the relay's ``lease``; raises LostLease, having written nothing.

    PostgreSQL is asked but once: a relay that steps a few hundred times a second mostly waits for answers.
    """
    parts = _parts(events, heads, held="EXISTS (SELECT FROM lease)" if connection.vendor == "postgresql" else "true")
    if connection.vendor == "postgresql":
        _write_at_once(parts, lease)
    else:
        with transaction.atomic():
            lease.guard()
            for statement, parameters in parts:
                with connection.cursor() as cursor:
                    cursor.execute(statement, parameters)


def _write_at_once(parts: Sequence[Part], lease: Lease) -> None:
    steps = [_LEASE, *(f"part{place} AS ({statement})" for place, (statement, _) in enumerate(parts))]
    parameters = [lease.name, lease.holder, lease.fence, *(each for _, given in parts for each in given)]
    ((held,),) = dialect.rows(f"WITH {', '.join(steps)} SELECT EXISTS (SELECT FROM lease)", parameters)  # noqa: S608
    if not held:
        raise lease.lose()


def _parts(events: Sequence[NumberedEvent], heads: Mapping[str, int], *, held: str) -> list[Part]:
    """Statements with their parameters. Only names of ours are built in."""
    positions = dialect.given(position="bigint", event_id="bigint", numbers="text")
    deliveries = dialect.given(audience="text", n="bigint", event_id="bigint")
    moved = dialect.given(audience="text", n="bigint")
    delivered = [(audience, n, event.id) for event in events for audience, n in event.numbers.items()]
    found: list[tuple[str, Sequence[Sequence[Any]]]] = [
        (
            f"INSERT INTO eventlog_position (position, event_id, numbers)"  # noqa: S608
            f" SELECT position, event_id, {dialect.document('numbers')} FROM {positions} WHERE {held}",
            [(event.position, event.id, json.dumps(event.numbers)) for event in events],
        ),
        (
            f"INSERT INTO eventlog_delivery (audience, n, event_id)"  # noqa: S608
            f" SELECT audience, n, event_id FROM {deliveries} WHERE {held}",
            delivered,
        ),
        (
            f"INSERT INTO eventlog_audiencehead (audience, n) SELECT audience, n FROM {moved} WHERE {held}"  # noqa: S608
            f" ON CONFLICT (audience) DO UPDATE SET n = excluded.n",
            [(audience, heads[audience]) for audience in sorted({audience for audience, *_ in delivered})],
        ),
    ]
    return [(statement, dialect.columns(rows)) for statement, rows in found if rows]
