"""What the checks find in a workflow, and that they say nothing of what is as it should be."""

import json

import pytest

from routing.core import checks
from routing.core.checks import Finding, Queue, Surroundings, check, names_of
from routing.core.document import parse_workflow
from routing.core.expressions import parse
from routing.core.facts import ChannelFacts, WorkerFacts

ANYBODY = Queue("Everyone", parse("1==1"))
QUEUES = {
    "WQall": ANYBODY,
    "WQsales": Queue("Sales", parse("skills HAS 'sales'")),
    "WQnobody": Queue("Nobody", None),
    "WQnever": Queue("Never", parse("1==0")),
    "WQchess": Queue("Chess", parse("skills HAS 'chess'")),
    "WQvoice": Queue("Voice", parse("voice == true")),
    "WQstack": Queue("Stack", parse("1==1"), lifo=True),
    "WQtypo": Queue("Typo", parse("skils HAS 'sales' OR 1==1")),
}


def worker(number, *skills, capacity=1, available=True, **attributes):
    channels = {"default": ChannelFacts(configured_capacity=capacity), "chat": ChannelFacts(available=available)}
    return WorkerFacts(
        sid=f"WK{number}",
        number=number,
        friendly_name=f"Worker {number}",
        activity_sid="WA1",
        activity_name="Offline",
        available=False,
        attributes={"skills": list(skills), **attributes},
        channels=channels,
    )


WORKERS = (worker(1, "sales", level=3), worker(2, "support", level=5, team={"name": "north"}, rank="high"))
TASKS = ({"topic": "sales", "vip": True, "from": {"country": "ES"}},)
AROUND = {"workers": WORKERS, "activities": frozenset({"WA1"}), "task_names": names_of(TASKS)}


def found(*filters, default="WQall", around=None, **more):
    routing = {"filters": list(filters), **more}
    if default:
        routing.setdefault("default_filter", {"queue": default})
    workflow = parse_workflow(json.dumps({"task_routing": routing}), queues=QUEUES)
    return list(check(workflow, Surroundings(QUEUES, **{**AROUND, **(around or {})})))


def case(expression, *targets):
    return {"expression": expression, "targets": list(targets) or [{"queue": "WQall"}]}


def places(findings):
    return [(finding.code, finding.path.removeprefix("task_routing."), finding.severity) for finding in findings]


def test_nothing_is_said_of_a_workflow_that_is_as_it_should_be():
    assert (
        found(
            case(
                "topic == 'sales' AND from.country != 'US'",
                {"queue": "WQsales", "priority": 5, "timeout": 300, "expression": "worker.level >= 3"},
                {"queue": "WQall", "order_by": "worker.level DESC", "skip_if": "workers.available == 0"},
            ),
            case(
                "vip == true",
                {"queue": "WQall", "timeout": 600},
                {"expression": "worker.channel.chat.assigned_tasks == 0"},
            ),
            case("topic != null AND calendar.support.open == true"),
        )
        == []
    )


# --- which way tasks take ---


def test_a_filter_behind_one_that_takes_everything_is_never_reached():
    findings = found(case("1==1"), case("topic == 'sales'"))

    assert findings[0] == Finding("taken-before", "task_routing.filters[1].expression", "error", {"filter": 1})
    assert places(findings)[1:] == [("default-unreached", "default_filter", "note")]


def test_a_filter_that_asks_for_less_than_an_earlier_one_is_never_reached():
    findings = found(case("topic IN ['sales', 'support']"), case('vip == true AND topic == "sales"'))

    assert places(findings) == [("taken-before", "filters[1].expression", "error")]


def test_the_same_filter_twice_is_named():
    findings = found(case("topic == 'sales'"), case('topic=="sales"'))

    assert findings == [Finding("same-taken-before", "task_routing.filters[1].expression", "error", {"filter": 1})]


def test_behind_a_filter_that_lets_go_others_are_reached_late():
    late = case("1==1", {"queue": "WQsales", "timeout": 300})

    assert places(found(late, case("topic == 'sales'"), case("1==1"))) == [
        ("after-timeout", "filters[1].expression", "note"),
        ("same-after-timeout", "filters[2].expression", "note"),
        ("default-unreached", "default_filter", "note"),
    ]


def test_an_expression_that_never_holds_is_found():
    findings = found(case("topic == 'sales' AND topic == 'support'"), case("topic == 'sales'"))

    assert places(findings) == [("never-true", "filters[0].expression", "error")]


