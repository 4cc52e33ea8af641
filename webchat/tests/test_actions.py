"""What a visitor may do, and what not."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.conf import settings

from conversations import actions as conversations
from conversations.models import Address, Conversation, Message
from eventlog.models import Event
from kernel import clock
from kernel.actor import SYSTEM
from kernel.errors import Forbidden, Invalid, NotFound, TooMany
from tests import people
from tests.people import House
from webchat import actions, core, queries
from webchat.actions import Setting
from webchat.models import Visitor

pytestmark = pytest.mark.django_db


def say(visitor: Visitor, body: str = "hello", *, ref: str = "") -> Message:
    """As the socket does it: with the visitor as it stands now."""
    now = queries.visitor(visitor.pk)
    assert now is not None
    return actions.say(now, body=body, ref=ref or str(uuid4()))


def answered(home: House, conversation: Conversation, *bodies: str) -> None:
    ada = people.taking_part(home, "Ada", conversation)
    for body in bodies:
        conversations.post(conversation, actor=ada, body=body, ref=str(uuid4()))


def statuses(conversation: Conversation) -> list[str]:
    rows = Message.objects.filter(conversation=conversation, direction="outbound").order_by("index")
    return list(rows.values_list("status", flat=True))


def test_of_a_token_only_the_digest_is_kept(shop: Address) -> None:
    visitor, token = actions.begin(shop, name=" Maria\u202e ")

    assert visitor.name == "Maria"
    assert visitor.identity == f"webchat:visitor:{visitor.sid}"
    assert token not in str(vars(Visitor.objects.get()))
    assert actions.arrive(token) == visitor


@pytest.mark.parametrize("token", ["", "x" * 43, "x" * 10_000, None, 7, ["a"], "\ud800" * 30])
def test_another_token_is_nobody(shop: Address, token: object) -> None:
    actions.begin(shop)

    assert actions.arrive(token) is None


def test_a_token_lives_as_long_as_it_is_used(shop: Address) -> None:
    begun = clock.now()
    _, token = actions.begin(shop)

    with time_machine.travel(begun + timedelta(days=80), tick=False):
        assert actions.arrive(token) is not None
    with time_machine.travel(begun + timedelta(days=160), tick=False):
        assert actions.arrive(token) is not None
    with time_machine.travel(begun + timedelta(days=251), tick=False):
        assert actions.arrive(token) is None


def test_too_many_beginnings_from_one_network_are_refused_until_the_next_hour(shop: Address) -> None:
    with time_machine.travel("2026-01-02T03:30:00Z", tick=False):
        for _ in range(settings.WEBCHAT_BEGINNINGS_AN_HOUR):
            actions.begin(shop, remote_address="192.0.2.1")
        with pytest.raises(TooMany):
            actions.begin(shop, remote_address="192.0.2.1")
        actions.begin(shop, remote_address="192.0.2.2")
    with time_machine.travel("2026-01-02T04:00:00Z", tick=False):
        actions.begin(shop, remote_address="192.0.2.1")

    assert Visitor.objects.count() == settings.WEBCHAT_BEGINNINGS_AN_HOUR + 2
    assert not Visitor.objects.filter(begun_from__contains="192.0.2").exists()


def test_all_addresses_of_an_ipv6_network_are_one_network(shop: Address) -> None:
    with time_machine.travel("2026-01-02T03:30:00Z", tick=False):
        for number in range(settings.WEBCHAT_BEGINNINGS_AN_HOUR):
            actions.begin(shop, remote_address=f"2001:db8:0:1::{number:x}")
        with pytest.raises(TooMany):
            actions.begin(shop, remote_address="2001:db8:0:1:ffff::1")
        actions.begin(shop, remote_address="2001:db8:0:2::1")


def test_first_words_begin_a_conversation_and_every_screen_hears_of_it(shop: Address) -> None:
    visitor, _ = actions.begin(shop, name="Maria")
    message = say(visitor, "hi", ref="ref-00000001")

    assert (message.index, message.body, message.ref, message.author_name) == (1, "hi", "ref-00000001", "Maria")
    assert message.conversation.channel == "webchat"
    assert Visitor.objects.get().conversation == message.conversation
    moved = Event.objects.get(type="visitor.moved")
    assert moved.audiences == [f"visitor:{visitor.sid}"]
    assert Event.objects.get(type="message.added").audiences == [f"visitor:{message.conversation.sid}"]


def test_the_same_ref_is_stored_once(shop: Address) -> None:
    visitor, _ = actions.begin(shop)
    first = say(visitor, "once", ref="ref-00000001")
    again = say(visitor, "once", ref="ref-00000001")

    assert again.pk == first.pk
    assert Message.objects.count() == 1
    assert Event.objects.filter(type="visitor.moved").count() == 1


def test_two_visitors_may_use_the_same_ref(shop: Address) -> None:
    one, _ = actions.begin(shop)
    other, _ = actions.begin(shop)
    first = say(one, ref="ref-00000001")
    second = say(other, ref="ref-00000001")

    assert first.pk != second.pk
    assert first.conversation_id != second.conversation_id


def test_words_after_the_end_begin_anew_and_late_repeats_do_not_lead_back(shop: Address) -> None:
    visitor, _ = actions.begin(shop)
    first = say(visitor, ref="ref-00000001")
    conversations.close(first.conversation, actor=SYSTEM)

    second = say(visitor, ref="ref-00000002")
    repeated = say(visitor, ref="ref-00000001")

    assert second.conversation_id != first.conversation_id
    assert repeated.pk == first.pk
    assert Visitor.objects.get().conversation == second.conversation
    assert [row["body"] for row in queries.recent_messages(visitor)] == ["hello", "hello"]


@pytest.mark.parametrize("body", ["", "   ", "\x00", "x" * 1601])
def test_bodies_that_are_none_are_refused(shop: Address, body: str) -> None:
    visitor, _ = actions.begin(shop)

    with pytest.raises(Invalid) as error:
        say(visitor, body)

    assert error.value.field == "body"
    assert Message.objects.count() == 0


@pytest.mark.parametrize("ref", ["short", "x" * 41, "a b c d e f", "ref;drop table"])
def test_refs_that_are_none_are_refused(shop: Address, ref: str) -> None:
    visitor, _ = actions.begin(shop)

    with pytest.raises(Invalid) as error:
        say(visitor, ref=ref)

    assert error.value.field == "ref"


def test_what_no_database_takes_is_taken_out(shop: Address) -> None:
    visitor, _ = actions.begin(shop)

    assert say(visitor, "a\x00b\ud83d <b>'; -- 🌴").body == "ab <b>'; -- 🌴"


def test_a_flood_is_refused_but_its_repeats_are_recognised(shop: Address) -> None:
    visitor, _ = actions.begin(shop)
    with time_machine.travel("2026-01-02T03:30:00Z", tick=False):
        first = say(visitor, ref="ref-00000001")
        for _ in range(core.MESSAGES_A_MINUTE - 1):
            say(visitor)
        with pytest.raises(TooMany) as error:
            say(visitor)
        assert say(visitor, ref="ref-00000001").pk == first.pk
    with time_machine.travel("2026-01-02T03:31:01Z", tick=False):
        say(visitor)

    assert error.value.code == "too-many-messages"
    assert Message.objects.count() == core.MESSAGES_A_MINUTE + 1


def test_what_a_visitor_has_seen_only_rises(home: House, shop: Address) -> None:
    visitor, _ = actions.begin(shop)
    conversation = say(visitor).conversation
    answered(home, conversation, "one", "two", "three")

    def seen(index: int, status: str) -> list[str]:
        actions.seen(visitor, conversation_sid=conversation.sid, index=index, status=status)
        return statuses(conversation)

    assert seen(3, "delivered") == ["delivered", "delivered", "sent"]
    assert seen(2, "read") == ["read", "delivered", "sent"]
    assert seen(4, "delivered") == ["read", "delivered", "delivered"]
    assert seen(99, "read") == ["read", "read", "read"]
    told = Event.objects.filter(type="message.updated").count()
    assert seen(99, "delivered") == ["read", "read", "read"]
    assert Event.objects.filter(type="message.updated").count() == told == 6


def test_another_visitors_conversation_does_not_exist(home: House, shop: Address) -> None:
    visitor, _ = actions.begin(shop)
    stranger, _ = actions.begin(shop)
    theirs = say(stranger, "secret").conversation
    answered(home, theirs, "quiet")

    with pytest.raises(NotFound):
        actions.seen(visitor, conversation_sid=theirs.sid, index=9, status="read")

    assert statuses(theirs) == ["sent"]
    assert queries.recent_messages(visitor) == []


def test_only_a_web_chat_is_seen_by_a_visitor(home: House) -> None:
    people.address(home)
    conversation = people.said().conversation
    with pytest.raises(Forbidden):
        conversations.mark_seen_by_visitor(conversation, index=1, status="read", actor=SYSTEM)


def test_sites_are_allowed_by_supervisors_and_only_as_origins(home: House, shop: Address) -> None:
    sites = ["https://shop.example.com", "https://*.example.org:8443"]
    actions.deploy(shop, setting=Setting(origins=[*sites, sites[0]]), actor=home.actor("Bo"))

    assert queries.frame_ancestors(shop) == sites
    with pytest.raises(Invalid) as error:
        actions.deploy(shop, setting=Setting(origins=["https://x.example; script-src *"]), actor=home.actor("Bo"))
    assert error.value.field == "allowed_origins"
    with pytest.raises(Forbidden):
        actions.deploy(shop, setting=Setting(), actor=home.actor("Ada"))
    assert queries.frame_ancestors(shop) == sites
