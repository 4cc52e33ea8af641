"""A change that is made only to what was seen: also when a rival comes between the look and the change."""

import pytest
from django.db import OperationalError

from agents import actions
from agents.models import Activity
from eventlog.models import Event
from kernel.actor import SYSTEM
from taskrouter.resources.activities import Activities
from taskrouter.tests.conftest import refusal


@pytest.fixture
def lunch(caller) -> Activity:
    return actions.create_activity(caller.workspace, friendly_name="Lunch", actor=SYSTEM)


def path(row: Activity) -> str:
    return f"Workspaces/{row.workspace.sid}/Activities/{row.sid}"


def test_every_answer_with_one_row_tells_its_version(caller, lunch):
    made = caller.ask("POST", f"Workspaces/{caller.workspace.sid}/Activities", "FriendlyName=Tea")
    changed = caller.ask("POST", path(lunch), "FriendlyName=Dinner")

    assert [answer["ETag"] for answer in (made, changed, caller.ask("GET", path(lunch)))] == ['"1"', '"2"', '"2"']


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_rival_who_comes_first_wins(caller, lunch, monkeypatch, method):
    look = Activities.found

    def look_then_rival(self, sid):
        row = look(self, sid)
        actions.update_activity(lunch, friendly_name="Rival", actor=SYSTEM)
        return row

    monkeypatch.setattr(Activities, "found", look_then_rival)
    answer = caller.ask(method, path(lunch), "FriendlyName=Mine", headers={"If-Match": '"1"'})

    refusal(answer, 412, 20412)
    lunch.refresh_from_db()
    assert (lunch.friendly_name, lunch.version) == ("Rival", 2)
    assert Event.objects.filter(type__in=("activity.updated", "activity.deleted")).count() == 1


def test_a_row_that_is_gone_meanwhile_is_not_found(caller, lunch, monkeypatch):
    monkeypatch.setattr(Activities, "hold", lambda self, row: Activity.objects.none())

    refusal(caller.ask("POST", path(lunch), "FriendlyName=Mine", headers={"If-Match": '"1"'}), 404, 20404)


@pytest.mark.parametrize("seen", ["", "1", '"2"', 'W/"1"', '"1', "x" * 1000])
def test_what_is_not_the_version_changes_nothing(caller, lunch, seen):
    refusal(caller.ask("POST", path(lunch), "FriendlyName=Mine", headers={"If-Match": seen}), 412, 20412)

    lunch.refresh_from_db()
    assert (lunch.friendly_name, lunch.version) == ("Lunch", 1)


def test_without_the_header_the_last_write_wins(caller, lunch):
    assert caller.ask("POST", path(lunch), "FriendlyName=One").status_code == 200
    assert caller.ask("POST", path(lunch), "FriendlyName=Two").json()["friendly_name"] == "Two"


def test_a_transaction_that_lost_against_others_is_to_be_tried_again(caller, monkeypatch):
    """As PostgreSQL ends one of two that wait for one another."""

    class DeadlockDetected(Exception):
        sqlstate = "40P01"

    def lose(*_args, **_given):
        raise OperationalError("deadlock detected") from DeadlockDetected()

    monkeypatch.setattr("agents.actions.create_activity", lose)

    answer = caller.ask("POST", f"Workspaces/{caller.workspace.sid}/Activities", "FriendlyName=Lunch")

    assert refusal(answer, 429, 20429)
    assert answer["Retry-After"] == "1"
