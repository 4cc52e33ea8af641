"""What a channel and its customers do not let through, as the agent meets it on the screen."""

import pytest
from playwright.sync_api import expect

from tests.journeys.people import SOON, Cast

pytestmark = [pytest.mark.journey, pytest.mark.browser]


def test_who_opts_out_is_left_alone_until_the_customer_writes_start(cast: Cast) -> None:
    ana = cast.agent("ana")
    ana.activity("Available")
    phone = cast.phone("sms")
    phone.say("please remind me")
    ana.accept("please remind me")

    phone.say("STOP")
    ana.sees("STOP")
    composer = ana.page.locator("#composer-text")
    expect(ana.page.locator("#composer-locked")).to_contain_text("has opted out", timeout=SOON)
    expect(composer).to_have_count(0)

    phone.say("START")
    expect(composer).to_be_visible(timeout=SOON)
    ana.say("welcome back")
    phone.sees("welcome back")
    ana.wrap_up_and_complete()


def test_a_reply_that_found_the_phone_switched_off_says_so_and_is_sent_again(cast: Cast) -> None:
    ana = cast.agent("ana")
    ana.activity("Available")
    phone = cast.phone("sms")
    phone.say("is it ready")
    ana.accept("is it ready")

    phone.fault("undelivered_next", 1)
    ana.say("it is ready")
    message = ana.message("it is ready")
    expect(message.locator(".trouble")).to_contain_text("off or out of reach", timeout=SOON)
    expect(message.locator(".trouble")).to_contain_text("30003")

    message.get_by_role("button", name="Resend").click()
    expect(message.locator("[data-status=delivered]")).to_be_visible(timeout=SOON)
    expect(message.locator(".trouble")).to_have_count(0)
    ana.sees("it is ready")
    ana.wrap_up_and_complete()
