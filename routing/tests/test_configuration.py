"""Queues and workflows: saved, refused with the place of the error, deleted only when nothing needs them."""

import json
from types import SimpleNamespace

import pytest

from agents.tests.factories import agent, make_worker, make_workspace, supervisor
from eventlog.models import Event
from kernel.actor import SYSTEM
from kernel.errors import Conflict, Forbidden, Invalid
from routing import actions, queries
from routing.models import Task, TaskQueue, Workflow, WorkflowVersion
from routing.payloads import task_queue_payload, workflow_payload
from routing.tests.factories import document, make_queue, make_task, make_workflow

pytestmark = pytest.mark.django_db


def test_queue_is_made_and_changed(workspace):
    boss = supervisor(workspace)
    queue = actions.save_queue(TaskQueue(workspace=workspace), friendly_name=" Billing ", actor=boss)
    assert (queue.friendly_name, queue.target_workers, queue.task_order, queue.version) == (
        "Billing",
        "1==1",
        "FIFO",
        1,
    )

    actions.save_queue(queue, target_workers="skills HAS 'billing'", actor=boss)

    fresh = TaskQueue.objects.get()
    assert (fresh.friendly_name, fresh.target_workers, fresh.version) == ("Billing", "skills HAS 'billing'", 2)
    told = Event.objects.filter(subject_sid=queue.sid).order_by("pk")
    assert list(told.values_list("type", flat=True)) == ["task-queue.created", "task-queue.expression.updated"]
    event = Event.objects.last()
    assert event.audiences == [f"floor:{workspace.sid}"]
    assert event.data == {**task_queue_payload(fresh), "previous": {"target_workers": "1==1"}}


def test_expression_is_refused_at_its_place(workspace, queue):
    with pytest.raises(Invalid) as caught:
        actions.save_queue(queue, target_workers="skills HAS", actor=SYSTEM)

    assert caught.value.field == "target_workers"
    assert (caught.value.params["line"], caught.value.params["column"]) == (1, 11)
    assert TaskQueue.objects.get().target_workers == "1==1"


def test_empty_expression_is_allowed(queue):
    assert actions.save_queue(queue, target_workers="", actor=SYSTEM).target_workers == ""


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("friendly_name", " "),
        ("friendly_name", "x" * 65),
        ("task_order", "RANDOM"),
        ("max_reserved_workers", 0),
        ("max_reserved_workers", 51),
    ],
)
def test_queue_fields_are_checked(queue, field, value):
    with pytest.raises(Invalid) as caught:
        actions.save_queue(queue, actor=SYSTEM, **{field: value})

    assert caught.value.field == field


def test_names_are_unique(workspace, queue):
    with pytest.raises(Conflict) as caught:
        make_queue(workspace, "Everyone")
    assert caught.value.field == "friendly_name"
    make_workflow(workspace, default=queue)
    with pytest.raises(Conflict):
        make_workflow(workspace, default=queue)
    make_queue(make_workspace("Other"), "Everyone")


def test_only_those_who_configure_may(workspace, queue):
    ada = agent(make_worker(workspace, "Ada"))
    workflow = make_workflow(workspace, default=queue)
    for verb in (
        lambda: actions.save_queue(queue, target_workers="1==2", actor=ada),
        lambda: actions.delete_queue(queue, actor=ada),
        lambda: actions.save_workflow(workflow, task_reservation_timeout=1, actor=ada),
        lambda: actions.delete_workflow(workflow, actor=ada),
        lambda: actions.save_queue(queue, target_workers="1==2", actor=supervisor(make_workspace("Other"))),
    ):
        with pytest.raises(Forbidden):
            verb()


def test_workflow_keeps_a_version_for_each_document(workspace, queue):
    workflow = make_workflow(workspace, default=queue)
    first = workflow.configuration
    second = document(("1==1", [{"queue": queue.sid}]))

    actions.save_workflow(workflow, task_reservation_timeout=99, actor=SYSTEM)
    assert workflow.versions.count() == 1
    actions.save_workflow(workflow, configuration=second, actor=supervisor(workspace))

    assert list(workflow.versions.order_by("number").values_list("number", "configuration")) == [
        (1, first),
        (3, second),
    ]
    event = Event.objects.filter(type="workflow.updated").last()
    assert event.data == {**workflow_payload(Workflow.objects.get()), "previous": {"configuration": first}}


def test_tasks_stay_on_their_version(workspace, queue):
    other = make_queue(workspace, "Other")
    workflow = make_workflow(workspace, ("1==1", [{"queue": queue.sid}]))
    before = make_task(workspace)

    actions.save_workflow(workflow, configuration=document(("1==1", [{"queue": other.sid}])), actor=SYSTEM)
    after = make_task(workspace)

    assert (queries.task(before.sid).task_queue, after.task_queue) == (queue, other)
    assert before.workflow_version.number < after.workflow_version.number


