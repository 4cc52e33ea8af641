"""The import itself: everything in one transaction, each object by its verb, so that nothing is ever half there."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, TypeVar

from django.db import models, transaction
from django.db.models import QuerySet

from accounts.models import Account
from agents import actions as agents
from agents.actions.workspaces import TASK_CHANNELS
from agents.models import Activity, TaskChannel, Worker, WorkerChannel, Workspace
from carriers.twilio.taskrouter import Capacity, Record, Snapshot
from kernel.actor import Actor
from kernel.errors import DomainError
from routing import actions as routing
from routing.models import DEFAULT_RESERVATION_TIMEOUT, TaskQueue, Workflow
from taskrouter.importing.sids import Sids, known, sid_of
from taskrouter.importing.told import Change, Fields, Problem, Report

Row = TypeVar("Row", bound=models.Model)
Progress = Callable[[str, int], None]

_ONE: Final[Mapping[str, str]] = {
    "activities": "activity",
    "task_channels": "task channel",
    "workers": "worker",
    "task_queues": "task queue",
    "workflows": "workflow",
}


class Unfit(Exception):
    """This object cannot be brought as it is."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


def bring(
    snapshot: Snapshot,
    *,
    account: Account,
    into: Workspace | None,
    actor: Actor,
    write: bool,
    progress: Progress,
) -> Report:
    """Make and change here what the snapshot has; without ``into`` in a new workspace, or the one of the same sid.

    Without ``write``, or with any problem, all of it is tried and taken back: the report tells what there would be.
    What is only here stays. Who works at this moment is not brought: new workers begin in the default activity.
    """
    report = Report()
    with transaction.atomic():
        _Import(snapshot, account=account, actor=actor, report=report, progress=progress).run(into)
        if report.problems or not write:
            transaction.set_rollback(True)
    return report


