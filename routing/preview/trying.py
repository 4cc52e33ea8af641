"""What would become of a task: a dry run against a document, published or not. Nothing is written."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final

from django.utils.functional import Promise

from agents.models import Workspace
from eventlog.dbclock import database_now
from routing import reading
from routing.core.checks.names import CALENDARS, dotted
from routing.core.document import stored_workflow
from routing.core.explain import NEAREST_FIRST, Survey, survey
from routing.core.facts import QueueFacts, TaskFacts, WorkerFacts
from routing.core.route import Route, RouteFilter, RouteTarget, TargetFate, entered, route
from routing.core.workflow import DEFAULT_FILTER, Step, Target, first_step, step_at_age
from routing.core.workflow import Workflow as Document
from routing.explaining import wording
from routing.explaining.staff import named_channels, optimized, staff
from routing.models import TaskQueue
from routing.scoping import filter_scope

SHOWN_FREE: Final = 10
SHOWN_OTHERS: Final = 4
SURVEYED: Final = 12
"""Targets whose agents are looked at: with ten thousand workers each takes a tenth of a second."""


@dataclass(frozen=True, slots=True)
class Question:
    """A task as somebody imagines it."""

    attributes: Mapping[str, Any]
    channel: str = "default"
    age: int = 0
    priority: int = 0
    required_skills: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Agent:
    """A worker, and in a sentence what stands between him and the task."""

    worker: WorkerFacts
    letter: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Staffing:
    """The workers at one target: so many of each kind, and the nearest of each kind; ``more`` are not shown."""

    counts: tuple[tuple[str, Promise, int], ...]
    agents: tuple[Agent, ...]
    more: int
    never: bool

    @property
    def first(self) -> Agent | None:
        """Who would be asked first."""
        return next((agent for agent in self.agents if agent.letter == "o"), None)


@dataclass(frozen=True, slots=True)
class Stop:
    """A target on the task's way. ``staffing`` is None where it is too far away to be looked at."""

    target: RouteTarget
    queue: str
    priority: int
    ends_at: datetime | None
    staffing: Staffing | None


@dataclass(frozen=True, slots=True)
class Gate:
    """A filter, why it does not hold (sentences), or the stops that follow from it."""

    rule: RouteFilter
    because: tuple[str, ...] = ()
    stops: tuple[Stop, ...] = ()

    @property
    def number(self) -> int:
        """As people count."""
        return self.rule.index + 1


def runs(gates: Iterable[Gate]) -> list[tuple[bool, list[Gate]]]:
    """Those that hold and those that do not (True), taken together where they stand together."""
    return [(shut, list(each)) for shut, each in groupby(gates, key=lambda gate: gate.rule.fate == "unmatched")]


@dataclass(frozen=True, slots=True)
class Trial:
    """The answer. ``here`` is where the task would wait at its age; None: it is ``refused``, or was canceled by then.

    ``default`` is the stop at the default filter, where the task comes to it.
    """

    at: datetime
    route: Route
    here: Stop | None
    refused: bool
    gates: tuple[Gate, ...] = ()
    default: Stop | None = None

    @property
    def runs(self) -> list[tuple[bool, list[Gate]]]:
        """The filters as the page shows them."""
        return runs(self.gates)

    @property
    def by_default(self) -> bool:
        """Whether the default filter has it."""
        return self.here is not None and self.here is self.default


def names_asked(configuration: str) -> tuple[str, ...]:
    """Which attributes the filters of a document look at, as ``customer.level``."""
    rules = stored_workflow(configuration).filters
    paths = (reference.path for rule in rules for reference in rule.expression.references)
    return tuple(dict.fromkeys(dotted(path) for path in paths if path[0] != CALENDARS))


def try_out(workspace: Workspace, configuration: str, question: Question) -> Trial:
    """The task's way through the document as if it had come ``question.age`` seconds ago, and who would serve it."""
    return _Run(workspace, stored_workflow(configuration), question).trial()


