"""What an event of the log means to statistics; of each event for itself, so that the log can be read anew."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

ENTERED_QUEUE: Final = "task-queue.entered"
ENTERED_WORKFLOW: Final = "workflow.entered"
MOVED: Final = "task-queue.moved"
TRANSFERRED: Final = "task.transfer-initiated"
CANCELED_OFFER: Final = "reservation.canceled"
ACCEPTED: Final = "reservation.accepted"
CANCELED: Final = "task.canceled"

# Where a transfer leads a task to, by the prefix of its target: an arrival of which no event of its own tells.
TO_QUEUE: Final = "transfer.to-queue"
TO_WORKFLOW: Final = "transfer.to-workflow"
_TO: Final = {"WQ": TO_QUEUE, "WW": TO_WORKFLOW}

OF_RESERVATIONS: Final[Mapping[str, str]] = {
    "reservation.created": "reservations_created",
    ACCEPTED: "reservations_accepted",
    "reservation.rejected": "reservations_rejected",
    "reservation.timeout": "reservations_timed_out",
    CANCELED_OFFER: "reservations_canceled",
    "reservation.rescinded": "reservations_rescinded",
}
OF_TASKS: Final[Mapping[str, str]] = {
    "task.created": "tasks_created",
    "task.completed": "tasks_completed",
    CANCELED: "tasks_canceled",
    "task.deleted": "tasks_deleted",
    MOVED: "tasks_moved",
    "workflow.timeout": "tasks_timed_out_in_workflow",
}
"""What Twilio calls the number of such events."""

ARRIVALS: Final = frozenset({ENTERED_QUEUE, ENTERED_WORKFLOW, TRANSFERRED})
COUNTED: Final = frozenset(OF_RESERVATIONS) | frozenset(OF_TASKS) | ARRIVALS
LEFT_ACTIVITY: Final = frozenset({"worker.activity.update", "worker.deleted"})
TYPES: Final = COUNTED | LEFT_ACTIVITY

Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Counted:
    """One event that counts. Empty sids: none. Waits in milliseconds: since the task was made, and was put into its
    queue."""

    kind: str
    task_channel: str
    task_queue_sid: str
    workflow_sid: str
    worker_sid: str
    wait: int
    wait_in_queue: int


@dataclass(frozen=True, slots=True)
class Spell:
    """A worker has been in an activity, from then until then."""

    worker_sid: str
    activity_sid: str
    activity_name: str
    started_at: datetime
    ended_at: datetime


def counted(event_type: str, data: Data, *, at: datetime, task_queue_sid: str | None = None) -> Counted | None:
    """What counts of an event of `COUNTED`; None for a transfer to a worker, who is reached through no queue.

    ``task_queue_sid``: the queue that it counts for, where the event itself names another.
    """
    kind = _TO.get(data["transfer"]["to"][:2]) if event_type == TRANSFERRED else event_type
    if kind is None:
        return None
    task = data["task"] if event_type in OF_RESERVATIONS else data
    queue = task["task_queue_sid"] if task_queue_sid is None else task_queue_sid
    return Counted(
        kind=kind,
        task_channel=task["task_channel"],
        task_queue_sid=queue or "",
        workflow_sid=task["workflow_sid"] or "",
        worker_sid=data["worker_sid"] if event_type in OF_RESERVATIONS else "",
        wait=_milliseconds(task["date_created"], at),
        wait_in_queue=_milliseconds(task["task_queue_entered_date"], at),
    )


def spell(event_type: str, data: Data, *, worker_sid: str, at: datetime) -> Spell | None:
    """The activity that an event of `LEFT_ACTIVITY` ends; None where it does not say what was before."""
    since = datetime.fromisoformat(data["date_status_changed"])
    if event_type == "worker.deleted":
        return Spell(worker_sid, data["activity_sid"], data["activity_name"], since, max(since, at))
    previous = data.get("previous")
    if not previous:
        return None
    began = since - timedelta(milliseconds=max(0, previous["milliseconds"]))
    return Spell(worker_sid, previous["activity_sid"], previous["activity_name"], began, since)


def moment(seconds: float) -> datetime:
    """Of seconds since 1970, aware, UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def _milliseconds(since: str | None, until: datetime) -> int:
    if since is None:
        return 0
    return max(0, round((until - datetime.fromisoformat(since)).total_seconds() * 1000))
