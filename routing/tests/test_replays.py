"""Replays as rows: who may begin them, and how workers take turns at them."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError

from eventlog.models import Event
from kernel.actor import SYSTEM, Actor
from kernel.errors import Conflict, Forbidden, Invalid, StaleMove
from routing import replaying_timers, tasks
from routing.actions import replays
from routing.actions.replays import Claim, cancel_replay, claim_replay, keep_replay, next_replays, start_replay
from routing.models import Replay
from routing.replaying import job
from routing.tests.factories import make_queue, make_workflow
from routing.tests.past import MORNING, Past, held_clock
from routing.tests.test_replaying import HOUR, Centre
from tests.people import house, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def past() -> Iterator[Past]:
    held = Past()
    with held_clock(held):
        yield held


@pytest.fixture
def centre(past: Past) -> Centre:
    """A task in the morning, and now it is ten o'clock."""
    made = Centre(past)
    past.at(-60).present(made.home, "Ada")
    past.served(past.at(0).comes(made.home), made.ada, asked=1, accepted=4, done=60)
    past.at(7200)
    return made


def begin(centre: Centre, actor: Actor | None = None, **more: Any) -> Replay:
    given: dict[str, Any] = {
        "starts_at": MORNING,
        "ends_at": MORNING + HOUR,
        "configuration": centre.workflow.configuration,
        "actor": actor or centre.home.actor("Bo"),
    }
    return start_replay(centre.workflow, **(given | more))


def claimed(replay: Replay) -> Claim:
    claim = claim_replay(replay.sid)
    assert claim is not None
    return claim


def status(replay: Replay) -> str:
    replay.refresh_from_db()
    return replay.status


# --- beginning and canceling ---


def test_a_supervisor_begins_a_replay_and_the_history_of_the_workflow_tells(centre: Centre) -> None:
    replay = begin(centre, service_level_seconds=30)

    assert (replay.status, replay.service_level_seconds) == ("queued", 30)
    event = Event.objects.get(type="workflow.replay.started")
    assert (event.subject_sid, event.actor_sid) == (centre.workflow.sid, centre.home.users["Bo"].sid)
    assert (event.data["replay"]["sid"], event.audiences) == (replay.sid, [])


def test_agents_and_strangers_begin_and_cancel_none(centre: Centre) -> None:
    stranger = somebody_from_elsewhere()
    replay = begin(centre)

    for actor in (centre.home.actor("Ada"), stranger, Actor("visitor"), Actor("key", scopes=frozenset())):
        with pytest.raises(Forbidden):
            begin(centre, actor)
        with pytest.raises(Forbidden):
            cancel_replay(replay, actor=actor)

    assert Replay.objects.get().status == "queued"


