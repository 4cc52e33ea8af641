"""Keeps why an offer went where it went: a letter for each worker of a roster, once for all offers of a kind.

The letters are those of `routing.core.clauses`, compressed; `routing.explaining` reads them.
"""

import json
import zlib
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection

from routing.core.verdicts import Judged
from routing.models import Judgement, Roster

_NUMBERS_TAKEN: Final = 200
_KEPT: Final = timedelta(days=30)
_PRUNE_BATCH: Final = 5_000
_FORGET: Final = (
    "DELETE FROM routing_judgement WHERE id IN"
    " (SELECT id FROM routing_judgement WHERE created_at < %s ORDER BY created_at LIMIT %s)"
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A judgement that is about to be written. ``rule`` is JSON; it has no number yet where rows are written singly."""

    number: int | None
    roster: int
    rule: str
    verdicts: bytes


class Keeper:
    """Gives judgements their numbers before they are written, so that they are written with their offers."""

    def __init__(self, workspace_id: int) -> None:
        self._workspace_id = workspace_id
        self._rosters: dict[str, int] = {}
        self._numbers: Iterator[int] = iter(())

    def keep(self, judged: Judged) -> Kept:
        """Ready to be written; a roster that is new is written at once."""
        return Kept(self._number(), self._roster(judged), json.dumps(judged.rule), zlib.compress(judged.verdicts, 1))

    def _number(self) -> int | None:
        if connection.vendor != "postgresql":
            return None
        number = next(self._numbers, None)
        if number is None:
            self._numbers = iter(_take_numbers())
            number = next(self._numbers)
        return number

    def _roster(self, judged: Judged) -> int:
        known = self._rosters.get(judged.digest)
        if known is None:
            row, _ = Roster.objects.get_or_create(
                workspace_id=self._workspace_id,
                digest=judged.digest,
                defaults={"numbers": array("q", judged.roster).tobytes()},
            )
            known = self._rosters[judged.digest] = row.pk
        return known


def write(kept: Kept, *, workspace_id: int) -> Judgement:
    """One by itself, unless it was written already. Part of the caller's transaction."""
    columns = {
        "workspace_id": workspace_id,
        "roster_id": kept.roster,
        "rule": json.loads(kept.rule),
        "verdicts": kept.verdicts,
    }
    if kept.number is None:
        return Judgement.objects.create(**columns)
    return Judgement.objects.get_or_create(pk=kept.number, defaults=columns)[0]


def prune(now: datetime) -> bool:
    """Forget why, after thirty days; the offers stay. True when there may be more.

    By the statement alone: an offer's reference to its judgement may lead nowhere, and is not searched for.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, [connection.ops.adapt_datetimefield_value(now - _KEPT), _PRUNE_BATCH])
        return bool(cursor.rowcount == _PRUNE_BATCH)


def _take_numbers() -> list[int]:
    """PostgreSQL's next numbers for judgements; those that a crash leaves unused are never missed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('routing_judgement', 'id')) FROM generate_series(1, %s)",
            [_NUMBERS_TAKEN],
        )
        return [row[0] for row in cursor.fetchall()]
