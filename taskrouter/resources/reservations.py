"""Reservations, under their task and under their worker. https://www.twilio.com/docs/taskrouter/api/reservations"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar, Final

from django.db.models import QuerySet

from accounts import policy
from agents.models import Activity
from kernel.errors import Conflict, Invalid, StaleMove
from routing import actions
from routing import queries as routing
from routing.actions.moves import hold
from routing.core.states import RESERVATION_ENDED, RESERVATION_OPEN
from routing.models import Reservation, Task
from taskrouter import instructions, queries
from taskrouter.forms import Choice, Choices, Form, Given, Sid, Text
from taskrouter.resources.base import Resource
from taskrouter.views import InWorkspace, OfWorker
from taskrouter.wire import Shown, stamp

_STATES: Final = (*RESERVATION_OPEN, *RESERVATION_ENDED)
_COLUMNS: Final = (
    "id",
    "sid",
    "reservation_status",
    "created_at",
    "accepted_at",
    "wrapping_at",
    "ended_at",
    "task__sid",
    "worker__sid",
    "worker__friendly_name",
)


class Reservations(InWorkspace, Resource[Reservation]):
    """What both have in common. Whoever holds a worker's own key finds that worker's reservations alone."""

    key = "reservations"
    prefix = "WR"
    operations = ("list", "retrieve", "update")
    for_workers = operations
    calls: ClassVar[Sequence[str]] = instructions.OF_OFFERS

    @property
    def parent(self) -> tuple[str, str]:
        """Of which row they are, as its address goes on from the workspace's."""
        raise NotImplementedError

    def of_parent(self) -> QuerySet[Reservation]:
        raise NotImplementedError

    def rows(self) -> QuerySet[Reservation]:
        rows, own = self.of_parent(), policy.bound_to(self.actor)
        return rows.filter(worker__sid=own) if own else rows

    def filtered(self, rows: QuerySet[Reservation], given: Given) -> QuerySet[Reservation]:
        if "reservation_status" in given:
            rows = rows.filter(reservation_status__in=given["reservation_status"])
        if "worker_sid" in given:
            rows = rows.filter(worker__sid=given["worker_sid"])
        return rows

    def lean(self, rows: QuerySet[Reservation]) -> QuerySet[Any, Any]:
        return rows.values_list(*_COLUMNS, named=True)

    def shown(self, row: Reservation) -> Shown:
        return self._told(row, task=row.task.sid, worker=row.worker.sid, name=row.worker.friendly_name)

    def listed(self, row: Any) -> Shown:
        return self._told(row, task=row.task__sid, worker=row.worker__sid, name=row.worker__friendly_name)

    def _told(self, row: Any, *, task: str, worker: str, name: str) -> Shown:
        changed = row.ended_at or row.wrapping_at or row.accepted_at or row.created_at
        return {
            "sid": row.sid,
            "account_sid": self.actor.account_sid,
            "workspace_sid": self.workspace.sid,
            "reservation_status": row.reservation_status,
            "task_sid": task,
            "worker_sid": worker,
            "worker_name": name,
            "date_created": stamp(row.created_at),
            "date_updated": stamp(changed),
            "url": self.url(*self.parent, "Reservations", row.sid),
            "links": {
                "workspace": self.url(),
                "task": self.url("Tasks", task),
                "worker": self.url("Workers", worker),
            },
        }

    def hold(self, row: Reservation) -> QuerySet[Reservation]:
        hold(row.task)
        return self.rows().select_for_update(of=("self",)).filter(pk=row.pk)

    # --- what is done with one ---

    def change(self, row: Reservation, given: dict[str, Any]) -> Reservation:
        """By its status or by an instruction. Raises Conflict in Twilio's words."""
        status, instruction = given.get("reservation_status"), given.get("instruction")
        instructed = None if instruction is None else self._instructed(row, instruction)
        if status and instructed and status != instructed:
            raise Invalid("Instruction and ReservationStatus say different things.", field="instruction")
        wanted = status or instructed
        if wanted is None:
            return row
        activity = self._activity(given, by_instruction=instruction is not None) if wanted == "rejected" else None
        try:
            return self._moved(row, wanted, activity=activity)
        except StaleMove as error:
            if error.code != "reservation-state":
                raise
            raise _already(row, is_in=error.params["from"], wanted=wanted) from error

    def _moved(self, row: Reservation, wanted: str, *, activity: Activity | None) -> Reservation:
        if wanted == "accepted":
            return actions.accept(row, actor=self.actor)
        if wanted == "rejected":
            return actions.reject(row, actor=self.actor, activity=activity)
        if wanted == "wrapping":
            return actions.wrap_up_reservation(row, actor=self.actor)
        if wanted == "completed":
            return actions.complete_reservation(row, actor=self.actor)
        raise _already(row, is_in=row.reservation_status, wanted=wanted)  # Time, or others, bring it there.

    def _activity(self, given: Given, *, by_instruction: bool) -> Activity | None:
        """Where the worker goes who rejects; raises Invalid."""
        try:
            return queries.activity(self.workspace, given.get("worker_activity_sid"), field="worker_activity_sid")
        except Invalid as error:
            if by_instruction:
                error.code = "reject-activity"
            raise

    def _instructed(self, row: Reservation, instruction: str) -> str:
        """The status that it asks for. Raises Invalid, or Conflict with the number that Twilio has for the case."""
        if instruction in instructions.ANSWERS:
            return instructions.ANSWERS[instruction]
        if instruction not in self.calls:
            raise Invalid(
                "%(instruction)s is no instruction.",
                field="instruction",
                code="invalid-instruction",
                params={"instruction": instruction[:64]},
            )
        raise instructions.unserved(row, instruction)


