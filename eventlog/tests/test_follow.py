"""Following the log: at once, whatever commits late, and each event once."""

from collections.abc import Sequence
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from eventlog import follow
from eventlog.dialect import Row
from eventlog.follow import Follower
from eventlog.gaps import Gaps
from eventlog.models import Event
from eventlog.record import record
from eventlog.relay import Relay
from eventlog.tests.writers import committing_late, needs_postgresql
from kernel.actor import SYSTEM

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _no_sinks(settings: Any) -> None:
    settings.EVENT_SINKS = []


@pytest.fixture
def follower() -> Follower:
    """One that has heard of what was before."""
    note("before")
    return Follower("id, subject_sid")


def note(subject: str) -> Event:
    with transaction.atomic():
        return record("x", subject_sid=subject, data={}, audiences=["a"], actor=SYSTEM, workspace_sid="WS1")


def subjects(rows: Sequence[Row]) -> list[str]:
    return [row[1] for row in rows]


def hear_all(follower: Follower) -> list[str]:
    heard = subjects(follower.read())
    while follower.behind:
        heard += subjects(follower.read())
    return heard


def test_an_event_is_heard_of_once(follower: Follower) -> None:
    note("a")
    assert subjects(follower.read()) == ["a"]

    Relay().step()

    assert follower.read() == []


def test_nothing_of_the_past_is_told() -> None:
    note("a")
    Relay().step()
    note("b")

    assert Follower("id").read() == []


@needs_postgresql
def test_an_event_that_commits_late_is_heard_of(follower: Follower) -> None:
    with committing_late(lambda: note("late")):
        note("early")
        assert subjects(follower.read()) == ["early"]
        assert follower.read() == []

    assert subjects(follower.read()) == ["late"]
    assert follower.read() == []


@needs_postgresql
def test_an_event_that_was_under_way_when_the_follower_began_is_heard_of() -> None:
    with committing_late(lambda: note("late")):
        note("early")
        follower = Follower("id, subject_sid")
        assert follower.read() == []

    assert subjects(follower.read()) == ["late"]


@needs_postgresql
def test_the_horizon_waits_for_who_still_writes_and_not_for_what_was_undone(
    follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "_ASK_SECONDS", 0.0)
    before = follower.horizon
    with committing_late(lambda: note("undone"), undo=True):
        early = note("early")
        for _ in range(3):
            follower.read()
        assert follower.horizon == before

    follower.read()

    assert follower.horizon == early.pk


@needs_postgresql
def test_a_bulk_load_that_commits_late_is_heard_of_in_batches(
    follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "_WIDE", 2)
    monkeypatch.setattr(follow, "_ASK_SECONDS", 0.0)
    reader = Follower("id, subject_sid", batch=2)

    with committing_late(lambda: [note(subject) for subject in "abcde"]):
        note("early")
        assert hear_all(reader) == ["early"]

    assert hear_all(reader) == ["a", "b", "c", "d", "e"]


def test_what_was_undone_is_not_waited_for(follower: Follower, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "_ASK_SECONDS", 0.0)
    gone = note("gone")
    last = note("last")
    Event.objects.filter(pk=gone.pk).delete()

    assert subjects(follower.read()) == ["last"]
    follower.read()

    assert follower.horizon == last.pk


def test_own_events_are_passed_over_and_those_before_and_between_them_are_not(follower: Follower) -> None:
    note("a")
    own, _, last = note("own"), note("b"), note("own")

    follower.pass_over([own.pk, last.pk])

    assert subjects(follower.read()) == ["a", "b"]
    assert follower.read() == []


def test_more_than_a_batch_is_read_in_several() -> None:
    reader = Follower("id, subject_sid", batch=2)
    for subject in "abcde":
        note(subject)

    first = subjects(reader.read())

    assert (first, reader.behind) == (["a", "b"], True)
    assert hear_all(reader) == ["c", "d", "e"]


@given(st.lists(st.frozensets(st.integers(1, 60), min_size=1), max_size=8), st.integers(0, 20))
def test_gaps_are_exactly_what_was_not_heard_of(batches: list[frozenset[int]], newest: int) -> None:
    gaps = Gaps(newest=newest)
    for batch in batches:
        gaps.hear(batch)

    heard = set().union(*batches)
    missing = {number for gap in gaps for number in range(gap.first, gap.last + 1)}
    assert gaps.newest == max(heard | {newest})
    assert missing == set(range(newest + 1, gaps.newest + 1)) - heard
    assert gaps.horizon == min(missing, default=gaps.newest + 1) - 1
