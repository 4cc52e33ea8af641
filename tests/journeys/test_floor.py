"""A supervisor changes the rules, a bot hands over, a visitor chats: all of it on the running product."""

import re
import uuid

import pytest
from playwright.sync_api import expect

from tests.journeys.people import SOON, Cast

pytestmark = [pytest.mark.journey, pytest.mark.browser]


def test_a_bot_hands_over_and_the_agent_sees_all_of_it(cast: Cast) -> None:
    ana = cast.agent("ana")
    ana.activity("Available")
    bot = cast.bot()
    wanted = {
        "channel": {"from": "+15550109999", "to": "+15550001000"},
        "name": "Nadia",
        "skills": ["sales"],
        "priority": 9,
        "summary": "Wants a quote for ten seats",
        "transcript": [{"author": "customer", "body": "price please"}, {"author": "bot", "body": "One moment"}],
        "context": {"plan": "gold"},
    }
    key = str(uuid.uuid4())

    made, again = bot.hand_off(wanted, key=key), bot.hand_off(wanted, key=key)
    assert (made.status_code, again.status_code) == (201, 200)
    assert made.json()["sid"] == again.json()["sid"]

    ana.offer("Wants a quote for ten seats").get_by_role("button", name="Accept").click()
    customer = ana.page.locator("#customer, .pane-customer").first
    for words in ("Wants a quote for ten seats", "price please", "gold"):
        expect(customer.get_by_text(words).first).to_be_visible(timeout=SOON)
    assert bot.state(made.json()["sid"])["state"] == "active"
    assert bot.state(made.json()["sid"])["agent"] == "Ana Ruiz"


def test_a_visitor_chats_and_survives_a_reload(cast: Cast) -> None:
    ana = cast.agent("ana")
    ana.activity("Available")
    page = cast.page(cast.context())
    page.goto("/chat/demo")
    page.get_by_role("button", name=re.compile("chat", re.I)).first.click()
    chat = page.frame_locator("iframe")
    field = chat.locator("textarea, input[type=text]").last
    field.fill("is anybody there")
    field.press("Enter")

    ana.accept("is anybody there")
    ana.say("welcome to the chat")
    expect(chat.get_by_text("welcome to the chat")).to_be_visible(timeout=SOON)
    page.reload()

    if not page.frame_locator("iframe").get_by_text("welcome to the chat").is_visible():
        launcher = page.get_by_role("button", name=re.compile("chat", re.I)).first
        if launcher.get_attribute("aria-expanded") != "true":
            launcher.click()
    expect(chat.get_by_text("is anybody there")).to_be_visible(timeout=SOON)
    expect(chat.get_by_text("welcome to the chat")).to_be_visible(timeout=SOON)
