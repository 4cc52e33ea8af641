"""For tests of pages in a real browser: a tab that fails the test when the browser complains."""

import contextlib
import shutil
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urljoin

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, sync_playwright

CHROMIUM: Final = shutil.which("chromium")
MARKS: Final = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not CHROMIUM, reason="chromium is missing: apt-get install chromium"),
]


@contextlib.contextmanager
def tab(url: str, monkeypatch: pytest.MonkeyPatch, **context: Any) -> Iterator[Page]:
    """A tab on the server at ``url``. Whatever the browser complains about, also of the policy, fails the test."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright keeps a loop in this thread.
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_context(base_url=url, **{"locale": "en-GB", **context}).new_page()
        page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
        browser.close()
    assert complaints == []


def sit_down(page: Page, client: Client) -> None:
    """The tab is signed in as the client is."""
    page.goto("/login/")
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": urljoin(page.url, "/")}])
