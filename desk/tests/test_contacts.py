"""The customer's pane over HTTP: what an agent reads, changes, and may not."""

import json
from typing import Any

import pytest
from django.test import Client

from conversations import actions
from conversations.actions.contact_fields import FieldForm, create_contact_field
from conversations.models import Contact
from tests import people
from tests.office import enter
from tests.people import House

pytestmark = pytest.mark.django_db


@pytest.fixture
def home() -> House:
    home = people.full_house()
    people.address(home)
    people.address(home, "whatsapp:+15550002000", channel="whatsapp")
    form = FieldForm(label="Age", label_es="Edad")
    create_contact_field(home.workspace, key="age", kind="number", form=form, actor=home.actor("Bo"))
    return home


def customer(home: House, *names: str, **changes: Any) -> Contact:
    conversation = people.said(**changes).conversation
    for name in names:
        people.taking_part(home, name, conversation)
    return conversation.identity.contact


def do(client: Client, contact: Contact, verb: str, **given: Any) -> Any:
    body = json.dumps({"do": verb, **given})
    return client.post(f"/desk/contacts/{contact.sid}", body, content_type="application/json")


def test_the_card_is_read_in_the_readers_language(home: House) -> None:
    contact = customer(home, "Ada")
    home.users["Ada"].locale = "es"
    home.users["Ada"].save()

    card = enter(home, "Ada").get(f"/desk/contacts/{contact.sid}").json()["contact"]

    assert (card["name"], card["fields"][0]["label"]) == ("Maria", "Edad")
    assert card["identities"][0]["address"] == people.CUSTOMER


def test_name_and_fields_are_saved_together_or_not_at_all(home: House) -> None:
    contact = customer(home, "Ada")
    client = enter(home, "Ada")

    refused = do(client, contact, "save", name="Ana", fields={"age": "old"})
    assert (refused.status_code, refused.json()["field"]) == (400, "fields.age")
    contact.refresh_from_db()
    assert contact.name == "Maria"

    saved = do(client, contact, "save", name="Ana", fields={"age": "41"}).json()["contact"]
    assert (saved["name"], saved["fields"][0]["value"]) == ("Ana", "41")


def test_merge_by_search_and_undo(home: House) -> None:
    maria = customer(home, "Ada")
    whatsapp = {"channel": "whatsapp", "from_address": "whatsapp:+15550100002", "to_address": "whatsapp:+15550002000"}
    other = customer(home, "Ada", profile_name="Mariela", **whatsapp)
    client = enter(home, "Ada")

    [found] = client.get("/desk/contacts", {"q": "mari", "but": maria.sid}).json()["contacts"]
    assert found["sid"] == other.sid
    card = do(client, maria, "merge", other=found["sid"]).json()["contact"]
    assert len(card["identities"]) == 2

    card = do(client, maria, "undo", change=card["change"]["sid"]).json()["contact"]
    assert len(card["identities"]) == 1
    assert do(client, maria, "split", address=people.CUSTOMER).json()["field"] == "identity"


def test_block_needs_a_reason_and_is_taken_back(home: House) -> None:
    contact = customer(home, "Ada")
    client = enter(home, "Ada")

    assert do(client, contact, "block", reason=" ").json()["field"] == "reason"
    assert do(client, contact, "block", reason="spam").json()["contact"]["blocked_reason"] == "spam"
    assert do(client, contact, "unblock").json()["contact"]["blocked"] is False


@pytest.mark.parametrize(
    ("verb", "given", "field"),
    [
        ("fly", {}, "do"),
        ("save", {"name": "x", "fields": []}, "fields"),
        ("save", {"name": None, "fields": {}}, "name"),
        ("merge", {"other": 5}, "other"),
        ("block", {"reason": "a\0"}, "reason"),
    ],
)
def test_bad_input_is_told_by_field(home: House, verb: str, given: dict[str, Any], field: str) -> None:
    answer = do(enter(home, "Ada"), customer(home, "Ada"), verb, **given)

    assert (answer.status_code, answer.json()["field"]) == (400, field)


def test_no_json_is_refused(home: House) -> None:
    contact = customer(home, "Ada")
    for body in ("[]", "{", "[" * 9000, ""):
        answer = enter(home, "Ada").post(f"/desk/contacts/{contact.sid}", body, content_type="application/json")
        assert answer.status_code == 400, body[:9]


def test_other_agents_customers_do_not_exist(home: House) -> None:
    contact = customer(home, "Ada")
    ben = enter(home, "Ben")

    for answer in (
        ben.get(f"/desk/contacts/{contact.sid}"),
        ben.get(f"/desk/contacts/{contact.sid}/conversations"),
        do(ben, contact, "save", name="x", fields={}),
        do(ben, contact, "block", reason="x"),
    ):
        assert answer.status_code == 404
    assert ben.get("/desk/contacts", {"q": "maria"}).json() == {"contacts": []}
    assert Client().get(f"/desk/contacts/{contact.sid}").status_code == 302


def test_earlier_conversations_can_be_read(home: House) -> None:
    contact = customer(home, "Ben", body="first")
    actions.close(contact.identities.get().conversations.get(), actor=people.SYSTEM)
    customer(home, "Ada", body="second")
    client = enter(home, "Ada")

    page = client.get(f"/desk/contacts/{contact.sid}/conversations").json()

    assert [row["last_words"] for row in page["conversations"]] == ["second", "first"]
    old = page["conversations"][1]["sid"]
    said = client.get(f"/desk/conversations/{old}/messages").json()["messages"]
    assert [row["body"] for row in said] == ["first"]