def test_a_target_without_seconds_hides_those_behind_it():
    findings = found(case("topic == 'sales'", {"queue": "WQsales"}, {"queue": "WQall", "timeout": 300}, {}))

    assert findings == [Finding("target-unreached", "task_routing.filters[0].targets[1]", "error", {"target": 1})]


def test_a_skip_lets_tasks_pass_unless_it_can_never_hold():
    def step(skip_if):
        return case("topic == 'sales'", {"queue": "WQsales", "skip_if": skip_if}, {"queue": "WQall"})

    assert found(step("workers.available == 0")) == []
    assert places(found(step("1==0"))) == [
        ("target-unreached", "filters[0].targets[1]", "error"),
        ("never-skipped", "filters[0].targets[0].skip_if", "warning"),
    ]


def test_who_runs_out_of_targets_is_canceled():
    findings = found(
        case("topic == 'sales'", {"queue": "WQsales", "timeout": 200}, {"queue": "WQall", "timeout": 300}),
        case("topic == 'support'", {"queue": "WQall", "skip_if": "workers.available == 0"}),
        default=None,
    )

    assert findings == [
        Finding("canceled-by-timeout", "task_routing.filters[0].targets[1].timeout", "warning", {"seconds": 500}),
        Finding("canceled-by-skip", "task_routing.filters[1].targets[0].skip_if", "warning"),
        Finding("no-default", "task_routing.default_filter", "warning"),
    ]


def test_a_later_filter_catches_who_runs_out_of_targets():
    assert places(found(case("topic == 'sales'", {"queue": "WQsales", "timeout": 200}), case("vip == true"))) == []


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ([86_399], []),
        ([80_000, 6_400], [("beyond-usual-life", 1, "note")]),
        ([1_209_600], [("beyond-longest-life", 0, "error")]),
        ([119], [("shorter-than-offer", 0, "note")]),
        ([120], []),
    ],
)
def test_time_is_compared_with_the_lives_of_tasks_and_offers(seconds, expected):
    rule = case("topic == 'sales'", *({"queue": "WQall", "timeout": each} for each in seconds), {})

    assert places(found(rule)) == [
        (code, f"filters[0].targets[{target}].timeout", severity) for code, target, severity in expected
    ]


def test_priorities_that_do_nothing_are_told():
    findings = found(
        case("topic == 'a'", {"queue": "WQall", "priority": 0}),
        case("topic == 'b'", {"queue": "WQstack", "priority": 9}),
    )

    assert findings == [
        Finding("priority-zero", "task_routing.filters[0].targets[0].priority", "note"),
        Finding("priority-ignored", "task_routing.filters[1].targets[0].priority", "note", {"queue": "Stack"}),
    ]


def test_a_known_worker_without_seconds_is_waited_for_alone():
    alone = case("topic == 'sales'", {"queue": "WQall", "known_worker_sid": "task.vip"})
    awhile = case("topic == 'sales'", {"queue": "WQall", "known_worker_sid": "task.vip", "timeout": 300}, {})

    assert places(found(alone)) == [("known-worker-only", "filters[0].targets[0].known_worker_sid", "warning")]
    assert found(awhile) == []


def test_the_default_filter_cannot_skip():
    findings = found(default_filter={"queue": "WQall", "skip_if": "1==1"})

    assert places(findings) == [("default-skip", "default_filter.skip_if", "warning")]


# --- who serves ---


@pytest.mark.parametrize(
    ("queue", "code", "name"),
    [
        ("WQnobody", "queue-for-nobody", "Nobody"),
        ("WQnever", "queue-never-true", "Never"),
        ("WQchess", "queue-unserved", "Chess"),
    ],
)
def test_a_queue_that_nobody_serves_is_found(queue, code, name):
    findings = found(case("topic == 'sales'", {"queue": queue}))

    assert findings == [Finding(code, "task_routing.filters[0].targets[0].queue", "error", {"queue": name})]


def test_a_queue_whose_workers_take_nothing_is_found():
    idle = (worker(1, "sales", capacity=0, available=False),)

    findings = found(case("topic == 'sales'", {"queue": "WQsales"}), default=None, around={"workers": idle})

    assert findings[0] == Finding(
        "queue-without-capacity", "task_routing.filters[0].targets[0].queue", "error", {"queue": "Sales"}
    )


