"""Tasks. https://www.twilio.com/docs/taskrouter/api/task"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, ClassVar, Final

from django.db import transaction
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast
from rest_framework.request import Request
from rest_framework.response import Response

from kernel import clock
from kernel.errors import Conflict, DomainError, Invalid, StaleMove, TooMany
from routing import actions
from routing import queries as routing
from routing.actions.moves import hold
from routing.actions.tasks import MAX_TIMEOUT_SECONDS
from routing.core.states import TASK_ENDED, TASK_LIVE
from routing.models import MAX_PRIORITY, Task
from taskrouter import access, queries
from taskrouter.forms import (
    Choice,
    Choices,
    Document,
    Expression,
    Flag,
    Form,
    Given,
    Moment,
    Ordering,
    Sid,
    Text,
    Whole,
)
from taskrouter.resources.base import Resource
from taskrouter.views import InWorkspace
from taskrouter.wire import Shown, stamp, text

EVALUATIONS_A_SECOND: Final = 3  # https://github.com/twilio-professional-services/flex-project-template
EVALUATIONS_AT_ONCE: Final = 2
_STATES: Final = (*TASK_LIVE, *TASK_ENDED)
_REASON: Final = "completed"
_SETTINGS: Final = {
    "attributes": Document(),
    "priority": Whole(least=0, most=MAX_PRIORITY),
    "task_channel": Text(),
    "virtual_start_time": Moment(),
}
_COLUMNS: Final = (
    "id",
    "sid",
    "assignment_status",
    "priority",
    "reason",
    "routing_target",
    "ignore_capacity",
    "virtual_start_time",
    "created_at",
    "updated_at",
    "expires_at",
    "task_queue_entered_at",
    "task_queue__sid",
    "task_queue__friendly_name",
    "task_channel__sid",
    "task_channel__unique_name",
    "workflow__sid",
    "workflow__friendly_name",
)
_DOCUMENTS: Final = ("attributes", "addons")


class Tasks(InWorkspace, Resource[Task]):
    path = "Workspaces/<str:workspace_sid>/Tasks"
    key = "tasks"
    prefix = "WT"
    for_workers = ("retrieve",)
    order: ClassVar = ("created_at",)
    filters = Form(
        priority=Whole(least=0, most=MAX_PRIORITY),
        assignment_status=Choices(of=_STATES),
        workflow_sid=Sid(prefix="WW"),
        workflow_name=Text(),
        task_queue_sid=Sid(prefix="WQ"),
        task_queue_name=Text(),
        evaluate_task_attributes=Expression(),
        routing_target=Text(),
        has_addons=Flag(),
        ordering=Ordering(
            columns={
                "DateCreated": "created_at",
                "Priority": "priority",
                "VirtualStartTime": "virtual_start_time",
            },
            apart=frozenset({"DateCreated", "VirtualStartTime"}),
        ),
    )
    new = Form(
        workflow_sid=Sid(prefix="WW", clears=True),
        task_queue_sid=Sid(prefix="WQ", clears=True),
        routing_target=Text(),
        ignore_capacity=Flag(),
        timeout=Whole(least=1, most=MAX_TIMEOUT_SECONDS),
        **_SETTINGS,
    )
    changes = Form(assignment_status=Choice(of=_STATES), reason=Text(), **_SETTINGS)

    def rows(self) -> QuerySet[Task]:
        """Those of the workspace; for a worker's own key those that this worker was ever offered."""
        return queries.offered_to(self.actor, routing.tasks().filter(workspace=self.workspace))

    # --- lists ---

    def filtered(self, rows: QuerySet[Task], given: Given) -> QuerySet[Task]:
        wanted = {_FILTERS.get(name, name): value for name, value in given.items() if name != "has_addons"}
        if "has_addons" in given:
            rows = rows.exclude(addons={}) if given["has_addons"] else rows.filter(addons={})
        return rows.filter(**wanted)

    def list(self, request: Request, **names: str) -> Response:
        """Every task is looked at for an expression: so many at once would leave no thread to anybody else."""
        if "EvaluateTaskAttributes" not in request.query_params:
            return super().list(request, **names)
        with access.place("evaluations", self.actor.account_sid, limit=EVALUATIONS_AT_ONCE) as free:
            if not free:
                raise TooOften(
                    "Tasks are looked for by an expression at most %(limit)d times at once.",
                    params={"limit": EVALUATIONS_AT_ONCE},
                )
            return super().list(request, **names)

    def passing(self, given: dict[str, Any]) -> Callable[[Any], bool] | None:
        if "evaluate_task_attributes" not in given:
            return None
        test = given.pop("evaluate_task_attributes")
        if access.spend("evaluations", self.actor.account_sid, limit=EVALUATIONS_A_SECOND).exceeded:
            raise TooOften(
                "Tasks are looked for by an expression at most %(limit)d times a second.",
                params={"limit": EVALUATIONS_A_SECOND},
            )
        return lambda row: test(json.loads(row.attributes_text))

    def lean(self, rows: QuerySet[Task]) -> QuerySet[Any, Any]:
        texts = {f"{name}_text": Cast(name, TextField()) for name in _DOCUMENTS}
        return rows.annotate(**texts).values_list(*_COLUMNS, *texts, named=True)

    # --- one task ---

    def shown(self, row: Task) -> Shown:
        columns = {name: _reached(row, name) for name in _COLUMNS}
        texts = {f"{name}_text": text(getattr(row, name)) for name in _DOCUMENTS}
        return self.listed(SimpleNamespace(**columns, **texts))

    def listed(self, row: Any) -> Shown:
        own = ("Tasks", row.sid)
        places = {
            "task_queue": ("TaskQueues", row.task_queue__sid),
            "workflow": ("Workflows", row.workflow__sid),
        }
        return {
            "sid": row.sid,
            "account_sid": self.actor.account_sid,
            "workspace_sid": self.workspace.sid,
            "age": max(0, int((clock.now() - row.created_at).total_seconds())),
            "assignment_status": row.assignment_status,
            "attributes": row.attributes_text,
            "addons": row.addons_text,
            "date_created": stamp(row.created_at),
            "date_updated": stamp(row.updated_at),
            "ignore_capacity": row.ignore_capacity,
            "priority": row.priority,
            "reason": row.reason or None,
            "routing_target": row.routing_target or None,
            "task_channel_sid": row.task_channel__sid,
            "task_channel_unique_name": row.task_channel__unique_name,
            "task_queue_sid": row.task_queue__sid,
            "task_queue_friendly_name": row.task_queue__friendly_name,
            "task_queue_entered_date": stamp(row.task_queue_entered_at) if row.task_queue_entered_at else None,
            "timeout": round((row.expires_at - row.created_at).total_seconds()),
            "virtual_start_time": stamp(row.virtual_start_time),
            "workflow_sid": row.workflow__sid,
            "workflow_friendly_name": row.workflow__friendly_name,
            "url": self.url(*own),
            "links": {
                "workspace": self.url(),
                "reservations": self.url(*own, "Reservations"),
                **{name: self.url(*place) for name, place in places.items() if place[1]},
            },
        }

    def make(self, given: dict[str, Any]) -> Task:
        for name, rows in (("workflow", self.workspace.workflows), ("task_queue", self.workspace.task_queues)):
            sid = given.pop(f"{name}_sid", None)
            if sid is None:
                continue
            given[name] = rows.filter(sid=sid).first()
            if given[name] is None:
                raise Invalid("There is no %(sid)s.", field=f"{name}_sid", params={"sid": sid})
        with _by_parameter():
            return actions.create_task(self.workspace, actor=self.actor, **{"attributes": {}, **given})

    def change(self, row: Task, given: dict[str, Any]) -> Task:
        status = given.pop("assignment_status", None)
        if status in ("wrapping", "completed") and "attributes" in given:
            raise Invalid(
                "Change the attributes in a request of their own, before this one.",
                field="assignment_status",
            )
        if status is None:
            return actions.update_task(row, actor=self.actor, **given) if given else row
        reason = given.pop("reason", "")
        if status == "canceled" and not reason.strip():
            raise Invalid("Give a reason.", field="reason")
        with transaction.atomic():
            if given:
                actions.update_task(row, actor=self.actor, **given)
            self._move(row, status, reason=reason)
        return row

    def remove(self, row: Task) -> None:
        actions.delete_task(row, actor=self.actor)

    def hold(self, row: Task) -> QuerySet[Task]:
        hold(row)  # Which looks again where the row that was waited for has another channel or queue by now.
        return self.rows().filter(pk=row.pk)

    def _move(self, row: Task, status: str, *, reason: str) -> None:
        """Raises Conflict in Twilio's words."""
        told = {"task": row.sid, "workspace": self.workspace.sid, "account": self.actor.account_sid}
        try:
            if status == "canceled":
                actions.cancel_task(row, actor=self.actor, reason=reason)
            elif status == "wrapping":
                actions.wrap_up(row, actor=self.actor)
            elif status == "completed":
                actions.complete(row, actor=self.actor, reason=reason or _REASON)
            elif row.assignment_status != status:
                raise Conflict(
                    "Cannot set task %(task)s to %(status)s: it gets there by its reservations alone.",
                    params={**told, "status": status},
                )
        except StaleMove as error:
            if error.code != "task-state":
                raise
            raise _refusal(status, told) from error


