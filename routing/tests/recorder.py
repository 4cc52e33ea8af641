"""A simulated day, written into the event log as the product writes it: a past for replays, of any size."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from agents.models import Activity, TaskChannel, Worker, WorkerChannel, Workspace
from eventlog.models import Event
from kernel import sids
from kernel.actor import SYSTEM
from routing import actions
from routing.actions.tasks import TTL_EXCEEDED
from routing.core.document import stored_workflow
from routing.core.simulation import simulator
from routing.core.simulation.measures import Measures, Names
from routing.core.simulation.scenario import Arrival, Change, Presence, QueueChange
from routing.core.simulation.simulator import Simulation
from routing.core.simulation.staff import Agent, Asked, Case
from routing.models import TaskQueue, Workflow
from routing.tests import arrivals
from routing.tests.arrivals import Centre, People

BATCH = 2000


class Recorder(Simulation):
    """A simulation whose happenings become events."""

    def __init__(self, workspace: Workspace, workflow: Workflow, centre: Centre, **more: Any) -> None:
        away = workspace.timeout_activity
        assert away is not None
        super().__init__(
            workflows={1: stored_workflow(workflow.configuration)},
            behaviour=People(centre.seed),
            watcher=Measures(centre.tasks, Names()),
            timeout_activity=(away.sid, away.friendly_name, away.available),
            **more,
        )
        self._workspace = workspace
        self._workflow = workflow
        self._sids: dict[int, str] = {}
        self._asked: dict[int, str] = {}
        self._events: list[Event] = []

    # --- what is written ---

    def write(self) -> None:
        Event.objects.bulk_create(self._events, batch_size=BATCH)
        self._events.clear()

    def _note(self, type_: str, sid: str, data: dict[str, Any], *, by: str = "user") -> None:
        self._events.append(
            Event(
                type=type_,
                subject_sid=sid,
                workspace_sid=self._workspace.sid,
                actor_kind=by,
                data=data,
                created_at=datetime.fromtimestamp(self.now, UTC),
            )
        )
        if len(self._events) >= BATCH:
            self.write()

    def _task_payload(self, case: Case, **more: Any) -> dict[str, Any]:
        return {
            "sid": self._sids[case.number],
            "assignment_status": case.status,
            "attributes": case.attributes,
            "priority": case.priority,
            "reason": "",
            "required_skills": sorted(case.arrival.required_skills),
            "routing_target": "",
            "task_channel": case.channel,
            "task_queue_sid": case.queue,
            "workflow_sid": self._workflow.sid,
        } | more

    def _reservation(self, type_: str, asked: Asked, *, by: str = "user") -> None:
        data = {
            "sid": self._asked[id(asked)],
            "worker_sid": asked.agent.facts().sid,
            "transfer": None,
            "task": self._task_payload(asked.case),
        }
        self._note(type_, data["sid"], data, by=by)

    def _worker(self, type_: str, agent: Agent, *, by: str = "user") -> None:
        facts = agent.facts()
        channels = [
            {"task_channel": name, "configured_capacity": each.configured_capacity, "available": each.available}
            for name, each in facts.channels.items()
        ]
        data = {
            "sid": facts.sid,
            "friendly_name": facts.friendly_name,
            "activity_sid": facts.activity_sid,
            "activity_name": facts.activity_name,
            "available": facts.available,
            "attributes": facts.attributes,
            "channels": channels,
        }
        self._note(type_, facts.sid, data, by=by)

    # --- what happens ---

    def _arrive(self, arrival: Arrival) -> None:
        self._sids[arrival.number] = sids.new("WT")
        super()._arrive(arrival)
        case = self.cases[arrival.number]
        self._note("task.created", self._sids[case.number], self._task_payload(case), by="system")

    def _appear(self, change: Presence) -> None:
        super()._appear(change)
        self._worker("worker.activity.update", self.agents[change.worker.number])

    def _ask(self, case: Case, agent: Agent) -> None:
        super()._ask(case, agent)
        self._asked[id(case.asked[-1])] = sids.new("WR")
        self._reservation("reservation.created", case.asked[-1], by="system")

    def _accept(self, asked: Asked) -> None:
        pending = asked.status == "pending"
        super()._accept(asked)
        if pending:
            self._reservation("reservation.accepted", asked)

    def _expire(self, asked: Asked) -> None:
        absences = asked.agent.absences
        super()._expire(asked)
        if asked.agent.absences > absences:
            self._worker("worker.activity.update", asked.agent, by="system")

    def _come_back(self, absence: tuple[Agent, int]) -> None:
        before = absence[0].activity
        super()._come_back(absence)
        if absence[0].activity != before:
            self._worker("worker.activity.update", absence[0])

    def _withdraw(self, asked: Asked, verb: str) -> None:
        super()._withdraw(asked, verb)
        self._reservation(f"reservation.{asked.status}", asked)

    def _wrap_up(self, held: tuple[Asked, float]) -> None:
        super()._wrap_up(held)
        self._reservation("reservation.wrapup", held[0])

    def _complete(self, asked: Asked) -> None:
        super()._complete(asked)
        self._reservation("reservation.completed", asked)
        del self._asked[id(asked)]

    def _end(self, case: Case, how: str) -> None:
        super()._end(case, how)
        if how != simulator.COMPLETED:
            reason = TTL_EXCEEDED if how == simulator.TIME_TO_LIVE else "hung up"
            self._note("task.canceled", self._sids[case.number], self._task_payload(case, reason=reason))


def record_day(workspace: Workspace, centre: Centre, *, day: datetime) -> Workflow:
    """Make the centre's queues, workflow and agents, and let the log say that it worked through that day."""
    since = datetime.fromtimestamp(arrivals.MIDNIGHT, UTC)
    shift = (day - since).total_seconds()
    numbers = _make_agents(workspace, centre, before=day - timedelta(days=1))
    queues = _make_queues(workspace, centre)
    workflow = _make_workflow(workspace, centre, queues)
    recorder = Recorder(workspace, workflow, centre)
    activities = {
        row.friendly_name: (row.sid, row.friendly_name, row.available)
        for row in Activity.objects.filter(workspace=workspace)
    }
    _note_beginning(workspace, day - timedelta(hours=1))
    for change in _moved(arrivals.changes(centre), shift, queues, numbers, activities):
        recorder.apply(change)
    recorder.run_until(shift + arrivals.MIDNIGHT + arrivals.DAY)
    recorder.write()
    return workflow


