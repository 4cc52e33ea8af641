"""Messages whose webhook never arrived come by the carrier's list: once, in order, and one process at a time."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from carriers.base import CarrierError, InboundMessage, ListedMessage, Listing
from conversations import actions, reconciler, tasks, timers
from conversations.models import Address, Media, Message, Reconciliation
from eventlog.dbclock import database_now
from kernel import sids
from kernel.errors import Invalid
from tests import people
from tests.people import OURS, House

pytestmark = pytest.mark.django_db

ACCOUNT = "AC" + "a" * 32


class FakeCarrier:
    """A list of messages; ``limit`` of it fits into one answer."""

    def __init__(self) -> None:
        self.messages: list[ListedMessage] = []
        self.asked: list[tuple[datetime, datetime]] = []
        self.limit = 100
        self.error: CarrierError | None = None
        self.unreadable: set[str] = set()
        self.files: dict[str, int] = {}

    def wrote(self, body: str, *, ago: float = 60, to: str = OURS) -> str:
        sid = sids.new("SM")
        sent_at = database_now() - timedelta(seconds=ago)
        self.messages.append(ListedMessage(sid, to, sent_at, {"Body": body}))
        return sid

    def list_inbound(self, *, since: datetime, until: datetime, limit: int) -> Listing:
        self.asked.append((since, until))
        if self.error:
            raise self.error
        found = [message for message in self.messages if since <= message.sent_at <= until]
        found.sort(key=lambda message: message.sent_at)
        return Listing(tuple(found[-self.limit :]), seen=len(found), complete=len(found) < self.limit)

    def listed(self, message: ListedMessage) -> InboundMessage:
        if message.provider_sid in self.unreadable:
            raise Invalid("The address is missing or malformed.", field="From")
        media = self.files.get(message.provider_sid, 0)
        return people.inbound(message.params["Body"], provider_sid=message.provider_sid, media=media)


@pytest.fixture
def home() -> House:
    home = people.full_house()
    people.address(home)
    Address.objects.update(created_at=database_now() - timedelta(days=30))
    return home


@pytest.fixture
def carrier(monkeypatch, settings, home: House) -> FakeCarrier:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = ACCOUNT, "secret"
    settings.RECONCILE_SECONDS, settings.RECONCILE_GRACE_SECONDS = 60, 20
    fake = FakeCarrier()
    monkeypatch.setattr(reconciler, "carrier", lambda: fake)
    return fake


def begin(**changes: object) -> None:
    """A look is due now."""
    now = database_now()
    actions.look_back(ACCOUNT, now=now, after_seconds=-1)
    Reconciliation.objects.update(**changes)


def bodies() -> list[str]:
    return list(Message.objects.order_by("conversation", "index").values_list("body", flat=True))


def test_what_no_webhook_brought_comes_in_the_order_in_which_it_was_sent(carrier: FakeCarrier) -> None:
    carrier.wrote("third", ago=40)
    known = carrier.wrote("first", ago=3000)
    carrier.wrote("second", ago=2000)
    people.said("first", provider_sid=known)
    begin()

    reconciler.look(ACCOUNT)

    assert bodies() == ["first", "second", "third"]
    row = Reconciliation.objects.get()
    assert (row.brought, row.brought_in_all, row.failure, row.lease_until) == (2, 2, "", None)
    assert row.ran_at is not None
    assert row.due_at > database_now() + timedelta(seconds=50)


def test_a_webhook_that_comes_after_all_changes_nothing(carrier: FakeCarrier) -> None:
    sid = carrier.wrote("hello")
    begin()
    reconciler.look(ACCOUNT)

    people.said("hello", provider_sid=sid)

    assert bodies() == ["hello"]


def test_the_next_look_brings_nothing_again_and_begins_where_the_last_one_ended(carrier: FakeCarrier) -> None:
    carrier.wrote("hello", ago=100)
    begin()
    reconciler.look(ACCOUNT)
    carrier.asked.clear()
    Reconciliation.objects.update(due_at=database_now())

    reconciler.look(ACCOUNT)

    assert bodies() == ["hello"]
    ((since, until),) = carrier.asked
    assert until - since < timedelta(minutes=6)
    assert Reconciliation.objects.get().brought_in_all == 1


def test_a_webhook_on_its_way_goes_first(carrier: FakeCarrier) -> None:
    carrier.wrote("just now", ago=5)
    begin()

    reconciler.look(ACCOUNT)

    assert bodies() == []


def test_files_come_with_it(carrier: FakeCarrier) -> None:
    carrier.files[carrier.wrote("look")] = 2
    begin()

    reconciler.look(ACCOUNT)

    assert Media.objects.filter(message__body="look", status="pending").count() == 2


def test_what_is_not_ours_or_cannot_be_read_stays_outside_and_holds_nothing_up(carrier: FakeCarrier) -> None:
    carrier.wrote("elsewhere", to="+15559999999", ago=300)
    carrier.unreadable.add(carrier.wrote("odd", ago=200))
    carrier.wrote("good", ago=100)
    begin()

    reconciler.look(ACCOUNT)

    assert bodies() == ["good"]
    assert Reconciliation.objects.get().failure == ""


def test_what_was_sent_before_we_answered_there_is_not_ours(carrier: FakeCarrier) -> None:
    Address.objects.update(created_at=database_now() - timedelta(seconds=150))
    carrier.wrote("to those before us", ago=200)
    carrier.wrote("to us", ago=100)
    begin()

    reconciler.look(ACCOUNT)

    assert bodies() == ["to us"]


def test_a_list_too_long_for_one_answer_is_read_in_shorter_pieces(carrier: FakeCarrier) -> None:
    carrier.limit = 4
    for number in range(8):
        carrier.wrote(str(number), ago=6000 - number * 700)
    begin()

    reconciler.look(ACCOUNT)

    assert bodies() == [str(number) for number in range(8)]


def test_after_a_long_absence_it_goes_back_as_far_as_it_must(carrier: FakeCarrier) -> None:
    carrier.wrote("on Friday", ago=2.5 * 86400)
    begin(covered_until=database_now() - timedelta(days=3))

    reconciler.look(ACCOUNT)

    assert bodies() == ["on Friday"]


def test_one_process_at_a_time_looks(carrier: FakeCarrier) -> None:
    carrier.wrote("hello")
    begin(lease_until=database_now() + timedelta(seconds=30))

    reconciler.look(ACCOUNT)
    assert (bodies(), carrier.asked) == ([], [])

    Reconciliation.objects.update(lease_until=database_now() - timedelta(seconds=1))
    reconciler.look(ACCOUNT)
    assert bodies() == ["hello"]


def test_who_has_lost_the_lease_writes_nothing_of_it(carrier: FakeCarrier) -> None:
    begin()
    slow = actions.claim_reconciliation(ACCOUNT)
    assert slow is not None
    Reconciliation.objects.update(lease_until=database_now() - timedelta(seconds=1))
    other = actions.claim_reconciliation(ACCOUNT)
    assert other is not None
    before = Reconciliation.objects.values().get()

    assert not actions.cover(slow, until=database_now())
    actions.finish_reconciliation(slow, seen=1, brought=1, at_once=False)
    actions.fail_reconciliation(slow, code="refused", brought=0, after_seconds=None)

    assert Reconciliation.objects.values().get() == before


def test_a_list_that_cannot_be_had_is_asked_for_again_later(carrier: FakeCarrier) -> None:
    carrier.wrote("hello")
    carrier.error = CarrierError("no", code="20429", outcome="not_accepted", retry_after=300)
    begin()
    covered = Reconciliation.objects.get().covered_until

    reconciler.look(ACCOUNT)

    row = Reconciliation.objects.get()
    assert (row.failure, row.failures, row.covered_until, row.lease_until) == ("20429", 1, covered, None)
    assert row.due_at > database_now() + timedelta(seconds=290)

    carrier.error = None
    Reconciliation.objects.update(due_at=database_now())
    reconciler.look(ACCOUNT)
    assert (bodies(), Reconciliation.objects.get().failure) == (["hello"], "")


def test_a_look_that_takes_long_stops_and_is_due_again_at_once(carrier: FakeCarrier, monkeypatch) -> None:
    carrier.wrote("hello")
    monkeypatch.setattr(reconciler, "BUDGET_SECONDS", -1)
    begin()

    reconciler.look(ACCOUNT)

    assert bodies() == []
    assert Reconciliation.objects.get().due_at <= database_now()


class TestTimer:
    @pytest.fixture
    def rung(self, monkeypatch, carrier: FakeCarrier) -> Iterator[list[str]]:
        rung: list[str] = []
        monkeypatch.setattr(tasks, "ring_reconcile", rung.append)
        monkeypatch.setattr(tasks, "_rung_at", {})
        monkeypatch.setattr(timers, "_looked_back", set())
        return rung

    def test_the_first_look_comes_soon_after_the_start_and_a_day_back(self, rung: list[str]) -> None:
        now = database_now()
        Reconciliation.objects.create(account_sid=ACCOUNT, covered_until=now, due_at=now + timedelta(seconds=60))

        timers.drive_reconciliation(now)
        timers.drive_reconciliation(now + timedelta(seconds=4))
        assert rung == []
        assert Reconciliation.objects.get().covered_until == now - timedelta(hours=24)

        timers.drive_reconciliation(now + timedelta(seconds=6))
        assert rung == [ACCOUNT]

    def test_nobody_is_woken_while_somebody_looks(self, rung: list[str]) -> None:
        now = database_now()
        timers.drive_reconciliation(now)
        Reconciliation.objects.update(lease_until=now + timedelta(seconds=100))

        timers.drive_reconciliation(now + timedelta(seconds=6))

        assert rung == []

    def test_without_credentials_there_is_no_list(self, rung: list[str], settings) -> None:
        settings.TWILIO_AUTH_TOKEN = ""

        timers.drive_reconciliation(database_now())

        assert not Reconciliation.objects.exists()
