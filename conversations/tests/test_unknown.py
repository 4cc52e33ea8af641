"""Nobody can tell whether a message was sent: a receipt says so, the provider's list, or its sender's rule."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from carriers.base import CarrierError, SentListing, SentMessage, StatusUpdate
from conversations import actions, queries, tasks, timers
from conversations.core import searching
from conversations.core.searching import Search
from conversations.models import Address, Message
from conversations.tests.carrier import FakeCarrier, broken, listed
from kernel import clock, sids
from kernel.actor import SYSTEM
from tests import people
from tests.people import House

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
LOOKS = (5, 30, 90)


@pytest.fixture
def home(db: None) -> House:
    home = people.full_house()
    people.address(home)
    Address.objects.update(messages_per_second=1000)
    return home


def queued(home: House, body: str = "hi", *, ref: str = "r") -> Message:
    conversation = people.said().conversation
    ada = people.taking_part(home, "Ada", conversation)
    return actions.post(conversation, actor=ada, body=body, ref=ref)


@pytest.fixture
def lost(home: House, carrier: FakeCarrier, database_clock) -> Message:
    """A message whose attempt at noon ended without an answer."""
    carrier.failures = [broken("read-timeout", outcome="unknown")]
    with time_machine.travel(NOON, tick=False):
        message = queued(home)
        tasks.deliver()
    message.refresh_from_db()
    assert (message.status, message.tried_at, message.due_at) == ("unknown", NOON, NOON + timedelta(seconds=5))
    return message


def look(message: Message, second: float) -> str:
    with time_machine.travel(NOON + timedelta(seconds=second), tick=False):
        tasks.look(message.sid)
    message.refresh_from_db()
    return message.status


def look_to_the_end(message: Message) -> str:
    return [look(message, second) for second in LOOKS][-1]


# --- what the list says ---


SEARCH = Search("IM1", 1, people.OURS, people.CUSTOMER, "hi", 0, NOON)


def row(body: str = "hi", *, seconds: float = 0, sid: str = "SM1") -> SentMessage:
    return SentMessage(sid, body, 0, "sent", NOON + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("rows", "known", "rivals", "complete", "what"),
    [
        ([], set(), 0, True, "absent"),
        ([], set(), 0, False, "unclear"),
        ([row()], set(), 0, True, "found"),
        ([row()], set(), 0, False, "found"),
        ([row("Sent from your Twilio trial account - hi")], set(), 0, True, "found"),
        ([row("hi ")], set(), 0, True, "found"),
        ([row("other words")], set(), 0, True, "absent"),
        ([row(seconds=-29)], set(), 0, True, "found"),
        ([row(seconds=-31)], set(), 0, True, "absent"),
        ([row()], {"SM1"}, 0, True, "absent"),
        ([row()], set(), 1, True, "unclear"),
        ([row(), row(sid="SM2")], set(), 0, True, "unclear"),
        ([row(), row(sid="SM2")], {"SM1"}, 0, True, "found"),
        ([], set(), 1, True, "absent"),
    ],
)
def test_it_is_bound_only_when_nothing_else_could_be_meant(
    rows: list[SentMessage], known: set[str], rivals: int, complete: bool, what: str
) -> None:
    listing = SentListing(tuple(rows), complete=complete)

    assert searching.judge(SEARCH, listing, known=known, rivals=rivals).what == what


def test_a_message_of_files_alone_is_known_by_their_number() -> None:
    search = replace(SEARCH, body="", media=2)
    listing = SentListing((replace(row(""), media=1), replace(row("", sid="SM2"), media=2)), complete=True)

    found = searching.judge(search, listing, known=(), rivals=0).message

    assert found is not None
    assert found.provider_sid == "SM2"


# --- looking ---


def test_what_the_list_holds_was_sent(home: House, carrier: FakeCarrier, lost: Message) -> None:
    found = listed("hi", at=NOON)
    carrier.holds(found)

    assert look(lost, 5) == "delivered"
    assert (lost.provider_sid, lost.due_at, lost.error_code) == (found.provider_sid, None, "")
    assert carrier.asked == [(people.OURS, people.CUSTOMER, NOON - searching.CLOCKS_APART)]
    assert len(carrier.sent) == 1


@pytest.mark.parametrize(
    ("there", "here"), [("queued", "sent"), ("accepted", "sent"), ("sending", "sent"), ("failed", "failed")]
)
def test_its_status_is_that_of_the_list(carrier: FakeCarrier, lost: Message, there: str, here: str) -> None:
    carrier.holds(listed("hi", status=there, at=NOON, error="30007" if there == "failed" else ""))

    assert look(lost, 5) == here
    assert lost.error_code == ("30007" if there == "failed" else "")


def test_nobody_looks_before_it_is_time_and_one_worker_at_a_time(carrier: FakeCarrier, lost: Message) -> None:
    look(lost, 4.9)
    assert carrier.asked == []
    with time_machine.travel(NOON + timedelta(seconds=5), tick=False):
        assert actions.claim_look(lost.sid) is not None
        assert actions.claim_look(lost.sid) is None


def test_after_three_whole_lists_without_it_the_agent_is_asked(carrier: FakeCarrier, lost: Message) -> None:
    assert look_to_the_end(lost) == "unknown"
    assert (lost.error_code, lost.due_at, lost.looks) == ("not-listed", None, 3)
    assert look(lost, 1000) == "unknown"
    assert (len(carrier.asked), len(carrier.sent)) == (3, 1)


def test_or_it_is_sent_once_more_if_the_sender_says_so(
    home: House, carrier: FakeCarrier, lost: Message, rung: list[None]
) -> None:
    Address.objects.update(on_unknown="resend_once")
    assert [look(lost, second) for second in LOOKS] == ["unknown", "unknown", "queued"]
    carrier.failures = [broken("read-timeout", outcome="unknown")]

    again = NOON + timedelta(seconds=91)
    with time_machine.travel(again, tick=False):
        tasks.deliver()
    assert [outbound.fence for outbound in carrier.sent] == [1, 2]
    for second in LOOKS:
        with time_machine.travel(again + timedelta(seconds=second), tick=False):
            tasks.look(lost.sid)

    lost.refresh_from_db()
    assert (lost.status, lost.error_code, lost.resends) == ("unknown", "not-listed", 1)
    assert len(carrier.sent) == 2


@pytest.mark.parametrize(
    "listing",
    [
        SentListing((), complete=False),
        SentListing((row(), row(sid="SM2")), complete=True),
        CarrierError("x", code="http-500", outcome="unknown"),
    ],
)
def test_nothing_is_sent_again_unless_the_whole_list_lacks_it(
    carrier: FakeCarrier, lost: Message, listing: SentListing | CarrierError
) -> None:
    Address.objects.update(on_unknown="resend_once")
    carrier.listing = listing

    for second in range(5, 5000, 61):
        assert look(lost, second) == "unknown"

    assert lost.due_at is None
    assert len(carrier.sent) == 1


def test_a_list_that_fails_is_asked_again_and_says_nothing_meanwhile(carrier: FakeCarrier, lost: Message) -> None:
    carrier.listing = CarrierError("x", code="20429", outcome="not_accepted", retry_after=120)
    look(lost, 5)
    assert (lost.looks, lost.due_at) == (0, NOON + timedelta(seconds=125))
    carrier.holds(listed("hi", at=NOON))

    assert look(lost, 125) == "delivered"


def test_two_lost_messages_of_one_text_are_not_told_apart(home: House, carrier: FakeCarrier, lost: Message) -> None:
    carrier.failures = [broken("read-timeout", outcome="unknown")]
    with time_machine.travel(NOON, tick=False):
        twin = queued(home, ref="again")
        tasks.deliver()
    carrier.holds(listed("hi", at=NOON))
    Address.objects.update(on_unknown="resend_once")

    assert look_to_the_end(lost) == look_to_the_end(twin) == "unknown"
    assert (lost.error_code, lost.provider_sid, twin.provider_sid) == ("twins", None, None)
    assert len(carrier.sent) == 2


def test_the_sid_of_another_message_is_not_taken(home: House, carrier: FakeCarrier, lost: Message) -> None:
    with time_machine.travel(NOON, tick=False):
        other = queued(home, ref="again")
        tasks.deliver()
    other.refresh_from_db()
    sent = listed("hi", at=NOON)
    carrier.holds(SentMessage(str(other.provider_sid), "hi", 0, "sent", NOON))
    assert look(lost, 5) == "unknown"
    carrier.holds(SentMessage(str(other.provider_sid), "hi", 0, "sent", NOON), sent)

    assert look(lost, 30) == "delivered"
    assert lost.provider_sid == sent.provider_sid


# --- receipts ---


def receipt(status: str, sid: str | None = None) -> StatusUpdate:
    return StatusUpdate(provider_sid=sid or sids.new("SM"), status=status)


def test_a_receipt_settles_it_and_nobody_looks_any_more(carrier: FakeCarrier, lost: Message) -> None:
    actions.apply_receipt(actions.Receipt(lost.sid, 1, receipt("sent")), provider="twilio")

    assert look(lost, 5) == "sent"
    assert carrier.asked == []


def test_a_receipt_that_comes_while_the_list_is_read_wins(carrier: FakeCarrier, lost: Message) -> None:
    with time_machine.travel(NOON + timedelta(seconds=5), tick=False):
        search = actions.claim_look(lost.sid)
        assert search is not None
        actions.apply_receipt(actions.Receipt(lost.sid, 1, receipt("read")), provider="twilio")
        actions.conclude(search, SentListing((), complete=True), provider="twilio")

    lost.refresh_from_db()
    assert (lost.status, lost.looks) == ("read", 0)


def test_a_late_receipt_stops_the_second_sending(carrier: FakeCarrier, lost: Message) -> None:
    Address.objects.update(on_unknown="resend_once")
    assert look_to_the_end(lost) == "queued"

    actions.apply_receipt(actions.Receipt(lost.sid, 1, receipt("delivered")), provider="twilio")
    tasks.deliver()

    lost.refresh_from_db()
    assert (lost.status, len(carrier.sent)) == ("delivered", 1)


def test_a_late_receipt_of_the_first_attempt_says_nothing_of_the_second(carrier: FakeCarrier, lost: Message) -> None:
    Address.objects.update(on_unknown="resend_once")
    look_to_the_end(lost)
    with time_machine.travel(NOON + timedelta(seconds=100), tick=False):
        tasks.deliver()

    actions.apply_receipt(actions.Receipt(lost.sid, 1, receipt("undelivered")), provider="twilio")

    lost.refresh_from_db()
    assert (lost.status, lost.fence) == ("sent", 2)


def test_after_the_end_of_the_conversation_nothing_is_sent_again(
    home: House, carrier: FakeCarrier, lost: Message
) -> None:
    Address.objects.update(on_unknown="resend_once")
    actions.close(lost.conversation, actor=SYSTEM)

    assert look_to_the_end(lost) == "unknown"
    assert len(carrier.sent) == 1


def test_the_sweep_rings_for_looks_unless_the_provider_is_out_of_order(
    carrier: FakeCarrier, lost: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    monkeypatch.setattr(tasks, "ring_look", looked.append)
    monkeypatch.setattr(tasks, "may_ring", lambda _: True)
    with time_machine.travel(NOON, tick=False):
        timers.drive_looks(NOON + timedelta(seconds=4))
        assert looked == []
        timers.drive_looks(NOON + timedelta(seconds=5))
        assert looked == [lost.sid]
        for _ in range(5):
            actions.report_breakage("dns")
        timers.drive_looks(NOON + timedelta(seconds=6))

    assert looked == [lost.sid]
    assert queries.unknown_count() == 1
    assert clock.now() > NOON
