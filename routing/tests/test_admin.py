"""Queues, workflows and tasks in the admin."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from kernel.actor import SYSTEM
from routing import actions
from routing.models import Task, TaskQueue
from routing.tests.office import events, queue, workflow
from tests.office import enter
from tests.people import House, available, full_house, house

pytestmark = pytest.mark.django_db


# --- queues ---


def save_queue(client: Client, row: TaskQueue | None = None, **changes: Any) -> Any:
    given = {
        "friendly_name": "Billing",
        "target_workers": "skills HAS 'billing'",
        "task_order": "FIFO",
        "max_reserved_workers": 1,
        **changes,
    }
    name = "routing_taskqueue"
    return client.post(reverse(f"admin:{name}_change", args=[row.pk]) if row else reverse(f"admin:{name}_add"), given)


def test_a_new_queue_is_saved_by_the_action() -> None:
    home = full_house()

    response = save_queue(enter(home, "Bo"))

    saved = TaskQueue.objects.get()
    assert response.status_code == 302
    assert (saved.friendly_name, saved.target_workers, saved.workspace) == (
        "Billing",
        "skills HAS 'billing'",
        home.workspace,
    )
    (event,) = events("task-queue.created")
    assert (event.subject_sid, event.actor_sid) == (saved.sid, home.users["Bo"].sid)


def test_a_changed_queue_is_saved_by_the_action() -> None:
    home = full_house()
    row = queue(home)

    save_queue(enter(home, "Bo"), row, friendly_name="Help", task_order="LIFO")

    row.refresh_from_db()
    assert (row.friendly_name, row.task_order, row.version) == ("Help", "LIFO", 2)
    assert events("task-queue.updated")[0].data["friendly_name"] == "Help"


def test_a_wrong_expression_is_refused_at_its_field_with_the_place() -> None:
    response = save_queue(enter(full_house(), "Bo"), target_workers="skills HAS\n OR x", friendly_name="Kept")

    form = response.context["adminform"].form
    assert "Line 2, column 2" in form.errors["target_workers"][0]
    assert (form["friendly_name"].value(), form["target_workers"].value()) == ("Kept", "skills HAS\n OR x")
    assert not TaskQueue.objects.exists()
    assert not events("task-queue.created")


def test_a_refusal_while_changing_leaves_the_queue_alone() -> None:
    home = full_house()
    row = queue(home)
    queue(home, "Sales")

    response = save_queue(enter(home, "Bo"), row, friendly_name="Sales")

    row.refresh_from_db()
    assert "friendly_name" in response.context["adminform"].form.errors
    assert row.friendly_name == "Support"
    assert not events("task-queue.updated")


def match(client: Client, expression: str) -> Any:
    return client.get(reverse("admin:routing_taskqueue_match"), {"expression": expression})


def test_who_matches_is_told_while_typing() -> None:
    home = full_house()
    available(home, "Ada")
    client = enter(home, "Bo")

    found = match(client, "skills HAS 'sales'").text

    assert "Ada" in found
    assert "Ben" not in found
    assert "1 agent matches, 1 available" in found
    assert "Line 1, column 8" in match(client, "skills ~ 1").text


def test_agents_learn_nothing_from_the_match() -> None:
    assert match(enter(full_house(), "Ada"), "1==1").status_code == 302


def test_the_list_tells_who_waits_and_who_serves() -> None:
    home = full_house()
    row = queue(home)
    available(home, "Ada")
    actions.create_task(home.workspace, attributes={}, task_queue=row, actor=SYSTEM)

    listed = enter(home, "Bo").get(reverse("admin:routing_taskqueue_changelist"))

    (result,) = listed.context["cl"].result_list
    assert result.waiting_count == 1
    assert "2 (1)" in listed.text


def test_deleting_asks_and_a_queue_in_use_stays() -> None:
    home = full_house()
    free, used = queue(home, "Free"), queue(home, "Used")
    workflow(home, {"default_filter": {"queue": used.sid}})
    client = enter(home, "Bo")

    assert client.get(reverse("admin:routing_taskqueue_delete", args=[free.pk])).status_code == 200
    assert TaskQueue.objects.count() == 2
    client.post(reverse("admin:routing_taskqueue_delete", args=[free.pk]), {"post": "yes"})
    answer = client.post(reverse("admin:routing_taskqueue_delete", args=[used.pk]), {"post": "yes"}, follow=True)

    assert list(TaskQueue.objects.all()) == [used]
    assert "Messages refers to this queue" in answer.text
    assert [event.subject_sid for event in events("task-queue.deleted")] == [free.sid]


def test_another_accounts_queue_does_not_exist() -> None:
    home, other = full_house(), house("Other")
    foreign = queue(other)
    client = enter(home, "Bo")

    for page in ("change", "delete", "history"):
        assert client.get(reverse(f"admin:routing_taskqueue_{page}", args=[foreign.pk])).status_code == 404
    assert save_queue(client, foreign).status_code == 404
    assert foreign.friendly_name not in client.get(reverse("admin:routing_taskqueue_changelist")).text


# --- tasks ---


def waiting_task(home: House) -> Task:
    return actions.create_task(home.workspace, attributes={"name": "Maria"}, task_queue=queue(home), actor=SYSTEM)


def test_canceling_asks_for_a_reason() -> None:
    home = full_house()
    task = waiting_task(home)
    client = enter(home, "Bo")
    url = reverse("admin:routing_task_cancel", args=[task.pk])

    assert "reason" in client.post(url, {"reason": ""}).context["form"].errors
    task.refresh_from_db()
    assert task.assignment_status == "pending"

    assert client.post(url, {"reason": "customer called"}).status_code == 302
    task.refresh_from_db()
    assert (task.assignment_status, task.reason) == ("canceled", "customer called")
    assert events("task.canceled")[0].actor_sid == home.users["Bo"].sid
    assert client.get(url).status_code == 403


def test_a_task_is_hurried_up() -> None:
    home = full_house()
    task = waiting_task(home)

    enter(home, "Bo").post(reverse("admin:routing_task_hurry", args=[task.pk]), {"priority": 50})

    task.refresh_from_db()
    assert task.priority == 50
    assert events("task.updated")[0].data["priority"] == 50


def test_states_are_read_only() -> None:
    home = full_house()
    task = waiting_task(home)
    client = enter(home, "Dee")

    answer = client.post(reverse("admin:routing_task_change", args=[task.pk]), {"assignment_status": "completed"})

    task.refresh_from_db()
    assert answer.status_code == 403
    assert task.assignment_status == "pending"
    assert client.get(reverse("admin:routing_task_add")).status_code == 403


def test_a_foreign_task_cannot_be_canceled() -> None:
    home, other = full_house(), house("Other")
    task = waiting_task(other)

    answer = enter(home, "Bo").post(reverse("admin:routing_task_cancel", args=[task.pk]), {"reason": "mine"})

    task.refresh_from_db()
    assert answer.status_code in (403, 404)
    assert task.assignment_status == "pending"
