"""The workers that people look at while they type: read again as far as something has changed."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agents import actions as agents
from agents.models import WorkerChannel
from kernel.actor import SYSTEM
from routing.core.expressions import ExpressionError
from routing.preview import staff as staffing
from routing.preview.staff import Staff, staff
from tests.people import House, available, full_house

pytestmark = pytest.mark.django_db


@pytest.fixture
def home() -> House:
    made = full_house()
    available(made, "Ada")
    return made


def reads(look: Callable[[], Staff]) -> int:
    with CaptureQueriesContext(connection) as queries:
        look()
    return len(queries)


def names(found: Staff, expression: str = "1==1") -> set[str]:
    return {worker.friendly_name for worker in found.crew(expression)}


def test_a_second_look_asks_only_whether_something_has_changed(home: House) -> None:
    first = staff(home.workspace)

    assert reads(lambda: staff(home.workspace)) == 1
    assert staff(home.workspace) is first
    assert first.crew("1==1") is first.crew(" 1==1 ")


def test_one_worker_who_has_changed_is_read_alone(home: House) -> None:
    before = staff(home.workspace)
    agents.update_worker(home.workers["Ada"], attributes={"skills": ["chess"]}, actor=SYSTEM)

    after = staff(home.workspace)

    assert (names(before, "skills HAS 'chess'"), names(after, "skills HAS 'chess'")) == (set(), {"Ada"})
    others = set(before.by_number) - {home.workers["Ada"].pk}
    assert all(after.by_number[number] is before.by_number[number] for number in others)


def test_many_changes_are_read_at_once(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staffing, "FEW", 0)
    staff(home.workspace)
    agents.update_worker(home.workers["Ada"], attributes={"skills": ["chess"]}, actor=SYSTEM)

    assert names(staff(home.workspace), "skills HAS 'chess'") == {"Ada"}


def test_activity_its_name_capacity_and_who_is_gone_are_seen(home: House) -> None:
    ada = home.workers["Ada"]

    def now() -> Staff:
        return staff(home.workspace)

    assert now().by_number[ada.pk].available
    agents.set_activity(ada, activity=home.activity("Break"), actor=SYSTEM)
    assert not now().by_number[ada.pk].available
    agents.update_activity(home.activity("Break"), friendly_name="Siesta", actor=SYSTEM)
    assert now().by_number[ada.pk].activity_name == "Siesta"
    channel = WorkerChannel.objects.get(worker=ada, task_channel__unique_name="voice")
    agents.set_capacity(channel, capacity=7, actor=SYSTEM)
    assert now().by_number[ada.pk].channels["voice"].configured_capacity == 7
    agents.set_activity(ada, activity=home.activity("Offline"), actor=SYSTEM)
    agents.delete_worker(ada, actor=SYSTEM)
    assert "Ada" not in names(now())


def test_an_empty_expression_matches_nobody_and_a_broken_one_is_refused(home: House) -> None:
    assert staff(home.workspace).crew("  ") == ()
    with pytest.raises(ExpressionError):
        staff(home.workspace).crew("skills HAS")


def test_so_many_crews_are_kept(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staffing, "CREWS", 2)
    found = staff(home.workspace)

    for level in range(5):
        found.crew(f"level == {level}")

    assert len(found._crews) <= 2
