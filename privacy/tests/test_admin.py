"""Customers, copies, erasures and rules in the admin."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from conversations.actions.contact_fields import FieldForm, create_contact_field
from conversations.models import Arrival, Contact, ContactField, ContactValue
from kernel import clock
from privacy import job
from privacy.models import DataRequest, Retention
from privacy.tests import stories
from privacy.tests.stories import Story
from tests import people
from tests.office import enter
from tests.people import House

pytestmark = pytest.mark.django_db


def page(contact: Contact, verb: str = "change") -> str:
    if verb == "change":
        return reverse("admin:conversations_contact_change", args=[contact.pk])
    return reverse(f"admin:conversations_contact_{verb}", args=[contact.pk])


def test_a_supervisor_changes_name_and_fields(home: House) -> None:
    contact = people.said().conversation.identity.contact
    form = FieldForm(label="Age")
    create_contact_field(home.workspace, key="age", kind="number", form=form, actor=home.actor("Bo"))
    client = enter(home, "Bo")

    refused = client.post(page(contact), {"name": "Ana", "field_age": "old"})
    assert refused.context["adminform"].form.errors == {"field_age": ["Write a number, such as 12.5."]}
    contact.refresh_from_db()
    assert contact.name == "Maria"

    assert client.post(page(contact), {"name": "Ana", "field_age": "41"}).status_code == 302
    contact.refresh_from_db()
    assert (contact.name, ContactValue.objects.get().text) == ("Ana", "41")


def test_merge_split_and_undo_are_buttons(home: House) -> None:
    maria = people.said().conversation.identity.contact
    caro = people.said(**stories.WHATSAPP).conversation.identity.contact
    client = enter(home, "Bo")

    refused = client.post(page(maria, "merge"), {"other": "nobody"})
    assert "other" in refused.context["form"].errors
    assert client.post(page(maria, "merge"), {"other": "carolina"}).status_code == 302
    assert maria.identities.count() == 2

    given = {"identity": f"whatsapp:{stories.CARO}"}
    assert client.post(page(maria, "split"), given).status_code == 302
    assert maria.identities.count() == 1

    for count in (2, 1):
        assert client.post(page(maria, "undo")).status_code == 302
        assert maria.identities.count() == count
    assert client.get(page(caro)).status_code == 200


def test_block_and_unblock_are_buttons(home: House) -> None:
    contact = people.said().conversation.identity.contact
    client = enter(home, "Bo")

    assert "reason" in client.post(page(contact, "block"), {"reason": ""}).context["form"].errors
    client.post(page(contact, "block"), {"reason": "spam"})
    contact.refresh_from_db()
    assert contact.blocked_reason == "spam"
    assert "spam" in client.get(page(contact)).content.decode()
    client.post(page(contact, "unblock"))
    contact.refresh_from_db()
    assert contact.blocked_at is None


def test_the_erasure_says_what_will_go_and_asks_first(home: House, story: Story) -> None:
    client = enter(home, "Dee")

    asked = client.get(page(story.contact, "erase")).content.decode()
    assert "2 identities, 2 conversations, 4 messages, 1 file" in asked
    assert not DataRequest.objects.exists()

    answer = client.post(page(story.contact, "erase"))
    request = DataRequest.objects.get()
    assert answer["Location"] == reverse("admin:privacy_datarequest_change", args=[request.pk])
    job.run(request.sid)
    assert stories.left() == []
    assert client.get(page(story.contact)).status_code == 200
    assert client.get(reverse("admin:conversations_contact_changelist")).status_code == 200
    assert "4 messages" in client.get(answer["Location"]).content.decode()


def test_a_supervisor_copies_and_does_not_erase(home: House, story: Story) -> None:
    client = enter(home, "Bo")

    assert client.post(page(story.contact, "erase")).status_code == 403
    assert client.post(page(story.contact, "copy")).status_code == 302
    assert DataRequest.objects.get().kind == "export"
    assert enter(home, "Ada").get(page(story.contact)).status_code in (302, 403)


def test_contacts_are_found_by_number_name_and_field(home: House, story: Story) -> None:
    client = enter(home, "Bo")
    people.said(from_address="+15550108888", profile_name="Other")
    for words in ("carolina", "+57 300 1234567", "order-sec"):
        found = client.get(reverse("admin:conversations_contact_changelist"), {"q": words})
        assert [row.pk for row in found.context["cl"].queryset] == [story.contact.pk], words


def test_fields_are_made_in_the_admin(home: House) -> None:
    client = enter(home, "Bo")
    given = {"key": "tier", "kind": "choice", "label": "Tier", "label_es": "Nivel", "choices": "", "position": "0"}
    add = reverse("admin:conversations_contactfield_add")

    assert "choices" in client.post(add, given).context["adminform"].form.errors
    assert client.post(add, given | {"choices": "gold\nsilver\n"}).status_code == 302

    row = ContactField.objects.get()
    assert (row.choices, row.workspace) == (["gold", "silver"], home.workspace)
    change = reverse("admin:conversations_contactfield_change", args=[row.pk])
    assert client.post(change, given | {"choices": "gold", "required": "on"}).status_code == 302
    row.refresh_from_db()
    assert (row.choices, row.required, row.key) == (["gold"], True, "tier")
    assert (
        client.post(reverse("admin:conversations_contactfield_delete", args=[row.pk]), {"post": "yes"}).status_code
        == 302
    )
    assert not ContactField.objects.exists()


def test_the_dry_number_stands_before_the_switch(home: House, story: Story, monkeypatch: Any) -> None:
    client = enter(home, "Dee")
    assert client.post(reverse("admin:privacy_retention_add"), {"days": "30"}).status_code == 302
    rule = Retention.objects.get()
    switch = reverse("admin:privacy_retention_switch_on", args=[rule.pk])

    asked = client.get(switch).content.decode()
    assert "0 conversations that ended more than 30 days ago" in asked
    assert "set aside" not in asked
    old = {"received_at": clock.now() - timedelta(days=31), "reason": "not-found", "body": b"x", "path": "/x"}
    Arrival.objects.create(key="old", kind="message", line="x y", ours="y", **old)
    assert "And 1 webhook of that age that was set aside." in client.get(switch).content.decode()
    assert "And 1 webhook" in client.get(reverse("admin:privacy_retention_change", args=[rule.pk])).content.decode()
    assert client.post(switch, {"seen": "1"}).status_code == 200
    rule.refresh_from_db()
    assert rule.active is False

    assert client.post(switch, {"seen": "0"}).status_code == 302
    rule.refresh_from_db()
    assert rule.active is True
    assert enter(home, "Bo").get(reverse("admin:privacy_retention_changelist")).status_code == 403
