"""Reads that only TaskRouter's surface asks for."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Lower

from accounts import policy
from agents.models import Activity, Worker, Workspace
from kernel.actor import Actor
from kernel.errors import Invalid
from routing.core.expressions import parse_crew
from routing.models import Reservation, Task, TaskQueue


def workspaces(actor: Actor) -> QuerySet[Workspace]:
    """Those of the actor's own account."""
    return Workspace.objects.select_related("account").filter(account__sid=actor.account_sid)


def workers(workspace: Workspace, actor: Actor) -> QuerySet[Worker]:
    """Those of the workspace; for a worker's own key that worker alone."""
    rows = workspace.workers.select_related("activity")
    own = policy.bound_to(actor)
    return rows.filter(sid=own) if own else rows


def offered_to(actor: Actor, rows: QuerySet[Task]) -> QuerySet[Task]:
    """All of the tasks; for a worker's own key those that this worker was ever offered."""
    own = policy.bound_to(actor)
    offers = Reservation.objects.filter(task=OuterRef("pk"), worker__sid=own)
    return rows.filter(Exists(offers)) if own else rows


def named(rows: QuerySet[Worker], name: str) -> QuerySet[Worker]:
    """The one of that name. Names differ by more than upper and lower case; the index knows them so."""
    return rows.alias(lowered=Lower("friendly_name")).filter(lowered=Lower(Value(name)))


def asked_queues(workspace: Workspace, given: Mapping[str, Any]) -> list[TaskQueue | None]:
    """The queues that ``task_queue_sid`` and ``task_queue_name`` ask for; None stands for one that is not there."""
    columns = {"task_queue_sid": "sid", "task_queue_name": "friendly_name"}
    asked = [{column: given[name]} for name, column in columns.items() if name in given]
    return [workspace.task_queues.filter(**each).first() for each in asked]


def member(worker: Worker, queue: TaskQueue | None) -> bool:
    """Whether the worker serves the queue; nobody serves none, nor one without an expression."""
    serves = parse_crew(queue.target_workers) if queue else None
    return serves is not None and serves(worker.attributes)


def profile(worker: Worker) -> dict[str, Any]:
    """What an expression that looks for workers may ask for."""
    return {
        **worker.attributes,
        "sid": worker.sid,
        "friendly_name": worker.friendly_name,
        "activity_sid": worker.activity.sid,
        "activity_name": worker.activity.friendly_name,
    }


def activity(workspace: Workspace, sid: str | None, *, field: str) -> Activity | None:
    """The workspace's activity that a parameter names; raises Invalid with ``field``. None stands for none."""
    row = workspace.activities.filter(sid=sid).first()
    if row is None and sid is not None:
        raise Invalid("There is no activity %(sid)s.", field=field, params={"sid": sid})
    return row


def served_by(rows: QuerySet[TaskQueue], attributes: Mapping[str, Any]) -> QuerySet[TaskQueue]:
    """Those of the queues that a worker with these attributes would serve."""
    crews = ((number, parse_crew(text)) for number, text in rows.values_list("pk", "target_workers"))
    return rows.filter(pk__in=[number for number, serves in crews if serves and serves(attributes)])
