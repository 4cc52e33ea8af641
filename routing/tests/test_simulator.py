"""The centre in virtual time, and what must hold in it at every moment."""

import os
import sys
import time
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from routing.core.expressions import parse, parse_target
from routing.core.facts import ChannelFacts, QueueFacts, WorkerFacts
from routing.core.simulation import simulator
from routing.core.simulation.scenario import (
    Amendment,
    Answer,
    Arrival,
    Change,
    Departure,
    GiveUp,
    Occupation,
    Presence,
    QueueChange,
    Work,
)
from routing.core.simulation.simulator import Simulation
from routing.core.simulation.staff import Agent, Case
from routing.core.workflow import Filter, Target, Workflow
from routing.tests import arrivals
from routing.tests.arrivals import AVAILABLE, BREAK, Centre, People
from routing.tests.invariants import Broken, Invariants

OFFLINE = ("WA0", "Offline", False)


class Diary:
    """Who accepted what and when, how tasks ended."""

    def __init__(self) -> None:
        self.accepted_by: list[tuple[int, int, float]] = []
        self.ends: dict[int, tuple[str, float]] = {}

    def accepted(self, case: Case, agent: Agent, at: float) -> None:
        self.accepted_by.append((case.number, agent.number, at))

    def ended(self, case: Case, how: str, at: float) -> None:
        assert case.number not in self.ends
        self.ends[case.number] = how, at

    def occupied(self, agent: Agent, at: float) -> None:
        pass

    @property
    def waits(self) -> list[float]:
        return [at for _, _, at in self.accepted_by]


class Scripted:
    """Answers by agent, in order; the last one for ever. Every task takes 60 s and 10 s of wrap-up."""

    def __init__(self, **answers: list[Answer]) -> None:
        self._answers = {int(name[1:]): list(given) for name, given in answers.items()}

    def answer(self, _task: int, worker: int) -> Answer:
        left = self._answers.get(worker, [Answer("accept", 2)])
        return left.pop(0) if len(left) > 1 else left[0]

    def work(self, _task: int, _worker: int, _queue: str) -> Work:
        return Work(60, 10)

    def absence(self, _worker: int) -> float:
        return 100


def worker(number: int, *, at: float = 0.0, activity: tuple[str, str, bool] = AVAILABLE, **more: Any) -> Presence:
    given: dict[str, Any] = {"attributes": {}, "channels": {"chat": ChannelFacts()}} | more
    return Presence(at, WorkerFacts(f"WK{number}", number, f"Agent {number}", *activity, **given))


def task(number: int, at: float, **more: Any) -> Arrival:
    given: dict[str, Any] = {"created": at, "expires": at + 1000, "queue": "WQ1", "reservation_seconds": 20.0}
    return Arrival(at, number, "chat", **(given | more))


def queue(sid: str = "WQ1", expression: str = "1==1", **more: Any) -> QueueChange:
    return QueueChange(0.0, QueueFacts(sid, parse(expression), **more))


def run(*changes: Change, behaviour: Any = None, workflow: Workflow | None = None) -> tuple[Simulation, Diary]:
    diary, inspector = Diary(), Invariants()
    simulation = Simulation(
        workflows={1: workflow} if workflow else {},
        behaviour=behaviour or Scripted(),
        watcher=diary,
        inspector=inspector,
        timeout_activity=OFFLINE,
    )
    for change in sorted(changes, key=lambda each: each.at):
        simulation.apply(change)
    simulation.run_out()
    inspector.finish(simulation)
    return simulation, diary


# --- what happens to one task ---


def test_a_task_is_offered_at_once_and_ends_when_its_work_is_done() -> None:
    _, diary = run(queue(), worker(1), task(0, 10))

    assert diary.accepted_by == [(0, 1, 12)]
    assert diary.ends == {0: (simulator.COMPLETED, 10 + 2 + 60 + 10)}


def test_a_task_waits_for_the_slot_that_wrapping_up_holds() -> None:
    _, diary = run(queue(), worker(1), task(0, 10), task(1, 20))

    assert diary.accepted_by == [(0, 1, 12), (1, 1, 82 + 2)]


def test_a_rejected_task_goes_to_the_next_agent_and_back_to_the_first_only_after_a_pause() -> None:
    behaviour = Scripted(w1=[Answer("reject", 1), Answer("accept", 1)])

    _, both = run(queue(), worker(1), worker(2), task(0, 10), behaviour=behaviour)
    _, alone = run(queue(), worker(1), task(0, 10), behaviour=Scripted(w1=[Answer("reject", 1), Answer("accept", 1)]))

    assert both.accepted_by == [(0, 2, 13)]
    assert alone.accepted_by == [(0, 1, 10 + 1 + 5 + 1)]


