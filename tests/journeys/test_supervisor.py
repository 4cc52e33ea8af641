"""A supervisor changes the rules in the admin, and the next task follows them without a restart."""

import pytest
from playwright.sync_api import Page, expect

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


def test_an_agent_cannot_enter_the_admin(cast: Cast) -> None:
    ana = cast.agent("ana")

    assert ana.page.request.get("/admin/").status == 403
