"""A real browser on the desk's real templates and hashed files, before a server that follows a script."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import which
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from .fake_desk import FakeDesk

REPOSITORY = Path(__file__).parents[2]
CHROMIUM = which("chromium")
PATIENCE_MS = 10_000


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: drives a real browser")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = pytest.mark.skip(reason="chromium is missing: apt-get install chromium")
    for item in items:
        if "desk_js" in item.path.parts and item.get_closest_marker("browser") and not CHROMIUM:
            item.add_marker(missing)


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site")
    shell = Path(__file__).with_name("shell.py")
    subprocess.run([sys.executable, str(shell), str(REPOSITORY), str(out)], check=True, timeout=60)
    return out


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One browser for the package. Playwright holds a running event loop, so it ends before other tests need one."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def desk(site: Path) -> Iterator[FakeDesk]:
    made = FakeDesk(site)
    made.address = made.start()
    yield made
    made.stop()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A tab of its own. Whatever the browser complains about (errors, policy violations) fails the test."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
    tab = context.new_page()
    tab.set_default_timeout(PATIENCE_MS)
    complaints: list[str] = []
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("console", lambda line: complaints.append(line.text) if is_complaint(line.type, line.text) else None)
    yield tab
    context.close()
    assert complaints == []


def is_complaint(kind: str, text: str) -> bool:
    """Refused connections are part of the tests; everything else that the console calls an error is a defect."""
    expected = ("WebSocket connection", "Failed to load resource", "net::ERR")
    return kind == "error" and not any(words in text for words in expected)


@pytest.fixture
def opened(desk: FakeDesk, page: Page) -> Callable[..., Page]:
    """Open the desk on a snapshot and wait until it is live."""

    def open_desk(*, at: str = "", **parts: Any) -> Page:
        desk.snapshot.update(parts)
        page.goto(f"{desk.address}/desk/{at}")
        page.wait_for_selector("[data-link=online]")
        return page

    return open_desk


@pytest.fixture
def module(desk: FakeDesk, page: Page, site: Path) -> Callable[[str, str], Any]:
    """Evaluate an expression over a module's exports (`m`), in a page that has the import map but no desk."""
    page.goto(f"{desk.address}/desk/")
    page.wait_for_selector("[data-link=online]")

    def evaluate(name: str, expression: str, argument: Any = None) -> Any:
        script = f"async (given) => {{ const m = await import('/static/desk/{name}.js'); return {expression}; }}"
        return page.evaluate(script, argument)

    return evaluate
