"""A visitor and an agent send one another files over a web chat."""

import base64
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import FrameLocator, Page, expect

from tests.journeys.people import SOON, Cast

pytestmark = [pytest.mark.journey, pytest.mark.browser]

DROP = """([name, type, content, kind]) => {
  const data = new DataTransfer();
  data.items.add(new File([Uint8Array.from(atob(content), (c) => c.charCodeAt(0))], name, { type }));
  const event = kind === "paste" ? new ClipboardEvent("paste", { clipboardData: data, cancelable: true, bubbles: true })
    : new DragEvent(kind, { dataTransfer: data, cancelable: true, bubbles: true });
  document.getElementById("input").dispatchEvent(event);
}"""


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "broken-leaf.png"
    Image.new("RGB", (640, 480), "seagreen").save(path)
    return path


def chat_of(cast: Cast, **options: Any) -> tuple[Page, FrameLocator]:
    page = cast.page(cast.context(**options))
    page.goto("/chat/demo")
    page.locator("#contact-chat-button, button[aria-label*='Chat']").first.click()
    frame = page.frame_locator("iframe")
    expect(frame.locator("#input")).to_be_enabled(timeout=SOON)
    return page, frame


def brought(page: Page, kind: str, photo: Path) -> None:
    """The picture is pasted, or dropped on the chat."""
    frame = page.frames[1]
    given = [f"{kind}.png", "image/png", base64.b64encode(photo.read_bytes()).decode(), kind]
    frame.evaluate(DROP, given)


def test_a_visitor_and_an_agent_send_one_another_pictures(cast: Cast, photo: Path, tmp_path: Path) -> None:
    ana = cast.agent("ana")
    ana.activity("Available")
    page, chat = chat_of(cast)

    # The first words and a picture go together: before them the server knew nobody.
    chat.locator("#chosen").set_input_files(photo)
    expect(chat.locator(".attached-name")).to_have_text("broken-leaf.png")
    chat.locator("#input").fill("My monstera looks like this")
    chat.locator("#send").click()
    expect(chat.locator(".row.mine .picture img")).to_be_visible(timeout=SOON)
    expect(chat.locator(".attached-file")).to_have_count(0)
    expect(chat.locator("#input")).to_have_value("")

    ana.accept("My monstera looks like this")
    shown = ana.page.locator(".message", has_text="My monstera looks like this").locator("img").first
    expect(shown).to_be_visible(timeout=SOON)
    assert shown.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0

    # Several at once: pasted and dropped, without words.
    brought(page, "paste", photo)
    brought(page, "drop", photo)
    expect(chat.locator(".attached-file[data-phase=ready]")).to_have_count(2, timeout=SOON)
    chat.locator("#send").click()
    expect(ana.page.locator(".message", has=ana.page.get_by_role("img", name="drop.png"))).to_be_visible(timeout=SOON)

    ana.page.locator("#composer-files").set_input_files(photo)
    expect(ana.page.locator(".attachment.is-ready")).to_be_visible(timeout=SOON)
    ana.say("Like so it should look")
    expect(chat.locator(".row.theirs .picture img")).to_be_visible(timeout=SOON)


def test_a_file_that_cannot_be_sent_says_why(cast: Cast, photo: Path, tmp_path: Path) -> None:
    _, chat = chat_of(cast)
    fake = tmp_path / "fake.png"
    fake.write_bytes(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>")
    large = tmp_path / "large.pdf"
    large.write_bytes(b"%PDF-1.7\n" + b"\0" * 17 * 1024 * 1024)

    chat.locator("#chosen").set_input_files([large, fake])
    expect(chat.locator(".attached-error").first).to_contain_text("Larger than 16 MB")
    chat.locator("#input").fill("Two files for you")
    chat.locator("#send").click()

    # The server has looked at the other one; nothing went without the visitor's having seen that.
    expect(chat.locator(".attached-error").nth(1)).to_contain_text(
        "fake.png is of a kind that cannot be sent", timeout=SOON
    )
    expect(chat.locator(".row")).to_have_count(0)
    expect(chat.locator("#input")).to_have_value("Two files for you")
    for name in ("large.pdf", "fake.png"):
        chat.get_by_role("button", name=f"Remove {name}").click()
    chat.locator("#send").click()
    expect(chat.locator(".row.mine .body")).to_have_text("Two files for you", timeout=SOON)


def test_a_file_outlives_a_line_that_breaks(cast: Cast, photo: Path) -> None:
    page, chat = chat_of(cast)
    chat.locator("#input").fill("Hello")
    chat.locator("#send").click()
    expect(chat.locator(".row.mine.sent")).to_be_visible(timeout=SOON)

    page.context.set_offline(True)
    chat.locator("#chosen").set_input_files(photo)
    expect(chat.locator(".attached-error")).to_contain_text("The line broke", timeout=SOON)
    page.context.set_offline(False)
    chat.get_by_role("button", name="Try again").click()
    expect(chat.locator(".attached-file[data-phase=ready]")).to_be_visible(timeout=SOON)
    chat.locator("#send").click()

    expect(chat.locator(".row.mine .picture img")).to_be_visible(timeout=SOON)