class _Import:
    def __init__(
        self, snapshot: Snapshot, *, account: Account, actor: Actor, report: Report, progress: Progress
    ) -> None:
        self.snapshot = snapshot
        self.account = account
        self.actor = actor
        self.report = report
        self.progress = progress
        self.sids = Sids({})
        self.workspace: Workspace

    def run(self, into: Workspace | None) -> None:
        source = self.snapshot.workspace
        here = into or Workspace.objects.filter(account=self.account, sid=source.sid).first()
        if here is None and "activities" not in self.snapshot.kinds:
            self._refuse("workspace", source, "activities", "A new workspace needs them. Bring activities as well.")
            return
        try:
            self.workspace = here or self._new_workspace(source)
        except DomainError as error:
            self._refuse("workspace", source, error.field or "", str(error))
            return
        self.sids = Sids(known(self.workspace, source.sid))
        noted = dict(self.sids.differing)
        self.sids.note(source.sid, self.workspace.sid)
        makers: Mapping[str, Callable[[Record, Any], None]] = {
            "activities": self._activity,
            "task_channels": self._task_channel,
            "workers": self._worker,
            "task_queues": self._task_queue,
            "workflows": self._workflow,
        }
        for kind, bring_one in makers.items():
            self._kind(kind, bring_one)
            if kind == "activities" and kind in self.snapshot.kinds:
                self._one("workspace", source, lambda: self._settings(source))
            if kind == "task_channels" and here is None:
                self._own_channels()
        if self.report.changes or self.sids.differing != noted:
            agents.note_import(self.workspace, source_sid=source.sid, sids=self.sids.differing, actor=self.actor)

    # --- what all kinds share ---

    def _kind(self, kind: str, bring_one: Callable[[Record, Any], None]) -> None:
        records = self.snapshot.kinds.get(kind)
        if records is None:
            return
        rows: QuerySet[Any] = getattr(self.workspace, kind)
        present = {row.sid: row for row in rows.all()}
        claimed = {self.sids.here(record.sid) for record in records}
        by_name = {_key(kind, row): row for row in present.values() if row.sid not in claimed}
        found = [
            (present.get(self.sids.here(record.sid)) or by_name.pop(_key_of(kind, record), None), record)
            for record in records
        ]
        # What is here already goes first: a new object may have the name that an old one had until now.
        for number, (row, record) in enumerate(sorted(found, key=lambda pair: pair[0] is None), 1):
            self._one(kind, record, partial(bring_one, record, row))
            self.progress(kind, number)
        met = {row.sid for row, _ in found if row is not None}
        self.report.only_here += [f"{_ONE[kind]} {row} ({row.sid})" for sid, row in present.items() if sid not in met]

    def _one(self, kind: str, record: Record, do: Callable[[], None]) -> None:
        """One object, or the problem that it has; what it wrote until then is taken back."""
        try:
            with transaction.atomic():
                do()
        except DomainError as error:
            self._refuse(kind, record, error.field or "", str(error))
        except Unfit as error:
            self._refuse(kind, record, error.field, error.message)

    def _refuse(self, kind: str, record: Record, field: str, message: str) -> None:
        self.report.problems.append(Problem(_ONE.get(kind, kind), record.name, record.sid, field, message))

    def _tell(self, kind: str, record: Record, row: Any, *, made: bool, fields: Fields) -> None:
        self.sids.note(record.sid, row.sid)
        if made or fields:
            self.report.changes.append(Change(kind, record.name, row.sid, record.sid, made, fields))
        else:
            self.report.same += 1

    # --- the kinds ---

    def _new_workspace(self, source: Record) -> Workspace:
        """Empty: what stands in a new one would take the names of what comes."""
        workspace = agents.create_workspace(
            account=self.account,
            friendly_name=source.name,
            sid=self.sids.fresh(Workspace, source.sid, "WS"),
            empty=True,
            actor=self.actor,
        )
        self._tell("workspace", source, workspace, made=True, fields={})
        return workspace

    def _settings(self, source: Record) -> None:
        if source.fields["multi_task_enabled"] is False:
            raise Unfit(
                "multi_task_enabled", "Workers have several tasks at a time here. Switch multitasking on first."
            )
        wanted: dict[str, Any] = {
            "default_activity": self._activity_here(source, "default_activity_sid"),
            "timeout_activity": self._activity_here(source, "timeout_activity_sid"),
            "event_callback_url": source.fields["event_callback_url"] or "",
            "events_filter": source.fields["events_filter"] or "",
            "prioritize_queue_order": source.fields["prioritize_queue_order"] or "FIFO",
        }
        if wanted["default_activity"] is None:
            raise Unfit("default_activity_sid", "A workspace needs an activity for new workers.")
        changed = _changed(self.workspace, wanted)
        if changed:
            agents.update_workspace(self.workspace, actor=self.actor, **{name: wanted[name] for name in changed})
        self._tell("workspace", source, self.workspace, made=False, fields=changed)

    def _activity(self, record: Record, row: Activity | None) -> None:
        available = bool(record.fields["available"])
        if row is None:
            row = agents.create_activity(
                self.workspace,
                friendly_name=record.name,
                available=available,
                sid=self.sids.fresh(Activity, record.sid, "WA"),
                actor=self.actor,
            )
            self._tell("activity", record, row, made=True, fields=_made({"available": available}))
            return
        if row.available != available:
            raise Unfit("available", f"It is {available} there and {row.available} here, and never changes.")
        changed = _changed(row, {"friendly_name": record.name.strip()})
        if changed:
            agents.update_activity(row, friendly_name=record.name, actor=self.actor)
        self._tell("activity", record, row, made=False, fields=changed)

    def _task_channel(self, record: Record, row: TaskChannel | None) -> None:
        unique_name = record.fields["unique_name"] or ""
        wanted: dict[str, Any] = {
            "friendly_name": record.name.strip(),
            "channel_optimized_routing": bool(record.fields["channel_optimized_routing"]),
        }
        if row is None:
            row = agents.create_task_channel(
                self.workspace,
                unique_name=unique_name,
                sid=self.sids.fresh(TaskChannel, record.sid, "TC"),
                actor=self.actor,
                **wanted,
            )
            self._tell("task channel", record, row, made=True, fields=_made({"unique_name": unique_name, **wanted}))
            return
        if row.unique_name != unique_name:
            raise Unfit("unique_name", f"It is {unique_name} there and {row.unique_name} here, and never changes.")
        changed = _changed(row, wanted)
        if changed:
            agents.update_task_channel(row, actor=self.actor, **wanted)
        self._tell("task channel", record, row, made=False, fields=changed)

    def _own_channels(self) -> None:
        """Conversations need a task channel each for their channels."""
        there = set(self.workspace.task_channels.values_list("unique_name", flat=True))
        for unique_name, name in TASK_CHANNELS:
            if unique_name not in there:
                row = agents.create_task_channel(
                    self.workspace, unique_name=unique_name, friendly_name=name, actor=self.actor
                )
                fields = _made({"unique_name": unique_name, "why": "this product's own conversations go by it"})
                self.report.changes.append(Change("task channel", name, row.sid, row.sid, True, fields))

    def _worker(self, record: Record, row: Worker | None) -> None:
        wanted: dict[str, Any] = {"friendly_name": record.name.strip(), "attributes": self._attributes(record)}
        made = row is None
        if row is None:
            row = agents.create_worker(
                self.workspace, sid=self.sids.fresh(Worker, record.sid, "WK"), actor=self.actor, **wanted
            )
            fields = _made(wanted)
        else:
            fields = _changed(row, wanted)
            if fields:
                agents.update_worker(row, actor=self.actor, **wanted)
        capacities = self._capacities(row, self.snapshot.capacities.get(record.sid, ()))
        self._tell("worker", record, row, made=made, fields={**fields, **capacities})

    def _attributes(self, record: Record) -> Any:
        try:
            return json.loads(self.sids.rewritten(record.fields["attributes"] or "{}"))
        except ValueError as error:
            raise Unfit("attributes", f"This is no JSON ({error}).") from error

    def _capacities(self, worker: Worker, wanted: Sequence[Capacity]) -> Fields:
        rows = {row.task_channel.unique_name: row for row in worker.channels.select_related("task_channel")}
        return {
            f"channel {each.channel}": change
            for each in wanted
            if (change := self._capacity(rows.get(each.channel), each)) is not None
        }

    def _capacity(self, row: WorkerChannel | None, wanted: Capacity) -> tuple[Any, Any] | None:
        if row is None:
            raise Unfit(f"channel {wanted.channel}", "There is no such task channel here. Bring task_channels as well.")
        before = _told_capacity(row.configured_capacity, row.available)
        after = _told_capacity(wanted.capacity, wanted.available)
        if before == after:
            return None
        try:
            agents.set_capacity(row, capacity=wanted.capacity, available=wanted.available, actor=self.actor)
        except DomainError as error:
            raise Unfit(f"channel {wanted.channel}", str(error)) from error
        return before, after

    def _task_queue(self, record: Record, row: TaskQueue | None) -> None:
        wanted: dict[str, Any] = {
            "friendly_name": record.name.strip(),
            "target_workers": self.sids.rewritten(record.fields["target_workers"] or "").strip(),
            "task_order": record.fields["task_order"] or "FIFO",
            "max_reserved_workers": record.fields["max_reserved_workers"] or 1,
            "reservation_activity": self._activity_here(record, "reservation_activity_sid"),
            "assignment_activity": self._activity_here(record, "assignment_activity_sid"),
        }
        made = row is None
        queue = row or TaskQueue(workspace=self.workspace, sid=self.sids.fresh(TaskQueue, record.sid, "WQ"))
        fields = _made(wanted) if made else _changed(queue, wanted)
        if fields:
            routing.save_queue(queue, actor=self.actor, **wanted)
        self._tell("task queue", record, queue, made=made, fields=fields)

    def _workflow(self, record: Record, row: Workflow | None) -> None:
        wanted: dict[str, Any] = {
            "friendly_name": record.name.strip(),
            "configuration": self.sids.rewritten(record.fields["configuration"] or "").strip(),
            "task_reservation_timeout": record.fields["task_reservation_timeout"] or DEFAULT_RESERVATION_TIMEOUT,
            "assignment_callback_url": record.fields["assignment_callback_url"] or "",
            "fallback_assignment_callback_url": record.fields["fallback_assignment_callback_url"] or "",
        }
        made = row is None
        workflow = row or Workflow(workspace=self.workspace, sid=self.sids.fresh(Workflow, record.sid, "WW"))
        fields = _made(wanted) if made else _changed(workflow, wanted)
        if fields:
            routing.save_workflow(workflow, actor=self.actor, **wanted)
        self._tell("workflow", record, workflow, made=made, fields=fields)

    def _activity_here(self, record: Record, field: str) -> Activity | None:
        source_sid = record.fields[field]
        if not source_sid:
            return None
        row = self.workspace.activities.filter(sid=self.sids.here(source_sid)).first()
        if row is None:
            raise Unfit(field, f"There is no activity {source_sid} here. Bring activities as well.")
        return row


def _key(kind: str, row: Any) -> str:
    """By which an object that has another sid is the same nevertheless."""
    return str(row.unique_name) if kind == "task_channels" else _name_key(kind, row.friendly_name)


def _key_of(kind: str, record: Record) -> str:
    return str(record.fields["unique_name"]) if kind == "task_channels" else _name_key(kind, record.name)


def _name_key(kind: str, name: str) -> str:
    """Names of workers are the same whatever their case."""
    return name.strip().lower() if kind == "workers" else name.strip()


def _made(fields: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What is worth telling of something new."""
    return {
        name: (None, _plain(value))
        for name, value in fields.items()
        if name != "friendly_name" and value not in ("", None)
    }


def _changed(row: models.Model, wanted: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """By name what differs."""
    pairs = {name: (_plain(getattr(row, name)), _plain(value)) for name, value in wanted.items()}
    return {
        name: pair
        for name, pair in pairs.items()
        if json.dumps(pair[0], sort_keys=True) != json.dumps(pair[1], sort_keys=True)
    }


def _plain(value: Any) -> Any:
    return sid_of(value) if isinstance(value, models.Model) else value


def _told_capacity(capacity: int, available: bool) -> str:
    return f"{capacity}, {'on' if available else 'off'}"
