"""A sender's rate holds for all workers together, and nobody waits for another sender."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from conversations import actions, tasks, timers
from conversations.actions import addresses
from conversations.core import pacing
from conversations.models import Address, Message, Turn
from conversations.tests.carrier import FakeCarrier, busy
from eventlog.models import Event
from kernel.actor import SYSTEM
from kernel.errors import Forbidden, Invalid
from tests import people
from tests.people import House

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


@pytest.fixture
def home(db: None, database_clock: None) -> House:
    return people.full_house()


def sender(home: House, text: str, *, rate: float | None) -> Address:
    address = people.address(home, text)
    Address.objects.filter(pk=address.pk).update(messages_per_second=rate)
    return address


def queued(home: House, *, to: str, ours: str = people.OURS, body: str = "hi", author: str = "agent") -> Message:
    conversation = people.said(from_address=to, to_address=ours).conversation
    ada = people.taking_part(home, "Ada", conversation)
    return actions.post(conversation, actor=ada, body=body, ref=f"{to} {body[:9]}", author_kind=author)


def customers(count: int, *, start: int = 0) -> list[str]:
    return [f"+1555019{n:04}" for n in range(start, start + count)]


# --- the bucket ---


@given(
    lateness=st.lists(st.floats(0, 0.09), min_size=20, max_size=60),
    rate=st.sampled_from([1.0, 3.0, 10.0, 100.0, 333.0]),
)
def test_who_comes_a_little_late_loses_nothing_of_the_rate(lateness: list[float], rate: float) -> None:
    free_at: datetime | None = None
    moments = []
    for late in lateness:
        open_at = NOON if free_at is None else max(NOON, free_at - pacing.BURST)
        now = max(moments[-1] if moments else NOON, open_at + timedelta(seconds=late))
        assert pacing.is_open(free_at, now=now)
        free_at = pacing.taken(free_at, units=1, rate=rate, now=now)
        moments.append(now)

    spread = (moments[-1] - moments[0]).total_seconds()
    ideal = (len(moments) - 1) / rate
    assert ideal - pacing.BURST.total_seconds() - 0.09 <= spread <= ideal + 0.09 + 1e-6


@given(gaps=st.lists(st.floats(0, 0.5), min_size=5, max_size=80), rate=st.sampled_from([1.0, 10.0, 100.0]))
def test_no_span_of_time_takes_more_than_the_rate_and_the_burst(gaps: list[float], rate: float) -> None:
    now, free_at, went = NOON, None, []
    for gap in gaps:
        now += timedelta(seconds=gap)
        if pacing.is_open(free_at, now=now):
            free_at = pacing.taken(free_at, units=1, rate=rate, now=now)
            went.append(now)

    for first in range(len(went)):
        for last in range(first, len(went)):
            seconds = (went[last] - went[first]).total_seconds()
            assert last - first + 1 <= rate * (seconds + pacing.BURST.total_seconds()) + 1 + 1e-6


# --- senders ---


def test_a_sender_sends_at_its_rate_and_what_is_more_waits(home: House, carrier: FakeCarrier, rung: list[None]) -> None:
    sender(home, people.OURS, rate=1)
    with time_machine.travel(NOON, tick=False):
        messages = [queued(home, to=to) for to in customers(3)]
        tasks.deliver()

    assert [outbound.message_sid for outbound in carrier.sent] == [messages[0].sid]
    waiting = list(Message.objects.filter(status="queued").order_by("index", "id").values_list("due_at", flat=True))
    assert waiting == [NOON + timedelta(seconds=1), NOON + timedelta(seconds=2)]

    for second, count in [(0.85, 1), (0.9, 2), (1.0, 2), (1.89, 2), (1.9, 3)]:
        with time_machine.travel(NOON + timedelta(seconds=second), tick=False):
            timers.grant_turns(NOON + timedelta(seconds=second))
            if rung:
                rung.clear()
                tasks.deliver()
        assert len(carrier.sent) == count, second
    assert Turn.objects.count() == 0


def test_a_slow_sender_holds_nobody_else_up(home: House, carrier: FakeCarrier) -> None:
    sender(home, people.OURS, rate=1)
    sender(home, "+15550001001", rate=100)
    with time_machine.travel(NOON, tick=False):
        slow = [queued(home, to=to) for to in customers(5)]
        fast = [queued(home, to=to, ours="+15550001001") for to in customers(5, start=10)]
        tasks.deliver()

    sent = {outbound.message_sid for outbound in carrier.sent}
    assert sent == {slow[0].sid, *(message.sid for message in fast)}


def test_a_ring_does_not_let_a_waiting_message_jump_the_line(home: House, carrier: FakeCarrier) -> None:
    sender(home, people.OURS, rate=1)
    with time_machine.travel(NOON, tick=False):
        first, _ = (queued(home, to=to) for to in customers(2))
        tasks.deliver()
    with time_machine.travel(NOON + timedelta(seconds=5), tick=False):
        queued(home, to=customers(1, start=7)[0])
        tasks.deliver()

    assert [outbound.message_sid for outbound in carrier.sent] == [first.sid]
    assert Turn.objects.count() == 2


def test_people_go_before_machines(home: House, carrier: FakeCarrier, rung: list[None]) -> None:
    sender(home, people.OURS, rate=1)
    with time_machine.travel(NOON, tick=False):
        queued(home, to=customers(1)[0])
        tasks.deliver()
        for to in customers(3, start=1):
            queued(home, to=to, author="bot")
        person = queued(home, to=customers(1, start=9)[0])
        tasks.deliver()

    assert actions.grant_turns(NOON + timedelta(seconds=1)) == [person.conversation.sid]


def test_a_long_text_counts_with_each_of_its_parts(home: House, carrier: FakeCarrier) -> None:
    address = sender(home, people.OURS, rate=1)
    with time_machine.travel(NOON, tick=False):
        queued(home, to=customers(1)[0], body="x" * 400)
        tasks.deliver()

    address.refresh_from_db()
    assert address.free_at == NOON + timedelta(seconds=3)


def test_a_granted_turn_whose_ring_was_lost_is_rung_for_again(
    home: House, carrier: FakeCarrier, rung: list[None]
) -> None:
    sender(home, people.OURS, rate=1)
    with time_machine.travel(NOON, tick=False):
        for to in customers(2):
            queued(home, to=to)
        tasks.deliver()
        timers.drive_deliveries(NOON + timedelta(seconds=30))
    assert rung == []
    timers.grant_turns(NOON + timedelta(seconds=1))
    rung.clear()

    timers.drive_deliveries(NOON + timedelta(seconds=4))

    assert rung == [None]


def test_the_turn_of_a_message_that_will_not_be_sent_is_nobodys(
    home: House, carrier: FakeCarrier, rung: list[None]
) -> None:
    sender(home, people.OURS, rate=1)
    with time_machine.travel(NOON, tick=False):
        messages = [queued(home, to=to) for to in customers(3)]
        tasks.deliver()
    Message.objects.filter(pk=messages[1].pk).update(status="canceled", due_at=None)

    assert actions.grant_turns(NOON + timedelta(seconds=1)) == [messages[2].conversation.sid]


# --- too many requests ---


def test_429_holds_the_whole_account_until_the_time_it_names(home: House, carrier: FakeCarrier) -> None:
    sender(home, people.OURS, rate=100)
    sender(home, "+15550001001", rate=100)
    carrier.failures = [busy(after=7)]
    with time_machine.travel(NOON, tick=False) as clock:
        first = queued(home, to=customers(1)[0])
        other = queued(home, to=customers(1, start=1)[0], ours="+15550001001")
        tasks.deliver()
        clock.shift(6.9)
        tasks.deliver()
        assert len(carrier.sent) == 1
        clock.shift(0.2)
        tasks.deliver()

    assert [outbound.message_sid for outbound in carrier.sent] == [first.sid, other.sid, first.sid]
    assert set(Message.objects.filter(direction="outbound").values_list("status", flat=True)) == {"sent"}


def test_a_full_queue_of_one_sender_holds_that_sender_alone(
    home: House, carrier: FakeCarrier, rung: list[None]
) -> None:
    sender(home, people.OURS, rate=100)
    sender(home, "+15550001001", rate=100)
    carrier.failures = [busy(after=30, scope="sender", code="21611")]
    with time_machine.travel(NOON, tick=False) as clock:
        full, same = (queued(home, to=to) for to in customers(2))
        other = queued(home, to=customers(1, start=2)[0], ours="+15550001001")
        tasks.deliver()
        assert [outbound.message_sid for outbound in carrier.sent] == [full.sid, other.sid]
        clock.shift(29)
        assert actions.grant_turns(NOON + timedelta(seconds=29)) == []
        clock.shift(1.1)
        assert actions.grant_turns(NOON + timedelta(seconds=30.1)) == [same.conversation.sid]


def test_429_without_a_time_backs_this_message_off_and_no_other(home: House, carrier: FakeCarrier) -> None:
    sender(home, people.OURS, rate=100)
    carrier.failures = [busy(after=None)]
    with time_machine.travel(NOON, tick=False):
        first, second = (queued(home, to=to) for to in customers(2))
        tasks.deliver()

    first.refresh_from_db()
    assert first.status == "queued"
    assert timedelta(seconds=0.45) <= first.due_at - NOON <= timedelta(seconds=0.55)
    assert carrier.sent[-1].message_sid == second.sid


# --- the rate is the supervisor's ---


@pytest.mark.parametrize(
    ("channel", "text", "rate"),
    [
        ("sms", "+15550001000", 1.0),
        ("sms", "+34911234567", 1.0),
        ("sms", "+18335550100", 3.0),
        ("sms", "54321", 100.0),
        ("whatsapp", "whatsapp:+15550001000", 80.0),
        ("messenger", "messenger:100200300", 10.0),
        ("rcs", "rcs:brand_agent", 10.0),
    ],
)
def test_each_kind_of_sender_has_its_rate(channel: str, text: str, rate: float) -> None:
    assert Address(channel=channel, address=text).rate == rate
    assert Address(channel=channel, address=text, messages_per_second=7).rate == 7


def test_a_new_rate_counts_at_once(home: House, carrier: FakeCarrier, rung: list[None]) -> None:
    address = sender(home, people.OURS, rate=0.01)
    with time_machine.travel(NOON, tick=False):
        messages = [queued(home, to=to) for to in customers(2)]
        tasks.deliver()
        addresses.set_sending(address, messages_per_second=50, on_unknown="ask", actor=SYSTEM)

    assert actions.grant_turns(NOON + timedelta(seconds=0.1)) == [messages[1].conversation.sid]
    data = Event.objects.get(type="address.updated").data
    assert (data["messages_per_second"], data["on_unknown"]) == (50, "ask")


@pytest.mark.parametrize(
    ("rate", "rule", "field"),
    [(0, "ask", "messages_per_second"), (1001, "ask", "messages_per_second"), (1, "guess", "on_unknown")],
)
def test_a_rate_that_makes_no_sense_is_refused(home: House, rate: float, rule: str, field: str) -> None:
    address = sender(home, people.OURS, rate=2)

    with pytest.raises(Invalid) as error:
        addresses.set_sending(address, messages_per_second=rate, on_unknown=rule, actor=SYSTEM)

    assert error.value.field == field
    address.refresh_from_db()
    assert (address.messages_per_second, address.on_unknown) == (2, "ask")


def test_agents_do_not_set_rates(home: House) -> None:
    address = sender(home, people.OURS, rate=2)

    with pytest.raises(Forbidden):
        addresses.set_sending(address, messages_per_second=100, on_unknown="ask", actor=home.actor("Ada"))
