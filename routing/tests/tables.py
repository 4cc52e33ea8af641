"""The tables and the verbs in memory, as small as they can be: what a board follows, and what it is made of again."""

import json
from dataclasses import dataclass, field

from routing.core.board import Board
from routing.core.document import parse_workflow
from routing.core.expressions import parse
from routing.core.facts import REFUSAL_PAUSE_SECONDS, ChannelFacts, QueueFacts, TaskFacts, WorkerFacts
from routing.core.workflow import first_step, step_after_skip, step_at_age
from routing.tests.cast import Everything

ACTIVITIES = {"WAon": ("Available", True), "WAlunch": ("Lunch", False), "WAoff": ("Offline", False)}
CHANNELS = ("default", "voice")

_STEPS_OF_A = [
    {"queue": "WQ1", "timeout": 3, "expression": "worker.level >= task.level", "skip_if": "workers.available == 0"},
    {"queue": "WQ2", "timeout": 5, "order_by": "worker.level DESC", "priority": 2},
    {"queue": "WQ3", "timeout": 4, "expression": "worker.activity_name IN ['Available', 'Lunch']"},
]
_STEPS_OF_OTHERS = [
    {"queue": "WQ2", "timeout": 4, "known_worker_friendly_name": "task.owner"},
    {"queue": "WQ1", "timeout": 2, "known_worker_sid": "task.keeper"},
    {"queue": "WQ2", "timeout": 3, "expression": "worker.skills HAS task.kind AND worker.level != 2"},
    {"queue": "WQ3", "timeout": 6, "skip_if": "1==1"},
    {"queue": "WQ1", "expression": "worker.channel.voice.available_capacity_percentage == 100"},
]
_FILTERS = [
    {"expression": "kind == 'a'", "targets": _STEPS_OF_A},
    {"expression": "level > 0", "targets": _STEPS_OF_OTHERS},
]
_DOCUMENT = {
    "task_routing": {"filters": _FILTERS, "default_filter": {"queue": "WQ3", "skip_if": "workers.WAlunch > 1"}}
}
_LATER_DOCUMENT = {
    "task_routing": {
        "filters": [
            {"expression": "level > 2", "targets": [_STEPS_OF_A[1], _STEPS_OF_OTHERS[1]]},
            {
                "expression": "level > 1",
                "targets": [{"queue": "WQ2", "expression": "worker.friendly_name = task.owner"}],
            },
        ],
        "default_filter": {"queue": "WQ1", "expression": "worker.level == task.level"},
    }
}
WORKFLOWS = {
    version: parse_workflow(json.dumps(document), queues=Everything())
    for version, document in ((1, _DOCUMENT), (2, _LATER_DOCUMENT))
}


@dataclass(eq=False)
class Agent:
    number: int
    activity: str = "WAon"
    attributes: dict = field(default_factory=dict)
    capacity: dict = field(default_factory=lambda: dict.fromkeys(CHANNELS, 1))
    closed: set = field(default_factory=set)
    last: dict = field(default_factory=dict)
    name: str = ""


@dataclass(eq=False)
class Job:
    number: int
    queue: str
    channel: str
    created: float
    start: float
    priority: int = 0
    attributes: dict = field(default_factory=dict)
    skills: frozenset = frozenset()
    workflow: int = 1
    step: object = None
    entering: bool = True
    target: int | None = None
    ignore_capacity: bool = False
    holder: int | None = None
    status: str = "pending"
    version: int = 1
    refusals: list = field(default_factory=list)


@dataclass(eq=False)
class Reservation:
    job: Job
    agent: Agent
    status: str = "pending"


