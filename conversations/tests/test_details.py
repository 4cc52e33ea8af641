"""What agents and bots are told of a message beside its words."""

import pytest
from django.db import transaction

from conversations.models import Message
from conversations.payloads import message_payload
from eventlog.models import Event
from tests import people
from tests.people import House

pytestmark = pytest.mark.django_db

QUOTED, OTHER = "SM" + "1" * 32, "SM" + "2" * 32


@pytest.fixture
def home() -> House:
    home = people.full_house()
    people.address(home)
    return home


def told(message: Message) -> dict[str, object]:
    payload = message_payload(message, conversation_sid=message.conversation.sid, media=[])
    assert Event.objects.filter(type="message.added").latest("id").data["details"] == payload["details"]
    return dict(payload["details"])


def test_words_alone_have_no_details(home: House) -> None:
    assert told(people.said("hello")) == {}


def test_place_choice_and_advertisement_are_told_with_the_message(home: House) -> None:
    params = {
        "Latitude": "38.7",
        "Longitude": "-9.1",
        "Label": "Café",
        "ButtonText": "Yes",
        "ButtonPayload": "confirm",
        "ReferralHeadline": "Sale",
        "ReferralSourceUrl": "https://fb.me/a",
        "ReferralSourceType": "ad",
        "Forwarded": "true",
        "Unheard": "of",
    }

    message = people.said("", params=params)

    assert message.provider_params == params
    assert told(message) == {
        "location": {"latitude": 38.7, "longitude": -9.1, "name": "Café", "address": ""},
        "choice": {"kind": "button", "text": "Yes", "payload": "confirm"},
        "referral": {"headline": "Sale", "body": "", "source_type": "ad", "source_url": "https://fb.me/a"},
        "forwarded": "once",
    }


def test_a_quoted_message_of_the_conversation_is_told_in_short(home: House) -> None:
    people.said("x" * 200, provider_sid=QUOTED)

    message = people.said("this one", params={"OriginalRepliedMessageSid": QUOTED})

    assert told(message) == {"quote": {"index": 1, "author_kind": "customer", "body": "x" * 140}}


def test_a_quoted_message_of_another_conversation_is_not(home: House) -> None:
    people.said("secret", provider_sid=QUOTED, from_address="+15550109999")

    for sid in (QUOTED, OTHER):
        message = people.said("this one", params={"OriginalRepliedMessageSid": sid})
        assert told(message) == {"quote": {"index": None, "author_kind": "", "body": ""}}


def test_details_come_with_messages_that_are_stored_together(home: House) -> None:
    people.said("first")

    inbound = people.inbound("", params={"Latitude": "1", "Longitude": "2"})
    with transaction.atomic():
        [message] = people.conversations.receive_together([inbound], actor=people.CARRIER)

    assert message is not None
    assert told(message)["location"] == {"latitude": 1.0, "longitude": 2.0, "name": "", "address": ""}
