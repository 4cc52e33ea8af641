"""Addresses and conversations in the admin."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from conversations.models import Address, Conversation
from eventlog.models import Event
from tests.office import enter
from tests.people import CUSTOMER, address, full_house, house, said

pytestmark = pytest.mark.django_db


def add(client: Client, **changes: str) -> Any:
    given = {"channel": "sms", "address": "+15550007000", "friendly_name": "Shop", **changes}
    return client.post(reverse("admin:conversations_address_add"), given)


def test_an_address_is_made_and_the_log_tells_of_it() -> None:
    home = full_house()

    assert add(enter(home, "Bo")).status_code == 302

    row = Address.objects.get()
    event = Event.objects.get(type="address.created")
    assert (row.address, row.workspace) == ("+15550007000", home.workspace)
    assert (event.subject_sid, event.actor_sid) == (row.sid, home.users["Bo"].sid)


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"address": "15550007000"}, "address", "+15550001000"),
        ({"channel": "whatsapp"}, "address", "whatsapp:+15550001000"),
        ({"channel": "rcs", "address": "rcs:+15550001000"}, "address", "rcs:brand_agent"),
        ({"channel": "fax"}, "channel", ""),
        ({"friendly_name": " "}, "friendly_name", ""),
    ],
)
def test_a_wrong_address_is_refused_at_its_field(changes: dict[str, str], field: str, words: str) -> None:
    response = add(enter(full_house(), "Bo"), **changes)

    assert words in response.context["adminform"].form.errors[field][0]
    assert not Address.objects.exists()


def test_an_address_is_taken_by_whoever_has_it() -> None:
    other = house("Other")
    address(other, "+15550007000")

    response = add(enter(full_house(), "Bo"))

    assert "address" in response.context["adminform"].form.errors
    assert Address.objects.get().workspace == other.workspace


def test_an_address_gets_another_name_and_nothing_else() -> None:
    home = full_house()
    row = address(home)
    url = reverse("admin:conversations_address_change", args=[row.pk])

    enter(home, "Bo").post(url, {"friendly_name": "Hotline", "address": "+15550009999", "channel": "whatsapp"})

    row.refresh_from_db()
    assert (row.friendly_name, row.address, row.channel) == ("Hotline", "+15550001000", "sms")
    assert Event.objects.filter(type="address.updated", subject_sid=row.sid).exists()


def test_the_rate_of_an_address_is_set_and_a_rate_without_sense_is_refused() -> None:
    home = full_house()
    row = address(home)
    url = reverse("admin:conversations_address_change", args=[row.pk])
    client = enter(home, "Bo")
    form = {"friendly_name": "Front desk", "messages_per_second": "2.5", "on_unknown": "resend_once"}

    assert client.post(url, form).status_code == 302
    refused = client.post(url, form | {"messages_per_second": "0"})

    row.refresh_from_db()
    assert (row.messages_per_second, row.on_unknown) == (2.5, "resend_once")
    assert "0.01 to 1000" in refused.context["adminform"].form.errors["messages_per_second"][0]


def test_an_address_with_conversations_stays() -> None:
    home = full_house()
    free, used = address(home, "+15550007000"), address(home)
    said("hello")
    client = enter(home, "Bo")

    for row in (free, used):
        client.post(reverse("admin:conversations_address_delete", args=[row.pk]), {"post": "yes"})

    assert list(Address.objects.all()) == [used]
    assert [event.subject_sid for event in Event.objects.filter(type="address.deleted")] == [free.sid]


def test_a_conversation_is_read_and_never_written() -> None:
    home = full_house()
    address(home)
    said("hello <b>there</b> 🙂")
    conversation = Conversation.objects.get()
    client = enter(home, "Bo")
    url = reverse("admin:conversations_conversation_change", args=[conversation.pk])

    page = client.get(url).text

    assert "hello &lt;b&gt;there&lt;/b&gt; 🙂" in page
    assert client.post(url, {"state": "closed"}).status_code == 403
    assert Conversation.objects.get().state == "active"


def test_a_conversation_is_found_by_the_customers_address() -> None:
    home = full_house()
    address(home)
    said()
    client = enter(home, "Bo")
    url = reverse("admin:conversations_conversation_changelist")

    assert len(client.get(url, {"q": CUSTOMER}).context["cl"].result_list) == 1
    assert len(client.get(url, {"q": "+15559999999"}).context["cl"].result_list) == 0


def test_another_accounts_conversation_does_not_exist() -> None:
    other = house("Other")
    address(other)
    said()
    foreign = Conversation.objects.get()

    client = enter(full_house(), "Dee")

    assert client.get(reverse("admin:conversations_conversation_change", args=[foreign.pk])).status_code == 404
    listed = client.get(reverse("admin:conversations_conversation_changelist"))
    assert len(listed.context["cl"].result_list) == 0


def test_an_address_without_an_intake_says_so_and_leads_to_one() -> None:
    home = full_house()
    row = address(home)
    bo = enter(home, "Bo")

    page = bo.get(reverse("admin:conversations_address_changelist")).text
    assert "None: nobody is asked. Choose…" in page

    intake = bo.get(f"{reverse('admin:interactions_intake_add')}?address={row.pk}")
    assert intake.context["adminform"].form.initial["address"] == str(row.pk)
