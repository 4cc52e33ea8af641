"""Why a task waits: each worker's letter with what is behind it, the nearest first; and whether anybody ever could."""

from dataclasses import replace
from typing import Any

import pytest

from routing.core.explain import survey
from routing.core.expressions import parse, parse_target
from routing.core.facts import ChannelFacts, QueueFacts, TaskFacts, WorkerFacts
from routing.core.workflow import KnownWorker, Order, Step, Target

NOW = 1000.0
SUPPORT = QueueFacts("WQ1", parse("skills HAS 'support'"))


def worker(number: int, name: str, *skills: str, load: int = 0, capacity: int = 1, **more: Any) -> WorkerFacts:
    attributes = {"skills": list(skills), **more.pop("attributes", {})}
    channels = more.pop("channels", {"chat": ChannelFacts(configured_capacity=capacity, load=load)})
    given = {"activity_sid": "WAa", "activity_name": "Available", "available": True, **more}
    return WorkerFacts(f"WK{number}", number, name, attributes=attributes, channels=channels, **given)


def away(facts: WorkerFacts) -> WorkerFacts:
    return replace(facts, activity_sid="WAb", activity_name="Break", available=False)


def task(rule: Target | None = None, **more: Any) -> TaskFacts:
    step = Step(0, 0, rule, 0) if rule else None
    given = {"number": 1, "version": 1, "queue": "WQ1", "channel": "chat", "priority": 0}
    return TaskFacts(**{**given, "virtual_start": 900.0, "created": 900.0, "step": step, **more})


def look(asked: TaskFacts, *workers: WorkerFacts, queue: QueueFacts | None = SUPPORT, optimized=frozenset()):
    return survey(asked, queue, workers, now=NOW, optimized=optimized)


def letters(found) -> list[tuple[str, str]]:
    return [(letter, worker.facts.friendly_name) for letter, worker in found.judged]


ADA = worker(1, "Ada", "support", last_assigned=50.0)
BEN = worker(2, "Ben", "support", last_assigned=20.0)
SAL = worker(3, "Sal", "sales")


def test_the_nearest_come_first_and_each_reason_is_counted():
    found = look(
        task(required_skills=frozenset({"support"}), refusals=((5, 1003.0),), excluded=(6,)),
        SAL,
        away(worker(4, "Amy", "support")),
        worker(5, "Rob", "support"),
        worker(6, "Xia", "support"),
        worker(7, "Fay", "support", load=1),
        worker(8, "Col", "support", channels={}),
        ADA,
    )

    assert letters(found) == [
        ("o", "Ada"),
        ("r", "Rob"),
        ("f", "Fay"),
        ("c", "Col"),
        ("a", "Amy"),
        ("x", "Xia"),
        ("q", "Sal"),
    ]
    assert found.counts == {"o": 1, "r": 1, "f": 1, "c": 1, "a": 1, "x": 1, "q": 1}
    assert not found.never


def test_those_who_are_free_stand_in_the_order_of_their_turns():
    found = look(task(), ADA, BEN)

    assert letters(found) == [("o", "Ben"), ("o", "Ada")]
    assert [found.detail(index).place for index in (0, 1)] == [1, 2]


def test_order_by_comes_before_the_turn():
    expert = replace(ADA, attributes={"skills": ["support"], "level": 9})

    found = look(task(Target("WQ1", order_by=(Order(("level",), True),))), BEN, expert)

    assert letters(found) == [("o", "Ada"), ("o", "Ben")]


def test_a_channel_may_have_a_line_of_its_own():
    lately = {"chat": ChannelFacts(last_assigned=90.0)}

    found = look(task(), ADA, replace(BEN, channels=lately), optimized=frozenset({"chat"}))

    assert letters(found) == [("o", "Ada"), ("o", "Ben")]


def test_who_is_not_in_the_queue_is_told_the_clause():
    detail = look(task(), SAL).detail(0)

    (clause,) = detail.clauses
    assert (detail.letter, clause.text, clause.left.value) == ("q", "skills HAS 'support'", "['sales']")


def test_who_lacks_skills_is_told_which():
    asked = task(required_skills=frozenset({"support", "spanish", "billing"}))

    assert look(asked, ADA).detail(0).skills == ("billing", "spanish")


def test_who_does_not_fit_the_step_is_told_the_clause_with_both_sides():
    asked = task(Target("WQ1", parse_target("worker.level >= task.level")), attributes={"level": 5})

    detail = look(asked, ADA).detail(0)

    (clause,) = detail.clauses
    assert detail.letter == "t"
    assert [(side.text, side.value) for side in clause.found] == [("worker.level", "null"), ("task.level", "5")]


def test_who_is_full_is_told_how_full():
    busy = replace(ADA, channels={"chat": ChannelFacts(configured_capacity=3, load=3)})

    detail = look(task(), busy).detail(0)

    assert (detail.letter, detail.channel.load, detail.channel.configured_capacity) == ("f", 3, 3)


def test_who_said_no_is_told_until_when():
    assert look(task(refusals=((1, 990.0), (1, 1004.0))), ADA).detail(0).until == 1004.0
    assert look(task(refusals=((1, 990.0),)), ADA).judged[0][0] == "o"


def test_only_the_known_worker_is_wanted():
    rule = Target("WQ1", known_worker=KnownWorker("friendly_name", ("owner",)))

    found = look(task(rule, attributes={"owner": "BEN"}), ADA, BEN)

    assert letters(found) == [("o", "Ben"), ("k", "Ada")]


# --- nobody, ever ---


NOBODY = QueueFacts("WQ1", None)


@pytest.mark.parametrize(
    ("asked", "workers", "queue"),
    [
        pytest.param(task(), [], SUPPORT, id="nobody is there"),
        pytest.param(task(), [SAL], SUPPORT, id="nobody is in the queue"),
        pytest.param(task(), [ADA], NOBODY, id="the queue is for nobody"),
        pytest.param(task(), [ADA], None, id="the queue is gone"),
        pytest.param(task(required_skills=frozenset({"x"})), [ADA, BEN], SUPPORT, id="nobody has the skill"),
        pytest.param(task(Target("WQ1", parse_target("worker.level > 3"))), [ADA], SUPPORT, id="nobody fits"),
        pytest.param(task(target_worker=9), [ADA, BEN], SUPPORT, id="the one it is for is gone"),
        pytest.param(task(channel="voice"), [ADA], SUPPORT, id="nobody has the channel"),
        pytest.param(task(), [worker(1, "Ada", "support", capacity=0)], SUPPORT, id="nobody takes any"),
        pytest.param(task(excluded=(1,)), [ADA], SUPPORT, id="nobody else is there"),
    ],
)
def test_nobody_can_ever_serve_it(asked, workers, queue):
    assert look(asked, *workers, queue=queue).never


@pytest.mark.parametrize(
    ("asked", "workers"),
    [
        pytest.param(task(), [away(ADA)], id="somebody is away"),
        pytest.param(task(), [worker(1, "Ada", "support", load=1)], id="somebody is busy"),
        pytest.param(task(refusals=((1, 1004.0),)), [ADA], id="somebody said no for now"),
        pytest.param(
            task(Target("WQ1", parse_target("worker.channel.chat.assigned_tasks == 7"))),
            [ADA],
            id="the load may change",
        ),
        pytest.param(
            task(Target("WQ1", parse_target("worker.activity_name == 'Break'"))), [ADA], id="the activity may change"
        ),
    ],
)
def test_somebody_may_serve_it_later(asked, workers):
    assert not look(asked, *workers).never
