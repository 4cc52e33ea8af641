"""WhatsApp outside its window: a template goes out, the customer answers by a button, and the agent may write again."""

import pytest
from playwright.sync_api import expect

from tests.journeys.people import SOON, Cast

pytestmark = [pytest.mark.journey, pytest.mark.browser]

# A day has passed: for us, and for the provider.
A_DAY_LATER = """
from datetime import timedelta
from django.db.models import F
from carriers.twin.models import TwinMessage
from conversations.models import Message
day = timedelta(hours=25)
Message.objects.update(created_at=F("created_at") - day)
TwinMessage.objects.update(created_at=F("created_at") - day)
"""


def test_a_template_opens_the_window_again(cast: Cast) -> None:
    ana = cast.agent("ana")
    ana.activity("Available")
    phone = cast.phone("whatsapp", name="Windowed")
    phone.say("see you tomorrow then")
    ana.accept("see you tomorrow then")
    cast.product.manage("shell", "-c", A_DAY_LATER)
    ana.page.reload()
    expect(ana.page.locator("#composer-locked")).to_contain_text("Window closed.", timeout=SOON)
    expect(ana.page.locator("#composer-text")).to_have_count(0)

    ana.page.get_by_role("button", name="Choose a template").click()
    ana.page.get_by_label("Find a template").fill("reminder confirm")
    ana.page.locator(".template-row").first.click()
    for name, value in (("Value 1", "Windowed"), ("Value 2", "12 May"), ("Value 3", "10:30")):
        ana.page.get_by_label(name).fill(value)
    words = "Hello Windowed, this is a reminder of your appointment on 12 May at 10:30. Will you come?"
    expect(ana.page.locator(".template-preview .message-body")).to_have_text(words)
    ana.page.get_by_role("button", name="Send template").click()
    phone.sees(words)
    phone.box.get_by_role("button", name="Confirm").click()

    answer = ana.message("Confirm").filter(has_text="Chosen from the options")
    expect(answer).to_have_count(1, timeout=SOON)
    expect(ana.message(words).locator("[data-status=read]")).to_be_visible(timeout=SOON)
    ana.say("Thank you, until then!")
    phone.sees("Thank you, until then!")
    ana.wrap_up_and_complete()
