"""What a worker is doing."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, OuterRef, Subquery

from agents.access import require_own_or_floor
from agents.actions.checks import own_activity, write
from agents.actions.telling import of_worker, tell_worker
from agents.models import Activity, Worker, Workspace
from eventlog.models import Event
from eventlog.record import record_all
from kernel import clock
from kernel.actor import Actor
from kernel.errors import Invalid, NotFound


def set_activity(worker: Worker, *, activity: Activity, actor: Actor) -> Worker:
    """The worker is in this activity now. Into an unavailable one: no new work comes, accepted work stays.

    Offers that wait for an answer stay as well; `routing.actions.leave` can reject them. Raises NotFound for an agent
    who names another's worker, Invalid for an activity of another workspace. Setting the present activity again changes
    nothing.
    """
    require_own_or_floor(worker, actor=actor, missing=worker.sid)
    own_activity(activity, workspace=worker.workspace)
    with unless_deleted(activity), transaction.atomic():
        change(worker, {}, activity=activity, actor=actor)
    return worker


@contextmanager
def unless_deleted(activity: Activity | None) -> Iterator[None]:
    """Around a transaction that brings a worker into the activity: raises Invalid when it is deleted meanwhile."""
    try:
        yield
    except (IntegrityError, Activity.DoesNotExist) as error:
        if activity is None:
            raise
        raise Invalid("There is no activity %(sid)s.", field="activity", params={"sid": activity.sid}) from error


def change(worker: Worker, fields: Mapping[str, Any], *, activity: Activity | None, actor: Actor) -> None:
    """Write what differs, the activity with it, as one step of the worker's version; tell of each.

    Part of the caller's transaction. Raises NotFound when the worker is gone.
    """
    before = _held(worker)
    now = clock.now()
    enters = activity is not None and activity.pk != before.activity_id
    entry = {"activity": activity, "date_status_changed": now} if enters else {}
    previous = write(worker, {**fields, **entry})
    worker.refresh_from_db(fields=["activity", "date_status_changed"])
    named = {name: value for name, value in previous.items() if name not in entry}
    if named:
        tell_worker("worker.attributes.update", worker, actor=actor, previous=named)
    if enters:
        tell_worker("worker.activity.update", worker, actor=actor, previous=_previous(before, now))


def send_to_timeout_activity(numbers: Collection[int], *, actor: Actor) -> None:
    """Workers who let an offer time out go to their workspace's timeout activity, if there is one and they are here.

    Part of the caller's transaction.
    """
    held = Worker.objects.filter(pk__in=numbers).order_by("pk").select_for_update()
    here = Worker.objects.filter(pk__in=[worker.pk for worker in held], activity__available=True)
    leaving = here.filter(workspace__timeout_activity__isnull=False).exclude(activity=F("workspace__timeout_activity"))
    rows = list(leaving.select_related("activity", "workspace__timeout_activity").order_by("pk"))
    if not rows:
        return
    now = clock.now()
    target = Workspace.objects.filter(pk=OuterRef("workspace")).values("timeout_activity")
    Worker.objects.filter(pk__in=[row.pk for row in rows]).update(
        activity=Subquery(target), date_status_changed=now, updated_at=now, version=F("version") + 1
    )
    targets = [(row, row.workspace.timeout_activity) for row in rows]
    record_all([_entered(row, activity, now, actor=actor) for row, activity in targets if activity])


def _entered(worker: Worker, activity: Activity, now: datetime, *, actor: Actor) -> Event:
    previous = _previous(worker, now)
    worker.activity = activity
    worker.date_status_changed = worker.updated_at = now
    worker.version += 1
    return of_worker("worker.activity.update", worker, actor=actor, previous=previous)


def _held(worker: Worker) -> Worker:
    rows = Worker.objects.select_for_update(of=("self",)).select_related("activity").filter(pk=worker.pk)
    # Having waited for somebody who changed the activity, PostgreSQL finds no row for the join that it began with.
    found = rows.first() or rows.first()
    if found is None:
        raise NotFound("There is no worker %(sid)s.", params={"sid": worker.sid})
    return found


def _previous(worker: Worker, now: datetime) -> dict[str, Any]:
    """What the worker did until now."""
    return {
        "activity_sid": worker.activity.sid,
        "activity_name": worker.activity.friendly_name,
        "milliseconds": int((now - worker.date_status_changed).total_seconds() * 1000),
    }