def test_who_lets_an_offer_time_out_is_away_for_a_while() -> None:
    behaviour = Scripted(w1=[Answer("timeout"), Answer("accept", 1)])

    _, diary = run(queue(), worker(1), task(0, 10), behaviour=behaviour)

    assert diary.accepted_by == [(0, 1, 10 + 20 + 100 + 1)]


def test_a_new_activity_ends_an_absence_and_an_old_one_does_not() -> None:
    behaviour = Scripted(w1=[Answer("timeout"), Answer("accept", 1)])
    told = [worker(1, at=50, attributes={"new": True}), worker(1, at=60, activity=BREAK), worker(1, at=70)]

    _, diary = run(queue(), worker(1), task(0, 10), *told, behaviour=behaviour)

    assert diary.accepted_by == [(0, 1, 71)]


def test_an_answer_after_the_offers_time_is_none() -> None:
    _, diary = run(queue(), worker(1), task(0, 10, expires=35), behaviour=Scripted(w1=[Answer("accept", 20)]))

    assert diary.ends == {0: (simulator.TIME_TO_LIVE, 35)}


def test_of_several_who_are_asked_the_first_to_accept_has_it() -> None:
    behaviour = Scripted(w1=[Answer("accept", 9)], w2=[Answer("accept", 3)])

    simulation, diary = run(queue(max_reserved=2), worker(1), worker(2), task(0, 10), behaviour=behaviour)

    assert diary.accepted_by == [(0, 2, 13)]
    assert [agent.load for agent in simulation.agents.values()] == [0, 0]


def test_a_customer_who_gives_up_frees_the_agent_who_was_asked() -> None:
    behaviour = Scripted(w1=[Answer("accept", 9)])

    _, diary = run(queue(), worker(1), task(0, 10), GiveUp(12, 0), task(1, 13), behaviour=behaviour)

    assert diary.ends[0] == (simulator.GIVEN_UP, 12)
    assert diary.accepted_by == [(1, 1, 22)]


def test_a_customer_does_not_give_up_what_is_being_worked_on() -> None:
    _, diary = run(queue(), worker(1), task(0, 10), GiveUp(30, 0))

    assert diary.ends == {0: (simulator.COMPLETED, 82)}


def test_work_from_elsewhere_takes_a_slot() -> None:
    busy = [Occupation(5, 1, "chat", 1), Occupation(50, 1, "chat", -1), Occupation(60, 1, "chat", -1)]

    simulation, diary = run(queue(), worker(1), task(0, 10), *busy)

    assert diary.accepted_by == [(0, 1, 52)]
    assert simulation.agents[1].load == 0


def test_nobody_is_offered_anything_who_has_left_for_good() -> None:
    _, diary = run(queue(), worker(1), Departure(5, 1), task(0, 10))

    assert diary.ends == {0: (simulator.TIME_TO_LIVE, 1010)}


def test_a_task_for_one_agent_waits_for_him() -> None:
    _, diary = run(queue(), worker(1), worker(2), task(0, 10), task(1, 11, target_worker=1))

    assert diary.accepted_by == [(0, 1, 12), (1, 1, 84)]


# --- workflows ---

RINGS = Workflow(
    (
        Filter(
            "vip",
            parse("vip == true"),
            (
                Target("WQ1", parse_target("worker.level >= 8"), timeout_seconds=30),
                Target("WQ1", timeout_seconds=60, priority=5),
            ),
        ),
    ),
    Target("WQ2"),
)


def test_a_step_ends_at_its_age_whenever_the_task_entered_it() -> None:
    arrival = task(0, 10, workflow=1, attributes={"vip": True})

    _, diary = run(queue(), queue("WQ2"), worker(1, attributes={"level": 5}), arrival, workflow=RINGS)

    assert diary.accepted_by == [(0, 1, 10 + 30 + 2)]


def test_after_the_last_step_the_workflow_has_nothing_left() -> None:
    arrival = task(0, 10, workflow=1, attributes={"vip": True})

    _, diary = run(queue(), queue("WQ2"), arrival, workflow=RINGS)

    assert diary.ends == {0: (simulator.WORKFLOW_OVER, 10 + 90)}


def test_a_task_that_came_before_enters_the_step_of_its_age() -> None:
    arrival = task(0, 10, created=-35, workflow=1, attributes={"vip": True})

    _, diary = run(queue(), queue("WQ2"), worker(1, attributes={"level": 5}), arrival, workflow=RINGS)

    assert diary.accepted_by == [(0, 1, 12)]


