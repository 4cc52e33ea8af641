"""Why, in the admin: the pages of reasons of a task, an offer, a worker and a queue, without JavaScript."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from agents import actions as agents
from agents.models import TaskChannel, WorkerChannel
from kernel.actor import SYSTEM
from routing import actions
from routing.models import Task
from routing.tests.factories import make_queue, make_task, make_workflow, offered
from tests.office import enter
from tests.people import House, available, full_house, house, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def home() -> House:
    return full_house()


@pytest.fixture
def bo(home: House) -> Client:
    return enter(home, "Bo")


def page(client: Client, kind: str, row: Any, **query: str) -> str:
    answer = client.get(reverse(f"admin:{kind}_why", args=[row.pk]), query)
    assert answer.status_code == 200
    return answer.text


def support_task(home: House, **more: Any) -> Task:
    return make_task(home.workspace, queue=make_queue(home.workspace, "Support", "skills HAS 'support'"), **more)


# --- a task ---


def test_a_task_says_why_it_waits_for_each_worker(home: House, bo: Client) -> None:
    available(home, "Ada")
    agents.set_capacity(
        WorkerChannel.objects.get(worker=home.workers["Ada"], task_channel__unique_name="default"),
        capacity=0,
        actor=SYSTEM,
    )
    task = support_task(home)

    told = page(bo, "routing_task", task)

    assert "Nobody who fits is free: 1 without a free slot, 1 away." in told
    assert "Takes nothing on this channel: the capacity is 0." in told
    assert "Away: Offline." in told
    assert "Not in the queue: skills HAS &#x27;support&#x27; – skills is []." in told


def test_the_sentence_stands_on_the_tasks_own_page(home: House, bo: Client) -> None:
    told = bo.get(reverse("admin:routing_task_change", args=[support_task(home).pk])).text

    assert "Nobody who fits is free: 2 away." in told


def test_a_skill_that_nobody_has_is_told(home: House, bo: Client) -> None:
    told = page(bo, "routing_task", support_task(home, required_skills=["licence"]))

    assert "Nobody can ever serve it" in told
    assert "Lacks: licence." in told


def test_a_task_behind_others_says_so(home: House, bo: Client) -> None:
    available(home, "Ada")
    support = make_queue(home.workspace, "Support", "skills HAS 'support'")
    make_task(home.workspace, queue=support)
    second = make_task(home.workspace, queue=support)

    assert "it is number 2 in the queue" in page(bo, "routing_task", second)


def test_one_reason_is_chosen_and_a_long_list_is_paged(home: House, bo: Client) -> None:
    for number in range(25):
        person(home, f"Extra{number:02}", skills=("support",))
    task = support_task(home)

    first = page(bo, "routing_task", task, reason="away")
    after = home.workers["Extra17"].sid
    second = page(bo, "routing_task", task, reason="away", after=after)

    assert "27 in all" in first
    assert "Extra17" in first
    assert "Extra18" not in first
    assert "Extra18" in second
    assert "Extra17" not in second
    assert "skills HAS" not in first


def test_a_page_token_of_somebody_who_is_gone_leads_to_the_beginning(home: House, bo: Client) -> None:
    address = reverse("admin:routing_task_why", args=[support_task(home).pk])

    answer = bo.get(address, {"after": "WK" + "0" * 32})

    assert (answer.status_code, answer["Location"]) == (302, address)


def test_the_way_to_the_queue_is_told_filter_by_filter(home: House, bo: Client) -> None:
    support = make_queue(home.workspace, "Support", "skills HAS 'support'")
    leads = [{"queue": support.sid}]
    workflow = make_workflow(home.workspace, ("topic == 'sales'", leads), ("name != null", leads))
    task = actions.create_task(home.workspace, attributes={"name": "Maria"}, workflow=workflow, actor=SYSTEM)

    told = page(bo, "routing_task", task)

    assert "topic == &#x27;sales&#x27; – topic is null" in told
    assert "name != null – name is &#x27;Maria&#x27;" in told
    assert "must not" not in told


def test_the_history_of_a_task_is_in_the_journal(home: House, bo: Client) -> None:
    task = support_task(home)

    answer = bo.get(reverse("admin:routing_task_history", args=[task.pk]), follow=True)

    assert "task.created" in answer.text


# --- an offer ---


def test_an_offer_says_who_was_asked(home: House, bo: Client) -> None:
    available(home, "Ada")
    offer = offered(make_task(home.workspace, queue=make_queue(home.workspace)), home.workers["Ada"])

    told = bo.get(reverse("admin:routing_task_why_offer", args=[offer.task_id, offer.sid]))

    assert told.status_code == 200
    assert "Offered to Ada" in told.text


def test_an_offer_of_another_task_does_not_exist(home: House, bo: Client) -> None:
    available(home, "Ada")
    offer = offered(make_task(home.workspace, queue=make_queue(home.workspace)), home.workers["Ada"])
    other = support_task(home)

    assert bo.get(reverse("admin:routing_task_why_offer", args=[other.pk, offer.sid])).status_code == 404


# --- a worker and a queue ---


def test_a_worker_learns_why_he_gets_nothing(home: House, bo: Client) -> None:
    make_queue(home.workspace, "Billing", "skills HAS 'billing'")
    available(home, "Ada")

    told = page(bo, "agents_worker", home.workers["Ada"])

    assert "In no queue" in told
    assert "skills HAS &#x27;billing&#x27; – skills is [&#x27;support&#x27;, &#x27;sales&#x27;]" in told


def test_a_likely_mistake_is_hinted_at(home: House, bo: Client) -> None:
    make_queue(home.workspace, "Billing", "skills == 'support'")

    assert "A list is compared as if it were a single value" in page(bo, "agents_worker", home.workers["Ada"])


def test_a_queue_says_what_waits_and_who_could_serve_it(home: House, bo: Client) -> None:
    task = support_task(home)
    assert task.task_queue is not None

    told = page(bo, "routing_taskqueue", task.task_queue)

    assert "Nobody who fits is free: 2 away." in told
    assert "Served next" in told


def test_a_queue_says_when_those_who_are_free_are_not_free_for_what_waits(home: House, bo: Client) -> None:
    available(home, "Ada")
    task = support_task(home, required_skills=["licence"])
    assert task.task_queue is not None

    told = page(bo, "routing_taskqueue", task.task_queue)

    assert "1 agent is free, but not for what waits first." in told
    assert "free for it" not in told


def test_the_workers_of_a_queue_are_judged_for_the_chosen_channel(home: House, bo: Client) -> None:
    available(home, "Ada")
    voice = WorkerChannel.objects.get(worker=home.workers["Ada"], task_channel__unique_name="voice")
    agents.set_capacity(voice, capacity=0, actor=SYSTEM)
    task = support_task(home)
    assert task.task_queue is not None

    told = page(bo, "routing_taskqueue", task.task_queue, channel="voice")

    assert "on the channel Voice" in told
    assert "Takes nothing on this channel: the capacity is 0." in told
    assert "?channel=voice&amp;reason=away" in told


def test_channels_have_the_names_that_people_gave_them(home: House, bo: Client) -> None:
    available(home, "Ada")
    for name, friendly_name in (("default", "Errands"), ("voice", "Calls")):
        channel = TaskChannel.objects.get(workspace=home.workspace, unique_name=name)
        agents.update_task_channel(channel, friendly_name=friendly_name, actor=SYSTEM)
    task = support_task(home)

    of_queue = page(bo, "routing_taskqueue", task.task_queue)
    of_worker = page(bo, "agents_worker", home.workers["Ada"])

    assert '<a href="?channel=default" aria-current="true">Errands</a>' in of_queue
    assert "on the channel Errands" in of_queue
    assert "<dt>Calls</dt>" in of_worker
    assert "<dt>voice</dt>" not in of_worker


def test_a_channel_that_is_asked_for_and_unknown_is_called_as_it_was(home: House, bo: Client) -> None:
    told = page(bo, "routing_taskqueue", support_task(home).task_queue, channel="telex")

    assert "on the channel telex" in told


def test_an_empty_queue_says_that_nothing_waits(home: House, bo: Client) -> None:
    told = page(bo, "routing_taskqueue", make_queue(home.workspace, "Support", "skills HAS 'support'"))

    assert "Nothing waits in it." in told


# --- whose ---


def test_another_accounts_things_have_no_reasons(home: House) -> None:
    elsewhere = house("Other")
    person(elsewhere, "Cy", role="supervisor")
    stranger, task = enter(elsewhere, "Cy"), support_task(home)
    rows = {"routing_task": task, "routing_taskqueue": task.task_queue, "agents_worker": home.workers["Ada"]}

    for kind, row in rows.items():
        assert stranger.get(reverse(f"admin:{kind}_why", args=[row.pk])).status_code == 404
    assert enter(home, "Ada").get(reverse("admin:routing_task_why", args=[task.pk])).status_code in (302, 403)
