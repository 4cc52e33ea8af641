"""The decision: who is offered what, in which order, and what follows from deadlines."""

import json
from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from routing.core.board import Board
from routing.core.decide import decide
from routing.core.document import parse_workflow
from routing.core.expressions import parse
from routing.core.facts import ChannelFacts, QueueFacts, TaskFacts, WorkerFacts
from routing.core.workflow import first_step

NOW = 1000.0
EVERYBODY = parse("1==1")


class Everything:
    def __contains__(self, _):
        return True


def worker(name, *, number=1, available=True, last_assigned=0.0, capacity=1, load=0, open_=True, **attributes):
    return WorkerFacts(
        sid=f"WK{name}",
        number=number,
        friendly_name=name,
        activity_sid="WAon" if available else "WAoff",
        activity_name="Available" if available else "Offline",
        available=available,
        attributes=attributes,
        channels={"default": ChannelFacts(capacity, open_, load), "voice": ChannelFacts(1)},
        last_assigned=last_assigned,
    )


def task(name, *, number=1, queue="WQ1", priority=0, start=100.0, skills=(), channel="default", **more):
    return TaskFacts(
        sid=f"WT{name}",
        number=number,
        version=1,
        queue=queue,
        channel=channel,
        priority=priority,
        virtual_start=start,
        created=start,
        required_skills=frozenset(skills),
        **more,
    )


def in_step(name, target, *, attributes=None, others=(), default=None, **more):
    routing = {"filters": [{"expression": "1==1", "targets": [{"queue": "WQ1"} | target, *others]}]}
    if default:
        routing["default_filter"] = {"queue": default}
    workflow = parse_workflow(json.dumps({"task_routing": routing}), queues=Everything())
    step = first_step(workflow, attributes or {})
    return task(name, attributes=attributes or {}, workflow=workflow, step=step, **more)


def board(*facts, queues=()):
    made = Board()
    for queue in queues or (QueueFacts("WQ1", EVERYBODY), QueueFacts("WQ2", EVERYBODY)):
        made.put_queue(queue)
    for each in facts:
        put(made, each)
    return made


def put(made, facts, now=NOW):
    if isinstance(facts, WorkerFacts):
        made.put_worker(facts)
    else:
        made.put_task(facts, now=now)


def offers(made, now=NOW, **more):
    return [(offer.task.sid[2:], offer.worker_sid[2:]) for offer in decide(made, now, **more).offers]


def test_highest_priority_goes_first_then_the_oldest():
    made = board(
        task("A", number=1, priority=50, start=100),
        task("B", number=2, priority=75, start=101),
        task("C", number=3, priority=20, start=102),
        task("D", number=4, priority=50, start=103),
        worker("ada", capacity=4),
    )

    assert [name for name, _ in offers(made)] == ["B", "A", "D", "C"]


def test_virtual_start_time_keeps_a_place_in_line():
    made = board(
        task("A", number=1, priority=50, start=100),
        task("B", number=2, priority=75, start=90),
        task("D", number=4, priority=50, start=60),
        worker("ada", capacity=4),
    )

    assert [name for name, _ in offers(made)] == ["B", "D", "A"]


def test_priority_counts_across_queues():
    made = board(task("A", queue="WQ1", priority=1), task("B", queue="WQ2", priority=2, number=2), worker("ada"))

    assert offers(made) == [("B", "ada")]


def test_lifo_queue_is_newest_first_and_ignores_priority():
    made = board(
        task("A", priority=9, start=100),
        task("B", number=2, start=200),
        worker("ada", capacity=2),
        queues=[QueueFacts("WQ1", EVERYBODY, lifo=True)],
    )

    assert [name for name, _ in offers(made)] == ["B", "A"]


def test_never_assigned_goes_before_longest_idle():
    made = board(
        worker("ada", number=1, last_assigned=500),
        worker("ben", number=2, last_assigned=400),
        worker("cy", number=3),
        *(task(name, number=place) for place, name in enumerate("ABC")),
    )

    assert offers(made) == [("A", "cy"), ("B", "ben"), ("C", "ada")]


