"""Waiting tasks that go back through a newer version of their workflow, and those that stay."""

from datetime import timedelta

import pytest

from agents.tests.factories import make_worker
from eventlog.models import Event
from kernel import clock
from kernel.actor import SYSTEM
from routing import actions, queries, timers
from routing.actions import workflows
from routing.actions.reevaluation import re_evaluate
from routing.models import Task, WorkflowVersion
from routing.tests.factories import document, make_queue, make_task, make_workflow, offered

pytestmark = pytest.mark.django_db


@pytest.fixture
def other(workspace):
    return make_queue(workspace, "Other")


@pytest.fixture
def workflow(workspace, queue):
    return make_workflow(workspace, ("1==1", [{"queue": queue.sid}]))


def change(workflow, *filters, re_evaluate_tasks=True, **more):
    return actions.save_workflow(
        workflow, configuration=document(*filters, **more), re_evaluate_tasks=re_evaluate_tasks, actor=SYSTEM
    )


def where(task):
    fresh = queries.task(task.sid)
    return fresh.task_queue.friendly_name, fresh.workflow_version.number


def told(task):
    rows = Event.objects.filter(subject_sid=task.sid).order_by("pk")
    return list(rows.values_list("type", flat=True))[4:]


def test_waiting_tasks_go_back_through_the_new_version(workspace, queue, other, workflow):
    bill, stays = make_task(workspace, attributes={"kind": "bill"}), make_task(workspace)

    change(workflow, ("kind == 'bill'", [{"queue": other.sid, "priority": 6, "timeout": 60}]), default=queue)

    assert [where(task) for task in (bill, stays)] == [("Other", 2), ("Everyone", 2)]
    moved = queries.task(bill.sid)
    assert (moved.priority, moved.version, moved.filter_index) == (6, 2, 0)
    assert moved.task_queue_entered_at > bill.task_queue_entered_at
    assert told(bill) == ["workflow.entered", "workflow.target-matched", "task-queue.moved", "task-queue.entered"]
    assert told(stays) == ["workflow.entered", "workflow.target-matched"]
    assert WorkflowVersion.objects.get(number=2).re_evaluated_to is None


def test_without_it_tasks_stay_on_their_version(workspace, other, workflow):
    task = make_task(workspace)

    change(workflow, ("1==1", [{"queue": other.sid}]), re_evaluate_tasks=False)

    assert where(task) == ("Everyone", 1)


def test_it_may_be_asked_for_later_without_a_change(workspace, other, workflow):
    task = make_task(workspace)
    change(workflow, ("1==1", [{"queue": other.sid}]), re_evaluate_tasks=False)

    actions.save_workflow(workflow, re_evaluate_tasks=True, actor=SYSTEM)

    assert where(task) == ("Other", 2)
    assert workflow.versions.count() == 2


def test_old_task_has_all_the_time_of_its_new_steps(workspace, other, workflow):
    task = make_task(workspace)
    Task.objects.filter(pk=task.pk).update(created_at=clock.now() - timedelta(hours=2))

    change(workflow, ("1==1", [{"queue": other.sid, "timeout": 30}]))

    due = queries.task(task.sid).step_due_at - clock.now()
    assert timedelta(seconds=28) < due < timedelta(seconds=32)


def test_task_that_no_filter_takes_stays_where_it_is(workspace, other, workflow):
    task = make_task(workspace)

    change(workflow, ("kind == 'bill'", [{"queue": other.sid}]))

    assert where(task) == ("Everyone", 1)
    assert told(task) == []


def test_reserved_task_comes_over_when_it_waits_again(workspace, other, workflow):
    ada = make_worker(workspace, "Ada")
    task, assigned = make_task(workspace), make_task(workspace)
    reservation = offered(task, ada)
    ben = make_worker(workspace, "Ben")
    actions.accept(offered(assigned, ben), actor=SYSTEM)

    change(workflow, ("1==1", [{"queue": other.sid}]))
    assert where(task) == where(assigned) == ("Everyone", 1)

    actions.reject(reservation, actor=SYSTEM)
    assert (where(task), where(assigned)) == (("Other", 2), ("Everyone", 1))
    assert queries.task(task.sid).assignment_status == "pending"


def test_reserved_task_of_a_version_that_called_nobody_stays(workspace, other, workflow):
    task = make_task(workspace)
    reservation = offered(task, make_worker(workspace, "Ada"))

    change(workflow, ("1==1", [{"queue": other.sid}]), re_evaluate_tasks=False)
    actions.reject(reservation, actor=SYSTEM)

    assert where(task) == ("Everyone", 1)


def test_task_put_straight_into_a_queue_follows_no_version(workspace, queue, other, workflow):
    task = make_task(workspace, queue, workflow=workflow)

    change(workflow, ("1==1", [{"queue": other.sid}]))

    assert queries.task(task.sid).task_queue == queue


def test_many_tasks_come_over_by_and_by(workspace, other, workflow, monkeypatch):
    tasks = [make_task(workspace) for _ in range(5)]
    monkeypatch.setattr(workflows, "_BATCHES_AT_ONCE", 0)
    change(workflow, ("1==1", [{"queue": other.sid}]))
    version = WorkflowVersion.objects.get(number=2)

    assert re_evaluate(version, limit=2) is True
    assert [where(task)[1] for task in tasks] == [2, 2, 1, 1, 1]
    timers.re_evaluate_tasks(clock.now())
    assert [where(task)[1] for task in tasks] == [2] * 5
    assert re_evaluate(version) is False
    assert [told(task).count("workflow.entered") for task in tasks] == [1] * 5


def test_newer_call_takes_the_place_of_an_older_one(workspace, queue, other, workflow, monkeypatch):
    task = make_task(workspace)
    monkeypatch.setattr(workflows, "_BATCHES_AT_ONCE", 0)
    change(workflow, ("1==1", [{"queue": other.sid}]))
    change(workflow, ("1==1", [{"queue": queue.sid, "priority": 3}]))

    timers.re_evaluate_tasks(clock.now())

    assert (where(task), queries.task(task.sid).priority) == (("Everyone", 3), 3)
    assert told(task).count("workflow.entered") == 1


def test_queue_of_the_old_version_may_go_once_nobody_follows_it(workspace, queue, other, workflow):
    make_task(workspace)

    change(workflow, ("1==1", [{"queue": other.sid}]))
    actions.delete_queue(queue, actor=SYSTEM)

    assert Task.objects.get().task_queue == other
