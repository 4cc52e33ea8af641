"""Templates in the admin: found, shown, and read anew."""

import pytest
from django.test import Client
from django.urls import reverse

from conversations import actions, tasks
from conversations.models import TemplateReading
from conversations.tests.templates import due, listed, stand, template
from eventlog.dbclock import database_now
from tests.office import enter
from tests.people import full_house

pytestmark = pytest.mark.django_db

LIST = "admin:conversations_template_changelist"
READ = "admin:conversations_template_read"


@pytest.fixture
def bo() -> Client:
    return enter(full_house(), "Bo")


def shown(client: Client, **query: str) -> list[str]:
    return [row.name for row in client.get(reverse(LIST), query).context["cl"].result_list]


def test_they_are_found_by_words_and_by_state(bo: Client) -> None:
    odd = listed("odd", state="rejected", reason="INVALID_FORMAT", types={"twilio/text": {"body": "Half price"}})
    stand(listed("visit"), odd)

    assert shown(bo) == ["odd", "visit"]
    assert shown(bo, q="half") == ["odd"]
    assert shown(bo, q=odd.sid) == ["odd"]
    assert shown(bo, state__exact="approved") == ["visit"]
    assert "1 minute ago" not in bo.get(reverse(LIST)).content.decode()
    assert "2 templates." in bo.get(reverse(LIST)).content.decode()


def test_page_shows_what_the_customer_sees_and_escapes_it(bo: Client) -> None:
    row = template(samples={"1": "<b>Maria</b>", "2": "12 May"})

    page = bo.get(reverse("admin:conversations_template_change", args=[row.pk])).content.decode()

    assert "Hello &lt;b&gt;Maria&lt;/b&gt;, your appointment is on 12 May." in page
    assert '<span class="cc-choice" title="confirm">Confirm</span>' in page
    assert bo.post(reverse("admin:conversations_template_change", args=[row.pk]), {"name": "x"}).status_code == 403


def test_the_button_has_the_list_read(bo: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[str] = []
    monkeypatch.setattr(tasks, "ring_read_templates", rung.append)

    assert bo.get(reverse(READ)).status_code == 405
    answer = bo.post(reverse(READ), follow=True)

    row = TemplateReading.objects.get()
    assert row.due_at <= database_now()
    assert rung == [row.account_sid]
    assert "The list is being read." in answer.content.decode()


def test_a_failure_is_said_with_its_remedy(bo: Client) -> None:
    actions.fail_template_reading(due(), code="20003", after_seconds=None)

    page = bo.get(reverse(LIST)).content.decode()

    assert "has not been read yet" in page
    assert "The last attempt failed (20003)." in page
    assert "The account&#x27;s credentials are not accepted." in page


def test_agents_have_no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[str] = []
    monkeypatch.setattr(tasks, "ring_read_templates", rung.append)
    client = enter(full_house(), "Ada")

    assert client.get(reverse(LIST)).status_code in (302, 403)
    client.post(reverse(READ))
    assert rung == []
    assert not TemplateReading.objects.exists()
