"""Customers: names and fields, several identities, merge and split and back, block, and who may see what."""

from typing import Any

import pytest

from conversations import actions, queries
from conversations.actions.contact_fields import (
    FieldForm,
    create_contact_field,
    delete_contact_field,
    update_contact_field,
)
from conversations.models import Contact, ContactChange, ContactField, ContactValue, Conversation, Identity, Message
from conversations.queries import contacts as contact_queries
from conversations.tests.carrier import claim_next
from eventlog.models import Event
from kernel.actor import SYSTEM, Actor
from kernel.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from tests import people
from tests.people import House

pytestmark = pytest.mark.django_db

CARO = "+573001234567"
WHATSAPP = {"channel": "whatsapp", "from_address": f"whatsapp:{CARO}", "to_address": "whatsapp:+15550002000"}


@pytest.fixture
def bo(home: House) -> Actor:
    return home.actor("Bo")


def customer(**changes: Any) -> Contact:
    return people.said(**changes).conversation.identity.contact


def two(home: House) -> tuple[Contact, Contact]:
    return customer(profile_name="Maria"), customer(profile_name="María C.", **WHATSAPP)


def field(home: House, key: str, kind: str = "text", **changes: Any) -> ContactField:
    form = FieldForm(**({"label": key.title()} | changes))
    return create_contact_field(home.workspace, key=key, kind=kind, form=form, actor=home.actor("Bo"))


def refused(kind: type[DomainError], field: str | None = None) -> Any:
    return pytest.raises(kind, check=lambda error: error.field == field)


# --- names and fields ---


def test_a_new_name_is_told_where_the_customer_is_on_a_screen(home: House, bo: Actor) -> None:
    message = people.said()
    people.taking_part(home, "Ada", message.conversation)

    actions.rename_contact(message.conversation.identity.contact, name="  Maria Paz\u202e ", actor=bo)

    told = Event.objects.filter(type="conversation.updated").latest("id")
    assert told.data["contact"]["name"] == "Maria Paz"
    assert told.audiences == [f"worker:{home.workers['Ada'].sid}"]
    noted = Event.objects.get(type="contact.updated")
    assert (noted.actor_sid, noted.data["previous"]) == (bo.sid, {"name": "Maria"})


def test_the_same_name_again_is_no_news(home: House, bo: Actor) -> None:
    actions.rename_contact(customer(), name="Maria", actor=bo)

    assert not Event.objects.filter(type="contact.updated").exists()


@pytest.mark.parametrize(
    ("kind", "given", "kept"),
    [
        ("text", " a b ", "a b"),
        ("number", "12,50", "12.50"),
        ("number", "-3", "-3"),
        ("date", "2026-02-28", "2026-02-28"),
        ("choice", "gold", "gold"),
    ],
)
def test_a_value_is_kept_as_its_kind_is_written(home: House, bo: Actor, kind: str, given: str, kept: str) -> None:
    field(home, "what", kind, choices=["gold", "silver"])
    contact = customer()

    actions.set_fields(contact, values={"what": given}, actor=bo)

    assert ContactValue.objects.get().text == kept
    assert contact_queries.fields_payload(contact)[0]["value"] == kept


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("number", "twelve"),
        ("number", "1e999999"),
        ("number", "NaN"),
        ("date", "28/02/2026"),
        ("date", "2026-02-30"),
        ("choice", "bronze"),
        ("text", "x" * 501),
    ],
)
def test_what_is_no_value_is_refused_at_its_field(home: House, bo: Actor, kind: str, given: str) -> None:
    field(home, "what", kind, choices=["gold"])

    with refused(Invalid, "fields.what"):
        actions.set_fields(customer(), values={"what": given}, actor=bo)
    assert not ContactValue.objects.exists()


def test_a_required_field_is_not_emptied_and_another_is(home: House, bo: Actor) -> None:
    field(home, "must", required=True)
    field(home, "may")
    contact = customer()
    actions.set_fields(contact, values={"must": "a", "may": "b"}, actor=bo)

    with refused(Invalid, "fields.must"):
        actions.set_fields(contact, values={"must": " ", "may": ""}, actor=bo)
    actions.set_fields(contact, values={"may": ""}, actor=bo)

    assert {row["key"]: row["value"] for row in contact_queries.fields_payload(contact)} == {"must": "a", "may": ""}


