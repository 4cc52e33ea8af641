"""Figures as Twilio writes them: whole seconds, and its names."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import QuerySet

from agents.models import Activity, Worker, Workspace
from agents.queries import activities as activities_of
from insights import core, realtime
from insights.queries import Figures, Period, Split, Spread
from routing.core.states import TASK_LIVE
from taskrouter.wire import Shown, stamp


@dataclass(frozen=True, slots=True)
class Entered:
    """What it is called that tasks came, and by which kinds of facts it is known; what else is counted there."""

    name: str
    kinds: Sequence[str]
    in_queue: bool = False


CREATED: Final = Entered("tasks_created", ("task.created",))
ENTERED_QUEUE: Final = Entered("tasks_entered", (core.ENTERED_QUEUE, core.TO_QUEUE, core.TO_WORKFLOW), in_queue=True)
ENTERED_WORKFLOW: Final = Entered("tasks_entered", (core.ENTERED_WORKFLOW, core.TO_WORKFLOW))


def cumulative(found: Figures, within: Period, *, entered: Entered) -> Shown:
    """The past of the workspace, a workflow or a queue."""
    tasks = {name: found.count(kind) for kind, name in core.OF_TASKS.items() if name != "tasks_created"}
    waits = {
        "wait_duration_until_accepted": _spread(found.until_accepted),
        "wait_duration_until_canceled": _spread(found.until_canceled),
    }
    if entered.in_queue:
        del tasks["tasks_timed_out_in_workflow"]
        waits["wait_duration_in_queue_until_accepted"] = _spread(found.in_queue_until_accepted)
    return {
        **_ends(within),
        "avg_task_acceptance_time": _seconds(found.until_accepted.average),
        **_reservations(found),
        entered.name: found.count(*entered.kinds),
        **tasks,
        **waits,
        "split_by_wait_time": {str(seconds): _split(split) for seconds, split in found.splits.items()},
    }


def of_workers(
    found: Figures, within: Period, times: Mapping[str, tuple[str, Spread]], *, activities: Iterable[Activity]
) -> Shown:
    """The past of workers. Activities that are gone are told of where somebody was in them."""
    names = {each.sid: each.friendly_name for each in activities}
    names |= {sid: name for sid, (name, _) in times.items() if sid not in names}
    durations = [
        {"sid": sid, "friendly_name": name, **_spread(times[sid][1] if sid in times else Spread())}
        for sid, name in names.items()
    ]
    return {**_ends(within), **_reservations(found), "activity_durations": durations}


def tasks(found: realtime.Tasks, *, now: datetime) -> Shown:
    """The live tasks."""
    return {
        "longest_task_waiting_age": _age(found.oldest, now),
        "longest_task_waiting_sid": found.oldest.task_sid if found.oldest else None,
        "tasks_by_priority": {str(priority): count for priority, count in sorted(found.by_priority.items())},
        "tasks_by_status": {status: found.by_status[status] for status in TASK_LIVE},
        "total_tasks": found.total,
    }


def tasks_in_queue(found: realtime.Tasks, *, now: datetime) -> Shown:
    """The same, with who has been longest in this queue."""
    return {
        **tasks(found, now=now),
        "longest_relative_task_age_in_queue": _age(found.oldest_in_queue, now),
        "longest_relative_task_sid_in_queue": found.oldest_in_queue.task_sid if found.oldest_in_queue else None,
    }


def crew(activities: Sequence[Activity], found: realtime.Crew) -> Shown:
    """Who serves a queue; available are those in an available activity, busy or not."""
    counts = found.by_activity
    return {
        "activity_statistics": _by_activity(activities, counts),
        "total_eligible_workers": counts.total(),
        "total_available_workers": sum(counts[each.pk] for each in activities if each.available),
    }


def workers(workspace: Workspace, rows: QuerySet[Worker]) -> Shown:
    """What these workers are doing."""
    counts = realtime.workers_by_activity(rows)
    return {
        "activity_statistics": _by_activity(activities_of(workspace), counts),
        "total_workers": counts.total(),
    }


def _by_activity(activities: Iterable[Activity], counts: Mapping[int, int]) -> list[Shown]:
    """Every activity of the workspace with its number of workers, also where that is none."""
    return [
        {"sid": each.sid, "friendly_name": each.friendly_name, "workers": counts.get(each.pk, 0)} for each in activities
    ]


def _reservations(found: Figures) -> Shown:
    return {name: found.count(kind) for kind, name in core.OF_RESERVATIONS.items()}


def _ends(within: Period) -> Shown:
    return {"start_time": stamp(within.start), "end_time": stamp(within.end)}


def _spread(spread: Spread) -> Shown:
    return {
        "avg": _seconds(spread.average),
        "min": _seconds(spread.least),
        "max": _seconds(spread.most),
        "total": _seconds(spread.total),
    }


def _split(split: Split) -> Shown:
    return {
        "below": {"reservations_accepted": split.accepted_below, "tasks_canceled": split.canceled_below},
        "above": {"reservations_accepted": split.accepted_above, "tasks_canceled": split.canceled_above},
    }


def _seconds(milliseconds: float) -> int:
    return round(milliseconds / 1000)


def _age(oldest: realtime.Oldest | None, now: datetime) -> int:
    return max(0, int((now - oldest.since).total_seconds())) if oldest else 0
