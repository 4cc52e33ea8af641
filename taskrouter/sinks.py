"""What follows for the integrator's own addresses: he is told of events, asked about offers, and his answers done."""

import time
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final, Generic, TypeVar

import structlog
from django.db import transaction

from agents.models import Activity, Workspace
from eventlog.models import Event
from eventlog.numbered import NumberedEvent
from eventlog.sinks import DatabaseSink, Sink
from hooks import actions as hooks
from hooks import tasks
from hooks.core.kinds import ASSIGNMENT_CALLBACK, EVENT_CALLBACK, TERMS
from hooks.models import Dispatch
from kernel import clock, sids
from kernel.actor import SYSTEM
from kernel.errors import DomainError
from routing import actions, queries
from routing.models import Reservation, Workflow
from taskrouter import callbacks, events, instructions
from taskrouter.events import Known
from taskrouter.instructions import Fault

logger = structlog.get_logger(__name__)

_REMEMBERED_SECONDS: Final = 1.0

Owner = TypeVar("Owner", Workspace, Workflow)


class Callbacks(Sink, Generic[Owner]):
    """Whoever has an address is remembered for a second, or until an event tells of a change: most have none.

    May be fed the same again: what is queued already stays as it is.
    """

    kind: ClassVar[str]
    changes: ClassVar[frozenset[str]]

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._owners: Mapping[str, Owner] = {}
        self._ask_at = 0.0
        self._standing: frozenset[str] | None = None

    def feed(self, events: Sequence[NumberedEvent]) -> None:
        if time.monotonic() >= self._ask_at or any(event.type in self.changes for event in events):
            self._owners = self._with_address()
            self._ask_at = time.monotonic() + _REMEMBERED_SECONDS
            self._end_others()
        if self._owners:
            for line in self._queue(events, self._owners):
                tasks.ring(*line)

    def _with_address(self) -> dict[str, Owner]:
        """Those that have an address, by sid."""
        raise NotImplementedError

    def _queue(self, events: Sequence[NumberedEvent], owners: Mapping[str, Owner]) -> list[tuple[str, str]]:
        """Queue what follows; returns the lines to ring for."""
        raise NotImplementedError

    def _end_others(self) -> None:
        standing = frozenset(self._owners)
        if standing != self._standing:
            hooks.end_callbacks(self.kind, standing=sorted(standing))
            self._standing = standing


class EventCallbacks(Callbacks[Workspace]):
    """Every event that the workspace's filter names goes to its address; those of one task in their order."""

    types: ClassVar[frozenset[str]] = events.TYPES
    kind = EVENT_CALLBACK
    changes = frozenset({"workspace.created", "workspace.updated", "workspace.deleted"})

    def _with_address(self) -> dict[str, Workspace]:
        rows = Workspace.objects.select_related("account").exclude(event_callback_url="")
        return {row.sid: row for row in rows}

    def _queue(self, events: Sequence[NumberedEvent], owners: Mapping[str, Workspace]) -> list[tuple[str, str]]:
        wanted = {sid: _wanted_types(row) for sid, row in owners.items()}
        anything = frozenset().union(*wanted.values())
        found = [event.id for event in events if event.type in anything]
        if not found:
            return []
        told: dict[str, list[Event]] = {}
        recent = Event.objects.filter(created_at__gt=clock.now() - TERMS[EVENT_CALLBACK].plan.give_up_after)
        rows = recent.filter(workspace_sid__in=list(owners)).in_bulk(found)
        for number in found:
            row = rows.get(number)
            if row is not None and row.type in wanted[row.workspace_sid]:
                told.setdefault(row.workspace_sid, []).append(row)
        return [line for sid, some in told.items() for line in _tell_home(owners[sid], some)]


def _wanted_types(workspace: Workspace) -> frozenset[str]:
    named = frozenset(workspace.events_filter.split(",")) - {""}
    return events.TYPES & named if named else events.TYPES


def _tell_home(workspace: Workspace, some: Sequence[Event]) -> list[tuple[str, str]]:
    known = Known.of(workspace)
    known.look_up(some)
    endpoint = hooks.keep_callback(
        workspace.account,
        kind=EVENT_CALLBACK,
        owner_sid=workspace.sid,
        friendly_name=workspace.friendly_name,
        url=workspace.event_callback_url,
    )
    return hooks.enqueue_all(endpoint, [callbacks.event_letter(row, known, workspace.account) for row in some])


