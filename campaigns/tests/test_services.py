"""Campaigns from a messaging service: who of its pool writes to whom, how fast, and who wants nothing from it."""

from collections import Counter
from datetime import datetime, timedelta

import pytest

from campaigns import actions, queries
from campaigns.actions import Plan, sending
from campaigns.core.lists import Given
from campaigns.models import Campaign, Pace, Recipient
from campaigns.tests.conftest import given
from conversations import actions as conversations
from conversations.actions import services
from conversations.models import Address, Message, MessagingService, StickySender
from conversations.queries import services as service_queries
from eventlog.models import Event
from kernel import clock, sids
from kernel.actor import SYSTEM
from kernel.errors import Conflict, Invalid
from tests import people
from tests.people import House

POOL = ("+15550001000", "+15550001001", "+15550001002")
START = clock.now()


@pytest.fixture
def pool(home: House) -> list[Address]:
    return [people.address(home, text) for text in POOL]


@pytest.fixture
def service(home: House, pool: list[Address]) -> MessagingService:
    made = services.create_service(home.workspace, sid=sids.new("MG"), friendly_name="Reminders", actor=SYSTEM)
    return services.set_pool(made, addresses=pool, actor=SYSTEM)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """The database's clock, which stands until a test moves it."""
    moment = [START + timedelta(seconds=5)]
    monkeypatch.setattr(sending, "database_now", lambda: moment[0])
    return moment


def started(home: House, service: MessagingService, rows: list[Given], *, rate: int = 100) -> Campaign:
    plan = Plan("Reminders", None, "Hi", rate=rate, service=service)
    made = actions.create_campaign(home.workspace, plan=plan, actor=home.actor("Bo"))
    assert actions.add_recipients(made, rows, actor=home.actor("Bo")) == ()
    started = actions.start(made, actor=home.actor("Bo"))
    Campaign.objects.filter(pk=made.pk).update(due_at=START)
    return started


def drive(campaign: Campaign, now: list[datetime], *, seconds: float) -> Counter[str]:
    """What each sender was given in that time, by looking as often as the campaign wants it."""
    end = now[0] + timedelta(seconds=seconds)
    while True:
        actions.send_some(campaign.sid)
        campaign.refresh_from_db()
        if campaign.due_at is None or campaign.due_at >= end:
            break
        now[0] = max(now[0], campaign.due_at)
    now[0] = end
    return Counter(Message.objects.values_list("conversation__address__address", flat=True))


def test_customers_spread_over_the_pool_and_keep_their_sender(
    home: House, service: MessagingService, now: list[datetime]
) -> None:
    wanted = service_queries.senders(service, channel="sms", customers=[row.address for row in given(30)])

    first = started(home, service, given(30))
    drive(first, now, seconds=60)

    by = dict(Message.objects.values_list("conversation__identity__address", "conversation__address__address"))
    assert by == {customer: address.address for customer, address in wanted.items()}
    assert set(by.values()) == set(POOL)
    assert StickySender.objects.count() == 30
    first.refresh_from_db()
    assert first.state == "finished"


def test_who_was_written_to_before_hears_from_the_same_sender(
    home: House, service: MessagingService, pool: list[Address], now: list[datetime]
) -> None:
    customer = given(1)[0].address
    other = next(
        row for row in pool if row != service_queries.senders(service, channel="sms", customers=[customer])[customer]
    )
    conversations.start_from(service, other, customer=customer, actor=SYSTEM)

    drive(started(home, service, given(1)), now, seconds=5)

    assert Message.objects.get().conversation.address == other


def test_each_sender_of_the_pool_keeps_the_pace_and_holds_nobody_up(
    home: House, service: MessagingService, now: list[datetime]
) -> None:
    campaign = started(home, service, given(90), rate=2)
    Pace.objects.bulk_create(Pace(address=row, next_at=now[0]) for row in Address.objects.all())

    sent = drive(campaign, now, seconds=5)

    assert sent == dict.fromkeys(POOL, 10)
    assert not Recipient.objects.filter(state="skipped").exists()


def test_a_sender_that_another_campaign_uses_is_shared(
    home: House, service: MessagingService, pool: list[Address], now: list[datetime]
) -> None:
    campaign = started(home, service, given(90), rate=2)
    Pace.objects.create(address=pool[0], next_at=now[0] + timedelta(seconds=100))
    Pace.objects.bulk_create(Pace(address=row, next_at=now[0]) for row in pool[1:])

    assert drive(campaign, now, seconds=2) == {POOL[1]: 4, POOL[2]: 4}