def test_amended_attributes_count_when_the_task_is_next_evaluated() -> None:
    arrival = task(0, 10, workflow=1, attributes={"vip": True})
    rings = replace(RINGS, filters=(RINGS.filters[0], Filter("late", parse("late == true"), (Target("WQ2"),))))
    late = Amendment(20, 0, {"late": True})

    _, diary = run(queue(expression="1==2"), queue("WQ2"), worker(1), arrival, late, workflow=rings)

    assert diary.accepted_by == [(0, 1, 10 + 90 + 2)]


def test_a_task_that_no_filter_takes_ends_at_once() -> None:
    _, diary = run(queue(), task(0, 10, workflow=1), workflow=replace(RINGS, default=None))

    assert diary.ends == {0: (simulator.NO_FILTER, 10)}


# --- invariants that are broken show ---


def test_a_forgotten_task_is_found() -> None:
    inspector = Invariants()
    simulation = Simulation(workflows={}, behaviour=Scripted(), watcher=Diary(), inspector=inspector)
    for change in (queue(), worker(1)):
        simulation.apply(change)
    simulation.run_until(5)

    simulation.cases[0] = Case(task(0, 5), None)  # It never came to the board.

    with pytest.raises(Broken, match="task 0 waits while agent 1 could take it"):
        inspector.settled(simulation)


def test_a_slot_too_many_is_found() -> None:
    inspector = Invariants()
    simulation = Simulation(workflows={}, behaviour=Scripted(), watcher=Diary(), inspector=inspector)
    for change in (queue(), worker(1), task(0, 1)):
        simulation.apply(change)
    simulation.run_until(2)

    simulation.agents[1].take("chat", 2)

    with pytest.raises(Broken, match="agent 1: a load of 2, and 1 open reservations"):
        inspector.settled(simulation)


def test_a_lost_task_is_found() -> None:
    simulation, _ = run(queue(), worker(1), task(0, 1))

    simulation.arrived += 1

    with pytest.raises(Broken, match="2 tasks came, 1 ended"):
        Invariants().finish(simulation)


# --- whole days ---


def day(centre: Centre, inspector: Invariants) -> tuple[Simulation, Diary]:
    diary = Diary()
    simulation = Simulation(
        workflows={1: arrivals.workflow(centre)},
        behaviour=People(centre.seed),
        watcher=diary,
        inspector=inspector,
        timeout_activity=OFFLINE,
    )
    for change in arrivals.changes(centre):
        simulation.apply(change)
    simulation.run_out()
    inspector.finish(simulation)
    return simulation, diary


@pytest.mark.parametrize("seed", range(1, 7))
def test_every_decision_of_a_small_day_keeps_every_invariant(seed: int) -> None:
    centre = Centre(agents=12, tasks=300, seed=seed, topics=2, languages=2)
    inspector = Invariants()

    simulation, diary = day(centre, inspector)

    assert len(diary.ends) == simulation.arrived == 300
    assert inspector.compared > 1000


def test_the_same_seed_gives_the_same_day() -> None:
    centre = Centre(agents=20, tasks=400, topics=2, languages=2)

    _, first = day(centre, Invariants(every=50))
    _, second = day(centre, Invariants(every=50))
    _, other = day(replace(centre, seed=2), Invariants(every=50))

    assert first.accepted_by == second.accepted_by
    assert first.accepted_by != other.accepted_by


def test_a_day_of_a_hundred_agents_keeps_every_invariant() -> None:
    simulation, diary = day(Centre(agents=100, tasks=5000, topics=4, languages=3), Invariants(every=20, sample=50))

    assert len(diary.ends) == simulation.arrived == 5000


@pytest.mark.skipif("FULL_DAY" not in os.environ, reason="half a minute: FULL_DAY=1 runs it")
@pytest.mark.timeout(600)
def test_a_day_of_a_thousand_agents_keeps_every_invariant(capsys: pytest.CaptureFixture[str]) -> None:
    centre, inspector = Centre(agents=1000, tasks=50_000), Invariants(every=500, sample=50)
    begun = time.process_time()

    simulation, diary = day(centre, inspector)

    seconds = time.process_time() - begun
    how = Counter(how for how, _ in diary.ends.values())
    with capsys.disabled():
        sys.stdout.write(
            f"\n{centre.agents} agents, {centre.queues} queues, {simulation.arrived} tasks: {seconds:.1f} s,"
            f" {simulation.decisions} decisions, {inspector.looks} looks, {dict(how)}\n"
        )
    assert len(diary.ends) == simulation.arrived == 50_000
