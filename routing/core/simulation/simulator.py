"""A contact centre in virtual time: `Board` and `decide`, and around them what tables, timers and people do.

The same core decides as in the product; only what the verbs write is kept in memory here, and the clock jumps from one
event to the next. The same changes and the same behaviour always give the same course.
"""

from collections.abc import Callable, Mapping
from heapq import heappop, heappush
from typing import Any, Final, Protocol

from routing.core.board import Board
from routing.core.decide import Move, Offer, decide
from routing.core.facts import REFUSAL_PAUSE_SECONDS
from routing.core.simulation.scenario import (
    Amendment,
    Arrival,
    Behaviour,
    Change,
    Departure,
    GiveUp,
    Occupation,
    Presence,
    QueueChange,
)
from routing.core.simulation.staff import Agent, Asked, Case
from routing.core.workflow import Step, Workflow, first_step, step_after_skip, step_at_age

MAX_ASSIGNMENTS: Final = 1000
"""Moves from pending to reserved, after which a task is canceled. https://www.twilio.com/docs/taskrouter/limits"""

GIVEN_UP: Final = "given up"
TIME_TO_LIVE: Final = "time to live"
WORKFLOW_OVER: Final = "workflow over"
TOO_OFTEN: Final = "too often"
NO_FILTER: Final = "no filter"
COMPLETED: Final = "completed"


Scope = Callable[[Workflow, Mapping[str, Any], float], Mapping[str, Any]]
"""What a workflow's filters may look at, from a task's attributes and the moment: what calendars say belongs to it."""


def attributes_alone(_workflow: Workflow, attributes: Mapping[str, Any], _at: float) -> Mapping[str, Any]:
    """The scope where no filter asks a calendar."""
    return attributes


class Watcher(Protocol):
    """Hears of what counts in a report. ``at`` is the virtual moment."""

    def accepted(self, case: Case, agent: Agent, at: float) -> None: ...

    def ended(self, case: Case, how: str, at: float) -> None: ...

    def occupied(self, agent: Agent, at: float) -> None:
        """The agent's activity or the number of his tasks has changed."""
        ...


class Inspector(Protocol):
    """Looks at decisions, and raises when one should never have been. `routing.tests.invariants` has one."""

    def before(self, simulation: "Simulation") -> None: ...

    def decided(self, simulation: "Simulation", offers: tuple[Offer, ...], moves: tuple[Move, ...]) -> None: ...

    def settled(self, simulation: "Simulation") -> None: ...


