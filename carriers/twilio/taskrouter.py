"""A TaskRouter workspace as it stands at Twilio, or at another instance of this product, read through the SDK."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from json import JSONDecodeError
from typing import Any, Final, Literal

from twilio.base.exceptions import TwilioException
from twilio.http.response import Response
from twilio.rest import Client

from carriers.base import CarrierError
from carriers.twilio.client import classify
from carriers.twilio.transport import Transport

Kind = Literal["activities", "task_channels", "workers", "task_queues", "workflows"]

KINDS: Final[tuple[Kind, ...]] = ("activities", "task_channels", "workers", "task_queues", "workflows")
"""Each refers only to those before it."""

PAGE_SIZE: Final = 100
_TRIES: Final = 5
_LONGEST_WAIT: Final = 30.0

_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "workspace": (
        "default_activity_sid",
        "timeout_activity_sid",
        "event_callback_url",
        "events_filter",
        "prioritize_queue_order",
        "multi_task_enabled",
    ),
    "activities": ("available",),
    "task_channels": ("unique_name", "channel_optimized_routing"),
    "workers": ("attributes",),
    "task_queues": (
        "target_workers",
        "task_order",
        "max_reserved_workers",
        "reservation_activity_sid",
        "assignment_activity_sid",
    ),
    "workflows": (
        "configuration",
        "task_reservation_timeout",
        "assignment_callback_url",
        "fallback_assignment_callback_url",
    ),
}

Progress = Callable[[str, int], None]
"""Told of which kind so many have been read."""


@dataclass(frozen=True, slots=True)
class Record:
    """One object of the source. ``fields`` are as the SDK has them: JSON stays text, and anything may be null."""

    sid: str
    name: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Capacity:
    """How many tasks of one channel a worker takes at once."""

    channel: str
    capacity: int
    available: bool


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A workspace, those of its kinds that were asked for, and the workers' capacities by the worker's sid."""

    workspace: Record
    kinds: Mapping[str, Sequence[Record]]
    capacities: Mapping[str, Sequence[Capacity]]


class Patient(Transport):
    """For reading alone: what was not answered may be asked again."""

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        for tried in range(1, _TRIES):
            try:
                return super().request(method, url, *args, **kwargs)
            except CarrierError as error:
                if error.permanent:
                    raise
                time.sleep(min(error.retry_after or 0.5 * 2**tried, _LONGEST_WAIT))
        return super().request(method, url, *args, **kwargs)


def reader(user: str, password: str, *, base_url: str = "") -> Client:
    """The official client. ``user`` is an account's sid or an API key's; ``base_url`` another instance of this product.

    Without it Twilio itself is asked.
    """
    return Client(user, password, http_client=Patient(api_base=base_url))


def workspaces(client: Client) -> list[Record]:
    """Those of the account. Raises CarrierError."""
    with _reading("workspaces"):
        return [_record("workspace", row) for row in client.taskrouter.v1.workspaces.stream(page_size=PAGE_SIZE)]


def read(client: Client, workspace: Record, *, kinds: Collection[str], progress: Progress) -> Snapshot:
    """Everything of these kinds, a page at a time. Raises CarrierError, whose message names what was being read."""
    source = client.taskrouter.v1.workspaces(workspace.sid)
    found: dict[str, list[Record]] = {}
    for kind in KINDS:
        if kind in kinds:
            found[kind] = _rows(source, kind, progress)
    return Snapshot(workspace, found, _capacities(source, found.get("workers", ()), progress))


def _rows(source: Any, kind: Kind, progress: Progress) -> list[Record]:
    rows: list[Record] = []
    progress(kind, 0)
    with _reading(kind):
        for row in getattr(source, kind).stream(page_size=PAGE_SIZE):
            rows.append(_record(kind, row))
            progress(kind, len(rows))
    return rows


def _capacities(source: Any, workers: Sequence[Record], progress: Progress) -> dict[str, list[Capacity]]:
    """A question for each worker: the SDK knows no other way."""
    found = {}
    for number, worker in enumerate(workers, 1):
        with _reading(f"worker_channels of {worker.name} ({worker.sid})"):
            rows = source.workers(worker.sid).worker_channels.stream(page_size=PAGE_SIZE)
            found[worker.sid] = [
                Capacity(row.task_channel_unique_name, row.configured_capacity, bool(row.available)) for row in rows
            ]
        progress("worker_channels", number)
    return found


def _record(kind: str, row: Any) -> Record:
    return Record(row.sid, row.friendly_name or "", {name: getattr(row, name) for name in _FIELDS[kind]})


@contextmanager
def _reading(what: str) -> Iterator[None]:
    """Every failure as a CarrierError that says what was being read."""
    try:
        yield
    except (TwilioException, JSONDecodeError, CarrierError) as error:
        cause = error if isinstance(error, CarrierError) else classify(error)
        raise CarrierError(f"{what}: {cause.message}", code=cause.code, outcome=cause.outcome) from error