class _Run:
    """One dry run, with what it has read."""

    def __init__(self, workspace: Workspace, document: Document, question: Question) -> None:
        self.workspace = workspace
        self.document = document
        self.question = question
        self.at = database_now()
        self.came_at = self.at - timedelta(seconds=question.age)
        self.scope = filter_scope(workspace.pk, question.attributes, document, self.at)
        self.names = dict(TaskQueue.objects.filter(workspace=workspace).values_list("sid", "friendly_name"))
        self.queues: dict[str, QueueFacts] = {each.sid: each for each in reading.queue_facts(workspace.pk)}
        self.surveys = 0
        self._staff: list[WorkerFacts] | None = None

    def trial(self) -> Trial:
        first = first_step(self.document, self.scope)
        here = first and step_at_age(self.document, self.scope, first, age=self.question.age)
        way = entered(self.document, self.scope) if here is None else self._route(here)
        gates = tuple(self._gate(rule) for rule in way.filters)
        default = self._default(way)
        stop = None
        if here is not None:
            stop = default if here.filter == DEFAULT_FILTER else gates[here.filter].stops[here.target]
        return Trial(at=self.at, route=way, here=stop, refused=first is None, gates=gates, default=default)

    def _route(self, here: Step) -> Route:
        return route(
            self.document,
            self.scope,
            position=(here.filter, here.target),
            ends_at_age=here.ends_at_age,
            age=self.question.age,
        )

    def _gate(self, rule: RouteFilter) -> Gate:
        if rule.fate == "unmatched":
            return Gate(rule, because=tuple(wording.clause(clause) for clause in rule.trace.clauses))
        stops = tuple(self._stop(rule.index, target) for target in rule.targets)
        return Gate(rule, stops=stops)

    def _stop(self, index: int, target: RouteTarget) -> Stop:
        rule = target.rule
        step = Step(index, target.place, rule, target.ends_at_age or target.starts_at_age)
        looked_at = target.fate in ("here", "ahead") and self.surveys < SURVEYED
        return Stop(
            target=target,
            queue=self.names.get(rule.queue, rule.queue),
            priority=self.question.priority if target.priority is None else target.priority,
            ends_at=None if target.ends_at_age is None else self.came_at + timedelta(seconds=target.ends_at_age),
            staffing=self._staffing(step) if looked_at else None,
        )

    def _default(self, way: Route) -> Stop | None:
        if way.default is None or way.default_fate == "shut":
            return None
        fate: TargetFate = "here" if way.default_fate == "here" else "ahead"
        return self._stop(DEFAULT_FILTER, RouteTarget(0, way.default, way.default.priority, 0, None, fate))

    # --- agents ---

    def _staffing(self, step: Step) -> Staffing:
        self.surveys += 1
        found = survey(
            self._task(step),
            self.queues.get(step.rule.queue),
            self._workers(),
            now=self.at.timestamp(),
            optimized=optimized(self.workspace.pk),
        )
        counts = ((letter, found.counts.get(letter, 0)) for letter in NEAREST_FIRST)
        agents = _nearest_of_each(found)
        return Staffing(
            counts=tuple((letter, wording.TITLES[letter], count) for letter, count in counts if count),
            agents=agents,
            more=len(found.judged) - len(agents),
            never=found.never,
        )

    def _task(self, step: Step) -> TaskFacts:
        moment = self.came_at.timestamp()
        return TaskFacts(
            number=0,
            version=0,
            queue=step.rule.queue,
            channel=self.question.channel,
            priority=self.question.priority,
            virtual_start=moment,
            created=moment,
            attributes=self.question.attributes,
            required_skills=self.question.required_skills,
            step=step,
        )

    def _workers(self) -> list[WorkerFacts]:
        if self._staff is None:
            asked = named_channels(target.expression for target in _targets(self.document))
            self._staff = staff(self.workspace.pk, channels={self.question.channel, *asked})
        return self._staff


def _targets(document: Document) -> list[Target]:
    found = [target for rule in document.filters for target in rule.targets]
    return [*found, *([document.default] if document.default else [])]


def _nearest_of_each(found: Survey) -> tuple[Agent, ...]:
    """Those who are free in their order, and a few of those whom each clause keeps out."""
    shown: dict[str, int] = {}
    agents = []
    for index, (letter, _worker) in enumerate(found.judged):
        shown[letter] = shown.get(letter, 0) + 1
        if shown[letter] <= (SHOWN_FREE if letter == "o" else SHOWN_OTHERS):
            agents.append(_agent(found, index))
    return tuple(agents)


def _agent(found: Survey, index: int) -> Agent:
    letter, worker = found.judged[index]
    sentence = wording.verdict(found.detail(index))
    return Agent(worker.facts, letter, sentence)
