"""The board's indices: whatever comes in whatever order, decisions are as from a board made anew."""

from dataclasses import replace

import pytest

from routing.core import board as boards
from routing.core import pools
from routing.core.decide import decide
from routing.core.expressions import parse
from routing.core.facts import ChannelFacts, QueueFacts
from routing.tests.cast import EVERYBODY, NOW, QUEUES, board, in_step, moves, offers, put, task, worker

LIMA = QueueFacts("WQ1", parse("site == 'Lima'"))
ROME = QueueFacts("WQ2", parse("site == 'Rome'"))


# --- tasks that change ---


def test_task_that_changed_lanes_is_not_served_by_the_old_lanes_workers():
    made = board(worker("ada", site="Lima"), worker("ben", site="Rome", load=1), queues=[LIMA, ROME])
    put(made, task("B", start=50), task("A"))  # The same version and place in line in all that follows.
    put(made, task("A", queue="WQ2"))

    assert offers(made) == [("B", "ada")]
    put(made, worker("ada", site="Lima"))
    assert offers(made) == []

    put(made, worker("ben", site="Rome"))
    assert offers(made) == [("A", "ben")]


def test_task_that_went_there_and_back_is_offered_once():
    made = board(worker("ada", site="Lima", capacity=3), queues=[LIMA, ROME])
    for queue in ("WQ1", "WQ2", "WQ1", "WQ2", "WQ1"):
        put(made, task("A", queue=queue))

    assert offers(made) == [("A", "ada")]
    assert offers(made) == []
    put(made, task("A"))
    assert offers(made) == [("A", "ada")]


def test_lane_that_is_made_anew_knows_nothing_of_the_tasks_of_the_one_before():
    made = board(worker("ada", load=1), worker("ben", load=1))
    put(made, task("A", target_worker=1))
    made.drop_task(1)
    put(made, task("B", target_worker=2), task("A", target_worker=2, start=200))

    put(made, worker("ada"), worker("ben"))

    assert offers(made) == [("B", "ben")]


def test_task_put_twice_is_offered_once():
    made = board(worker("ada", capacity=2), task("A"), task("A"))

    assert offers(made) == [("A", "ada")]
    assert offers(made) == []


def test_higher_priority_takes_effect_on_a_task_that_waits():
    made = board(task("A"), task("B", start=50), worker("ada", load=1))
    assert offers(made) == []

    put(made, task("A", priority=1, version=2), worker("ada"))

    assert offers(made) == [("A", "ada")]


def test_offer_that_was_refused_when_written_is_made_again():
    made = board(worker("ada"), task("A"), task("B"))
    assert offers(made) == [("A", "ada")]

    put(made, worker("ada"), task("A"))

    assert offers(made) == [("A", "ada")]


def test_gone_task_is_not_offered():
    made = board(worker("ada"), task("A"), task("B"))
    made.drop_task(1)
    made.drop_task(9)

    assert offers(made) == [("B", "ada")]


def test_gone_task_has_no_deadline_and_no_pause():
    made = board(in_step("A", {"timeout": 5}), task("B", refusals=((1, NOW + 5),)))
    made.drop_task(1)
    made.drop_task(2)

    assert made.next_due() is None
    assert not decide(made, NOW + 10)
    assert not made._refusals
    assert not any(lane.key.refused for lane in made._lanes)


@pytest.mark.parametrize("text", ["level >= 2", "1==1", "skills HAS 'x'", "site IN ['Lima']"])
def test_old_entries_do_not_gather(text):
    made = board(worker("ada", load=1, level=2, skills=["x"], site="Lima"), queues=[QueueFacts("WQ1", parse(text))])
    put(made, task("A", start=999))
    for version in range(1, 1000):
        refusals = ((1, NOW + version),)
        put(made, in_step("B", {"timeout": 5000}, version=version, start=float(version), refusals=refusals))
        put(made, worker("ada", load=version % 2, level=2, skills=["x"], site="Lima", last_assigned=version))

    lanes = list(made._lanes)
    assert sum(len(lane._tasks) for lane in lanes) < 200
    assert len(made._deadlines._due) + len(made._pauses._due) < 300
    assert len(made._lanes._vacant) < 10


