"""What waits in a queue, and who could serve it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min

from eventlog.dbclock import database_now
from kernel.actor import Actor
from routing import reading
from routing.core.explain import survey
from routing.core.facts import TaskFacts
from routing.explaining import access
from routing.explaining.lines import in_line
from routing.explaining.pages import Ask, Page, Person, people
from routing.explaining.staff import optimized, staff
from routing.models import Task, TaskQueue

HEAD_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel's share of what waits, and how the workers stand to it: ``counts`` by letter."""

    name: str
    waiting: int
    oldest: datetime | None
    counts: Mapping[str, int]
    never: bool


@dataclass(frozen=True, slots=True)
class QueueStory:
    """``head`` are the tasks that come next. ``people`` are for the ``channel``, the first of the ``channels``: the one
    that was asked for, or that with the most waiting tasks.

    What single tasks ask beyond the queue (skills, steps) is not asked here.
    """

    queue: TaskQueue
    at: datetime
    waiting: int
    head: tuple[Task, ...]
    channels: tuple[Channel, ...]
    channel: str
    people: Page[Person]


def queue(sid: str, *, actor: Actor, ask: Ask | None = None) -> QueueStory:
    """All that can be told of a queue.

    Raises NotFound, for one of another account as well; Forbidden; Invalid for an unknown page token.
    """
    row = access.queue(sid, actor=actor)
    at = database_now()
    shares = _shares(row)
    asked = ask or Ask()
    names = list(dict.fromkeys([*([asked.channel] if asked.channel else []), *(name for name, _, _ in shares)]))
    names = names or ["default"]
    (facts,) = reading.queue_facts(row.workspace_id, [row.sid])
    workers = staff(row.workspace_id, channels=names)
    lines = optimized(row.workspace_id)
    surveys = {
        name: survey(_anything(row, name), facts, workers, now=at.timestamp(), optimized=lines) for name in names
    }
    waiting = {name: count for name, count, _ in shares}
    oldest = {name: at for name, _, at in shares}
    return QueueStory(
        queue=row,
        at=at,
        waiting=sum(waiting.values()),
        head=tuple(in_line(row)[:HEAD_SHOWN]),
        channels=tuple(
            Channel(name, waiting.get(name, 0), oldest.get(name), found.counts, found.never)
            for name, found in surveys.items()
        ),
        channel=names[0],
        people=people(surveys[names[0]], asked),
    )


def _shares(row: TaskQueue) -> list[tuple[str, int, datetime]]:
    """Channel, how many tasks and since when; most first."""
    waiting = Task.objects.filter(task_queue=row, assignment_status="pending")
    counted = waiting.values_list("task_channel__unique_name").annotate(Count("pk"), Min("created_at"))
    return sorted(counted, key=lambda share: (-share[1], share[0]))


def _anything(row: TaskQueue, channel: str) -> TaskFacts:
    """A task that asks for nothing but the queue and a channel."""
    return TaskFacts(number=0, version=0, queue=row.sid, channel=channel, priority=0, virtual_start=0.0, created=0.0)
