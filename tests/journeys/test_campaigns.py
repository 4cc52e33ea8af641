"""Appointment reminders to a list, and the answer that reaches an agent."""

import pytest
from playwright.sync_api import expect

from tests.journeys.people import SOON, Cast

pytestmark = [pytest.mark.journey, pytest.mark.browser]


def test_a_reminder_goes_out_and_its_answer_reaches_an_agent(cast: Cast) -> None:
    ana = cast.agent("ana")
    ana.activity("Available")
    phone = cast.phone("sms", name="Rosa")
    number = phone.box.locator(".owner__select").input_value()
    page = cast.supervisor("admin")

    page.goto("/admin/campaigns/campaign/add/")
    page.get_by_label("Name", exact=False).first.fill("Friday's appointments")
    page.locator("select[name=address]").select_option(label="Front desk (+15550001000)")
    page.locator("textarea[name=body]").fill("Hello {{name}}, we expect you on Friday at {{time}}. Will you come?")
    sheet = f"Phone,Name,Time\n{number},Rosa,10:30\nnot a number,Ben,11:00\n".encode()
    page.locator("input[name=file]").set_input_files({"name": "friday.csv", "mimeType": "text/csv", "buffer": sheet})
    page.locator("input[name=_save], button[name=_save]").first.click()

    expect(page.get_by_text("friday.csv has 2 rows.")).to_be_visible(timeout=SOON)
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.get_by_text("1 row can be taken.")).to_be_visible(timeout=SOON)
    expect(page.locator(".cc-table td", has_text="This is no number")).to_be_visible()
    page.get_by_role("button", name="Take the good rows").click()
    page.get_by_role("link", name="Start", exact=True).click()
    page.get_by_role("button", name="Start", exact=True).click()

    phone.sees("Hello Rosa, we expect you on Friday at 10:30. Will you come?")
    expect(page.locator("[data-result=delivered]")).to_have_text("1", timeout=SOON)
    phone.say("Yes, I will come")
    ana.accept("Yes, I will come")
    expect(ana.page.locator(".message-author", has_text="Friday's appointments")).to_be_visible()
    expect(ana.page.locator(".pane-customer .facts", has_text="Campaign")).to_contain_text("Friday's appointments")
    page.reload()
    expect(page.locator("[data-result=replied]")).to_have_text("1", timeout=SOON)
