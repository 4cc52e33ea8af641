"""Many calls to the carrier at once, one of each conversation, and no outcome that is lost on the way back."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, connection, connections, transaction

from carriers.base import OutboundMessage, SendResult
from conversations import actions, sending
from conversations.actions.delivery import Accepted
from conversations.models import Address, Conversation, Message
from conversations.sending import Sending
from conversations.tests.carrier import FakeCarrier, broken, taken
from tests import people
from tests.people import House


@pytest.fixture
def home(db: None) -> House:
    home = people.full_house()
    people.address(home)
    Address.objects.update(messages_per_second=1000)
    return home


def queued(home: House, *bodies: str, customer: int = 0) -> list[Message]:
    conversation = people.said(from_address=f"+1555018{customer:04}").conversation
    ada = people.taking_part(home, "Ada", conversation)
    return [actions.post(conversation, actor=ada, body=body, ref=body) for body in bodies]


def statuses() -> list[str]:
    return list(Message.objects.filter(direction="outbound").order_by("id").values_list("status", flat=True))


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Callable[[Callable[[OutboundMessage], SendResult]], None]:
    """Have a function stand for the carrier; it is called by several threads at once."""
    settings.SENDS_AT_ONCE = 8

    def use(function: Callable[[OutboundMessage], SendResult]) -> None:
        class Given:
            send = staticmethod(function)

        monkeypatch.setattr(sending, "carrier", Given)

    return use


def test_conversations_do_not_wait_for_one_another_and_one_keeps_its_order(home: House, answer: Any) -> None:
    together, order = threading.Barrier(3, timeout=10), []

    def carrier(outbound: OutboundMessage) -> SendResult:
        order.append(outbound.body)
        if not outbound.body.startswith("next"):
            together.wait()  # Nobody is answered before all three are on their way.
        return taken(outbound)

    answer(carrier)
    for customer in range(3):
        queued(home, f"first {customer}", f"next {customer}", customer=customer)

    Sending().work()

    assert statuses() == ["sent"] * 6
    assert sorted(order[:3]) == ["first 0", "first 1", "first 2"]
    assert sorted(order[3:]) == ["next 0", "next 1", "next 2"]


def test_what_is_queued_meanwhile_goes_out_with_the_ring_of_a_second(home: House, answer: Any) -> None:
    desk, second_sent = Sending(), threading.Event()

    def carrier(outbound: OutboundMessage) -> SendResult:
        if outbound.body == "slow":
            desk.work()  # A ring that another thread heard: it is left to who is at work.
            assert second_sent.wait(10)
        else:
            second_sent.set()
        return taken(outbound)

    answer(carrier)
    queued(home, "slow", customer=1)
    claim = actions.claim

    def claim_and_then_somebody_writes(*, at_most: int) -> actions.Claim:
        claimed = claim(at_most=at_most)
        if claimed.messages and claimed.messages[0].body == "slow":
            queued(home, "quick", customer=2)
        return claimed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(actions, "claim", claim_and_then_somebody_writes)
        desk.work()

    assert statuses() == ["sent", "sent"]


def test_a_call_that_breaks_in_an_unforeseen_way_is_of_unknown_fate(home: House, answer: Any) -> None:
    def carrier(_: OutboundMessage) -> SendResult:
        raise RuntimeError("nobody thought of this")

    answer(carrier)
    queued(home, "hi")

    Sending().work()

    message = Message.objects.get(direction="outbound")
    assert (message.status, message.error_code) == ("unknown", "bad-answer")
    assert message.due_at is not None


def test_after_the_stop_nothing_is_claimed(home: House, carrier: FakeCarrier) -> None:
    queued(home, "hi")
    desk = Sending()
    desk.stop()

    desk.work()

    assert (carrier.sent, statuses()) == ([], ["queued"])


def test_an_outcome_that_cannot_be_written_takes_no_other_along(
    home: House, carrier: FakeCarrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = [queued(home, "hi", customer=number)[0] for number in range(2)]
    claimed = actions.claim(at_most=2).messages
    write = actions.mark_sent

    def cannot(accepted: list[Accepted], *, provider: str) -> None:
        if any(each.message_sid == one.sid for each in accepted):
            raise RuntimeError("not this one")
        write(accepted, provider=provider)

    monkeypatch.setattr(actions, "mark_sent", cannot)
    monkeypatch.setattr(connection, "close", lambda: None)

    sending.write_down([sending.Outcome(each, taken(each)) for each in claimed])

    assert statuses() == ["sending", "sent"]
    assert Message.objects.get(pk=other.pk).provider_sid is not None


def test_an_outcome_waits_for_a_database_that_is_away(
    home: House, carrier: FakeCarrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued(home, "hi")
    write, away = actions.mark_sent, [OperationalError("away"), InterfaceError("gone")]

    def later(accepted: list[Accepted], *, provider: str) -> None:
        if away:
            raise away.pop()
        write(accepted, provider=provider)

    monkeypatch.setattr(actions, "mark_sent", later)
    monkeypatch.setattr(connection, "close", lambda: None)
    monkeypatch.setattr(sending, "_TRY_AGAIN_SECONDS", 0.01)

    Sending().work()

    assert statuses() == ["sent"]
    assert len(carrier.sent) == 1


def test_failures_and_successes_are_told_apart(home: House, carrier: FakeCarrier) -> None:
    for number in range(2):
        queued(home, "hi", customer=number)
    fails, goes = actions.claim(at_most=2).messages

    sending.write_down(
        [sending.Outcome(fails, broken("21211", outcome="rejected")), sending.Outcome(goes, taken(goes))]
    )

    assert statuses() == ["failed", "sent"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
def test_a_conversation_that_somebody_holds_is_left_to_the_next_claim(carrier: FakeCarrier) -> None:
    home = people.full_house()
    people.address(home)
    (held,) = queued(home, "held")

    def hold(begun: threading.Event, end: threading.Event) -> None:
        try:
            with transaction.atomic():
                list(Conversation.objects.select_for_update().filter(pk=held.conversation_id))
                begun.set()
                assert end.wait(10)
        finally:
            connections.close_all()

    begun, end = threading.Event(), threading.Event()
    with ThreadPoolExecutor(1) as others:
        holding = others.submit(hold, begun, end)
        assert begun.wait(10)
        skipped = actions.claim(at_most=5)
        end.set()
        holding.result(10)

    assert (skipped.messages, skipped.again_after) == ([], 0.02)
    assert [each.body for each in actions.claim(at_most=5).messages] == ["held"]
