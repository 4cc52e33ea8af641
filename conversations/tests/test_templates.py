"""Sending templates, and reading the list of them."""

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Account
from carriers.base import CarrierError, TemplateListing
from conversations import actions, tasks, template_timers
from conversations.models import Conversation, Message, Template, TemplateReading
from conversations.payloads import message_payload
from conversations.queries import templates as template_queries
from conversations.tests.carrier import claim_next
from conversations.tests.conftest import WHATSAPP
from conversations.tests.templates import due, listed, stand, template
from eventlog.dbclock import database_now
from eventlog.models import Event
from kernel import clock
from kernel.actor import Actor
from kernel.errors import Conflict, Forbidden, Invalid, NotFound
from tests import people
from tests.people import House

pytestmark = pytest.mark.django_db

ACCOUNT = "AC" + "a" * 32
VALUES = {"1": "Maria", "2": "12 May"}


@pytest.fixture(autouse=True)
def _credentials(settings) -> None:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = ACCOUNT, "secret"


@pytest.fixture
def home() -> House:
    home = people.full_house()
    people.address(home)
    people.address(home, "whatsapp:+15550002000", channel="whatsapp")
    people.address(home, "messenger:100200300", channel="messenger")
    return home


def closed_talk(home: House, **changes: Any) -> tuple[Conversation, Actor]:
    """A talk whose window closed an hour ago."""
    message = people.said(**(WHATSAPP | changes))
    Message.objects.filter(pk=message.pk).update(created_at=clock.now() - timedelta(hours=25))
    return message.conversation, people.taking_part(home, "Ada", message.conversation)


def send(conversation: Conversation, ada: Actor, row: Template, *, ref: str = "r1", **values: str) -> Message:
    return actions.post_template(
        conversation, actor=ada, content_sid=row.sid, variables=values or VALUES, ref=ref, author_name="Ada"
    )


def refused(code: str) -> Any:
    return pytest.raises(Conflict, check=lambda error: error.code == code)


def test_an_approved_template_passes_the_closed_window_and_says_what_the_customer_reads(home: House) -> None:
    conversation, ada = closed_talk(home)
    row = template()
    with refused("window-closed"):
        actions.post(conversation, actor=ada, body="hi", ref="r0")

    message = send(conversation, ada, row)

    assert (message.body, message.status, message.index) == ("Hello Maria, your appointment is on 12 May.", "queued", 2)
    told = message_payload(message, conversation_sid=conversation.sid, media=[])["content"]
    assert told == {
        "sid": row.sid,
        "name": "reminder",
        "footer": "",
        "buttons": [
            {"kind": "reply", "title": "Confirm", "value": "confirm"},
            {"kind": "reply", "title": "Reschedule", "value": "reschedule"},
        ],
        "media": [],
    }
    assert Event.objects.get(type="message.added", subject_sid=message.sid).data["content"] == told
    outbound = claim_next()
    assert outbound is not None
    assert (outbound.content_sid, outbound.content_variables) == (row.sid, VALUES)


def test_the_same_ref_sends_nothing_twice(home: House) -> None:
    conversation, ada = closed_talk(home)
    row = template()

    assert send(conversation, ada, row).pk == send(conversation, ada, row).pk
    assert Message.objects.filter(direction="outbound").count() == 1


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("unsubmitted", "63016"),
        ("received", "63016"),
        ("pending", "63016"),
        ("rejected", "63040"),
        ("paused", "63041"),
        ("disabled", "63042"),
    ],
)
def test_only_approved_ones_go_out_by_whatsapp_also_when_that_ends_in_between(
    home: House, state: str, code: str
) -> None:
    conversation, ada = closed_talk(home)
    people.said(**WHATSAPP)
    row = template()
    message = send(conversation, ada, row)
    Template.objects.update(state=state)

    with refused("template-not-approved"):
        send(conversation, ada, row, ref="r2")
    assert claim_next() is None

    message.refresh_from_db()
    assert (message.status, message.error_code, message.attempts) == ("failed", code, 0)
    with refused("template-not-approved"):
        actions.resend(message, actor=ada)


def test_a_template_that_is_gone_is_not_sent(home: House) -> None:
    conversation, ada = closed_talk(home)
    row = template()
    message = send(conversation, ada, row)
    stand(listed("another"))

    assert claim_next() is None
    message.refresh_from_db()
    assert (message.status, message.error_code) == ("failed", "63027")
    with pytest.raises(NotFound) as error:
        send(conversation, ada, row, ref="r2")
    assert error.value.field == "content_sid"


