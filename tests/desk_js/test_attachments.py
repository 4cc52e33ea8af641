"""Attaching files in the composer: button, drop and paste; progress, refusals, removal, and what goes out."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from conversations.core.attachments import limits_payload

from . import cast
from .fake_desk import FakeDesk
from .test_screen import CONTRAST

pytestmark = pytest.mark.browser

Opened = Callable[..., Page]
MB = 1024 * 1024
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cf500f0003860180"
    "5a34e7640000000049454e44ae426082"
)
GIVE = """([how, names]) => {
  const data = new DataTransfer();
  for (const name of names) data.items.add(new File([new Uint8Array(4)], name, { type: "image/png" }));
  const at = document.querySelector(how === "paste" ? "#composer-text" : "#conversation");
  const event = how === "paste"
    ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })
    : new DragEvent(how, { dataTransfer: data, bubbles: true, cancelable: true });
  at.dispatchEvent(event);
  return event.defaultPrevented;
}"""


def picture(name: str = "receipt.png") -> Any:
    return {"name": name, "mimeType": "image/png", "buffer": PNG}


@pytest.fixture
def talk(opened: Opened) -> Page:
    return opened(at=f"#{cast.sid('CH', 1)}", conversations=[cast.conversation(1)])


def test_a_chosen_file_goes_with_the_words(desk: FakeDesk, talk: Page) -> None:
    talk.locator("#composer-files").set_input_files([picture(), picture("second.png")])
    rows = talk.locator(".attachment")
    expect(rows).to_have_count(2)
    expect(talk.locator(".attachment.is-ready")).to_have_count(2)
    expect(rows.first).to_contain_text("receipt.png")
    expect(talk.get_by_role("button", name="Send", exact=True)).to_be_enabled()

    talk.locator("#composer-text").fill("Here it is")
    talk.keyboard.press("Enter")

    (frame,) = desk.wait_for(lambda each: each["do"] == "message.post")
    assert (frame["body"], frame["media"]) == ("Here it is", [cast.sid("ME", 1), cast.sid("ME", 2)])
    expect(rows).to_have_count(0)
    assert [name for name, _ in desk.uploads] == ["receipt.png", "second.png"]


def test_files_go_without_words(desk: FakeDesk, talk: Page) -> None:
    talk.locator("#composer-files").set_input_files([picture()])
    expect(talk.locator(".attachment.is-ready")).to_have_count(1)

    talk.get_by_role("button", name="Send", exact=True).click()

    (frame,) = desk.wait_for(lambda each: each["do"] == "message.post")
    assert (frame["body"], frame["media"]) == ("", [cast.sid("ME", 1)])


def test_dropped_and_pasted_files_are_attached(talk: Page) -> None:
    assert talk.evaluate(GIVE, ["dragover", ["a.png"]])
    expect(talk.locator(".composer")).to_have_class("composer is-over")
    assert talk.evaluate(GIVE, ["drop", ["a.png"]])
    expect(talk.locator(".composer")).to_have_class("composer")
    assert talk.evaluate(GIVE, ["paste", ["b.png"]])

    expect(talk.locator(".attachment-name")).to_have_text(["a.png", "b.png"])


def test_a_refused_file_says_why_and_does_not_go(desk: FakeDesk, talk: Page) -> None:
    desk.refuse_files = "It is broken. Save it anew."
    talk.locator("#composer-files").set_input_files([picture()])

    expect(talk.locator(".attachment-error")).to_have_text("It is broken. Save it anew.")
    expect(talk.get_by_role("button", name="Send", exact=True)).to_be_disabled()
    talk.get_by_role("button", name="Remove receipt.png").click()
    expect(talk.locator(".attachment")).to_have_count(0)


def test_a_lost_upload_is_tried_again(desk: FakeDesk, talk: Page) -> None:
    desk.drop_files = True
    talk.locator("#composer-files").set_input_files([picture()])
    expect(talk.locator(".attachment-error")).to_have_text("The line broke. The file is not there yet.")
    desk.drop_files = False

    talk.get_by_role("button", name="Try again").click()

    expect(talk.locator(".attachment.is-ready")).to_have_count(1)


def test_a_removed_file_is_not_sent_and_the_server_forgets_it(desk: FakeDesk, talk: Page) -> None:
    talk.locator("#composer-files").set_input_files([picture(), picture("second.png")])
    expect(talk.locator(".attachment.is-ready")).to_have_count(2)

    with talk.expect_response(lambda answer: answer.request.method == "DELETE"):
        talk.get_by_role("button", name="Remove receipt.png").click()
    talk.keyboard.press("Escape")
    talk.get_by_role("button", name="Send", exact=True).click()

    (frame,) = desk.wait_for(lambda each: each["do"] == "message.post")
    assert frame["media"] == [cast.sid("ME", 2)]
    assert desk.forgotten == [cast.sid("ME", 1)]


def test_uploaded_files_outlive_a_reload(desk: FakeDesk, talk: Page) -> None:
    talk.locator("#composer-files").set_input_files([picture()])
    expect(talk.locator(".attachment.is-ready")).to_have_count(1)

    talk.reload()

    expect(talk.locator(".attachment.is-ready .attachment-name")).to_have_text("receipt.png")


@pytest.mark.parametrize(
    ("channel", "file", "others", "words"),
    [
        ("sms", {"name": "a", "type": "image/png", "size": 5 * MB}, [], ""),
        ("sms", {"name": "a", "type": "image/png", "size": 5 * MB + 1}, [], "Larger than 5 MB"),
        ("sms", {"name": "a", "type": "audio/mpeg", "size": MB}, [], "Larger than 500 kB"),
        ("sms", {"name": "a", "type": "text/html", "size": 1}, [], "does not carry files of this kind"),
        ("webchat", {"name": "a", "type": "image/svg+xml", "size": 1}, [], "does not carry files of this kind"),
        ("sms", {"name": "a", "type": "", "size": 1}, [], ""),
        ("sms", {"name": "a", "type": "image/png", "size": 0}, [], "empty"),
        ("sms", {"name": "a", "type": "image/png", "size": MB}, [{"size": 5 * MB}], "Together larger than 5 MB"),
        ("sms", {"name": "a", "type": "image/png", "size": 1}, [{"size": 1}] * 10, "At most 10 files"),
    ],
)
def test_the_browser_says_the_limits_before_it_sends(
    module: Callable[..., Any], channel: str, file: Any, others: Any, words: str
) -> None:
    said = module("attachments", "m.complaint(given[0], given[1], given[2])", [file, limits_payload()[channel], others])

    assert words in said
    assert bool(said) == bool(words)


def test_a_failed_file_of_the_customer_says_why_and_is_asked_for_again(desk: FakeDesk, opened: Opened) -> None:
    media = {
        "sid": cast.sid("ME", 9), "name": "", "content_type": "image/png", "size": 0, "status": "failed",
        "url": "/media/x", "thumbnail_url": "", "width": 0, "height": 0, "failure": "http-404",
    }  # fmt: skip
    page = opened(
        at=f"#{cast.sid('CH', 1)}",
        conversations=[cast.conversation(1, last_index=1)],
        messages=[cast.message(1, 1, "", media=[media])],
    )
    expect(page.locator(".media-missing")).to_contain_text("The carrier does not have the file any more.")

    page.locator(".media-missing").get_by_role("button", name="Try again").click()

    (frame,) = desk.wait_for(lambda each: each["do"] == "media.fetch")
    assert frame["media"] == cast.sid("ME", 9)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_the_strip_says_can_be_read_and_fits_a_phone(
    desk: FakeDesk, opened: Opened, page: Page, scheme: Any
) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    opened(at=f"#{cast.sid('CH', 1)}", conversations=[cast.conversation(1)])
    page.locator("#composer-files").set_input_files([picture("a rather long name of a picture " * 3 + ".png")])
    expect(page.locator(".attachment.is-ready")).to_have_count(1)
    desk.refuse_files = (
        "Larger than 5 MB, the most that this channel takes of its kind. Make it smaller, or send a link."
    )
    page.locator("#composer-files").set_input_files([picture("b.png")])
    expect(page.locator(".attachment-error")).to_be_visible()

    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(CONTRAST) == []
