"""What waits in a queue, and who could serve it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min

from eventlog.dbclock import database_now
from kernel.actor import Actor
from routing import queries, reading
from routing.core.clauses import rule_of
from routing.core.explain import Survey, survey
from routing.core.facts import TaskFacts
from routing.core.verdicts import Judge
from routing.explaining import access
from routing.explaining.pages import Ask, Page, Person, people
from routing.explaining.staff import named_channels, optimized, staff
from routing.models import Task, TaskQueue

HEAD_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel's share of what waits, and how the workers stand to the queue and the channel: ``counts`` by letter.

    ``free`` are those who could take one of the tasks that come first on the channel, with all that these ask.
    """

    name: str
    waiting: int
    oldest: datetime | None
    counts: Mapping[str, int]
    free: int
    never: bool


@dataclass(frozen=True, slots=True)
class QueueStory:
    """``head`` are the tasks that come next. ``people`` are for the ``channel``, the first of the ``channels``: the one
    that was asked for, or that with the most waiting tasks.

    What single tasks ask beyond the queue (skills, steps) is asked for `Channel.free` alone.
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
    names = list(dict.fromkeys([*([asked.channel] if asked.channel else []), *shares])) or ["default"]
    (facts,) = reading.queue_facts(row.workspace_id, [row.sid])
    heads = {name: _head(row, name) for name in shares}
    workers = staff(row.workspace_id, channels={*names, *_named(heads.values())})
    lines = optimized(row.workspace_id)
    surveys = {
        name: survey(_anything(row, name), facts, workers, now=at.timestamp(), optimized=lines) for name in names
    }
    return QueueStory(
        queue=row,
        at=at,
        waiting=sum(count for count, _ in shares.values()),
        head=tuple(queries.in_line(row)[:HEAD_SHOWN]),
        channels=tuple(
            Channel(name, *shares.get(name, (0, None)), found.counts, _free(found, heads.get(name)), found.never)
            for name, found in surveys.items()
        ),
        channel=names[0],
        people=people(surveys[names[0]], asked),
    )


def _shares(row: TaskQueue) -> dict[str, tuple[int, datetime | None]]:
    """By channel, how many tasks and since when; most first."""
    waiting = Task.objects.filter(task_queue=row, assignment_status="pending")
    counted = waiting.values_list("task_channel__unique_name").annotate(Count("pk"), Min("created_at"))
    most_first = sorted(counted, key=lambda share: (-share[1], share[0]))
    return {name: (count, oldest) for name, count, oldest in most_first}


def _head(row: TaskQueue, channel: str) -> list[TaskFacts]:
    """The tasks that come first on the channel."""
    first = queries.in_line(row).filter(task_channel__unique_name=channel)[:HEAD_SHOWN]
    return reading.task_facts(row.workspace_id, [task.sid for task in first])


def _named(heads: Iterable[list[TaskFacts]]) -> frozenset[str]:
    """The channels whose load these tasks ask of a worker."""
    return named_channels(rule_of(task).expression for tasks in heads for task in tasks)


def _free(found: Survey, head: Sequence[TaskFacts] | None) -> int:
    """Where no task waits, those whom the queue has for any."""
    if head is None:
        return found.counts.get("o", 0)
    judges = [Judge(task, found.demand.queue, now=found.demand.now) for task in head]
    return sum(any(judge.letter(worker) == "o" for judge in judges) for _, worker in found.judged)


def _anything(row: TaskQueue, channel: str) -> TaskFacts:
    """A task that asks for nothing but the queue and a channel."""
    return TaskFacts(number=0, version=0, queue=row.sid, channel=channel, priority=0, virtual_start=0.0, created=0.0)
