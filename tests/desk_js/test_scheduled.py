"""Saying something later at the desk: likely times, any other time, and what waits."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from . import cast
from .fake_desk import FakeDesk
from .test_screen import CONTRAST

pytestmark = pytest.mark.browser

Opened = Callable[..., Page]
# A Wednesday, in whatever zone the browser has.
NOON = "new Date(2030, 0, 2, 12).getTime()"


def scheduled(number: int, body: str, **changes: Any) -> dict[str, Any]:
    return {
        "sid": cast.sid("SD", number),
        "version": 1,
        "conversation_sid": cast.sid("CH", 1),
        "ref": f"later-{number}",
        "author": {"kind": "agent", "sid": cast.WORKER_SID, "name": "Ana Ortega"},
        "body": body,
        "content": None,
        "status": "scheduled",
        "due_at": cast.ahead(days=1, hours=number),
        "error_code": "",
        "error_message": "",
        "message_sid": "",
        "date_created": cast.ago(minutes=1),
    } | changes


@pytest.mark.parametrize(
    ("now", "until", "wanted"),
    [
        (NOON, "undefined", ["02 13:00", "02 18:00", "03 09:00", "07 09:00"]),
        (f"{NOON} + 6.5 * 3600000", "undefined", ["02 19:30", "03 09:00", "07 09:00"]),
        ("new Date(2030, 0, 6, 12).getTime()", "undefined", ["06 13:00", "06 18:00", "07 09:00"]),
        (NOON, f"{NOON} + 7 * 3600000", ["02 13:00", "02 18:00"]),
    ],
)
def test_likely_times(module: Callable[..., Any], now: str, until: str, wanted: list[str]) -> None:
    found = module("later", f"m.choices({now}, {until}).map((one) => m.toField(one.at))")

    assert [text[8:].replace("T", " ") for text in found] == wanted


@pytest.mark.parametrize(
    ("after", "words"),
    [
        ("299_999", "Choose a time at least 5 minutes from now."),
        ("300_000", ""),
        ("35 * 86_400_000", ""),
        ("35 * 86_400_000 + 1", "Choose a time within 35 days."),
        ("NaN", "Choose a day and a time."),
    ],
)
def test_the_span_is_that_of_the_server(module: Callable[..., Any], after: str, words: str) -> None:
    assert module("later", f"m.problem(1e12 + {after}, 1e12)") == words
    assert module("later", "m.problem(1e12 + 400_000, 1e12, 1e12 + 400_000)").startswith("By then the window")
    assert module("later", f"m.fromField(m.toField({NOON})) === {NOON}") is True


def test_words_stay_until_the_server_has_them(desk: FakeDesk, opened: Opened) -> None:
    page = opened(at=f"#{cast.sid('CH', 1)}", conversations=[cast.conversation(1)])
    later, field = page.get_by_role("button", name="Send later"), page.locator("#composer-text")
    expect(later).to_be_disabled()
    desk.answers = False
    field.fill("  see you ")
    later.press("Enter")
    page.get_by_label("Day and time").fill((datetime.now(UTC) + timedelta(days=2)).strftime("%Y-%m-%dT10:30"))
    page.get_by_role("button", name="Schedule", exact=True).click()

    [frame] = desk.wait_for(lambda frame: frame["do"] == "message.schedule")
    assert (frame["conversation"], frame["body"]) == (cast.sid("CH", 1), "see you")
    assert frame["due_at"].endswith("Z")
    expect(field).to_have_value("  see you ")
    expect(later).to_be_disabled()
    row = scheduled(1, "see you")
    desk.send({"t": "ok", "ref": frame["ref"], "data": {"scheduled": row}})
    expect(field).to_have_value("")
    expect(page.locator(".scheduled-row")).to_have_count(1)


def test_words_go_as_well_when_the_event_comes_before_the_answer(desk: FakeDesk, opened: Opened) -> None:
    page = opened(at=f"#{cast.sid('CH', 1)}", conversations=[cast.conversation(1)])
    desk.answers = False
    page.locator("#composer-text").fill("see you")
    page.get_by_role("button", name="Send later").click()
    page.locator(".later-choice").first.click()
    [frame] = desk.wait_for(lambda frame: frame["do"] == "message.schedule")
    row = scheduled(1, "see you")

    desk.event("scheduled-message.created", row, ref=frame["ref"])
    desk.send({"t": "ok", "ref": frame["ref"], "data": {"scheduled": row}})

    expect(page.locator(".scheduled-row")).to_have_count(1)
    expect(page.locator("#composer-text")).to_have_value("")


def test_a_refused_time_is_told_and_the_words_stay(desk: FakeDesk, opened: Opened) -> None:
    page = opened(at=f"#{cast.sid('CH', 1)}", conversations=[cast.conversation(1)])
    desk.answers = False
    page.locator("#composer-text").fill("see you")
    page.get_by_role("button", name="Send later").click()
    page.get_by_label("Day and time").fill("2001-01-01T10:00")
    page.get_by_label("Day and time").press("Enter")
    expect(page.get_by_text("Choose a time at least 5 minutes from now.")).to_be_visible()
    assert desk.said("message.schedule") == []

    page.locator(".later-choice").first.click()
    [frame] = desk.wait_for(lambda frame: frame["do"] == "message.schedule")
    desk.send({"t": "error", "ref": frame["ref"], "code": "too-soon", "message": "Too soon.", "field": "due_at"})
    expect(page.get_by_text("Too soon.")).to_be_visible()
    expect(page.locator("#composer-text")).to_have_value("see you")
    expect(page.get_by_role("button", name="Send later")).to_be_enabled()


def test_what_waits_is_listed_changed_and_called_off(desk: FakeDesk, opened: Opened) -> None:
    rows = [scheduled(2, "second"), scheduled(1, "first"), scheduled(3, "gone", status="canceled")]
    page = opened(at=f"#{cast.sid('CH', 1)}", conversations=[cast.conversation(1)], scheduled=rows)
    shown = page.locator(".scheduled-row")
    expect(shown.locator(".scheduled-words")).to_have_text(["first", "second"])
    expect(page.locator(".scheduled summary")).to_have_text("2 scheduled messages")

    shown.first.get_by_role("button", name="Change").click()
    page.locator(".scheduled-change textarea").fill("other words")
    page.get_by_role("button", name="Save").click()
    [change] = desk.wait_for(lambda frame: frame["do"] == "scheduled.change")
    assert (change["scheduled"], change["body"]) == (cast.sid("SD", 1), "other words")
    shown.nth(1).get_by_role("button", name="Do not send").click()
    [cancel] = desk.wait_for(lambda frame: frame["do"] == "scheduled.cancel")
    assert cancel["scheduled"] == cast.sid("SD", 2)
    desk.event("scheduled-message.canceled", rows[0] | {"version": 2, "status": "canceled"})
    expect(shown).to_have_count(1)
    desk.event("scheduled-message.failed", rows[1] | {"version": 2, "status": "failed", "error_code": "21610"})
    expect(shown.first).to_contain_text("The customer has opted out.")
    expect(shown.first.get_by_role("button")).to_have_text(["Discard"])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read_and_fits_a_phone(desk: FakeDesk, opened: Opened, page: Page, scheme: Any) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    rows = [scheduled(1, "see you " * 30), scheduled(2, "later", status="failed", error_code="21610")]
    opened(at=f"#{cast.sid('CH', 1)}", conversations=[cast.conversation(1)], scheduled=rows)
    page.locator("#composer-text").fill("see you")
    page.get_by_role("button", name="Send later").click()

    expect(page.get_by_role("button", name="Schedule", exact=True)).to_be_in_viewport(ratio=1)
    expect(page.get_by_label("Day and time")).to_be_in_viewport(ratio=1)
    assert page.evaluate(CONTRAST) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Send later")).to_be_focused()
    page.get_by_role("button", name="Change").click()
    assert page.evaluate(CONTRAST) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
