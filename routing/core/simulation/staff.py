"""Who and what is in a simulation: agents with their slots, tasks with their offers."""

from dataclasses import replace

from kernel.machine import Machine
from routing.core.facts import ChannelFacts, TaskFacts, WorkerFacts
from routing.core.simulation.scenario import Arrival
from routing.core.states import RESERVATION, TASK
from routing.core.workflow import Step, Workflow

Activity = tuple[str, str, bool]
"""Sid, name, and whether those in it are available."""


class Case:
    """A live task. ``asked`` are the offers of its present reservation."""

    __slots__ = (
        "arrival",
        "asked",
        "assignments",
        "attributes",
        "created",
        "number",
        "priority",
        "queue",
        "refusals",
        "status",
        "step",
        "version",
        "workflow",
    )

    def __init__(self, arrival: Arrival, workflow: Workflow | None) -> None:
        self.arrival = arrival
        self.number = arrival.number
        self.created = arrival.created
        self.attributes = arrival.attributes
        self.priority = arrival.priority
        self.queue = arrival.queue
        self.workflow = workflow
        self.step: Step | None = None
        self.status = TASK.initial
        self.version = 0
        self.assignments = 0
        self.refusals: list[tuple[int, float]] = []
        self.asked: list[Asked] = []

    @property
    def channel(self) -> str:
        return self.arrival.channel

    @property
    def reservation_seconds(self) -> float:
        return self.arrival.reservation_seconds

    @property
    def virtual_start(self) -> float:
        start = self.arrival.virtual_start
        return self.created if start is None else start

    def move(self, verb: str) -> None:
        """Raises AssertionError where the state machine knows no such move."""
        self.status = _moved(TASK, self.status, verb, self.number)

    def enter(self, step: Step) -> None:
        """The task stands there now. A target without a priority leaves the task's as it is."""
        self.step = step
        self.queue = step.rule.queue
        if step.rule.priority is not None:
            self.priority = step.rule.priority

    def facts(self, now: float) -> TaskFacts:
        self.refusals = [(number, until) for number, until in self.refusals if until > now]
        return TaskFacts(
            number=self.number,
            version=self.version,
            queue=self.queue,
            channel=self.channel,
            priority=self.priority,
            virtual_start=self.virtual_start,
            created=self.created,
            attributes=self.attributes,
            required_skills=self.arrival.required_skills,
            workflow_version=self.arrival.workflow,
            step=self.step,
            refusals=tuple(self.refusals),
            target_worker=self.arrival.target_worker,
            ignore_capacity=self.arrival.ignore_capacity,
        )


class Agent:
    """A worker with what he has in hand. ``facts`` given to him are what he would be if no offer had timed out."""

    __slots__ = ("_facts", "_given", "_loads", "absences", "activity", "gone", "last_assigned", "number", "occupied")

    def __init__(self, given: WorkerFacts) -> None:
        self.number = given.number
        self.last_assigned = given.last_assigned
        self.activity: Activity = _activity(given)
        self.absences = 0
        self.gone = False
        self.occupied = 0
        self._given = given
        self._facts: WorkerFacts | None = None
        # A channel's load, of which accepted, and the moment of its last offer.
        self._loads = {name: [0.0, 0.0, channel.last_assigned] for name, channel in given.channels.items()}

    @property
    def available(self) -> bool:
        return self.activity[2] and not self.gone

    @property
    def load(self) -> int:
        """Open offers and tasks on all channels."""
        return int(sum(slot[0] for slot in self._loads.values()))

    def channel(self, name: str) -> ChannelFacts:
        """Raises KeyError for a channel that the agent does not have."""
        load, assigned, last = self._loads[name]
        given = self._given.channels[name]
        return ChannelFacts(given.configured_capacity, given.available, int(load), int(assigned), last)

    def facts(self) -> WorkerFacts:
        if self._facts is None:
            self._facts = self._present_facts()
        return self._facts

    def _present_facts(self) -> WorkerFacts:
        sid, name, available = self.activity
        return replace(
            self._given,
            activity_sid=sid,
            activity_name=name,
            available=available,
            last_assigned=self.last_assigned,
            channels={each: self.channel(each) for each in self._given.channels},
        )

    def become(self, given: WorkerFacts) -> None:
        """What was told of him is new. Only a new activity ends an absence."""
        self.gone = False
        self._facts = None
        if _activity(given) != _activity(self._given):
            self.activity = _activity(given)
            self.absences += 1
        self._given = given
        for name in given.channels:
            self._loads.setdefault(name, [0.0, 0.0, 0.0])

    def leave(self) -> None:
        self.gone = True

    def send_to(self, activity: Activity) -> bool:
        """Away after an unanswered offer; False when he has left by himself before."""
        if not self.activity[2] or self.activity == activity:
            return False
        self.activity = activity
        self.absences += 1
        self._facts = None
        return True

    def come_back(self) -> bool:
        """To what he was in; False when that changes nothing."""
        before, self.activity = self.activity, _activity(self._given)
        self._facts = None
        return self.activity != before

    def take(self, channel: str, now: float) -> None:
        """A slot more in use, and to the end of the line."""
        self._count(channel, load=1)
        self._loads[channel][2] = self.last_assigned = now

    def accept(self, channel: str) -> None:
        self._count(channel, assigned=1)

    def wrap_up(self, channel: str) -> None:
        self._count(channel, assigned=-1)

    def release(self, channel: str) -> None:
        self._count(channel, load=-1)

    def occupy(self, channel: str, by: int) -> None:
        """Work from elsewhere, which counts as accepted; what ends without having begun is nothing."""
        if by > 0 or self.occupied:
            self.occupied += by
            self._count(channel, load=by, assigned=by)

    def _count(self, channel: str, *, load: int = 0, assigned: int = 0) -> None:
        slot = self._loads.setdefault(channel, [0.0, 0.0, 0.0])
        slot[0] += load
        slot[1] += assigned
        self._facts = None


class Asked:
    """An offer of a task to an agent."""

    __slots__ = ("agent", "case", "status")

    def __init__(self, case: Case, agent: Agent) -> None:
        self.case = case
        self.agent = agent
        self.status = RESERVATION.initial

    def move(self, verb: str) -> None:
        """Raises AssertionError where the state machine knows no such move."""
        self.status = _moved(RESERVATION, self.status, verb, self.case.number)


def _activity(facts: WorkerFacts) -> Activity:
    return facts.activity_sid, facts.activity_name, facts.available


def _moved(machine: Machine, status: str, verb: str, number: int) -> str:
    if status not in machine.sources(verb):
        raise AssertionError(f"{machine.name} {number}: {verb} from {status}")
    return machine.target(verb)
