"""The inbox in the admin: what was set aside, why, and another try."""

from urllib.parse import urlencode

import pytest
from django.urls import reverse

from conversations.actions import inbox
from conversations.models import Arrival
from eventlog.dbclock import database_now
from tests import people
from tests.office import enter
from tests.people import CUSTOMER, OURS, House

pytestmark = pytest.mark.django_db

LIST = reverse("admin:conversations_arrival_changelist")


def set_aside(key: str, *, ours: str, reason: str = "not-ours") -> Arrival:
    body = urlencode({"From": CUSTOMER, "To": ours, "Body": "<b>my card</b>"}).encode()
    return Arrival.objects.create(
        kind="message", key=key, line=f"{ours} {CUSTOMER}", ours=ours, path="/", body=body,
        received_at=database_now(), reason=reason,
    )  # fmt: skip


def page(row: Arrival, name: str = "change") -> str:
    return reverse(f"admin:conversations_arrival_{name}", args=[row.pk])


@pytest.fixture
def home() -> House:
    home = people.full_house()
    people.address(home)
    return home


def test_it_tells_what_came_and_why_it_waits(home: House) -> None:
    row = set_aside("SM1", ours="+15559999999")

    client = enter(home, "Bo")
    listed, shown = client.get(LIST).text, client.get(page(row)).text

    assert "SM1" in listed
    assert "the address is not ours" in listed
    assert "&lt;b&gt;my card&lt;/b&gt;" in shown
    assert "<b>my card</b>" not in shown


def test_a_supervisor_has_it_tried_again(home: House) -> None:
    row = set_aside("SM1", ours=OURS, reason="DataError")
    client = enter(home, "Bo")

    asked = client.get(page(row, "retry"))
    assert asked.status_code == 200
    assert Arrival.objects.get().due_at is None
    client.post(page(row, "retry"))

    assert (Arrival.objects.get().reason, Arrival.objects.get().due_at is None) == ("", False)
    assert client.post(page(row, "retry")).status_code == 403  # It is being tried: there is nothing to press.


def test_an_agent_sees_nothing_of_it(home: House) -> None:
    row = set_aside("SM1", ours=OURS)

    assert enter(home, "Ada").get(page(row)).status_code in (302, 403)


def test_what_came_for_others_is_not_shown(home: House) -> None:
    other = people.house("Other")
    people.person(other, "Eve", role="supervisor")
    people.address(other, "+15550002000")
    theirs, nobodys = set_aside("SM1", ours="+15550002000"), set_aside("SM2", ours="+15559999999")

    client = enter(home, "Bo")

    assert [client.get(page(row)).status_code for row in (theirs, nobodys)] == [404, 404]
    assert "SM1" not in client.get(LIST).text
    assert "SM2" not in client.get(LIST).text
    assert list(inbox.queries.visible_arrivals(other.account)) == [theirs]
    assert list(inbox.queries.visible_arrivals(None)) == [theirs, nobodys]
