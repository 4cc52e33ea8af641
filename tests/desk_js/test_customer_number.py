"""The customer's number: read as people write it, copied as machines take it."""

from typing import Any

import pytest
from playwright.sync_api import expect

from . import cast
from .test_screen import CH1, Opened, conversation_of

pytestmark = pytest.mark.browser

COPIED = """async selector => {
  const node = document.querySelector(selector);
  getSelection().selectAllChildren(node);
  const data = new DataTransfer();
  node.dispatchEvent(new ClipboardEvent("copy", { clipboardData: data, bubbles: true, cancelable: true }));
  return data.getData("text/plain");
}"""


def test_the_head_shows_the_number_for_people_and_copies_it_for_machines(opened: Opened) -> None:
    page = opened(at=f"#{CH1}", **conversation_of([cast.message(1, 1, "hello")]))

    number = page.locator(".conversation-who .customer-number")
    expect(number).to_have_text("+1 555-010-0001")
    expect(number).to_have_attribute("title", "+15550100001")
    expect(page.locator(".conversation-who p")).to_contain_text("SMS · +1 555-010-0001")
    assert page.evaluate(COPIED, ".conversation-who .customer-number") == "+15550100001"


@pytest.mark.parametrize(
    ("changes", "title", "under"),
    [
        ({"contact": {"sid": "CT", "name": ""}}, "+1 555-010-0001", 0),
        (
            {"channel": "webchat", "customer_address": "webchat:visitor:VI1", "customer_shown": "visitor:VI1"},
            "Customer 1",
            0,
        ),
        ({}, "Customer 1", 1),
    ],
)
def test_it_stands_once_and_not_at_all_where_there_is_none(
    opened: Opened, changes: dict[str, Any], title: str, under: int
) -> None:
    page = opened(at=f"#{CH1}", **conversation_of([cast.message(1, 1, "hello")], **changes))

    expect(page.locator(".conversation-who h2")).to_have_text(title)
    expect(page.locator(".conversation-who p .customer-number")).to_have_count(under)
    expect(page.locator(".profile .customer-number")).to_have_count(under)


@pytest.mark.parametrize(
    ("changes", "title", "under"),
    [
        ({}, "Customer 1", "SMS · +1 555-010-0001"),
        ({"name": ""}, "+1 555-010-0001", "SMS"),
        (
            {"channel": "webchat", "from": "webchat:visitor:VI1", "customer_shown": "visitor:VI1"},
            "Customer 1",
            "Web chat",
        ),
        # A task that an integrator made says only what it was given.
        ({"customer_shown": ""}, "Customer 1", "SMS · +15550100001"),
    ],
)
def test_an_offer_shows_the_number_as_the_conversation_will(
    opened: Opened, changes: dict[str, Any], title: str, under: str
) -> None:
    offer = cast.reservation(1)
    offer["task"]["attributes"].update(changes)

    card = opened(reservations=[offer]).locator(".offer-card")

    expect(card.locator("h3")).to_have_text(title)
    expect(card.locator(".offer-who p")).to_have_text(under)
    for number in card.locator(".customer-number").all():
        expect(number).to_have_attribute("title", "+15550100001")
