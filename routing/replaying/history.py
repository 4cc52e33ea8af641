"""What became of the tasks of a past period, and what people did: the first reading of the log."""

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q

from agents.models import Worker, Workspace
from routing.actions.returning import COUNT_EXCEEDED
from routing.actions.steps import WORKFLOW_SKIPPED, WORKFLOW_TIMEOUT
from routing.actions.tasks import MAX_TIMEOUT_SECONDS, TTL_EXCEEDED
from routing.core.simulation.measures import (
    ACCEPTED,
    GIVEN_UP,
    OTHER_END,
    TIME_TO_LIVE,
    UNKNOWN,
    WAITING,
    WORKFLOW_OVER,
    Names,
    Outcomes,
)
from routing.core.simulation.recorded import Record
from routing.core.simulation.scenario import Answer, GiveUp, Occupation, Work
from routing.models import Reservation, Task
from routing.replaying import log
from routing.replaying.log import Row

TYPES: Final = (
    "task.created",
    "task.canceled",
    "reservation.created",
    "reservation.accepted",
    "reservation.rejected",
    "reservation.timeout",
    "reservation.canceled",
    "reservation.rescinded",
    "reservation.wrapup",
    "reservation.completed",
    "worker.activity.update",
)
PATHS: Final = {
    "worker": "data__worker_sid",
    "task": "data__task__sid",
    "channel": "data__task__task_channel",
    "task_queue": "data__task__task_queue_sid",
    "transfer": "data__transfer__sid",
    "queue": "data__task_queue_sid",
    "reason": "data__reason",
    "activity": "data__activity_sid",
}
SYSTEM_ENDS: Final = {
    TTL_EXCEEDED: TIME_TO_LIVE,
    WORKFLOW_TIMEOUT: WORKFLOW_OVER,
    WORKFLOW_SKIPPED: WORKFLOW_OVER,
    COUNT_EXCEEDED: OTHER_END,
}
"""Cancellations that the routing itself decides. All others are the customer's, or somebody's for him."""

_SAME_MOMENT: Final = 2.0

LONGEST_LIFE: Final = timedelta(seconds=MAX_TIMEOUT_SECONDS)


@dataclass(slots=True)
class Held:
    """A task in somebody's hands. ``own``: the agent who first had it; others have it by a transfer."""

    number: int
    worker: int
    channel: str
    queue: str
    since: float
    own: bool
    wrapped_at: float | None = None


@dataclass(slots=True)
class Offered:
    """``own``: not by a transfer."""

    number: int
    worker: int
    at: float
    own: bool


@dataclass(slots=True)
class History:
    """Lines below ``count`` are tasks that came in the period, by the order in which they came; ``carried`` has those
    that waited already, by sid."""

    workspace: Workspace
    starts_at: datetime
    ends_at: datetime
    count: int
    record: Record = field(default_factory=Record)
    lines: dict[str, int] = field(default_factory=dict)
    carried: dict[str, int] = field(default_factory=dict)
    created: "array[float]" = field(default_factory=lambda: array("d"))
    versions: "array[int]" = field(init=False)
    """Which version of a workflow each task followed, by its row; 0: none."""
    queues: Names = field(default_factory=Names)
    gave_up: list[GiveUp] = field(default_factory=list)
    occupations: list[Occupation] = field(default_factory=list)
    worker_numbers: dict[str, int] = field(default_factory=dict)
    caused: set[int] = field(default_factory=set)
    """Events in which an unanswered offer sent an agent to the timeout activity: they follow from the routing."""
    real: Outcomes = field(init=False)

    def __post_init__(self) -> None:
        self.versions = array("q", bytes(8 * self.count))
        self.real = Outcomes(self.count, self.queues)

    @property
    def since(self) -> float:
        return self.starts_at.timestamp()

    @property
    def until(self) -> float:
        return self.ends_at.timestamp()

    def worker_number(self, sid: str) -> int:
        """The number of a worker's row; a new one where the row is gone."""
        known = self.worker_numbers
        if sid not in known:
            known[sid] = max(known.values(), default=0) + 1
        return known[sid]

    def line(self, sid: str) -> int:
        """The task's line; a new one behind the others for one that came before the period."""
        if sid in self.lines:
            return self.lines[sid]
        return self.carried.setdefault(sid, self.count + len(self.carried))


