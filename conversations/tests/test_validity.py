"""A message that is only worth something for a while is not sent afterwards, and everybody sees that it was not."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from conversations import actions, tasks, timers
from conversations.models import Address, Message, Turn
from conversations.tests.carrier import FakeCarrier, broken
from eventlog.models import Event
from kernel.errors import Invalid
from tests import people
from tests.people import House

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


@pytest.fixture
def home(db: None) -> House:
    home = people.full_house()
    people.address(home)
    Address.objects.update(messages_per_second=1)
    return home


def queued(home: House, seconds: int | None, *, customer: str = people.CUSTOMER, ref: str = "r") -> Message:
    conversation = people.said(from_address=customer).conversation
    ada = people.taking_part(home, "Ada", conversation)
    return actions.post(conversation, actor=ada, body="code 123", ref=ref, valid_for_seconds=seconds)


def test_the_provider_hears_how_long_it_is_valid(home: House, carrier: FakeCarrier, database_clock) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        queued(home, 60)
        clock.shift(10.5)
        tasks.deliver()

    assert [outbound.valid_for_seconds for outbound in carrier.sent] == [50]


def test_without_a_limit_there_is_none(home: House, carrier: FakeCarrier) -> None:
    message = queued(home, None)
    tasks.deliver()

    assert [outbound.valid_for_seconds for outbound in carrier.sent] == [None]
    assert message.valid_until is None


def test_what_is_too_late_when_its_turn_comes_fails_and_is_not_sent(
    home: House, carrier: FakeCarrier, database_clock
) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        message = queued(home, 60)
        following = queued(home, None, ref="r2")
        clock.shift(60)
        tasks.deliver()

    message.refresh_from_db()
    assert (message.status, message.error_code, message.due_at) == ("failed", "30036", None)
    assert [outbound.message_sid for outbound in carrier.sent] == [following.sid]
    assert Event.objects.filter(subject_sid=message.sid).order_by("id").last().data["status"] == "failed"


def test_it_fails_in_time_wherever_it_waits(
    home: House, carrier: FakeCarrier, rung: list[None], database_clock
) -> None:
    with time_machine.travel(NOON, tick=False):
        queued(home, None)
        behind = queued(home, 30, ref="r2")
        elsewhere = queued(home, 30, customer="+15550100002", ref="r3")
        tasks.deliver()
        tasks.deliver()
        assert {turn.message_id for turn in Turn.objects.all()} == {behind.pk, elsewhere.pk}
        timers.drive_deliveries(NOON + timedelta(seconds=29))
        assert Message.objects.filter(status="failed").count() == 0

        timers.drive_deliveries(NOON + timedelta(seconds=30))

    failed = Message.objects.filter(status="failed", error_code="30036").order_by("id")
    assert [message.pk for message in failed] == [behind.pk, elsewhere.pk]
    assert Turn.objects.count() == 0


def test_it_is_not_held_up_for_longer_by_a_provider_that_is_away(
    home: House, carrier: FakeCarrier, database_clock
) -> None:
    carrier.failures = [broken() for _ in range(20)]
    with time_machine.travel(NOON, tick=False) as clock:
        message = queued(home, 3)
        tasks.deliver()
        clock.shift(3)
        tasks.deliver()

    message.refresh_from_db()
    assert (message.status, message.error_code, len(carrier.sent)) == ("failed", "30036", 1)


def test_sent_again_by_an_agent_it_is_valid_for_good(home: House, carrier: FakeCarrier, database_clock) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        message = queued(home, 3)
        clock.shift(10)
        tasks.deliver()
        message.refresh_from_db()
        actions.resend(message, actor=home.actor("Ada"))
        tasks.deliver()

    assert [outbound.valid_for_seconds for outbound in carrier.sent] == [None]


@pytest.mark.parametrize("seconds", [0, -1, 36_001])
def test_a_time_that_the_provider_does_not_take_is_refused(home: House, seconds: int) -> None:
    with pytest.raises(Invalid) as error:
        queued(home, seconds)

    assert error.value.field == "valid_for_seconds"
    assert Message.objects.filter(direction="outbound").count() == 0
