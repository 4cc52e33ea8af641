"""Messaging services: who of a pool writes to whom, and what stands in a pool."""

import threading
from collections import Counter
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client
from django.urls import reverse

from conversations import actions
from conversations.actions import services
from conversations.core.senders import Sender, choose, country_of
from conversations.models import Address, Conversation, MessagingService, PoolSender, StickySender
from conversations.tests.carrier import claim_next
from eventlog.models import Event
from kernel import sids
from kernel.actor import SYSTEM
from kernel.errors import Conflict, Forbidden, Invalid
from tests import people
from tests.office import enter
from tests.people import House

pytestmark = pytest.mark.django_db

MEXICAN, BRITISH = "+525512345678", "+447400123456"


@pytest.fixture
def home() -> House:
    return people.full_house()


def service(home: House, *addresses: Address, sticky: bool = True) -> MessagingService:
    made = services.create_service(
        home.workspace, sid=sids.new("MG"), friendly_name="Reminders", sticky=sticky, actor=SYSTEM
    )
    return services.set_pool(made, addresses=addresses, actor=SYSTEM)


def pool(home: House) -> list[Address]:
    return [people.address(home, text) for text in ("+14155550001", "+525512340001", "+525512340002")]


def begun(made: MessagingService, customer: str, *, channel: str = "sms") -> Conversation:
    return actions.start_by_service(made, channel=channel, customer=customer, actor=SYSTEM)


# --- the choice ---


def test_customers_spread_over_a_pool_and_a_newcomer_takes_only_his_share() -> None:
    few = [Sender(n, "sms", "MX") for n in range(4)]
    customers = [f"+52551234{n:04}" for n in range(400)]

    def chosen(senders: list[Sender]) -> dict[str, int]:
        found = {one: choose(senders, channel="sms", customer=one, country="MX", before=None) for one in customers}
        return {one: sender.key for one, sender in found.items() if sender is not None}

    before, after = chosen(few), chosen([*few, Sender(4, "sms", "MX")])
    assert all(60 < count < 140 for count in Counter(before.values()).values())
    moved = [one for one in customers if before[one] != after[one]]
    assert {after[one] for one in moved} == {4}
    assert 40 < len(moved) < 120


@pytest.mark.parametrize(
    ("address", "country"),
    [
        ("+525512345678", "MX"),
        ("whatsapp:+447400123456", "GB"),
        ("+15550100001", "+1"),
        ("messenger:100200300", ""),
        ("12345", ""),
    ],
)
def test_the_country_of_an_address(address: str, country: str) -> None:
    assert country_of(address) == country


# --- the pool at work ---


def test_a_customer_gets_a_sender_of_the_same_country_and_keeps_it(home: House) -> None:
    american, first, second = pool(home)
    made = service(home, american, first)
    talk = begun(made, MEXICAN)
    assert (talk.address, talk.identity.address) == (first, MEXICAN)
    actions.close(talk, actor=SYSTEM)

    services.set_pool(made, addresses=[american, first, second], actor=SYSTEM)
    assert begun(made, MEXICAN).address == first
    assert StickySender.objects.get().address == first


def test_the_sender_stays_with_the_customer_only_while_it_is_in_the_pool(home: House) -> None:
    american, first, second = pool(home)
    made = service(home, american, first)
    actions.close(begun(made, MEXICAN), actor=SYSTEM)
    services.set_pool(made, addresses=[american, second], actor=SYSTEM)

    assert not StickySender.objects.exists()
    assert begun(made, MEXICAN).address == second


def test_who_is_not_sticky_gets_the_best_sender_each_time(home: House) -> None:
    american, first, _ = pool(home)
    made = service(home, american, sticky=False)
    assert begun(made, MEXICAN).address == american

    services.set_pool(made, addresses=[american, first], actor=SYSTEM)
    assert begun(made, MEXICAN).address == first
    assert not StickySender.objects.exists()


def test_another_channel_is_no_sender(home: House) -> None:
    made = service(home, *pool(home))
    with pytest.raises(Conflict, check=lambda error: error.code == "no-sender"):
        begun(made, f"whatsapp:{MEXICAN}", channel="whatsapp")

    ours = people.address(home, "whatsapp:+15550002000", channel="whatsapp")
    services.set_pool(made, addresses=[*pool_of(made), ours], actor=SYSTEM)
    assert begun(made, f"whatsapp:{BRITISH}", channel="whatsapp").address == ours


def pool_of(made: MessagingService) -> list[Address]:
    return [row.address for row in made.senders.all()]


def test_what_goes_out_names_the_service_of_its_address(home: House) -> None:
    american, *_ = pool(home)
    made = service(home, american)
    alone = people.address(home)
    for address, sid in ((american, made.sid), (alone, "")):
        talk = people.said(to_address=address.address).conversation
        ada = people.taking_part(home, "Ada", talk)
        actions.post(talk, actor=ada, body="hi", ref="r1")
        outbound = claim_next()
        assert outbound is not None
        assert (outbound.messaging_service_sid, outbound.from_address) == (sid, address.address)


