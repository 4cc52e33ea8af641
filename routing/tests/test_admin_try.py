"""The dry run: what would become of a task, against the draft or what is published."""

import json
from datetime import timedelta
from typing import Any

import pytest

from agents import actions as agents
from agents.models import WorkerChannel
from kernel import clock
from kernel.actor import SYSTEM
from routing import actions
from routing.actions import drafts
from routing.models import Task, Workflow
from routing.tests.office import page, queue, sales_first, workflow
from tests.office import enter
from tests.people import House, available, full_house, house

pytestmark = pytest.mark.django_db


def scene() -> tuple[House, Workflow]:
    home = full_house()
    row = workflow(home, sales_first(queue(home), queue(home, "Sales", "skills HAS 'sales'")))
    return home, row


def ask(home: House, row: Workflow, **given: Any) -> Any:
    form = {"attributes": "{}", "task_channel": "default", "against": "published", **given}
    return enter(home, "Bo").post(page("try_out", row.pk), form)


def trial(home: House, row: Workflow, attributes: dict[str, Any], **given: Any) -> Any:
    return ask(home, row, attributes=json.dumps(attributes), **given).context["trial"]


def test_the_filter_queue_priority_and_deadlines_are_told() -> None:
    home, row = scene()

    told = trial(home, row, {"topic": "sales"})

    assert (told.here.queue, told.here.priority, told.by_default, told.refused) == ("Sales", 5, False, False)
    first, second = told.gates[0].stops
    assert ((first.ends_at - told.at).total_seconds(), second.ends_at) == (60, None)
    assert [stop.target.fate for stop in (first, second)] == ["here", "ahead"]


def test_why_a_filter_does_not_hold_is_told() -> None:
    home, row = scene()

    told = trial(home, row, {"topic": "Sales"}, priority="3")

    assert (told.here.queue, told.here.priority, told.by_default) == ("Support", 3, True)
    assert told.gates[0].because == ("topic == 'sales' – topic is 'Sales'",)


def test_an_older_task_has_gone_further() -> None:
    home, row = scene()

    told = trial(home, row, {"topic": "sales"}, age="61")

    assert (told.here.queue, told.here.target.place) == ("Support", 1)
    assert [stop.target.fate for stop in told.gates[0].stops] == ["timeout", "here"]


def test_agents_stand_in_their_order_and_others_say_why_not() -> None:
    home, row = scene()
    available(home, "Ada", "Ben")
    full = WorkerChannel.objects.get(worker=home.workers["Ada"], task_channel__unique_name="chat")
    agents.set_capacity(full, capacity=0, available=True, actor=SYSTEM)

    free = trial(home, row, {"topic": "sales"}).gates[0].stops[0].staffing
    none = trial(home, row, {"topic": "sales"}, task_channel="chat").gates[0].stops[0].staffing

    assert [(agent.worker.friendly_name, agent.letter) for agent in free.agents] == [
        ("Ada", "o"),
        ("Ben", "q"),
        ("Bo", "q"),
    ]
    assert "skills is ['support']" in free.agents[1].sentence
    assert [(letter, count) for letter, _word, count in free.counts] == [("o", 1), ("q", 2)]
    assert (none.agents[0].letter, none.never) == ("f", True)


def test_required_skills_are_asked_for() -> None:
    home, row = scene()
    available(home, "Ada")

    told = trial(home, row, {"topic": "sales"}, required_skills="sales, chess")

    assert told.gates[0].stops[0].staffing.agents[0].sentence == "Lacks: chess."


def test_a_task_that_nothing_takes_is_refused() -> None:
    home = full_house()
    support = queue(home)
    row = workflow(
        home, {"filters": [{"expression": "topic == 'x'", "targets": [{"queue": support.sid, "timeout": 5}]}]}
    )

    assert trial(home, row, {}).refused
    gone = trial(home, row, {"topic": "x"}, age="6")
    assert (gone.refused, gone.here) == (False, None)
    assert "It would be refused" in ask(home, row).text