class Tables:
    """Rows, and verbs that change them under their guards.

    ``reservations`` are those that are open, ``fired`` the steps whose time was over.
    """

    def __init__(self):
        self.agents = {}
        self.jobs = {}
        self.reservations = []
        self.fired = []
        self.queues = {
            "WQ1": QueueFacts("WQ1", parse("level >= 2"), max_reserved=1),
            "WQ2": QueueFacts("WQ2", parse("1==1"), max_reserved=2),
            "WQ3": QueueFacts("WQ3", parse("skills HAS 'x'"), lifo=True),
        }

    # --- what a board is told ---

    def worker_facts(self, agent):
        name, available = ACTIVITIES[agent.activity]
        return WorkerFacts(
            sid=f"WK{agent.number}",
            number=agent.number,
            friendly_name=agent.name or f"Agent {agent.number}",
            activity_sid=agent.activity,
            activity_name=name,
            available=available,
            attributes=agent.attributes,
            channels={channel: self.channel_facts(agent, channel) for channel in CHANNELS},
            last_assigned=max(agent.last.values(), default=0.0),
        )

    def channel_facts(self, agent, channel):
        held = [each.status for each in self.held(agent, channel)]
        return ChannelFacts(
            configured_capacity=agent.capacity[channel],
            available=channel not in agent.closed,
            load=len(held),
            assigned=held.count("accepted"),
            last_assigned=agent.last.get(channel, 0.0),
        )

    def task_facts(self, job):
        return TaskFacts(
            number=job.number,
            version=job.version,
            queue=job.queue,
            channel=job.channel,
            priority=job.priority,
            virtual_start=job.start,
            created=job.created,
            attributes=job.attributes,
            required_skills=job.skills,
            workflow_version=job.workflow if job.step else None,
            step=job.step,
            refusals=tuple(job.refusals),
            target_worker=job.target,
            ignore_capacity=job.ignore_capacity,
            excluded=() if job.holder is None else (job.holder,),
            entering=job.entering,
        )

    def board(self, now, **options):
        made = Board(**options)
        for queue in self.queues.values():
            made.put_queue(queue)
        for agent in self.agents.values():
            made.put_worker(self.worker_facts(agent))
        for job in self.pending():
            made.put_task(self.task_facts(job), now=now)
        return made

    def queue(self, sid):
        """One that is gone has nobody in it."""
        return self.queues.get(sid) or QueueFacts(sid, None)

    def pending(self):
        return [job for job in self.jobs.values() if job.status == "pending"]

    def held(self, agent, channel):
        return [each for each in self.reservations if each.agent is agent and each.job.channel == channel]

    def standing(self, status):
        return [each for each in self.reservations if each.status == status]

    # --- verbs ---

    def arrive(self, job):
        if job.step is None and job.queue == "":
            self._enter(job, first_step(WORKFLOWS[job.workflow], job.attributes))
        self.jobs[job.number] = job

    def offer(self, number, version, workers, now):
        """The write of an offer; every guard that the database has stands here as well."""
        job = self.jobs[number]
        assert (job.status, job.version) == ("pending", version)
        assert 1 <= len(set(workers)) == len(workers) <= self.queue(job.queue).max_reserved
        self._change(job, status="reserved", entering=False)
        for each in workers:
            agent = self.agents[each]
            facts = self.channel_facts(agent, job.channel)
            assert job.ignore_capacity or facts.load < facts.configured_capacity
            assert not any(other.job is job and other.agent is agent for other in self.reservations)
            agent.last[job.channel] = now
            self.reservations.append(Reservation(job, agent))

    def move(self, number, version, cause, now):
        job = self.jobs[number]
        assert (job.status, job.version) == ("pending", version)
        if cause == "timeout":
            assert job.created + job.step.deadline_age <= now
            self.fired.append((number, job.workflow, job.step.filter, job.step.target))
            following = step_at_age(WORKFLOWS[job.workflow], job.attributes, job.step, age=now - job.created)
        else:
            following = step_after_skip(WORKFLOWS[job.workflow], job.attributes, job.step)
        self._enter(job, following)

    def settle(self, number, version):
        job = self.jobs[number]
        assert (job.status, job.version, job.entering) == ("pending", version, True)
        job.entering = False

    def accept(self, reservation):
        """The others who were asked, or had the task before, have it no more; returns all whom it concerns."""
        job = reservation.job
        concerned = [each for each in self.reservations if each.job is job]
        self._end(*(each for each in concerned if each is not reservation))
        reservation.status = "accepted"
        self._change(job, status="assigned", holder=None)
        return [each.agent for each in concerned]

    def refuse(self, reservation, status, now):
        job = reservation.job
        self._end(reservation)
        job.refusals = [each for each in job.refusals if each[1] > now]
        job.refusals.append((reservation.agent.number, now + REFUSAL_PAUSE_SECONDS))
        if not any(each.job is job and each.status == "pending" for each in self.reservations):
            self._change(job, status="pending")
        if status == "timeout":
            reservation.agent.activity = "WAoff"

    def transfer(self, reservation, queue):
        self._change(
            reservation.job, status="pending", holder=reservation.agent.number, queue=queue, step=None, target=None
        )

    def finish(self, reservation):
        if reservation.status == "wrapping":
            self._end(reservation)
            self._change(reservation.job, status="completed")
        reservation.status = "wrapping"

    def cancel(self, job):
        """A transfer that comes to nothing leaves the task with its holder."""
        self._change(job, status="canceled" if job.holder is None else "assigned", holder=None)

    def edit(self, job, **fields):
        self._change(job, **fields)

    def come_over(self, job, version, now):
        """The task begins anew, in another version of its workflow."""
        job.workflow = version
        self._enter(job, first_step(WORKFLOWS[version], job.attributes, age=int(now - job.created)))

    def _enter(self, job, step):
        if step is None:
            self.cancel(job)
            return
        priority = job.priority if step.rule.priority is None else step.rule.priority
        self._change(job, step=step, queue=step.rule.queue, priority=priority, entering=True)

    def _end(self, *reservations):
        self.reservations = [each for each in self.reservations if each not in reservations]

    def _change(self, job, **fields):
        for name, value in fields.items():
            setattr(job, name, value)
        job.version += 1
