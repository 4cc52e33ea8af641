"""Where tasks would go under another document."""

import json

from routing.core.document import parse_workflow
from routing.core.dryrun import Case, Fate, compare, course

QUEUES = {"WQ1", "WQ2", "WQ3"}


def read(*filters, default="WQ3"):
    routing = {"filters": [{"expression": text, "targets": targets} for text, *targets in filters]}
    if default:
        routing["default_filter"] = {"queue": default}
    return parse_workflow(json.dumps({"task_routing": routing}), queues=QUEUES)


SALES = ("topic == 'sales'", {"queue": "WQ1", "priority": 5, "timeout": 60}, {"queue": "WQ2"})


def kind(before, after, attributes):
    (fate,) = compare(before, after, [Case("WT1", attributes, attributes)]).fates
    return fate.kind


def test_a_course_follows_the_time_outs_over_targets_and_filters():
    workflow = read(
        ("topic == 'sales'", {"queue": "WQ1", "timeout": 10}, {"queue": "WQ2", "timeout": 20}),
        ("vip == true", {"queue": "WQ3", "timeout": 5}),
        ("1==1", {"queue": "WQ2"}),
    )

    steps = course(workflow, {"topic": "sales"})

    assert [(step.filter, step.target, step.rule.queue, step.deadline_age) for step in steps] == [
        (0, 0, "WQ1", 10),
        (0, 1, "WQ2", 30),
        (2, 0, "WQ2", None),
    ]
    assert course(read(SALES, default=None), {}) == ()


def test_each_task_is_told_what_changes_for_it():
    other_queue = ("topic == 'sales'", {"queue": "WQ3", "priority": 5, "timeout": 60}, {"queue": "WQ2"})
    other_priority = ("topic == 'sales'", {"queue": "WQ1", "priority": 6, "timeout": 60}, {"queue": "WQ2"})
    other_time = ("topic == 'sales'", {"queue": "WQ1", "priority": 5, "timeout": 61}, {"queue": "WQ2"})
    other_crew = ("topic == 'sales'", {**SALES[1], "expression": "worker.level > 2"}, SALES[2])
    sales, nothing = {"topic": "sales"}, {}

    assert kind(read(SALES), read(SALES), sales) == "same"
    assert kind(read(SALES), read(("1==2", {"queue": "WQ3"}), SALES), sales) == "same"
    assert kind(read(SALES), read(other_queue), sales) == "queue"
    assert kind(read(SALES), read(other_priority), sales) == "priority"
    assert kind(read(SALES), read(other_time), sales) == "details"
    assert kind(read(SALES), read(other_crew), sales) == "details"
    assert kind(read(SALES), read(SALES, default=None), nothing) == "refused"
    assert kind(read(SALES, default=None), read(SALES), nothing) == "taken"
    assert kind(read(SALES, default=None), read(SALES, default=None), nothing) == "same"


def test_many_are_counted_by_what_changes_and_by_where_they_go():
    cases = [Case(number, {"topic": topic}, {"topic": topic}) for number, topic in enumerate(["sales", "sales", "x"])]

    outcome = compare(read(SALES), read(default="WQ2"), cases)

    assert outcome.counts == {"queue": 3}
    assert outcome.moves == {("WQ1", "WQ2"): 2, ("WQ3", "WQ2"): 1}
    assert outcome.fates[0] == Fate(0, "queue", "WQ1", "WQ2", 5, None)


def test_each_document_sees_the_task_in_its_own_light():
    case = Case(1, {"topic": "sales"}, {"topic": "sales", "calendar": {"shop": {"open": False}}})
    closed = ("calendar.shop.open == false", {"queue": "WQ3"})

    assert compare(read(SALES), read(closed, SALES), [case]).counts == {"queue": 1}
