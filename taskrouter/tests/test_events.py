"""Events as TaskRouter tells them: by subject, by time, and redacted after thirty days."""

import json
from datetime import timedelta
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest

from agents import actions as agents
from eventlog.models import Event
from kernel import clock, sids
from kernel.actor import SYSTEM
from routing import actions, queries
from routing.models import Reservation, TaskQueue, Workflow
from routing.tests.factories import make_task, offered
from taskrouter import events
from taskrouter.tests.conftest import refusal

pytestmark = pytest.mark.django_db


def listed(caller, **given):
    answer = caller.ask("GET", f"Workspaces/{caller.workspace.sid}/Events?{urlencode(given)}")
    assert answer.status_code == 200, answer.text
    return answer.json()["events"]


def types(rows):
    return [row["event_type"] for row in rows]


@pytest.fixture
def worked(caller):
    """Ada has had a task, and another one waits."""
    home = caller.workspace
    ada = agents.create_worker(home, friendly_name="Ada", attributes={"skills": ["sales"]}, actor=SYSTEM)
    ben = agents.create_worker(home, friendly_name="Ben", attributes={}, actor=SYSTEM)
    for worker in (ada, ben):
        available = home.activities.get(friendly_name="Available")
        agents.set_activity(worker, activity=available, actor=SYSTEM)
    task = make_task(home, attributes={"name": "María", "vip": True}, priority=3)
    other = make_task(home, task_channel="voice")
    reservation = offered(task, ada)
    actions.accept(reservation, actor=SYSTEM)
    actions.complete(queries.task(task.sid), actor=SYSTEM, reason="done")
    return SimpleNamespace(ada=ada, ben=ben, task=task, other=other, reservation=reservation, home=home)


def test_a_reservation_tells_of_its_task_and_worker_in_texts(caller, worked):
    (row,) = listed(caller, EventType="reservation.accepted")

    data = row["event_data"]
    assert all(isinstance(value, str) for value in data.values())
    assert json.loads(data["task_attributes"]) == {"name": "María", "vip": True}
    assert (data["task_priority"], data["task_assignment_status"]) == ("3", "assigned")
    assert (data["worker_name"], data["worker_sid"]) == ("Ada", worked.ada.sid)
    assert json.loads(data["worker_attributes"]) == {"skills": ["sales"]}
    assert data["worker_activity_name"] == "Available"
    assert data["reservation_sid"] == row["resource_sid"] == worked.reservation.sid
    assert data["task_channel_sid"] == worked.home.task_channels.get(unique_name="default").sid
    assert row["resource_url"].endswith(f"/Tasks/{worked.task.sid}/Reservations/{worked.reservation.sid}")
    assert (row["actor_type"], row["actor_sid"]) == ("workspace", worked.home.sid)


def test_what_a_worker_is_now_is_not_told_of_the_past(caller, worked):
    agents.set_activity(worked.ada, activity=worked.home.activities.get(friendly_name="Break"), actor=SYSTEM)

    (row,) = listed(caller, EventType="reservation.accepted")

    assert "worker_activity_name" not in row["event_data"]
    assert row["event_data"]["worker_name"] == "Ada"


def test_events_are_found_by_task_reservation_and_worker(caller, worked):
    of_task = listed(caller, TaskSid=worked.task.sid)
    of_reservation = listed(caller, ReservationSid=worked.reservation.sid)

    assert types(of_task) == [
        "task.completed",
        "reservation.completed",
        "reservation.accepted",
        "reservation.created",
        "task-queue.entered",
        "workflow.target-matched",
        "workflow.entered",
        "task.created",
    ]
    assert types(of_reservation) == ["reservation.completed", "reservation.accepted", "reservation.created"]
    assert types(listed(caller, WorkerSid=worked.ada.sid)) == [
        *types(of_reservation),
        "worker.activity.update",
        "worker.created",
    ]
    assert types(listed(caller, WorkerSid=worked.ben.sid)) == ["worker.activity.update", "worker.created"]
    assert {row["event_data"]["task_sid"] for row in of_task} == {worked.task.sid}


def test_the_events_of_a_deleted_task_are_still_found(caller, worked):
    before = types(listed(caller, TaskSid=worked.task.sid))

    actions.delete_task(queries.task(worked.task.sid), actor=SYSTEM)

    assert types(listed(caller, TaskSid=worked.task.sid)) == ["task.deleted", *before]


