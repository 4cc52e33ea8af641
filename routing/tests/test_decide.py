"""The decision: who is offered what, in which order, and what follows from deadlines."""

import pytest

from routing.core.board import Board
from routing.core.clauses import Clauses
from routing.core.decide import Decision, Move, decide
from routing.core.expressions import parse
from routing.core.facts import ChannelFacts, QueueFacts
from routing.tests.cast import EVERYBODY, NAMES, NOW, board, in_step, moves, offers, put, task, worker

LIFO = QueueFacts("WQ1", EVERYBODY, lifo=True)


# --- the order of tasks ---


def test_highest_priority_goes_first_then_the_oldest():
    made = board(
        task("A", priority=50, start=100),
        task("B", priority=75, start=101),
        task("C", priority=20, start=102),
        task("D", priority=50, start=103),
        worker("ada", capacity=4),
    )

    assert [name for name, _ in offers(made)] == ["B", "A", "D", "C"]


def test_virtual_start_time_keeps_a_place_in_line():
    made = board(
        task("A", priority=50, start=100),
        task("B", priority=75, start=90),
        task("D", priority=50, start=60),
        worker("ada", capacity=4),
    )

    assert [name for name, _ in offers(made)] == ["B", "D", "A"]


def test_virtual_start_time_before_1970_counts():
    made = board(
        task("A", start=0.0), task("B", start=-86_400.0), task("C", start=-86_400.000001), worker("ada", capacity=3)
    )

    assert [name for name, _ in offers(made)] == ["C", "B", "A"]


def test_of_equals_the_task_that_was_made_first_goes_first():
    made = board(task("B"), task("A"), worker("ada", capacity=2))

    assert [name for name, _ in offers(made)] == ["A", "B"]


def test_priority_counts_across_queues():
    made = board(task("A", queue="WQ1", priority=1), task("B", queue="WQ2", priority=2), worker("ada"))

    assert offers(made) == [("B", "ada")]


def test_greatest_priority_counts():
    made = board(task("A", priority=2**31 - 2), task("B", priority=2**31 - 1), worker("ada"))

    assert offers(made) == [("B", "ada")]


def test_lifo_queue_is_newest_first_and_ignores_priority():
    made = board(
        task("A", priority=9, start=100), task("B", start=200), task("C", start=200), worker("ada", capacity=3),
        queues=[LIFO],
    )  # fmt: skip

    assert [name for name, _ in offers(made)] == ["C", "B", "A"]


@pytest.mark.parametrize(("lifo_first", "order"), [(False, ["A", "D", "B", "C"]), (True, ["B", "C", "A", "D"])])
def test_one_kind_of_queue_is_emptied_first_by_prioritize_queue_order(lifo_first, order):
    made = board(
        task("A", queue="WQ2", start=300, priority=1),
        task("B", start=200),
        task("C", start=100, priority=9),
        task("D", queue="WQ2", start=50),
        worker("ada", capacity=4),
        queues=[LIFO, QueueFacts("WQ2", EVERYBODY)],
        lifo_first=lifo_first,
    )

    assert [name for name, _ in offers(made)] == order


# --- the order of workers ---


def test_never_assigned_goes_before_longest_idle():
    made = board(
        worker("ada", last_assigned=500),
        worker("ben", last_assigned=400),
        worker("cy"),
        *(task(name) for name in "ABC"),
    )

    assert offers(made) == [("A", "cy"), ("B", "ben"), ("C", "ada")]


def test_of_equally_idle_the_smaller_number_goes_first():
    made = board(worker("ben", last_assigned=400), worker("ada", last_assigned=400), task("A"))

    assert offers(made) == [("A", "ada")]


def test_idleness_counts_from_the_last_assignment_on_any_channel():
    made = board(worker("ada", capacity=2), worker("ben", last_assigned=400, capacity=2), task("A", channel="voice"))
    assert offers(made) == [("A", "ada")]

    put(made, task("B"), task("C", start=101))

    assert offers(made) == [("B", "ben"), ("C", "ada")]


def test_offers_go_round_when_everybody_has_capacity():
    made = board(worker("ada", capacity=2), worker("ben", capacity=2), *(task(name) for name in "ABCD"))

    assert [who for _, who in offers(made)] == ["ada", "ben", "ada", "ben"]