def test_an_unknown_field_is_refused_by_name(home: House, bo: Actor) -> None:
    field(home, "known")

    with refused(Invalid, "fields.other"):
        actions.set_fields(customer(), values={"other": "x"}, actor=bo)


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"key": "Order"}, "key"),
        ({"key": "1st"}, "key"),
        ({"kind": "colour"}, "kind"),
        ({"label": " "}, "label"),
        ({"label_es": "x" * 65}, "label_es"),
        ({"kind": "choice"}, "choices"),
    ],
)
def test_a_field_that_cannot_be_is_refused_by_field(home: House, changes: dict[str, str], wrong: str) -> None:
    given = {"key": "order", "kind": "text", "label": "Order"} | changes

    with refused(Invalid, wrong):
        field(home, given.pop("key"), given.pop("kind"), **given)
    assert not ContactField.objects.exists()


def test_a_key_is_taken_once_in_a_workspace(home: House) -> None:
    field(home, "order")

    with refused(Conflict, "key"):
        field(home, "order")


def test_a_field_goes_with_its_values_and_the_log_tells(home: House, bo: Actor) -> None:
    row = field(home, "order")
    actions.set_fields(customer(), values={"order": "77"}, actor=bo)
    update_contact_field(row, form=FieldForm(label="Number"), actor=bo)
    delete_contact_field(row, actor=bo)

    assert not ContactValue.objects.exists()
    kinds = Event.objects.filter(type__startswith="contact-field").order_by("id").values_list("type", flat=True)
    assert list(kinds) == ["contact-field.created", "contact-field.updated", "contact-field.deleted"]


def test_agents_do_not_say_what_is_asked(home: House) -> None:
    with pytest.raises(Forbidden):
        create_contact_field(home.workspace, key="a", kind="text", form=FieldForm(label="A"), actor=home.actor("Ada"))


# --- who may ---


def test_an_agent_reaches_the_customers_of_his_conversations_alone(home: House) -> None:
    mine, other = two(home)
    ada = people.taking_part(home, "Ada", Conversation.objects.get(identity__contact=mine))

    assert actions.rename_contact(mine, name="M", actor=ada).name == "M"
    with pytest.raises(NotFound):
        actions.rename_contact(other, name="M", actor=ada)
    with pytest.raises(NotFound):
        actions.merge(mine, other=other, actor=ada)
    with pytest.raises(NotFound):
        actions.block(other, reason="spam", actor=ada)
    assert [row["sid"] for row in contact_queries.search("m", workspace=home.workspace, actor=ada)] == [mine.sid]


def test_another_company_reaches_nobody(home: House) -> None:
    contact = customer()
    stranger = people.house("Other")
    people.person(stranger, "Cy", role="supervisor")
    cy = stranger.actor("Cy")

    with pytest.raises(Forbidden):
        actions.rename_contact(contact, name="M", actor=cy)
    with pytest.raises(NotFound):
        contact_queries.contact(contact.sid, actor=cy)
    assert not contact_queries.visible_to(cy).exists()
    assert not contact_queries.visible_to(Actor("visitor", sid="CH1")).exists()


# --- merge, split, and back ---


def test_merged_contacts_are_one_and_undone_are_two_again(home: House, bo: Actor) -> None:
    field(home, "order")
    maria, caro = two(home)
    Contact.objects.filter(pk=maria.pk).update(name="")
    actions.set_fields(caro, values={"order": "77"}, actor=bo)
    talk = Conversation.objects.get(identity__contact=caro)

    change = actions.merge(maria, other=caro, actor=bo)

    card = contact_queries.contact_payload(contact_queries.contact(maria.sid, actor=bo), actor=bo)
    assert [row["address"] for row in card["identities"]] == [people.CUSTOMER, f"whatsapp:{CARO}"]
    assert (card["name"], card["fields"][0]["value"]) == ("María C.", "77")
    assert card["change"] is not None
    assert card["change"]["sid"] == change.sid
    with pytest.raises(NotFound):
        contact_queries.contact(caro.sid, actor=bo)
    told = Event.objects.filter(type="conversation.updated", subject_sid=talk.sid).latest("id")
    assert told.data["contact"] == {"sid": maria.sid, "name": "María C."}

    actions.undo(change, actor=bo)

    maria.refresh_from_db()
    assert (maria.name, maria.identities.get().address) == ("", people.CUSTOMER)
    assert not ContactValue.objects.filter(contact=maria).exists()
    again = contact_queries.contact(caro.sid, actor=bo)
    assert (again.name, again.identities.get().address) == ("María C.", f"whatsapp:{CARO}")
    events = ["contact.merged", "contact.change-undone"]
    assert list(Event.objects.filter(subject_sid=maria.sid, type__in=events).values_list("type", flat=True)) == events


