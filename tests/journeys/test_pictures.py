"""The pictures of the README, taken from the running product.

``PICTURES=docs/images ./run test tests/journeys/test_pictures.py`` writes them; otherwise they go to a scratch folder,
so that the scenes stay possible.
"""

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.journeys.people import SOON, Cast, Phone
from tests.support.product import ROOT

pytestmark = [pytest.mark.journey, pytest.mark.browser]

WIDE = {"viewport": {"width": 1440, "height": 900}, "device_scale_factor": 1}
SCENE = (
    ("sms", "+", "Hi! My parcel says delivered, but nothing is here."),
    ("messenger", "Aiko Tanaka", "Do you ship to Japan?"),
    ("whatsapp", "Daniel Okafor", "¡Hola! ¿Puedo cambiar mi reserva para el viernes?"),
)


def folder(scratch: Path) -> Path:
    return ROOT / os.environ["PICTURES"] if "PICTURES" in os.environ else scratch


def test_the_pictures_of_the_readme(cast: Cast, tmp_path: Path) -> None:
    target = folder(tmp_path)
    target.mkdir(parents=True, exist_ok=True)
    phones = cast.page(cast.context(**WIDE))
    phones.goto("/phones/")
    ana = cast.agent("ana", **WIDE)
    ana.activity("Available")
    for channel, name, words in SCENE:
        Phone(phones, channel, name=name if name != "+" else "Maria Lopez").say(words)
        ana.accept(words)
    bot = cast.bot()
    bot.hand_off(
        {
            "channel": {"from": "+15550104477", "to": "+15550001000"},
            "name": "Nadia Haddad",
            "skills": ["sales"],
            "priority": 5,
            "summary": "Wants a quote for ten seats, paid yearly. Asked for a person twice.",
            "transcript": [
                {"author": "customer", "body": "How much is it for ten people?"},
                {"author": "bot", "body": "Our plans start at 19 a month. Shall I get somebody from sales?"},
                {"author": "customer", "body": "Yes please"},
            ],
            "context": {"plan": "team", "seats": 10, "country": "LB"},
        }
    )
    ana.say("¡Claro, Daniel! Tengo un lugar el viernes a las 10:30 o a las 16:00. ¿Cuál prefieres?")
    expect(ana.page.locator("[data-status=read]")).to_be_visible(timeout=SOON)
    Phone.say_again(phones, "whatsapp", "A las 10:30, por favor 🙌")
    ana.sees("A las 10:30, por favor 🙌")
    ana.offer("Wants a quote")
    ana.page.screenshot(path=target / "desk.png")
    phones.screenshot(path=target / "phones.png")
    ana.offer("Wants a quote").get_by_role("button", name="Accept").click()
    expect(ana.page.locator(".offer-card")).to_have_count(0, timeout=SOON)

    admin = cast.supervisor("admin", **WIDE)
    admin.goto("/admin/")
    admin.screenshot(path=target / "admin.png")

    for name in ("desk", "phones", "admin"):
        assert (target / f"{name}.png").stat().st_size > 20_000
