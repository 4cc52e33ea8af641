"""Numbering, feeding, failing and taking over."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from django.db import transaction
from django.db.models import F

from eventlog import leases, live, models, numbered, numbering, queries, timers
from eventlog import relay as relay_module
from eventlog.bus import LocalBus
from eventlog.leases import Lease, LostLease
from eventlog.models import AudienceHead, Delivery, Event, Position, SinkPosition
from eventlog.numbered import NumberedEvent
from eventlog.record import record
from eventlog.relay import Relay
from eventlog.sinks import BatchSink, DatabaseSink, Sink
from eventlog.tests.writers import committing_late, needs_postgresql
from kernel import clock
from kernel.actor import SYSTEM

pytestmark = pytest.mark.django_db(transaction=True)


class Notebook(Sink):
    """Writes down what it is fed; fails while told to."""

    pages: list[list[str]] = []
    broken = False

    def feed(self, events: Sequence[NumberedEvent]) -> None:
        if Notebook.broken:
            raise OSError("no paper")
        Notebook.pages.append([event.subject_sid for event in events])


class Reader(Sink):
    """Looks at the data."""

    read: list[Any] = []

    def feed(self, events: Sequence[NumberedEvent]) -> None:
        Reader.read = [event.data for event in events]


class Ledger(DatabaseSink):
    """Counts in the database, so that twice would show."""

    def handle(self, event: NumberedEvent) -> None:
        head, _ = AudienceHead.objects.get_or_create(audience=f"ledger:{event.subject_sid}")
        head.n += 1
        head.save(update_fields=["n"])
        if event.subject_sid == "poison":
            raise ValueError("cannot digest")


class Tally(BatchSink):
    """Counts in the database too, all at once."""

    def handle_all(self, events: Sequence[NumberedEvent]) -> None:
        for event in events:
            AudienceHead.objects.create(audience=f"tally:{event.subject_sid}", n=len(events))
        if events[-1].subject_sid == "poison":
            raise ValueError("cannot digest")


@pytest.fixture(autouse=True)
def _sinks(settings: Any) -> None:
    settings.EVENT_SINKS = [f"{__name__}.Notebook", f"{__name__}.Ledger"]
    Notebook.pages = []
    Notebook.broken = False


def note(subject: str, *audiences: str) -> Event:
    with transaction.atomic():
        return record(
            "test.noted", subject_sid=subject, data={"x": subject}, audiences=audiences, actor=SYSTEM, workspace_sid=""
        )


def fed() -> list[str]:
    return [sid for page in Notebook.pages for sid in page]


def test_recording_outside_a_transaction_is_refused() -> None:
    with pytest.raises(RuntimeError):
        record("x", subject_sid="s", data={}, audiences=(), actor=SYSTEM, workspace_sid="")


def test_events_get_positions_and_each_audience_gapless_numbers() -> None:
    note("a", "worker:1", "floor:1")
    note("b", "worker:2")
    note("c", "worker:1")
    relay = Relay()

    assert relay.step() is True
    assert relay.step() is False

    assert list(Position.objects.order_by("position").values_list("event__subject_sid", "position")) == [
        ("a", 1),
        ("b", 2),
        ("c", 3),
    ]
    assert queries.heads(["worker:1", "worker:2", "floor:1", "nobody"]) == {
        "worker:1": 2,
        "worker:2": 1,
        "floor:1": 1,
        "nobody": 0,
    }
    assert [row["data"] for row in queries.since("worker:1", 1, limit=10)] == [{"x": "c"}]


def test_numbers_go_on_when_the_relay_forgets_old_audiences(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_module, "_HEADS_KEPT", 1)
    relay = Relay()
    for subject in "abc":
        note(subject, "visitor:1", f"visitor:{subject}")
        relay.step()

    assert queries.heads(["visitor:1", "visitor:a", "visitor:c"]) == {"visitor:1": 3, "visitor:a": 1, "visitor:c": 1}
    assert relay._heads.keys() == {"visitor:1", "visitor:c"}


def test_old_deliveries_are_forgotten_and_their_events_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timers, "_PRUNE_BATCH", 2)
    old = [note(subject, "worker:1") for subject in "abc"]
    note("d", "worker:1")
    Relay().step()
    Event.objects.filter(pk__in=[event.pk for event in old]).update(created_at=clock.now() - timedelta(days=8))

    timers.prune(clock.now())
    assert [row["data"]["x"] for row in queries.since("worker:1", 0, limit=10)] == ["c", "d"]
    timers.prune(clock.now())
    timers.prune(clock.now())

    assert [row["data"]["x"] for row in queries.since("worker:1", 0, limit=10)] == ["d"]
    assert Event.objects.count() == 4


@needs_postgresql
def test_an_event_that_commits_late_is_not_skipped() -> None:
    relay = Relay()
    with committing_late(lambda: note("late", "worker:1")):
        note("early", "worker:1")
        relay.step()
    relay.step()

    assert [row["data"]["x"] for row in queries.since("worker:1", 0, limit=10)] == ["early", "late"]
    assert fed() == ["early", "late"]


@needs_postgresql
def test_an_event_that_commits_after_the_relay_changed_is_not_skipped() -> None:
    relay = Relay()
    with committing_late(lambda: note("late", "worker:1")):
        note("early", "worker:1")
        relay.step()
        relay = take_over(relay)
        relay.step()
    relay.step()

    assert fed() == ["early", "late"]


def test_what_a_relay_read_but_could_not_number_is_numbered_by_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    note("a")
    relay = Relay()
    relay.step()
    note("b")
    with monkeypatch.context() as broken:
        broken.setattr(numbering, "write", Mock(side_effect=OSError("no space")))
        with pytest.raises(OSError, match="no space"):
            relay.step()

    take_over(relay).step()

    assert fed() == ["a", "b"]


def test_the_lag_is_the_age_of_the_oldest_event_without_a_number() -> None:
    note("a")
    relay = Relay()
    relay.step()
    assert queries.health()["lag_seconds"] == 0.0

    late = note("b")
    Event.objects.filter(pk=late.pk).update(created_at=clock.now() - timedelta(seconds=10))

    assert 10 <= queries.health()["lag_seconds"] < 20


def test_sinks_that_lag_gain_on_what_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_module, "BATCH", 2)
    for n in range(6):
        note(f"old{n}")
    relay = Relay()
    Notebook.broken = True
    for _ in range(3):
        relay.step()
    Notebook.broken = False
    SinkPosition.objects.update(retry_at=None)
    relay = take_over(relay)
    for n in range(2):
        note(f"new{n}")

    relay.step()

    assert fed() == [*(f"old{n}" for n in range(6)), "new0", "new1"]


def test_what_rolled_back_was_never_recorded() -> None:
    with transaction.atomic():
        record("x", subject_sid="s", data={}, audiences=(), actor=SYSTEM, workspace_sid="")
        transaction.set_rollback(True)

    assert Relay().step() is False
    assert Event.objects.count() == 0


def test_a_failing_sink_holds_up_only_itself_and_loses_nothing() -> None:
    Notebook.broken = True
    note("a")
    relay = Relay()
    relay.step()

    assert fed() == []
    assert AudienceHead.objects.get(audience="ledger:a").n == 1
    assert queries.health()["sinks"][f"{__name__}.Notebook"]["failures"] == 1

    Notebook.broken = False
    SinkPosition.objects.update(retry_at=None)
    relay = take_over(relay)
    note("b")
    relay.step()

    assert fed() == ["a", "b"]


def test_a_database_sink_applies_once_even_when_a_later_event_fails() -> None:
    note("a")
    note("poison")
    relay = Relay()
    relay.step()
    take_over(relay).step()

    assert AudienceHead.objects.get(audience="ledger:a").n == 1
    assert not AudienceHead.objects.filter(audience="ledger:poison").exists()
    assert SinkPosition.objects.get(sink=f"{__name__}.Ledger").position == 1


def test_a_batch_sink_applies_all_of_a_batch_or_nothing(settings: Any) -> None:
    settings.EVENT_SINKS = [f"{__name__}.Tally"]
    note("a")
    note("poison")
    relay = Relay()

    relay.step()

    assert not AudienceHead.objects.filter(audience__startswith="tally:").exists()
    assert SinkPosition.objects.get(sink=f"{__name__}.Tally").position == 0


def test_a_batch_sink_applies_what_it_is_fed_again_but_once() -> None:
    tally = Tally("tally")
    SinkPosition.objects.create(sink="tally")
    for subject in "abc":
        note(subject)
    Relay().step()
    events = numbered.events_after(0, 10)

    tally.consume([])
    tally.consume(events[:2])
    tally.consume(events)
    tally.consume(events)

    counted = AudienceHead.objects.filter(audience__startswith="tally:").order_by("audience")
    assert list(counted.values_list("audience", "n")) == [("tally:a", 2), ("tally:b", 2), ("tally:c", 1)]
    assert SinkPosition.objects.get(sink="tally").position == 3


def test_a_relay_whose_lease_is_another_s_numbers_nothing() -> None:
    first = Relay()
    note("a", "worker:1")
    first.step()
    models.Lease.objects.filter(name="relay").update(fence=F("fence") + 1, holder="another")
    note("b", "worker:1")

    first.step()

    assert list(Position.objects.values_list("event__subject_sid", flat=True)) == ["a"]
    assert queries.heads(["worker:1"]) == {"worker:1": 1}


def test_a_successor_goes_on_where_the_first_stopped() -> None:
    first = Relay()
    note("a", "worker:1")
    first.step()
    second = take_over(first)
    note("b", "worker:1")
    second.step()

    assert first.step() is False
    assert fed() == ["a", "b"]
    assert list(Delivery.objects.order_by("n").values_list("n", flat=True)) == [1, 2]


def test_only_one_of_two_holds_the_lease() -> None:
    first, second = Lease("x"), Lease("x")

    assert (first.hold(), second.hold()) == (True, False)


def test_a_holder_that_slept_too_long_cannot_write() -> None:
    first, second = Lease("x"), Lease("x")
    first.hold()
    models.Lease.objects.update(
        expires_at=models.Lease.objects.get().expires_at - timedelta(seconds=2 * leases.SECONDS)
    )

    assert second.hold() is True
    assert second.fence == 2
    with pytest.raises(LostLease), transaction.atomic():
        first.guard()
    assert first.hold() is False


def test_a_released_lease_is_free_at_once() -> None:
    first, second = Lease("x"), Lease("x")
    first.hold()
    first.release()

    assert second.hold() is True


def test_who_stands_by_only_reads(django_assert_max_num_queries: Any) -> None:
    first, second = Lease("x"), Lease("x")
    first.hold()
    second.hold()
    for _ in range(3):
        second._ask_at = 0.0
        with django_assert_max_num_queries(2):
            assert second.hold() is False


def take_over(relay: Relay) -> Relay:
    """Another process becomes the relay."""
    relay.close()
    models.Lease.objects.update(expires_at=models.Lease.objects.get(name="relay").expires_at - timedelta(seconds=1))
    successor = Relay()
    successor._lease.hold()
    return successor


def test_what_is_broadcast_is_what_is_read_back(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.EVENT_SINKS = ["eventlog.live.Broadcast"]
    heard: list[str] = []
    local = LocalBus()
    local.subscribe(live.EVENTS, heard.append)
    monkeypatch.setattr(live, "bus", lambda: local)
    note('ß "quoted"', "worker:1", "floor:1")

    Relay().step()

    parsed = [live.parse(payload) for payload in heard]
    assert [(audience, n) for audience, n, _ in parsed] == [("floor:1", 1), ("worker:1", 1)]
    assert [json.loads(text) for _, _, text in parsed] == [
        queries.since(audience, 0, limit=1)[0] for audience in ("floor:1", "worker:1")
    ]


def test_a_sink_can_read_what_no_audience_hears(settings: Any) -> None:
    settings.EVENT_SINKS = [f"{__name__}.Reader"]
    note("a")
    note("b", "worker:1")

    Relay().step()

    assert Reader.read == [{"x": "a"}, {"x": "b"}]