class Simulation:
    """`apply` what happens from outside in the order of time, `run_until` the end; both move the clock."""

    def __init__(
        self,
        *,
        workflows: Mapping[int, Workflow],
        behaviour: Behaviour,
        watcher: Watcher,
        inspector: Inspector | None = None,
        scope: Scope = attributes_alone,
        timeout_activity: tuple[str, str, bool] | None = None,
        lifo_first: bool = False,
        optimized: frozenset[str] = frozenset(),
    ) -> None:
        """``timeout_activity``: sid, name and availability of where agents go who let an offer time out."""
        self.now = float("-inf")
        self.board = Board(lifo_first=lifo_first, optimized=optimized)
        self.cases: dict[int, Case] = {}
        self.agents: dict[int, Agent] = {}
        self.arrived = self.completed = self.canceled = self.decisions = 0
        self._workflows = workflows
        self._behaviour = behaviour
        self._watcher = watcher
        self._inspector = inspector
        self._scope = scope
        self._timeout_activity = timeout_activity
        self._agenda: list[tuple[float, int, Callable[..., None], Any]] = []
        self._sequence = 0
        self._stirred = False  # Whether anything has become possible since the last decision.
        self._appliers: Mapping[type[Any], Callable[[Any], None]] = {
            Arrival: self._arrive,
            GiveUp: self._give_up,
            Amendment: self._amend,
            Presence: self._appear,
            Departure: self._depart,
            Occupation: self._occupy,
            QueueChange: self._change_queue,
        }

    # --- the clock ---

    def apply(self, change: Change) -> None:
        """Let everything before ``change`` happen, and then it."""
        if change.at > self.now:
            self.run_until(change.at)
        self._appliers[type(change)](change)

    def run_until(self, until: float) -> None:
        """Everything that happens before ``until``, and nothing of what happens at that very moment."""
        self._settle()
        while (at := self._next_at()) < until:
            self.now = max(at, self.now)
            while self._agenda and self._agenda[0][0] <= self.now:
                _, _, happen, subject = heappop(self._agenda)
                happen(subject)
            due = self.board.next_due()
            self._stirred = self._stirred or (due is not None and due <= self.now)
            self._settle()
        if until < float("inf"):
            self.now = max(until, self.now)

    def run_out(self) -> None:
        """Everything until every task has ended."""
        self.run_until(float("inf"))

    def _next_at(self) -> float:
        due = self.board.next_due()
        agenda = self._agenda[0][0] if self._agenda else float("inf")
        return agenda if due is None else min(due, agenda)

    def _later(self, seconds: float, happen: Callable[[Any], None], subject: Any) -> None:
        self._sequence += 1
        heappush(self._agenda, (self.now + seconds, self._sequence, happen, subject))

    # --- decisions ---

    def _settle(self) -> None:
        """Decide until nothing is left to decide at this moment."""
        if not self._stirred:
            return
        self._stirred = False
        while self._decide():
            pass
        if self._inspector is not None:
            self._inspector.settled(self)

    def _decide(self) -> bool:
        if self._inspector is not None:
            self._inspector.before(self)
        decision = decide(self.board, self.now)
        self.decisions += 1
        for offer in decision.offers:
            self._offer(offer)
        if self._inspector is not None:
            self._inspector.decided(self, decision.offers, decision.moves)
        for move in decision.moves:
            self._advance(self.cases[move.task], move)
        return bool(decision)

    def _advance(self, case: Case, move: Move) -> None:
        step, workflow = case.step, case.workflow
        if step is None or workflow is None or case.version != move.version:
            raise AssertionError(f"task {case.number}: a move from a step where it does not stand")
        scope = self._scope(workflow, case.attributes, self.now)
        if move.cause == "skip":
            self._enter(case, step_after_skip(workflow, scope, step))
        else:
            # Its own deadline has come, whatever the rounding of the difference says.
            age = max(self.now - case.created, step.deadline_age or 0)
            self._enter(case, step_at_age(workflow, scope, step, age=age))

    def _enter(self, case: Case, step: Step | None) -> None:
        if step is None:
            self._cancel(case, WORKFLOW_OVER)
        else:
            case.enter(step)
            self._line_up(case)

    def _line_up(self, case: Case) -> None:
        self._stirred = True
        case.version += 1
        self.board.put_task(case.facts(self.now), now=self.now)

    # --- offers and answers ---

    def _offer(self, offer: Offer) -> None:
        case = self.cases[offer.task]
        if case.version != offer.version:
            raise AssertionError(f"task {case.number}: an offer of version {offer.version}, which it no longer has")
        case.move("reserve")
        case.version += 1
        case.assignments += 1
        for number in offer.workers:
            self._ask(case, self.agents[number])

    def _ask(self, case: Case, agent: Agent) -> None:
        agent.take(case.channel, self.now)
        asked = Asked(case, agent)
        case.asked.append(asked)
        answer = self._behaviour.answer(case.number, agent.number)
        if answer.kind == "timeout" or answer.after >= case.reservation_seconds:
            self._later(case.reservation_seconds, self._expire, asked)
        else:
            self._later(answer.after, self._accept if answer.kind == "accept" else self._reject, asked)

    def _accept(self, asked: Asked) -> None:
        if asked.status != "pending":
            return
        case, agent = asked.case, asked.agent
        case.move("assign")
        asked.move("accept")
        agent.accept(case.channel)
        for other in case.asked:
            if other.status == "pending":
                self._withdraw(other, "rescind")
        work = self._behaviour.work(case.number, agent.number, case.queue)
        self._later(work.handling, self._wrap_up, (asked, work.wrap_up))
        self._watcher.accepted(case, agent, self.now)
        self._changed(agent)

    def _reject(self, asked: Asked) -> None:
        if asked.status == "pending":
            self._refuse(asked, "reject")

    def _expire(self, asked: Asked) -> None:
        if asked.status != "pending":
            return
        self._refuse(asked, "expire")
        if self._timeout_activity is not None and asked.agent.send_to(self._timeout_activity):
            away = self._behaviour.absence(asked.agent.number)
            self._later(away, self._come_back, (asked.agent, asked.agent.absences))
            self._changed(asked.agent)

    def _refuse(self, asked: Asked, verb: str) -> None:
        case = asked.case
        case.refusals.append((asked.agent.number, self.now + REFUSAL_PAUSE_SECONDS))
        self._withdraw(asked, verb)
        if any(other.status == "pending" for other in case.asked):
            return
        case.asked.clear()
        if case.assignments >= MAX_ASSIGNMENTS:
            self._cancel(case, TOO_OFTEN)
        else:
            case.move("release")
            self._line_up(case)

    def _withdraw(self, asked: Asked, verb: str) -> None:
        asked.move(verb)
        asked.agent.release(asked.case.channel)
        self._changed(asked.agent)

    def _come_back(self, absence: tuple[Agent, int]) -> None:
        agent, number = absence
        if agent.absences == number and agent.come_back():
            self._changed(agent)

    def _wrap_up(self, held: tuple[Asked, float]) -> None:
        asked, seconds = held
        asked.case.move("wrap_up")
        asked.move("wrap_up")
        asked.agent.wrap_up(asked.case.channel)
        self._changed(asked.agent)
        self._later(seconds, self._complete, asked)

    def _complete(self, asked: Asked) -> None:
        asked.case.move("complete")
        asked.move("complete")
        asked.agent.release(asked.case.channel)
        self.completed += 1
        self._end(asked.case, COMPLETED)
        self._changed(asked.agent)

    def _cancel(self, case: Case, how: str) -> None:
        for asked in case.asked:
            if asked.status == "pending":
                self._withdraw(asked, "cancel")
        self.board.drop_task(case.number)
        case.move("cancel")
        self.canceled += 1
        self._end(case, how)

    def _end(self, case: Case, how: str) -> None:
        del self.cases[case.number]
        self._watcher.ended(case, how, self.now)

    def _live_out(self, number: int) -> None:
        case = self.cases.get(number)
        if case is not None and case.status in ("pending", "reserved"):
            self._cancel(case, TIME_TO_LIVE)

    # --- what happens from outside ---

    def _arrive(self, arrival: Arrival) -> None:
        workflow = None if arrival.workflow is None else self._workflows[arrival.workflow]
        case = self.cases[arrival.number] = Case(arrival, workflow)
        self.arrived += 1
        self._later(arrival.expires - self.now, self._live_out, case.number)
        if workflow is None:
            self._line_up(case)
            return
        scope = self._scope(workflow, case.attributes, self.now)
        step = first_step(workflow, scope)
        if step is None:
            self._cancel(case, NO_FILTER)
        else:
            self._enter(case, step_at_age(workflow, scope, step, age=self.now - case.created))

    def _give_up(self, change: GiveUp) -> None:
        case = self.cases.get(change.task)
        if case is not None and case.status in ("pending", "reserved"):
            self._cancel(case, GIVEN_UP)

    def _amend(self, change: Amendment) -> None:
        case = self.cases.get(change.task)
        if case is not None:
            case.attributes = change.attributes
            if case.status == "pending":
                self._line_up(case)

    def _appear(self, change: Presence) -> None:
        agent = self.agents.get(change.worker.number)
        if agent is None:
            agent = self.agents[change.worker.number] = Agent(change.worker)
        else:
            agent.become(change.worker)
        self._changed(agent)

    def _depart(self, change: Departure) -> None:
        agent = self.agents.get(change.worker)
        if agent is not None:
            agent.leave()
            self._watcher.occupied(agent, self.now)
            self.board.drop_worker(change.worker)

    def _occupy(self, change: Occupation) -> None:
        agent = self.agents.get(change.worker)
        if agent is not None:
            agent.occupy(change.channel, change.by)
            self._changed(agent)

    def _change_queue(self, change: QueueChange) -> None:
        self._stirred = True
        self.board.put_queue(change.queue)

    def _changed(self, agent: Agent) -> None:
        self._stirred = True
        self._watcher.occupied(agent, self.now)
        if not agent.gone:
            self.board.put_worker(agent.facts())