def test_events_are_found_by_queue_workflow_and_channel(caller, worked):
    queue = TaskQueue.objects.get(workspace=worked.home)
    workflow = Workflow.objects.get(workspace=worked.home)

    of_queue = listed(caller, TaskQueueSid=queue.sid)
    of_workflow = listed(caller, WorkflowSid=workflow.sid)
    of_voice = listed(caller, TaskChannel="voice")

    assert {"task-queue.created", "task-queue.entered", "reservation.accepted"} <= set(types(of_queue))
    assert {row["event_data"]["task_queue_sid"] for row in of_queue} == {queue.sid}
    assert {"workflow.created", "workflow.entered", "reservation.accepted"} <= set(types(of_workflow))
    assert {row["event_data"]["workflow_sid"] for row in of_workflow} == {workflow.sid}
    assert {row["event_data"].get("task_sid") for row in of_voice} == {worked.other.sid, None}
    assert listed(caller, TaskQueueSid=sids.new("WQ")) == listed(caller, TaskChannel=sids.new("TC")) == []


def test_without_a_time_the_last_quarter_of_an_hour_is_told(caller, worked):
    Event.objects.filter(subject_sid=worked.ben.sid).update(created_at=clock.now() - timedelta(minutes=16))
    (gone,) = Event.objects.filter(subject_sid=worked.ben.sid, type="worker.created")

    assert listed(caller, WorkerSid=worked.ben.sid) == []
    assert len(listed(caller, WorkerSid=worked.ben.sid, Minutes=17)) == 2
    assert types(listed(caller, Sid=gone.sid)) == ["worker.created"]
    assert listed(caller, Sid=gone.sid, Minutes=15) == []
    end = clock.iso(clock.now() - timedelta(minutes=10))
    assert len(listed(caller, WorkerSid=worked.ben.sid, EndDate=end)) == 2
    assert listed(caller, WorkerSid=worked.ben.sid, EndDate=end, Minutes=5) == []


def test_minutes_without_end_are_no_fault(caller, worked):
    assert listed(caller, Minutes=100 * 365 * 24 * 60, EndDate="0001-01-01T00:00:00Z") == []
    refusal(caller.ask("GET", f"Workspaces/{caller.workspace.sid}/Events?Minutes=99999999999"), 400, 20001)


@pytest.mark.parametrize(("days", "kept"), [(29, True), (31, False)])
def test_task_attributes_are_redacted_after_thirty_days(caller, worked, days, kept):
    Event.objects.filter(type__in=("task.created", "worker.created")).update(
        created_at=clock.now() - timedelta(days=days)
    )
    start = clock.iso(clock.now() - timedelta(days=40))

    (task,) = listed(caller, EventType="task.created", TaskSid=worked.task.sid, StartDate=start)
    fetched = caller.ask("GET", f"Workspaces/{caller.workspace.sid}/Events/{task['sid']}").json()
    workers = listed(caller, EventType="worker.created", StartDate=start)

    assert ("María" in task["event_data"]["task_attributes"]) is kept
    assert fetched["event_data"] == task["event_data"]
    assert json.loads(task["event_data"]["task_attributes"]) == ({"name": "María", "vip": True} if kept else {})
    assert '{"skills": ["sales"]}' in {row["event_data"]["worker_attributes"] for row in workers}


def test_every_type_of_the_log_that_is_taskrouters_can_be_told(caller, worked):
    """Also with those of the workspace itself."""
    agents.update_workspace(worked.home, friendly_name="Beta", actor=SYSTEM)
    workers = worked.ada.channels.select_related("worker__workspace__account", "task_channel")
    agents.set_capacity(workers.get(task_channel__unique_name="sms"), capacity=7, available=False, actor=SYSTEM)

    told = {row["event_type"]: row for row in listed(caller, PageSize=1000)}

    in_log = set(Event.objects.filter(workspace_sid=worked.home.sid).values_list("type", flat=True))
    assert set(told) == in_log & events.TYPES
    assert told["workspace.updated"]["event_data"]["workspace_name"] == "Beta"
    capacity = told["worker.capacity.update"]["event_data"]
    assert (capacity["worker_channel_previous_capacity"], capacity["worker_channel_capacity"]) == ("1", "7")
    assert told["worker.channel.availability.update"]["event_data"]["worker_channel_available"] == "false"


def test_pages_stay_put_while_events_come_in(caller, worked):
    path = f"Workspaces/{caller.workspace.sid}/Events?PageSize=3"
    first = caller.ask("GET", path).json()
    agents.create_activity(worked.home, friendly_name="Lunch", available=False, actor=SYSTEM)

    following = first["meta"]["next_page_url"].partition("/v1/")[2]
    second = caller.ask("GET", following).json()

    everything = [row["sid"] for row in listed(caller)]
    assert [row["sid"] for row in [*first["events"], *second["events"]]] == everything[1:7]


def test_an_offer_is_found_by_its_table(caller, worked):
    assert Reservation.objects.filter(task=worked.task).count() == 1
    assert types(listed(caller, TaskSid=worked.task.sid, ReservationSid=worked.reservation.sid)) == [
        "reservation.completed",
        "reservation.accepted",
        "reservation.created",
    ]
