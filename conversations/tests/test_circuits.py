"""When the provider is out of order messages wait, everybody sees it, and they go out by themselves afterwards."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from carriers.base import CarrierError
from conversations import actions, queries, sending, tasks, timers
from conversations.core import breaker
from conversations.core.breaker import Circuit as Facts
from conversations.models import Address, Circuit, Message
from conversations.tests.carrier import FakeCarrier, broken, busy, claim_next, taken
from desk import snapshot
from eventlog.models import Event
from kernel import clock
from tests import people
from tests.people import House

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


@pytest.fixture
def home(db: None) -> House:
    home = people.full_house()
    people.address(home)
    Address.objects.update(messages_per_second=1000)
    return home


def queued(home: House, count: int) -> list[Message]:
    found = []
    for number in range(count):
        conversation = people.said(from_address=f"+1555018{number:04}").conversation
        ada = people.taking_part(home, "Ada", conversation)
        found.append(actions.post(conversation, actor=ada, body=str(number), ref=str(number)))
    return found


def told() -> list[str]:
    return list(Event.objects.filter(type__startswith="carrier.").order_by("id").values_list("type", flat=True))


def statuses() -> dict[str, int]:
    found = list(Message.objects.filter(direction="outbound").values_list("status", flat=True))
    return {status: found.count(status) for status in sorted(set(found))}


# --- the core ---


def test_it_opens_after_enough_failures_in_a_row_and_not_before() -> None:
    circuit = Facts()
    for _ in range(breaker.THRESHOLD - 1):
        circuit = breaker.broke(circuit, now=NOON)
        assert circuit.state == "closed"

    circuit = breaker.broke(circuit, now=NOON)

    assert circuit == Facts("open", failures=5, openings=1, due_at=NOON + timedelta(seconds=5))
    assert breaker.broke(circuit, now=NOON + timedelta(seconds=3)) == circuit


def test_each_failed_trial_leaves_the_provider_alone_for_longer() -> None:
    circuit = Facts("open", failures=5, openings=1, due_at=NOON)
    pauses = []
    for _ in range(6):
        circuit = breaker.broke(breaker.answered(circuit, now=NOON), now=NOON)
        assert circuit.due_at is not None
        pauses.append((circuit.due_at - NOON).total_seconds())

    assert pauses == [10, 20, 40, 60, 60, 60]


@pytest.mark.parametrize(
    ("facts", "stands"),
    [
        (Facts(), False),
        (Facts("closed", failures=4), False),
        (Facts("open", due_at=NOON - timedelta(hours=1)), True),
        (Facts("half_open", due_at=NOON), False),
        (Facts("half_open", due_at=NOON + timedelta(seconds=1)), True),
    ],
)
def test_when_a_message_has_to_wait(facts: Facts, stands: bool) -> None:
    assert breaker.stands_in_the_way(facts, now=NOON) is stands


# --- the row ---


def test_messages_wait_while_the_provider_cannot_be_reached(home: House, carrier: FakeCarrier) -> None:
    queued(home, 8)
    carrier.failures = [broken() for _ in range(100)]

    tasks.deliver()

    assert len(carrier.sent) == 5
    assert statuses() == {"queued": 8}
    circuit = Circuit.objects.get()
    assert (circuit.state, circuit.failures, circuit.code) == ("open", 5, "refused")
    assert told() == ["carrier.interrupted"]
    event = Event.objects.get(type="carrier.interrupted")
    assert event.audiences == [f"desk:{home.workspace.sid}", f"floor:{home.workspace.sid}"]
    assert event.data["interrupted_at"] == snapshot.of(home.workers["Ada"])["carrier"]["interrupted_at"] is not None


@pytest.mark.parametrize("code", ["20003", "http-503", "dns", "connect-timeout", "tls", "read-timeout"])
def test_what_opens_the_circuit(home: House, carrier: FakeCarrier, code: str) -> None:
    outcome = "unknown" if code in ("http-503", "read-timeout") else "not_accepted"
    carrier.failures = [broken(code, outcome=outcome) for _ in range(100)]
    queued(home, 6)

    tasks.deliver()

    assert Circuit.objects.get().state == "open"
    assert statuses() == ({"queued": 1, "unknown": 5} if outcome == "unknown" else {"queued": 6})


def test_refusals_and_too_much_at_once_open_nothing(home: House, carrier: FakeCarrier) -> None:
    rejected = [CarrierError("x", code="21211", outcome="rejected") for _ in range(6)]
    carrier.failures = [*rejected, *(busy(after=None) for _ in range(6))]
    queued(home, 12)

    tasks.deliver()

    assert not Circuit.objects.exclude(state="closed").exists()
    assert statuses() == {"failed": 6, "queued": 6}
    assert told() == []


def test_a_success_in_between_begins_the_count_anew(home: House, carrier: FakeCarrier) -> None:
    queued(home, 9)
    for _ in range(2):
        carrier.failures = [broken() for _ in range(4)]
        Message.objects.filter(status="queued").update(due_at=clock.now())
        tasks.deliver()

    assert Circuit.objects.get().state == "closed"
    assert told() == []


def opened(home: House, carrier: FakeCarrier, count: int) -> list[Message]:
    messages = queued(home, count)
    carrier.failures = [broken() for _ in range(5)]
    tasks.deliver()
    carrier.sent.clear()
    return messages


def test_one_message_is_tried_and_then_all_go_out(home: House, carrier: FakeCarrier, database_clock) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        messages = opened(home, carrier, 8)
        clock.shift(5)
        tasks.ask_provider()
        assert Circuit.objects.get().state == "half_open"
        assert told() == ["carrier.interrupted"]

        first = claim_next()
        assert first is not None
        assert claim_next() is None
        sending.write_down([sending.Outcome(first, taken(first))])
        tasks.deliver()

    assert Circuit.objects.get().state == "closed"
    assert told() == ["carrier.interrupted", "carrier.restored"]
    assert statuses() == {"sent": 8}
    sent = [first.message_sid, *(outbound.message_sid for outbound in carrier.sent)]
    assert sorted(sent) == sorted(message.sid for message in messages)
    assert queries.carrier()["interrupted_at"] is None


def test_a_trial_that_fails_opens_it_again_and_is_told_once(home: House, carrier: FakeCarrier, database_clock) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        opened(home, carrier, 6)
        clock.shift(5)
        tasks.ask_provider()
        carrier.failures = [broken("http-500", outcome="unknown")]
        tasks.deliver()

    circuit = Circuit.objects.get()
    assert (circuit.state, circuit.since, circuit.due_at) == ("open", NOON, NOON + timedelta(seconds=15))
    assert len(carrier.sent) == 1
    assert told() == ["carrier.interrupted"]


def test_a_trial_whose_worker_died_is_made_again(home: House, carrier: FakeCarrier, database_clock) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        opened(home, carrier, 6)
        clock.shift(5)
        tasks.ask_provider()
        assert claim_next() is not None
        clock.shift(29)
        assert claim_next() is None
        clock.shift(2)

        assert claim_next() is not None


def test_the_provider_is_asked_by_one_worker_and_left_alone_while_it_does_not_answer(
    home: House, carrier: FakeCarrier, database_clock
) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        opened(home, carrier, 6)
        carrier.pings = iter([broken(), None])
        clock.shift(5)
        assert actions.claim_question(now=NOON + timedelta(seconds=5))
        assert not actions.claim_question(now=NOON + timedelta(seconds=5))
        clock.shift(30)
        tasks.ask_provider()
        tasks.deliver()

    circuit = Circuit.objects.get()
    assert (circuit.state, circuit.due_at) == ("open", NOON + timedelta(seconds=35 + 10))
    assert carrier.sent == []


def test_with_nothing_to_send_an_answer_is_enough(home: House, carrier: FakeCarrier, database_clock) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        opened(home, carrier, 6)
        Message.objects.filter(direction="outbound").update(status="canceled", due_at=None)
        clock.shift(5)
        tasks.ask_provider()

    assert Circuit.objects.get().state == "closed"
    assert told() == ["carrier.interrupted", "carrier.restored"]


def test_the_sweep_rings_nobody_while_it_is_open(
    home: House, carrier: FakeCarrier, rung: list[None], monkeypatch: pytest.MonkeyPatch, database_clock
) -> None:
    asked: list[None] = []
    monkeypatch.setattr(tasks, "ring_ask_provider", lambda: asked.append(None))
    with time_machine.travel(NOON, tick=False):
        opened(home, carrier, 6)
        timers.drive_deliveries(NOON + timedelta(seconds=4))
        assert (rung, asked) == ([], [])
        timers.drive_deliveries(NOON + timedelta(seconds=6))

    assert (rung, asked) == ([], [None])


def test_a_message_is_not_given_up_for_the_number_of_attempts(
    home: House, carrier: FakeCarrier, database_clock
) -> None:
    carrier.failures = [broken() for _ in range(50)]
    (message,) = queued(home, 1)
    for _ in range(30):
        Circuit.objects.update(state="closed", failures=0)
        Message.objects.filter(pk=message.pk).update(due_at=NOON)
        tasks.deliver()
    assert len(carrier.sent) == 30
    assert statuses() == {"queued": 1}

    Message.objects.filter(pk=message.pk).update(created_at=message.created_at - timedelta(hours=11), due_at=NOON)
    Circuit.objects.update(state="closed", failures=0)
    tasks.deliver()

    assert statuses() == {"failed": 1}


def test_health_and_the_admin_say_so(home: House, carrier: FakeCarrier, client: Client) -> None:
    opened(home, carrier, 6)

    carrier_facts = client.get("/healthz").json()["carrier"]
    assert (carrier_facts["state"], carrier_facts["code"]) == ("open", "refused")
    assert carrier_facts["interrupted_at"]
    client.force_login(home.users["Dee"], backend="django.contrib.auth.backends.ModelBackend")
    page = client.get("/admin/").content.decode()
    assert "Messages wait and go out by themselves." in page