@pytest.mark.django_db(transaction=True)
def test_two_first_messages_come_from_one_sender(home: House) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one writer in at a time")
    made = service(home, *pool(home), sticky=True)
    start, found = threading.Barrier(4), []

    def begin() -> None:
        start.wait()
        try:
            found.append(begun(made, BRITISH).pk)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=begin) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(found) == 4
    assert len(set(found)) == Conversation.objects.count() == 1


# --- what stands in a pool ---


@pytest.mark.parametrize(
    ("given", "field"),
    [({"sid": "MG1"}, "sid"), ({"sid": "AC" + "0" * 32}, "sid"), ({"friendly_name": " "}, "friendly_name")],
)
def test_a_wrong_service_is_refused_at_its_field(home: House, given: dict[str, str], field: str) -> None:
    wanted = {"sid": sids.new("MG"), "friendly_name": "Reminders"} | given

    with pytest.raises(Invalid) as error:
        services.create_service(home.workspace, actor=home.actor("Bo"), **wanted)
    assert error.value.field == field
    assert not MessagingService.objects.exists()


def test_an_address_is_in_one_pool_and_of_the_same_workspace(home: House) -> None:
    american, *_ = pool(home)
    first, second = service(home, american), service(home)
    strange = people.address(people.house("Other"), "+15559990000")
    chat = people.address(home, "webchat:shop", channel="webchat")

    for addresses, kind in (([american], Conflict), ([strange], Invalid), ([chat], Invalid)):
        with pytest.raises(kind) as error:
            services.set_pool(second, addresses=addresses, actor=SYSTEM)
        assert error.value.field == "addresses"
    assert list(PoolSender.objects.values_list("service", "address")) == [(first.pk, american.pk)]


def test_only_who_configures_may(home: House) -> None:
    made = service(home, *pool(home))
    other = people.house("Other")
    people.person(other, "Eve", role="supervisor")
    ada, eve = home.actor("Ada"), other.actor("Eve")
    verbs: list[Any] = [
        lambda: services.create_service(home.workspace, sid=sids.new("MG"), friendly_name="x", actor=ada),
        lambda: services.change_service(made, friendly_name="x", sticky=False, actor=ada),
        lambda: services.set_pool(made, addresses=[], actor=eve),
        lambda: services.delete_service(made, actor=ada),
    ]
    for verb in verbs:
        with pytest.raises(Forbidden):
            verb()
    assert made.senders.count() == 3


def test_the_log_tells_of_it_and_the_addresses_outlive_it(home: House) -> None:
    american, *_ = pool(home)
    made = service(home, american)
    begun(made, MEXICAN)
    services.delete_service(made, actor=home.actor("Bo"))

    told = Event.objects.filter(type__startswith="messaging-service.").order_by("id")
    assert [row.type.partition(".")[2] for row in told] == ["created", "updated", "deleted"]
    assert told[1].data["addresses"] == ["+14155550001"]
    assert Address.objects.count() == 3
    assert Conversation.objects.count() == 1


# --- the admin ---


def save(client: Client, path: str, **changes: Any) -> Any:
    given = {"sid": "MG" + "a" * 32, "friendly_name": "Reminders", "sticky": "on", "addresses": []}
    return client.post(path, given | changes)


def test_a_service_is_made_and_changed_in_the_admin(home: House) -> None:
    american, first, _ = pool(home)
    other = service(home, first)
    bo = enter(home, "Bo")
    add = reverse("admin:conversations_messagingservice_add")

    assert "sid" in save(bo, add, sid="MG1").context["adminform"].form.errors
    assert "addresses" in save(bo, add, addresses=[first.pk]).context["adminform"].form.errors
    assert save(bo, add, addresses=[american.pk]).status_code == 302
    made = MessagingService.objects.exclude(pk=other.pk).get()
    assert (made.sticky, pool_of(made)) == (True, [american])

    page = reverse("admin:conversations_messagingservice_change", args=[made.pk])
    assert american.address in bo.get(page).content.decode()
    assert save(bo, page, friendly_name="News", sticky="").status_code == 302
    made.refresh_from_db()
    assert (made.friendly_name, made.sticky, pool_of(made)) == ("News", False, [])
    history = bo.get(reverse("admin:conversations_messagingservice_history", args=[made.pk]), follow=True)
    assert "News" in history.content.decode()


def test_another_accounts_service_is_not_there(home: House) -> None:
    made = service(home)
    other = people.house("Other")
    people.person(other, "Eve", role="supervisor")

    page = reverse("admin:conversations_messagingservice_change", args=[made.pk])
    assert enter(other, "Eve").get(page).status_code == 404
