"""Whose explanations: of the actor's own account, for supervisors, keys with the scope, and agents of themselves."""

from typing import TypeVar

from django.db.models import Model, QuerySet

from accounts import policy
from agents.models import Worker
from kernel import sids
from kernel.actor import Actor
from kernel.errors import Forbidden, NotFound
from routing import queries
from routing.models import Reservation, Task, TaskQueue

Row = TypeVar("Row", bound=Model)


def task(sid: str, *, actor: Actor) -> Task:
    """Raises NotFound, for one of another account as well; Forbidden."""
    row = _found(queries.tasks().select_related("workflow_version"), "workspace", sid, prefix="WT", actor=actor)
    if row is None:
        raise NotFound("There is no task %(sid)s.", params={"sid": sid[:64]})
    _require(actor)
    return row


def reservation(sid: str, *, actor: Actor) -> Reservation:
    """As `task`; an agent may ask of his own."""
    row = _found(
        queries.reservations().select_related("judgement__roster"), "task__workspace", sid, prefix="WR", actor=actor
    )
    if row is None:
        raise NotFound("There is no reservation %(sid)s.", params={"sid": sid[:64]})
    _require(actor, own=row.worker)
    return row


def worker(sid: str, *, actor: Actor) -> Worker:
    """As `task`; an agent may ask of himself."""
    rows = Worker.objects.select_related("activity", "workspace__account")
    row = _found(rows, "workspace", sid, prefix="WK", actor=actor)
    if row is None:
        raise NotFound("There is no worker %(sid)s.", params={"sid": sid[:64]})
    _require(actor, own=row)
    return row


def queue(sid: str, *, actor: Actor) -> TaskQueue:
    """As `task`."""
    row = _found(TaskQueue.objects.select_related("workspace__account"), "workspace", sid, prefix="WQ", actor=actor)
    if row is None:
        raise NotFound("There is no task queue %(name)s.", params={"name": sid[:64]})
    _require(actor)
    return row


def _found(rows: QuerySet[Row], workspace: str, sid: str, *, prefix: str, actor: Actor) -> Row | None:
    if not sids.is_sid(sid, prefix):
        return None
    ours = rows if actor.kind == "system" else rows.filter(**{f"{workspace}__account__sid": actor.account_sid})
    return ours.filter(sid=sid).first()


def _require(actor: Actor, *, own: Worker | None = None) -> None:
    """People need to see the floor, keys the scope."""
    if policy.may(actor, "floor:read") or policy.may(actor, "routing:read"):
        return
    if own is not None and actor.worker_sid == own.sid and policy.may(actor, "desk:use"):
        return
    permission = "routing:read" if actor.kind == "key" else "floor:read"
    raise Forbidden("This needs the permission %(permission)s.", params={"permission": permission})
