"""How long workers were in their activities."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agents import actions
from agents.models import Worker, Workspace
from agents.tests.factories import activity, make_worker, make_workspace
from eventlog.models import Event
from insights import queries, timers
from insights.models import ActivitySpell, TaskFact
from insights.queries import Period, Spread
from insights.tests import history
from kernel import clock
from kernel.actor import SYSTEM

pytestmark = pytest.mark.django_db

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets the clock to so many minutes after nine."""

    def move(minutes: float) -> datetime:
        moment = NINE + timedelta(minutes=minutes)
        monkeypatch.setattr(clock, "now", lambda: moment)
        return moment

    move(0)
    return move


def since_nine(home: Workspace, name: str, *, doing: str = "Available") -> Worker:
    """A worker who has been in his activity since nine."""
    worker = make_worker(home, name, doing=doing)
    Worker.objects.filter(pk=worker.pk).update(date_status_changed=NINE)
    worker.refresh_from_db()
    return worker


def minutes(found: dict[str, tuple[str, Spread]]) -> dict[str, tuple[float, ...]]:
    return {
        name: (times.count, times.total / 60_000, times.least / 60_000, times.most / 60_000)
        for name, times in found.values()
    }


def test_times_in_activities_are_counted_as_far_as_they_lie_in_the_period(at: Any) -> None:
    home = make_workspace()
    ada = since_nine(home, "Ada")
    for minute, name in ((10, "Break"), (15, "Available"), (40, "Break")):
        at(minute)
        actions.set_activity(ada, activity=activity(home, name), actor=SYSTEM)
    at(50)
    history.count()

    whole = queries.times_in_activities(Period(NINE, NINE + timedelta(minutes=50)), home)
    middle = queries.times_in_activities(Period(NINE + timedelta(minutes=12), NINE + timedelta(minutes=30)), home)
    before = queries.times_in_activities(Period(NINE - timedelta(minutes=30), NINE), home)

    assert minutes(whole) == {"Available": (2, 35, 10, 25), "Break": (2, 15, 5, 10)}
    assert minutes(middle) == {"Break": (1, 3, 3, 3), "Available": (1, 15, 15, 15)}
    assert before == {}


def test_who_is_chosen_alone_is_counted(at: Any) -> None:
    home = make_workspace()
    ada, ben = since_nine(home, "Ada"), since_nine(home, "Ben")
    at(10)
    actions.set_activity(ada, activity=activity(home, "Break"), actor=SYSTEM)
    at(20)
    history.count()
    period = Period(NINE, NINE + timedelta(minutes=20))

    of_ben = queries.times_in_activities(period, home, workers=Worker.objects.filter(pk=ben.pk))
    of_ada = queries.times_in_activities(period, home, workers=Worker.objects.filter(pk=ada.pk))

    assert minutes(of_ben) == {"Available": (1, 20, 20, 20)}
    assert minutes(of_ada) == {"Available": (1, 10, 10, 10), "Break": (1, 10, 10, 10)}


def test_a_worker_who_is_gone_was_there_until_then(at: Any) -> None:
    home = make_workspace()
    ada = since_nine(home, "Ada", doing="Offline")
    at(10)
    actions.delete_worker(ada, actor=SYSTEM)
    Event.objects.filter(type="worker.deleted").update(created_at=NINE + timedelta(minutes=10))
    at(20)
    history.count()

    found = queries.times_in_activities(Period(NINE, NINE + timedelta(minutes=20)), home)

    assert minutes(found) == {"Offline": (1, 10, 10, 10)}


def test_what_nobody_may_ask_for_any_more_is_forgotten(at: Any) -> None:
    history.written(1, steps=30)
    home = make_workspace("Other")
    ada = since_nine(home, "Ada")
    actions.set_activity(ada, activity=activity(home, "Break"), actor=SYSTEM)
    Event.objects.update(created_at=NINE)
    history.count()
    kept = TaskFact.objects.count()

    assert timers.prune(NINE + timedelta(days=30)) is False
    assert TaskFact.objects.count() == kept > 0
    assert timers.prune(NINE + timedelta(days=32)) is False
    assert (TaskFact.objects.count(), ActivitySpell.objects.count()) == (0, 0)
