"""What the desk says when messages cannot be sent: each code's remedy, and the banner while the carrier is away."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from carriers.twilio import errors

from . import cast
from .fake_desk import FakeDesk

pytestmark = pytest.mark.browser

Opened = Callable[..., Page]
# Those that the product has to tell apart, and that integrators know best.
NAMED = """
20003 20429 21211 21408 21610 21611 21612 21614 21617 21635 30001 30002 30003 30004 30005 30006 30007 30008 30034 30036
30450 30610 30640 63001 63003 63005 63007 63013 63016 63018 63020 63024 63032 63036 63049 63051
"""
CODES = [*map(str, errors._MEANINGS), *errors._WORDS, "http-401", "http-503"]


def test_every_code_has_the_same_remedy_as_on_the_server(module: Callable[..., Any]) -> None:
    found = module("remedies", "given.map((code) => m.remedy(code))", CODES)

    assert dict(zip(CODES, found, strict=True)) == {code: errors.remedy(code) for code in CODES}
    assert set(NAMED.split()) <= set(CODES)


def carrier(version: int, since: str | None, code: str = "refused") -> dict[str, Any]:
    return {"version": version, "interrupted_at": since, "code": code if since else ""}


def test_a_carrier_that_is_away_is_told_of_until_it_is_back(desk: FakeDesk, opened: Opened) -> None:
    page = opened()
    banner = page.locator(".banner-carrier")
    expect(banner).to_have_count(0)

    desk.event("carrier.interrupted", carrier(2, cast.ago(minutes=4)))
    expect(banner).to_contain_text("Messages are waiting. For 4 minutes nothing can be sent to customers.")
    expect(banner).to_contain_text("What you write waits and goes out by itself.")
    expect(banner.get_by_role("alert")).to_have_text("Messages are waiting.")
    desk.event("carrier.interrupted", carrier(1, cast.ago(minutes=99), "20003"))
    expect(banner).to_contain_text("4 minutes")

    desk.event("carrier.restored", carrier(3, None))
    expect(banner).to_have_count(0)


def test_who_opens_the_desk_meanwhile_sees_it_too(opened: Opened) -> None:
    since = cast.iso(datetime.now(UTC) - timedelta(hours=2, minutes=5))
    page = opened(carrier=carrier(5, since, "20003"))

    expect(page.locator(".banner-carrier")).to_contain_text("For 2 hours nothing can be sent to customers.")
    expect(page.locator(".banner-carrier")).to_contain_text("The account's credentials are not accepted.")


def test_a_message_that_the_list_does_not_hold_says_so(opened: Opened) -> None:
    rows = [cast.outbound(1, 1, "lost", status="unknown", error_code="not-listed")]
    talk = cast.conversation(1, last_index=1)
    page = opened(at=f"#{cast.sid('CH', 1)}", conversations=[talk], messages=rows)

    expect(page.locator(".trouble")).to_contain_text(
        "Not known whether it was sent. The carrier does not have it: most likely it was not sent."
    )
