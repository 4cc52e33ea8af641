"""The event log of a period, in the order of time and in batches: no statement is long, and no more is in memory."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from django.db.models import Max, Q, QuerySet
from django.db.models.fields.json import KT

from eventlog.models import Event

BATCH: Final = 5000

Row = dict[str, Any]


def events(workspace_sid: str, since: datetime, until: datetime) -> QuerySet[Event]:
    """What happened in a workspace from ``since`` to before ``until``."""
    return Event.objects.filter(workspace_sid=workspace_sid, created_at__gte=since, created_at__lt=until)


def in_order(rows: QuerySet[Event], columns: Iterable[str], **paths: str) -> Iterator[list[Row]]:
    """Batches of ``columns``, and of what ``paths`` (name → `data__task__sid`) find in the payload, as text or None.

    By key, not by a cursor: a cursor outlives neither a statement's time limit nor a pooler.
    """
    wanted = ["id", "created_at", *columns]
    found = rows.annotate(**{name: KT(path) for name, path in paths.items()}).order_by("created_at", "id")
    after = Q()
    while True:
        batch: list[Row] = list(found.filter(after).values(*wanted, *paths)[:BATCH])
        for row in batch:
            _name_nothing(row, paths)
        if batch:
            yield batch
        if len(batch) < BATCH:
            return
        at, last = batch[-1]["created_at"], batch[-1]["id"]
        # The first condition is what the index can use.
        after = Q(created_at__gte=at) & (Q(created_at__gt=at) | Q(id__gt=last))


def _name_nothing(row: Row, paths: Mapping[str, str]) -> None:
    """SQLite says the word null where JSON has it."""
    for name in paths:
        if row[name] == "null":
            row[name] = None


def last_before(subjects: Iterable[str], moment: datetime) -> dict[str, Event]:
    """The last event about each of these subjects before the moment."""
    found = {}
    for sid in subjects:
        event = Event.objects.filter(subject_sid=sid, created_at__lt=moment).order_by("-created_at", "-id").first()
        if event is not None:
            found[sid] = event
    return found


def last_asked(workspace_sid: str, since: datetime, until: datetime) -> dict[str, datetime]:
    """When each worker was last offered anything in that time, by sid."""
    offers = events(workspace_sid, since, until).filter(type="reservation.created")
    rows = offers.annotate(worker=KT("data__worker_sid")).values("worker").annotate(at=Max("created_at"))
    return dict(rows.values_list("worker", "at"))