def _note_beginning(workspace: Workspace, at: datetime) -> None:
    """The log reaches back to before the day."""
    Event.objects.create(
        type="workspace.created", subject_sid=workspace.sid, workspace_sid=workspace.sid, actor_kind="system",
        created_at=at,
    )  # fmt: skip


def _moved(
    changes: Iterable[Change],
    shift: float,
    queues: dict[str, TaskQueue],
    numbers: dict[int, tuple[int, str]],
    activities: dict[str, tuple[str, str, bool]],
) -> Iterable[Change]:
    """The changes of the made-up day on the real one, with the sids and numbers that the tables have."""
    for change in changes:
        moved: Any = replace(change, at=change.at + shift)
        if isinstance(moved, Arrival):
            moved = replace(moved, created=moved.created + shift, expires=moved.expires + shift)
        elif isinstance(moved, QueueChange):
            moved = replace(moved, queue=replace(moved.queue, sid=queues[moved.queue.sid].sid))
        elif isinstance(moved, Presence):
            number, sid = numbers[moved.worker.number]
            name, title, free = activities[moved.worker.activity_name]
            worker = replace(
                moved.worker, number=number, sid=sid, activity_sid=name, activity_name=title, available=free
            )
            moved = replace(moved, worker=worker)
        yield moved


def _make_agents(workspace: Workspace, centre: Centre, *, before: datetime) -> dict[int, tuple[int, str]]:
    offline = Activity.objects.get(workspace=workspace, friendly_name="Offline")
    names = range(1, centre.agents + 1)
    rows = [Worker(workspace=workspace, friendly_name=f"Agent {n}", activity=offline, created_at=before) for n in names]
    Worker.objects.bulk_create(rows)
    kept = {row.friendly_name: row for row in Worker.objects.filter(workspace=workspace)}
    for name, slots, *_ in arrivals.CHANNELS:
        channel, _ = TaskChannel.objects.get_or_create(
            workspace=workspace, unique_name=name, defaults={"friendly_name": name}
        )
        WorkerChannel.objects.bulk_create(
            [WorkerChannel(worker=kept[f"Agent {n}"], task_channel=channel, configured_capacity=slots) for n in names]
        )
    return {n: (kept[f"Agent {n}"].pk, kept[f"Agent {n}"].sid) for n in names}


def _make_queues(workspace: Workspace, centre: Centre) -> dict[str, TaskQueue]:
    made = {}
    for change in arrivals.queues(centre):
        topic, language = arrivals.subject(centre, change.sid)
        made[change.sid] = actions.save_queue(
            TaskQueue(workspace=workspace),
            friendly_name=f"{topic} {language}".capitalize(),
            target_workers=change.expression.text if change.expression else "",
            task_order="LIFO" if change.lifo else "FIFO",
            max_reserved_workers=change.max_reserved,
            actor=SYSTEM,
        )
    return made


def _make_workflow(workspace: Workspace, centre: Centre, queues: dict[str, TaskQueue]) -> Workflow:
    return actions.save_workflow(
        Workflow(workspace=workspace),
        friendly_name="By topic",
        configuration=by_topic(centre, queues),
        task_reservation_timeout=int(arrivals.RESERVATION_SECONDS),
        actor=SYSTEM,
    )


def by_topic(centre: Centre, queues: dict[str, TaskQueue], *, rings: bool = True) -> str:
    """The made-up workflow as a document; without rings everybody in a queue may be asked at once."""
    filters = []
    for name, row in queues.items():
        topic, language = arrivals.subject(centre, name)
        first = [
            {"expression": "worker.level >= 8", "timeout": 15, "order_by": "worker.level DESC"},
            {"expression": "worker.level >= 5", "timeout": 30, "priority": 5},
        ]
        targets = [*(first if rings else []), {"priority": 10}]
        targets[0]["queue"] = row.sid
        expression = f"topic == '{topic}' AND language == '{language}'"
        filters.append({"filter_friendly_name": f"{topic} {language}", "expression": expression, "targets": targets})
    return json.dumps({"task_routing": {"filters": filters, "default_filter": {"queue": queues["WQ0"].sid}}})
