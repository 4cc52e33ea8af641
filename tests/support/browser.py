"""Real browsers for the journeys: one Chromium, a context for each person."""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

MISSING = "chromium is missing: apt-get install chromium"
SWITCHES = (
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Debian's Chromium through Playwright; a visible skip where there is none, a failure where CI demands it.

    Playwright switches partitioned storage off; so to a frame of another site all storage is closed.
    """
    path = _path()
    if path is None:
        if os.environ.get("REQUIRE_ALL"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=15_000)  # A loaded machine is slow, not wrong.

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=SWITCHES)
        yield browser
        browser.close()


@pytest.fixture
def everyday_chromium(chromium: Any) -> Iterator[Any]:
    """The same with the features that people have: frames of other sites keep storage for each embedding site."""
    kind = chromium.browser_type
    switches = [*SWITCHES, "--headless=new", "--remote-debugging-pipe", "--no-sandbox"]
    browser = kind.launch(executable_path=_path(), args=switches, ignore_default_args=True)
    yield browser
    browser.close()


def _path() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
