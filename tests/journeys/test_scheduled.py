"""A message for later: changed, called off, and never sent; the other one is."""

import pytest
from playwright.sync_api import expect

from tests.journeys.people import SOON, Cast

pytestmark = [pytest.mark.journey, pytest.mark.browser]

# Their time has come, whatever became of them.
ALL_DUE = """
from conversations.models import ScheduledMessage
from kernel import clock
ScheduledMessage.objects.update(due_at=clock.now())
"""


def test_what_was_called_off_is_never_sent(cast: Cast) -> None:
    ana = cast.agent("ana")
    ana.activity("Available")
    phone = cast.phone("sms", name="Later")
    phone.say("remind me please")
    ana.accept("remind me please")
    page, rows = ana.page, ana.page.locator(".scheduled-row")

    for count, words in enumerate(("first reminder", "second reminder"), start=1):
        page.locator("#composer-text").fill(words)
        page.get_by_role("button", name="Send later").click()
        page.locator(".later-choice", has_text="In an hour").click()
        expect(rows).to_have_count(count, timeout=SOON)
        expect(page.locator("#composer-text")).to_have_value("")
    second = rows.filter(has_text="second reminder")
    second.get_by_role("button", name="Change").click()
    page.locator(".scheduled-change textarea").fill("second reminder, changed")
    page.locator(".scheduled-change").get_by_role("button", name="Save").click()
    expect(rows.filter(has_text="second reminder, changed")).to_have_count(1, timeout=SOON)
    rows.filter(has_text="first reminder").get_by_role("button", name="Do not send").click()
    expect(rows).to_have_count(1, timeout=SOON)

    cast.product.manage("shell", "-c", ALL_DUE)

    phone.sees("second reminder, changed")
    ana.sees("second reminder, changed")
    expect(rows).to_have_count(0, timeout=SOON)
    expect(phone.box.locator(".thread", has_text="first reminder")).to_have_count(0)
    expect(ana.message("first reminder")).to_have_count(0)
    ana.wrap_up_and_complete()
