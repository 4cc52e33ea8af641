"""How much a worker takes at once, and the slots that work in hand occupies."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest

from accounts import policy
from agents.actions.checks import checked_capacity
from agents.actions.telling import tell_worker
from agents.core import available_percentage
from agents.models import Activity, Worker, WorkerChannel
from agents.payloads import channel_payload
from kernel import clock
from kernel.actor import Actor
from kernel.errors import NotFound

_SHOWN: Final = ["configured_capacity", "available", "load", "assigned", "updated_at", "version"]


def set_capacity(
    worker_channel: WorkerChannel, *, actor: Actor, capacity: int | None = None, available: bool | None = None
) -> WorkerChannel:
    """How many tasks of this channel the worker takes at once. Work that he has stays, even above the new number.

    ``None`` keeps what stands; nothing is noted where nothing changes. Raises Invalid outside of 0…50, NotFound when
    the channel or the worker is gone.
    """
    worker = worker_channel.worker
    policy.require(actor, "workers:write", account_sid=worker.workspace.account.sid)
    if capacity is not None:
        checked_capacity(capacity)
    with transaction.atomic():
        before = WorkerChannel.objects.select_for_update().filter(pk=worker_channel.pk).first()
        if before is None:
            raise NotFound("There is no %(sid)s.", params={"sid": worker_channel.sid})
        wanted = {"configured_capacity": capacity, "available": available}
        changed = {name: value for name, value in wanted.items() if value not in (None, getattr(before, name))}
        if changed:
            WorkerChannel.objects.filter(pk=before.pk).update(
                **changed, updated_at=clock.now(), version=F("version") + 1
            )
        worker_channel.refresh_from_db(fields=_SHOWN)
        _tell(worker_channel, before, changed, actor=actor)
    return worker_channel


def _tell(channel: WorkerChannel, before: WorkerChannel, changed: Mapping[str, Any], *, actor: Actor) -> None:
    worker = channel.worker
    if not changed:
        return
    Worker.objects.filter(pk=worker.pk).update(version=F("version") + 1, updated_at=clock.now())
    worker.refresh_from_db(fields=["version", "updated_at"])
    about = {"channel": channel_payload(channel)}
    previous = {
        "configured_capacity": before.configured_capacity,
        "available": before.available,
        "available_capacity_percentage": available_percentage(before.configured_capacity, before.load),
    }
    if "configured_capacity" in changed:
        tell_worker("worker.capacity.update", worker, actor=actor, previous=previous, about=about)
    if "available" in changed:
        tell_worker("worker.channel.availability.update", worker, actor=actor, previous=previous, about=about)


def take_slot(
    worker: Worker, *, task_channel_id: int, any_activity: bool = False, ignore_capacity: bool = False
) -> bool:
    """Occupy one slot and put the worker at the end of the line; False when he cannot take work now.

    ``any_activity``: also while away, as a target that routes by activity wants it. ``ignore_capacity``: away, switched
    off or full do not count. Each guard stands on the very row that is written, so that it holds under any race. Part
    of the caller's transaction, which must not go on after False.
    """
    now = clock.now()
    channel = WorkerChannel.objects.filter(worker_id=worker.pk, task_channel_id=task_channel_id)
    if not ignore_capacity:
        channel = channel.filter(available=True, load__lt=F("configured_capacity"))
    if channel.update(load=F("load") + 1, last_assigned_at=now) != 1:
        return False
    rows = Worker.objects.filter(pk=worker.pk)
    if not (ignore_capacity or any_activity):
        rows = rows.filter(activity__in=Activity.objects.filter(workspace_id=worker.workspace_id, available=True))
    return rows.update(last_assigned_at=now) == 1


@dataclass(frozen=True, slots=True)
class Slots:
    """By how much a worker's open and accepted reservations change."""

    load: int = 0
    assigned: int = 0


def shift_slots(changes: Mapping[int, Slots], *, task_channel_id: int) -> None:
    """Write by worker's id what has changed, in the order of the ids: two verbs at once must not wait for each other.

    Part of the caller's transaction. Neither number falls below zero.
    """
    for worker_id in sorted(changes):
        change = changes[worker_id]
        WorkerChannel.objects.filter(worker_id=worker_id, task_channel_id=task_channel_id).update(
            load=Greatest(F("load") + change.load, 0), assigned=Greatest(F("assigned") + change.assigned, 0)
        )