def test_old_places_of_free_workers_do_not_gather():
    made = board(worker("ada"), task("A"))
    assert offers(made) == [("A", "ada")]

    for moment in range(1000):
        put(made, worker("ada", last_assigned=moment))

    assert [len(crew._free or ()) < 200 for crew in made.workers[1].crews] == [True]


# --- queues that change ---


def test_changed_queue_takes_effect_on_what_waits():
    made = board(worker("ada", site="Lima"), task("A"), queues=[QueueFacts("WQ1", parse("site == 'Rome'"))])
    assert offers(made) == []

    put(made, LIMA)

    assert offers(made) == [("A", "ada")]


def test_changed_queue_leaves_out_who_was_in():
    made = board(worker("ada", site="Rome"), worker("ben", site="Lima"), queues=[QueueFacts("WQ1", EVERYBODY)])
    put(made, task("A"), task("B"))

    put(made, LIMA)

    assert offers(made) == [("A", "ben")]


@pytest.mark.parametrize("lifo", [True, False])
def test_queue_that_turns_round_lines_up_its_tasks_anew(lifo):
    made = board(queues=[QueueFacts("WQ1", EVERYBODY, lifo=not lifo)])
    put(made, task("A", start=100, priority=5), task("B", start=200), task("C", start=300, priority=5))
    put(made, task("D", start=150, refusals=((9, NOW + 5),)), task("E", start=50, target_worker=1))

    put(made, QueueFacts("WQ1", EVERYBODY, lifo=lifo), worker("ada", capacity=9))

    order = [name for name, _ in offers(made)]
    assert order == (["C", "B", "D", "A", "E"] if lifo else ["A", "C", "E", "D", "B"])


def test_queue_that_turned_round_keeps_deadlines():
    made = board(in_step("A", {"timeout": 10}, start=100.0), queues=[QueueFacts("WQ1", EVERYBODY)])

    put(made, QueueFacts("WQ1", EVERYBODY, lifo=True))

    assert moves(made, 110.0) == [("A", "timeout")]


def test_queue_that_asks_more_workers_at_once_does_so_from_now_on():
    made = board(task("A"), task("B"), queues=[QueueFacts("WQ1", EVERYBODY)])
    put(made, QueueFacts("WQ1", EVERYBODY, max_reserved=2), worker("ada"), worker("ben"), worker("cy"))

    assert offers(made) == [("A", "ada", "ben"), ("B", "cy")]


def test_task_may_come_before_its_queue():
    made = board(worker("ada"), task("A"), queues=[])
    assert offers(made) == []

    put(made, QUEUES[0])

    assert offers(made) == [("A", "ada")]


def test_tasks_of_a_dropped_queue_wait_for_nobody():
    made = board(worker("ada", capacity=2), task("A"), task("B", queue="WQ2"))
    made.drop_queue("WQ1")
    assert offers(made) == [("B", "ada")]

    put(made, task("A", queue="WQ2", version=2))

    assert offers(made) == [("A", "ada")]


def test_dropped_queue_leaves_nothing_behind():
    made = board(worker("ada"), in_step("A", {"expression": "worker.level > task.level"}, attributes={"level": 1}))
    made.drop_task(1)
    made.drop_queue("WQ1")
    made.drop_queue("WQ9")

    assert made.workers[1].crews == []
    assert [pool.queue.sid for pool in made.workers[1].pools] == ["", "WQ2"]
    assert list(made._lanes) == []
    assert [pool.queue.sid for pool in made._pools._index.candidates({})] == ["", "WQ2"]
    put(made, QUEUES[0], task("A"))
    assert offers(made) == [("A", "ada")]


def test_queue_that_is_made_anew_has_the_new_workers():
    made = board(worker("ada", level=1), worker("ben", level=2, load=1), task("A"))
    assert offers(made) == [("A", "ada")]
    made.drop_queue("WQ1")

    put(made, QueueFacts("WQ1", parse("level == 2")), worker("ada", level=1), worker("ben", level=2), task("B"))

    assert offers(made) == [("B", "ben")]


# --- workers that change ---


def test_worker_may_come_after_the_task():
    made = board(task("A"), task("B", skills=["x"]))
    assert offers(made) == []

    put(made, worker("ben"), worker("ada", skills=["x"]))

    assert offers(made) == [("A", "ada")]


