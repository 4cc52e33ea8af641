"""What a skip leads to, and that it moves no deadline."""

import json

from routing.core.document import parse_workflow
from routing.core.workflow import first_step, step_after_skip, step_after_timeout
from routing.tests.cast import NOW, board, in_step, moves, offers, worker

SKIP = {"skip_if": "1==1"}


def read(*filters):
    routing = {"filters": [{"expression": text, "targets": targets} for text, targets in filters]}
    return parse_workflow(json.dumps({"task_routing": routing}), queues={"WQ1", "WQ2", "WQ3"})


def test_skip_past_the_last_target_tries_later_filters_that_match():
    workflow = read(
        ("1==1", [{"queue": "WQ1", **SKIP}]),
        ("vip == true", [{"queue": "WQ2"}]),
        ("1==1", [{"queue": "WQ3"}]),
    )

    queues = [step_after_skip(workflow, {"vip": vip}, first_step(workflow, {})).rule.queue for vip in (True, False)]

    assert queues == ["WQ2", "WQ3"]


def test_skip_with_nothing_left_leads_nowhere():
    workflow = read(("1==1", [{"queue": "WQ1", **SKIP}]), ("vip == true", [{"queue": "WQ2"}]))

    assert step_after_skip(workflow, {}, first_step(workflow, {})) is None


def test_skipped_target_leaves_its_time_to_the_next():
    workflow = read(("1==1", [{"queue": "WQ1", "timeout": 10, **SKIP}, {"timeout": 10}]))

    second = step_after_skip(workflow, {}, first_step(workflow, {}))

    assert second.deadline_age == 20
    assert second == step_after_timeout(workflow, {}, first_step(workflow, {}))


def test_priority_rises_along_the_targets():
    targets = [{"queue": "WQ1", "timeout": 10, "priority": 1}, {"timeout": 10, "priority": 5}, {"priority": 9}]
    workflow = read(("1==1", targets))

    first = first_step(workflow, {})
    second = step_after_timeout(workflow, {}, first)
    third = step_after_timeout(workflow, {}, second)

    assert [(step.rule.queue, step.rule.priority) for step in (first, second, third)] == [
        ("WQ1", 1),
        ("WQ1", 5),
        ("WQ1", 9),
    ]


def test_known_worker_who_is_nobody_is_awaited_until_the_step_ends_or_skips():
    def waiting(name, **more):
        target = {"known_worker_sid": "task.owner", "timeout": 10, **more}
        owner = {"owner": "WKnobody"}
        return in_step(name, target, attributes=owner, others=[{"queue": "WQ1"}], start=NOW, created=NOW)

    made = board(worker("ada"), waiting("A"), waiting("B", **SKIP))

    assert moves(made, NOW) == [("B", "skip")]
    assert (offers(made), moves(made, NOW + 9.9)) == ([], [])
    assert moves(made, NOW + 10) == [("A", "timeout")]