def test_a_channel_that_nobody_takes_is_found():
    around = {"channels": frozenset({"default", "voice"})}

    assert found(around=around) == [
        Finding(
            "channel-without-capacity",
            "task_routing.default_filter.queue",
            "warning",
            {"queue": "Everyone", "channel": "voice"},
        )
    ]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({"expression": "worker.level > 9"}, [("target-unserved", "error")]),
        ({"expression": "worker.level > 9", "timeout": 300}, [("target-unserved", "warning")]),
        ({"expression": "1==0"}, [("target-never", "error")]),
        ({"expression": "1==0", "timeout": 600}, [("target-holds", "note")]),
        ({"expression": "worker.level > task.vip"}, []),
        ({"expression": "worker.activity_name == 'Break'"}, []),
    ],
)
def test_a_target_that_nobody_serves_is_found(target, expected):
    findings = found(case("topic == 'sales'", {"queue": "WQall", **target}, *([{}] if "timeout" in target else [])))

    assert places(findings) == [(code, "filters[0].targets[0].expression", severity) for code, severity in expected]


# --- names ---


def test_a_name_that_no_task_had_is_told_with_the_nearest():
    findings = found(case("topik == 'sales'"), case("from.contry == 'ES'"), case("zzz == 1"))

    assert findings == [
        Finding(
            "task-unknown-near", "task_routing.filters[0].expression", "warning", {"name": "topik", "near": "topic"}
        ),
        Finding(
            "task-unknown-near",
            "task_routing.filters[1].expression",
            "warning",
            {"name": "from.contry", "near": "from.country"},
        ),
        Finding("task-unknown", "task_routing.filters[2].expression", "note", {"name": "zzz"}),
    ]


def test_without_recent_tasks_nothing_is_said_of_their_names():
    assert found(case("topik == 'sales'"), around={"task_names": frozenset()}) == []


def test_a_name_that_no_worker_has_is_told_once():
    target = {
        "queue": "WQtypo",
        "expression": "worker.levle > task.vip AND worker.team.name == 'x' AND worker.sid != 'y'",
    }

    findings = found(case("topic == 'sales'", target), case("topic == 'b'", {"queue": "WQtypo"}))

    assert findings == [
        Finding(
            "queue-worker-unknown-near",
            "task_routing.filters[0].targets[0].queue",
            "warning",
            {"name": "skils", "near": "skills", "queue": "Typo"},
        ),
        Finding(
            "worker-unknown-near",
            "task_routing.filters[0].targets[0].expression",
            "warning",
            {"name": "levle", "near": "level"},
        ),
    ]


def test_an_order_by_what_nobody_has_or_counts_is_told():
    orders = "worker.levle DESC, worker.rank ASC, worker.level ASC"

    findings = found(case("topic == 'sales'", {"queue": "WQall", "order_by": orders}))

    place = "task_routing.filters[0].targets[0].order_by"
    assert findings == [
        Finding("order-unknown-near", place, "warning", {"name": "levle", "near": "level"}),
        Finding("order-without-number", place, "warning", {"name": "rank"}),
    ]


def test_an_activity_that_there_is_not_is_told():
    skip = {"queue": "WQall", "skip_if": "workers.WA1 == 0 AND workers.WA2 > 0"}

    findings = found(case("topic == 'sales'", skip))

    assert findings == [
        Finding("unknown-activity", "task_routing.filters[0].targets[0].skip_if", "warning", {"name": "WA2"})
    ]


def test_a_known_worker_that_no_task_names_is_told():
    target = {"queue": "WQall", "known_worker_friendly_name": "task.agnt", "timeout": 300}

    findings = found(case("topic == 'sales'", target, {}))

    assert places(findings) == [("task-unknown", "filters[0].targets[0].known_worker_friendly_name", "note")]


def test_keys_that_decide_nothing_are_told():
    findings = found(comment="x")

    assert findings == [Finding("ignored-key", "task_routing.comment", "note", {"key": "comment"})]


def test_the_worst_comes_first():
    findings = found(case("topic == 'a'", {"queue": "WQall", "priority": 0}), case("topik == 'b'"), case("1 == 2"))

    assert [finding.severity for finding in findings] == ["error", "warning", "note"]


def test_a_workflow_that_takes_too_long_is_told_as_far_as_it_was_looked_through(monkeypatch):
    monkeypatch.setattr(checks, "SECONDS", 0)

    told = found(*(case(f"topic == '{number}'") for number in range(3)), odd=1)

    assert [finding.code for finding in told] == ["ignored-key", "unfinished"]


def test_of_very_many_findings_the_first_are_told():
    told = found(**{f"odd{number}": number for number in range(checks.MAX_FINDINGS + 1)})

    assert [finding.code for finding in told] == ["ignored-key"] * checks.MAX_FINDINGS + ["unfinished"]