def test_optimized_channel_has_a_rotation_of_its_own():
    voice = {"voice": ChannelFacts(1, last_assigned=900.0)}
    workers = [worker("ada", channels=voice, last_assigned=1.0), worker("ben", last_assigned=950.0)]

    shared = board(*workers, task("A", channel="voice"))
    own = board(*workers, task("A", channel="voice"), task("B"), optimized=frozenset({"voice"}))

    assert offers(shared) == [("A", "ada")]
    assert offers(own) == [("A", "ben"), ("B", "ada")]


def test_offers_go_round_on_an_optimized_channel_too():
    voice = {"voice": ChannelFacts(2)}
    tasks = [task("A"), *(task(name, channel="voice") for name in "BCDE")]

    made = board(*(worker(name, channels=voice) for name in ("ada", "ben")), *tasks, optimized=frozenset({"voice"}))

    assert [who for _, who in offers(made)] == ["ada", "ada", "ben", "ada", "ben"]


def test_order_by_goes_before_idleness():
    target = {"order_by": "worker.finance ASC, worker.support ASC"}
    made = board(
        worker("ada", finance=10, support=8),
        worker("ben", finance=10, support=5, last_assigned=900.0),
        worker("cy", finance=9, support=99, last_assigned=950.0),
        *(in_step(name, target) for name in "ABC"),
    )

    assert offers(made) == [("A", "cy"), ("B", "ben"), ("C", "ada")]


@pytest.mark.parametrize(("direction", "order"), [("ASC", ["ben", "ada"]), ("DESC", ["ada", "ben"])])
def test_order_by_puts_missing_and_fractional_numbers_last_in_both_directions(direction, order):
    target = {"order_by": f"worker.level {direction}"}
    made = board(
        worker("ada", level=2),
        worker("ben", level=-1),
        worker("cy", level="7"),
        worker("dee", level=1.5),
        worker("eve", level=True),
        worker("fay"),
        *(in_step(name, target) for name in "ABCDEF"),
    )

    assert [who for _, who in offers(made)] == [*order, "cy", "dee", "eve", "fay"]


def test_order_by_is_ignored_when_nobody_has_the_number():
    target = {"order_by": "worker.level DESC"}
    made = board(worker("ada", last_assigned=9.0), worker("ben", level="3"), in_step("A", target))

    assert offers(made) == [("A", "ben")]


def test_changed_attribute_changes_the_order():
    target = {"order_by": "worker.level DESC"}
    made = board(worker("ada", level=2, load=1), worker("ben", level=1, load=1), in_step("A", target))
    assert offers(made) == []

    put(made, worker("ada", level=0), worker("ben", level=1))

    assert offers(made) == [("A", "ben")]


# --- who may serve ---


def test_nobody_unavailable_full_or_closed_is_asked():
    made = board(
        worker("ada", available=False),
        worker("ben", capacity=1, load=1),
        worker("cy", open_=False),
        worker("dee", capacity=0),
        worker("eve", capacity=1, load=3),
        task("A"),
    )

    assert offers(made) == []


def test_channels_have_their_own_capacity():
    made = board(worker("ada", load=1), task("A"), task("B", channel="voice"))

    assert offers(made) == [("B", "ada")]


def test_channel_that_the_worker_does_not_have_is_no_capacity():
    assert offers(board(worker("ada"), task("A", channel="fax"))) == []


def test_nobody_gets_more_than_his_capacity_in_one_decision():
    made = board(worker("ada", capacity=3, load=1), *(task(name) for name in "ABCD"))

    assert offers(made) == [("A", "ada"), ("B", "ada")]


def test_membership_and_required_skills():
    made = board(
        worker("ada", skills=["billing"], site="Madrid"),
        worker("ben", skills=["billing", "spanish"], site="Lima"),
        worker("cy", skills="billing spanish", site="Madrid"),
        task("A", skills=["billing", "spanish"]),
        task("B", queue="WQ2"),
        queues=[QueueFacts("WQ1", EVERYBODY), QueueFacts("WQ2", parse("site == 'Madrid'"))],
    )

    assert offers(made) == [("A", "ben"), ("B", "ada")]


def test_queue_without_expression_keeps_its_tasks():
    assert offers(board(worker("ada"), task("A"), queues=[QueueFacts("WQ1", None)])) == []


