"""What is now, from the tables: a few statements, however many queues, tasks and workers there are."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.db.models import Count, F, QuerySet, Window
from django.db.models.functions import RowNumber

from agents.models import Worker, Workspace
from routing.core.expressions import parse_crew
from routing.core.states import RESERVATION_OPEN, TASK_LIVE
from routing.models import Reservation, Task, TaskQueue

WAITING: Final = ("pending", "reserved")
_HELD: Final = tuple(status for status in TASK_LIVE if status not in WAITING)


@dataclass(frozen=True, slots=True)
class Oldest:
    """Who has waited for longest, and since when."""

    task_sid: str
    since: datetime


@dataclass(slots=True)
class Tasks:
    """The live tasks of one workspace, queue or workflow. Waiting are those that nobody has accepted."""

    by_status: Counter[str] = field(default_factory=Counter)
    by_priority: Counter[int] = field(default_factory=Counter)
    oldest: Oldest | None = None
    oldest_in_queue: Oldest | None = None

    @property
    def total(self) -> int:
        return self.by_status.total()


@dataclass(slots=True)
class Crew:
    """The workers whom a queue's expression matches, by the key of their activity."""

    by_activity: Counter[int] = field(default_factory=Counter)


def tasks(rows: QuerySet[Task], *, by: str) -> dict[int, Tasks]:
    """The live ones among ``rows``, by a column such as ``task_queue_id``."""
    found: dict[int, Tasks] = {}
    waiting = rows.filter(assignment_status__in=WAITING)
    # By the open reservations: those have an index, and an assigned task has one.
    taken = Reservation.objects.filter(reservation_status__in=RESERVATION_OPEN).values("task_id")
    held = rows.filter(assignment_status__in=_HELD, pk__in=taken)
    for part in (waiting, held):
        counted = part.order_by().values(by, "assignment_status", "priority").annotate(count=Count("pk"))
        for row in counted:
            each = found.setdefault(row[by], Tasks())
            each.by_status[row["assignment_status"]] += row["count"]
            each.by_priority[row["priority"]] += row["count"]
    for key, oldest in _oldest(waiting, by, "created_at"):
        found.setdefault(key, Tasks()).oldest = oldest
    for key, oldest in _oldest(waiting, by, "task_queue_entered_at"):
        found.setdefault(key, Tasks()).oldest_in_queue = oldest
    return found


def _oldest(rows: QuerySet[Task], by: str, column: str) -> Iterable[tuple[int, Oldest]]:
    place = Window(RowNumber(), partition_by=[F(by)], order_by=[F(column).asc(), F("pk").asc()])
    first = rows.order_by().filter(**{f"{column}__isnull": False}).annotate(place=place).filter(place=1)
    return [(key, Oldest(sid, since)) for key, sid, since in first.values_list(by, "sid", column)]


def workers_by_activity(workers: QuerySet[Worker]) -> Counter[int]:
    """How many there are, by the key of their activity."""
    counted = workers.order_by().values_list("activity_id").annotate(count=Count("pk", distinct=True))
    return Counter(dict(counted))


def crews(workspace: Workspace, queues: Collection[TaskQueue]) -> dict[int, Crew]:
    """By the key of each queue who serves it, whatever they are doing. Queues with the same expression are asked for
    once."""
    found = {queue.target_workers: Crew() for queue in queues}
    asked = [(matches, crew.by_activity) for text, crew in found.items() if (matches := parse_crew(text)) is not None]
    rows = Worker.objects.filter(workspace=workspace).values_list("attributes", "activity_id") if asked else ()
    for attributes, activity in rows:
        for matches, counter in asked:
            if matches(attributes):
                counter[activity] += 1
    return {queue.pk: found[queue.target_workers] for queue in queues}


def serving(workspace: Workspace, queue: TaskQueue) -> list[int]:
    """The keys of the workers whom the queue's expression matches."""
    matches = parse_crew(queue.target_workers)
    if matches is None:
        return []
    rows = Worker.objects.filter(workspace=workspace).values_list("pk", "attributes")
    return [pk for pk, attributes in rows if matches(attributes)]
