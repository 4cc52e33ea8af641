"""Why does a worker get nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db.models import Count

from agents.models import Worker
from eventlog.dbclock import database_now
from kernel.actor import Actor
from routing import queries, reading
from routing.core.clauses import FREE
from routing.core.explain import Demand, Detail
from routing.core.facts import QueueFacts, TaskFacts, WorkerFacts
from routing.core.roster import Candidate
from routing.core.trace import Clause, why_not
from routing.explaining import access
from routing.explaining.pages import Ask, Page, cut
from routing.explaining.staff import optimized, staff
from routing.models import Reservation, Task, TaskQueue

HEAD_SHOWN = 3
FIRST_LOOKED_AT = 10
REFUSALS_SHOWN = 10

Obstacle = Literal[
    "away",
    "no-channel",
    "full",
    "no-queue",
    "nothing-waits",
    "refused",
    "no-slot",
    "not-fitting",
    "others-first",
    "soon",
]
"""What is in the way, the first that is: he is away; every channel is switched off, or full; he is in no queue; nothing
waits in his queues; of what waits first in them he has just refused some, comes some on channels that are full or
switched off, or asks all for somebody else; others are before him in line; or nothing is, and the next decision gives
him work."""


@dataclass(frozen=True, slots=True)
class TaskShare:
    """A task that is served next in its queue, and what it says of the worker."""

    task: Task
    detail: Detail


@dataclass(frozen=True, slots=True)
class QueueShare:
    """One queue: how many tasks wait, whether the worker is in it (``clauses``: why not), and the tasks that come next.

    ``place`` is his in the line of those in the queue who are free, 1 being next; None while he is not free.
    """

    queue: TaskQueue
    waiting: int
    member: bool
    clauses: tuple[Clause, ...]
    place: int | None
    head: tuple[TaskShare, ...]


@dataclass(frozen=True, slots=True)
class WorkerStory:
    """``queues`` are all of the workspace's: first those that he is in, and of them those where something waits.

    ``refusals``: offers that he did not take, newest first.
    """

    worker: Worker
    at: datetime
    facts: WorkerFacts
    obstacle: Obstacle
    queues: Page[QueueShare]
    refusals: tuple[Reservation, ...]


def worker(sid: str, *, actor: Actor, ask: Ask | None = None) -> WorkerStory:
    """All that can be told of a worker.

    Raises NotFound, for one of another account as well; Forbidden; Invalid for an unknown page token.
    """
    row = access.worker(sid, actor=actor)
    at = database_now()
    view = _View(row, at)
    queues = view.queues()
    page, token = cut(queues, lambda queue: queue.sid, ask or Ask())
    shares = tuple(view.share(queue) for queue in page)
    first = shares if page[:1] == queues[:1] else [view.share(queue) for queue in queues[:FIRST_LOOKED_AT]]
    unanswered = queries.reservations().filter(worker=row, reservation_status__in=("rejected", "timeout"))
    return WorkerStory(
        worker=row,
        at=at,
        facts=view.me.facts,
        obstacle=view.obstacle(first),
        queues=Page(shares, len(queues), token),
        refusals=tuple(unanswered.order_by("-pk")[:REFUSALS_SHOWN]),
    )


class _View:
    """A workspace as one worker sees it."""

    def __init__(self, row: Worker, at: datetime) -> None:
        self.row = row
        self.now = at.timestamp()
        names = list(row.channels.values_list("task_channel__unique_name", flat=True))
        lines = optimized(row.workspace_id)
        staffed = staff(row.workspace_id, channels=names)
        self.me = Candidate(next(facts for facts in staffed if facts.number == row.pk), optimized=lines)
        self.others = [Candidate(facts, optimized=lines) for facts in staffed if facts.available]
        self.expressions = {facts.sid: facts for facts in reading.queue_facts(row.workspace_id)}
        waiting = Task.objects.filter(workspace_id=row.workspace_id, assignment_status="pending")
        self.waiting: Mapping[int, int] = dict(waiting.values_list("task_queue_id").annotate(Count("pk")))

    def queues(self) -> list[TaskQueue]:
        """All queues: his own first, of these the ones where most waits."""
        rows = TaskQueue.objects.filter(workspace_id=self.row.workspace_id)
        return sorted(
            rows,
            key=lambda row: (
                not self.is_member(row),
                -self.waiting.get(row.pk, 0),
                row.friendly_name.casefold(),
                row.pk,
            ),
        )

    def is_member(self, queue: TaskQueue) -> bool:
        return _takes(self.expressions[queue.sid], self.me)

    def share(self, queue: TaskQueue) -> QueueShare:
        """What the queue has for him."""
        facts = self.expressions[queue.sid]
        member = self.is_member(queue)
        head = self._head(queue, facts) if member and queue.pk in self.waiting else ()
        clauses = () if member or facts.expression is None else why_not(facts.expression, self.me.facts.attributes)
        channel = head[0].task.task_channel.unique_name if head else self._free_channel()
        place = self._place(facts, channel) if member else None
        return QueueShare(queue, self.waiting.get(queue.pk, 0), member, clauses, place, head)

    def obstacle(self, shares: Sequence[QueueShare]) -> Obstacle:
        """The first thing that is in the way; ``shares`` are those of the queues that come first."""
        own = [share for share in shares if share.member]
        letters = {share.detail.letter for queue in own for share in queue.head}
        channels = self.me.facts.channels.values()
        ways: tuple[tuple[Obstacle, bool], ...] = (
            ("away", not self.me.facts.available),
            ("no-channel", not any(channel.available and channel.configured_capacity for channel in channels)),
            ("full", self._free_channel() is None),
            ("no-queue", not own),
            ("nothing-waits", not letters),
            ("refused", "o" not in letters and "r" in letters),
            ("no-slot", "o" not in letters and not letters.isdisjoint("fc")),
            ("not-fitting", "o" not in letters),
            ("others-first", any((queue.place or 1) > 1 for queue in own if queue.head)),
        )
        return next((name for name, is_so in ways if is_so), "soon")

    def _head(self, queue: TaskQueue, facts: QueueFacts) -> tuple[TaskShare, ...]:
        rows = list(queries.in_line(queue)[:HEAD_SHOWN])
        facts_of = reading.task_facts(self.row.workspace_id, [row.sid for row in rows])
        known = {task.number: task for task in facts_of}
        return tuple(TaskShare(row, self._detail(known[row.pk], facts)) for row in rows if row.pk in known)

    def _detail(self, task: TaskFacts, queue: QueueFacts) -> Detail:
        demand = Demand(task, queue, now=self.now)
        return demand.detail(self.me, demand.judge.letter(self.me))

    def _place(self, queue: QueueFacts, channel: str | None) -> int | None:
        """One more than those in the queue who are free and were given work longer ago."""
        if channel is None or self.me.standing(channel) != FREE:
            return None
        mine = self.me.turn_on(channel)
        before = (other for other in self.others if other.turn_on(channel) < mine and other.standing(channel) == FREE)
        return 1 + sum(_takes(queue, other) for other in before)

    def _free_channel(self) -> str | None:
        return next((name for name in sorted(self.me.facts.channels) if self.me.openness(name) == FREE), None)


def _takes(queue: QueueFacts, worker: Candidate) -> bool:
    return queue.expression is not None and queue.expression.test(worker.facts.attributes)