def test_target_expression_compares_task_and_worker():
    target = {"expression": "worker.level >= task.level"}
    made = board(
        worker("ada", level=3),
        worker("ben", level=7),
        in_step("A", target, attributes={"level": 5}),
        in_step("B", target, attributes={"level": 1}),
        in_step("C", target, attributes={"level": 9}),
    )

    assert offers(made) == [("A", "ben"), ("B", "ada")]


def test_tasks_that_differ_in_kind_of_value_alone_are_told_apart():
    target = {"expression": "worker.code == task.code"}
    made = board(
        worker("ada", code="1"),
        worker("ben", code=1),
        *(in_step(name, target, attributes={"code": code}) for name, code in (("A", 1), ("B", "1"), ("C", True))),
    )

    assert offers(made) == [("A", "ben"), ("B", "ada")]


@pytest.mark.parametrize(
    ("expression", "attributes"),
    [
        ("worker.sid = task.owner", {"owner": "WKben"}),
        ("task.owner == worker.friendly_name", {"owner": "Ben"}),
        ("worker.team == task.team AND worker.level > 0", {"team": 7.0}),
        ("worker.accounts HAS task.account", {"account": "b"}),
        ("task.account IN worker.accounts", {"account": "b"}),
        ("worker.home.city == 'Lima' AND worker.level > 0", {}),
    ],
)
def test_target_expression_finds_the_one_who_has_what_the_task_names(expression, attributes):
    ben = {"team": 7, "accounts": ["a", "b"], "home": {"city": "Lima"}, "level": 1}
    made = board(worker("ada", team="7", accounts="b", level=1), worker("ben", **ben), worker("cy", level=1))

    put(made, in_step("A", {"expression": expression}, attributes=attributes))

    assert offers(made) == [("A", "ben")]


def test_who_comes_to_have_what_the_task_names_is_found_and_who_loses_it_is_not():
    target = {"expression": "worker.team == task.team"}
    waiting = [in_step(name, target, attributes={"team": name}) for name in "ABC"]
    made = board(worker("ada", team="A", load=1), worker("ben", team="B", load=1), *waiting)

    put(made, worker("ada", team="B"), worker("cy", team="C"))
    assert offers(made) == [("B", "ada"), ("C", "cy")]
    made.drop_worker(3)
    put(made, in_step("D", target, attributes={"team": "C"}), worker("ben", team="A"))

    assert offers(made) == [("A", "ben")]


def test_only_those_are_judged_who_have_what_the_task_names(monkeypatch):
    judged = []
    unfitness = Clauses.unfitness
    monkeypatch.setattr(Clauses, "unfitness", lambda self, who: judged.append(who.number) or unfitness(self, who))
    made = board(*(worker(name) for name in NAMES))

    put(made, in_step("A", {"expression": "worker.sid == task.owner"}, attributes={"owner": "WKcy"}))

    assert offers(made) == [("A", "cy")]
    assert judged == [3]


def test_target_expression_on_capacity_follows_what_was_just_given():
    target = {"expression": "worker.channel.voice.available_capacity_percentage == 100"}
    made = board(
        worker("ada"),
        worker("ben", last_assigned=NOW + 1),
        task("A", channel="voice", priority=1),
        in_step("B", target),
    )

    assert offers(made) == [("A", "ada"), ("B", "ben")]


def test_target_expression_on_load_lets_a_worker_in_again():
    target = {"expression": "worker.channel.voice.assigned_tasks == 0"}
    busy = {"voice": ChannelFacts(1, load=1, assigned=1)}
    made = board(worker("ada", channels=busy), in_step("A", target))
    assert offers(made) == []

    put(made, worker("ada"))

    assert offers(made) == [("A", "ada")]


def test_expression_that_becomes_true_by_an_offer_counts_in_the_next_decision():
    target = {"expression": "worker.channel.voice.available_capacity_percentage == 0"}
    made = board(worker("ada"), in_step("A", target, priority=9), task("B", channel="voice"))

    assert offers(made) == [("B", "ada")]
    assert offers(made) == [("A", "ada")]


def test_activity_based_expression_replaces_availability():
    target = {"expression": "worker.activity_name IN ['Lunch', 'Available']"}
    made = board(
        worker("ada", activity=("WAlunch", "Lunch"), available=False),
        worker("ben", activity=("WAoff", "Offline"), available=False),
        worker("cy", activity=("WAlunch", "Lunch"), available=False, load=1),
        *(in_step(name, target) for name in "AB"),
    )

    assert offers(made) == [("A", "ada")]


