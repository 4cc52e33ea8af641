"""What TaskRouter's own pages work out by example, and small rules that are about nothing else."""

import json

import pytest

from agents.core import available_percentage
from agents.models import Worker
from agents.tests.factories import make_worker, make_workspace
from routing.core.document import MAX_BYTES, ConfigurationError, parse_workflow
from routing.core.facts import ChannelFacts
from routing.core.roster import free_percentage
from routing.tests.cast import board, in_step, offers, task, worker
from routing.tests.factories import accepted, document, make_queue, make_task


def at(text):
    """Seconds of a time of the day."""
    hours, minutes = map(int, text.split(":"))
    return (hours * 60 + minutes) * 60.0


# --- https://www.twilio.com/docs/taskrouter/queue-ordering-last-first-out-lifo ---


@pytest.mark.parametrize(
    ("virtual_starts", "order"), [({}, "BADC"), ({"B": "09:30", "D": "09:00"}, "BDAC")], ids=["created", "virtual"]
)
def test_published_order_of_tasks(virtual_starts, order):
    published = {"A": (50, "10:00"), "B": (75, "10:01"), "C": (20, "10:03"), "D": (50, "10:03")}
    waiting = [
        task(name, priority=priority, start=at(virtual_starts.get(name, created)), created=at(created))
        for name, (priority, created) in published.items()
    ]

    made = board(*waiting, worker("ada", capacity=4))

    assert [name for name, _ in offers(made, now=at("10:05"))] == list(order)


# --- https://www.twilio.com/docs/taskrouter/order-workers ---


@pytest.mark.parametrize(("bob", "first"), [({"finance": 10, "support": 5}, "ben"), ({"finance": 10}, "ada")])
def test_published_order_of_workers(bob, first):
    target = {"order_by": "worker.finance ASC, worker.support ASC"}

    made = board(worker("ada", finance=10, support=8), worker("ben", **bob), in_step("A", target))

    assert offers(made) == [("A", first)]


# --- https://www.twilio.com/docs/taskrouter/multitasking ---


@pytest.mark.parametrize(
    ("capacity", "load", "free"), [(3, 0, 100), (3, 1, 66), (3, 2, 33), (3, 3, 0), (1, 2, 0), (0, 0, 0), (0, 3, 0)]
)
def test_free_percentage_is_rounded_down_and_never_below_nothing(capacity, load, free):
    assert available_percentage(capacity, load) == free_percentage(capacity, load) == free


@pytest.mark.parametrize(("asked", "count"), [(1, 1), (2, 0)])
def test_assigned_tasks_are_the_accepted_reservations_alone(asked, count):
    target = {"expression": f"worker.channel.voice.assigned_tasks == {asked}"}

    made = board(worker("ada", channels={"voice": ChannelFacts(3, load=2, assigned=1)}), in_step("A", target))

    assert len(offers(made)) == count


@pytest.mark.django_db
def test_an_assignment_leaves_the_activity_as_it_is():
    workspace = make_workspace()
    ada = make_worker(workspace, "Ada")
    before = Worker.objects.values_list("activity", "date_status_changed").get()

    accepted(make_task(workspace, make_queue(workspace)), ada)

    assert Worker.objects.values_list("activity", "date_status_changed").get() == before


# --- https://www.twilio.com/docs/taskrouter/workflow-configuration ---


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("worker.sid == 'WKada'", True),
        ("worker.sid == 'WKben'", False),
        ("worker.friendly_name == 'Ada'", True),
        ("worker.activity_name == 'Available'", True),
        ("worker.activity_sid IN ['WAon']", True),
        ("worker.sid = task.owner", True),
    ],
)
def test_a_target_may_ask_who_the_worker_is(expression, holds):
    made = board(worker("ada"), in_step("A", {"expression": expression}, attributes={"owner": "WKada"}))

    assert bool(offers(made)) is holds


def test_a_document_has_at_most_so_many_bytes():
    text = document(("1==1", [{"queue": "WQ1"}]))
    fits, too_long = (text + " " * (size - len(text.encode())) for size in (MAX_BYTES, MAX_BYTES + 1))

    assert parse_workflow(fits, queues={"WQ1"}).queues == {"WQ1"}
    with pytest.raises(ConfigurationError, match="longer than 1038576 bytes"):
        parse_workflow(too_long, queues={"WQ1"})


def test_the_default_filter_takes_no_timeout():
    text = json.dumps({"task_routing": {"default_filter": {"queue": "WQ1", "timeout": 10}}})

    with pytest.raises(ConfigurationError) as refusal:
        parse_workflow(text, queues={"WQ1"})

    assert refusal.value.path == "task_routing.default_filter.timeout"