def test_who_has_opted_out_gets_no_template_either(home: House) -> None:
    conversation, ada = closed_talk(home)
    people.said("STOP", **WHATSAPP)

    with refused("opted-out"):
        send(conversation, ada, template())
    assert not Message.objects.filter(content_sid__startswith="HX").exists()


def test_messenger_knows_no_template_that_passes_its_window(home: House) -> None:
    there = {"channel": "messenger", "from_address": "messenger:1", "to_address": "messenger:100200300"}
    conversation, ada = closed_talk(home, **there)
    row = template()

    with refused("window-closed"):
        send(conversation, ada, row)
    people.said(**there)
    assert send(conversation, ada, row).status == "queued"


def test_sms_gets_the_plain_form_or_none(home: House) -> None:
    conversation = people.said().conversation
    ada = people.taking_part(home, "Ada", conversation)
    plain = template()
    assert send(conversation, ada, plain).content["buttons"] == []

    with refused("template-unfit"):
        send(conversation, ada, template(types={"twilio/quick-reply": {"body": "?", "actions": []}}), ref="r2")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"1": "Maria"}, "content_variables.2"),
        ({"1": "Maria", "2": "  "}, "content_variables.2"),
        ({"1": "Maria", "2": "x" * 1025}, "content_variables.2"),
        ({"1": "Maria", "2": "x", "3": "y"}, "content_variables.3"),
        ({"1": "x" * 1000, "2": "x" * 1000}, "content_variables"),
    ],
)
def test_a_wrong_value_is_refused_by_its_name(home: House, values: dict[str, str], field: str) -> None:
    conversation, ada = closed_talk(home)

    with pytest.raises(Invalid) as error:
        send(conversation, ada, template(), **values)

    assert error.value.field == field
    assert not Message.objects.filter(direction="outbound").exists()


def test_a_value_is_one_line(home: House) -> None:
    conversation, ada = closed_talk(home)

    message = send(conversation, ada, template(), **{"1": " Maria\n Lopez ", "2": "{{1}}"})

    assert message.body == "Hello Maria Lopez, your appointment is on {{1}}."
    assert message.content["variables"] == {"1": "Maria Lopez", "2": "{{1}}"}


def test_who_does_not_take_part_sends_nothing(home: House) -> None:
    conversation, _ = closed_talk(home)

    with pytest.raises(NotFound):
        send(conversation, home.actor("Ben"), template())
    assert not Message.objects.filter(direction="outbound").exists()


# --- which may be sent ---


def names(conversation: Conversation, search: str = "", language: str = "en") -> list[tuple[str, str]]:
    page = template_queries.sendable(conversation, search=search, language=language)
    return [(row["name"], row["language"]) for row in page["templates"]]


def test_the_customers_language_comes_first(home: House) -> None:
    conversation, _ = closed_talk(home, body="¿Cuándo es mi cita?")
    stand(listed("b"), listed("a", language="de"), listed("c", language="es_MX"), listed("a", language="es"))

    assert names(conversation) == [("a", "es"), ("c", "es_MX"), ("b", "en"), ("a", "de")]
    Conversation.objects.update(attributes={"language": "de-AT"})
    conversation.refresh_from_db()
    assert names(conversation, language="es") == [("a", "de"), ("a", "es"), ("c", "es_MX"), ("b", "en")]


def test_all_words_must_be_there_wherever(home: House) -> None:
    conversation, _ = closed_talk(home)
    stand(listed("visit"), listed("sale", types={"twilio/text": {"body": "Half price"}}))

    assert names(conversation, "Appointment vis") == [("visit", "en")]
    assert names(conversation, "reschedule") == [("visit", "en")]
    assert names(conversation, "half visit") == []


def test_what_may_not_go_out_is_not_offered(home: House) -> None:
    conversation, _ = closed_talk(home)
    stand(listed("good"), listed("waiting", state="pending"), listed("odd", types={"twilio/flows": {}}))
    text = people.said().conversation

    assert names(conversation) == [("good", "en")]
    assert names(text) == [("good", "en"), ("waiting", "en")]