def test_activity_based_expression_by_sid_follows_the_activity():
    target = {"expression": "worker.activity_sid != 'WAon'"}
    made = board(worker("ada"), in_step("A", target))
    assert offers(made) == []

    put(made, worker("ada", available=False))

    assert offers(made) == [("A", "ada")]


@pytest.mark.parametrize(
    ("target", "owner"),
    [
        ({"known_worker_friendly_name": "task.owner"}, "BEN"),
        ({"known_worker_sid": "task.owner"}, "WKben"),
    ],
)
def test_known_worker_waits_for_that_worker(target, owner):
    made = board(worker("ada"), worker("ben", load=1), in_step("A", target, attributes={"owner": owner}))
    assert offers(made) == []

    put(made, worker("ben"))

    assert offers(made) == [("A", "ben")]


def test_known_worker_sid_is_not_folded():
    made = board(worker("ben"), in_step("A", {"known_worker_sid": "task.owner"}, attributes={"owner": "wkBEN"}))

    assert offers(made) == []


@pytest.mark.parametrize("owner", [None, 7, "nobody", ["ben"]])
def test_known_worker_that_names_nobody_is_nobody(owner):
    made = board(worker("ben"), in_step("A", {"known_worker_friendly_name": "task.owner"}, attributes={"owner": owner}))

    assert offers(made) == []


def test_known_worker_must_be_in_the_queue_and_fulfil_the_expression():
    target = {"known_worker_sid": "task.owner", "expression": "worker.level > 3"}
    queue = QueueFacts("WQ1", parse("site == 'Lima'"))
    tasks = [
        in_step(name, target, attributes={"owner": f"WK{who}"})
        for name, who in (("A", "ada"), ("B", "ben"), ("C", "cy"))
    ]
    made = board(
        worker("ada", site="Rome", level=9), worker("ben", site="Lima", level=1), worker("cy", site="Lima", level=9),
        *tasks, queues=[queue],
    )  # fmt: skip

    assert offers(made) == [("C", "cy")]


def test_known_worker_who_is_renamed_is_found_by_his_new_name():
    made = board(worker("ada"), in_step("A", {"known_worker_friendly_name": "task.owner"}, attributes={"owner": "Ben"}))
    assert offers(made) == []

    put(made, worker("ben"))

    assert offers(made) == [("A", "ben")]


def test_target_worker_gets_the_task_whatever_his_queues_and_skills():
    made = board(
        worker("ada"), worker("ben"), task("A", target_worker=2, skills=["x"]), queues=[QueueFacts("WQ1", None)]
    )

    assert offers(made) == [("A", "ben")]


@pytest.mark.parametrize("why_not", [{"load": 1}, {"available": False}, {"open_": False}, {"capacity": 0}])
def test_target_worker_is_awaited_unless_capacity_is_ignored(why_not):
    target = worker("ben", **why_not)

    assert offers(board(target, task("A", target_worker=2))) == []
    assert offers(board(target, task("A", target_worker=2, ignore_capacity=True))) == [("A", "ben")]


def test_target_worker_who_comes_later_is_found():
    made = board(task("A", target_worker=2, ignore_capacity=True), task("B", target_worker=2, start=50))
    assert offers(made) == []

    put(made, worker("ada"), worker("ben"))

    assert offers(made) == [("B", "ben"), ("A", "ben")]


def test_excluded_worker_never_gets_the_task():
    made = board(
        worker("ada"), task("A", excluded=(1,)), task("B", target_worker=1, ignore_capacity=True, excluded=(1,))
    )
    assert offers(made, NOW + 1e6) == []

    put(made, worker("ben"))

    assert offers(made) == [("A", "ben")]


# --- refusals ---


def test_refusing_worker_is_asked_again_only_after_a_pause():
    made = board(worker("ada"), task("A", refusals=((1, NOW + 5),)))
    assert offers(made, NOW) == []
    assert made.next_due() == NOW + 5
    assert offers(made, NOW + 4.9) == []

    assert offers(made, NOW + 5) == [("A", "ada")]
    assert made.next_due() is None


def test_others_are_asked_before_the_refusing_worker():
    made = board(worker("ada"), worker("ben", last_assigned=999.0), task("A", refusals=((1, NOW + 5),)))

    assert offers(made) == [("A", "ben")]


