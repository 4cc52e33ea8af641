"""What the OpenAPI document says of each explanation, with examples."""

from typing import Any

from api.openapi import ALWAYS, answered, path_sid, refusals
from api.why import shapes
from api.why.serializers import PageQuery, PeopleQuery, QueueQuery

_WT = "WT0c9be2f48a0f4c4ba6c1d5f0b7a3e2d1"
_WR = "WR7f1c2b3a4d5e4f60a1b2c3d4e5f60718"
_WK = "WK1a2b3c4d5e6f4071829304a5b6c7d8e9"
_WQ = "WQ9e8d7c6b5a4f4e3d8c2b1a0f9e8d7c6b"
_WW = "WW4d3c2b1a0f9e4d8c7b6a5f4e3d2c1b0a"
_AT = "2026-01-02T03:04:05.678Z"
_LATER = "2026-01-02T03:04:35.678Z"

_QUEUE = {"task_queue_sid": _WQ, "task_queue_friendly_name": "Billing"}
_CLAUSE = {
    "text": "skills HAS 'billing'",
    "line": 1,
    "column": 1,
    "holds": False,
    "found": [{"name": "skills", "value": "['sales']"}],
    "hint": None,
}
_WORKER = {
    "worker_sid": _WK,
    "worker_name": "Ada",
    "reason": "queue-expression",
    "message": "Not in the queue: skills HAS 'billing' – skills is ['sales'].",
    "clauses": [_CLAUSE],
}
_REASONS = [{"reason": "away", "workers": 2}, {"reason": "queue-expression", "workers": 1}]
_PAGE = {"count": 3, "next_page_token": None}
_RESERVATION = {
    "reservation_sid": _WR,
    "task_sid": _WT,
    "worker_sid": _WK,
    "worker_name": "Ada",
    "reservation_status": "rejected",
    "date_created": _AT,
    "date_ended": _LATER,
}
_TARGET = {
    **_QUEUE,
    "expression": "worker.level >= task.level",
    "priority": 5,
    "starts_at_age": 0,
    "ends_at_age": 30,
    "left_at_age": None,
    "fate": "here",
}
_FILTER = {
    "filter_friendly_name": "Invoices",
    "expression": "topic == 'invoice'",
    "matches": True,
    "fate": "here",
    "clauses": [
        {**_CLAUSE, "text": "topic == 'invoice'", "holds": True, "found": [{"name": "topic", "value": "'invoice'"}]}
    ],
    "targets": [_TARGET],
}
_WHY_TASK = {
    "task_sid": _WT,
    "assignment_status": "pending",
    "reason": "",
    "date": _AT,
    "route": {
        "workflow_sid": _WW,
        "workflow_friendly_name": "Messages",
        "workflow_version": 4,
        "outdated": False,
        "filters": [_FILTER],
        "default_filter": {**_QUEUE, "fate": "shut"},
    },
    "waiting": {
        "position": 2,
        "never": False,
        "next": [{"event": "step", "date": _LATER, "task_queue_sid": None, "task_queue_friendly_name": None}],
        "reasons": _REASONS,
        "workers": [_WORKER],
        **_PAGE,
    },
    "reservations": [_RESERVATION],
}
_WHY_RESERVATION = {
    **{key: _RESERVATION[key] for key in ("reservation_sid", "task_sid", "worker_sid", "worker_name")},
    "reservation_status": "accepted",
    "date": _AT,
    "task_queue_sid": _WQ,
    "task_channel": "chat",
    "order_by": ["level DESC"],
    "reasons": [{"reason": "free", "workers": 2}, {"reason": "full", "workers": 1}],
    "workers": [
        {
            **_WORKER,
            "reason": "free",
            "message": "Free, but later in line (level DESC: 3, last offer 03:00).",
            "clauses": [],
            "chosen": False,
            "idle_since": _AT,
            "ranks": [{"order": "level DESC", "value": "3"}],
        }
    ],
    **_PAGE,
}
_TASK = {"task_sid": _WT, "task_channel": "chat", "priority": 5, "date_created": _AT}
_WHY_WORKER = {
    "worker_sid": _WK,
    "worker_name": "Ada",
    "date": _AT,
    "activity_name": "Available",
    "available": True,
    "date_status_changed": _AT,
    "obstacle": "full",
    "message": "Busy on every channel.",
    "channels": [{"task_channel": "chat", "configured_capacity": 3, "load": 3, "available": True}],
    "task_queues": [
        {
            **_QUEUE,
            "member": True,
            "clauses": [],
            "waiting": 1,
            "place": None,
            "tasks": [{**_TASK, "reason": "full", "message": "Busy: 3 of 3.", "clauses": []}],
        }
    ],
    **_PAGE,
    "refusals": [_RESERVATION],
}
_WHY_TASK_QUEUE = {
    **_QUEUE,
    "target_workers": "skills HAS 'billing'",
    "date": _AT,
    "waiting": 1,
    "task_channels": [
        {"task_channel": "chat", "waiting": 1, "oldest": _AT, "free": 0, "never": False, "reasons": _REASONS}
    ],
    "tasks": [_TASK],
    "task_channel": "chat",
    "workers": [_WORKER],
    **_PAGE,
}


def _operation(name: str, prefix: str, *, query: Any, shape: Any, example: Any) -> dict[str, Any]:
    return {
        "operation_id": name,
        "tags": ["why"],
        "parameters": [path_sid(prefix), query],
        "responses": {200: answered(shape, "The explanation.", example), **refusals(*ALWAYS, 400, 404)},
    }


TASK = _operation("whyTask", "WT", query=PeopleQuery, shape=shapes.WhyTaskSerializer, example=_WHY_TASK)
RESERVATION = _operation(
    "whyReservation", "WR", query=PeopleQuery, shape=shapes.WhyReservationSerializer, example=_WHY_RESERVATION
)
WORKER = _operation("whyWorker", "WK", query=PageQuery, shape=shapes.WhyWorkerSerializer, example=_WHY_WORKER)
TASK_QUEUE = _operation(
    "whyTaskQueue", "WQ", query=QueueQuery, shape=shapes.WhyTaskQueueSerializer, example=_WHY_TASK_QUEUE
)
