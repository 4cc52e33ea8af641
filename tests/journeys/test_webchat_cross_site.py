"""The web chat on a site that is not ours, in browsers that keep frames of other sites short of cookies and storage."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, FrameLocator, Page, expect

from tests.journeys.people import SOON, Cast
from tests.support.product import Product
from tests.support.shop import shop

pytestmark = [pytest.mark.journey, pytest.mark.browser]

STORAGE = "() => { try { return localStorage.length >= 0 } catch { return false } }"

COUNT = "SELECT COUNT(*) FROM webchat_visitor"


@pytest.fixture(scope="module", autouse=True)
def _allowed(product: Product, chromium: Browser) -> None:
    """A supervisor has allowed the shops of these stories, as production asks for."""
    cast = Cast(product, chromium)
    sofia = cast.supervisor("sofia")
    sofia.goto("/admin/webchat/deployment/add/")
    demo = sofia.locator("[name=address] option", has_text="(webchat:demo)").get_attribute("value")
    sofia.locator("[name=address]").select_option(demo)
    sofia.locator("[name=allowed_origins]").fill("http://localhost:*")
    sofia.locator("[name=_save]").click()
    sofia.wait_for_url("**/admin/webchat/deployment/")
    cast.leave()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "leaf.png"
    Image.new("RGB", (640, 480), "seagreen").save(path)
    return path


def opened(page: Page, address: str) -> FrameLocator:
    """A visitor's tab on the shop, the chat open in it."""
    page.goto(address)
    button = page.get_by_role("button", name="Chat with us")
    if not page.locator(".panel.is-open").count():
        button.click()
    chat = page.frame_locator("iframe")
    expect(chat.locator("#input")).to_be_enabled(timeout=SOON)
    return chat


def say(chat: FrameLocator, words: str) -> None:
    chat.locator("#input").fill(words)
    chat.locator("#send").click()


def has_storage(page: Page) -> Any:
    return page.frames[1].evaluate(STORAGE)


def told_and_shown(cast: Cast, visitors: Cast, photo: Path) -> bool:
    """The whole story; whether the frame had storage of its own."""
    [(before,)] = cast.product.rows(COUNT)
    ana = cast.agent("ana")
    ana.activity("Available")
    with shop(cast.product.url, "demo") as port:
        address = f"http://localhost:{port}/"
        first = visitors.page(visitors.context())
        chat = opened(first, address)

        # The first words, with a picture.
        chat.locator("#chosen").set_input_files(photo)
        say(chat, "My monstera looks like this")
        expect(chat.locator(".row.mine .picture img")).to_be_visible(timeout=SOON)
        expect(chat.locator("#banner")).to_be_hidden()
        ana.accept("My monstera looks like this")
        ana.page.locator("#composer-files").set_input_files(photo)
        expect(ana.page.locator(".attachment.is-ready")).to_be_visible(timeout=SOON)
        ana.say("Like so it should look")
        expect(chat.locator(".row.theirs .picture img")).to_be_visible(timeout=SOON)

        # The shop's next page: the same conversation, in which words go on.
        first.reload()
        chat = opened(first, address)
        expect(chat.locator(".row .picture img")).to_have_count(2, timeout=SOON)
        say(chat, "I have moved it to the window")
        ana.sees("I have moved it to the window")

        # A second tab is the same visitor; each shows what the other says.
        second = visitors.page(first.context)
        there = opened(second, address)
        expect(there.locator(".row.mine")).to_have_count(2, timeout=SOON)
        say(there, "And watered it")
        expect(chat.locator(".row.mine")).to_have_count(3, timeout=SOON)
        ana.sees("And watered it")
        storage = bool(has_storage(first))
    ana.wrap_up_and_complete()
    assert cast.product.rows(COUNT)[0][0] == before + 1
    return storage


def test_where_frames_of_other_sites_have_storage_of_their_own(cast: Cast, everyday_chromium: Any, photo: Path) -> None:
    visitors = Cast(cast.product, everyday_chromium)

    assert told_and_shown(cast, visitors, photo)

    visitors.leave()


def test_where_storage_is_closed_to_frames_of_other_sites(cast: Cast, photo: Path) -> None:
    assert not told_and_shown(cast, cast, photo)


def test_a_line_that_breaks_costs_no_words_where_storage_is_closed(cast: Cast) -> None:
    with shop(cast.product.url, "demo") as port:
        page = cast.page(cast.context())
        chat = opened(page, f"http://localhost:{port}/")
        page.route("**/chat/sessions", lambda route: route.abort())
        say(chat, "Is anybody there?")
        expect(chat.locator("#banner")).to_contain_text("No connection", timeout=SOON)

        page.unroute("**/chat/sessions")
        chat = opened(page, f"http://localhost:{port}/")
        expect(chat.locator(".row.mine.sent")).to_contain_text("Is anybody there?", timeout=SOON)
        assert not has_storage(page)


def test_two_tabs_that_wrote_before_either_was_known_are_one_visitor(cast: Cast) -> None:
    """Nobody is asked to begin twice: the second tab hears of the first one's token."""
    with shop(cast.product.url, "demo") as port:
        context = cast.context()
        first, second = cast.page(context), cast.page(context)
        chat, there = opened(first, f"http://localhost:{port}/"), opened(second, f"http://localhost:{port}/")
        say(chat, "Hello from here")
        expect(there.locator(".row.mine.sent")).to_contain_text("Hello from here", timeout=SOON)
        say(there, "And from there")
        expect(chat.locator(".row.mine.sent")).to_have_count(2, timeout=SOON)


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Security-Policy": "default-src 'none'; script-src {product}; frame-src {product}"},
        {"Cross-Origin-Embedder-Policy": "require-corp", "Cross-Origin-Opener-Policy": "same-origin"},
    ],
    ids=["policy", "isolated"],
)
def test_a_page_with_strict_headers_shows_the_chat(cast: Cast, headers: dict[str, str]) -> None:
    url = cast.product.url
    given = {name: value.replace("{product}", url) for name, value in headers.items()}
    with shop(url, "demo", headers=given) as port:
        page = cast.page(cast.context())
        chat = opened(page, f"http://localhost:{port}/")
        say(chat, "Hello")
        expect(chat.locator(".row.mine.sent")).to_have_count(1, timeout=SOON)
