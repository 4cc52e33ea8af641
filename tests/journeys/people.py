"""Agents, supervisors and customers, by what they do on their screens."""

import itertools
import json
import re
from typing import Any

import requests
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.support.product import Product

SOON = 15_000
_customers = itertools.count(1)


class Cast:
    """Everybody of one story; each person has a browser context of his own."""

    def __init__(self, product: Product, browser: Browser) -> None:
        self.product = product
        self.browser = browser
        self.contexts: list[BrowserContext] = []
        self.complaints: list[str] = []
        self.desks: list[Desk] = []

    def context(self, **options: Any) -> BrowserContext:
        context = self.browser.new_context(**{"base_url": self.product.url, "locale": "en-GB", **options})
        context.set_default_timeout(SOON)
        self.contexts.append(context)
        return context

    def page(self, context: BrowserContext) -> Page:
        page = context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._overhear)
        return page

    def _overhear(self, message: Any) -> None:
        if message.type == "error" and "Content Security Policy" in message.text:
            self.complaints.append(message.text)

    def leave(self) -> None:
        for desk in self.desks:
            desk.activity("Offline")
        self._end_what_is_left()
        for context in self.contexts:
            context.close()
        assert self.complaints == []

    def _end_what_is_left(self) -> None:
        """So that no agent of the next story is full before it begins."""
        known = self.product.logins()
        with requests.Session() as api:
            api.auth = known["account"], known["auth token"]
            workspaces = f"{self.product.url}/taskrouter/v1/Workspaces"
            [workspace] = api.get(workspaces, timeout=10).json()["workspaces"]
            tasks = f"{workspaces}/{workspace['sid']}/Tasks"
            for status, end in (("assigned,wrapping", "completed"), ("pending,reserved", "canceled")):
                left = api.get(tasks, params={"AssignmentStatus": status, "PageSize": 100}, timeout=10).json()["tasks"]
                for task in left:
                    api.post(f"{tasks}/{task['sid']}", data={"AssignmentStatus": end, "Reason": "end"}, timeout=10)

    def agent(self, username: str = "ana", **options: Any) -> "Desk":
        context = self.context(**options)
        sign_in(self.page(context), username, self.product.logins()[username])
        desk = Desk(self, context.pages[0])
        self.desks.append(desk)
        return desk

    def phone(self, channel: str, *, name: str | None = None, **options: Any) -> "Phone":
        page = self.page(self.context(**options))
        page.goto("/phones/")
        return Phone(page, channel, name=name or f"Customer {next(_customers)}")

    def supervisor(self, username: str = "admin", **options: Any) -> Page:
        page = self.page(self.context(**options))
        sign_in(page, username, self.product.logins()[username])
        return page

    def bot(self) -> "Bot":
        return Bot(self.product)


def sign_in(page: Page, username: str, password: str) -> None:
    page.goto("/login/")
    page.get_by_label("User name").or_(page.get_by_label("Username")).fill(username)
    page.get_by_label("Password").fill(password)
    page.locator("form button[type=submit]", has_text=re.compile("sign in|log in", re.I)).click()
    page.wait_for_url("**/desk/**")


class Desk:
    """An agent's screen."""

    def __init__(self, cast: Cast, page: Page) -> None:
        self.cast = cast
        self.page = page
        expect(page.locator(".activity-button")).to_be_visible(timeout=SOON)

    def second_tab(self) -> "Desk":
        page = self.cast.page(self.page.context)
        page.goto("/desk/")
        return Desk(self.cast, page)

    def activity(self, name: str) -> None:
        if self.page.locator(".activity-name").inner_text() == name:
            return
        self.page.locator(".activity-button").click()
        self.page.get_by_role("menuitemradio", name=name, exact=True).click()
        expect(self.page.locator(".activity-name")).to_have_text(name, timeout=SOON)

    def offer(self, words: str) -> Locator:
        card = self.page.locator(".offer-card", has_text=words)
        expect(card.first).to_be_visible(timeout=SOON)
        return card.first

    def accept(self, words: str) -> None:
        self.offer(words).get_by_role("button", name="Accept").click()
        expect(self.page.locator(".message-body", has_text=words).first).to_be_visible(timeout=SOON)

    def say(self, text: str) -> None:
        self.page.locator("#composer-text").fill(text)
        self.page.locator("#composer-text").press("Enter")

    def message(self, text: str) -> Locator:
        return self.page.locator(".message", has=self.page.locator(".message-body", has_text=text))

    def sees(self, text: str) -> None:
        expect(self.message(text)).to_have_count(1, timeout=SOON)

    def line(self, words: str) -> Locator:
        """The line of the work list with these last words."""
        return self.page.locator(".work-line", has_text=words)

    def wrap_up_and_complete(self) -> None:
        self.page.get_by_role("button", name="Wrap up").click()
        form = self.page.locator("form.wrap-up")
        expect(form).to_be_visible(timeout=SOON)
        form.get_by_label("Outcome").select_option("resolved")
        form.get_by_label("Note").fill("all good")
        form.get_by_role("button", name="Complete").click()
        expect(form).to_have_count(0, timeout=SOON)


class Phone:
    """A customer's phone on the page of phones."""

    def __init__(self, page: Page, channel: str, *, name: str) -> None:
        self.page = page
        self.name = name
        self.box = page.locator(f"section.phone[data-channel={channel}]")
        self.box.locator(".owner__new").click()
        dialog = page.locator("dialog.naming")
        dialog.get_by_label("Name").fill(name)
        dialog.get_by_role("button", name="Save").click()
        expect(dialog).not_to_be_visible()
        expect(self.box.locator(".owner__select option:checked")).to_contain_text(name)

    def say(self, text: str) -> None:
        field = self.box.locator("form.composer textarea, form.composer input[type=text]").first
        field.fill(text)
        field.press("Enter")
        expect(self.box.locator(".thread", has_text=text)).to_be_visible()

    @staticmethod
    def say_again(page: Page, channel: str, text: str) -> None:
        """Whoever holds the phone of that channel now says something more."""
        field = page.locator(f"section.phone[data-channel={channel}] form.composer textarea")
        field.fill(text)
        field.press("Enter")

    def fault(self, name: str, count: int) -> None:
        """Have the carrier do that wrong, so many times."""
        panel = self.page.locator("details.faults")
        panel.locator("summary").click()
        field = panel.locator(f"input[name={name}]")
        field.fill(str(count))
        with self.page.expect_response("**/phones/faults/set"):
            field.press("Tab")
        panel.locator("summary").click()

    def sees(self, text: str) -> None:
        expect(self.box.locator(".thread").get_by_text(text, exact=True)).to_have_count(1, timeout=SOON)


class Bot:
    """A program with an API key."""

    def __init__(self, product: Product) -> None:
        self.product = product
        self.headers = {"Authorization": f"Bearer {product.logins()['key']}"}

    def hand_off(self, body: dict[str, Any], *, key: str = "") -> requests.Response:
        headers = {**self.headers, **({"Idempotency-Key": key} if key else {})}
        return requests.post(f"{self.product.url}/api/v1/handoffs", json=body, headers=headers, timeout=10)

    def state(self, sid: str) -> dict[str, Any]:
        answer = requests.get(f"{self.product.url}/api/v1/handoffs/{sid}", headers=self.headers, timeout=10)
        body: dict[str, Any] = json.loads(answer.text)
        return body
