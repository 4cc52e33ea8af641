"""Templates at the twin, as the official SDK and a phone see them."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from twilio.base.exceptions import TwilioRestException

from carriers.base import OutboundMessage
from carriers.registry import carrier
from carriers.tests.conftest import ACCOUNT, TOKEN
from carriers.twilio.client import sdk_client
from carriers.twilio.inbound import parse_message
from carriers.twin.models import TwinContent, TwinMessage
from kernel import clock

pytestmark = pytest.mark.django_db(transaction=True)

OURS, DANIEL = "whatsapp:+15550002000", "whatsapp:+15550100002"
VALUES = {"1": "Daniel", "2": "12 May", "3": "10:30"}


@pytest.fixture
def sdk(twin_api, numbers, daniel):
    made = sdk_client(ACCOUNT, TOKEN, api_base=twin_api)
    made.content.v1.content_and_approvals.list()
    return made


def sid(name="appointment_reminder", language="en"):
    return TwinContent.objects.get(friendly_name=name, language=language).sid


def send(sdk, template, values=VALUES, **changes):
    wanted = {"from_": OURS, "to": DANIEL, "content_sid": template, "content_variables": json.dumps(values)}
    return sdk.messages.create(**(wanted | changes))


def wrote(**ago):
    row = TwinMessage.objects.create(
        sid="SM" + "1" * 32, direction="inbound", from_address=DANIEL, to_address=OURS, body="hi", status="received"
    )
    TwinMessage.objects.filter(pk=row.pk).update(created_at=clock.now() - timedelta(**ago))


def test_the_carrier_lists_them_page_after_page_with_their_approval(sdk):
    for number in range(120):
        TwinContent.objects.create(friendly_name=f"more_{number}", language="en", types={"twilio/text": {"body": "x"}})

    listing = carrier().list_templates(limit=1_000)

    found = {(row.name, row.language): row for row in listing.templates}
    assert (listing.complete, len(found)) == (True, 127)
    reminder = found["appointment_reminder", "es"]
    assert (reminder.state, reminder.category, reminder.samples["1"]) == ("approved", "UTILITY", "María")
    assert [one["id"] for one in reminder.types["twilio/quick-reply"]["actions"]] == ["confirm", "reschedule"]
    assert found["satisfaction_survey", "en"].state == "pending"
    sale = found["spring_sale", "es"]
    assert (sale.state, sale.reason) == ("rejected", "INVALID_FORMAT. The template begins with a variable.")
    assert not carrier().list_templates(limit=10).complete


def test_the_carrier_sends_one_and_the_phone_shows_its_words_and_buttons(sdk, play):
    message = OutboundMessage(
        message_sid="IM" + "0" * 32,
        fence=1,
        channel="whatsapp",
        from_address=OURS,
        to_address=DANIEL,
        body="what it reads like",
        content_sid=sid(),
        content_variables=VALUES,
    )
    result = carrier().send(message)
    play()
    play(1)

    row = TwinMessage.objects.get(sid=result.provider_sid)
    assert (row.body, row.status) == (
        "Hello Daniel, this is a reminder of your appointment on 12 May at 10:30. Will you come?",
        "delivered",
    )
    [shown] = Client().get("/phones/messages", {"phone": [DANIEL]}).json()["messages"]
    assert [button["title"] for button in shown["buttons"]] == ["Confirm", "Reschedule"]


@pytest.mark.parametrize(
    ("name", "values", "code"),
    [
        ("appointment_reminder", {"1": "Daniel"}, 63028),
        ("appointment_reminder", VALUES | {"4": "x"}, 63028),
        ("satisfaction_survey", {"1": "Daniel"}, 63016),
    ],
)
def test_what_whatsapp_does_not_take_ends_undelivered(sdk, play, name, values, code):
    created = send(sdk, sid(name), values)
    play()
    play(1)

    row = TwinMessage.objects.get(sid=created.sid)
    assert (row.status, row.error_code) == ("undelivered", code)


def test_a_rejected_one_goes_nowhere_and_one_in_review_within_the_window(sdk, play):
    wrote(hours=1)
    rejected = send(sdk, sid("spring_sale", "es"), {"1": "Daniel"})
    in_review = send(sdk, sid("satisfaction_survey"), {"1": "Daniel"})
    play()
    play(1)

    assert TwinMessage.objects.get(sid=rejected.sid).error_code == 63040
    assert TwinMessage.objects.get(sid=in_review.sid).status == "delivered"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"content_sid": "HX" + "9" * 32}, 21655),
        ({"content_variables": "{"}, 21656),
        ({"content_variables": "[]"}, 21656),
        ({"content_variables": '{"1": ""}'}, 21656),
        ({"content_variables": '{"1": 7}'}, 21656),
    ],
)
def test_what_is_no_template_is_refused_at_once(sdk, changes, code):
    with pytest.raises(TwilioRestException) as refused:
        send(sdk, sid(), **changes)

    assert refused.value.code == code
    assert not TwinMessage.objects.exists()


def test_values_without_a_template_are_refused(sdk):
    with pytest.raises(TwilioRestException) as refused:
        sdk.messages.create(from_=OURS, to=DANIEL, body="hi", content_variables="{}")
    assert refused.value.code == 21654


def test_a_pressed_button_comes_as_a_message_that_names_it(sdk, listener, play):
    asked = send(sdk, sid())
    play()
    play(1)

    answer = Client().post("/phones/press", {"from": DANIEL, "message": asked.sid, "button": "1"})
    play(1)

    assert answer.status_code == 201
    brought = parse_message(next(call.params for call in listener.calls if call.params.get("ButtonText")))
    assert (brought.body, brought.params["ButtonType"]) == ("Reschedule", "REPLY")
    assert brought.details.choice is not None
    assert (brought.details.choice.text, brought.details.choice.payload) == ("Reschedule", "reschedule")
    assert brought.details.quote is not None
    assert brought.details.quote.provider_sid == asked.sid


@pytest.mark.parametrize("button", ["2", "-1", "x", "", "99"])
def test_there_is_no_such_button(sdk, button):
    asked = send(sdk, sid())

    answer = Client().post("/phones/press", {"from": DANIEL, "message": asked.sid, "button": button})

    assert (answer.status_code, answer.json()["field"]) == (404, "button")
    assert not TwinMessage.objects.filter(direction="inbound").exists()


def test_somebody_elses_button_is_not_there(sdk, maria):
    asked = send(sdk, sid())

    assert (
        Client().post("/phones/press", {"from": maria.address, "message": asked.sid, "button": "0"}).status_code == 404
    )


def test_a_link_is_shown_and_not_pressed(sdk):
    shipped = send(sdk, sid("order_shipped"), {"1": "Daniel", "2": "A-7"})

    row = TwinMessage.objects.get(sid=shipped.sid)
    assert row.buttons == [{"title": "Follow the parcel", "payload": "", "url": "https://example.com/parcels/A-7"}]
    assert Client().post("/phones/press", {"from": DANIEL, "message": shipped.sid, "button": "0"}).status_code == 404
