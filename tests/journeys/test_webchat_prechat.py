"""A supervisor sets a web chat up: what it asks first, its hours, the sites it stands on; visitors meet all of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys.people import SOON, Cast
from tests.support.shop import shop

pytestmark = [pytest.mark.journey, pytest.mark.browser]

ASKED = "email* | E-mail | Correo electrónico\norder | Order number | Número de pedido"


def save(page: Page) -> None:
    page.locator("[name=_save]").click()
    page.wait_for_load_state()
    expect(page.locator(".errorlist, .errornote, .cc-error")).to_have_count(0)


def calendar_closed_today(page: Page, name: str) -> None:
    """Open on one morning of the week, which is neither today nor tomorrow, wherever today begins."""
    day = (datetime.now(UTC) + timedelta(days=3)).strftime("%A").lower()
    page.goto("/admin/hours/calendar/add/")
    page.locator("[name=friendly_name]").fill(name)
    page.locator("[name=unique_name]").fill(name.lower())
    for _ in range(page.locator(".cc-week .cc-block").count()):
        page.locator(".cc-week .cc-block [data-do=remove]").first.click()
    row = page.locator(f".cc-week .cc-day[data-day={day}]")
    row.locator("[data-do=add-block]").click()
    row.get_by_label("From").fill("09:00")
    row.get_by_label("Until").fill("10:00")
    save(page)


def deployed(page: Page, name: str, *, site: str, calendar: str) -> None:
    page.goto("/admin/conversations/address/add/")
    page.locator("[name=channel]").select_option("webchat")
    page.locator("[name=address]").fill(f"webchat:{name}")
    page.locator("[name=friendly_name]").fill("Garden shop")
    save(page)
    page.goto("/admin/webchat/deployment/add/")
    page.locator("[name=address]").select_option(label=f"Garden shop (webchat:{name})")
    page.locator("[name=allowed_origins]").fill(site)
    page.locator("[name=calendar]").select_option(label=calendar)
    page.locator("[name=closed_en]").fill("The greenhouse sleeps.")
    page.locator("[name=closed_es]").fill("El invernadero duerme.")
    page.locator("[name=greeting_es]").fill("¿Qué planta le preocupa?")
    page.locator("[name=fields_text]").fill(ASKED)
    save(page)


def invalid(field: Locator) -> Any:
    return field.evaluate("input => input.matches(':invalid')")


def test_what_is_asked_first_the_hours_and_the_sites(cast: Cast) -> None:
    sofia = cast.supervisor("sofia")
    with shop(cast.product.url, "garden") as port:
        calendar_closed_today(sofia, "Garden")
        deployed(sofia, "garden", site=f"http://127.0.0.1:{port}", calendar="Garden")
        visitor = cast.page(cast.context())
        visitor.goto(f"http://127.0.0.1:{port}/")
        visitor.get_by_role("button", name="Chat with us").click()
        chat = visitor.frame_locator("iframe")

        # Outside of the hours the chat says so and when somebody is back, and still takes the words.
        expect(chat.locator("#hours")).to_contain_text("The greenhouse sleeps. We are back ", timeout=SOON)
        chat.get_by_label("Message").fill("My fern is brown")
        chat.locator("#send").click()
        expect(chat.get_by_label("E-mail")).to_be_focused()
        assert invalid(chat.get_by_label("E-mail"))
        expect(chat.locator(".row")).to_have_count(0)
        # What the browser takes and the server does not is said in words, and nothing is lost.
        chat.get_by_label("E-mail").fill("maria@localhost")
        chat.locator("#send").click()
        expect(chat.locator("#banner")).to_have_text("Write it like maria@example.com.", timeout=SOON)
        chat.get_by_label("E-mail").fill("maria@example.com")
        chat.get_by_label("E-mail").press("Tab")
        expect(chat.locator(".row.mine.sent")).to_contain_text("My fern is brown", timeout=SOON)
        expect(chat.get_by_label("E-mail")).to_have_count(1)
        expect(chat.get_by_label("E-mail")).to_be_hidden()

        # The same page under a name that is not listed shows no chat, and whoever made it reads why.
        elsewhere = cast.page(cast.context())
        elsewhere.goto(f"http://localhost:{port}/")
        with elsewhere.expect_console_message(lambda said: said.text.startswith("Contact chat:")) as said:
            elsewhere.get_by_role("button", name="Chat with us").click()
        assert f"The web chat garden may not stand on http://localhost:{port}." in said.value.text
        expect(elsewhere.get_by_role("button")).to_have_count(0)
        expect(elsewhere.locator("iframe")).to_have_count(0)
        expect(elsewhere.get_by_role("heading", name="Shop")).to_be_visible()


def test_in_spanish_it_is_asked_and_refused_in_spanish(cast: Cast) -> None:
    sofia = cast.supervisor("sofia")
    calendar_closed_today(sofia, "Jardin")
    deployed(sofia, "jardin", site=cast.product.url, calendar="Jardin")

    chat = cast.page(cast.context(viewport={"width": 360, "height": 740}))
    chat.goto("/chat/frame?deployment=jardin&language=es")

    expect(chat.locator("#hours")).to_contain_text("El invernadero duerme. Volvemos: ")
    expect(chat.locator("#welcome")).to_contain_text("¿Qué planta le preocupa?")
    expect(chat.get_by_label("Número de pedido (opcional)")).to_be_visible()
    chat.get_by_label("Correo electrónico").fill("maria@localhost")
    chat.locator("#input").fill("Hola")
    chat.locator("#send").click()
    expect(chat.locator("#banner")).to_have_text("Escríbelo como maria@example.com.", timeout=SOON)
