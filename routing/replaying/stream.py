"""What happened from outside in a past period, in the order of time: the second reading of the log."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from heapq import merge
from typing import Any, Final

from django.db.models import Q

from agents.models import Worker
from eventlog.models import Event
from routing.core.expressions import Expression, ExpressionError, parse_crew
from routing.core.facts import ChannelFacts, QueueFacts, WorkerFacts
from routing.core.simulation.scenario import Amendment, Arrival, Change, Departure, Presence, QueueChange
from routing.core.workflow import first_step
from routing.models import Task, TaskOrder, TaskQueue
from routing.replaying import log
from routing.replaying.book import Book, Hours
from routing.replaying.history import History
from routing.replaying.log import Row

DAY_SECONDS: Final = 86_400.0

_TURNS: Final = timedelta(hours=12)
"""How far back it is looked whose turn it was at the beginning."""

_TASKS: Final = ("sid", "created_at", "expires_at", "virtual_start_time", "ignore_capacity")
_CAME: Final = Q(type="task.created")
_AMENDED: Final = Q(type="task.updated") & ~Q(actor_kind="system")
_STAFF: Final = Q(type__startswith="worker.")
_QUEUES: Final = Q(type__startswith="task-queue.", subject_sid__startswith="WQ")

Payload = dict[str, Any]


class Stream:
    """Turns events into changes; remembers of each agent what the next event does not tell."""

    def __init__(self, history: History, book: Book, hours: Hours) -> None:
        self.history = history
        self.agents: dict[int, tuple[str, str]] = {}
        self.queue_names: dict[str, str] = {}
        self._book = book
        self._recorded = book.recorded()
        self._scope = hours.scope
        self._activities: dict[str, tuple[str, str, bool]] = {}

    def changes(self) -> Iterator[Change]:
        """All that the routing had no part in. What stood at the beginning comes first."""
        history = self.history
        return merge(self._beginning(), self._happened(), history.gave_up, history.occupations, key=_moment)

    # --- what stood at the beginning ---

    def _beginning(self) -> Iterator[Change]:
        yield from self._queues()
        yield from self._staff()
        yield from self._waiting()

    def _queues(self) -> Iterator[Change]:
        rows = {row.sid: row for row in TaskQueue.objects.filter(workspace=self.history.workspace)}
        told = log.last_before([*rows, *self._subjects(_QUEUES, besides=rows)], self.history.starts_at)
        for sid, row in rows.items():
            if sid not in told:  # From before the log, or made after the period: the new document may name it.
                yield self._queue(_queue_payload(row), self.history.since)
        for event in told.values():
            if event.type != "task-queue.deleted":
                yield self._queue(event.data, self.history.since)

    def _staff(self) -> Iterator[Change]:
        rows = {row.sid: row for row in Worker.objects.filter(workspace=self.history.workspace)}
        told = log.last_before([*rows, *self._subjects(_STAFF, besides=rows)], self.history.starts_at)
        since = self.history.starts_at
        asked = log.last_asked(self.history.workspace.sid, since - _TURNS, since)
        for sid, event in told.items():
            if event.type != "worker.deleted":
                at = self.history.since
                yield self._presence(event.type, event.data, at, asked=_seconds(asked.get(sid), 0.0))

    def _subjects(self, kinds: Q, *, besides: Iterable[str]) -> list[str]:
        """Whom else the period's events speak of: what has been deleted since."""
        history = self.history
        rows = log.events(history.workspace.sid, history.starts_at, history.ends_at).filter(kinds)
        return list(rows.exclude(subject_sid__in=list(besides)).values_list("subject_sid", flat=True).distinct())

    def _waiting(self) -> Iterator[Change]:
        sids = list(self.history.carried)
        for start in range(0, len(sids), log.BATCH):
            rows = Event.objects.filter(type="task.created", subject_sid__in=sids[start : start + log.BATCH])
            found = [dict(row) for row in rows.values("subject_sid", "created_at", "data")]
            yield from self._arrivals(found, at=self.history.since)

    # --- what happened then ---

    def _happened(self) -> Iterator[Change]:
        history = self.history
        rows = log.events(history.workspace.sid, history.starts_at, history.ends_at)
        rows = rows.filter(_CAME | _AMENDED | _STAFF | _QUEUES)
        for batch in log.in_order(rows, ("type", "subject_sid", "data")):
            arrived = {each.number: each for each in self._arrivals(_of_type(batch, "task.created"))}
            for row in batch:
                change = self._change(row, arrived)
                if change is not None:
                    yield change

    def _change(self, row: Row, arrived: dict[int, Arrival]) -> Change | None:
        at, sid, type_ = row["created_at"].timestamp(), row["subject_sid"], row["type"]
        if type_ == "task.created":
            return arrived.get(self.history.lines.get(sid, -1))
        if type_ == "task.updated":
            number = self.history.lines.get(sid, self.history.carried.get(sid))
            return None if number is None else Amendment(at, number, row["data"]["attributes"])
        if type_ == "worker.deleted":
            return Departure(at, self.history.worker_number(sid))
        if type_.startswith("worker."):
            return None if row["id"] in self.history.caused else self._presence(type_, row["data"], at)
        # No task is in a queue that was deleted.
        return None if type_ == "task-queue.deleted" else self._queue(row["data"], at)

    # --- tasks ---

    def _arrivals(self, rows: list[Row], *, at: float | None = None) -> Iterator[Arrival]:
        """What the payloads do not tell stands in the tables, as long as the tasks do."""
        sids = [row["subject_sid"] for row in rows]
        kept = {each["sid"]: each for each in Task.objects.filter(sid__in=sids).values(*_TASKS)}
        for row in rows:
            arrival = self._arrival(row, kept.get(row["subject_sid"], {}), at=at)
            if arrival is not None:
                yield arrival

    def _arrival(self, row: Row, kept: Row, *, at: float | None) -> Arrival | None:
        history, data, sid = self.history, row["data"], row["subject_sid"]
        number = history.lines.get(sid, history.carried.get(sid))
        if number is None:
            return None
        created = row["created_at"].timestamp()
        target = data.get("routing_target") or ""
        straight = target[:2] in ("WK", "WQ")
        version = None if straight else self._book.version_at(data["workflow_sid"], created)
        if number < history.count:
            history.versions[number] = version or 0
        return Arrival(
            at=at or created,
            number=number,
            channel=data["task_channel"],
            created=created,
            expires=_seconds(kept.get("expires_at"), created + DAY_SECONDS),
            attributes=data["attributes"],
            workflow=version,
            queue=data["task_queue_sid"] or "",
            priority=self._own_priority(data, version, created),
            virtual_start=_seconds(kept.get("virtual_start_time"), created),
            required_skills=frozenset(data["required_skills"]),
            reservation_seconds=self._book.reservation_seconds(data["workflow_sid"]),
            target_worker=history.worker_numbers.get(target) if target[:2] == "WK" else None,
            ignore_capacity=bool(kept.get("ignore_capacity")),
        )

    def _own_priority(self, data: Payload, version: int | None, at: float) -> int:
        """What the task came with: the payload has what its first step has made of it."""
        told: int = data["priority"]
        if not told or version is None:
            return told
        document = self._recorded[version]
        step = first_step(document, self._scope(document, data["attributes"], at))
        return 0 if step is not None and step.rule.priority == told else told

    # --- agents and queues ---

    def _presence(self, type_: str, data: Payload, at: float, *, asked: float = 0.0) -> Presence:
        """An agent as the event tells of him; his activity only where he chose it himself, or somebody for him."""
        sid = data["sid"]
        if type_ in ("worker.activity.update", "worker.created") or sid not in self._activities:
            self._activities[sid] = data["activity_sid"], data["activity_name"], data["available"]
        number = self.history.worker_number(sid)
        self.agents[number] = sid, data["friendly_name"]
        channels = {each["task_channel"]: _channel(each) for each in data["channels"]}
        activity = self._activities[sid]
        facts = WorkerFacts(sid, number, data["friendly_name"], *activity, data["attributes"], channels, asked)
        return Presence(at, facts)

    def _queue(self, data: Payload, at: float) -> QueueChange:
        sid = data["sid"]
        self.queue_names[sid] = data["friendly_name"]
        lifo = data["task_order"] == TaskOrder.LIFO
        return QueueChange(at, QueueFacts(sid, _expression(data), lifo, data["max_reserved_workers"]))


def _moment(change: Change) -> float:
    return change.at


def _of_type(batch: list[Row], type_: str) -> list[Row]:
    return [row for row in batch if row["type"] == type_]


def _seconds(moment: datetime | None, otherwise: float) -> float:
    return moment.timestamp() if moment else otherwise


def _channel(data: Payload) -> ChannelFacts:
    return ChannelFacts(data["configured_capacity"], data["available"])


def _expression(data: Payload) -> Expression | None:
    """None, so that nobody is in the queue, also for what an older grammar took and this one does not."""
    try:
        return parse_crew(data["target_workers"])
    except ExpressionError:
        return None


def _queue_payload(row: TaskQueue) -> Payload:
    names = ("sid", "friendly_name", "target_workers", "task_order", "max_reserved_workers")
    return {name: getattr(row, name) for name in names}