def test_document_is_refused_at_its_path(workspace, queue):
    workflow = make_workflow(workspace, default=queue)
    bad = document(("1==1", [{"queue": queue.sid}, {"expression": "worker.level ="}]))

    with pytest.raises(Invalid) as caught:
        actions.save_workflow(workflow, configuration=bad, actor=SYSTEM)

    assert caught.value.field == "configuration"
    assert caught.value.params["path"] == "task_routing.filters[0].targets[1].expression"
    assert (caught.value.params["line"], caught.value.params["column"]) == (1, 15)
    assert str(caught.value).startswith("task_routing.filters[0].targets[1].expression: Line 1, column 15: a value")
    assert WorkflowVersion.objects.count() == 1
    assert Workflow.objects.get().version == 1


def test_json_is_refused_at_its_line(workspace, queue):
    with pytest.raises(Invalid, match="Line 2, column 2") as caught:
        actions.save_workflow(
            Workflow(workspace=workspace), friendly_name="x", configuration='{"task_routing":\n }', actor=SYSTEM
        )

    assert caught.value.field == "configuration"


@pytest.mark.parametrize("seconds", [0, 86_401])
def test_reservation_timeout_has_bounds(workspace, queue, seconds):
    with pytest.raises(Invalid) as caught:
        make_workflow(workspace, default=queue, timeout=seconds)

    assert caught.value.field == "task_reservation_timeout"


def test_queue_of_another_workspace_is_unknown_in_a_workflow(workspace):
    with pytest.raises(Invalid, match="no queue"):
        make_workflow(workspace, default=make_queue(make_workspace("Other")))


def test_queue_that_a_workflow_names_stays(workspace, queue):
    workflow = make_workflow(workspace, default=queue)

    with pytest.raises(Conflict, match="Messages refers to this queue"):
        actions.delete_queue(queue, actor=SYSTEM)

    actions.delete_workflow(workflow, actor=SYSTEM)
    actions.delete_queue(queue, actor=SYSTEM)
    assert not TaskQueue.objects.exists()
    assert list(Event.objects.order_by("pk").values_list("type", flat=True))[-2:] == [
        "workflow.deleted",
        "task-queue.deleted",
    ]


def test_queue_that_an_older_version_names_stays_while_a_task_follows_it(workspace, queue):
    old = make_queue(workspace, "Old")
    workflow = make_workflow(workspace, ("1==1", [{"queue": queue.sid, "timeout": 5}, {"queue": old.sid}]))
    task = make_task(workspace)
    actions.save_workflow(workflow, configuration=document(default=queue), actor=SYSTEM)

    with pytest.raises(Conflict):
        actions.delete_queue(old, actor=SYSTEM)

    actions.cancel_task(task, actor=SYSTEM, reason="gone")
    actions.delete_queue(old, actor=SYSTEM)
    assert json.loads(Workflow.objects.get().configuration)


def test_queue_with_a_live_task_stays_and_an_ended_one_lets_it_go(workspace, queue):
    task = make_task(workspace, queue)
    with pytest.raises(Conflict, match="tasks in this queue"):
        actions.delete_queue(queue, actor=SYSTEM)

    actions.cancel_task(task, actor=SYSTEM, reason="gone")
    actions.delete_queue(queue, actor=SYSTEM)

    assert queries.task(task.sid).task_queue is None


def test_workflow_with_a_live_task_stays(workspace, queue):
    workflow = make_workflow(workspace, default=queue)
    task = make_task(workspace)
    with pytest.raises(Conflict, match="still follow"):
        actions.delete_workflow(workflow, actor=SYSTEM)

    actions.cancel_task(task, actor=SYSTEM, reason="gone")
    actions.delete_workflow(workflow, actor=SYSTEM)

    assert queries.task(task.sid).workflow is None


def test_a_task_that_comes_while_its_workflow_is_deleted_keeps_it(workspace, queue, monkeypatch):
    """As if it came right behind the look for tasks: the database itself then refuses."""
    workflow = make_workflow(workspace, default=queue)
    make_task(workspace)
    monkeypatch.setattr("routing.actions.workflows._has_tasks", lambda _workflow: False)

    with pytest.raises(Conflict, match="Tasks still follow this workflow"):
        actions.delete_workflow(workflow, actor=SYSTEM)

    assert Workflow.objects.filter(pk=workflow.pk).exists()


def test_a_task_that_comes_while_its_queue_is_deleted_keeps_it(workspace, queue, monkeypatch):
    make_task(workspace, task_queue=queue)
    monkeypatch.setattr("routing.actions.queues._has_tasks", lambda _queue: False)

    with pytest.raises(Conflict, match="There are tasks in this queue"):
        actions.delete_queue(queue, actor=SYSTEM)

    assert TaskQueue.objects.filter(pk=queue.pk).exists()


def test_a_task_that_comes_while_its_workspace_is_deleted_keeps_it(workspace, queue, monkeypatch):
    make_workflow(workspace, default=queue)
    make_task(workspace)
    monkeypatch.setattr("routing.actions.workspaces.Task", SimpleNamespace(objects=Task.objects.none()))

    with pytest.raises(Conflict, match="There are tasks in this workspace"):
        actions.delete_workspace(workspace, actor=SYSTEM)

    assert Workflow.objects.filter(workspace=workspace).exists()
