"""What holds where nothing is said: TaskRouter's defaults, and the bounds that may be reached but not passed."""

from datetime import timedelta

import pytest

from agents import actions as agents
from agents import queries as agents_queries
from agents.models import Worker
from agents.tests.factories import activity, make_worker
from kernel.actor import SYSTEM
from kernel.errors import Invalid
from routing import actions, queries
from routing.models import TaskQueue, Workflow
from routing.tests.factories import document, make_task, make_workflow, offered

pytestmark = pytest.mark.django_db


def test_only_one_first_activity_is_for_work(workspace):
    available = {row.friendly_name: row.available for row in agents_queries.activities(workspace)}

    assert available == {"Offline": False, "Available": True, "Unavailable": False, "Break": False}


def test_activity_is_not_for_work_unless_said(workspace):
    lunch = agents.create_activity(workspace, friendly_name="Lunch", actor=SYSTEM)
    mail = agents.create_activity(workspace, friendly_name="Mail", available=True, actor=SYSTEM)

    assert (lunch.available, mail.available) == (False, True)


def test_new_task_of_which_nothing_is_said(workspace, queue):
    task = make_task(workspace, queue)

    fresh = queries.task(task.sid)
    assert (fresh.assignment_status, fresh.priority, fresh.task_channel.unique_name) == ("pending", 0, "default")
    assert fresh.expires_at - fresh.created_at == timedelta(days=1)
    assert fresh.virtual_start_time == fresh.created_at == fresh.task_queue_entered_at
    assert (fresh.attributes, fresh.addons, fresh.reason, fresh.ignore_capacity) == ({}, {}, "", False)


def test_new_task_of_which_the_most_is_said(workspace, queue):
    task = make_task(workspace, queue, priority=2_147_483_647, timeout=1_209_600)

    fresh = queries.task(task.sid)
    assert (fresh.priority, fresh.expires_at - fresh.created_at) == (2_147_483_647, timedelta(weeks=2))


def test_virtual_start_leaves_the_time_to_live_as_it_is(workspace, queue):
    old = queries.task(make_task(workspace, queue).sid).created_at - timedelta(days=3)

    fresh = queries.task(make_task(workspace, queue, virtual_start_time=old, timeout=60).sid)

    assert (fresh.virtual_start_time, fresh.expires_at - fresh.created_at) == (old, timedelta(seconds=60))


def test_new_queue_of_which_nothing_is_said(workspace):
    queue = actions.save_queue(TaskQueue(workspace=workspace), friendly_name="Plain", actor=SYSTEM)

    assert (queue.target_workers, queue.task_order, queue.max_reserved_workers) == ("1==1", "FIFO", 1)
    assert (queue.reservation_activity, queue.assignment_activity) == (None, None)
    assert actions.save_queue(queue, max_reserved_workers=50, actor=SYSTEM).max_reserved_workers == 50


def test_new_workflow_of_which_nothing_is_said(workspace, queue):
    workflow = actions.save_workflow(
        Workflow(workspace=workspace), friendly_name="Plain", configuration=document(default=queue), actor=SYSTEM
    )

    assert workflow.task_reservation_timeout == 120
    assert (workflow.assignment_callback_url, workflow.fallback_assignment_callback_url) == ("", "")
    for seconds in (1, 86_400):
        assert actions.save_workflow(workflow, task_reservation_timeout=seconds, actor=SYSTEM)
        ada = make_worker(workspace, f"Ada {seconds}")
        reservation = offered(make_task(workspace), ada)
        assert reservation.expires_at - reservation.created_at == timedelta(seconds=seconds)


@pytest.mark.parametrize("field", ["assignment_callback_url", "fallback_assignment_callback_url"])
def test_callback_addresses_are_addresses_or_empty(workspace, queue, field, settings):
    settings.EGRESS_ALLOW = []
    workflow = make_workflow(workspace, default=queue)

    for url in ("not an address", "http://example.com/", "https://[::1]/", "https://bo:secret@example.com/"):
        with pytest.raises(Invalid) as caught:
            actions.save_workflow(workflow, actor=SYSTEM, **{field: url})
        assert caught.value.field == field

    actions.save_workflow(workflow, actor=SYSTEM, **{field: "https://example.com/assign"})
    assert getattr(Workflow.objects.get(), field) == "https://example.com/assign"
    assert getattr(actions.save_workflow(workflow, actor=SYSTEM, **{field: ""}), field) == ""


def test_capacity_of_nothing_and_of_the_most(workspace):
    ada = make_worker(workspace, "Ada")

    for capacity in (0, 50):
        channel = ada.channels.get(task_channel__unique_name="default")
        agents.set_capacity(channel, capacity=capacity, actor=SYSTEM)
        assert ada.channels.get(task_channel__unique_name="default").configured_capacity == capacity


def test_time_of_the_last_change_of_activity_moves_with_it_alone(workspace):
    ada = make_worker(workspace, "Ada")
    before = ada.date_status_changed - timedelta(hours=1)
    Worker.objects.filter(pk=ada.pk).update(date_status_changed=before)

    agents.update_worker(ada, attributes={"level": 3}, actor=SYSTEM)
    agents.set_activity(ada, activity=activity(workspace, "Available"), actor=SYSTEM)
    assert Worker.objects.get(pk=ada.pk).date_status_changed == before

    agents.set_activity(ada, activity=activity(workspace, "Break"), actor=SYSTEM)
    assert Worker.objects.get(pk=ada.pk).date_status_changed > before + timedelta(minutes=59)
