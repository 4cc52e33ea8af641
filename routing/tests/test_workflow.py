"""Workflow documents and the steps that follow from them: https://www.twilio.com/docs/taskrouter/workflow-configuration"""

import json

import pytest

from routing.core.document import ConfigurationError, parse_workflow
from routing.core.workflow import (
    DEFAULT_FILTER,
    LONGEST,
    first_step,
    step_after_skip,
    step_after_timeout,
    step_at,
    step_at_age,
)

QUEUES = {"WQ1", "WQ2", "WQ3", "WQdefault"}


def read(*filters, default="WQdefault", **more):
    routing = {"filters": list(filters), **more}
    if default:
        routing["default_filter"] = {"queue": default}
    return parse_workflow(json.dumps({"task_routing": routing}), queues=QUEUES)


def case(expression, *targets):
    return {"expression": expression, "targets": list(targets)}


def place(step):
    return step and (step.filter, step.target)


BULLSEYE = case(
    "1==1",
    {"queue": "WQ1", "expression": "worker.level >= 8", "priority": "5", "timeout": "10"},
    {"timeout": 10},
    {"queue": "WQ2", "expression": "worker.level >= 2", "priority": 9, "timeout": 10},
)


def test_first_matching_filter_takes_the_task():
    workflow = read(case("kind == 'a'", {"queue": "WQ1"}), case("kind IN ['a', 'b']", {"queue": "WQ2"}), default="WQ3")

    assert [first_step(workflow, {"kind": kind}).rule.queue for kind in "abc"] == ["WQ1", "WQ2", "WQ3"]


def test_without_match_and_default_there_is_no_step():
    assert first_step(read(case("1==2", {"queue": "WQ1"}), default=None), {}) is None


def test_queue_is_inherited_and_expression_priority_and_timeout_are_each_targets_own():
    targets = read(BULLSEYE).filters[0].targets

    assert [target.queue for target in targets] == ["WQ1", "WQ1", "WQ2"]
    assert [target.expression and target.expression.text for target in targets] == [
        "worker.level >= 8",
        None,
        "worker.level >= 2",
    ]
    # A target without a priority leaves the task the one that it has: the last one set.
    assert [target.priority for target in targets] == [5, None, 9]
    assert [target.timeout_seconds for target in targets] == [10, 10, 10]


def test_timeouts_are_cumulative_deadlines_on_the_age():
    workflow = read(BULLSEYE)

    first = first_step(workflow, {})
    second = step_after_timeout(workflow, {}, first)
    third = step_after_timeout(workflow, {}, second)

    assert [step.deadline_age for step in (first, second, third)] == [10, 20, 30]


def test_past_the_last_target_only_later_matching_filters_count():
    workflow = read(
        case("1==1", {"queue": "WQ1", "timeout": 10}),
        case("vip == true", {"queue": "WQ2", "timeout": 5}),
        case("1==1", {"queue": "WQ3", "timeout": 7}),
    )

    first = first_step(workflow, {})
    other = step_after_timeout(workflow, {}, first)

    assert place(other) == (2, 0)
    assert other.deadline_age == 17
    assert place(step_after_timeout(workflow, {"vip": True}, first)) == (1, 0)


def test_deadlines_end_where_a_column_does():
    longest = {"queue": "WQ1", "timeout": LONGEST}
    workflow = read(case("1==1", *[longest] * 300))

    step = first_step(workflow, {}, age=5)
    for _ in range(299):
        assert step.deadline_age == LONGEST
        step = step_after_skip(workflow, {}, step)

    assert (place(step), step.deadline_age) == ((0, 299), LONGEST)


def test_default_filter_is_never_reached_by_a_timeout():
    workflow = read(case("1==1", {"queue": "WQ1", "timeout": 10}))

    assert step_after_timeout(workflow, {}, first_step(workflow, {})) is None


def test_default_filter_is_reached_by_skipping():
    workflow = read(case("1==1", {"queue": "WQ1", "skip_if": "1==1"}, {"queue": "WQ2", "skip_if": "1==1"}))

    first = first_step(workflow, {})
    second = step_after_skip(workflow, {}, first)
    third = step_after_skip(workflow, {}, second)

    assert [place(first), place(second), place(third)] == [(0, 0), (0, 1), (DEFAULT_FILTER, 0)]
    assert third.deadline_age is None


def test_target_without_timeout_is_final():
    workflow = read(case("1==1", {"queue": "WQ1"}, {"queue": "WQ2"}))

    assert first_step(workflow, {}).deadline_age is None
    assert place(step_at_age(workflow, {}, first_step(workflow, {}), age=1e9)) == (0, 0)


