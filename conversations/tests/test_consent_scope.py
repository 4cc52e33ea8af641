"""For which of our addresses a customer's STOP counts: one telephone line, and a whole pool."""

from typing import Any

import pytest

from conversations import actions, queries, sinks
from conversations.actions import services
from conversations.models import Address, Consent, Conversation, Message, MessagingService
from conversations.queries import contacts as contact_queries
from conversations.tests.carrier import claim_next
from eventlog.models import Event
from kernel import sids
from kernel.actor import SYSTEM
from kernel.errors import Conflict
from tests import people
from tests.people import CUSTOMER, OURS, House

pytestmark = pytest.mark.django_db

AGENT, SECOND = "rcs:brand_agent", "+15550001001"
BY_RCS = {"channel": "rcs", "from_address": f"rcs:{CUSTOMER}", "to_address": AGENT}
BY_SECOND = {"to_address": SECOND}


@pytest.fixture
def home() -> House:
    home = people.full_house()
    people.address(home, OURS)
    people.address(home, SECOND)
    people.address(home, AGENT, channel="rcs")
    return home


def pooled(home: House, *texts: str) -> MessagingService:
    service = services.create_service(home.workspace, sid=sids.new("MG"), friendly_name="Shop", actor=SYSTEM)
    return services.set_pool(service, addresses=Address.objects.filter(address__in=texts), actor=SYSTEM)


def talk(**changes: Any) -> Conversation:
    return people.said(**changes).conversation


def is_out(conversation: Conversation) -> bool:
    return queries.standing(conversation).opted_out


def test_without_a_pool_stop_is_of_one_sender(home: House) -> None:
    sms, rcs, second = talk(), talk(**BY_RCS), talk(**BY_SECOND)

    people.said("STOP")

    assert [is_out(row) for row in (sms, rcs, second)] == [True, False, False]


@pytest.mark.parametrize(("stopped", "given"), [({}, BY_RCS), (BY_RCS, {}), (BY_SECOND, BY_RCS), ({}, {})])
def test_in_a_pool_stop_and_start_count_for_all_of_it(home: House, stopped: Any, given: Any) -> None:
    service = pooled(home, OURS, SECOND, AGENT)
    talks = [talk(), talk(**BY_RCS), talk(**BY_SECOND)]

    people.said("STOP", **stopped)

    assert [is_out(row) for row in talks] == [True, True, True]
    line = Consent.objects.get()
    assert line.service == service
    assert Event.objects.get(type="consent.withdrawn").data["messaging_service_sid"] == service.sid

    people.said("START", **given)
    assert [is_out(row) for row in talks] == [False, False, False]


def test_stop_to_a_pool_holds_before_queuing_and_before_sending(home: House) -> None:
    pooled(home, OURS, AGENT)
    talk()
    rcs = talk(**BY_RCS)
    ada = people.taking_part(home, "Ada", rcs)
    queued = actions.post(rcs, actor=ada, body="on its way", ref="r1")

    people.said("STOP")

    with pytest.raises(Conflict, check=lambda error: error.code == "opted-out"):
        actions.post(rcs, actor=ada, body="more", ref="r2")
    assert claim_next() is None
    queued.refresh_from_db()
    assert (queued.status, queued.error_code) == ("failed", "21610")
    assert Message.objects.filter(direction="outbound").count() == 1


def test_another_customer_and_another_channel_are_not_meant(home: House) -> None:
    whatsapp = people.address(home, "whatsapp:+15550002000", channel="whatsapp")
    pooled(home, OURS, SECOND, whatsapp.address)
    other = talk(from_address="+15550109999")
    by_whatsapp = talk(
        channel="whatsapp", from_address=f"whatsapp:{CUSTOMER}", to_address=whatsapp.address, body="hello"
    )

    people.said("STOP")

    assert [is_out(row) for row in (other, by_whatsapp)] == [False, False]


def test_the_same_number_of_another_company_is_somebody_else(home: House) -> None:
    other = people.house("Other")
    people.address(other, "+15559990000")
    theirs = talk(to_address="+15559990000")

    people.said("STOP")

    assert not is_out(theirs)


def test_who_leaves_the_pool_keeps_only_what_was_said_to_himself(home: House) -> None:
    service = pooled(home, OURS, SECOND)
    sms, second = talk(), talk(**BY_SECOND)
    people.said("STOP")
    assert is_out(second)

    services.set_pool(service, addresses=[second.address], actor=SYSTEM)
    assert (is_out(sms), is_out(second)) == (True, True)
    services.set_pool(service, addresses=[], actor=SYSTEM)
    assert (is_out(sms), is_out(second)) == (True, False)


def test_a_new_sender_of_the_pool_does_not_write_either(home: House) -> None:
    service = pooled(home, OURS)
    talk(body="STOP")

    services.set_pool(service, addresses=Address.objects.filter(address__in=[OURS, SECOND]), actor=SYSTEM)

    assert is_out(actions.start(Address.objects.get(address=SECOND), channel="sms", customer=CUSTOMER, actor=SYSTEM))


def test_the_providers_refusal_counts_for_the_pool(home: House) -> None:
    pooled(home, OURS, AGENT)
    sms, rcs = talk(), talk(**BY_RCS)
    message = actions.post(sms, actor=people.taking_part(home, "Ada", sms), body="hi", ref="r1")
    taken = claim_next()
    assert taken is not None

    actions.mark_failed(message.sid, fence=taken.fence, code="21610", reason="unsubscribed")

    assert is_out(rcs)


def test_those_in_other_talks_are_told(home: House) -> None:
    pooled(home, OURS, AGENT)
    talk()
    rcs = talk(**BY_RCS)
    people.taking_part(home, "Ben", rcs)
    talk(**BY_SECOND)
    before = rcs.version
    people.said("STOP")
    told = Event.objects.count()

    sink, stopped = sinks.Standings("standings"), Event.objects.get(type="consent.withdrawn")
    assert sink.wants(stopped)  # type: ignore[arg-type]
    sink.handle(stopped)  # type: ignore[arg-type]

    [event] = Event.objects.order_by("id")[told:]
    assert (event.type, event.subject_sid, event.data["opted_out"]) == ("conversation.updated", rcs.sid, True)
    assert event.audiences == [f"worker:{home.workers['Ben'].sid}"]
    assert event.data["version"] > before


def test_the_card_says_it_of_the_whole_telephone_line(home: House) -> None:
    pooled(home, OURS, AGENT)
    sms, rcs = talk(), talk(**BY_RCS)
    actions.merge(sms.identity.contact, other=rcs.identity.contact, actor=home.actor("Bo"))
    people.said("STOP", **BY_RCS)

    card = contact_queries.contact_payload(sms.identity.contact, actor=home.actor("Bo"))
    assert [row["opted_out"] for row in card["identities"]] == [True, True]
    assert [(row["channel"], row["what"]) for row in card["consents"]] == [("rcs", "withdrawn")]

    people.said("START")
    card = contact_queries.contact_payload(sms.identity.contact, actor=home.actor("Bo"))
    assert [row["opted_out"] for row in card["identities"]] == [False, False]
    assert [(row["channel"], row["what"]) for row in card["consents"]] == [("sms", "given")]