def test_a_long_list_says_that_there_is_more(home: House) -> None:
    conversation, _ = closed_talk(home)
    stand(*(listed(f"t{n:03}") for n in range(template_queries.PAGE + 1)))

    page = template_queries.sendable(conversation, search="", language="en")

    assert (len(page["templates"]), page["has_more"]) == (template_queries.PAGE, True)
    assert page["templates"][0]["variables"] == ["1", "2"]
    assert page["templates"][0]["samples"] == {"1": "Maria", "2": "12 May"}


# --- the list ---


class Listing:
    """A carrier that lists, or fails."""

    def __init__(self, outcome: TemplateListing | CarrierError) -> None:
        self.outcome = outcome
        self.asked = 0

    def list_templates(self, *, limit: int) -> TemplateListing:
        self.asked += 1
        if isinstance(self.outcome, CarrierError):
            raise self.outcome
        return self.outcome


def given(monkeypatch: pytest.MonkeyPatch, outcome: TemplateListing | CarrierError) -> Listing:
    made = Listing(outcome)
    monkeypatch.setattr(tasks, "carrier", lambda: made)
    return made


def test_the_list_is_what_stands_afterwards(monkeypatch) -> None:
    old, kept = listed("old"), listed("kept", state="pending")
    stand(old, kept)
    given(monkeypatch, TemplateListing((listed("kept", sid=kept.sid), listed("new")), complete=True))

    actions.read_templates_now(ACCOUNT, actor=people.full_house().actor("Bo"))
    tasks.read_templates(ACCOUNT)

    assert list(Template.objects.order_by("name").values_list("name", "state")) == [
        ("kept", "approved"),
        ("new", "approved"),
    ]
    row = TemplateReading.objects.get()
    assert (row.count, row.failure, row.failures, row.lease_until) == (2, "", 0, None)
    assert row.read_at is not None
    assert timedelta(minutes=59) < row.due_at - row.read_at <= timedelta(minutes=60)


def test_half_a_list_takes_nothing_away() -> None:
    stand(listed("old"))
    stand(listed("new"), complete=False)

    assert sorted(Template.objects.values_list("name", flat=True)) == ["new", "old"]


def test_a_failure_is_told_and_leaves_what_stands(monkeypatch) -> None:
    stand(listed())
    given(monkeypatch, CarrierError("no", code="http-503", outcome="unknown", retry_after=300))
    TemplateReading.objects.update(due_at=database_now())

    tasks.read_templates(ACCOUNT)

    row = TemplateReading.objects.get()
    assert (row.failure, row.failures, row.lease_until, Template.objects.count()) == ("http-503", 1, None, 1)
    assert row.due_at > database_now() + timedelta(seconds=290)


def test_nobody_else_reads_meanwhile_and_a_late_reader_writes_nothing(monkeypatch) -> None:
    slow = due()
    carrier = given(monkeypatch, TemplateListing((listed("new"),), complete=True))
    tasks.read_templates(ACCOUNT)
    assert carrier.asked == 0

    TemplateReading.objects.update(lease_until=database_now() - timedelta(seconds=1))
    tasks.read_templates(ACCOUNT)
    actions.store_templates(slow, TemplateListing((listed("late"),), complete=True))

    assert list(Template.objects.values_list("name", flat=True)) == ["new"]


def test_agents_do_not_ask_the_carrier() -> None:
    with pytest.raises(Forbidden):
        actions.read_templates_now(ACCOUNT, actor=people.full_house().actor("Ada"))
    assert not TemplateReading.objects.exists()


def test_the_pump_asks_after_a_start_and_when_it_is_time(monkeypatch) -> None:
    rung: list[None] = []
    monkeypatch.setattr(tasks, "ring_read_templates", rung.append)
    monkeypatch.setattr(template_timers, "_planned", set())
    monkeypatch.setattr(tasks, "_rung_at", {})
    now = database_now()

    template_timers.drive_templates(now)
    template_timers.drive_templates(now)
    assert rung == []
    template_timers.drive_templates(now + timedelta(seconds=5))
    template_timers.drive_templates(now + timedelta(seconds=5))
    assert rung == [ACCOUNT]


def test_without_credentials_nothing_is_asked(settings) -> None:
    settings.TWILIO_AUTH_TOKEN = ""
    template_timers.drive_templates(database_now())

    assert not TemplateReading.objects.exists()
    assert not Account.objects.exists()
