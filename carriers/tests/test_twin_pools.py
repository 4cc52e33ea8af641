"""Messaging Services' pools of the twin, as the official SDK sees them, over real HTTP."""

from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest
import requests
from twilio.base.exceptions import TwilioRestException

from carriers.base import OutboundMessage
from carriers.registry import carrier
from carriers.tests.conftest import ACCOUNT, TOKEN
from carriers.twilio.client import sdk_client
from carriers.twilio.inbound import parse_message, parse_status
from carriers.twin import actions
from carriers.twin.models import TwinMessage, TwinNumber
from kernel import clock

pytestmark = pytest.mark.django_db(transaction=True)

OURS, SECOND, MEXICAN = "+15550001000", "+15550001001", "+525512340001"
THEIRS, AGENT = "+15550100001", "rcs:front_desk_agent"


@pytest.fixture
def sdk(twin_api, numbers):
    actions.ensure_numbers(webhook_url=numbers["sms"].sms_url, numbers=((SECOND, ""), (MEXICAN, "")))
    return sdk_client(ACCOUNT, TOKEN, api_base=twin_api)


@pytest.fixture
def service(sdk):
    """A service with two numbers and an RCS agent."""
    made = sdk.messaging.v1.services.create(friendly_name="Reminders")
    for address in (OURS, SECOND):
        made.phone_numbers.create(phone_number_sid=TwinNumber.objects.get(address=address).sid)
    made.channel_senders.create(sid="XE" + TwinNumber.objects.get(address=AGENT).sid[2:])
    return made


def faults(base, **wanted):
    requests.post(f"{base}/faults", json=wanted, auth=(ACCOUNT, TOKEN), timeout=10).raise_for_status()


def say(sdk, service, to=THEIRS, **more):
    return sdk.messages.create(messaging_service_sid=service.sid, to=to, body="Hello", **more)


def refused(code, status=400):
    return pytest.raises(TwilioRestException, check=lambda error: (error.code, error.status) == (code, status))


def test_a_pool_is_filled_read_and_emptied(sdk, service):
    assert {row.phone_number for row in service.phone_numbers.list()} == {OURS, SECOND}
    assert [row.sender for row in sdk.messaging.v1.services(service.sid).channel_senders.list()] == [AGENT]
    other = sdk.messaging.v1.services.create(friendly_name="Other", sticky_sender=False)
    first = TwinNumber.objects.get(address=OURS)
    assert (service.sticky_sender, other.sticky_sender) == (True, False)
    with refused(21710, 409):
        service.phone_numbers.create(phone_number_sid=first.sid)
    with refused(21712, 409):
        other.phone_numbers.create(phone_number_sid=first.sid)

    assert sdk.messaging.v1.services(service.sid).phone_numbers(first.sid).delete()

    assert [row.phone_number for row in service.phone_numbers.list()] == [SECOND]
    assert other.phone_numbers.create(phone_number_sid=first.sid).phone_number == OURS


def test_the_pool_picks_a_sender_who_stays(sdk, service):
    customers = [f"+1555010{n:04}" for n in range(40)]
    first = {to: say(sdk, service, to).from_ for to in customers}

    assert set(first.values()) == {OURS, SECOND}
    assert 8 <= Counter(first.values())[OURS] <= 32
    added = TwinNumber.objects.get(address=MEXICAN)
    service.phone_numbers.create(phone_number_sid=added.sid)
    assert {to: say(sdk, service, to).from_ for to in customers} == first
    assert say(sdk, service, "+525598765432").from_ == MEXICAN
    assert say(sdk, service, f"rcs:{THEIRS}").from_ == AGENT


def test_who_leaves_the_pool_writes_no_more(sdk, service):
    before = say(sdk, service).from_
    sdk.messaging.v1.services(service.sid).phone_numbers(TwinNumber.objects.get(address=before).sid).delete()

    assert say(sdk, service).from_ == ({OURS, SECOND} - {before}).pop()
    with refused(21606):
        say(sdk, service, from_=before)
    with refused(21703):
        say(sdk, service, "whatsapp:+15550100002")