@pytest.mark.parametrize(
    ("age", "expected"),
    [(0, (0, 0)), (9.9, (0, 0)), (10, (0, 1)), (19.9, (0, 1)), (25, (0, 2)), (30, None), (1000, None)],
)
def test_step_after_a_long_pause_is_the_one_of_that_age(age, expected):
    workflow = read(BULLSEYE)

    assert place(step_at_age(workflow, {}, first_step(workflow, {}), age=age)) == expected


def test_step_is_found_again_from_a_row():
    workflow = read(BULLSEYE)

    assert step_at(workflow, (0, 1), ends_at_age=20) == step_after_timeout(workflow, {}, first_step(workflow, {}))
    assert step_at(workflow, (DEFAULT_FILTER, 0), ends_at_age=0).rule.queue == "WQdefault"
    assert step_at(workflow, (0, 9), ends_at_age=0) is None


def test_filters_may_be_absent():
    workflow = parse_workflow('{"task_routing": {"default_filter": {"queue": "WQ1"}}}', queues=QUEUES)

    assert first_step(workflow, {}).rule.queue == "WQ1"


@pytest.mark.parametrize(
    ("document", "path", "message"),
    [
        ("{", "", "Line 1, column 2"),
        ("[]", "", "object"),
        ("{}", "task_routing", "object"),
        ('{"task_routing": {}}', "task_routing", "needs a filter"),
        ('{"task_routing": {"filters": {}}}', "task_routing.filters", "list"),
        ('{"task_routing": {"filter": []}}', "task_routing", "filter is unknown"),
        ('{"task_routing": {"default_filter": {"queue": "WQ1", "timeout": 5}}}',
         "task_routing.default_filter.timeout", "no timeout"),
        ('{"task_routing": {"default_filter": {"queue": "WQx"}}}', "task_routing.default_filter.queue", "no queue WQx"),
        ("[" * 100_000, "", "JSON"),
    ],
)  # fmt: skip
def test_document_errors_name_the_path(document, path, message):
    with pytest.raises(ConfigurationError, match=message) as caught:
        parse_workflow(document, queues=QUEUES)

    assert caught.value.path == path
    assert caught.value.field == "configuration"


@pytest.mark.parametrize(
    ("target", "path", "line", "column"),
    [
        ({}, "queue", 0, 0),
        ({"queue": "WQx"}, "queue", 0, 0),
        ({"queue": "WQ1", "expression": "worker.level >>"}, "expression", 1, 15),
        ({"queue": "WQ1", "expression": "level > 1"}, "expression", 1, 1),
        ({"queue": "WQ1", "expression": 5}, "expression", 0, 0),
        ({"queue": "WQ1", "priority": -1}, "priority", 0, 0),
        ({"queue": "WQ1", "priority": "high"}, "priority", 0, 0),
        ({"queue": "WQ1", "priority": True}, "priority", 0, 0),
        ({"queue": "WQ1", "priority": 2**31}, "priority", 0, 0),
        ({"queue": "WQ1", "timeout": 0}, "timeout", 0, 0),
        ({"queue": "WQ1", "timeout": 1.5}, "timeout", 0, 0),
        ({"queue": "WQ1", "known_worker_sid": "worker.sid"}, "known_worker_sid", 0, 0),
        ({"queue": "WQ1", "known_worker_sid": "task.a == 1 OR task.b"}, "known_worker_sid", 1, 1),
        ({"queue": "WQ1", "known_worker_sid": "task.a", "known_worker_friendly_name": "task.b"},
         "known_worker_sid", 0, 0),
        ({"queue": "WQ1", "order_by": "worker.level SIDEWAYS"}, "order_by", 0, 0),
        ({"queue": "WQ1", "order_by": "level"}, "order_by", 0, 0),
        ({"queue": "WQ1", "skip_if": "workers.available.now == 0"}, "skip_if", 1, 1),
    ],
)  # fmt: skip
def test_target_errors_name_the_path_and_the_place_inside(target, path, line, column):
    with pytest.raises(ConfigurationError) as caught:
        read(case("1==1", {"queue": "WQ1"}), case("1==1", {"queue": "WQ1"}, {"queue": "WQ1"}), case("1==1", target))

    assert caught.value.path == f"task_routing.filters[2].targets[0].{path}"
    assert (caught.value.line, caught.value.column) == (line, column)
    assert str(caught.value).startswith(caught.value.path)


def test_misspelled_key_is_refused():
    with pytest.raises(ConfigurationError, match="expresion is unknown") as caught:
        read({"expresion": "1==1", "targets": [{"queue": "WQ1"}]})

    assert caught.value.path == "task_routing.filters[0]"


def test_filter_needs_expression_and_target():
    with pytest.raises(ConfigurationError, match="needs an expression"):
        read({"targets": [{"queue": "WQ1"}]})
    with pytest.raises(ConfigurationError, match="needs a target"):
        read(case("1==1"))


def test_queues_are_all_that_the_document_names():
    assert read(BULLSEYE).queues == {"WQ1", "WQ2", "WQdefault"}