def count_tasks(workspace: Workspace, starts_at: datetime, ends_at: datetime) -> int:
    return log.events(workspace.sid, starts_at, ends_at).filter(type="task.created").count()


def read(workspace: Workspace, starts_at: datetime, ends_at: datetime, *, progress: Callable[[float], None]) -> History:
    """``progress`` hears the moment up to which the log has been read."""
    history = History(workspace, starts_at, ends_at, count_tasks(workspace, starts_at, ends_at))
    history.worker_numbers.update(Worker.objects.filter(workspace=workspace).values_list("sid", "pk"))
    reader = _Reader(history)
    rows = log.events(workspace.sid, starts_at, ends_at).filter(type__in=TYPES)
    for batch in log.in_order(rows, ("type", "subject_sid", "actor_kind"), **PATHS):
        for row in batch:
            reader.read(row)
        progress(batch[-1]["created_at"].timestamp())
    reader.close()
    return history


class _Reader:
    """Follows offers and work from event to event."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._offers: dict[str, Offered] = {}
        self._held: dict[str, Held] = {}
        self._timed_out: dict[int, float] = {}
        self._away_since: dict[int, float] = {}
        timeout = history.workspace.timeout_activity
        self._timeout_activity = timeout.sid if timeout else ""
        self._readers: dict[str, Callable[[Row, float], None]] = {
            "task.created": self._created,
            "task.canceled": self._canceled,
            "reservation.created": self._offered,
            "reservation.accepted": self._accepted,
            "reservation.rejected": self._refused,
            "reservation.timeout": self._refused,
            "reservation.canceled": self._withdrawn,
            "reservation.rescinded": self._withdrawn,
            "reservation.wrapup": self._wrapped_up,
            "reservation.completed": self._completed,
            "worker.activity.update": self._activity,
        }

    def read(self, row: Row) -> None:
        self._readers[row["type"]](row, row["created_at"].timestamp())

    # --- tasks ---

    def _created(self, row: Row, at: float) -> None:
        history = self._history
        if len(history.lines) == history.count:
            return  # Committed while we read: the period ends just now.
        number = history.lines[row["subject_sid"]] = history.record.add_task()
        history.created.append(at)
        if row["queue"]:
            history.real.queues[number] = history.queues.number(row["queue"])

    def _canceled(self, row: Row, at: float) -> None:
        number = self._history.line(row["subject_sid"])
        end = SYSTEM_ENDS.get(row["reason"] or "", GIVEN_UP)
        if end == GIVEN_UP:
            self._history.gave_up.append(GiveUp(at, number))
        self._note(number, end, at=at, queue=row["queue"])

    def _note(self, number: int, end: int, *, at: float, queue: str | None) -> None:
        history = self._history
        if number < history.count and history.real.ends[number] == UNKNOWN:
            history.real.note(number, end, waited=at - history.created[number], queue=queue or "")

    # --- offers and answers ---

    def _offered(self, row: Row, at: float) -> None:
        self._offers[row["subject_sid"]] = self._offer(row, at)

    def _offer(self, row: Row, at: float) -> Offered:
        own = row["transfer"] is None
        number = self._history.line(row["task"]) if own else self._history.lines.get(row["task"], -1)
        return Offered(number, self._history.worker_number(row["worker"]), at, own)

    def _answered(self, row: Row, at: float) -> Offered:
        """The offer; one from before the period is taken to have been made at its beginning."""
        offered = self._offers.pop(row["subject_sid"], None) or self._offer(row, self._history.since)
        if offered.own:
            kind = _KINDS[row["type"]]
            answer = Answer(kind, max(0.0, at - offered.at))
            self._history.record.answered(offered.number, offered.worker, answer)
        return offered

    def _accepted(self, row: Row, at: float) -> None:
        offered = self._answered(row, at)
        number, queue = offered.number, row["task_queue"] or ""
        own = offered.own and not self._is_accepted(number)
        self._held[row["subject_sid"]] = Held(number, offered.worker, row["channel"], queue, at, own)
        if own:
            self._note(number, ACCEPTED, at=at, queue=queue)
            if number < self._history.count:
                self._history.real.workers[number] = offered.worker

    def _is_accepted(self, number: int) -> bool:
        return 0 <= number < self._history.count and self._history.real.ends[number] == ACCEPTED

    def _refused(self, row: Row, at: float) -> None:
        offered = self._answered(row, at)
        if row["type"] == "reservation.timeout":
            self._timed_out[offered.worker] = at

    def _withdrawn(self, row: Row, at: float) -> None:
        offered = self._offers.pop(row["subject_sid"], None)
        if offered is not None and offered.own:
            self._history.record.was_silent(offered.number, offered.worker, at - offered.at)

    # --- work ---

    def _wrapped_up(self, row: Row, at: float) -> None:
        held = self._held.get(row["subject_sid"])
        if held is not None:
            held.wrapped_at = at

    def _completed(self, row: Row, at: float) -> None:
        held = self._held.pop(row["subject_sid"], None)
        if held is None:
            self._occupied(self._history.worker_number(row["worker"]), row["channel"], self._history.since, at)
        elif held.own and held.number < self._history.count:
            wrapped = held.wrapped_at or at
            work = Work(wrapped - held.since, at - wrapped)
            self._history.record.worked(held.number, held.queue, work)
        elif not held.own:
            self._occupied(held.worker, held.channel, held.since, at)

    def _occupied(self, worker: int, channel: str, since: float, until: float) -> None:
        self._history.occupations.append(Occupation(since, worker, channel, 1))
        self._history.occupations.append(Occupation(until, worker, channel, -1))

    # --- agents ---

    def _activity(self, row: Row, at: float) -> None:
        worker = self._history.worker_number(row["subject_sid"])
        sent_away = row["actor_kind"] == "system" and row["activity"] == self._timeout_activity
        if sent_away and at - self._timed_out.get(worker, float("-inf")) < _SAME_MOMENT:
            self._history.caused.add(row["id"])
            self._away_since[worker] = at
        elif worker in self._away_since:
            self._history.record.was_away(worker, at - self._away_since.pop(worker))

    # --- the end ---

    def close(self) -> None:
        """What was not over at the end of the period."""
        history = self._history
        for held in self._held.values():
            if not held.own:
                self._occupied(held.worker, held.channel, held.since, history.until)
            elif held.number < history.count:
                history.record.at_least(held.number, history.until - held.since, held.queue)
        for worker, channel in _held_throughout(history):
            self._occupied(worker, channel, history.since, history.until)
        for sid in _waiting_throughout(history):
            history.line(sid)
        for number in range(len(history.created)):
            self._note(number, WAITING, at=history.until, queue=None)
        history.occupations.sort(key=lambda each: each.at)


_KINDS: Final[dict[str, Any]] = {
    "reservation.accepted": "accept",
    "reservation.rejected": "reject",
    "reservation.timeout": "timeout",
}


def _held_throughout(history: History) -> Iterator[tuple[int, str]]:
    """Work that began before the period and was not over after it: no event of the period speaks of it."""
    rows = Reservation.objects.filter(
        Q(ended_at__isnull=True) | Q(ended_at__gte=history.ends_at),
        task__workspace=history.workspace,
        accepted_at__lt=history.starts_at,
    )
    return rows.values_list("worker_id", "task__task_channel__unique_name").iterator()


def _waiting_throughout(history: History) -> Iterator[str]:
    rows = Task.objects.filter(
        Q(ended_at__isnull=True) | Q(ended_at__gte=history.ends_at),
        workspace=history.workspace,
        created_at__range=(history.starts_at - LONGEST_LIFE, history.starts_at),
    )
    taken = Reservation.objects.filter(task=OuterRef("pk"), accepted_at__lt=history.ends_at)
    return rows.exclude(Exists(taken)).values_list("sid", flat=True).iterator()
