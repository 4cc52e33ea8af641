"""Why this queue: how each filter judged a task, its way through the targets, and what comes next."""

import json

import pytest

from routing.core.document import stored_workflow
from routing.core.route import entered, route
from routing.core.workflow import DEFAULT_FILTER

VIP = ("tier == 'gold'", [{"queue": "WQvip", "priority": 5, "timeout": 10}, {"priority": 9, "timeout": 20}])
BILLING = ("topic == 'billing'", [{"queue": "WQbilling", "timeout": 30}])
SKIPPING = ("topic == 'sales'", [{"queue": "WQsales", "timeout": 60, "skip_if": "workers.available == 0"}])


def workflow(*filters, default="WQother"):
    routing = {"filters": [{"expression": text, "targets": targets} for text, targets in filters]}
    if default:
        routing["default_filter"] = {"queue": default}
    return stored_workflow(json.dumps({"task_routing": routing}))


def fates(found):
    return [(rule.fate, [target.fate for target in rule.targets]) for rule in found.filters]


def test_a_new_task_enters_the_first_filter_that_matches():
    found = entered(workflow(VIP, BILLING, SKIPPING), {"topic": "billing"})

    assert fates(found) == [
        ("unmatched", ["unreached", "unreached"]),
        ("here", ["here"]),
        ("unmatched", ["unreached"]),
    ]
    assert [clause.left.value for clause in found.filters[0].trace.clauses] == ["null"]
    assert found.here.rule.queue == "WQbilling"
    assert found.default_fate == "shut"


def test_the_default_filter_takes_what_no_filter_takes():
    found = entered(workflow(VIP), {"tier": "silver"})

    assert (found.default_fate, found.here.filter, found.here.rule.queue) == ("here", DEFAULT_FILTER, "WQother")


def test_without_a_default_filter_nothing_takes_it():
    found = entered(workflow(VIP, default=None), {"tier": "silver"})

    assert (found.here, found.default_fate) == (None, "shut")


def test_deadlines_are_ages_and_priority_persists():
    found = route(
        workflow(("1==1", [{"queue": "WQa", "priority": 3, "timeout": 10}, {"timeout": 10}, {"priority": 7}])),
        {},
        position=(0, 1),
        ends_at_age=20,
        age=12.0,
    )

    assert [(target.starts_at_age, target.ends_at_age, target.priority) for target in found.filters[0].targets] == [
        (0, 10, 3),
        (10, 20, 3),
        (20, None, 7),
    ]
    assert fates(found) == [("here", ["timeout", "here", "ahead"])]


def test_a_target_left_before_its_time_was_skipped():
    targets = [{"queue": "WQa", "timeout": 60, "skip_if": "workers.available == 0"}, {"timeout": 60}]

    early = route(workflow(("1==1", targets)), {}, position=(0, 1), ends_at_age=120, age=5.0)
    late = route(workflow(("1==1", targets)), {}, position=(0, 1), ends_at_age=120, age=61.0)

    assert [fates(found)[0][1] for found in (early, late)] == [["skip", "here"], ["passed", "here"]]


def test_the_log_tells_when_a_target_was_left():
    targets = [{"queue": "WQa", "timeout": 60, "skip_if": "workers.available == 0"}, {"timeout": 60}, {"timeout": 60}]
    given = {"position": (0, 2), "ends_at_age": 180, "age": 130.0}

    known = route(workflow(("1==1", targets)), {}, **given, left_at=[2.5, 120.2])
    in_part = route(workflow(("1==1", targets)), {}, **given, left_at=[120.2])

    assert fates(known) == [("here", ["skip", "timeout", "here"])]
    assert [target.left_at_age for target in known.filters[0].targets] == [2.5, 120.2, None]
    assert fates(in_part) == [("here", ["passed", "timeout", "here"])]


def test_an_earlier_filter_that_matches_is_over():
    found = route(workflow(VIP, BILLING), {"tier": "gold", "topic": "billing"}, position=(1, 0), ends_at_age=60, age=40)

    assert fates(found) == [("over", ["timeout", "timeout"]), ("here", ["here"])]
    assert (found.filters[1].targets[0].starts_at_age, found.filters[1].targets[0].ends_at_age) == (30, 60)


def test_a_later_filter_that_matches_comes_when_the_time_is_over():
    found = route(workflow(VIP, BILLING), {"tier": "gold", "topic": "billing"}, position=(0, 1), ends_at_age=30, age=12)

    assert fates(found) == [("here", ["timeout", "here"]), ("ahead", ["ahead"])]
    assert (found.after_timeout.filter, found.after_timeout.ends_at_age) == (1, 60)
    assert found.filters[1].targets[0].starts_at_age == 30


def test_after_the_last_target_nothing_is_left_and_the_default_filter_is_shut():
    found = route(workflow(BILLING), {"topic": "billing"}, position=(0, 0), ends_at_age=30, age=1)

    assert (found.here.deadline_age, found.after_timeout, found.default_fate) == (30, None, "shut")


def test_only_a_skip_leads_to_the_default_filter():
    found = route(workflow(SKIPPING), {"topic": "sales"}, position=(0, 0), ends_at_age=60, age=1)

    assert (found.default_fate, found.after_skip.filter, found.after_timeout) == ("skip", DEFAULT_FILTER, None)


@pytest.mark.parametrize(
    ("targets", "fate"),
    [
        ([{"queue": "WQa", "timeout": 10}, {"timeout": 10, "skip_if": "1==1"}], "skip"),
        ([{"queue": "WQa", "timeout": 10, "skip_if": "1==1"}, {"timeout": 10}], "shut"),
        ([{"queue": "WQa"}, {"timeout": 10, "skip_if": "1==1"}], "shut"),
    ],
)
def test_whether_the_default_filter_can_still_be_reached(targets, fate):
    found = route(workflow(("1==1", targets)), {}, position=(0, 0), ends_at_age=10, age=1)

    assert found.default_fate == fate


def test_attributes_that_were_changed_on_the_way_are_told():
    found = route(workflow(VIP, BILLING), {"topic": "other"}, position=(1, 0), ends_at_age=30, age=1)

    assert found.filters[1].fate == "here"
    assert found.filters[1].changed
    assert found.here.rule.queue == "WQbilling"


def test_a_place_that_the_document_does_not_have_is_no_place():
    assert route(workflow(VIP), {"tier": "gold"}, position=(4, 0), ends_at_age=30, age=1).here is None