class TaskReservations(Reservations):
    path = "Workspaces/<str:workspace_sid>/Tasks/<str:task_sid>/Reservations"
    filters = Form(reservation_status=Choices(of=_STATES), worker_sid=Sid(prefix="WK"))
    changes = Form(
        reservation_status=Choice(of=_STATES),
        worker_activity_sid=Sid(prefix="WA", clears=True),
        instruction=Text(),
        supervisor=Text(),
        supervisor_mode=Text(),
        **{name: Text() for name in instructions.CALL_PARAMETERS},
    )
    calls = tuple(instructions.CALLS)
    rows_of_path = ("workspace", "task")

    @property
    def parent(self) -> tuple[str, str]:
        return "Tasks", self.task.sid

    @cached_property
    def task(self) -> Task:
        rows = queries.offered_to(self.actor, Task.objects.filter(workspace=self.workspace)).only("sid")
        return self.sought(rows, self.kwargs["task_sid"], "WT")

    def of_parent(self) -> QuerySet[Reservation]:
        return routing.reservations().filter(task_id=self.task.pk)


class WorkerReservations(OfWorker, Reservations):
    path = "Workspaces/<str:workspace_sid>/Workers/<str:worker_sid>/Reservations"
    filters = Form(reservation_status=Choices(of=_STATES))
    changes = Form(
        reservation_status=Choice(of=_STATES),
        worker_activity_sid=Sid(prefix="WA", clears=True),
        instruction=Text(),
        **{name: Text() for name in instructions.CALL_PARAMETERS},
    )

    @property
    def parent(self) -> tuple[str, str]:
        return "Workers", self.worker.sid

    def of_parent(self) -> QuerySet[Reservation]:
        return routing.reservations().filter(worker_id=self.worker.pk)


def _already(row: Reservation, *, is_in: str, wanted: str) -> Conflict:
    return Conflict(
        "Reservation %(sid)s is already in state [%(from)s] and cannot be updated to [%(to)s]",
        params={"sid": row.sid, "from": is_in, "to": wanted},
    )
