"""The verbs of replays: a past period is run again with another document, in the background.

A replay changes nothing but its own row. Whoever works on it holds a lease with a fence; a worker that died, or slept
for too long, is followed by another, which begins anew.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from agents.models import Workspace
from eventlog.dbclock import database_now
from eventlog.models import Event
from eventlog.record import record
from kernel.actor import Actor
from kernel.errors import Conflict, Invalid, StaleMove
from routing.actions.configuration import check_document, require_config
from routing.models import Replay, Workflow

MAX_PERIOD: Final = timedelta(days=31)
MAX_TASKS: Final = 500_000
MAX_SERVICE_LEVEL: Final = 86_400
MAX_QUEUED: Final = 20
MAX_ATTEMPTS: Final = 5
MAX_RUNNING: Final = 4
"""Of all accounts together: each takes a process, and reckons as fast as it can."""
LEASE: Final = timedelta(seconds=30)
KEPT: Final = timedelta(days=30)
KEPT_A_WORKFLOW: Final = 20
FORGOTTEN_AT_ONCE: Final = 100
_ACCOUNT: Final = "workflow__workspace__account_id"

FAILED: Final = "The replay has failed; the log of the worker says why."
GIVEN_UP: Final = "The replay was begun several times and never came to an end."


@dataclass(frozen=True, slots=True)
class Claim:
    """One attempt at a replay; it may write only as long as its fence is the highest."""

    replay: Replay
    fence: int


# --- what people do ---


def start_replay(
    workflow: Workflow,
    *,
    actor: Actor,
    starts_at: datetime,
    ends_at: datetime,
    configuration: str,
    service_level_seconds: int = 60,
) -> Replay:
    """The period is to be run again with that document; the report comes when a worker has done it.

    Raises Invalid with the field, Conflict where too many are waiting already.
    """
    require_config(workflow.workspace, actor)
    check_period(workflow, starts_at=starts_at, ends_at=ends_at, within=service_level_seconds)
    check_document(configuration, workflow.workspace)
    waiting = Replay.objects.filter(workflow__workspace=workflow.workspace, status__in=("queued", "running"))
    if waiting.count() >= MAX_QUEUED:
        raise Conflict(
            "%(limit)d replays are waiting already. Cancel one, or come back later.", params={"limit": MAX_QUEUED}
        )
    with transaction.atomic():
        replay = Replay.objects.create(
            workflow=workflow,
            configuration=configuration,
            starts_at=starts_at,
            ends_at=ends_at,
            service_level_seconds=service_level_seconds,
            actor_sid=actor.sid,
        )
        _note("workflow.replay.started", replay, actor=actor)
    return replay


def cancel_replay(replay: Replay, *, actor: Actor) -> Replay:
    """Nobody waits for it any more; who works on it stops within seconds. Raises StaleMove when it has ended."""
    require_config(replay.workflow.workspace, actor)
    with transaction.atomic():
        live = Replay.objects.filter(pk=replay.pk, status__in=("queued", "running"))
        if live.update(status="canceled", ended_at=database_now(), lease_until=None) != 1:
            raise StaleMove("This replay is over already.")
        replay.refresh_from_db()
        _note("workflow.replay.canceled", replay, actor=actor)
    return replay


def check_period(workflow: Workflow, *, starts_at: datetime, ends_at: datetime, within: int) -> None:
    """Raises Invalid with the field when such a period cannot be replayed."""
    if ends_at <= starts_at:
        raise Invalid("The period ends before it begins.", field="ends_at")
    if ends_at > database_now():
        raise Invalid("The period must be over: this moment has not come yet.", field="ends_at")
    if ends_at - starts_at > MAX_PERIOD:
        raise Invalid("A period of at most %(days)d days.", field="ends_at", params={"days": MAX_PERIOD.days})
    if not 1 <= within <= MAX_SERVICE_LEVEL:
        raise Invalid(
            "A whole number from %(least)d to %(most)d is expected here.",
            field="service_level_seconds",
            params={"least": 1, "most": MAX_SERVICE_LEVEL},
        )
    _check_log(workflow.workspace, starts_at, ends_at)


def log_begins(workspace: Workspace) -> datetime | None:
    """What came before is not recorded any more; None: nothing is."""
    log = Event.objects.filter(workspace_sid=workspace.sid)
    return log.order_by("created_at").values_list("created_at", flat=True).first()


def _check_log(workspace: Workspace, starts_at: datetime, ends_at: datetime) -> None:
    log = Event.objects.filter(workspace_sid=workspace.sid)
    first = log_begins(workspace)
    if first is None or first > starts_at:
        told = "-" if first is None else f"{first:%Y-%m-%d %H:%M} UTC"
        raise Invalid(
            "The log of this workspace does not reach back so far; it begins at %(begins)s.",
            code="before-the-log",
            field="starts_at",
            params={"begins": told},
        )
    came = log.filter(type="task.created", created_at__gte=starts_at, created_at__lt=ends_at)
    count = came.values("pk")[: MAX_TASKS + 1].count()
    if count == 0:
        raise Invalid("No task came in this period.", field="starts_at")
    if count > MAX_TASKS:
        raise Invalid(
            "More than %(limit)d tasks came in this period. Choose a shorter one.",
            field="ends_at",
            params={"limit": MAX_TASKS},
        )


# --- what workers do ---


def claim_replay(sid: str) -> Claim | None:
    """Begin it, or begin it anew after a worker that died; None when there is nothing to do.

    One of an account runs at a time, and so many of all accounts together; the others wait. Two claims at the same
    instant may both be granted: that is a matter of load alone.
    """
    now = database_now()
    asked = Replay.objects.filter(sid=sid).values_list(_ACCOUNT, flat=True)
    others = list(_running(now).exclude(sid=sid).values_list(_ACCOUNT, flat=True))
    if len(others) >= MAX_RUNNING or asked.first() in others:
        return None
    due = _due(now).filter(sid=sid)
    if due.filter(fence__gte=MAX_ATTEMPTS).update(status="failed", error=GIVEN_UP, ended_at=now, lease_until=None):
        return None
    if due.update(status="running", fence=F("fence") + 1, lease_until=now + LEASE, progress=0) != 1:
        return None
    replay = Replay.objects.select_related("workflow__workspace").get(sid=sid)
    return Claim(replay, replay.fence)


def next_replays(now: datetime) -> list[str]:
    """Which somebody should begin: the oldest of each account of which none is running, as far as there is room."""
    busy = set(_running(now).values_list(_ACCOUNT, flat=True))
    room = MAX_RUNNING - _running(now).count()
    oldest: dict[int, str] = {}
    for account, sid in _due(now).order_by("pk").values_list(_ACCOUNT, "sid"):
        if account not in busy:
            oldest.setdefault(account, sid)
    return list(oldest.values())[: max(0, room)]


def keep_replay(claim: Claim, *, progress: int) -> bool:
    """Renew the lease; False when the replay was canceled or somebody else works on it: then stop."""
    return _held(claim).update(lease_until=database_now() + LEASE, progress=progress) == 1


def finish_replay(claim: Claim, *, report: dict[str, Any]) -> bool:
    """The report is there; False when it is not wanted any more."""
    return _end(claim, status="done", progress=100, report=report)


def fail_replay(claim: Claim, *, error: str) -> bool:
    """It came to no report."""
    return _end(claim, status="failed", error=error[:255])


def forget_replays(now: datetime) -> bool:
    """What ended more than `KEPT` ago is deleted, save the last of each workflow. True when there may be more.

    That they were begun stays in the workflow's history.
    """
    newer = Replay.objects.filter(workflow=OuterRef("workflow")).order_by("-pk")
    last_kept = Subquery(newer.values("pk")[KEPT_A_WORKFLOW - 1 : KEPT_A_WORKFLOW])
    old = Replay.objects.filter(status__in=("done", "failed", "canceled"), ended_at__lt=now - KEPT, pk__lt=last_kept)
    numbers = list(old.order_by("pk").values_list("pk", flat=True)[:FORGOTTEN_AT_ONCE])
    Replay.objects.filter(pk__in=numbers).delete()
    return len(numbers) == FORGOTTEN_AT_ONCE


def _running(now: datetime) -> QuerySet[Replay]:
    return Replay.objects.filter(status="running", lease_until__gt=now)


def _due(now: datetime) -> QuerySet[Replay]:
    return Replay.objects.filter(Q(status="queued") | Q(status="running", lease_until__lte=now))


def _held(claim: Claim) -> QuerySet[Replay]:
    return Replay.objects.filter(pk=claim.replay.pk, status="running", fence=claim.fence)


def _end(claim: Claim, **fields: Any) -> bool:
    return _held(claim).update(**fields, ended_at=database_now(), lease_until=None) == 1


def _note(event: str, replay: Replay, *, actor: Actor) -> None:
    """For the workflow's history: no screen follows replays by events."""
    workflow = replay.workflow
    record(
        event,
        subject_sid=workflow.sid,
        data={
            "sid": workflow.sid,
            "version": workflow.version,
            "friendly_name": workflow.friendly_name,
            "replay": {
                "sid": replay.sid,
                "starts_at": replay.starts_at.isoformat(),
                "ends_at": replay.ends_at.isoformat(),
            },
        },
        audiences=[],
        actor=actor,
        workspace_sid=workflow.workspace.sid,
    )
