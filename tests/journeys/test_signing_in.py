"""Second factors and sessions, as a person and an administrator meet them."""

import base64
import hmac
import secrets
import struct
import time
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.people import SOON, Cast

pytestmark = [pytest.mark.journey, pytest.mark.browser]

PASSWORD = "correct horse battery staple"
MAKE = """
from accounts import actions
from accounts.models import Account
from agents import actions as agents
from agents.models import Workspace
from kernel.actor import SYSTEM
user = actions.create_user(account=Account.objects.get(), username={name!r}, password={password!r}, role="agent",
    name="Nora Vega", actor=SYSTEM)
agents.create_worker(Workspace.objects.get(), friendly_name={name!r}, attributes={{}}, user=user, actor=SYSTEM)
"""


def code(secret: str) -> str:
    """RFC 6238 with SHA-1, 30 s and six figures."""
    mac = hmac.digest(base64.b32decode(secret), struct.pack(">Q", int(time.time()) // 30), "sha1")
    number = struct.unpack(">I", mac[mac[-1] & 15 :][:4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


@pytest.fixture
def nora(cast: Cast) -> str:
    """An agent of this story alone."""
    name = f"nora-{secrets.token_hex(4)}"
    cast.product.manage("shell", "-c", MAKE.format(name=name, password=PASSWORD))
    return name


def enter(page: Page, name: str) -> None:
    page.goto("/login/")
    page.locator("[name=username]").fill(name)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=password]").press("Enter")


def confirm(page: Page) -> None:
    expect(page.get_by_role("heading", name="Is it you?")).to_be_visible()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()


def by_name(cast: Cast) -> str:
    """Browsers give passkeys to names, never to bare addresses."""
    return cast.product.url.replace("127.0.0.1", "localhost")


def virtual_key(page: Page) -> Any:
    """A platform authenticator that confirms every request at once."""
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return tools


def test_a_code_of_the_app_is_asked_for_after_the_password(cast: Cast, nora: str) -> None:
    page = cast.page(cast.context())
    enter(page, nora)
    page.wait_for_url("**/desk/**")
    page.goto("/account/")
    page.get_by_role("link", name="Set up").click()
    confirm(page)
    secret = page.get_by_label("Or type this key into the app").input_value()
    page.get_by_label("Code", exact=True).fill("12345x")
    page.get_by_role("button", name="Set up").click()
    expect(page.get_by_text("Incorrect code.")).to_be_visible()
    page.get_by_label("Code", exact=True).fill(code(secret))
    page.get_by_role("button", name="Set up").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    recovery = page.locator(".account-codes li").all_inner_texts()
    assert len(recovery) == 10

    elsewhere = cast.page(cast.context(locale="es-ES"))
    enter(elsewhere, nora)
    expect(elsewhere.get_by_role("heading", name="Segundo paso")).to_be_visible()
    elsewhere.goto("/desk/")
    expect(elsewhere.get_by_role("heading", name="Segundo paso")).to_be_visible()
    elsewhere.locator("[name=code]").fill(recovery[0])
    elsewhere.locator("[name=code]").press("Enter")
    elsewhere.wait_for_url("**/desk/**")

    again = cast.page(cast.context())
    enter(again, nora)
    again.locator("[name=code]").fill(recovery[0])
    again.locator("[name=code]").press("Enter")
    expect(again.get_by_text("Incorrect code.")).to_be_visible()
    again.locator("[name=code]").fill(code(secret))
    again.locator("[name=code]").press("Enter")
    again.wait_for_url("**/desk/**")


def test_a_passkey_signs_in_alone(cast: Cast, nora: str) -> None:
    page = cast.page(cast.context(base_url=by_name(cast)))
    virtual_key(page)
    enter(page, nora)
    page.wait_for_url("**/desk/**")
    page.goto("/account/")
    page.get_by_role("link", name="Add a passkey").click()
    confirm(page)
    page.get_by_label("Name", exact=True).fill("Laptop")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.get_by_role("link", name="Done").click()
    expect(page.get_by_role("listitem").filter(has_text="Laptop")).to_contain_text("not used yet")
    page.goto("/desk/")
    page.get_by_label("Menu").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login/**")

    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/desk/**")

    page.get_by_label("Menu").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login/**")
    enter(page, nora)
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/desk/**")


def test_a_browser_without_passkeys_says_why(cast: Cast) -> None:
    page = cast.page(cast.context())
    page.goto("/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()

    expect(page.get_by_role("alert")).to_contain_text("as localhost", timeout=SOON)


def test_an_ended_session_closes_its_desk_at_once(cast: Cast, nora: str) -> None:
    desk, own = cast.page(cast.context()), cast.page(cast.context())
    enter(desk, nora)
    expect(desk.locator(".activity-button")).to_be_visible(timeout=SOON)
    enter(own, nora)
    own.goto("/account/")
    row = own.get_by_role("listitem").filter(has=own.get_by_role("button", name="Sign out", exact=True))
    expect(row).to_have_count(1)

    before = time.monotonic()
    row.get_by_role("button").click()

    expect(own.get_by_text("That browser is signed out.")).to_be_visible()
    expect(desk.get_by_text("Your session has ended")).to_be_visible(timeout=5_000)
    assert time.monotonic() - before < 5  # The heartbeat alone would take up to 15 s.
    expect(own.get_by_text("this one")).to_have_count(1)
    own.goto("/desk/")
    expect(own.locator(".activity-button")).to_be_visible(timeout=SOON)


def test_an_administrator_ends_a_session(cast: Cast, nora: str) -> None:
    desk = cast.page(cast.context())
    enter(desk, nora)
    expect(desk.locator(".activity-button")).to_be_visible(timeout=SOON)
    admin = cast.supervisor()
    admin.goto("/admin/usersessions/usersession/")
    admin.get_by_role("link", name=nora).click()
    admin.locator("a[href$='/end/']").click()
    admin.get_by_role("button", name="End").click()

    expect(desk.get_by_text("Your session has ended")).to_be_visible(timeout=5_000)
    expect(admin.get_by_role("link", name=nora)).to_have_count(0)