@pytest.mark.timeout(5)
def test_of_two_refusals_by_one_worker_the_later_one_counts():
    made = board(worker("ada"), task("A", refusals=((1, NOW - 1), (1, NOW + 5))))

    assert offers(made, NOW + 1) == []
    assert offers(made, NOW + 6) == [("A", "ada")]


def test_refusals_end_one_after_the_other():
    made = board(worker("ada"), worker("ben", load=1), task("A", refusals=((2, NOW + 2), (1, NOW + 5))))
    assert offers(made, NOW + 3) == []

    put(made, worker("ben"))

    assert offers(made, NOW + 3) == [("A", "ben")]


def test_refused_task_does_not_hold_up_the_next_one():
    made = board(worker("ada"), task("A", priority=9, refusals=((1, NOW + 5),)), task("B"))

    assert offers(made) == [("B", "ada")]


def test_refused_task_keeps_its_place_in_line():
    made = board(worker("ada", load=1), task("A", start=50, refusals=((1, NOW + 5),)), task("B"))
    assert offers(made, NOW + 5) == []

    put(made, worker("ada"))

    assert offers(made, NOW + 5) == [("A", "ada")]


# --- several workers at once ---

THREE = QueueFacts("WQ1", EVERYBODY, max_reserved=3)


def test_max_reserved_workers_asks_several_in_one_offer():
    made = board(
        worker("ada", last_assigned=9), worker("ben", capacity=2), worker("cy", load=1), worker("dee", last_assigned=5),
        worker("eve", last_assigned=7), task("A"), task("B", start=101), queues=[THREE],
    )  # fmt: skip

    assert offers(made) == [("A", "ben", "dee", "eve"), ("B", "ada", "ben")]


def test_max_reserved_workers_asks_one_when_only_one_is_free():
    assert offers(board(worker("ada", capacity=9), task("A"), queues=[THREE])) == [("A", "ada")]


def test_max_reserved_workers_leaves_out_who_refused_or_is_excluded():
    made = board(
        *(worker(name) for name in ("ada", "ben", "cy", "dee")), task("A", excluded=(2,), refusals=((3, NOW + 5),)),
        queues=[THREE],
    )  # fmt: skip

    assert offers(made) == [("A", "ada", "dee")]


# --- steps ---


def test_step_that_is_over_moves_the_task():
    made = board(in_step("A", {"timeout": 10}, start=100.0, version=7))
    assert decide(made, 109.9) == Decision()
    assert made.next_due() == 110.0

    assert decide(made, 110.0) == Decision(moves=(Move(1, 7, "timeout"),))
    assert decide(made, 111.0) == Decision()
    assert made.next_due() is None


def test_step_ends_by_the_age_of_the_task_not_by_its_virtual_start():
    made = board(in_step("A", {"timeout": 10}, start=100.0, created=105.0))

    assert moves(made, 114.9) == []
    assert moves(made, 115.0) == [("A", "timeout")]


def test_deadline_wins_over_an_offer():
    made = board(in_step("A", {"timeout": 10}, start=100.0), worker("ada"))

    assert decide(made, 110.0) == Decision(moves=(Move(1, 1, "timeout"),))


def test_deadline_that_passed_while_reserved_counts_when_the_task_is_back():
    made = board(in_step("A", {"timeout": 10}, start=100.0), worker("ada"))
    assert offers(made, 105.0) == [("A", "ada")]
    assert moves(made, 111.0) == []

    put(made, in_step("A", {"timeout": 10}, start=100.0, version=3), worker("ada"), now=120.0)

    assert moves(made, 120.0) == [("A", "timeout")]


def test_deadline_of_an_older_version_is_void():
    made = board(in_step("A", {"timeout": 10}, start=100.0))
    put(made, in_step("A", {"timeout": 100}, start=100.0, version=2), now=105.0)

    assert moves(made, 150.0) == []
    assert moves(made, 200.0) == [("A", "timeout")]


def test_many_deadlines_come_in_portions_and_no_overdue_task_is_offered():
    made = board(*(in_step(name, {"timeout": 10}, start=100.0) for name in "ABC"), worker("ada", capacity=9))

    decisions = [decide(made, 200.0, limit=2), decide(made, 200.0, limit=2), decide(made, 200.0, limit=2)]

    assert [len(each.moves) for each in decisions] == [2, 1, 0]
    assert [each.offers for each in decisions] == [(), (), ()]


# --- skip_if ---

ELSEWHERE = [{"queue": "WQ2"}]