def test_what_goes_through_a_service_is_accepted_then_queued_then_sent(sdk, service, listener, play):
    created = say(sdk, service, status_callback=f"{listener.url}/status")
    assert (created.status, created.num_segments) == ("accepted", "0")

    play()
    play(1)

    told = [parse_status(call.params).status for call in listener.calls]
    assert told == ["queued", "sent", "delivered"]
    assert {call.params["MessagingServiceSid"] for call in listener.calls} == {service.sid}


def test_the_products_own_choice_is_kept(sdk, service):
    message = OutboundMessage(
        message_sid="IM" + "0" * 32,
        fence=1,
        channel="sms",
        from_address=SECOND,
        to_address=THEIRS,
        body="Hello",
        messaging_service_sid=service.sid,
    )

    result = carrier().send(message)

    assert (result.status, TwinMessage.objects.get().from_address) == ("accepted", SECOND)


@pytest.mark.parametrize("way", ["sms", "rcs"])
def test_stop_said_to_one_of_the_pool_holds_for_all_of_it(sdk, service, maria, lucia, way):
    same = actions.create_customer("rcs", name="Maria Lopez", address=f"rcs:{THEIRS}")
    if way == "sms":
        actions.text_in(maria, to=SECOND, body="Stop")
    else:
        actions.text_in(same, to=AGENT, body="Stop")

    for more in ({}, {"from_": OURS}, {"from_": SECOND}):
        with refused(21610):
            say(sdk, service, **more)
    with refused(21610):
        say(sdk, service, f"rcs:{THEIRS}")
    with refused(21610):
        sdk.messages.create(from_=OURS, to=THEIRS, body="Hello")
    assert sdk.messages.create(from_=MEXICAN, to=THEIRS, body="Hello").status == "queued"
    assert say(sdk, service, lucia.address).status == "accepted"

    actions.text_in(maria, to=OURS, body="Start")
    assert say(sdk, service).status == "accepted"


def test_each_number_sends_at_its_rate_and_queues_the_rest(sdk, twin_api, numbers, play):
    faults(twin_api, sender_rate=2)
    started = clock.now()
    for address in (OURS, OURS, OURS, SECOND):
        sdk.messages.create(from_=address, to=THEIRS, body="Hello")

    own = [row.goes_at for row in TwinMessage.objects.filter(from_address=OURS).order_by("id")]
    assert [second - first for first, second in pairwise(own)] == [timedelta(seconds=0.5)] * 2
    assert TwinMessage.objects.get(from_address=SECOND).goes_at - started < timedelta(seconds=1)
    play()
    assert TwinMessage.objects.filter(status="queued").count() in (1, 2)
    play(10)
    assert not TwinMessage.objects.filter(status="queued").exists()


def test_a_full_queue_is_refused_or_fails_with_a_service(sdk, service, twin_api, listener, play):
    faults(twin_api, sender_rate=1, queue_seconds=0)
    for address in (OURS, SECOND):
        sdk.messages.create(from_=address, to=THEIRS, body="Hello")

    with refused(21611):
        sdk.messages.create(from_=OURS, to=THEIRS, body="Hello")
    created = say(sdk, service, status_callback=f"{listener.url}/status")
    assert created.status == "accepted"
    play()

    assert [(call.params["MessageStatus"], call.params["ErrorCode"]) for call in listener.calls] == [
        ("failed", "30001")
    ]


def test_who_is_idle_is_taken_before_who_is_busy(sdk, service, twin_api):
    faults(twin_api, sender_rate=1)
    sent = Counter(say(sdk, service, f"+1555010{n:04}").from_ for n in range(10))

    assert sent == {OURS: 5, SECOND: 5}


def test_what_is_written_to_a_pool_comes_by_the_service(sdk, service, maria, listener, play):
    url = f"{listener.url}/webhooks/twilio/pool"
    actions.text_in(maria, to=OURS, body="lost")
    play()
    assert listener.calls == []

    sdk.messaging.v1.services(service.sid).update(inbound_request_url=url)
    actions.text_in(maria, to=OURS, body="hello")
    play()
    (call,) = listener.calls
    assert (call.path, parse_message(call.params).details.messaging_service_sid) == (
        "/webhooks/twilio/pool",
        service.sid,
    )

    sdk.messaging.v1.services(service.sid).update(use_inbound_webhook_on_number=True)
    actions.text_in(maria, to=OURS, body="again")
    play()
    assert listener.calls[-1].path == "/webhooks/twilio/messages"
