"""What an update of a worker or a workflow does to work that waits or is offered."""

import json
import threading
from urllib.parse import urlencode

import pytest
from django.db import connection, transaction

from agents import actions
from agents.models import Worker
from agents.tests.factories import activity, make_worker
from eventlog.tests.writers import somebody_waits
from kernel.actor import SYSTEM
from routing import queries
from routing.models import TaskQueue, Workflow
from routing.tests.factories import make_queue, make_task, offered
from taskrouter.tests.conftest import refusal
from tests.support.product import wait_until


@pytest.fixture
def home(caller):
    return caller.workspace


def updated(caller, part, sid, headers=None, **given):
    return caller.ask(
        "POST", f"Workspaces/{caller.workspace.sid}/{part}/{sid}", urlencode(given), headers=headers or {}
    )


@pytest.mark.parametrize("seen", [{}, {"If-Match": '"1"'}])
def test_pending_reservations_are_rejected_when_asked_for(caller, home, seen):
    ada, away = make_worker(home, "Ada"), activity(home, "Break")
    reservation = offered(make_task(home, TaskQueue.objects.get(workspace=home)), ada)

    answer = updated(caller, "Workers", ada.sid, seen, ActivitySid=away.sid, RejectPendingReservations="true")

    assert (answer.status_code, answer.json()["activity_name"], answer["ETag"]) == (200, "Break", '"2"')
    assert queries.reservation(reservation.sid).reservation_status == "rejected"


@pytest.mark.parametrize("rejects", [{}, {"RejectPendingReservations": "no"}])
def test_pending_reservations_stay_unless_asked_for(caller, home, rejects):
    ada, away = make_worker(home, "Ada"), activity(home, "Break")
    reservation = offered(make_task(home, TaskQueue.objects.get(workspace=home)), ada)

    assert updated(caller, "Workers", ada.sid, ActivitySid=away.sid, **rejects).status_code == 200

    assert queries.reservation(reservation.sid).reservation_status == "pending"


def test_what_was_not_seen_rejects_nothing(caller, home):
    ada, away = make_worker(home, "Ada"), activity(home, "Break")
    reservation = offered(make_task(home, TaskQueue.objects.get(workspace=home)), ada)

    given = {"ActivitySid": away.sid, "RejectPendingReservations": "true"}
    refusal(updated(caller, "Workers", ada.sid, {"If-Match": '"7"'}, **given), 412, 20412)

    assert queries.reservation(reservation.sid).reservation_status == "pending"
    assert Worker.objects.get(pk=ada.pk).activity.friendly_name == "Available"


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="one writes at a time")
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_whoever_waits_for_a_rivals_change_is_told_of_it(caller, home, method):
    ada, away = make_worker(home, "Ada"), activity(home, "Break")
    address = f"Workspaces/{home.sid}/Workers/{ada.sid}"
    answers = []

    def ask():
        answers.append(caller.ask(method, address, "FriendlyName=Eve", headers={"If-Match": '"1"'}))
        connection.close()

    rival = threading.Thread(target=ask)
    with transaction.atomic():
        actions.set_activity(ada, activity=away, actor=SYSTEM)
        rival.start()
        wait_until(somebody_waits, seconds=20, what="the rival's wait for the lock")
    rival.join(timeout=20)

    refusal(answers[0], 412, 20412)
    assert Worker.objects.get(pk=ada.pk).friendly_name == "Ada"


def test_a_worker_with_work_in_hand_is_not_deleted(caller, home):
    ada = make_worker(home, "Ada")
    offered(make_task(home, TaskQueue.objects.get(workspace=home)), ada)
    updated(caller, "Workers", ada.sid, ActivitySid=activity(home, "Break").sid)

    for headers in ({}, {"If-Match": '"2"'}):
        answer = caller.ask("DELETE", f"Workspaces/{home.sid}/Workers/{ada.sid}", headers=headers)
        assert "work in hand" in refusal(answer, 400, 20001)


@pytest.mark.parametrize(("word", "goes"), [("true", True), ("false", False), (None, False)])
def test_waiting_tasks_follow_the_new_document_only_when_asked_for(caller, home, word, goes):
    workflow = Workflow.objects.get(workspace=home)
    task = make_task(home)
    other = make_queue(home, "Other")
    text = json.dumps({"task_routing": {"filters": [], "default_filter": {"queue": other.sid}}})

    more = {} if word is None else {"ReEvaluateTasks": word}
    answer = updated(caller, "Workflows", workflow.sid, Configuration=text, **more)

    assert (answer.status_code, answer.json()["configuration"]) == (200, text)
    assert (queries.task(task.sid).task_queue == other) is goes


def test_a_workflow_with_tasks_is_not_deleted(caller, home):
    make_task(home)
    workflow = Workflow.objects.get(workspace=home)

    answer = caller.ask("DELETE", f"Workspaces/{home.sid}/Workflows/{workflow.sid}")

    assert "Tasks still follow" in refusal(answer, 400, 20001)