class AssignmentCallbacks(Callbacks[Workflow]):
    """Every offer of a workflow with an address goes there, to be answered."""

    kind = ASSIGNMENT_CALLBACK
    changes = frozenset(
        {
            "workflow.created",
            "workflow.updated",
            "workflow.published",
            "workflow.reverted",
            "workflow.deleted",
            "workspace.deleted",
        }
    )
    types: ClassVar[frozenset[str]] = changes | {"reservation.created"}

    def _with_address(self) -> dict[str, Workflow]:
        rows = Workflow.objects.select_related("workspace__account").exclude(assignment_callback_url="")
        return {row.sid: row for row in rows}

    def _queue(self, events: Sequence[NumberedEvent], owners: Mapping[str, Workflow]) -> list[tuple[str, str]]:
        offers = {
            event.subject_sid: event
            for event in events
            if event.type == "reservation.created" and event.data["task"]["workflow_sid"] in owners
        }
        rows = queries.reservations().select_related("worker__activity").filter(sid__in=list(offers))
        asked: dict[str, list[Reservation]] = {}
        for row in rows.filter(reservation_status="pending").order_by("pk"):
            asked.setdefault(offers[row.sid].data["task"]["workflow_sid"], []).append(row)
        sids = {sid: event.sid for sid, event in offers.items()}
        return [line for sid, some in asked.items() for line in _ask(owners[sid], some, event_sids=sids)]


def _ask(workflow: Workflow, some: Sequence[Reservation], *, event_sids: Mapping[str, str]) -> list[tuple[str, str]]:
    workspace = workflow.workspace
    endpoint = hooks.keep_callback(
        workspace.account,
        kind=ASSIGNMENT_CALLBACK,
        owner_sid=workflow.sid,
        friendly_name=workflow.friendly_name,
        url=workflow.assignment_callback_url,
        fallback_url=workflow.fallback_assignment_callback_url,
    )
    return hooks.enqueue_all(
        endpoint, [callbacks.assignment_letter(row, workspace, event_sid=event_sids[row.sid]) for row in some]
    )


class Instructions(DatabaseSink):
    """What an address answered is done; where no address answered, the offer is withdrawn."""

    types: ClassVar[frozenset[str]] = frozenset({"webhook.answered", "webhook.failed"})

    def handle(self, event: NumberedEvent) -> None:
        if event.data.get("kind") != ASSIGNMENT_CALLBACK:
            return
        dispatch = Dispatch.objects.filter(sid=event.data["sid"]).first()
        reservation = queries.reservations().filter(sid=event.data["about_sid"]).first()
        if dispatch is None or reservation is None:
            return
        try:
            with transaction.atomic():
                fault = self._follow(event, dispatch, reservation)
        except DomainError as error:  # Answered by REST meanwhile, or too late.
            fault = str(error)
        if fault:
            hooks.note_fault(dispatch.sid, fault)
            logger.warning("assignment callback", dispatch=dispatch.sid, reservation=reservation.sid, fault=fault)

    def _follow(self, event: NumberedEvent, dispatch: Dispatch, reservation: Reservation) -> str:
        """What was wrong, if anything."""
        if event.type == "webhook.failed":
            actions.withdraw(reservation, reason="Assignment callback failed", actor=SYSTEM)
            return dispatch.last_error
        document = instructions.read(dispatch.answer)
        if isinstance(document, Fault) or not document:
            return str(document or "")
        if document["instruction"] == "accept":
            actions.accept(reservation, actor=SYSTEM)
            return ""
        return _reject(reservation, document.get("activity_sid"))


def _reject(reservation: Reservation, activity_sid: object) -> str:
    """Without an activity the worker keeps the one he has."""
    activity = None
    if activity_sid:
        own = Activity.objects.filter(workspace=reservation.worker.workspace)
        # What is no sid is not looked for: there are texts that no database takes, and all offers would wait behind it.
        activity = own.filter(sid=activity_sid).first() if sids.is_sid(activity_sid, "WA") else None
        if activity is None:
            actions.withdraw(reservation, reason="Instruction failed", actor=SYSTEM)
            return str(Fault(40100, "the instruction reject names an activity_sid that the workspace does not have"))
    actions.reject(reservation, activity=activity, actor=SYSTEM)
    return ""
