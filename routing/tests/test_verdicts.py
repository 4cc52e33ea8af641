"""Verdicts: what is kept for each offer, and that the letters that are kept are the ones that the facts give."""

from dataclasses import replace

import pytest

from routing.core.decide import Offer, decide
from routing.core.expressions import parse
from routing.core.facts import ChannelFacts, QueueFacts
from routing.core.verdicts import judge, snapshot
from routing.tests.cast import EVERYBODY, NAMES, NOW, QUEUES, board, in_step, put, task, worker

LIMA = QueueFacts("WQ1", parse("site == 'Lima'"))


def judged(made, *, now=NOW):
    """The letters of the first offer, in the order of the roster."""
    offer = decide(made, now).offers[0]
    return snapshot(made, offer).verdicts.decode()


def test_snapshot_has_the_first_failing_clause_of_each_worker():
    fit = {"site": "Lima", "skills": ["x"], "level": 5}
    made = board(
        worker("ada", **fit | {"site": "Rome"}, available=False),
        worker("ben", **fit | {"skills": []}, load=1),
        worker("cy", **fit | {"level": 1}),
        worker("dee", **fit, available=False, open_=False),
        worker("eve", **fit, open_=False, load=1),
        worker("fay", **fit, load=1),
        replace(worker("ada", **fit), number=7, sid="WK7"),
        replace(worker("ada", **fit, last_assigned=9.0), number=8, sid="WK8"),
        in_step("A", {"expression": "worker.level > task.level"}, attributes={"level": 3}, skills=["x"]),
        queues=[LIMA],
    )

    assert judged(made) == "qstacfoo"


@pytest.mark.parametrize(
    ("asked", "letters"),
    [
        ({"excluded": (1,)}, "xaof"),
        ({"refusals": ((1, NOW + 5), (2, NOW + 5))}, "raof"),
        ({"refusals": ((1, NOW - 5),), "excluded": (4,)}, "oaox"),
        ({"target_worker": 3, "ignore_capacity": True}, "kkok"),
        ({"target_worker": 3, "excluded": (1,), "queue": "WQ9"}, "kkok"),
    ],
)
def test_snapshot_knows_what_only_this_task_asks(asked, letters):
    made = board(worker("ada"), worker("ben", available=False), worker("cy"), worker("dee", load=1), task("A", **asked))

    assert judged(made) == letters


def test_snapshot_of_a_known_workers_task():
    made = board(
        worker("ada"), worker("ben", site="Lima"), worker("cy", site="Lima"),
        in_step("A", {"known_worker_sid": "task.owner"}, attributes={"owner": "WKcy"}), queues=[LIMA],
    )  # fmt: skip

    assert judged(made) == "qko"


def test_snapshot_shows_as_free_whom_the_decision_gave_tasks_of_the_same_lane():
    made = board(*(worker(name) for name in NAMES[:4]), task("A"), task("B"), task("C", queue="WQ2"))

    decision = decide(made, NOW)

    assert [snapshot(made, offer).verdicts for offer in decision.offers] == [b"oofo", b"oofo", b"ffoo"]
    assert decision.offers[0].lane is decision.offers[1].lane


def test_snapshot_keeps_the_rule():
    target = {"expression": "worker.level > task.level", "order_by": "worker.cost DESC, worker.deep.level"}
    made = board(worker("ada", level=5, skills=["x", "y"]), worker("ben"))
    put(
        made,
        in_step("A", target, attributes={"level": 3}, skills=["y", "x"], excluded=(9, 2), refusals=((7, NOW + 1),)),
    )

    [offer] = decide(made, NOW).offers

    assert snapshot(made, offer).rule == {
        "queue": "WQ1",
        "channel": "default",
        "skills": ["x", "y"],
        "expression": "worker.level > task.level",
        "references": "[3]",
        "order_by": ["cost DESC", "deep.level ASC"],
        "wanted": None,
        "ignore_capacity": False,
        "excluded": [2, 9],
        "refused": [7],
    }


