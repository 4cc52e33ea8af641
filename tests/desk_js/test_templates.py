"""Templates at the desk: found, filled in with a preview, and sent, by keyboard alone."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from conversations.core import templates

from . import cast
from .fake_desk import FakeDesk
from .test_screen import CONTRAST

pytestmark = pytest.mark.browser

Opened = Callable[..., Page]
WHATSAPP = {"channel": "whatsapp", "customer_address": "whatsapp:+15550100001"}
SHUT: dict[str, Any] = {**WHATSAPP, "window": {"closes_at": cast.ago(hours=1)}}
OPEN: dict[str, Any] = {**WHATSAPP, "window": {"closes_at": cast.ahead(hours=9)}}
TEXTS = ["Hello {{1}}{{ name }}.", "{{2}} {{1}} {{}} {{a b}}", "no values", "{{1}}"]


def opener(page: Page) -> Locator:
    return page.get_by_role("button", name="Choose a template")


def test_words_are_put_together_as_on_the_server(module: Callable[..., Any]) -> None:
    values = {"1": " a\n b ", "name": "{{1}}"}
    found = module(
        "templates", "given.texts.map((text) => m.filled(text, given.values))", {"texts": TEXTS, "values": values}
    )

    tidy = {name: " ".join(value.split()) for name, value in values.items()}
    assert found == [templates.render(templates.Shape("twilio/text", text), tidy).body for text in TEXTS]


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        (SHUT, True),
        (OPEN, True),
        (SHUT | {"opted_out": True}, False),
        ({"channel": "messenger", "window": {"closes_at": cast.ago(hours=1)}}, False),
        ({"channel": "messenger", "window": {"closes_at": cast.ahead(hours=1)}}, True),
        ({"channel": "sms", "window": None}, True),
        ({"channel": "webchat", "window": None}, False),
    ],
)
def test_where_a_template_may_be_sent(module: Callable[..., Any], given: dict[str, Any], taken: bool) -> None:
    assert (
        module("channel", "m.takesTemplate(given, Date.now())", given | {"opted_out": given.get("opted_out", False)})
        is taken
    )


def test_template_is_found_filled_in_and_sent_by_keyboard(desk: FakeDesk, opened: Opened) -> None:
    talk = cast.conversation(1, **SHUT)
    desk.templates = [cast.template(1), cast.template(2, "Another {{1}}", variables=["1"])]
    page = opened(at=f"#{talk['sid']}", conversations=[talk])
    keys = page.keyboard

    opener(page).press("Enter")
    expect(page.get_by_label("Find a template")).to_be_focused()
    keys.type("hello")
    expect(page.locator(".template-row")).to_have_count(1)
    keys.press("ArrowDown")
    expect(page.locator(".template-row")).to_be_focused()
    keys.press("Enter")

    # The name is known; what is missing waits for its value.
    expect(page.get_by_label("Value 1")).to_be_focused()
    expect(page.get_by_label("name", exact=True)).to_have_value("Customer 1")
    preview = page.locator(".template-preview")
    expect(preview.locator(".message-body")).to_have_text("Hello Customer 1, until 12 May.")
    expect(preview.locator(".is-missing")).to_have_text("12 May")
    expect(preview.locator(".message-buttons li")).to_have_text(["Confirm", "Reschedule"])
    keys.press("Enter")
    expect(page.get_by_text("Write something here.")).to_be_visible()
    expect(page.get_by_label("Value 1")).to_have_attribute("aria-invalid", "true")
    keys.type("  Friday ")
    expect(preview.locator(".message-body")).to_have_text("Hello Customer 1, until Friday.")
    keys.press("Enter")

    [post] = desk.wait_for(lambda frame: frame["do"] == "message.post")
    assert (post["content_sid"], post["content_variables"]) == (
        cast.sid("HX", 1),
        {"1": "Friday", "name": "Customer 1"},
    )
    expect(page.locator(".message-body", has_text="Hello Customer 1, until Friday.")).to_be_visible()
    expect(page.locator(".template-picker")).to_have_count(0)
    expect(opener(page)).to_be_focused()


def test_escape_goes_back_a_step_and_then_to_the_composer(desk: FakeDesk, opened: Opened) -> None:
    talk = cast.conversation(1, **OPEN)
    desk.templates = [cast.template(1)]
    page = opened(at=f"#{talk['sid']}", conversations=[talk])
    page.locator("#composer-text").fill("half a thought")

    opener(page).click()
    page.get_by_label("Find a template").press("Enter")
    page.get_by_label("Value 1").press("Escape")
    expect(page.get_by_label("Find a template")).to_be_focused()
    page.keyboard.press("Escape")

    expect(page.locator("#composer-text")).to_be_focused()
    expect(page.locator("#composer-text")).to_have_value("half a thought")
    assert desk.said("message.post") == []


def test_nothing_found_and_no_line_are_said(desk: FakeDesk, opened: Opened) -> None:
    talk = cast.conversation(1, **SHUT)
    page = opened(at=f"#{talk['sid']}", conversations=[talk])

    opener(page).click()
    expect(page.get_by_text("There is no template that may be sent here.")).to_be_visible()
    page.get_by_label("Find a template").fill("hello")
    expect(page.get_by_text("No template has these words.")).to_be_visible()
    desk.reachable = False
    page.get_by_label("Find a template").fill("hello you")
    expect(page.get_by_text("The templates could not be loaded.")).to_be_visible()
    desk.reachable = True
    desk.templates = [cast.template(1, "hello you")]
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".template-row")).to_have_count(1)


def test_message_of_a_template_shows_its_buttons(opened: Opened) -> None:
    shown = cast.template(1)
    content = {
        "sid": shown["sid"],
        "name": "reminder",
        "footer": "Reply STOP to end",
        "media": [],
        "buttons": shown["buttons"],
    }
    talk = cast.conversation(1, last_index=1, **OPEN)
    page = opened(at=f"#{talk['sid']}", conversations=[talk], messages=[cast.outbound(1, 1, "Hello", content=content)])

    expect(page.locator(".message .message-buttons li")).to_have_text(["Confirm", "Reschedule"])
    expect(page.locator(".message .message-footer")).to_have_text("Reply STOP to end")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_picker_can_be_read_and_fits_a_phone(desk: FakeDesk, opened: Opened, page: Page, scheme: Any) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    talk = cast.conversation(1, **SHUT)
    desk.templates = [cast.template(n, "Hello {{name}}, " * 12, footer="Reply STOP to end") for n in range(20)]
    opened(at=f"#{talk['sid']}", conversations=[talk])

    opener(page).click()
    expect(page.locator(".template-row")).to_have_count(20)
    assert page.evaluate(CONTRAST) == []
    page.locator(".template-row").first.click()
    expect(page.get_by_role("button", name="Send template")).to_be_in_viewport(ratio=1)
    assert page.evaluate(CONTRAST) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