def test_words_after_a_merge_are_the_kept_contacts(home: House, bo: Actor) -> None:
    maria, caro = two(home)
    actions.merge(maria, other=caro, actor=bo)

    message = people.said("again", **WHATSAPP)

    assert message.author_sid == maria.sid
    assert Contact.objects.count() == 2


def test_a_merge_is_undone_once_and_not_past_a_later_change(home: House, bo: Actor) -> None:
    maria, caro = two(home)
    change = actions.merge(maria, other=caro, actor=bo)
    later = actions.split(maria, address=f"whatsapp:{CARO}", actor=bo)

    with pytest.raises(Conflict):
        actions.undo(change, actor=bo)
    actions.undo(later, actor=bo)
    actions.undo(change, actor=bo)
    with pytest.raises(Conflict):
        actions.undo(change, actor=bo)
    assert Identity.objects.filter(contact=maria).count() == Identity.objects.filter(contact=caro).count() == 1


def test_split_takes_the_conversations_along(home: House, bo: Actor) -> None:
    maria, caro = two(home)
    actions.merge(maria, other=caro, actor=bo)

    change = actions.split(maria, address=f"whatsapp:{CARO}", actor=bo)

    assert change.other.identities.get().address == f"whatsapp:{CARO}"
    assert Conversation.objects.get(identity__contact=change.other).channel == "whatsapp"
    assert contact_queries.visible_to(bo).count() == 2


def test_the_only_identity_stays(home: House, bo: Actor) -> None:
    contact = customer()

    with refused(Conflict, "identity"):
        actions.split(contact, address=people.CUSTOMER, actor=bo)
    with refused(NotFound, "identity"):
        actions.split(contact, address="+15559999999", actor=bo)
    assert not ContactChange.objects.exists()


def test_nobody_is_merged_with_himself_or_over_workspaces(home: House, bo: Actor) -> None:
    contact = customer()
    elsewhere = Contact.objects.create(workspace=people.house("Other").workspace)

    with refused(Invalid, "other"):
        actions.merge(contact, other=contact, actor=bo)
    with pytest.raises(DomainError):
        actions.merge(contact, other=elsewhere, actor=bo)
    maria, caro = contact, customer(**WHATSAPP)
    actions.merge(maria, other=caro, actor=bo)
    with pytest.raises(NotFound):
        actions.merge(maria, other=caro, actor=bo)


def test_a_block_holds_for_both_and_goes_with_the_undo(home: House, bo: Actor) -> None:
    maria, caro = two(home)
    actions.block(caro, reason="spam", actor=bo)
    change = actions.merge(maria, other=caro, actor=bo)
    maria.refresh_from_db()
    assert maria.blocked_reason == "spam"

    actions.undo(change, actor=bo)

    maria.refresh_from_db()
    caro.refresh_from_db()
    assert (maria.blocked_at, caro.blocked_reason) == (None, "spam")


# --- block ---


def test_what_a_blocked_contact_says_is_kept_and_nothing_is_sent(home: House, bo: Actor) -> None:
    message = people.said()
    conversation = message.conversation
    ada = people.taking_part(home, "Ada", conversation)
    waiting = actions.post(conversation, actor=ada, body="hi", ref="r1")

    actions.block(conversation.identity.contact, reason="threats", actor=ada)

    assert people.said("again").index == 3
    with pytest.raises(Conflict, check=lambda error: error.code == "blocked"):
        actions.post(conversation, actor=ada, body="hi", ref="r2")
    assert claim_next() is None
    waiting.refresh_from_db()
    assert (waiting.status, waiting.error_code, waiting.attempts) == ("failed", "blocked", 0)
    assert queries.present_conversations(home.workers["Ada"])[0]["blocked"] is True
    told = Event.objects.get(type="contact.blocked")
    assert (told.actor_sid, told.data["reason"]) == (ada.sid, "threats")

    actions.unblock(conversation.identity.contact, actor=bo)
    assert actions.post(conversation, actor=ada, body="hi", ref="r3").status == "queued"
    assert Message.objects.filter(direction="outbound").count() == 2


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201])
def test_a_block_has_a_reason(home: House, bo: Actor, reason: str) -> None:
    with refused(Invalid, "reason"):
        actions.block(customer(), reason=reason, actor=bo)
    assert not Contact.objects.filter(blocked_at__isnull=False).exists()