def test_skip_if_is_asked_when_nobody_is_free():
    made = board(
        worker("ada", load=1),
        in_step("A", {"skip_if": "workers.available < 2"}, others=ELSEWHERE),
        in_step("B", {"skip_if": "workers.available == 0"}, others=ELSEWHERE),
    )

    decision = decide(made, NOW)

    assert decision == Decision(moves=(Move(1, 1, "skip"),), settled=((2, 1),))
    assert list(made.waiting) == [2]


def test_skip_if_is_asked_once():
    made = board(worker("ada", load=1), in_step("A", {"skip_if": "workers.available == 0"}, others=ELSEWHERE))
    assert decide(made, NOW).settled == ((1, 1),)

    put(made, worker("ada", available=False))

    assert decide(made, NOW) == Decision()


def test_skip_if_is_not_asked_of_a_task_that_entered_before():
    made = board(in_step("A", {"skip_if": "1==1"}, others=ELSEWHERE, entering=False))

    assert decide(made, NOW) == Decision()


def test_skip_if_is_not_asked_when_somebody_is_free():
    made = board(worker("ada"), in_step("A", {"skip_if": "1==1"}, others=ELSEWHERE))

    assert offers(made) == [("A", "ada")]


@pytest.mark.parametrize(
    ("condition", "skipped"),
    [
        ("workers.available == 2", True),
        ("workers.unavailable == 1", True),
        ("workers.WAon == 2", True),
        ("workers.WAoff == 1 AND workers.WAelse == 0", True),
        ("workers.available > 2 OR workers.WAelse > 0", False),
    ],
)
def test_skip_if_counts_the_workers_of_the_queue(condition, skipped):
    made = board(
        worker("ada", load=1, site="Lima"),
        worker("ben", load=1, site="Lima"),
        worker("cy", site="Lima", available=False),
        worker("dee", site="Rome"),
        in_step("A", {"skip_if": condition}, others=ELSEWHERE),
        queues=[QueueFacts("WQ1", parse("site == 'Lima'"))],
    )

    assert moves(made) == ([("A", "skip")] if skipped else [])


def test_skip_if_counts_follow_the_workers():
    lima = {"load": 1, "site": "Lima"}
    made = board(worker("ada", **lima), worker("ben", **lima), worker("cy", **lima), worker("dee", load=1, site="Rome"),
                 queues=[QueueFacts("WQ1", parse("site == 'Lima'"))])  # fmt: skip

    put(made, worker("ada", load=1, site="Rome"), worker("ben", available=False, **lima), worker("dee", **lima))
    made.drop_worker(3)
    counts = "workers.available == 1 AND workers.unavailable == 1 AND workers.WAon == 1 AND workers.WAoff == 1"
    put(made, in_step("A", {"skip_if": counts}, others=ELSEWHERE))

    assert moves(made) == [("A", "skip")]


def test_skip_if_counts_follow_from_one_absence_to_another():
    made = board(worker("ada", activity=("WAlunch", "Lunch"), available=False))
    put(made, worker("ada", activity=("WAhome", "Home"), available=False))

    put(made, in_step("A", {"skip_if": "workers.WAhome == 1 AND workers.WAlunch == 0"}, others=ELSEWHERE))

    assert moves(made) == [("A", "skip")]


# --- one decision after the other ---


def test_limit_leaves_the_rest_for_the_next_call():
    made = board(worker("ada", capacity=5), *(task(name) for name in "ABCDE"))

    assert [name for name, _ in offers(made, limit=2)] == ["A", "B"]
    assert [name for name, _ in offers(made, limit=2)] == ["C", "D"]
    assert [name for name, _ in offers(made, limit=2)] == ["E"]
    assert offers(made, limit=2) == []


def test_skip_if_waits_until_all_offers_are_made():
    skipping = in_step("C", {"skip_if": "1==1"}, others=ELSEWHERE)
    made = board(worker("ada", capacity=3), task("A"), task("B"), skipping)

    assert offers(made, limit=2) == [("A", "ada"), ("B", "ada")]
    assert offers(made, limit=2) == [("C", "ada")]


def test_offer_names_the_version_that_was_read():
    [offer] = decide(board(worker("ada"), task("A", version=12)), NOW).offers

    assert (offer.task, offer.version, offer.workers) == (1, 12, (1,))


def test_empty_board_decides_nothing():
    assert not decide(Board(), NOW)
