"""The parts of the admin that live in the browser: rows that move, and who matches while one types."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from kernel.actor import SYSTEM
from routing import actions
from routing.models import Draft, TaskQueue, Workflow
from tests.browsing import MARKS, sit_down, tab
from tests.office import enter
from tests.people import House, available, full_house

pytestmark = MARKS


@pytest.fixture
def page(live_server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """A tab on the running admin."""
    with tab(live_server.url, monkeypatch) as made:
        yield made


def queue(home: House, name: str, expression: str = "1==1") -> TaskQueue:
    row = TaskQueue(workspace=home.workspace)
    return actions.save_queue(row, friendly_name=name, target_workers=expression, actor=SYSTEM)


def test_filters_and_targets_are_added_moved_and_removed(page: Page) -> None:
    home = full_house()
    support, sales = queue(home, "Support"), queue(home, "Sales")
    old = {"filter_friendly_name": "Old", "expression": "1==1", "targets": [{"queue": support.sid}]}
    text = json.dumps({"task_routing": {"filters": [old], "default_filter": {"queue": support.sid}}})
    row = Workflow(workspace=home.workspace)
    row = actions.save_workflow(row, friendly_name="Messages", configuration=text, actor=SYSTEM)
    sit_down(page, enter(home, "Bo"))
    page.goto(f"/admin/routing/workflow/{row.pk}/change/")

    page.get_by_role("button", name="Add a filter").click()
    made = page.locator("[data-item=filter]").nth(1)
    made.get_by_label("Name of the filter").fill("New")
    made.get_by_label("If", exact=True).fill("topic == 'sales'")
    made.get_by_label("Queue").select_option("Sales")
    made.get_by_label("Priority").fill("7")
    made.get_by_label("Moves on after (s)").fill("30")
    made.get_by_role("button", name="Add a target").click()
    made.get_by_label("Queue").nth(1).select_option("Support")
    made.locator(".cc-filter-head").get_by_role("button", name="Earlier").click()
    page.get_by_role("button", name="Add a filter").click()
    page.locator("[data-item=filter]").nth(2).get_by_role("button", name="Remove the filter").click()
    page.get_by_role("button", name="Save draft", exact=True).click()
    expect(page.get_by_text("You see the draft.")).to_be_visible()

    first, second = json.loads(Draft.objects.get().configuration)["task_routing"]["filters"]
    assert first == {
        "filter_friendly_name": "New",
        "expression": "topic == 'sales'",
        "targets": [{"queue": sales.sid, "priority": 7, "timeout": 30}, {"queue": support.sid}],
    }
    assert second == old


def test_the_filters_and_the_document_follow_one_another(page: Page) -> None:
    home = full_house()
    support = queue(home, "Support")
    text = json.dumps({"task_routing": {"default_filter": {"queue": support.sid}}})
    row = Workflow(workspace=home.workspace)
    row = actions.save_workflow(row, friendly_name="Messages", configuration=text, actor=SYSTEM)
    sit_down(page, enter(home, "Bo"))
    page.goto(f"/admin/routing/workflow/{row.pk}/change/")
    document, priority = page.get_by_label("Configuration"), page.locator("[name=rules-default-priority]")

    priority.fill("7")
    page.get_by_text("Document (JSON)").click()
    expect(document).to_have_value(re.compile('"priority": 7'))
    document.fill(text.replace("}}}", ', "priority": 8}}}'))
    expect(priority).to_have_value("8")
    document.fill('{"task_routing": ')
    page.get_by_text("Filters", exact=True).click()
    expect(page.get_by_text("The document cannot be read at the moment.")).to_be_visible()
    priority.fill("9")
    expect(page.get_by_text("The document cannot be read at the moment.")).to_be_hidden()
    page.get_by_role("button", name="Save draft", exact=True).click()
    expect(page.get_by_text("You see the draft.")).to_be_visible()

    assert json.loads(Draft.objects.get().configuration)["task_routing"]["default_filter"]["priority"] == 9


def test_a_mistake_is_shown_and_in_focus_among_many_filters(page: Page) -> None:
    home = full_house()
    support = queue(home, "Support")
    rules = [{"expression": f"topic == 'x{number}'", "targets": [{"queue": support.sid}]} for number in range(12)]
    row = Workflow(workspace=home.workspace)
    text = json.dumps({"task_routing": {"filters": rules}})
    row = actions.save_workflow(row, friendly_name="Messages", configuration=text, actor=SYSTEM)
    sit_down(page, enter(home, "Bo"))
    page.goto(f"/admin/routing/workflow/{row.pk}/change/")
    eighth = page.locator("[data-item=filter]").nth(7)

    eighth.get_by_role("button", name="Targets").click()
    eighth.get_by_label("Priority").fill("high")
    page.get_by_role("button", name="Save draft", exact=True).click()
    expect(page.get_by_text("Please correct")).to_be_visible()

    expect(eighth.get_by_label("Priority")).to_be_focused()
    expect(eighth.get_by_label("Priority")).to_have_value("high")
    expect(eighth.get_by_text("whole number")).to_have_count(1)
    expect(page.locator("[aria-invalid]")).to_have_count(1)


def test_who_matches_follows_the_typing(page: Page) -> None:
    home = full_house()
    available(home, "Ada")
    sit_down(page, enter(home, "Bo"))
    page.goto("/admin/routing/taskqueue/add/")
    shown = page.locator("#cc-match")

    page.get_by_label("Target workers").fill("skills HAS 'sales'")
    expect(shown).to_contain_text("1 agent matches, 1 available")
    page.get_by_label("Target workers").fill("skills HAS")

    expect(shown).to_contain_text("Line 1, column 11")
    expect(shown).not_to_contain_text("Ada")


def test_a_token_is_not_made_again_by_a_reload(page: Page) -> None:
    from accounts.models import ApiKey

    home = full_house()
    sit_down(page, enter(home, "Dee"))
    page.goto("/admin/accounts/apikey/add/")
    page.get_by_label("Name").fill("Bot")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("cc_SK")).to_be_visible()

    page.reload()

    expect(page.get_by_text("hand conversations over to agents")).to_be_visible()
    expect(page.get_by_text("cc_SK")).to_have_count(0)
    assert ApiKey.objects.count() == 1