class TooOften(TooMany):
    """Once more will do in a second."""

    def __init__(self, message: str, **given: Any) -> None:
        super().__init__(message, wait=1.0, **given)


_FILTERS: Final = {
    "assignment_status": "assignment_status__in",
    "workflow_sid": "workflow__sid",
    "workflow_name": "workflow__friendly_name",
    "task_queue_sid": "task_queue__sid",
    "task_queue_name": "task_queue__friendly_name",
}


def _refusal(status: str, told: dict[str, Any]) -> DomainError:
    if status == "canceled":
        return Conflict(
            "Cannot cancel task %(task)s in workspace %(workspace)s for account %(account)s "
            "because it is not pending or reserved.",
            params=told,
        )
    if status == "wrapping":
        return Conflict(
            "Cannot wrap up a task %(task)s in workspace %(workspace)s for account %(account)s "
            "because it's not currently assigned",
            params=told,
        )
    return Conflict(
        "Cannot complete task %(task)s in workspace %(workspace)s for account %(account)s "
        "because it is not assigned or wrapping.",
        params=told,
    )


def _reached(row: Any, path: str) -> Any:
    for name in path.split("__"):
        row = getattr(row, name, None)
    return row


@contextmanager
def _by_parameter() -> Iterator[None]:
    """What the verb calls a workflow or a queue is a parameter that ends in Sid."""
    try:
        yield
    except DomainError as error:
        if error.field in ("workflow", "task_queue"):
            error.field += "_sid"
        raise
