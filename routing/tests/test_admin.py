"""Queues, workflows and tasks in the admin."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from eventlog.models import Event
from kernel.actor import SYSTEM
from routing import actions
from routing.models import Task, TaskQueue, Workflow
from tests.office import enter
from tests.people import House, available, full_house, house

pytestmark = pytest.mark.django_db


def queue(home: House, name: str = "Support", expression: str = "skills HAS 'support'") -> TaskQueue:
    row = TaskQueue(workspace=home.workspace)
    return actions.save_queue(row, friendly_name=name, target_workers=expression, actor=SYSTEM)


def workflow(home: House, document: dict[str, Any], name: str = "Messages") -> Workflow:
    text = json.dumps({"task_routing": document})
    row = Workflow(workspace=home.workspace)
    return actions.save_workflow(row, friendly_name=name, configuration=text, actor=SYSTEM)


def events(type: str) -> list[Event]:  # noqa: A002
    return list(Event.objects.filter(type=type).order_by("pk"))


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


# --- workflows ---


def form_of(home: House, row: Workflow | None = None, **changes: Any) -> dict[str, Any]:
    """What a browser posts: the rows and the document as they are, and the changes."""
    given: dict[str, Any] = {
        "friendly_name": row.friendly_name if row else "Messages",
        "task_reservation_timeout": 30,
        "configuration": row.configuration.replace("\n", "\r\n") if row else "",
        "source": "",
        "seen_version": row.version if row else 1,
    }
    routing = json.loads(row.configuration)["task_routing"] if row else {}
    for index, rule in enumerate(routing.get("filters", [])):
        given[f"rules-{index}-name"] = rule.get("filter_friendly_name", "")
        given[f"rules-{index}-expression"] = rule["expression"]
        for place, target in enumerate(rule["targets"]):
            given |= {f"rules-{index}-{place}-{key}": value for key, value in target.items()}
    given |= {f"rules-default-{key}": value for key, value in routing.get("default_filter", {}).items()}
    return {**given, **changes}


def save_workflow(client: Client, given: dict[str, Any], row: Workflow | None = None) -> Any:
    name = "routing_workflow"
    return client.post(reverse(f"admin:{name}_change", args=[row.pk]) if row else reverse(f"admin:{name}_add"), given)


def sales_first(support: TaskQueue, sales: TaskQueue) -> dict[str, Any]:
    return {
        "filters": [
            {
                "filter_friendly_name": "Sales",
                "expression": "topic == 'sales'",
                "targets": [
                    {"queue": sales.sid, "priority": 5, "timeout": 60, "order_by": "worker.level DESC"},
                    {"queue": support.sid, "expression": "worker.level > 2"},
                ],
            }
        ],
        "default_filter": {"queue": support.sid},
    }


def test_a_workflow_is_made_by_its_form() -> None:
    home = full_house()
    support, sales = queue(home), queue(home, "Sales")
    given = form_of(home) | {
        "rules-a-name": "Sales",
        "rules-a-expression": "topic == 'sales'",
        "rules-a-x-queue": sales.sid,
        "rules-a-x-priority": "5",
        "rules-a-x-timeout": "60",
        "rules-a-y-queue": support.sid,
        "rules-b-name": "",
        "rules-b-expression": "",
        "rules-b-z-queue": "",
        "rules-default-queue": support.sid,
    }

    response = save_workflow(enter(home, "Bo"), given)

    saved = Workflow.objects.get()
    assert response.status_code == 302
    assert json.loads(saved.configuration) == {
        "task_routing": {
            "filters": [
                {
                    "filter_friendly_name": "Sales",
                    "expression": "topic == 'sales'",
                    "targets": [{"queue": sales.sid, "priority": 5, "timeout": 60}, {"queue": support.sid}],
                }
            ],
            "default_filter": {"queue": support.sid},
        }
    }
    assert events("workflow.created")[0].subject_sid == saved.sid


def test_the_next_task_follows_a_changed_priority_and_timeout() -> None:
    home = full_house()
    support, sales = queue(home), queue(home, "Sales")
    row = workflow(home, sales_first(support, sales))
    given = form_of(home, row) | {"rules-0-0-priority": "90", "rules-0-0-timeout": "15"}

    save_workflow(enter(home, "Bo"), given, row)

    row.refresh_from_db()
    target = json.loads(row.configuration)["task_routing"]["filters"][0]["targets"][0]
    assert target == {"queue": sales.sid, "priority": 90, "timeout": 15, "order_by": "worker.level DESC"}
    task = actions.create_task(home.workspace, attributes={"topic": "sales"}, workflow=row, actor=SYSTEM)
    assert (task.priority, (task.step_due_at - task.created_at).total_seconds()) == (90, 15)


def test_the_order_of_the_filters_is_the_order_on_the_page() -> None:
    home = full_house()
    support = queue(home)
    given = form_of(home)
    for name in ("second", "first"):
        given |= {
            f"rules-{name}-name": name,
            f"rules-{name}-expression": "1==1",
            f"rules-{name}-0-queue": support.sid,
        }

    save_workflow(enter(home, "Bo"), given)

    filters = json.loads(Workflow.objects.get().configuration)["task_routing"]["filters"]
    assert [rule["filter_friendly_name"] for rule in filters] == ["second", "first"]


def test_a_document_is_kept_to_the_letter_unless_it_is_changed() -> None:
    home = full_house()
    row = workflow(home, sales_first(queue(home), queue(home, "Sales")))
    before = row.configuration

    save_workflow(enter(home, "Bo"), form_of(home, row, task_reservation_timeout=45), row)

    row.refresh_from_db()
    assert (row.configuration, row.task_reservation_timeout) == (before, 45)


@pytest.mark.parametrize(
    ("field", "value", "path", "words"),
    [
        ("rules-0-expression", "topic ~ 'sales'", "task_routing.filters[0].expression", "Line 1, column"),
        ("rules-0-1-expression", "level > 2", "task_routing.filters[0].targets[1].expression", "worker."),
        ("rules-0-0-priority", "high", "task_routing.filters[0].targets[0].priority", "whole number"),
        ("rules-0-0-timeout", "0", "task_routing.filters[0].targets[0].timeout", "whole number"),
        ("rules-0-0-queue", "WQgone", "task_routing.filters[0].targets[0].queue", "no queue"),
    ],
)
def test_a_wrong_rule_is_refused_at_its_row(field: str, value: str, path: str, words: str) -> None:
    home = full_house()
    row = workflow(home, sales_first(queue(home), queue(home, "Sales")))
    before = row.configuration

    response = save_workflow(enter(home, "Bo"), form_of(home, row, **{field: value}, friendly_name="Kept"), row)

    form = response.context["adminform"].form
    assert words in form.fields["rules"].widget.errors[path]
    assert "Filter 1" in form.errors["rules"][0]
    assert form["friendly_name"].value() == "Kept"
    assert value in response.context["adminform"].form["rules"].as_widget().replace("&#x27;", "'").replace("&gt;", ">")
    row.refresh_from_db()
    assert row.configuration == before
    assert not events("workflow.updated")


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ('{"task_routing": {\n"filters": [}}', "Line 2, column 13"),
        (
            '{"task_routing": {"filters": [{"expression": "1=="}]}}',
            "task_routing.filters[0].expression: Line 1, column 4",
        ),
        ('{"task_routing": {}}', "task_routing: "),
    ],
)
def test_a_wrong_document_is_refused_at_its_field_with_the_place(document: str, words: str) -> None:
    home = full_house()
    row = workflow(home, sales_first(queue(home), queue(home, "Sales")))

    response = save_workflow(enter(home, "Bo"), form_of(home, row, configuration=document), row)

    form = response.context["adminform"].form
    assert words in form.errors["configuration"][0]
    assert form["configuration"].value() == document
    assert not events("workflow.updated")


def test_a_changed_document_is_saved_as_it_was_written() -> None:
    home = full_house()
    support = queue(home)
    row = workflow(home, sales_first(support, queue(home, "Sales")))
    document = '{"task_routing":\n  {"default_filter": {"queue": "WQ", "priority": "7"}}}'.replace("WQ", support.sid)

    save_workflow(enter(home, "Bo"), form_of(home, row, configuration=document.replace("\n", "\r\n")), row)

    row.refresh_from_db()
    assert row.configuration == document


@pytest.mark.parametrize(("source", "priority"), [("rules", 8), ("document", 9)])
def test_where_both_were_changed_the_person_says_which(source: str, priority: int) -> None:
    home = full_house()
    support = queue(home)
    row = workflow(home, {"default_filter": {"queue": support.sid}})
    document = json.dumps({"task_routing": {"default_filter": {"queue": support.sid, "priority": 9}}})
    given = form_of(home, row, configuration=document, **{"rules-default-priority": "8"})
    client = enter(home, "Bo")

    undecided = save_workflow(client, given, row)
    assert "source" in undecided.context["adminform"].form.errors
    save_workflow(client, given | {"source": source}, row)

    row.refresh_from_db()
    assert json.loads(row.configuration)["task_routing"]["default_filter"]["priority"] == priority


def test_what_somebody_else_saved_meanwhile_is_not_overwritten_unseen() -> None:
    home = full_house()
    support = queue(home)
    row = workflow(home, {"default_filter": {"queue": support.sid}})
    mine = form_of(home, row, friendly_name="Mine")
    client = enter(home, "Bo")
    save_workflow(client, form_of(home, row, friendly_name="Theirs"), row)

    first = save_workflow(client, mine, row)
    row.refresh_from_db()
    assert "Somebody else" in first.text
    assert row.friendly_name == "Theirs"

    seen = first.context["adminform"].form["seen_version"].value()
    assert save_workflow(client, mine | {"seen_version": seen}, row).status_code == 302


def test_a_workflow_may_not_name_another_accounts_queue() -> None:
    home, other = full_house(), house("Other")
    foreign = queue(other)

    response = save_workflow(enter(home, "Bo"), form_of(home, **{"rules-default-queue": foreign.sid}))

    assert "rules" in response.context["adminform"].form.errors
    assert not Workflow.objects.exists()


# --- tasks ---


def waiting_task(home: House) -> Task:
    return actions.create_task(home.workspace, attributes={"name": "Maria"}, task_queue=queue(home), actor=SYSTEM)


def test_a_task_tells_why_it_waits() -> None:
    home = full_house()
    task = waiting_task(home)
    available(home, "Ada")

    page = enter(home, "Bo").get(reverse("admin:routing_task_change", args=[task.pk])).text

    assert "Number 1 in the queue. 2 agents serve it, 1 available." in page


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
