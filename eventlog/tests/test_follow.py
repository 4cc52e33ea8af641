"""Following the log beside the relay: at once, whatever commits late, and each event once."""

from collections.abc import Sequence
from typing import Any

import pytest
from django.db import transaction

from eventlog import follow
from eventlog.follow import Follower, News
from eventlog.models import Event
from eventlog.record import record
from eventlog.relay import Relay
from kernel.actor import SYSTEM

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _no_sinks(settings: Any) -> None:
    settings.EVENT_SINKS = []


@pytest.fixture
def follower() -> Follower:
    """One that knows where the ids stand: a sequence outlives the rows of the tests before."""
    note("before")
    relay = Relay()
    relay.step()
    relay.close()
    return Follower(prefix="WR", fields=["worker_sid", "task.sid"])


def note(subject: str, data: dict[str, Any] | None = None) -> Event:
    with transaction.atomic():
        return record("x", subject_sid=subject, data=data or {}, audiences=["a"], actor=SYSTEM, workspace_sid="WS1")


def late(subject: str) -> Event:
    """An event whose id was given out long ago and whose transaction commits only when it is saved."""
    event = note(subject)
    Event.objects.filter(pk=event.pk).delete()
    return event


def commit(event: Event) -> None:
    event.save(force_insert=True)


def subjects(news: Sequence[News]) -> list[str]:
    return [each.subject_sid for each in news]


def test_event_is_heard_of_once_though_it_is_numbered_later(follower: Follower) -> None:
    note("a")
    assert subjects(follower.read()) == ["a"]

    Relay().step()

    assert follower.read() == []


def test_event_that_was_numbered_at_once_is_heard_of(follower: Follower) -> None:
    note("a")
    Relay().step()

    assert subjects(follower.read()) == ["a"]
    assert follower.read() == []


def test_nothing_of_the_past_is_told() -> None:
    note("a")
    Relay().step()

    assert Follower(prefix="WR", fields=[]).read() == []


def test_event_that_commits_late_is_heard_of_before_it_is_numbered(follower: Follower) -> None:
    slow = late("late")
    note("early")
    assert subjects(follower.read()) == ["early"]

    commit(slow)

    assert subjects(follower.read()) == ["late"]
    Relay().step()
    assert follower.read() == []


def test_event_that_was_under_way_when_the_follower_began_is_heard_of_before_it_is_numbered() -> None:
    slow = late("late")
    note("early")
    follower = Follower(prefix="WR", fields=[])
    assert follower.read() == []

    commit(slow)

    assert subjects(follower.read()) == ["late"]
    Relay().step()
    assert "late" not in subjects(follower.read())


def test_event_that_commits_after_it_was_given_up_comes_with_its_number(
    follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = late("late")
    note("early")
    follower.read()
    monkeypatch.setattr(follow, "_GAP_SECONDS", -1.0)
    follower.read()

    commit(slow)
    assert follower.read() == []
    Relay().step()

    assert subjects(follower.read()) == ["late"]


def test_own_events_are_passed_over_and_those_between_them_are_not(follower: Follower) -> None:
    own, other, last = note("own"), note("other"), note("own")

    follower.pass_over([own.pk, last.pk])

    assert subjects(follower.read()) == ["other"]
    Relay().step()
    assert follower.read() == []
    assert other.pk not in follower._heard


def test_own_events_hide_nothing_however_much_came_before_them(
    follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "_LONGEST_GAP", 1)
    note("a")
    note("b")

    follower.pass_over([note("own").pk])

    assert subjects(follower.read()) == ["a", "b"]


def test_more_than_a_batch_is_read_in_several(follower: Follower, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "BATCH", 2)
    reader = Follower(prefix="WR", fields=[])
    for subject in "abcde":
        note(subject)
    relay = Relay()

    heard = subjects(reader.read())
    assert reader.behind
    relay.step()
    while reader.behind:
        heard += subjects(reader.read())

    assert sorted(heard) == ["a", "b", "c", "d", "e"]


def test_fields_are_told_of_the_events_that_have_them(follower: Follower) -> None:
    note("WR1", {"worker_sid": "WK1", "task": {"sid": "WT1", "attributes": {}}})
    note("WT1", {"worker_sid": "nobody asked"})
    note("WR2")

    assert [each.told for each in follower.read()] == [("WK1", "WT1"), (None, None), (None, None)]


def test_memory_is_bounded_at_the_price_of_being_told_twice(
    follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "_HEARD_KEPT", 1)
    note("a")
    note("b")
    follower.read()
    follower.read()

    Relay().step()

    assert subjects(follower.read()) == ["a", "b"]
