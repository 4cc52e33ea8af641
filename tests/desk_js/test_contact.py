"""The customer's card: who it is on every channel, what can be changed, what was said before."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from . import cast
from .fake_desk import FakeDesk
from .test_screen import CONTRAST

pytestmark = pytest.mark.browser

Opened = Callable[..., Page]
CH1, CH9, CT1 = cast.sid("CH", 1), cast.sid("CH", 9), cast.sid("CT", 1)
WHATSAPP = {"channel": "whatsapp", "address": "whatsapp:+573001234567", "shown": "+57 300 1234567", "opted_out": True}
FIELDS = [
    {"key": "age", "label": "Age", "kind": "number", "choices": [], "required": False, "value": "41"},
    {"key": "tier", "label": "Tier", "kind": "choice", "choices": ["gold", "silver"], "required": True, "value": ""},
    {"key": "since", "label": "Since", "kind": "date", "choices": [], "required": False, "value": "2026-01-31"},
]


def card_of(desk: FakeDesk, **changes: Any) -> dict[str, Any]:
    card = cast.contact(1) | {"fields": FIELDS}
    card["identities"] = [*card["identities"], WHATSAPP]
    desk.contacts[CT1] = card | changes
    return desk.contacts[CT1]


def test_identities_fields_and_consent_are_shown(desk: FakeDesk, opened: Opened) -> None:
    line = {
        "our_name": "Main",
        "channel": "whatsapp",
        "what": "withdrawn",
        "source": "keyword",
        "date_created": cast.ago(),
    }
    card_of(desk, consents=[line])

    page = opened(conversations=[cast.conversation(1)], at=f"#{CH1}")

    card = page.locator(".contact-card")
    expect(card.locator(".identities li")).to_have_count(2)
    for words in ("(555) 010-0001", "+57 300 1234567", "Opted out", "41", "31 Jan 2026", "WhatsApp · Main"):
        expect(card).to_contain_text(words)
    assert page.evaluate(CONTRAST) == []


def test_a_wrong_field_is_told_beside_it_and_the_right_one_closes_the_form(desk: FakeDesk, opened: Opened) -> None:
    card = card_of(desk)
    page = opened(conversations=[cast.conversation(1)], at=f"#{CH1}")
    page.get_by_role("button", name="Edit").click()
    page.get_by_label("Age", exact=True).fill("old")
    desk.refusal = {"code": "invalid", "field": "fields.age", "message": "Write a number, such as 12.5."}

    page.get_by_role("button", name="Save").click()

    expect(page.locator("#field-age-error")).to_have_text("Write a number, such as 12.5.")
    expect(page.get_by_label("Age", exact=True)).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Age", exact=True).fill("42")
    page.get_by_label("Tier *").select_option("gold")
    desk.refusal = {}
    desk.contacts[CT1] = card | {"fields": [FIELDS[0] | {"value": "42"}, *FIELDS[1:]]}
    page.get_by_role("button", name="Save").click()

    expect(page.locator(".contact-form")).to_have_count(0)
    expect(page.locator(".contact-card")).to_contain_text("42")
    first, second = desk.said("save")
    assert (first["fields"], first["token"]) == ({"age": "old"}, "token")
    assert (second["fields"], second["name"]) == ({"age": "42", "tier": "gold"}, "Customer 1")


def test_another_contact_is_found_and_merged(desk: FakeDesk, opened: Opened) -> None:
    other = {"sid": cast.sid("CT", 2), "name": "Caro Quispe", "channels": ["sms"], "addresses": ["x"], "blocked": False}
    desk.people = [other, other | {"sid": CT1, "name": "Caro herself"}]
    card = card_of(desk)
    page = opened(conversations=[cast.conversation(1)], at=f"#{CH1}")
    page.get_by_role("button", name="Merge…").click()
    page.get_by_label("Name, number or field").fill("caro")
    change = {"sid": "CG1", "kind": "merge", "name": "Caro Quispe", "date_created": cast.ago()}
    desk.contacts[CT1] = card | {"change": change}

    page.get_by_role("button", name="Merge with Caro Quispe").click()

    expect(page.locator(".contact-change")).to_contain_text("Merged with Caro Quispe")
    [asked] = desk.said("merge")
    assert asked["other"] == other["sid"]
    page.get_by_role("button", name="Undo").click()
    [undone] = desk.wait_for(lambda frame: frame["do"] == "undo")
    assert undone["change"] == "CG1"


def test_a_block_is_given_a_reason_and_closes_the_composer(desk: FakeDesk, opened: Opened) -> None:
    card_of(desk)
    page = opened(conversations=[cast.conversation(1)], at=f"#{CH1}")
    page.get_by_role("button", name="Block…").click()
    expect(page.get_by_role("button", name="Block", exact=True)).to_be_disabled()
    page.get_by_label("Reason").fill("spam")
    desk.contacts[CT1] |= {"blocked": True, "blocked_reason": "spam"}

    page.get_by_role("button", name="Block", exact=True).click()
    desk.event("conversation.updated", cast.conversation(1, blocked=True, version=2))

    expect(page.locator(".contact-blocked")).to_contain_text("spam")
    expect(page.locator("#composer-locked")).to_contain_text("Nothing is sent to this contact.")
    expect(page.locator("#composer-text")).to_have_count(0)
    expect(page.locator(".template-button")).to_have_count(0)


def test_earlier_conversations_are_read_where_they_stand(desk: FakeDesk, opened: Opened) -> None:
    talk = {
        "sid": CH9,
        "channel": "whatsapp",
        "our_name": "Shop",
        "state": "closed",
        "erased": False,
        "messages": 2,
        "last_words": "bye",
        "agents": ["Ben"],
        "date_created": cast.ago(days=9),
        "date_closed": cast.ago(days=8),
    }
    desk.past = [talk, talk | {"sid": CH1}, talk | {"sid": cast.sid("CH", 8), "erased": True}]
    desk.history[CH9] = [cast.message(9, 1, "my parcel?"), cast.outbound(9, 2, "on its way")]
    page = opened(conversations=[cast.conversation(1)], at=f"#{CH1}")

    past = page.locator(".past-talks")
    expect(past.locator("summary")).to_have_count(2)
    past.locator("summary").first.click()

    expect(past.locator(".transcript p")).to_have_text(["my parcel?", "on its way"])
    past.locator("summary").nth(1).click()
    expect(past).to_contain_text("have been erased")


def test_a_card_that_cannot_be_had_is_asked_for_again(desk: FakeDesk, opened: Opened, page: Page) -> None:
    page.route("**/desk/contacts/*", lambda route: route.abort())
    opened(conversations=[cast.conversation(1)], at=f"#{CH1}")
    expect(page.locator(".contact-failed")).to_be_visible()

    page.unroute("**/desk/contacts/*")
    page.get_by_role("button", name="Try again").click()

    expect(page.locator(".contact-card")).to_be_visible()
