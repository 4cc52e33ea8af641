"""From events to rows, for the sink that follows the log and for whoever reads it anew."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from eventlog.models import Event
from eventlog.numbered import NumberedEvent
from insights import core
from insights.models import ActivitySpell, TaskFact
from kernel import clock

KEPT: Final = timedelta(days=31)
"""A day more than anybody may ask for."""

_FLOOR: Final = "floor:"
_BATCH: Final = 500


def keep(events: Sequence[NumberedEvent]) -> None:
    """Write what these events count for; what is there of them already stays. Part of the caller's transaction."""
    since = (clock.now() - KEPT).timestamp()
    fresh = [event for event in events if event.type in core.TYPES and event.at >= since]
    told = _Told(fresh)
    facts = [row for event in fresh if event.type in core.COUNTED for row in _facts(event, told)]
    spells = [row for event in fresh if event.type in core.LEFT_ACTIVITY for row in _spells(event, told)]
    TaskFact.objects.bulk_create(facts, batch_size=_BATCH, ignore_conflicts=True)
    ActivitySpell.objects.bulk_create(spells, batch_size=_BATCH, ignore_conflicts=True)


def keep_anew(events: Sequence[NumberedEvent], *, after: int, until: int) -> None:
    """The same for all events from position ``after`` (not it) to ``until``, instead of what is kept of them."""
    with transaction.atomic():
        for model in (TaskFact, ActivitySpell):
            model._default_manager.filter(position__gt=after, position__lte=until).delete()
        keep(events)


def forget(*, before: datetime, most: int) -> bool:
    """Delete some of what nobody may ask for any more; True when there may be more."""
    old = (
        (TaskFact, TaskFact.objects.filter(at__lt=before)),
        (ActivitySpell, ActivitySpell.objects.filter(ended_at__lt=before)),
    )
    more = False
    for model, rows in old:
        # Positions go with time, so that the oldest are the first by their key.
        first = list(model._default_manager.order_by("position").values_list("pk", flat=True)[:most])
        gone, _ = rows.filter(pk__in=first).delete()
        more |= gone == most
    return more


class _Told:
    """Of each event its workspace and its data. Those that no audience hears of are read all at once."""

    def __init__(self, events: Iterable[NumberedEvent]) -> None:
        silent = [event.id for event in events if not event.audiences]
        rows = Event.objects.filter(pk__in=silent).values_list("pk", "workspace_sid", "data") if silent else ()
        self._silent: dict[int, tuple[str, Mapping[str, Any]]] = {pk: (sid, data) for pk, sid, data in rows}

    def workspace_sid(self, event: NumberedEvent) -> str:
        if event.id in self._silent:
            return self._silent[event.id][0]
        floor = next((name for name in event.audiences if name.startswith(_FLOOR)), "")
        return floor.removeprefix(_FLOOR)

    def data(self, event: NumberedEvent) -> Mapping[str, Any]:
        return self._silent[event.id][1] if event.id in self._silent else event.data


def _facts(event: NumberedEvent, told: _Told) -> list[TaskFact]:
    at, data = core.moment(event.at), told.data(event)
    found = core.counted(event.type, data, at=at, task_queue_sid=_queue_elsewhere(event, data))
    if found is None:
        return []
    return [
        TaskFact(
            position=event.position,
            kind=found.kind,
            at=at,
            workspace_sid=told.workspace_sid(event),
            task_channel=found.task_channel,
            task_queue_sid=found.task_queue_sid,
            workflow_sid=found.workflow_sid,
            worker_sid=found.worker_sid,
            wait=found.wait,
            wait_in_queue=found.wait_in_queue,
        )
    ]


def _spells(event: NumberedEvent, told: _Told) -> list[ActivitySpell]:
    found = core.spell(event.type, told.data(event), worker_sid=event.subject_sid, at=core.moment(event.at))
    if found is None:
        return []
    return [
        ActivitySpell(
            position=event.position,
            workspace_sid=told.workspace_sid(event),
            worker_sid=found.worker_sid,
            activity_sid=found.activity_sid,
            activity_name=found.activity_name,
            started_at=found.started_at,
            ended_at=found.ended_at,
        )
    ]


def _queue_elsewhere(event: NumberedEvent, data: Mapping[str, Any]) -> str | None:
    """The queue that a move counts for is the one that was left; an offer that was withdrawn with its transfer counts
    for the queue that it was made from. None: the one that the event itself names."""
    if event.type == core.MOVED:
        left = data.get("left_task_queue_sid")
        return left or _left(event, arrived=data["task_queue_sid"])
    if event.type == core.CANCELED_OFFER and data["transfer"]:
        made = _earlier(event).filter(type="reservation.created").values_list("data", flat=True).first()
        return made["task"]["task_queue_sid"] if made else None
    return None


def _left(event: NumberedEvent, *, arrived: str) -> str:
    """The newest queue that the log names for the task besides the one where it is now."""
    for data in _earlier(event).values_list("data", flat=True).iterator(chunk_size=20):
        queue = data.get("task_queue_sid")
        if queue and queue != arrived:
            return str(queue)
    return ""


def _earlier(event: NumberedEvent) -> Any:
    return Event.objects.filter(subject_sid=event.subject_sid, pk__lt=event.id).order_by("-pk")