def test_stop_said_to_one_of_the_pool_holds_for_the_campaign(
    home: House, service: MessagingService, pool: list[Address], now: list[datetime]
) -> None:
    one, two = given(2)
    first = service_queries.senders(service, channel="sms", customers=[one.address])[one.address]
    another = next(row for row in pool if row != first)
    plan = Plan("Reminders", None, "Hi", rate=100, service=service)
    made = actions.create_campaign(home.workspace, plan=plan, actor=home.actor("Bo"))
    people.said("STOP", from_address=one.address, to_address=another.address)

    bad = actions.add_recipients(made, [one, two], actor=home.actor("Bo"))
    assert [(row.value, row.code) for row in bad] == [(one.address, "opted-out")]
    actions.start(made, actor=home.actor("Bo"))
    Campaign.objects.update(due_at=START)
    people.said("STOP", from_address=two.address, to_address=another.address)
    drive(made, now, seconds=5)

    assert Recipient.objects.get().reason == "opted-out"
    assert not Message.objects.filter(author_kind="campaign").exists()


def test_stop_by_rcs_holds_for_sms(home: House, service: MessagingService, pool: list[Address]) -> None:
    agent = people.address(home, "rcs:brand_agent", channel="rcs")
    services.set_pool(service, addresses=[*pool, agent], actor=SYSTEM)
    customer = given(1)[0].address
    plan = Plan("Reminders", None, "Hi", service=service, channel="sms")
    made = actions.create_campaign(home.workspace, plan=plan, actor=home.actor("Bo"))
    people.said("STOP", channel="rcs", from_address=f"rcs:{customer}", to_address=agent.address)

    [bad] = actions.add_recipients(made, given(1), actor=home.actor("Bo"))

    assert bad.code == "opted-out"


def test_a_pool_without_a_sender_pauses_the_campaign_and_says_so(
    home: House, service: MessagingService, pool: list[Address], now: list[datetime]
) -> None:
    campaign = started(home, service, given(3))
    services.set_pool(service, addresses=[], actor=SYSTEM)

    assert actions.send_some(campaign.sid) == 0

    campaign.refresh_from_db()
    assert campaign.state == "paused"
    assert Event.objects.filter(type="campaign.paused", subject_sid=campaign.sid).count() == 1
    with pytest.raises(Conflict, match="Put one in first") as refused:
        actions.resume(campaign, actor=home.actor("Bo"))
    assert refused.value.code == "no-sender"
    services.set_pool(service, addresses=pool, actor=SYSTEM)
    actions.resume(campaign, actor=home.actor("Bo"))
    Campaign.objects.update(due_at=START)
    assert sum(drive(campaign, now, seconds=60).values()) == 3


def test_a_campaign_comes_from_one_place_and_by_one_channel(
    home: House, service: MessagingService, pool: list[Address]
) -> None:
    bo = home.actor("Bo")
    theirs = services.create_service(
        people.house("Other").workspace, sid=sids.new("MG"), friendly_name="x", actor=SYSTEM
    )
    empty = services.create_service(home.workspace, sid=sids.new("MG"), friendly_name="x", actor=SYSTEM)
    agent = people.address(home, "rcs:brand_agent", channel="rcs")
    wrong = [
        (Plan("R", None, "Hi"), "address"),
        (Plan("R", pool[0], "Hi", service=service), "address"),
        (Plan("R", None, "Hi", service=theirs), "service"),
        (Plan("R", None, "Hi", service=empty), "service"),
        (Plan("R", None, "Hi", service=service, channel="rcs"), "channel"),
    ]
    for plan, field in wrong:
        with pytest.raises(Invalid) as refused:
            actions.create_campaign(home.workspace, plan=plan, actor=bo)
        assert refused.value.field == field

    made = actions.create_campaign(home.workspace, plan=Plan("R", None, "Hi", service=service), actor=bo)
    assert (made.channel, made.sender) == ("sms", service)
    services.set_pool(service, addresses=[*pool, agent], actor=SYSTEM)
    with pytest.raises(Invalid, match="several channels") as refused:
        actions.create_campaign(home.workspace, plan=Plan("R", None, "Hi", service=service), actor=bo)
    assert refused.value.field == "channel"
    by_rcs = Plan("R", None, "Hi", service=service, channel="rcs")
    assert actions.create_campaign(home.workspace, plan=by_rcs, actor=bo).channel == "rcs"
    with pytest.raises(Conflict, match="campaigns"):
        services.delete_service(service, actor=bo)
    assert queries.campaign(made.sid, actor=bo).service == service
