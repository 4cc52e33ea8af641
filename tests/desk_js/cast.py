"""Payloads as the server sends them, with good defaults."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

WORKER_SID = "WK" + "a" * 32
AVAILABLE = {"sid": "WA" + "1" * 32, "friendly_name": "Available", "available": True}
BREAK = {"sid": "WA" + "2" * 32, "friendly_name": "Break", "available": False}
OFFLINE = {"sid": "WA" + "3" * 32, "friendly_name": "Offline", "available": False}


def sid(prefix: str, number: int) -> str:
    return f"{prefix}{number:032x}"


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def ago(**span: float) -> str:
    return iso(datetime.now(UTC) - timedelta(**span))


def ahead(**span: float) -> str:
    return iso(datetime.now(UTC) + timedelta(**span))


def worker(*, available: bool = True, version: int = 1) -> dict[str, Any]:
    activity = AVAILABLE if available else BREAK
    return {
        "sid": WORKER_SID,
        "version": version,
        "friendly_name": "Ana Ortega",
        "activity_sid": activity["sid"],
        "activity_name": activity["friendly_name"],
        "available": available,
        "attributes": {"skills": ["billing"]},
        "date_status_changed": ago(minutes=20),
        "channels": [],
    }


def task(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "sid": sid("WT", number),
        "version": 1,
        "assignment_status": "reserved",
        "priority": 0,
        "attributes": {
            "conversation_sid": sid("CH", number),
            "channel": "sms",
            "from": f"+1555010{number:04d}",
            "customer_shown": f"+1 555-010-{number:04d}",
            "to": "+15550100000",
            "name": f"Customer {number}",
            "last_message": "Where is my parcel?",
        },
        "reason": "",
        "task_channel": "sms",
        "task_queue_sid": sid("WQ", 1),
        "task_queue_friendly_name": "Orders",
        "workflow_sid": sid("WW", 1),
        "workflow_friendly_name": "Messages",
        "date_created": ago(minutes=2),
        "task_queue_entered_date": ago(minutes=2),
    } | changes


def reservation(
    number: int, *, status: str = "pending", expires_at: str | None = None, **changes: Any
) -> dict[str, Any]:
    return {
        "sid": sid("WR", number),
        "version": 1,
        "reservation_status": status,
        "expires_at": expires_at or ahead(seconds=60),
        "date_created": ago(seconds=5),
        "worker_sid": WORKER_SID,
        "worker_name": "Ana Ortega",
        "task": task(number),
    } | changes


def conversation(number: int, *, last_index: int = 0, read_index: int | None = None, **changes: Any) -> dict[str, Any]:
    return {
        "sid": sid("CH", number),
        "version": 1,
        "state": "open",
        "channel": "sms",
        "owner": "agent",
        "contact": {"sid": sid("CT", number), "name": f"Customer {number}"},
        "customer_address": f"+1555010{number:04d}",
        "customer_shown": f"+1 555-010-{number:04d}",
        "our_address": "+15550100000",
        "our_name": "Main line",
        "attributes": {},
        "last_index": last_index,
        "participants": [
            {
                "worker_sid": WORKER_SID,
                "name": "Ana Ortega",
                "read_index": last_index if read_index is None else read_index,
            }
        ],
        "date_created": ago(minutes=30),
        "date_closed": None,
        "opted_out": False,
        "blocked": False,
        "window": None,
        "last_message": None,
    } | changes


def contact(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "sid": sid("CT", number),
        "name": f"Customer {number}",
        "blocked": False,
        "blocked_reason": "",
        "erased": False,
        "identities": [
            {
                "channel": "sms",
                "address": f"+1555010{number:04d}",
                "shown": f"(555) 010-{number:04d}",
                "opted_out": False,
            }
        ],
        "fields": [],
        "consents": [],
        "change": None,
        "date_created": ago(days=3),
    } | changes


def message(number: int, index: int, body: str | None = None, **changes: Any) -> dict[str, Any]:
    """A customer's message in conversation ``number``; ``outbound`` makes it the agent's."""
    return {
        "sid": sid("IM", number * 100_000 + index),
        "version": 1,
        "conversation_sid": sid("CH", number),
        "index": index,
        "ref": f"server-{number}-{index}",
        "direction": "inbound",
        "author": {"kind": "customer", "sid": sid("CT", number), "name": f"Customer {number}"},
        "body": f"message {index}" if body is None else body,
        "media": [],
        "details": {},
        "content": None,
        "status": "received",
        "error_code": None,
        "error_message": None,
        "date_created": ago(minutes=10),
    } | changes


def outbound(number: int, index: int, body: str | None = None, **changes: Any) -> dict[str, Any]:
    author = {"kind": "agent", "sid": WORKER_SID, "name": "Ana Ortega"}
    return message(number, index, body, **({"direction": "outbound", "author": author, "status": "queued"} | changes))


def template(number: int, body: str = "Hello {{name}}, until {{1}}.", **changes: Any) -> dict[str, Any]:
    """A template with two values and two buttons."""
    return {
        "sid": sid("HX", number),
        "name": f"reminder_{number}",
        "language": "en",
        "category": "UTILITY",
        "body": body,
        "footer": "",
        "buttons": [
            {"kind": "reply", "title": "Confirm", "value": "confirm"},
            {"kind": "reply", "title": "Reschedule", "value": "reschedule"},
        ],
        "media": [],
        "variables": ["1", "name"],
        "samples": {"1": "12 May", "name": "Maria"},
    } | changes


def snapshot(**parts: Any) -> Mapping[str, Any]:
    return {
        "worker": worker(),
        "activities": [AVAILABLE, BREAK, OFFLINE],
        "reservations": [],
        "conversations": [],
        "messages": [],
        "scheduled": [],
        "carrier": {"version": 0, "interrupted_at": None, "code": ""},
    } | parts
