"""A supervisor changes the rules in the admin, and the next task follows them without a restart."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys.people import SOON, Cast

pytestmark = [pytest.mark.journey, pytest.mark.browser]


def save(page: Page) -> None:
    page.locator("[name=_save]").click()
    page.wait_for_load_state()


def change(page: Page, model: str, name: str) -> None:
    page.goto(f"/admin/{model}/")
    page.get_by_role("link", name=name, exact=True).first.click()
    page.wait_for_load_state()


def add_queue(page: Page, *, name: str, expression: str, wrong: str) -> None:
    page.goto("/admin/routing/taskqueue/add/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Target workers").fill(wrong)
    save(page)
    expect(page.get_by_text("column").first).to_be_visible()
    expect(page.get_by_label("Name")).to_have_value(name)
    page.get_by_label("Target workers").fill(expression)
    save(page)
    expect(page.get_by_role("link", name=name, exact=True).first).to_be_visible()


def route_by_default_to(page: Page, queue: str, *, priority: str) -> None:
    change(page, "routing/workflow", "Messages")
    page.locator("[name=rules-default-queue]").select_option(label=queue)
    page.locator("[name=rules-default-priority]").fill(priority)
    save(page)
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_text("The next task goes by it.").first).to_be_visible()


def give_skills(page: Page, worker: str, skills: str) -> None:
    change(page, "agents/worker", worker)
    page.get_by_label("Skills").fill(skills)
    save(page)


def test_the_next_task_goes_by_the_new_rules(cast: Cast) -> None:
    sofia = cast.supervisor("sofia")
    add_queue(sofia, name="Returns", expression="skills HAS 'returns'", wrong="skills HAS")
    give_skills(sofia, "Ben Carter", "support, returns")
    route_by_default_to(sofia, "Returns", priority="7")
    ana, ben = cast.agent("ana"), cast.agent("ben")
    ana.activity("Available")
    ben.activity("Available")
    try:
        cast.phone("sms").say("I want to send it back")

        card = ben.offer("I want to send it back")
        expect(card).to_contain_text("Returns")
        expect(card).to_contain_text("7")
        expect(ana.page.locator(".offer-card", has_text="I want to send it back")).to_have_count(0)
        ben.accept("I want to send it back")
    finally:
        route_by_default_to(sofia, "Support", priority="")


def test_a_wrong_workflow_is_refused_at_its_place_and_nothing_is_lost(cast: Cast) -> None:
    sofia = cast.supervisor("sofia")
    change(sofia, "routing/workflow", "Messages")
    first = sofia.locator("[name=rules-0-expression]")
    first.fill("topic ==")
    sofia.locator("[name=rules-0-0-timeout]").fill("45")
    save(sofia)

    expect(sofia.locator(".cc-error").first).to_be_visible(timeout=SOON)
    expect(first).to_have_attribute("aria-invalid", "true")
    expect(first).to_have_value("topic ==")
    expect(sofia.locator("[name=rules-0-0-timeout]")).to_have_value("45")


def add_first_filter(page: Page, *, name: str, expression: str, queue: str, priority: str) -> Locator:
    """A filter before all others; returned as the row that it is until the page comes anew."""
    page.get_by_role("button", name="Add a filter").click()
    row = page.locator(f"#{page.locator('[data-item=filter]').last.get_attribute('id')}")
    row.get_by_label("Name of the filter").fill(name)
    row.get_by_label("If", exact=True).fill(expression)
    row.get_by_label("Queue").select_option(label=queue)
    row.get_by_label("Priority").fill(priority)
    for _ in range(page.locator("[data-item=filter]").count() - 1):
        row.locator(".cc-filter-head").get_by_role("button", name="Earlier").click()
    return row


def publish_again(page: Page, *, former: int) -> None:
    """Back to the version so many before the one that is published."""
    change(page, "routing/workflow", "Messages")
    page.get_by_role("link", name="Versions").click()
    page.locator(".cc-table tbody tr").nth(former).get_by_role("link").click()
    page.get_by_role("link", name="Publish it again").click()
    expect(page.get_by_role("heading", name="What changes")).to_be_visible()
    page.get_by_role("button", name="Publish it again").click()
    expect(page.get_by_text("is published again.").first).to_be_visible()


def test_a_workflow_is_tried_before_it_bites_and_taken_back(cast: Cast) -> None:
    sofia = cast.supervisor("sofia")
    ana, ben = cast.agent("ana"), cast.agent("ben")
    ana.activity("Offline")
    ben.activity("Available")
    add_queue(sofia, name="Refunds", expression="skills HAS 'refunds'", wrong="skills HAS")

    # Written, it is warned of; a draft is left and found again.
    change(sofia, "routing/workflow", "Messages")
    row = add_first_filter(sofia, name="Refunds", expression="channel == 'whatsapp'", queue="Refunds", priority="8")
    expect(row).to_contain_text("0 agents, 0 available", timeout=SOON)
    expect(row).to_contain_text("No worker matches Refunds.")
    sofia.get_by_role("button", name="Save draft", exact=True).click()
    expect(sofia.get_by_text("You see the draft.")).to_be_visible()
    give_skills(sofia, "Ben Carter", "support, refunds")
    change(sofia, "routing/workflow", "Messages")
    first = sofia.locator("#row-0")
    expect(first.get_by_label("Name of the filter")).to_have_value("Refunds")
    expect(first).to_contain_text("1 agent, 1 available", timeout=SOON)
    expect(first).to_contain_text("Ben Carter")
    expect(first).not_to_contain_text("No worker matches")

    # Tried, it says what would come, and nobody is asked.
    sofia.get_by_role("link", name="Dry run").click()
    sofia.get_by_label("Attributes").fill('{"channel": "whatsapp"}')
    sofia.get_by_role("button", name="Try").click()
    expect(sofia.get_by_text("It would wait in Refunds with priority 8.")).to_be_visible()
    expect(sofia.get_by_text("Ben Carter would be asked first.")).to_be_visible()
    expect(ben.page.locator(".offer-card")).to_have_count(0)

    # Reviewed and published, the next task goes by it.
    sofia.get_by_role("link", name="Review").click()
    added = sofia.locator(".cc-difference .cc-rule.cc-added")
    expect(added).to_have_count(1)
    expect(added).to_contain_text("channel == 'whatsapp'")
    sofia.get_by_role("button", name="Publish", exact=True).click()
    expect(sofia.get_by_text("The next task goes by it.").first).to_be_visible()
    cast.phone("whatsapp").say("I want my money back")
    expect(ben.offer("I want my money back")).to_contain_text("Refunds")
    ben.accept("I want my money back")

    # Taken back, the next one goes as before.
    publish_again(sofia, former=1)
    ben.activity("Offline")
    ana.activity("Available")
    cast.phone("whatsapp").say("Where is my parcel")
    expect(ana.offer("Where is my parcel")).to_contain_text("Support")
    ana.accept("Where is my parcel")


def test_an_agent_cannot_enter_the_admin(cast: Cast) -> None:
    ana = cast.agent("ana")

    assert ana.page.request.get("/admin/").status == 403