def test_the_draft_is_tried_unless_it_is_said_otherwise() -> None:
    home, row = scene()
    support = row.workspace.task_queues.get(friendly_name="Support")
    text = json.dumps({"task_routing": {"default_filter": {"queue": support.sid, "priority": 77}}})
    drafts.save_draft(row, configuration=text, seen=0, actor=SYSTEM)
    sales = {"topic": "sales"}

    assert trial(home, row, sales, against="draft").here.priority == 77
    assert trial(home, row, sales, against="published").here.priority == 5


def test_a_task_that_came_is_tried_by_its_sid() -> None:
    home, row = scene()
    task = actions.create_task(
        home.workspace, attributes={"topic": "sales", "name": "Maria"}, workflow=row, actor=SYSTEM
    )

    shown = enter(home, "Bo").get(page("try_out", row.pk), {"task": task.sid})

    assert shown.context["trial"].here.queue == "Sales"
    assert json.loads(shown.context["form"]["attributes"].value()) == task.attributes
    assert Task.objects.count() == 1


def test_anothers_task_is_not_shown() -> None:
    home, row = scene()
    other = house("Other")
    foreign = actions.create_task(other.workspace, attributes={"secret": 1}, task_queue=queue(other), actor=SYSTEM)
    client = enter(home, "Bo")

    assert client.get(page("try_out", row.pk), {"task": foreign.sid}).context["trial"] is None
    assert not client.get(page("try_out", row.pk), {"q": "secret"}).context["recent"]


def test_tasks_are_searched_and_paged() -> None:
    home, row = scene()
    client = enter(home, "Bo")
    now = clock.now()
    for number in range(25):
        task = actions.create_task(home.workspace, attributes={"topic": f"t{number}"}, workflow=row, actor=SYSTEM)
        Task.objects.filter(pk=task.pk).update(created_at=now + timedelta(seconds=number))

    def topics(**asked: Any) -> list[str]:
        return [each.attributes["topic"] for each in client.get(page("try_out", row.pk), asked).context["recent"]]

    assert topics() == [f"t{number}" for number in range(24, 14, -1)]
    assert topics(p=2) == [f"t{number}" for number in range(4, -1, -1)]
    assert topics(q="T17") == ["t17"]
    assert topics(q=task.sid) == ["t24"]
    assert topics(q="nothing") == []


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("attributes", "{", "Line 1, column 2"),
        ("attributes", "[1]", "JSON object"),
        ("age", "-1", "greater than or equal to 0"),
        ("task_channel", "pigeon", "Select a valid choice"),
    ],
)
def test_what_cannot_be_tried_is_refused_at_its_field(field: str, value: str, words: str) -> None:
    home, row = scene()

    answer = ask(home, row, **{field: value})

    assert words in answer.context["form"].errors[field][0]
    assert answer.context["trial"] is None


def test_nothing_is_written() -> None:
    home, row = scene()
    available(home, "Ada")

    trial(home, row, {"topic": "sales"})

    assert not Task.objects.exists()
    assert not home.workers["Ada"].reservations.exists()


def test_who_would_be_asked_first_stands_in_the_verdict() -> None:
    home, row = scene()

    assert "Nobody is free for it now." in ask(home, row, attributes='{"topic": "sales"}').text
    available(home, "Ada")

    assert "Ada would be asked first." in ask(home, row, attributes='{"topic": "sales"}').text


def test_the_attributes_that_the_filters_look_at_are_named() -> None:
    home, row = scene()

    shown = enter(home, "Bo").get(page("try_out", row.pk))

    assert shown.context["names"] == ("topic",)
    assert shown.context["form"]["attributes"].value() == "{}"


def test_filters_that_do_not_hold_stand_together() -> None:
    home = full_house()
    support = queue(home)
    rules = [{"expression": f"topic == '{name}'", "targets": [{"queue": support.sid}]} for name in "abcdef"]
    row = workflow(home, {"filters": rules})

    told = ask(home, row, attributes='{"topic": "e"}')

    runs = told.context["trial"].runs
    assert [(shut, [gate.number for gate in gates]) for shut, gates in runs] == [
        (True, [1, 2, 3, 4]),
        (False, [5]),
        (True, [6]),
    ]
    assert "Filters 1 to 4 do not hold." in told.text