def somebody_from_elsewhere() -> Actor:
    other = house("Other")
    person(other, "Eve", role="admin")
    return other.actor("Eve")


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("ends_at", {"ends_at": MORNING}),
        ("ends_at", {"ends_at": MORNING + timedelta(hours=3)}),
        ("ends_at", {"starts_at": MORNING - timedelta(days=32)}),
        ("starts_at", {"starts_at": MORNING - timedelta(hours=2)}),
        ("starts_at", {"starts_at": MORNING + timedelta(minutes=30)}),
        ("service_level_seconds", {"service_level_seconds": 0}),
        ("service_level_seconds", {"service_level_seconds": 86_401}),
        ("configuration", {"configuration": "{"}),
        ("configuration", {"configuration": '{"task_routing": {"default_filter": {"queue": "WQnone"}}}'}),
    ],
)
def test_what_cannot_be_replayed_is_refused_at_its_field(centre: Centre, field: str, given: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refused:
        begin(centre, **given)

    assert refused.value.field == field
    assert not Replay.objects.exists()


def test_a_period_before_the_log_is_told_where_the_log_begins(centre: Centre) -> None:
    with pytest.raises(Invalid, match="it begins at 2026-03-02 07:00 UTC"):
        begin(centre, starts_at=MORNING - timedelta(hours=2))


def test_more_tasks_than_we_take_are_refused(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replays, "MAX_TASKS", 0)

    with pytest.raises(Invalid, match="More than 0 tasks") as refused:
        begin(centre)

    assert refused.value.field == "ends_at"


def test_only_so_many_wait_at_once(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replays, "MAX_QUEUED", 1)
    first = begin(centre)

    with pytest.raises(Conflict):
        begin(centre)
    cancel_replay(first, actor=SYSTEM)

    assert begin(centre).status == "queued"


def test_what_has_ended_is_not_canceled(centre: Centre) -> None:
    replay = begin(centre)
    job.run(replay.sid)

    with pytest.raises(StaleMove):
        cancel_replay(replay, actor=SYSTEM)

    assert status(replay) == "done"


# --- taking turns ---


def test_one_of_an_account_runs_at_a_time_and_the_oldest_comes_next(centre: Centre, past: Past) -> None:
    first, second = begin(centre), begin(centre)

    assert next_replays(past.moment) == [first.sid]
    held = claimed(first)
    assert next_replays(past.moment) == []
    assert claim_replay(second.sid) is None
    replays.finish_replay(held, report={})

    assert next_replays(past.moment) == [second.sid]
    assert claimed(second).fence == 1


def test_accounts_do_not_wait_for_one_another(centre: Centre, past: Past, rung: list[str]) -> None:
    held, waiting = begin(centre), begin(centre)
    claimed(held)
    first, second = elsewhere("Other"), elsewhere("Third")

    assert next_replays(past.moment) == [first.sid, second.sid]
    replaying_timers.drive_replays(past.moment)
    assert rung == [first.sid, second.sid]
    claimed(first)

    assert claim_replay(waiting.sid) is None
    assert next_replays(past.moment) == [second.sid]


def test_only_so_many_of_all_accounts_run_at_once(centre: Centre, past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replays, "MAX_RUNNING", 2)
    own, other, third = begin(centre), elsewhere("Other"), elsewhere("Third")
    claimed(other)

    assert next_replays(past.moment) == [own.sid]
    claimed(third)

    assert next_replays(past.moment) == []
    assert claim_replay(own.sid) is None


def elsewhere(name: str) -> Replay:
    """Queued in another account."""
    workspace = house(name).workspace
    workflow = make_workflow(workspace, default=make_queue(workspace))
    return Replay.objects.create(workflow=workflow, starts_at=MORNING, ends_at=MORNING + HOUR)


# --- forgetting ---


def test_of_each_workflow_the_last_twenty_remain_and_others_for_thirty_days(
    centre: Centre, past: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replays, "FORGOTTEN_AT_ONCE", 2)
    monkeypatch.setattr(replays, "MAX_QUEUED", 23)
    other = elsewhere("Other")
    Replay.objects.filter(pk=other.pk).update(status="done", ended_at=past.moment)
    ended = [begin(centre) for _ in range(3)]
    queued, *recent = (begin(centre) for _ in range(20))
    for replay, outcome in zip((*ended, *recent), ("done", "failed", "canceled", *["done"] * 19), strict=True):
        Replay.objects.filter(pk=replay.pk).update(status=outcome, ended_at=past.moment)

    assert replaying_timers.prune(past.moment + timedelta(days=29)) is False
    assert Replay.objects.count() == 24
    late = past.moment + timedelta(days=31)
    more = [replaying_timers.prune(late), replaying_timers.prune(late)]

    assert more == [True, False]
    assert set(Replay.objects.values_list("pk", flat=True)) == {other.pk, queued.pk, *(each.pk for each in recent)}


def test_what_is_queued_is_never_forgotten(centre: Centre, past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replays, "KEPT_A_WORKFLOW", 1)
    first, _ = begin(centre), begin(centre)

    replaying_timers.prune(past.moment + timedelta(days=99))

    assert status(first) == "queued"


def test_a_worker_that_died_is_followed_by_another_and_writes_nothing_when_it_wakes(centre: Centre, past: Past) -> None:
    replay = begin(centre)
    dead = claimed(replay)
    assert claim_replay(replay.sid) is None

    past.at(7200 + 31)
    assert next_replays(past.moment) == [replay.sid]
    living = claimed(replay)

    assert (dead.fence, living.fence) == (1, 2)
    assert not keep_replay(dead, progress=50)
    assert not replays.finish_replay(dead, report={"by": "the dead"})
    assert not replays.fail_replay(dead, error="dead")
    assert replays.finish_replay(living, report={"by": "the living"})
    replay.refresh_from_db()
    assert (replay.status, replay.report) == ("done", {"by": "the living"})


def test_a_worker_that_lives_keeps_its_lease(centre: Centre, past: Past) -> None:
    claim = claimed(begin(centre))

    past.at(7200 + 20)
    assert keep_replay(claim, progress=40)
    past.at(7200 + 40)

    assert next_replays(past.moment) == []
    assert Replay.objects.get().progress == 40


def test_a_replay_that_kills_its_workers_is_given_up(centre: Centre, past: Past) -> None:
    replay = begin(centre)

    for attempt in range(replays.MAX_ATTEMPTS):
        claimed(replay)
        past.at(7200 + 31 * (attempt + 1))

    assert claim_replay(replay.sid) is None
    assert status(replay) == "failed"
    assert replay.error == replays.GIVEN_UP


# --- the work ---


def test_the_job_leaves_its_report(centre: Centre) -> None:
    replay = begin(centre)

    job.run(replay.sid)

    assert status(replay) == "done"
    assert (replay.progress, replay.report["tasks"], replay.lease_until) == (100, 1, None)


def test_a_job_that_is_done_or_unknown_is_not_done_again(centre: Centre) -> None:
    replay = begin(centre)
    job.run(replay.sid)
    ended_at = Replay.objects.get().ended_at

    job.run(replay.sid)
    job.run("RP" + "0" * 32)

    assert (Replay.objects.get().ended_at, Replay.objects.get().fence) == (ended_at, 1)


def test_a_canceled_job_stops_and_leaves_no_report(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    replay, heard = begin(centre), []

    def canceled_meanwhile(claim: Claim, *, progress: int) -> bool:
        heard.append(progress)
        cancel_replay(claim.replay, actor=SYSTEM)
        return keep_replay(claim, progress=progress)

    monkeypatch.setattr(job, "keep_replay", canceled_meanwhile)
    job.run(replay.sid)

    assert status(replay) == "canceled"
    assert (len(heard), replay.report) == (1, {})


def test_a_job_whose_parent_is_gone_ends_and_is_begun_anew(
    centre: Centre, past: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    replay, parents = begin(centre), iter([4711, 1])
    monkeypatch.setattr(job.os, "getppid", lambda: next(parents))

    job.run(replay.sid)
    assert status(replay) == "running"
    monkeypatch.undo()
    with held_clock(past.at(7200 + 31)):
        job.run(replay.sid)

    assert (status(replay), replay.fence) == ("done", 2)


def test_a_job_that_breaks_fails_with_a_word_for_people(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    replay = begin(centre)

    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(job, "replay", broken)
    job.run(replay.sid)

    assert status(replay) == "failed"
    assert replay.error == replays.FAILED


def test_a_job_without_its_database_is_left_to_the_next_attempt(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    replay = begin(centre)

    def away(*_: Any, **__: Any) -> None:
        raise OperationalError

    monkeypatch.setattr(job, "replay", away)
    monkeypatch.setattr(job.connection, "close", lambda: None)
    job.run(replay.sid)

    assert status(replay) == "running"


# --- finding a worker ---


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    heard: list[str] = []
    monkeypatch.setattr(tasks.replay, "delay", heard.append)
    monkeypatch.setattr(replaying_timers, "_rung_at", {})
    return heard


def test_the_sweep_rings_for_the_oldest_and_not_again_at_once(centre: Centre, past: Past, rung: list[str]) -> None:
    first, _ = begin(centre), begin(centre)

    for _ in range(3):
        replaying_timers.drive_replays(past.moment)

    assert rung == [first.sid]


def test_the_sweep_rings_again_when_nobody_came(
    centre: Centre, past: Past, rung: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    replay = begin(centre)
    replaying_timers.drive_replays(past.moment)

    now = replaying_timers.time.monotonic() + 11
    monkeypatch.setattr(replaying_timers.time, "monotonic", lambda: now)
    replaying_timers.drive_replays(past.moment)

    assert rung == [replay.sid] * 2


def test_the_sweep_is_silent_while_one_runs_and_rings_when_its_worker_died(
    centre: Centre, past: Past, rung: list[str]
) -> None:
    replay = begin(centre)
    claimed(replay)

    replaying_timers.drive_replays(past.moment)
    assert rung == []
    late: datetime = past.at(7200 + 31).moment
    replaying_timers.drive_replays(late)

    assert rung == [replay.sid]
