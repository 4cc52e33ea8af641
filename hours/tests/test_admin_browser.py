"""The page of a calendar in a real browser: blocks that come and go, and a preview that follows."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from hours.models import Calendar
from tests.browsing import MARKS, sit_down, tab
from tests.office import enter
from tests.people import full_house

pytestmark = MARKS


@pytest.fixture
def page(live_server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """A tab in Madrid."""
    with tab(live_server.url, monkeypatch, timezone_id="Europe/Madrid") as made:
        yield made


def day(page: Page, name: str) -> Any:
    return page.get_by_role("group", name=name)


def test_a_calendar_is_made_by_hand(page: Page) -> None:
    sit_down(page, enter(full_house(), "Bo"))
    page.goto("/admin/hours/calendar/add/")
    plan = page.locator("#cc-plan")
    expect(plan.locator("li")).to_have_count(14)

    page.locator("#id_friendly_name").fill("Support")
    page.locator("#id_unique_name").fill("support")
    expect(page.locator("#id_time_zone")).to_have_value("Europe/Madrid")
    day(page, "Monday").get_by_label("Until").fill("13:00")
    day(page, "Monday").get_by_role("button", name="Hours", exact=True).click()
    day(page, "Monday").get_by_label("From").nth(1).fill("14:00")
    day(page, "Monday").get_by_label("Until").nth(1).fill("18:00")
    day(page, "Monday").get_by_role("button", name="Also Tuesday to Friday").click()
    day(page, "Friday").get_by_role("button", name="Remove these hours").nth(1).click()
    day(page, "Saturday").get_by_role("button", name="As the day before").click()
    expect(plan).to_contain_text("09:00-13:00, 14:00-18:00")
    page.get_by_label("Country").select_option(label="Spain")
    page.get_by_label("Part of the country").select_option(label="Madrid")
    page.get_by_label("Viernes Santo").check()
    page.get_by_role("button", name="Add an exception").click()
    page.locator(".cc-override").get_by_label("Name").fill("Eve")
    page.locator(".cc-override").get_by_label("From").first.fill("2026-12-24")
    page.locator(".cc-override").get_by_label("every year").check()
    page.locator(".cc-override").get_by_role("button", name="Hours", exact=True).click()
    page.locator(".cc-override").get_by_label("From").nth(1).fill("10:00")
    page.locator(".cc-override").get_by_label("Until").last.fill("12:00")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was added successfully")).to_be_visible()

    made = Calendar.objects.get().definition
    workday = ["09:00-13:00", "14:00-18:00"]
    assert [made["weekly"][name] for name in ("monday", "thursday", "friday", "saturday", "sunday")] == [
        workday,
        workday,
        ["09:00-13:00"],
        ["09:00-13:00"],
        [],
    ]
    assert (made["time_zone"], made["country"], made["subdivision"]) == ("Europe/Madrid", "ES", "MD")
    assert made["worked_holidays"] == ["Viernes Santo"]
    assert made["overrides"] == [
        {"name": "Eve", "first": "2026-12-24", "last": "2026-12-24", "yearly": True, "hours": ["10:00-12:00"]}
    ]


def test_what_cannot_be_is_said_while_one_types(page: Page) -> None:
    sit_down(page, enter(full_house(), "Bo"))
    page.goto("/admin/hours/calendar/add/")
    plan = page.locator("#cc-plan")

    day(page, "Monday").get_by_role("button", name="Hours", exact=True).click()
    day(page, "Monday").get_by_label("From").nth(1).fill("10:00")
    day(page, "Monday").get_by_label("Until").nth(1).fill("11:00")
    expect(plan).to_contain_text("Monday: 09:00-18:00 and 10:00-11:00 overlap.")

    day(page, "Monday").get_by_role("button", name="Remove these hours").nth(1).click()
    expect(plan.locator("li")).to_have_count(14)


def test_a_tick_that_comes_before_the_answer_counts(page: Page) -> None:
    sit_down(page, enter(full_house(), "Bo"))
    page.goto("/admin/hours/calendar/add/")
    page.get_by_label("Country").select_option(label="Spain")
    expect(page.get_by_label("Viernes Santo")).to_be_visible()
    held: list[Any] = []
    page.route("**/holidays/**", lambda route: held.append(route))  # noqa: PLW0108 - Playwright takes no built-in

    with page.expect_request("**/holidays/**"):
        page.get_by_label("Part of the country").select_option(label="Madrid")
    page.get_by_label("Viernes Santo").check()
    held[0].continue_()

    expect(page.get_by_label("Jueves Santo")).to_be_visible()
    expect(page.get_by_label("Viernes Santo")).to_be_checked()