def test_block_and_unblock_are_refused_when_they_change_nothing(home: House, bo: Actor) -> None:
    contact = customer()

    with pytest.raises(Conflict):
        actions.unblock(contact, actor=bo)
    actions.block(contact, reason="spam", actor=bo)
    with pytest.raises(Conflict):
        actions.block(contact, reason="spam", actor=bo)
    assert Event.objects.filter(type__startswith="contact.").count() == 1


# --- finding, and what was said before ---


@pytest.mark.parametrize("words", ["maría", "300 123 4567", "3001234567", "+57 300", "SIGMA-9", f"whatsapp:{CARO}"])
def test_a_contact_is_found_by_name_number_and_field(home: House, bo: Actor, words: str) -> None:
    people.address(home, "+576011234567")
    Contact.objects.filter(pk=customer().pk).update(name="Otro")
    field(home, "order")
    caro = customer(profile_name="María C.", **WHATSAPP)
    actions.set_fields(caro, values={"order": "Sigma-9"}, actor=bo)

    found = contact_queries.search(words, workspace=home.workspace, actor=bo)

    assert [row["sid"] for row in found] == [caro.sid]
    assert contact_queries.search(words, workspace=home.workspace, actor=bo, but=caro.sid) == []


def test_numbers_are_shown_as_at_home(home: House, bo: Actor) -> None:
    caro = customer(**WHATSAPP)
    shown = contact_queries.contact_payload(caro, actor=bo)["identities"][0]["shown"]
    assert shown == "+57 300 1234567"

    home.workspace.addresses.filter(channel="sms").update(address="+576011234567")
    shown = contact_queries.contact_payload(caro, actor=bo)["identities"][0]["shown"]
    assert shown == "300 1234567"


def test_who_speaks_with_a_customer_reads_what_was_said_before_on_every_channel(home: House, bo: Actor) -> None:
    maria, caro = two(home)
    actions.merge(maria, other=caro, actor=bo)
    old = Conversation.objects.get(channel="whatsapp")
    people.taking_part(home, "Ben", old)
    actions.close(old, actor=SYSTEM)
    now = Conversation.objects.get(channel="sms")
    ada = people.taking_part(home, "Ada", now)

    rows = contact_queries.history(maria, actor=ada)

    assert [(row["sid"], row["agents"], row["messages"]) for row in rows] == [
        (old.sid, ["Ben"], 1),
        (now.sid, ["Ada"], 1),
    ]
    assert queries.conversation(old.sid, actor=ada).pk == old.pk
    assert [row["sid"] for row in contact_queries.history(maria, actor=ada, before=old.sid)] == [now.sid]

    actions.leave(now, worker=home.workers["Ada"], actor=SYSTEM)
    assert [row["sid"] for row in contact_queries.history(maria, actor=ada)] == [now.sid]
    with pytest.raises(NotFound):
        queries.conversation(old.sid, actor=ada)


def test_the_history_comes_in_pages(home: House, bo: Actor) -> None:
    contact = customer()
    for _ in range(4):
        actions.close(Conversation.objects.get(state="active"), actor=SYSTEM)
        people.said("again")
    sids = list(Conversation.objects.order_by("-pk").values_list("sid", flat=True))

    first = contact_queries.history(contact, actor=bo, limit=3)
    second = contact_queries.history(contact, actor=bo, before=first[-1]["sid"], limit=3)

    assert [row["sid"] for row in [*first, *second]] == sids


def test_the_card_tells_the_newest_consent_of_each_address(home: House, bo: Actor) -> None:
    contact = customer()
    people.said("STOP")
    people.said("START")
    people.said("STOP")

    card = contact_queries.contact_payload(contact, actor=bo)

    assert [(line["what"], line["our_name"]) for line in card["consents"]] == [("withdrawn", "Front desk")]
    assert card["identities"][0]["opted_out"] is True
