"""What the composer says of a channel's rules: parts and their cost, the window, the opt-out."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from conversations.core.segments import segments

from . import cast
from .fake_desk import FakeDesk
from .test_screen import CONTRAST

pytestmark = pytest.mark.browser

Opened = Callable[..., Page]
WHATSAPP = {"channel": "whatsapp", "customer_address": "whatsapp:+15550100001"}
TEXTS = [
    "",
    "a" * 160,
    "a" * 161,
    "a" * 152 + "€" + "a" * 152,
    "ñÑüÜéÉàùìòÇ¿¡^{}\\[~]|€\f\n\r",
    "Confirmación: mañana a las 10, más información",
    "á" * 71,
    "😀" * 67,
    "a" * 66 + "😀" + "a" * 66,
    "ç`´„\t",
]


def test_parts_are_counted_as_the_server_counts_them(module: Callable[..., Any]) -> None:
    found = module("segments", "given.map(m.segments)", TEXTS)

    assert [(row["encoding"], row["units"], row["count"], row["dear"]) for row in found] == [
        (row.encoding, row.units, row.count, row.dear) for row in map(segments, TEXTS)
    ]


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        ({"opted_out": False, "window": None}, ""),
        ({"opted_out": True, "window": {"closes_at": "2030-01-01T00:00:01Z"}}, "opted-out"),
        ({"opted_out": False, "window": {"closes_at": "2030-01-01T00:00:01Z"}}, ""),
        ({"opted_out": False, "window": {"closes_at": "2030-01-01T00:00:00Z"}}, "window-closed"),
        ({"opted_out": False, "window": {"closes_at": None}}, "window-closed"),
    ],
)
def test_the_same_is_refused_as_on_the_server(module: Callable[..., Any], given: Any, refused: str) -> None:
    assert module("channel", "m.refusal(given, Date.parse('2030-01-01T00:00:00Z'))", given) == refused


@pytest.mark.parametrize(("channel", "name"), [("sms", "SMS"), ("rcs", "RCS"), ("whatsapp", "WhatsApp")])
def test_each_channel_has_a_name_an_icon_and_templates(module: Callable[..., Any], channel: str, name: str) -> None:
    assert module("words", "m.channelName(given)", channel) == name
    assert module("views/icons", "m.channelIcon(given)", channel) == channel
    standing = {"channel": channel, "blocked": False, "opted_out": False, "window": None}
    assert module("channel", "m.takesTemplate(given, 0)", standing) is True


def test_an_address_is_shown_without_its_channel(module: Callable[..., Any]) -> None:
    shown = module("words", "given.map(m.plainAddress)", ["+15550100001", "rcs:+15550100001", "rcs:brand_agent"])
    assert shown == ["+15550100001", "+15550100001", "brand_agent"]


def test_composer_counts_and_says_which_character_costs(opened: Opened) -> None:
    page = opened(at=f"#{cast.sid('CH', 1)}", conversations=[cast.conversation(1)])
    field, facts = page.locator("#composer-text"), page.locator("#composer-facts")

    expect(facts).to_have_text("")
    field.fill("Su pedido esta en camino")
    expect(facts).to_have_text("24 of 160 characters · 1 SMS")
    expect(page.locator(".composer-dear")).to_have_count(0)
    field.fill("Su pedido está en camino")
    expect(facts.locator(".composer-cost")).to_have_text("24 of 70 characters · 1 SMS")
    expect(facts.locator(".composer-dear")).to_have_text("á: 70 instead of 160 characters each")
    field.fill("á" * 71)
    expect(facts.locator(".composer-cost")).to_have_text("71 of 134 characters · 2 SMS")


def test_window_is_shown_and_closes_and_the_customers_words_open_it(desk: FakeDesk, opened: Opened) -> None:
    ends = {"closes_at": cast.ahead(hours=3, seconds=30)}
    talk = cast.conversation(1, window=ends, **WHATSAPP)
    page = opened(at=f"#{talk['sid']}", conversations=[talk])
    expect(page.locator("#composer-facts")).to_have_text("Free text for 3 hours more")
    page.locator("#composer-text").fill("á")
    expect(page.locator(".composer-cost")).to_have_count(0)

    desk.event("conversation.updated", talk | {"version": 2, "window": {"closes_at": cast.ago(seconds=1)}})
    expect(page.locator("#composer-locked")).to_contain_text("Window closed.")
    expect(page.locator("#composer-text")).to_have_count(0)

    desk.event("message.added", cast.message(1, 1, "Hello?", date_created=cast.ago()))
    expect(page.locator("#composer-text")).to_have_value("á")
    expect(page.locator("#composer-facts")).to_have_text("Free text for 23 hours more")


def test_opted_out_is_said_plainly_until_the_customer_takes_it_back(desk: FakeDesk, opened: Opened) -> None:
    talk = cast.conversation(1)
    page = opened(at=f"#{talk['sid']}", conversations=[talk])

    desk.event("conversation.updated", talk | {"version": 2, "opted_out": True})
    expect(page.locator("#composer-locked")).to_contain_text("Opted out. The customer has opted out")
    expect(page.locator("#composer-text")).to_have_count(0)

    desk.event("conversation.updated", talk | {"version": 3})
    expect(page.locator("#composer-text")).to_be_visible()


def test_phone_shows_all_of_it_without_scrolling_sideways(opened: Opened, page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    opened(at=f"#{cast.sid('CH', 1)}", conversations=[cast.conversation(1)])
    page.locator("#composer-text").fill("áéíóúñ ¿cuándo?" * 10)

    expect(page.locator(".composer-dear")).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_the_composer_says_can_be_read(desk: FakeDesk, opened: Opened, page: Page, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    talk = cast.conversation(1)
    opened(at=f"#{talk['sid']}", conversations=[talk])
    page.locator("#composer-text").fill("á")
    expect(page.locator(".composer-dear")).to_be_visible()
    assert page.evaluate(CONTRAST) == []

    for version, changes in enumerate(({"opted_out": True}, {"window": {"closes_at": None}}), start=2):
        desk.event("conversation.updated", talk | {"version": version} | changes)
        expect(page.locator(".composer-opted-out" if version == 2 else ".composer-window-closed")).to_be_visible()
        assert page.evaluate(CONTRAST) == []