def test_offers_go_round_when_everybody_has_capacity():
    made = board(
        worker("ada", number=1, capacity=2),
        worker("ben", number=2, capacity=2),
        *(task(name, number=place) for place, name in enumerate("ABCD")),
    )

    assert [who for _, who in offers(made)] == ["ada", "ben", "ada", "ben"]


def test_nobody_unavailable_full_or_closed_is_asked():
    made = board(
        worker("off", available=False),
        worker("full", number=2, capacity=1, load=1),
        worker("closed", number=3, open_=False),
        worker("none", number=4, capacity=0),
        task("A"),
    )

    assert offers(made) == []


def test_channels_have_their_own_capacity():
    made = board(worker("ada", load=1), task("A"), task("B", number=2, channel="voice"))

    assert offers(made) == [("B", "ada")]


def test_channel_that_the_worker_does_not_have_is_no_capacity():
    assert offers(board(worker("ada"), task("A", channel="fax"))) == []


def test_membership_and_required_skills():
    made = board(
        worker("ada", number=1, skills=["billing"], site="Madrid"),
        worker("ben", number=2, skills=["billing", "spanish"], site="Lima"),
        worker("cy", number=3, skills="billing spanish", site="Madrid"),
        task("A", skills=["billing", "spanish"]),
        task("B", number=2, queue="WQ2"),
        queues=[QueueFacts("WQ1", EVERYBODY), QueueFacts("WQ2", parse("site == 'Madrid'"))],
    )

    assert offers(made) == [("A", "ben"), ("B", "ada")]


def test_queue_without_expression_keeps_its_tasks():
    assert offers(board(worker("ada"), task("A"), queues=[QueueFacts("WQ1", None)])) == []


def test_target_expression_compares_task_and_worker():
    target = {"expression": "worker.level >= task.level AND worker.activity_name == 'Available'"}
    made = board(
        worker("ada", number=1, level=3),
        worker("ben", number=2, level=7),
        in_step("A", target, attributes={"level": 5}),
        in_step("B", target, attributes={"level": 1}, number=2),
        in_step("C", target, attributes={"level": 9}, number=3),
    )

    assert offers(made) == [("A", "ben"), ("B", "ada")]


def test_expression_on_capacity_follows_what_was_just_given():
    target = {"expression": "worker.channel.voice.available_capacity_percentage == 100"}
    made = board(
        worker("ada"),
        worker("ben", number=2, last_assigned=NOW + 1),
        task("A", channel="voice", priority=1),
        in_step("B", target, number=2),
    )

    assert offers(made) == [("A", "ada"), ("B", "ben")]


def test_known_worker_waits_for_that_worker():
    target = {"known_worker_friendly_name": "task.owner"}
    made = board(
        worker("ada"),
        worker("ben", number=2, available=False),
        in_step("A", target, attributes={"owner": "BEN"}),
        in_step("B", target, attributes={"owner": None}, number=2),
    )
    assert offers(made) == []

    put(made, worker("ben", number=2))

    assert offers(made) == [("A", "ben")]


def test_order_by_goes_before_idleness_and_missing_comes_last():
    target = {"order_by": "worker.finance ASC, worker.support ASC"}
    workers = [
        worker("alice", number=1, finance=10, support=8),
        worker("bob", number=2, finance=10, support=5, last_assigned=900.0),
        worker("cy", number=3),
    ]

    made = board(*workers, *(in_step(name, target, number=place) for place, name in enumerate("ABC")))

    assert offers(made) == [("A", "bob"), ("B", "alice"), ("C", "cy")]


def test_refusing_worker_is_asked_again_only_after_a_pause_and_others_go_first():
    made = board(worker("ada"), task("A", refusals=(("WKada", NOW + 5),)))
    assert offers(made, NOW) == []
    assert offers(made, NOW + 4.9) == []

    assert offers(made, NOW + 5) == [("A", "ada")]

    made = board(worker("ada"), worker("ben", number=2, last_assigned=999.0), task("A", refusals=(("WKada", NOW + 5),)))
    assert offers(made) == [("A", "ben")]


