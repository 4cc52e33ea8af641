"""What was: counts, waits and times in activities within a period, each an aggregate over an index."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import (
    Count,
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    F,
    Max,
    Min,
    Q,
    QuerySet,
    Sum,
    Value,
)
from django.db.models.functions import Greatest, Least

from agents.models import Worker, Workspace
from insights import core
from insights.models import ActivitySpell, TaskFact

_SIDS_AT_ONCE: Final = 5000


@dataclass(frozen=True, slots=True)
class Period:
    """Both ends belong to it."""

    start: datetime
    end: datetime


@dataclass(slots=True)
class Spread:
    """How long something took, several times. Milliseconds."""

    count: int = 0
    total: int = 0
    least: int = 0
    most: int = 0

    def add(self, count: int, total: int, least: int, most: int) -> None:
        """So many more."""
        if not count:
            return
        self.least = min(self.least, least) if self.count else least
        self.most = max(self.most, most)
        self.count += count
        self.total += total

    @property
    def average(self) -> float:
        return self.total / self.count if self.count else 0.0


@dataclass(slots=True)
class Split:
    """Of those who waited for up to so many seconds, and of those who waited longer: accepted, canceled."""

    accepted_below: int = 0
    accepted_above: int = 0
    canceled_below: int = 0
    canceled_above: int = 0


@dataclass(slots=True)
class Figures:
    """Everything that is counted. ``kinds`` are the numbers of events; waits until acceptance count from the making of
    the task, also after a transfer, and until acceptance in the queue from its arrival there."""

    kinds: dict[str, int] = field(default_factory=dict)
    until_accepted: Spread = field(default_factory=Spread)
    until_canceled: Spread = field(default_factory=Spread)
    in_queue_until_accepted: Spread = field(default_factory=Spread)
    splits: dict[int, Split] = field(default_factory=dict)

    def count(self, *kinds: str) -> int:
        """How many there were of these kinds."""
        return sum(self.kinds.get(kind, 0) for kind in kinds)

    def add(self, row: Mapping[str, Any], thresholds: Iterable[int]) -> None:
        """One row of the aggregate: a kind."""
        kind, count = row["kind"], row["count"]
        self.kinds[kind] = self.kinds.get(kind, 0) + count
        wait = (count, row["total"], row["least"], row["most"])
        if kind == core.ACCEPTED:
            self.until_accepted.add(*wait)
            self.in_queue_until_accepted.add(count, row["queue_total"], row["queue_least"], row["queue_most"])
        elif kind == core.CANCELED:
            self.until_canceled.add(*wait)
        for seconds in thresholds:
            split, below = self.splits.setdefault(seconds, Split()), row[f"within_{seconds}"]
            if kind == core.ACCEPTED:
                split.accepted_below += below
                split.accepted_above += count - below
            elif kind == core.CANCELED:
                split.canceled_below += below
                split.canceled_above += count - below


def facts(period: Period, *, task_channel: str = "", **scope: Any) -> QuerySet[TaskFact]:
    """What happened in the period, in one workspace, queue, workflow or with one worker; ``task_channel`` by its unique
    name."""
    rows = TaskFact.objects.filter(at__gte=period.start, at__lte=period.end, **scope)
    return rows.filter(task_channel=task_channel) if task_channel else rows


def figures(rows: QuerySet[TaskFact], *, thresholds: Sequence[int] = ()) -> Figures:
    """One statement, whatever the number of rows; ``thresholds`` in seconds."""
    found = Figures(splits={seconds: Split() for seconds in thresholds})
    for row in _by(rows, "kind", thresholds=thresholds):
        found.add(row, thresholds)
    return found


def figures_by_queue(rows: QuerySet[TaskFact], *, thresholds: Sequence[int] = ()) -> dict[str, Figures]:
    """The same of several queues at once, by their sids."""
    found: dict[str, Figures] = {}
    for row in _by(rows, "task_queue_sid", "kind", thresholds=thresholds):
        each = found.setdefault(row["task_queue_sid"], Figures(splits={seconds: Split() for seconds in thresholds}))
        each.add(row, thresholds)
    return found


def figures_of_workers(
    period: Period, workspace: Workspace, *, worker_sids: Collection[str] | None = None, task_channel: str = ""
) -> Figures:
    """What became of the offers to these workers, or to all; however many they are."""
    if worker_sids is None:
        rows = facts(period, task_channel=task_channel, workspace_sid=workspace.sid)
        return figures(rows.filter(kind__in=core.OF_RESERVATIONS))
    found = Figures()
    for some in _chunks(worker_sids):
        for row in _by(facts(period, task_channel=task_channel, worker_sid__in=some), "kind", thresholds=()):
            found.add(row, ())
    return found


def _by(rows: QuerySet[TaskFact], *columns: str, thresholds: Sequence[int]) -> Iterable[dict[str, Any]]:
    within = {f"within_{seconds}": Count("pk", filter=Q(wait__lte=seconds * 1000)) for seconds in thresholds}
    found: Iterable[dict[str, Any]] = (
        rows.order_by()
        .values(*columns)
        .annotate(
            count=Count("pk"),
            total=Sum("wait"),
            least=Min("wait"),
            most=Max("wait"),
            queue_total=Sum("wait_in_queue"),
            queue_least=Min("wait_in_queue"),
            queue_most=Max("wait_in_queue"),
            **within,
        )
    )
    return found


def times_in_activities(
    period: Period, workspace: Workspace, *, workers: QuerySet[Worker] | None = None
) -> dict[str, tuple[str, Spread]]:
    """By an activity's sid its name and how long workers were in it, each time counted as far as it lies in the period.

    ``workers``: these alone. Who is in an activity still, is so until the end of the period.
    """
    found: dict[str, tuple[str, Spread]] = {}
    ended = ActivitySpell.objects.filter(ended_at__gt=period.start, started_at__lt=period.end)
    if workers is None:
        parts = [ended.filter(workspace_sid=workspace.sid)]
        present = Worker.objects.filter(workspace=workspace)
    else:
        sids = list(workers.values_list("sid", flat=True))
        parts = [ended.filter(worker_sid__in=some) for some in _chunks(sids)]
        present = workers
    for part in parts:
        _add_times(found, _clipped(part, period, "started_at", F("ended_at")), "activity_sid", "activity_name")
    going_on = present.filter(date_status_changed__lt=period.end)
    end = Value(period.end, output_field=DateTimeField())
    _add_times(
        found, _clipped(going_on, period, "date_status_changed", end), "activity__sid", "activity__friendly_name"
    )
    return found


def _clipped(rows: QuerySet[Any], period: Period, started: str, ended: Any) -> QuerySet[Any]:
    start = Value(period.start, output_field=DateTimeField())
    end = Value(period.end, output_field=DateTimeField())
    length = Least(ended, end) - Greatest(F(started), start)
    clipped: QuerySet[Any] = rows.annotate(length=ExpressionWrapper(length, output_field=DurationField()))
    return clipped


def _add_times(found: dict[str, tuple[str, Spread]], rows: QuerySet[Any], sid: str, name: str) -> None:
    grouped = (
        rows.order_by()
        .values(sid)
        .annotate(name=Max(name), count=Count("pk"), total=Sum("length"), least=Min("length"), most=Max("length"))
    )
    for row in grouped:
        _, spread = found.setdefault(row[sid], (row["name"], Spread()))
        spread.add(row["count"], *(_milliseconds(row[each]) for each in ("total", "least", "most")))


def _milliseconds(length: timedelta) -> int:
    return round(length.total_seconds() * 1000)


def _chunks(wanted: Collection[str]) -> Iterable[list[str]]:
    """A database takes but so many parameters at once."""
    listed = list(wanted)
    return [listed[start : start + _SIDS_AT_ONCE] for start in range(0, len(listed), _SIDS_AT_ONCE)]