def test_new_skill_lets_a_worker_serve_and_a_lost_one_does_not():
    made = board(worker("ada"), task("A", skills=["x"]))
    assert offers(made) == []

    put(made, worker("ada", skills=["x"]))
    put(made, worker("ada", skills=["y"]))
    assert offers(made) == []

    put(made, worker("ada", skills=["y", "x"]))
    assert offers(made) == [("A", "ada")]


def test_gone_worker_is_not_asked_and_may_come_back():
    made = board(worker("ada"), task("A"))
    made.drop_worker(1)
    made.drop_worker(2)
    assert offers(made) == []
    assert made.workers == {}

    put(made, worker("ada"))

    assert offers(made) == [("A", "ada")]


def test_turn_that_is_put_back_counts():
    made = board(worker("ada", last_assigned=500, capacity=2), worker("ben", last_assigned=600, capacity=2), task("A"))
    assert offers(made, 900.0) == [("A", "ada")]

    put(made, worker("ada", last_assigned=500, capacity=2), task("A"))  # The offer was refused when written.

    assert offers(made, 901.0) == [("A", "ada")]


def test_workers_who_exchange_their_names_are_each_found():
    known = {"known_worker_friendly_name": "task.owner"}
    made = board(worker("ada"), worker("ben"), in_step("A", known, attributes={"owner": "ada"}))
    put(made, replace(worker("ben"), friendly_name="Ada"), replace(worker("ada"), friendly_name="Ben"))

    assert offers(made) == [("A", "ben")]


def test_more_workers_than_there_was_room_for():
    many = [replace(worker("ada"), sid=f"WK{number}", number=number) for number in range(1, 200)]
    made = board(task("A"), *many, queues=[QueueFacts("WQ1", EVERYBODY, max_reserved=50), QUEUES[1]])

    [offer] = decide(made, NOW).offers

    assert offer.workers == tuple(range(1, 51))


def test_worker_who_gets_another_channel_serves_it():
    made = board(worker("ada"), task("A", channel="fax"))
    assert offers(made) == []

    put(made, worker("ada", channels={"fax": ChannelFacts(1)}))

    assert offers(made) == [("A", "ada")]


# --- crews that are given up and made again ---


def test_crews_without_tasks_are_given_up_in_time_and_made_again(monkeypatch):
    monkeypatch.setattr(pools, "KEPT_CREWS", 5)
    monkeypatch.setattr(boards, "KEPT_PATHS", 5)
    made = board(worker("ada", skills=[str(number) for number in range(100)]), worker("ben", load=1))
    put(made, task("Z", skills=["0"], target_worker=2))
    for number in [*range(100), *range(100)]:
        put(made, task("A", skills=[str(number)]), worker("ada", skills=[str(number) for number in range(100)]))
        assert offers(made) == [("A", "ada")]

    assert len(made.workers[1].crews) <= 2 * 5 + 2
    assert len(list(made._lanes)) <= 2 * 5 + 2
    put(made, worker("ben"))
    assert offers(made) == [("Z", "ben")]


def test_expression_with_a_value_of_each_task_makes_no_heap_of_crews(monkeypatch):
    monkeypatch.setattr(pools, "KEPT_CREWS", 5)
    target = {"expression": "worker.code != task.code", "timeout": 9}
    made = board(worker("ada", load=1))
    for code in range(100):
        put(made, in_step("A", target, attributes={"code": code}, version=code, created=NOW))

    assert len(made.workers[1].crews) <= 11
    put(made, worker("ada"))
    assert offers(made) == [("A", "ada")]


# --- what the shell may rely on ---


def test_next_due_is_the_first_of_deadlines_and_pauses():
    made = board(
        in_step("A", {"timeout": 1000}, start=100.0),
        in_step("B", {"timeout": 950}, start=100.0),
        task("C", refusals=((1, 1060.5), (2, 1049.25))),
    )

    assert made.next_due() == 1049.25
    made.drop_task(3)
    assert made.next_due() == 1050.0
    assert moves(made, 1050.0) == [("B", "timeout")]
    assert made.next_due() == 1100.0


def test_decided_tasks_leave_the_board():
    made = board(worker("ada"), task("A"), in_step("B", {"timeout": 5}), task("C"))

    decide(made, NOW)

    assert list(made.waiting) == [3]
    assert made.workers[1].loads["default"] == 1
