"""Events as TaskRouter tells them, in lists and in callbacks: their types, what they are about, their data as texts.

https://www.twilio.com/docs/taskrouter/api/event/reference
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from agents.models import Worker, Workspace
from eventlog.models import Event
from kernel import clock, sids
from taskrouter import wire

KINDS: Final[Mapping[str, str]] = {
    "workspace": "created updated deleted",
    "activity": "created updated deleted",
    "task-channel": "created updated deleted",
    "task-queue": "created deleted entered timeout moved expression.updated",
    "workflow": "created updated deleted entered target-matched timeout skipped",
    "worker": "created deleted activity.update attributes.update capacity.update channel.availability.update",
    "reservation": "created accepted rejected timeout canceled rescinded completed failed wrapup",
    "task": "created updated canceled wrapup completed deleted system-deleted transfer-initiated"
    " transfer-attempt-failed transfer-failed transfer-canceled transfer-completed",
}
TYPES: Final = frozenset(f"{kind}.{verb}" for kind, verbs in KINDS.items() for verb in verbs.split())
"""Those that TaskRouter knows. What else stands in the log is not told."""

REDACTED_AFTER: Final = timedelta(minutes=43_200)
SOURCE: Final = "taskrouter"

Data = Mapping[str, Any]
Texts = dict[str, str]

_ABOUT: Final[Mapping[str, str]] = {
    "WS": "workspace",
    "WA": "activity",
    "TC": "task-channel",
    "WQ": "task-queue",
    "WW": "workflow",
    "WK": "worker",
    "WR": "reservation",
    "WT": "task",
}
_SHELVES: Final[Mapping[str, str]] = {
    "activity": "Activities",
    "task-channel": "TaskChannels",
    "task-queue": "TaskQueues",
    "workflow": "Workflows",
    "worker": "Workers",
    "task": "Tasks",
}


@dataclass(slots=True)
class Known:
    """What events of a workspace do not carry themselves, looked up for many of them at once."""

    workspace: Workspace
    channels: Mapping[str, str]
    workers: dict[str, Worker] = field(default_factory=dict)

    @classmethod
    def of(cls, workspace: Workspace) -> "Known":
        return cls(workspace, dict(workspace.task_channels.values_list("unique_name", "sid")))

    def look_up(self, events: Iterable[Event]) -> None:
        """The workers of these reservations."""
        wanted = {event.data["worker_sid"] for event in events if event.type.startswith("reservation.")}
        missing = [sid for sid in wanted if sid not in self.workers]
        if missing:
            rows = Worker.objects.select_related("activity").filter(sid__in=missing)
            self.workers |= {row.sid: row for row in rows}


@dataclass(frozen=True, slots=True)
class Told:
    """One event as TaskRouter tells it."""

    description: str
    resource_type: str
    resource_sid: str
    resource_url: str
    data: Texts


def tell(event: Event, known: Known, *, now: datetime | None = None) -> Told:
    """``known`` has looked it up. Attributes of tasks are redacted after thirty days."""
    about = _ABOUT[event.subject_sid[:2]]
    data = {"workspace_sid": known.workspace.sid, "workspace_name": known.workspace.friendly_name}
    data |= _PARTS[about](event, known)
    if "task_attributes" in data and (now or clock.now()) - event.created_at > REDACTED_AFTER:
        data["task_attributes"] = "{}"
    return Told(_description(event, about, data), about, event.subject_sid, _url(event, about, known), data)


def milliseconds(moment: datetime) -> int:
    """Since 1970."""
    return int(moment.timestamp() * 1000)


def line_of(event: Event) -> str:
    """Whose events come in order: those of a reservation with those of its task."""
    task = event.data.get("task") if event.type.startswith("reservation.") else None
    return str(task["sid"] if task else event.subject_sid)


# --- the data, by what the event is about ---


def _task(event: Event, known: Known) -> Texts:
    told = task_texts(event.data, known, at=event.created_at)
    if event.type in ("task.canceled", "task.completed") and event.data.get("reason"):
        told[f"{event.type.replace('.', '_')}_reason"] = event.data["reason"]
    left = event.data.get("left_task_queue_sid")
    transfer = event.data.get("transfer") or {}
    moved = {
        "previous_task_queue_sid": left,
        "transfer_sid": transfer.get("sid"),
        "transfer_mode": transfer.get("mode"),
        "transfer_status": transfer.get("status"),
        "transfer_to": transfer.get("to"),
        "transfer_failed_reason": transfer.get("reason"),
        "transfer_initiating_reservation_sid": transfer.get("initiating_reservation_sid"),
        "transfer_initiating_worker_sid": transfer.get("initiating_worker_sid"),
        "reservation_sid": event.data.get("reservation_sid"),
        "worker_sid": event.data.get("worker_sid"),
    }
    return told | _texts(moved)


def task_texts(task: Data, known: Known, *, at: datetime) -> Texts:
    """What is told of a task, as it was at that moment."""
    made = _moment(task.get("date_created"))
    entered = _moment(task.get("task_queue_entered_date"))
    return _texts(
        {
            "task_sid": task["sid"],
            "task_attributes": wire.text(task["attributes"]),
            "task_age": int((at - made).total_seconds()) if made else 0,
            "task_priority": task["priority"],
            "task_assignment_status": task["assignment_status"],
            "task_version": task["version"],
            "task_date_created": int(made.timestamp()) if made else None,
            "task_channel_sid": known.channels.get(task["task_channel"]),
            "task_channel_unique_name": task["task_channel"],
            "task_queue_sid": task["task_queue_sid"],
            "task_queue_name": task["task_queue_friendly_name"],
            "task_queue_entered_date": int(entered.timestamp()) if entered else None,
            "workflow_sid": task["workflow_sid"],
            "workflow_name": task["workflow_friendly_name"],
        }
    )


def _reservation(event: Event, known: Known) -> Texts:
    data = event.data
    told = {
        "reservation_sid": data["sid"],
        "reservation_version": data["version"],
        "worker_sid": data["worker_sid"],
        "worker_name": data["worker_name"],
    }
    worker = known.workers.get(data["worker_sid"])
    # The event does not carry these: they are told while it is sure that they were so.
    if worker is not None and worker.updated_at <= event.created_at:
        told |= {
            "worker_attributes": wire.text(worker.attributes),
            "worker_version": worker.version,
        }
    if worker is not None and worker.date_status_changed <= event.created_at:
        told |= {"worker_activity_sid": worker.activity.sid, "worker_activity_name": worker.activity.friendly_name}
    return task_texts(data["task"], known, at=event.created_at) | _texts(told)


def _worker(event: Event, known: Known) -> Texts:
    data, previous, channel = event.data, event.data.get("previous") or {}, event.data.get("channel")
    told: dict[str, Any] = {
        "worker_sid": data["sid"],
        "worker_name": data["friendly_name"],
        "worker_attributes": wire.text(data["attributes"]),
        "worker_activity_sid": data["activity_sid"],
        "worker_activity_name": data["activity_name"],
        "worker_version": data["version"],
    }
    if event.type == "worker.activity.update":
        spent = previous.get("milliseconds", 0)
        told |= {
            "worker_time_in_previous_activity": spent // 1000,
            "worker_time_in_previous_activity_ms": spent,
            "worker_previous_activity_sid": previous.get("activity_sid"),
            "worker_previous_activity_name": previous.get("activity_name"),
        }
    if channel:
        told |= {
            "worker_channel_available": channel["available"],
            "worker_channel_available_capacity": max(0, channel["configured_capacity"] - channel["load"]),
            "worker_channel_capacity": channel["configured_capacity"],
            "worker_channel_previous_capacity": previous.get("configured_capacity", channel["configured_capacity"]),
            "worker_channel_task_count": channel["assigned"],
            "task_channel_sid": known.channels.get(channel["task_channel"]),
            "task_channel_unique_name": channel["task_channel"],
        }
    return _texts(told)


def _activity(event: Event, _known: Known) -> Texts:
    data = event.data
    return _texts(
        {
            "activity_sid": data["sid"],
            "activity_name": data["friendly_name"],
            "activity_available": data["available"],
        }
    )


def _task_channel(event: Event, _known: Known) -> Texts:
    data = event.data
    return _texts(
        {
            "task_channel_sid": data["sid"],
            "task_channel_name": data["friendly_name"],
            "task_channel_unique_name": data["unique_name"],
            "task_channel_optimized_routing": data.get("channel_optimized_routing", False),
        }
    )


def _task_queue(event: Event, _known: Known) -> Texts:
    data = event.data
    return _texts(
        {
            "task_queue_sid": data["sid"],
            "task_queue_name": data["friendly_name"],
            "task_queue_target_expression": data["target_workers"],
        }
    )


def _workflow(event: Event, _known: Known) -> Texts:
    return _texts({"workflow_sid": event.data["sid"], "workflow_name": event.data["friendly_name"]})


def _workspace(event: Event, _known: Known) -> Texts:
    return _texts({"workspace_sid": event.data["sid"], "workspace_name": event.data["friendly_name"]})


_PARTS: Final[Mapping[str, Callable[[Event, Known], Texts]]] = {
    "workspace": _workspace,
    "activity": _activity,
    "task-channel": _task_channel,
    "task-queue": _task_queue,
    "workflow": _workflow,
    "worker": _worker,
    "reservation": _reservation,
    "task": _task,
}


def _texts(values: Mapping[str, Any]) -> Texts:
    """Each value as text; what there is none of is left out."""
    return {name: _text(value) for name, value in values.items() if value is not None and value != ""}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


# --- in a sentence ---

_SENTENCES: Final[Mapping[str, str]] = {
    "reservation.created": "Task {task_sid} assigned to Worker {worker_name} with Reservation {reservation_sid}",
    "worker.activity.update": "Worker {worker_name} updated to {worker_activity_name} Activity",
    "worker.attributes.update": "Worker {worker_name} attributes updated",
    "worker.capacity.update": "Worker {worker_name} capacity of channel {task_channel_unique_name} updated",
    "worker.channel.availability.update": "Worker {worker_name} availability of channel {task_channel_unique_name}"
    " updated",
    "workflow.entered": "Task {task_sid} entered Workflow {workflow_name}",
    "workflow.target-matched": "Task {task_sid} matched a target of Workflow {workflow_name}",
    "workflow.timeout": "Task {task_sid} timed out of Workflow {workflow_name}",
    "workflow.skipped": "Task {task_sid} was skipped out of Workflow {workflow_name}",
    "task-queue.entered": "Task {task_sid} entered TaskQueue {task_queue_name}",
    "task-queue.moved": "Task {task_sid} moved to TaskQueue {task_queue_name}",
    "task-queue.timeout": "Task {task_sid} timed out of its TaskQueue",
    "task-queue.expression.updated": "TaskQueue {task_queue_name} target expression updated",
}


class _Blank(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return ""


def _description(event: Event, about: str, data: Texts) -> str:
    if event.type in _SENTENCES:
        return _SENTENCES[event.type].format_map(_Blank(data))
    kind, _, verb = event.type.partition(".")
    thing = "".join(part.title() for part in kind.split("-"))
    name = data.get(f"{about.replace('-', '_')}_name") or event.subject_sid
    return f"{thing} {name} {verb.replace('-', ' ')}"


def _url(event: Event, about: str, known: Known) -> str:
    home = ("Workspaces", known.workspace.sid)
    if about == "workspace":
        return wire.url(*home)
    if about == "reservation":
        return wire.url(*home, "Tasks", event.data["task"]["sid"], "Reservations", event.subject_sid)
    return wire.url(*home, _SHELVES[about], event.subject_sid)


def actor_of(event: Event, workspace: Workspace) -> tuple[str, str | None, str | None]:
    """Type, sid and address of who did it; what the product does by itself the workspace did."""
    if event.actor_kind == "system" or not event.actor_sid:
        return "workspace", workspace.sid, wire.url("Workspaces", workspace.sid)
    if sids.is_sid(event.actor_sid, "WK"):
        return "worker", event.actor_sid, wire.url("Workspaces", workspace.sid, "Workers", event.actor_sid)
    if sids.is_sid(event.actor_sid, "AC"):  # By the auth token, which is a key to us.
        return "account", event.actor_sid, None
    return event.actor_kind, event.actor_sid, None
