"""Twilio's own workflow documents, as its console, its API and its helper libraries write them, are taken unchanged."""

import json

import pytest

from routing.core import document
from routing.core.document import ConfigurationError, parse_workflow, stored_workflow

QUEUES = {"WQ1", "WQ2"}


def read(routing):
    return parse_workflow(json.dumps({"task_routing": routing}), queues=QUEUES)


def test_numbers_may_be_texts():
    target = {"queue": "WQ1", "priority": "10", "timeout": " 300 "}

    (rule,) = read({"filters": [{"expression": "1==1", "targets": [target]}]}).filters

    assert (rule.targets[0].priority, rule.targets[0].timeout_seconds) == (10, 300)


def test_a_filter_has_its_name_under_either_key():
    targets = [{"queue": "WQ1"}]
    filters = [
        {"filter_friendly_name": "Console", "expression": "1==1", "targets": targets},
        {"friendly_name": "Library", "expression": "1==1", "targets": targets},
        {"filter_friendly_name": "Console", "friendly_name": "Library", "expression": "1==1", "targets": targets},
        {"expression": "1==1", "targets": targets},
    ]

    assert [rule.name for rule in read({"filters": filters}).filters] == ["Console", "Library", "Console", ""]


def test_an_empty_target_stays_in_the_queue_before_it():
    targets = [{"queue": "WQ1", "known_worker_sid": "task.originalRouting.workerSid", "timeout": 30}, {}]

    (rule,) = read({"filters": [{"expression": "1==1", "targets": targets}]}).filters

    assert (rule.targets[1].queue, rule.targets[1].known_worker, rule.targets[1].timeout_seconds) == ("WQ1", None, None)


def test_null_says_nothing():
    blank = dict.fromkeys(("expression", "priority", "timeout", "order_by", "skip_if", "known_worker_sid"))

    workflow = read({"filters": None, "default_filter": {"queue": "WQ1", **blank}})

    assert (workflow.filters, workflow.default.queue, workflow.default.priority) == ((), "WQ1", None)
    assert (
        read({"filters": [{"expression": "1==1", "targets": [{"queue": "WQ1"}]}], "default_filter": None}).default
        is None
    )


def test_a_key_that_means_nothing_is_kept_and_named():
    workflow = parse_workflow(
        json.dumps(
            {
                "task_routing": {
                    "filters": [
                        {
                            "expression": "1==1",
                            "description": "Why",
                            "targets": [{"queue": "WQ1", "enabled": False}],
                        }
                    ],
                    "default_filter": {"queue": "WQ2", "comment": "Rest"},
                },
                "exported_by": "console",
            }
        ),
        queues=QUEUES,
    )

    assert workflow.ignored == (
        "exported_by",
        "task_routing.default_filter.comment",
        "task_routing.filters[0].description",
        "task_routing.filters[0].targets[0].enabled",
    )


@pytest.mark.parametrize("key", ["expresion", "target", "friendlyName", "Expression"])
def test_a_slip_of_the_pen_in_a_filter_is_refused(key):
    with pytest.raises(ConfigurationError, match=f"{key} is unknown") as caught:
        read({"filters": [{"expression": "1==1", "targets": [{"queue": "WQ1"}], key: "x"}]})

    assert caught.value.path == "task_routing.filters[0]"


@pytest.mark.parametrize("key", ["que", "skipif", "orderby", "known_worker", "timeouts", "prioritty"])
def test_a_slip_of_the_pen_in_a_target_is_refused(key):
    with pytest.raises(ConfigurationError, match=f"{key} is unknown"):
        read({"filters": [{"expression": "1==1", "targets": [{"queue": "WQ1", key: "1"}]}]})


def test_an_order_is_no_longer_than_an_expression():
    target = {"queue": "WQ1", "order_by": ", ".join(["worker.level"] * 1000)}

    with pytest.raises(ConfigurationError) as refused:
        read({"filters": [{"expression": "1==1", "targets": [target]}]})

    assert refused.value.path == "task_routing.filters[0].targets[0].order_by"


@pytest.mark.parametrize("name", ["\0", "\ud800", [[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]])
def test_what_no_database_takes_is_refused(name):
    rule = {"filter_friendly_name": name, "expression": "1==1", "targets": [{"queue": "WQ1"}]}

    with pytest.raises(ConfigurationError):
        read({"filters": [rule]})


def test_of_long_documents_few_are_kept():
    for number in range(20):
        stored_workflow(
            json.dumps({"task_routing": {"default_filter": {"queue": "WQ1"}}, "note": "x" * 20_000 + str(number)})
        )

    assert document._long.cache_info().currsize == 16


def test_half_a_character_is_refused_however_it_is_written():
    text = '{"task_routing": {"default_filter": {"queue": "WQ1"}}, "note": "\ud800"}'

    with pytest.raises(ConfigurationError):
        parse_workflow(text, queues=QUEUES)