@pytest.mark.timeout(5)
def test_of_two_refusals_by_one_worker_the_later_one_counts():
    made = board(worker("ada"), task("A", refusals=(("WKada", NOW - 1), ("WKada", NOW + 5))))

    assert not decide(made, NOW + 1).offers
    assert [each.worker_sid for each in decide(made, NOW + 6).offers] == ["WKada"]


def test_refused_task_does_not_hold_up_the_next_one():
    made = board(worker("ada"), task("A", priority=9, refusals=(("WKada", NOW + 5),)), task("B", number=2))

    assert offers(made) == [("B", "ada")]


def test_step_over_moves_the_task_and_offers_nothing():
    made = board(in_step("A", {"timeout": 10}, others=[{"queue": "WQ2", "timeout": 10}], start=100.0))

    assert not decide(made, 109.9)
    decision = decide(made, 110.0)
    assert [(move.task.sid, move.step.rule.queue) for move in decision.moves] == [("WTA", "WQ2")]
    assert decision.timeouts == ()
    assert not decide(made, 111.0)


def test_deadline_wins_over_an_offer():
    made = board(in_step("A", {"timeout": 10}, start=100.0), worker("ada"))

    decision = decide(made, 110.0)

    assert [each.sid for each in decision.timeouts] == ["WTA"]
    assert decision.offers == ()


def test_deadline_of_an_older_version_is_void():
    first = in_step("A", {"timeout": 10}, start=100.0)
    made = board(first)
    later = in_step("A", {"timeout": 100}, start=100.0)
    made.put_task(replace(later, version=2), now=105.0)

    assert not decide(made, 150.0)
    assert [each.sid for each in decide(made, 200.0).timeouts] == ["WTA"]


def test_skip_if_is_asked_once_when_nobody_is_free():
    made = board(
        worker("ada", load=1),
        in_step("A", {"skip_if": "workers.available < 2"}, others=[{"queue": "WQ2"}]),
        in_step("B", {"skip_if": "workers.WAon == 0"}, others=[{"queue": "WQ2"}], number=2),
    )

    decision = decide(made, NOW)

    assert [(move.task.sid, move.step.rule.queue) for move in decision.moves] == [("WTA", "WQ2")]
    put(made, worker("ada", available=False))
    assert not decide(made, NOW)


def test_skip_if_is_not_asked_when_somebody_is_free():
    made = board(worker("ada"), in_step("A", {"skip_if": "1==1"}, others=[{"queue": "WQ2"}]))

    assert offers(made) == [("A", "ada")]


def test_limit_leaves_the_rest_for_the_next_call():
    made = board(worker("ada", capacity=5), *(task(name, number=place) for place, name in enumerate("ABCDE")))

    assert [name for name, _ in offers(made, limit=2)] == ["A", "B"]
    assert [name for name, _ in offers(made, limit=2)] == ["C", "D"]
    assert [name for name, _ in offers(made, limit=2)] == ["E"]
    assert offers(made, limit=2) == []


def test_changed_queue_takes_effect_on_what_waits():
    made = board(worker("ada", site="Lima"), task("A"), queues=[QueueFacts("WQ1", parse("site == 'Madrid'"))])
    assert offers(made) == []

    made.put_queue(QueueFacts("WQ1", parse("site == 'Lima'")))

    assert offers(made) == [("A", "ada")]


def test_gone_worker_gone_task():
    made = board(worker("ada"), task("A"), task("B", number=2))
    made.drop_task("WTA")
    assert offers(made) == [("B", "ada")]

    put(made, task("C", number=3))
    made.drop_worker("WKada")
    assert offers(made) == []


SKILLS = st.frozensets(st.sampled_from(["x", "y"]), max_size=2)
NAMES = st.sampled_from("abcdef")


