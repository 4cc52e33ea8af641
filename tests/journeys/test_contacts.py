"""Customers' contacts at the desk and in the admin: found, made one, split, described, blocked, copied, erased."""

import io
import json
import re
import zipfile

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.people import SOON, Cast, Desk

pytestmark = [pytest.mark.journey, pytest.mark.browser]


def found(page: Page, words: str, name: str) -> None:
    """Search the admin's list of contacts, and open the one."""
    page.goto("/admin/conversations/contact/")
    page.locator("input[name=q]").first.fill(words)
    page.locator("input[name=q]").first.press("Enter")
    page.wait_for_url("**q=**")
    page.locator("#result_list").get_by_role("link", name=name).first.click()
    page.wait_for_url("**/change/**")


def choose(page: Page, verb: str, words: str) -> None:
    """Follow the page's link to that question, wherever a narrow window has put it."""
    link = page.locator(f"a[href$='/{verb}'], a[href$='/{verb}/']").first
    expect(link).to_contain_text(words)
    page.goto(link.get_attribute("href") or "")


def tell(desk: Desk, verb: str) -> None:
    desk.page.locator(".contact-card").get_by_role("button", name=verb, exact=True).click()


def test_two_numbers_of_one_person_are_merged_and_split_at_the_desk(cast: Cast) -> None:
    ana = cast.agent("ana")
    ana.activity("Available")
    cast.phone("whatsapp", name="Petra Wasser").say("my order of tulips")
    ana.accept("my order of tulips")
    cast.phone("sms", name="Petra W").say("same tulips, other phone")
    ana.accept("same tulips, other phone")
    card = ana.page.locator(".contact-card")
    expect(card.locator(".identities li")).to_have_count(1, timeout=SOON)

    tell(ana, "Merge…")
    ana.page.get_by_label("Name, number or field").fill("wasser")
    choice = ana.page.get_by_role("button", name="Merge with Petra Wasser")
    expect(choice).to_be_visible(timeout=SOON)
    choice.click()
    expect(card.locator(".identities li")).to_have_count(2, timeout=SOON)
    expect(card.locator(".contact-change")).to_contain_text("Merged with Petra Wasser")

    card.get_by_role("button", name="Split off").first.click()
    expect(card.locator(".identities li")).to_have_count(1, timeout=SOON)
    expect(card.locator(".contact-change")).to_contain_text("was split off")


def test_a_field_is_filled_in_with_a_check_and_a_block_closes_the_composer(cast: Cast) -> None:
    admin = cast.supervisor("admin")
    admin.goto("/admin/conversations/contactfield/add/")
    admin.locator("[name=key]").fill("beds")
    admin.locator("[name=kind]").select_option("number")
    admin.locator("[name=label]").fill("Beds in the garden")
    admin.locator("[name=label_es]").fill("Arriates del jardín")
    admin.locator("[name=_save]").click()
    ana = cast.agent("ana")
    ana.activity("Available")
    cast.phone("sms", name="Gert Blum").say("how many seeds do I need")
    ana.accept("how many seeds do I need")
    card = ana.page.locator(".contact-card")

    tell(ana, "Edit")
    card.get_by_label("Beds in the garden").fill("many")
    card.get_by_role("button", name="Save").click()
    expect(card.get_by_role("alert")).to_contain_text("Write a number", timeout=SOON)
    card.get_by_label("Beds in the garden").fill("12")
    card.get_by_role("button", name="Save").click()
    expect(card.locator("dd", has_text="12")).to_be_visible(timeout=SOON)

    tell(ana, "Block…")
    card.get_by_label("Reason").fill("sends nothing but seeds")
    card.get_by_role("button", name="Block", exact=True).click()
    expect(ana.page.locator(".composer-blocked")).to_be_visible(timeout=SOON)
    tell(ana, "Unblock")
    expect(ana.page.locator("#composer-text")).to_be_enabled(timeout=SOON)


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_copy_is_fetched_and_an_erasure_asks_first(cast: Cast, language: str) -> None:
    words = {
        "en": ("Copy", "Make the copy", "Erase", "Erase for good", "erased"),
        "es": ("Copiar", "Hacer la copia", "Borrar", "Borrar para siempre", "borrado"),
    }[language]
    copy, make, erase, confirm, gone = words
    name = f"Iris {language.upper()}"
    ana = cast.agent("ana")
    ana.activity("Available")
    cast.phone("whatsapp", name=name).say(f"forget me soon {language}")
    ana.accept(f"forget me soon {language}")
    ana.wrap_up_and_complete()
    admin = cast.supervisor("admin")
    admin.context.add_cookies([{"name": "django_language", "value": language, "url": cast.product.url}])

    found(admin, name, name)
    contact = admin.url
    choose(admin, "export", copy)
    admin.get_by_role("button", name=make).click()
    admin.wait_for_url("**/privacy/datarequest/**")
    link = admin.locator("a", has_text=re.compile(r"CT[0-9a-f]{32}\.zip"))
    expect_after_reload(admin, link)
    with admin.expect_download() as coming:
        link.click()
    with zipfile.ZipFile(io.BytesIO(coming.value.path().read_bytes())) as archive:
        assert json.loads(archive.read("contact.json"))["name"] == name
        talks = [archive.read(each).decode() for each in archive.namelist() if each.startswith("conversations/")]
    assert f"forget me soon {language}" in "".join(talks)

    admin.goto(contact)
    choose(admin, "erase", erase)
    expect(admin.locator(".cc-ask")).to_contain_text(name)
    admin.locator(".cc-ask .cc-buttons a").click()  # Thought better of it.
    expect(admin.locator("[name=name]")).to_have_value(name)
    choose(admin, "erase", erase)
    admin.get_by_role("button", name=confirm).click()
    admin.wait_for_url("**/privacy/datarequest/**")
    expect_after_reload(admin, admin.get_by_text(re.compile("1 (message|mensaje)")))
    admin.goto("/admin/conversations/contact/?q=" + name.replace(" ", "+"))
    expect(admin.locator("#result_list a", has_text=name)).to_have_count(0)
    admin.goto(contact)
    expect(admin.get_by_text(gone).first).to_be_visible()


def expect_after_reload(page: Page, what: object) -> None:
    """The page does not live: it is loaded again until the work is done."""
    for _ in range(30):
        try:
            expect(what).to_be_visible(timeout=1_000)  # type: ignore[call-overload]
        except AssertionError:
            page.reload()
        else:
            return
    raise AssertionError(f"{what} did not come")
