"""A customer's text, from the phone to an agent's screen and back, in real browsers."""

import pytest
from playwright.sync_api import expect

from tests.journeys.people import SOON, Cast

pytestmark = [pytest.mark.journey, pytest.mark.browser]


@pytest.mark.parametrize(
    ("channel", "tick"), [("sms", "delivered"), ("rcs", "read"), ("whatsapp", "read"), ("messenger", "delivered")]
)
def test_from_the_first_text_to_completed(cast: Cast, channel: str, tick: str) -> None:
    ana = cast.agent("ana")
    ana.activity("Available")
    phone = cast.phone(channel, name=f"Maria {channel}")

    phone.say(f"hello by {channel} <b>&amp;</b> 😀")
    ana.accept(f"hello by {channel}")
    ana.sees(f"hello by {channel} <b>&amp;</b> 😀")
    ana.say(f"good day by {channel}")
    phone.sees(f"good day by {channel}")

    expect(ana.message(f"good day by {channel}").locator(f"[data-status={tick}]")).to_be_visible(timeout=SOON)
    ana.wrap_up_and_complete()
    expect(ana.line(f"good day by {channel}")).to_have_count(0, timeout=SOON)


def test_a_picture_reaches_the_agent(cast: Cast) -> None:
    ana = cast.agent("ana")
    ana.activity("Available")
    phone = cast.phone("whatsapp")

    phone.box.locator("form.composer input[type=file]").set_input_files(
        {"name": "dot.png", "mimeType": "image/png", "buffer": PNG}
    )
    phone.say("look at this")
    ana.accept("look at this")

    picture = ana.message("look at this").locator("img")
    expect(picture).to_be_visible(timeout=SOON)
    assert picture.evaluate("img => img.decode().then(() => img.naturalWidth)") == 1


def test_a_picture_goes_both_ways_by_mms(cast: Cast) -> None:
    ana = cast.agent("ana")
    ana.activity("Available")
    phone = cast.phone("sms")
    phone.box.locator("form.composer input[type=file]").set_input_files(
        {"name": "dot.png", "mimeType": "image/png", "buffer": PNG}
    )
    phone.say("this is broken")
    ana.accept("this is broken")
    expect(ana.message("this is broken").locator("img")).to_be_visible(timeout=SOON)

    ana.page.locator("#composer-files").set_input_files(
        [{"name": f"{name}.png", "mimeType": "image/png", "buffer": PNG} for name in ("front", "back")]
    )
    expect(ana.page.locator(".attachment.is-ready")).to_have_count(2, timeout=SOON)
    ana.say("it should look like this")

    phone.sees("it should look like this")
    shown = phone.box.locator(".message--theirs .bubble__picture")
    expect(shown).to_have_count(2)
    for picture in shown.all():
        assert picture.evaluate("img => img.decode().then(() => img.naturalWidth)") == 1
    mine = ana.message("it should look like this")
    expect(mine.locator("img")).to_have_count(2)
    expect(mine.get_by_alt_text("front.png. Opens in a new tab")).to_be_visible()
    expect(mine.locator("[data-status=delivered]")).to_be_visible(timeout=SOON)


def test_two_agents_talk_at_once_and_see_only_their_own(cast: Cast) -> None:
    ana, ben = cast.agent("ana"), cast.agent("ben")
    ben.activity("Available")
    ana.activity("Offline")
    first = cast.phone("sms", name="First")
    first.say("for ben")
    ben.accept("for ben")

    ben.activity("Offline")
    ana.activity("Available")
    second = cast.phone("sms", name="Second")
    second.say("for ana")
    ana.accept("for ana")
    first.say("ben only")

    ben.sees("ben only")
    expect(ana.line("for ana")).to_have_count(1)
    expect(ana.line("ben only")).to_have_count(0)
    conversation = ben.line("ben only").get_attribute("data-item")
    answer = ana.page.request.get(f"/desk/conversations/{conversation}/messages")
    assert answer.status == 404


def test_a_rejected_offer_goes_to_somebody_else(cast: Cast) -> None:
    ana, ben = cast.agent("ana"), cast.agent("ben")
    ana.activity("Available")
    ben.activity("Offline")
    phone = cast.phone("sms")
    phone.say("anybody for me")

    ana.offer("anybody for me").get_by_role("button", name="Reject").click()
    ana.activity("Offline")
    ben.activity("Available")

    ben.accept("anybody for me")
    expect(ana.page.locator(".offer-card", has_text="anybody for me")).to_have_count(0)


def test_a_second_tab_shows_the_same_truth(cast: Cast) -> None:
    ana = cast.agent("ana")
    ana.activity("Available")
    phone = cast.phone("sms", name="Tabby")
    phone.say("two tabs")
    ana.accept("two tabs")
    other = ana.second_tab()

    ana.say("from the first tab")
    other.line("from the first tab").click()
    other.sees("from the first tab")
    other.say("from the second tab")

    ana.sees("from the second tab")
    phone.sees("from the first tab")
    phone.sees("from the second tab")
    other.activity("Break")
    expect(ana.page.locator(".activity-name")).to_have_text("Break", timeout=SOON)


def test_with_the_cable_out_words_are_sent_once_and_later(cast: Cast) -> None:
    ana = cast.agent("ana")
    ana.activity("Available")
    phone = cast.phone("sms")
    phone.say("cable story")
    ana.accept("cable story")

    ana.page.context.set_offline(True)
    ana.page.evaluate("() => window.dispatchEvent(new Event('offline'))")
    ana.say("typed in the dark")
    phone.say("are you there")
    expect(ana.message("typed in the dark")).to_have_count(1)
    expect(ana.message("are you there")).to_have_count(0)
    ana.page.context.set_offline(False)

    phone.sees("typed in the dark")
    ana.sees("typed in the dark")
    ana.sees("are you there")


def test_a_restart_in_the_middle_loses_nothing(cast: Cast) -> None:
    ana = cast.agent("ana")
    ana.activity("Available")
    phone = cast.phone("sms", name="Restarted")
    phone.say("before the restart")
    ana.accept("before the restart")

    cast.product.restart()

    ana.say("after the restart")
    phone.sees("after the restart")
    phone.say("I am still here")
    ana.sees("I am still here")
    ana.sees("before the restart")
    ana.wrap_up_and_complete()


PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63382127070002b6010534a675aa0000000049454e44ae426082"
)