def test_roster_keeps_its_digest_until_somebody_new_comes():
    made = board(worker("ada"), worker("ben", load=1), task("A"))
    first = snapshot(made, decide(made, NOW).offers[0])
    made.drop_worker(2)
    put(made, worker("ada"), task("B"))
    second = snapshot(made, decide(made, NOW).offers[0])
    put(made, worker("cy"), task("C"), worker("ben"))
    third = snapshot(made, decide(made, NOW).offers[0])

    assert (first.roster, first.verdicts) == ((1, 2), b"of")
    assert (second.roster, second.verdicts) == ((1, 2), b"o-")
    assert (third.roster, third.verdicts) == ((1, 2, 3), b"foo")
    assert first.digest == second.digest != third.digest


def test_digest_is_of_numbers_and_their_order_alone():
    here = board(worker("ada"), worker("ben"), task("A"))
    there = board(worker("ada", site="Lima"), worker("ben", load=1), task("B"))
    turned = board(worker("ben"), worker("ada"), task("A"))

    digests = [snapshot(made, decide(made, NOW).offers[0]).digest for made in (here, there, turned)]

    assert digests[0] == digests[1] != digests[2]


CASES = [
    task("A"),
    task("A", skills=["x"], channel="voice"),
    task("A", channel="fax", excluded=(1, 5), refusals=((2, NOW + 9), (3, NOW - 9))),
    task("A", target_worker=2),
    task("A", target_worker=4, ignore_capacity=True, skills=["z"]),
    in_step("A", {"expression": "worker.level >= task.level"}, attributes={"level": 2}),
    in_step("A", {"expression": "worker.activity_name != 'Available'"}, skills=["x"]),
    in_step("A", {"expression": "worker.channel.voice.available_capacity_percentage == 100"}, excluded=(2,)),
    in_step("A", {"known_worker_friendly_name": "task.who"}, attributes={"who": "BEN"}, refusals=((2, NOW + 9),)),
    in_step("A", {"known_worker_sid": "task.who"}, attributes={"who": None}),
]


@pytest.mark.parametrize("asked", CASES)
def test_letters_that_are_kept_are_those_that_the_facts_give(asked):
    before = [worker("ada"), worker("ben", level=1, load=1), worker("cy", skills=["x"], available=False), worker("dee")]
    after = [
        worker("ben", level=3, skills=["x"], site="Lima"),
        worker("cy", skills=["x"], level=2, site="Lima"),
        worker("dee", available=False, site="Lima", channels={"voice": ChannelFacts(1, load=1)}),
        worker("eve", site="Lima", skills=["x"], open_=False),
        worker("ada", site="Lima", level=9, skills=["x"]),
    ]
    last = replace(worker("fay", site="Lima", level=9, skills=["x", "z"]), last_assigned=9.0)
    made = board(asked, *before, queues=[QueueFacts("WQ1", EVERYBODY)])
    made.take_stirred()

    put(made, LIMA, *after, last)

    [lane] = [lane for lane in made._lanes if lane.size]
    facts = [made.workers[number].facts for number in made.roster.numbers]
    assert letters_of(made, lane) == "".join(judge(asked, LIMA, each, now=NOW) for each in facts)


@pytest.mark.parametrize(("now", "letter"), [(NOW - 0.5, "r"), (NOW, "o")])
def test_a_pause_is_over_at_its_very_end(now, letter):
    asked = task("A", refusals=((1, NOW),))
    made = board(worker("ada"))
    put(made, asked, now=now)

    assert judge(asked, QUEUES[0], worker("ada"), now=now) == letter
    assert bool(decide(made, now).offers) is (letter == "o")


def letters_of(made, lane):
    lane.given = []
    return snapshot(made, Offer(1, 1, (), lane)).verdicts.decode()