class Routing(RuleBasedStateMachine):
    """The indexed board against the obvious way: walk all tasks in order, pick the longest idle who fits."""

    def __init__(self):
        super().__init__()
        self.now = NOW
        self.queues = {
            "WQ1": QueueFacts("WQ1", parse("level >= 2")),
            "WQ2": QueueFacts("WQ2", EVERYBODY),
            "WQ3": QueueFacts("WQ3", parse("level < 2"), lifo=True),
        }
        self.board = board(queues=self.queues.values())
        self.tasks = {}
        self.workers = {}
        self.count = 0

    @rule(name=NAMES, available=st.booleans(), capacity=st.integers(0, 2), load=st.integers(0, 2), skills=SKILLS,
          level=st.integers(1, 3), last=st.sampled_from([0.0, 10.0, 20.0]))  # fmt: skip
    def worker_changes(self, *, name, available, capacity, load, skills, level, last):
        facts = worker(name, number=ord(name), available=available, capacity=capacity, load=load, last_assigned=last,
                       skills=sorted(skills), level=level)  # fmt: skip
        self.workers[facts.sid] = facts
        self.board.put_worker(facts)

    @rule(name=NAMES)
    def worker_leaves(self, name):
        self.workers.pop(f"WK{name}", None)
        self.board.drop_worker(f"WK{name}")

    @rule(queue=st.sampled_from(["WQ1", "WQ2", "WQ3"]), priority=st.integers(0, 2), start=st.integers(1, 3),
          skills=SKILLS, refused=st.frozensets(NAMES, max_size=2), until=st.integers(-1, 3))  # fmt: skip
    def task_arrives(self, *, queue, priority, start, skills, refused, until):
        self.count += 1
        refusals = tuple((f"WK{name}", self.now + until) for name in sorted(refused))
        facts = task(self.count, number=self.count, queue=queue, priority=priority, start=float(start), skills=skills,
                     refusals=refusals)  # fmt: skip
        self.tasks[facts.sid] = facts
        self.board.put_task(facts, now=self.now)

    @rule(place=st.integers(0, 10))
    def task_leaves(self, place):
        sids = sorted(self.tasks)
        if place < len(sids):
            del self.tasks[sids[place]]
            self.board.drop_task(sids[place])

    @rule(queue=st.sampled_from(["WQ1", "WQ2", "WQ3"]), text=st.sampled_from(["1==1", "level >= 2", "level == 1"]))
    def queue_changes(self, queue, text):
        self.queues[queue] = QueueFacts(queue, parse(text), lifo=self.queues[queue].lifo)
        self.board.put_queue(self.queues[queue])

    @rule(seconds=st.integers(1, 3))
    def time_passes(self, seconds):
        self.now += seconds

    @invariant()
    def decision_is_the_obvious_one(self):
        expected = self.obvious()
        assert offers(self.board, self.now) == expected
        assert set(self.board.waiting) == set(self.tasks)

    def obvious(self):
        found = []
        for each in sorted(self.tasks.values(), key=self.order):
            fitting = [one for one in self.workers.values() if self.fits(one, each)]
            if fitting:
                chosen = min(fitting, key=lambda one: (one.last_assigned, one.number))
                found.append((each.sid[2:], chosen.sid[2:]))
                self.give(chosen, each)
        return found

    def order(self, each):
        if self.queues[each.queue].lifo:
            return 1, 0, -each.virtual_start, -each.number
        return 0, -each.priority, each.virtual_start, each.number

    def fits(self, one, each):
        channel = one.channels["default"]
        return (
            one.available
            and channel.load < channel.configured_capacity
            and each.required_skills <= set(one.attributes["skills"])
            and self.queues[each.queue].expression(one.attributes)
            and not any(sid == one.sid and until > self.now for sid, until in each.refusals)
        )

    def give(self, chosen, each):
        del self.tasks[each.sid]
        channel = chosen.channels["default"]
        channels = {**chosen.channels, "default": replace(channel, load=channel.load + 1)}
        self.workers[chosen.sid] = replace(chosen, channels=channels, last_assigned=self.now)


TestRouting = Routing.TestCase
TestRouting.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
