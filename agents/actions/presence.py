"""What a worker is doing."""

from django.db import IntegrityError, transaction
from django.db.models import F

from agents.access import require_own_or_floor
from agents.actions.checks import own_activity
from agents.actions.telling import tell_worker
from agents.models import Activity, Worker
from kernel import clock
from kernel.actor import Actor
from kernel.errors import Invalid


def set_activity(worker: Worker, *, activity: Activity, actor: Actor) -> Worker:
    """The worker is in this activity now. Into an unavailable one: no new work comes, accepted work stays.

    Offers that wait for an answer stay as well; `routing.actions.leave` can reject them. Raises NotFound for an agent
    who names another's worker, Invalid for an activity of another workspace. Setting the present activity again changes
    nothing.
    """
    require_own_or_floor(worker, actor=actor, missing=worker.sid)
    own_activity(activity, workspace=worker.workspace)
    try:
        with transaction.atomic():
            _enter(worker, activity, actor=actor)
    except (IntegrityError, Activity.DoesNotExist) as error:  # Deleted meanwhile.
        raise Invalid("There is no activity %(sid)s.", field="activity", params={"sid": activity.sid}) from error
    return worker


def send_to_timeout_activity(worker: Worker, *, actor: Actor) -> None:
    """A worker who let an offer time out goes to the workspace's timeout activity, unless he left by himself before.

    Part of the caller's transaction.
    """
    target = worker.workspace.timeout_activity
    if target is not None:
        _enter(worker, target, actor=actor, only_if_available=True)


def _enter(worker: Worker, activity: Activity, *, actor: Actor, only_if_available: bool = False) -> None:
    rows = Worker.objects.select_for_update(of=("self",)).select_related("activity")
    before = rows.get(pk=worker.pk)
    stays = before.activity_id == activity.pk or (only_if_available and not before.activity.available)
    now = clock.now()
    if not stays:
        Worker.objects.filter(pk=worker.pk).update(
            activity=activity, date_status_changed=now, updated_at=now, version=F("version") + 1
        )
    worker.refresh_from_db(fields=["activity", "date_status_changed", "updated_at", "version"])
    if not stays:
        previous = {
            "activity_sid": before.activity.sid,
            "activity_name": before.activity.friendly_name,
            "milliseconds": int((now - before.date_status_changed).total_seconds() * 1000),
        }
        tell_worker("worker.activity.update", worker, actor=actor, previous=previous)
