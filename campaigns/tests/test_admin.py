"""Campaigns in the admin: written, checked row by row, started, watched, downloaded."""

import csv
from io import StringIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from campaigns import actions
from campaigns.core.lists import Given
from campaigns.models import Campaign, Recipient
from campaigns.tests.conftest import BODY, given
from conversations.actions import services
from conversations.models import Address, Message
from kernel import sids
from tests import people
from tests.office import enter
from tests.people import House

SHEET = "Phone,Who,time\n+15550100001,Ana,10:30\nnope,<b>Ben</b>,11:00\n"


def url(name: str, *arguments: Any) -> str:
    return reverse(f"admin:campaigns_campaign_{name}", args=arguments)


@pytest.fixture
def bo(home: House) -> Client:
    return enter(home, "Bo")


def form(ours: Address, **changes: Any) -> dict[str, Any]:
    return {"name": "Reminders", "address": ours.pk, "body": BODY, "rate": "100", "calendar": "", **changes}


def test_a_list_is_uploaded_checked_and_taken(bo: Client, ours: Address) -> None:
    answer = bo.post(url("add"), form(ours, file=SimpleUploadedFile("friday.csv", SHEET.encode())))
    campaign = Campaign.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, url("list", campaign.pk))

    page = bo.get(answer["Location"]).content.decode()
    assert "friday.csv has 2 rows" in page
    columns = {"address": "Phone", "country": "", "column_name": "Who", "column_time": "time"}
    checked = bo.post(url("list", campaign.pk), {**columns, "check": "1"})
    assert [(bad.line, bad.value) for bad, _ in checked.context["bad"]] == [(3, "nope")]
    assert "This is no number that can be written to." in checked.content.decode()
    assert not Recipient.objects.exists()

    assert bo.post(url("list", campaign.pk), {**columns, "take": "1"})["Location"] == url("change", campaign.pk)
    assert Recipient.objects.get().variables == {"name": "Ana", "time": "10:30"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"body": "Hi {{first name}}"}, "body"),
        ({"rate": "500"}, "rate"),
        ({"file": SimpleUploadedFile("x.csv", b"\x89PNG\0\0")}, "file"),
        ({"file": SimpleUploadedFile("x.csv", b"Phone\n")}, "file"),
    ],
)
def test_what_is_wrong_stands_at_its_field(bo: Client, ours: Address, changes: Any, field: str) -> None:
    answer = bo.post(url("add"), form(ours, **changes))

    assert answer.status_code == 200
    assert list(answer.context["adminform"].form.errors) == [field]
    assert not Campaign.objects.exists()


def test_a_messaging_service_is_chosen_in_the_place_of_an_address(bo: Client, home: House, ours: Address) -> None:
    made = services.create_service(home.workspace, sid=sids.new("MG"), friendly_name="Pool", actor=people.SYSTEM)
    services.set_pool(made, addresses=[ours], actor=people.SYSTEM)

    both = bo.post(url("add"), form(ours, service=made.pk))
    assert list(both.context["adminform"].form.errors) == ["address"]
    answer = bo.post(url("add"), form(ours, address="", service=made.pk))

    assert answer.status_code == 302
    campaign = Campaign.objects.get()
    assert (campaign.service, campaign.channel) == (made, "sms")
    assert "Pool · SMS" in bo.get(url("change", campaign.pk)).content.decode()
    assert "Pool" in bo.get(url("changelist")).content.decode()


def test_verbs_are_asked_for_and_the_page_shows_how_far_it_is(bo: Client, home: House, draft: Campaign) -> None:
    actions.add_recipients(draft, given(2), actor=home.actor("Bo"))
    start = url("start", draft.pk)
    assert bo.get(start).status_code == 200
    draft.refresh_from_db()
    assert draft.state == "draft"

    assert bo.post(start, follow=True).status_code == 200
    actions.send_some(draft.sid)

    Message.objects.filter(campaign_recipient__line=2).update(status="failed", error_code="30003")
    page = bo.get(url("change", draft.pk)).content.decode()
    assert 'data-result="failed">1<' in page
    assert "30003" in page
    only = bo.get(url("change", draft.pk), {"result": "failed"}).context["rows"]
    assert [row.line for row, *_ in only] == [2]
    assert 'data-result="queued">1<' in bo.get(url("progress", draft.pk)).content.decode()


def test_rows_come_by_page(bo: Client, home: House, draft: Campaign) -> None:
    actions.add_recipients(draft, given(120), actor=home.actor("Bo"))

    page = bo.get(url("change", draft.pk), {"page": "3"})

    assert [row.line for row, *_ in page.context["rows"]] == list(range(101, 121))


def test_results_are_downloaded_and_no_cell_is_a_sum(bo: Client, home: House) -> None:
    page = people.address(home, "messenger:100", channel="messenger")
    made = actions.create_campaign(home.workspace, plan=actions.Plan("M", page, "Hi"), actor=home.actor("Bo"))
    actions.add_recipients(made, [Given(1, "-1.5", {})], actor=home.actor("Bo"))
    Recipient.objects.update(address="=cmd()")

    text = b"".join(bo.get(url("results", made.pk)).streaming_content).decode("utf-8-sig")

    rows = list(csv.DictReader(StringIO(text)))
    assert [(row["to"], row["result"]) for row in rows] == [("'=cmd()", "waiting")]


def test_agents_and_strangers_see_nothing(home: House, draft: Campaign) -> None:
    stranger = people.house("Other")
    people.person(stranger, "Cy", role="supervisor")

    for client in (enter(home, "Ada"), enter(stranger, "Cy"), Client()):
        for name in ("change", "list", "progress", "results"):
            assert client.get(url(name, draft.pk)).status_code in (302, 403, 404)
        assert client.post(url("cancel", draft.pk)).status_code in (302, 403, 404)

    draft.refresh_from_db()
    assert draft.state == "draft"


def test_only_a_draft_is_edited(bo: Client, home: House, running: Campaign) -> None:
    answer = bo.post(url("change", running.pk), form(running.address, name="Other"))

    running.refresh_from_db()
    assert running.name == "Reminders"
    assert answer.status_code == 200
    assert bo.get(url("list", running.pk)).status_code == 302
