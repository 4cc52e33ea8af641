"""The editor of workflows in the admin: a new one is published, a changed one becomes a draft."""

import json
import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kernel.actor import SYSTEM
from routing import actions
from routing.models import Draft, Workflow
from routing.tests.office import events, form_of, page, queue, rows_of, sales_first, save, workflow
from tests.office import enter
from tests.people import House, available, full_house, house

pytestmark = pytest.mark.django_db


def sales_workflow(home: House) -> Workflow:
    return workflow(home, sales_first(queue(home), queue(home, "Sales", "skills HAS 'sales'")))


def first_target(draft: Draft) -> dict[str, Any]:
    target: dict[str, Any] = json.loads(draft.configuration)["task_routing"]["filters"][0]["targets"][0]
    return target


# --- a new one ---


def test_a_new_workflow_is_published_at_once() -> None:
    home = full_house()
    support, sales = queue(home), queue(home, "Sales")
    given = form_of() | {
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

    response = save(enter(home, "Bo"), given)

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
    assert not Draft.objects.exists()
    assert events("workflow.created")[0].subject_sid == saved.sid


def test_where_there_is_no_queue_the_way_to_one_is_shown() -> None:
    home = full_house()
    client = enter(home, "Bo")

    assert "There is no queue yet" in client.get(page("add")).text
    queue(home)

    assert "There is no queue yet" not in client.get(page("add")).text


def test_the_order_of_the_filters_is_the_order_on_the_page() -> None:
    home = full_house()
    support = queue(home)
    given = form_of()
    for name in ("second", "first"):
        given |= {
            f"rules-{name}-name": name,
            f"rules-{name}-expression": "1==1",
            f"rules-{name}-0-queue": support.sid,
        }

    save(enter(home, "Bo"), given)

    filters = json.loads(Workflow.objects.get().configuration)["task_routing"]["filters"]
    assert [rule["filter_friendly_name"] for rule in filters] == ["second", "first"]


def test_a_workflow_may_not_name_another_accounts_queue() -> None:
    home, other = full_house(), house("Other")
    foreign = queue(other)

    response = save(enter(home, "Bo"), form_of(**{"rules-default-queue": foreign.sid}))

    assert "rules" in response.context["adminform"].form.errors
    assert not Workflow.objects.exists()


# --- a changed one ---


def test_what_is_saved_becomes_a_draft_that_decides_nothing() -> None:
    home = full_house()
    row = sales_workflow(home)
    before = row.configuration

    response = save(enter(home, "Bo"), form_of(row, **{"rules-0-0-priority": "90", "rules-0-0-timeout": "15"}), row)

    draft = Draft.objects.get()
    row.refresh_from_db()
    assert response.url == page("review", row.pk)
    assert first_target(draft) | {"queue": ""} == {
        "queue": "",
        "priority": 90,
        "timeout": 15,
        "order_by": "worker.level DESC",
    }
    assert (draft.actor_sid, row.configuration, row.version) == (home.users["Bo"].sid, before, 1)
    task = actions.create_task(home.workspace, attributes={"topic": "sales"}, workflow=row, actor=SYSTEM)
    assert task.priority == 5


def test_the_editor_shows_the_draft_and_its_state() -> None:
    home = full_house()
    row = sales_workflow(home)
    client = enter(home, "Bo")
    save(client, form_of(row, **{"rules-0-0-priority": "90", "_continue": "1"}), row)

    shown = client.get(page("change", row.pk))

    assert shown.context["adminform"].form.fields["rules"].initial["filters"][0]["targets"][0]["priority"] == "90"
    assert "You see the draft." in shown.text
    assert "Saved by Bo" in shown.text
    assert "Published is version 1, by the product itself" in shown.text
    assert page("review", row.pk) in shown.text


def test_a_refused_save_says_that_what_was_written_is_shown_and_not_saved() -> None:
    home = full_house()
    row = sales_workflow(home)
    client = enter(home, "Bo")

    without_draft = save(client, form_of(row, **{"rules-0-0-priority": "high"}), row)
    save(client, form_of(row, **{"rules-0-0-priority": "9"}), row)
    with_draft = save(client, form_of(row, **{"rules-0-0-priority": "high"}), row)
    new = save(client, form_of(None, friendly_name=""))

    for shown in (without_draft, with_draft, new):
        assert "You see what you wrote. It is not saved." in shown.text
        assert "You see the draft." not in shown.text
        assert "You see what is published." not in shown.text
    assert "There is no draft yet." in without_draft.text
    assert "The draft is still what Bo saved" in with_draft.text


def test_a_second_change_goes_on_from_the_draft() -> None:
    home = full_house()
    row = sales_workflow(home)
    client = enter(home, "Bo")
    save(client, form_of(row, **{"rules-0-0-priority": "90"}), row)

    save(client, form_of(row, **{"rules-0-0-timeout": "15"}), row)

    draft = Draft.objects.get()
    target = first_target(draft)
    assert (target["priority"], target["timeout"], draft.version) == (90, 15, 2)


def test_a_form_that_nobody_has_touched_makes_no_draft() -> None:
    home = full_house()
    row = sales_workflow(home)
    client = enter(home, "Bo")

    untouched = save(client, form_of(row), row)
    unsent = save(client, {key: value for key, value in form_of(row).items() if key.startswith("seen")}, row)

    assert untouched.url == unsent.url == page("change", row.pk)
    assert not Draft.objects.exists()
    assert not events("workflow.updated")


def test_rows_may_come_packed_in_one_field() -> None:
    home = full_house()
    row = sales_workflow(home)
    packed = rows_of(row.configuration) | {"rules-0-0-priority": "7"}

    save(enter(home, "Bo"), {"seen_number": 1, "seen_draft": 0, "rules": json.dumps(packed)}, row)

    assert first_target(Draft.objects.get())["priority"] == 7


def test_a_document_is_kept_to_the_letter() -> None:
    home = full_house()
    support = queue(home)
    row = sales_workflow_of(home, support)
    document = '{"task_routing":\n  {"default_filter": {"queue": "WQ", "priority": "7"}}}'.replace("WQ", support.sid)

    save(enter(home, "Bo"), form_of(row, configuration=document.replace("\n", "\r\n")), row)

    assert Draft.objects.get().configuration == document


def sales_workflow_of(home: House, support: Any) -> Workflow:
    return workflow(home, sales_first(support, queue(home, "Sales")))


@pytest.mark.parametrize(
    ("field", "value", "path", "words"),
    [
        ("rules-0-expression", "topic ~ 'sales'", "task_routing.filters[0].expression", "Line 1, column"),
        ("rules-0-1-expression", "level > 2", "task_routing.filters[0].targets[1].expression", "worker."),
        ("rules-0-0-priority", "high", "task_routing.filters[0].targets[0].priority", "whole number"),
        ("rules-0-0-timeout", "0", "task_routing.filters[0].targets[0].timeout", "whole number"),
        ("rules-0-0-queue", "WQgone", "task_routing.filters[0].targets[0].queue", "no queue"),
        ("rules-0-expression", "calendar.gone.open == true", "task_routing.filters[0].expression", "no calendar gone"),
    ],
)
def test_a_wrong_rule_is_refused_at_its_row(field: str, value: str, path: str, words: str) -> None:
    home = full_house()
    row = sales_workflow(home)

    response = save(enter(home, "Bo"), form_of(row, **{field: value}), row)

    form = response.context["adminform"].form
    assert form.editor.refusal.path == path
    assert words in form.editor.refusal.message
    assert "Filter 1" in form.errors["rules"][0]
    assert value in form["rules"].as_widget().replace("&#x27;", "'").replace("&gt;", ">")
    assert re.search(rf'name="{field}"[^>]* aria-invalid="true"', response.text)
    assert response.text.count('aria-invalid="true"') == 1
    assert 'data-edited="rules"' in response.text
    assert not Draft.objects.exists()


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
    row = sales_workflow(home)

    response = save(enter(home, "Bo"), form_of(row, configuration=document), row)

    form = response.context["adminform"].form
    assert words in form.errors["configuration"][0]
    assert form["configuration"].value() == document
    assert not Draft.objects.exists()


def test_the_rows_and_another_document_together_are_refused() -> None:
    home = full_house()
    support = queue(home)
    row = workflow(home, {"default_filter": {"queue": support.sid}})
    document = json.dumps({"task_routing": {"default_filter": {"queue": support.sid, "priority": 9}}})

    answer = save(enter(home, "Bo"), form_of(row, configuration=document, **{"rules-default-priority": "8"}), row)

    assert "were both changed" in answer.text
    assert not Draft.objects.exists()


def test_what_somebody_else_saved_meanwhile_is_not_overwritten_unseen() -> None:
    home = full_house()
    row = sales_workflow(home)
    mine = form_of(row, **{"rules-0-0-priority": "1"})
    del mine["configuration"]  # The browser leaves out what nobody has touched.
    client = enter(home, "Bo")
    save(client, form_of(row, **{"rules-0-0-priority": "2"}), row)

    first = save(client, mine, row)
    assert "Somebody else" in first.text
    assert first_target(Draft.objects.get())["priority"] == 2

    seen = {name: first.context["adminform"].form[name].value() for name in ("seen_number", "seen_draft")}
    assert save(client, mine | seen, row).url == page("review", row.pk)
    assert first_target(Draft.objects.get())["priority"] == 1


def test_what_somebody_else_published_meanwhile_is_not_undone_unseen() -> None:
    home = full_house()
    support = queue(home)
    row = sales_workflow_of(home, support)
    mine = form_of(row, **{"rules-0-0-priority": "1"})
    theirs = json.dumps({"task_routing": {"default_filter": {"queue": support.sid}}})
    actions.save_workflow(row, configuration=theirs, actor=SYSTEM)

    answer = save(enter(home, "Bo"), mine, row)

    assert "Somebody else" in answer.text
    assert not Draft.objects.exists()


def test_name_and_timeout_are_changed_by_a_question_of_their_own() -> None:
    home = full_house()
    row = sales_workflow(home)
    client = enter(home, "Bo")
    url = page("change_settings", row.pk)

    assert "Messages" in client.get(url).text
    assert client.post(url, {"friendly_name": "Letters", "task_reservation_timeout": "0"}).status_code == 200
    client.post(url, {"friendly_name": "Letters", "task_reservation_timeout": "45"})

    row.refresh_from_db()
    assert (row.friendly_name, row.task_reservation_timeout, row.versions.count()) == ("Letters", 45, 1)
    (event,) = events("workflow.updated")
    assert event.data["previous"] == {"friendly_name": "Messages", "task_reservation_timeout": 120}


def test_assignment_callbacks_are_set_beside_the_document() -> None:
    home = full_house()
    row = sales_workflow(home)
    client = enter(home, "Bo")
    url = page("change_settings", row.pk)
    given = {
        "friendly_name": "Messages",
        "task_reservation_timeout": "120",
        "assignment_callback_url": "https://crm.example.com/assign",
        "fallback_assignment_callback_url": "crm",
    }

    assert "Give a complete URL" in client.post(url, given).text
    client.post(url, given | {"fallback_assignment_callback_url": "https://crm.example.com/fallback"})

    row.refresh_from_db()
    assert row.assignment_callback_url == "https://crm.example.com/assign"
    assert row.fallback_assignment_callback_url == "https://crm.example.com/fallback"


def test_the_list_tells_which_have_drafts() -> None:
    home = full_house()
    row = sales_workflow(home)
    client = enter(home, "Bo")
    save(client, form_of(row, **{"rules-0-0-priority": "90"}), row)

    for _ in range(2):
        actions.create_task(home.workspace, attributes={}, workflow=row, actor=SYSTEM)
    canceled = actions.create_task(home.workspace, attributes={}, workflow=row, actor=SYSTEM)
    actions.cancel_task(canceled, actor=SYSTEM, reason="gone")

    (listed,) = client.get(page("changelist")).context["cl"].result_list

    assert (listed.has_draft, listed.live_count) == (True, 2)


@pytest.mark.parametrize("name", ["changelist", "change"])
def test_no_page_groups_tasks_by_whole_documents(name: str) -> None:
    home = full_house()
    row = sales_workflow(home)
    client = enter(home, "Bo")

    with CaptureQueriesContext(connection) as queries:
        client.get(page(name, *([row.pk] if name == "change" else [])))

    grouped = [query["sql"].partition("GROUP BY")[2] for query in queries]
    assert not any("configuration" in columns for columns in grouped)


# --- who may ---


def test_another_accounts_workflow_does_not_exist() -> None:
    home, other = full_house(), house("Other")
    foreign = sales_workflow(other)
    client = enter(home, "Bo")

    pages = ["change", "delete", "review", "versions", "change_settings", "try_out", "publish", "discard"]
    for address in [page(name, foreign.pk) for name in pages]:
        assert client.get(address).status_code == 404, address
        assert client.post(address, {"seen_draft": 0, "seen_number": 1}).status_code == 404, address
    for name in ("version", "revert", "redraft"):
        assert client.get(page(name, foreign.pk, 1)).status_code == 404
        assert client.post(page(name, foreign.pk, 1)).status_code == 404
    assert client.post(page("look"), {"workflow": foreign.pk, "rules": "{}"}).status_code == 404
    assert "Messages" not in client.get(page("changelist")).text


def test_agents_do_not_enter() -> None:
    home = full_house()
    row = sales_workflow(home)
    available(home, "Ada")
    client = enter(home, "Ada")

    for address in (page("change", row.pk), page("review", row.pk), page("try_out", row.pk), page("look")):
        assert client.get(address).status_code == 302
        assert client.post(address).status_code == 302
    assert reverse("admin:login") in client.get(page("versions", row.pk)).url
