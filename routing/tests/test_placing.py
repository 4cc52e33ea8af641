"""Where a new task begins, and what is told of its way."""

import json
from datetime import timedelta

import pytest

from agents import actions as agents
from agents import queries as agents_queries
from agents.tests.factories import activity, agent, channel_of, make_worker, make_workspace
from eventlog.models import Event
from kernel import sids
from kernel.actor import SYSTEM
from kernel.errors import Conflict, Forbidden, Invalid, StaleMove
from routing import actions, queries
from routing.actions import tasks
from routing.core.document import stored_workflow
from routing.core.workflow import first_step, step_after_skip, step_after_timeout
from routing.models import Reservation, Task, Workflow
from routing.payloads import task_payload
from routing.tests.factories import accepted, asked, make_queue, make_task, make_workflow, offered

pytestmark = pytest.mark.django_db


def told(task, before=0):
    rows = Event.objects.filter(subject_sid=task.sid, pk__gt=before).order_by("pk")
    return list(rows.values_list("type", flat=True))


def mark():
    return Event.objects.order_by("-pk").values_list("pk", flat=True).first()


# --- first events ---


def test_way_through_a_workflow_is_told_in_order(workspace, queue):
    make_workflow(workspace, default=queue)

    task = make_task(workspace)

    assert told(task) == ["task.created", "workflow.entered", "workflow.target-matched", "task-queue.entered"]
    floor = [f"floor:{workspace.sid}"]
    rows = Event.objects.filter(subject_sid=task.sid).order_by("pk")
    assert [event.audiences for event in rows] == [floor, [], [], floor]
    assert all(event.data == task_payload(queries.task(task.sid)) for event in rows)


def test_task_without_a_workflow_enters_its_queue_alone(workspace, queue):
    assert told(make_task(workspace, queue)) == ["task.created", "task-queue.entered"]


# --- targets ---


def test_task_for_a_worker_goes_by_no_step(workspace, queue, ada):
    billing = make_queue(workspace, "Billing")
    workflow = make_workflow(workspace, ("1==1", [{"queue": billing.sid, "timeout": 5, "priority": 7}]))

    plain = make_task(workspace, routing_target=ada.sid)
    named = make_task(workspace, billing, routing_target=ada.sid, ignore_capacity=False)
    counted = make_task(workspace, routing_target=ada.sid, workflow=workflow)

    assert [(row.task_queue, row.ignore_capacity, row.workflow) for row in (plain, named, counted)] == [
        (queue, True, None),
        (billing, False, None),
        (billing, True, workflow),
    ]
    for task in (plain, named, counted):
        assert (task.routing_target, task.filter_index, task.step_due_at, task.priority) == (ada.sid, None, None, 0)


def test_task_for_a_queue_or_a_workflow(workspace, queue):
    billing = make_queue(workspace, "Billing")
    make_workflow(workspace, default=queue)
    second = make_workflow(workspace, default=billing, name="Second")

    to_queue = make_task(workspace, routing_target=billing.sid)
    to_workflow = make_task(workspace, routing_target=second.sid)

    assert (to_queue.task_queue, to_queue.workflow, to_queue.routing_target) == (billing, None, billing.sid)
    assert (to_workflow.task_queue, to_workflow.workflow) == (billing, second)
    assert (to_workflow.routing_target, to_workflow.filter_index) == (second.sid, -1)


def test_target_of_a_wrong_form_is_refused_as_twilio_says_it(workspace, queue):
    with pytest.raises(Invalid) as caught:
        make_task(workspace, routing_target="WW123z")

    assert caught.value.field == "routing_target"
    assert str(caught.value) == (
        "Value 'WW123z' provided for WorkflowSid as RoutingTarget has an invalid format. "
        f"WorkspaceSid: {workspace.sid}, AccountSid: {workspace.account.sid}"
    )


@pytest.mark.parametrize("kind", ["WK", "WQ", "WW", "WT", ""])
def test_target_that_does_not_exist_is_refused(workspace, queue, kind):
    strangers = make_workspace("Other")
    foreign = {"WK": make_worker(strangers, "Cy").sid, "WQ": make_queue(strangers).sid}.get(kind, sids.new(kind or "X"))

    for target in (foreign, sids.new(kind or "X")):
        with pytest.raises(Invalid) as caught:
            make_task(workspace, routing_target=target)
        assert caught.value.field == "routing_target"
    assert not Task.objects.exists()


def test_capacity_is_ignored_for_a_worker_alone(workspace, queue):
    with pytest.raises(Invalid) as caught:
        make_task(workspace, queue, ignore_capacity=True)

    assert caught.value.field == "ignore_capacity"
    assert make_task(workspace, queue, ignore_capacity=False).ignore_capacity is False


def test_worker_s_task_needs_a_queue_somewhere(workspace, ada):
    with pytest.raises(Invalid) as caught:
        make_task(workspace, routing_target=ada.sid)

    assert caught.value.field == "task_queue"


def test_channel_by_sid_and_addons(workspace, queue):
    sms = agents_queries.task_channel(workspace, "sms")

    task = make_task(workspace, queue, task_channel=sms.sid, addons={"lookup": {"name": "M"}})

    assert (task.task_channel, queries.task(task.sid).addons) == (sms, {"lookup": {"name": "M"}})
    with pytest.raises(Invalid) as caught:
        make_task(workspace, queue, addons=["x"])
    assert caught.value.field == "addons"


# --- changing ---


def test_update_replaces_what_is_given(workspace, queue):
    task = make_task(workspace, queue, attributes={"a": 1}, priority=3)
    start = task.created_at - timedelta(hours=1)

    actions.update_task(queries.task(task.sid), virtual_start_time=start, reason="callback", actor=SYSTEM)

    fresh = queries.task(task.sid)
    assert (fresh.virtual_start_time, fresh.reason) == (start, "callback")
    assert (fresh.attributes, fresh.priority, fresh.created_at, fresh.expires_at) == (
        {"a": 1},
        3,
        task.created_at,
        task.expires_at,
    )


def test_update_to_the_future_is_refused(workspace, queue):
    task = make_task(workspace, queue)

    with pytest.raises(Invalid) as caught:
        actions.update_task(task, virtual_start_time=task.created_at + timedelta(days=1), actor=SYSTEM)

    assert caught.value.field == "virtual_start_time"


def test_slots_move_along_with_the_channel(workspace, queue, ada):
    reservation = accepted(make_task(workspace, queue), ada)

    actions.update_task(queries.task(reservation.task.sid), task_channel="voice", actor=SYSTEM)

    before, after = channel_of(ada, "default"), channel_of(ada, "voice")
    assert [(row.load, row.assigned) for row in (before, after)] == [(0, 0), (1, 1)]
    actions.complete(queries.task(reservation.task.sid), actor=SYSTEM)
    assert channel_of(ada, "voice").load == 0


def test_priority_given_by_hand_sticks_until_a_target_sets_one(workspace, queue):
    make_workflow(workspace, ("1==1", [{"queue": queue.sid, "timeout": 5}, {"timeout": 5}, {"priority": 9}]))
    task = make_task(workspace, priority=2)
    actions.update_task(task, priority=5, actor=SYSTEM)
    document = stored_workflow(task.workflow_version.configuration)
    second = step_after_timeout(document, {}, first_step(document, {}))

    actions.advance(queries.task(task.sid), step=second)
    assert queries.task(task.sid).priority == 5
    actions.advance(queries.task(task.sid), step=step_after_timeout(document, {}, second))
    assert queries.task(task.sid).priority == 9


# --- deleting ---


@pytest.mark.parametrize("state", ["pending", "reserved", "assigned", "wrapping", "completed", "canceled"])
def test_task_is_deleted_in_any_state_and_frees_who_had_it(workspace, state):
    queue = make_queue(workspace, max_reserved_workers=2)
    crew = [make_worker(workspace, name) for name in ("Ada", "Ben")]
    task = make_task(workspace, queue)
    if state in ("reserved", "assigned", "wrapping", "completed"):
        first, _ = asked(task, *crew)
    if state in ("assigned", "wrapping", "completed"):
        actions.accept(first, actor=SYSTEM)
    if state == "wrapping":
        actions.wrap_up(queries.task(task.sid), actor=SYSTEM)
    if state == "completed":
        actions.complete(queries.task(task.sid), actor=SYSTEM)
    if state == "canceled":
        actions.cancel_task(queries.task(task.sid), actor=SYSTEM, reason="x")
    before = mark()

    actions.delete_task(queries.task(task.sid), actor=SYSTEM)

    assert not Task.objects.exists()
    assert not Reservation.objects.exists()
    assert [(channel_of(each).load, channel_of(each).assigned) for each in crew] == [(0, 0), (0, 0)]
    ended = {"reserved": ["reservation.canceled"] * 2, "assigned": ["reservation.completed"]}
    ended["wrapping"] = ended["assigned"]
    types = list(Event.objects.filter(pk__gt=before).order_by("pk").values_list("type", flat=True))
    assert types == [*ended.get(state, []), "task.deleted"]


def test_agents_delete_nothing(workspace, queue, ada):
    reservation = offered(make_task(workspace, queue), ada)

    with pytest.raises(Forbidden):
        actions.delete_task(queries.task(reservation.task.sid), actor=agent(ada))

    assert Task.objects.exists()


# --- steps ---


def two_queues(workspace, queue, *, timeout=5):
    second = make_queue(workspace, "Second")
    make_workflow(workspace, ("1==1", [{"queue": queue.sid, "timeout": timeout}, {"queue": second.sid}]))
    task = make_task(workspace)
    document = stored_workflow(task.workflow_version.configuration)
    return task, document, second


def test_timeout_that_leads_to_another_queue_is_told(workspace, queue):
    task, document, second = two_queues(workspace, queue)
    before = mark()

    actions.advance(queries.task(task.sid), step=step_after_timeout(document, {}, first_step(document, {})))

    assert told(task, before) == [
        "task-queue.timeout",
        "workflow.target-matched",
        "task-queue.moved",
        "task-queue.entered",
    ]
    event = Event.objects.get(type="task-queue.moved")
    assert (event.data["left_task_queue_sid"], event.data["task_queue_sid"]) == (queue.sid, second.sid)


def test_skip_is_no_timeout(workspace, queue):
    task, document, _ = two_queues(workspace, queue)
    before = mark()

    step = step_after_skip(document, {}, first_step(document, {}))
    actions.advance(queries.task(task.sid), step=step, cause="skip")

    assert told(task, before) == ["workflow.target-matched", "task-queue.moved", "task-queue.entered"]


@pytest.mark.parametrize(
    ("cause", "reason", "events"),
    [
        ("timeout", "Workflow Timeout", ["task-queue.timeout", "workflow.timeout", "task.canceled"]),
        ("skip", "Workflow Skipped", ["workflow.skipped", "task.canceled"]),
    ],
)
def test_task_for_which_nothing_is_left_is_canceled(workspace, queue, cause, reason, events):
    task, _, _ = two_queues(workspace, queue)
    before = mark()

    actions.give_up(queries.task(task.sid), cause=cause)

    fresh = queries.task(task.sid)
    assert (fresh.assignment_status, fresh.reason) == ("canceled", reason)
    assert told(task, before) == events


def test_nothing_is_given_up_that_has_changed_since(workspace, queue, ada):
    task, _, _ = two_queues(workspace, queue)
    stale, reserved = queries.task(task.sid), queries.task(task.sid)
    actions.update_task(queries.task(task.sid), priority=4, actor=SYSTEM)

    with pytest.raises(StaleMove):
        actions.give_up(stale, cause="timeout")
    offered(task, ada)
    with pytest.raises(StaleMove):
        actions.give_up(reserved, cause="timeout")

    assert queries.task(task.sid).assignment_status == "reserved"


# --- workspaces ---


def test_fifo_template_brings_a_queue_and_a_workflow(workspace):
    made = actions.create_workspace(account=workspace.account, friendly_name="New", template="FIFO", actor=SYSTEM)

    task = make_task(made, attributes={"any": "thing"})

    assert (task.task_queue.friendly_name, task.task_queue.target_workers) == ("Default Fifo Queue", "1==1")
    assert task.workflow.friendly_name == "Default Fifo Workflow"
    assert json.loads(task.workflow.configuration)["task_routing"]["filters"][0]["expression"] == "1==1"
    plain = actions.create_workspace(account=workspace.account, friendly_name="Plain", actor=SYSTEM)
    assert (plain.task_queues.count(), plain.workflows.count()) == (0, 0)
    with pytest.raises(Invalid) as caught:
        actions.create_workspace(account=workspace.account, friendly_name="x", template="LIFO", actor=SYSTEM)
    assert caught.value.field == "template"


def test_workspace_is_deleted_with_its_ended_tasks_and_stays_with_a_live_one(workspace, queue):
    make_workflow(workspace, default=queue)
    make_worker(workspace, "Ada", doing="Offline")
    task = make_task(workspace)
    with pytest.raises(Conflict):
        actions.delete_workspace(workspace, actor=SYSTEM)
    actions.cancel_task(task, actor=SYSTEM, reason="x")

    actions.delete_workspace(workspace, actor=SYSTEM)

    assert not Task.objects.exists()
    assert Event.objects.order_by("-pk")[0].type == "workspace.deleted"


def test_channel_with_tasks_and_activity_of_a_queue_stay(workspace, queue):
    make_task(workspace, queue, task_channel="sms")
    actions.save_queue(queue, reservation_activity=activity(workspace, "Break"), actor=SYSTEM)

    with pytest.raises(Conflict):
        agents.delete_task_channel(agents_queries.task_channel(workspace, "sms"), actor=SYSTEM)
    with pytest.raises(Conflict, match="Everyone"):
        agents.delete_activity(activity(workspace, "Break"), actor=SYSTEM)

    actions.save_queue(queue, reservation_activity=None, actor=SYSTEM)
    agents.delete_activity(activity(workspace, "Break"), actor=SYSTEM)


# --- what is deleted at the same moment ---


def test_a_workflow_that_was_just_deleted_takes_no_task(workspace, queue):
    workflow = make_workflow(workspace, default=queue)
    Workflow.objects.all().delete()

    with pytest.raises(Invalid) as caught:
        make_task(workspace, workflow=workflow)

    assert caught.value.field == "workflow"


@pytest.mark.django_db(transaction=True)
def test_a_workflow_that_is_deleted_while_a_task_comes_is_told(workspace, queue, monkeypatch):
    """Between the choice of the place and the row: the database finds it at the commit."""
    make_workflow(workspace, default=queue)
    chosen = tasks.first_place

    def first_place(*args, **given):
        place = chosen(*args, **given)
        Workflow.objects.all().delete()
        return place

    monkeypatch.setattr(tasks, "first_place", first_place)

    with pytest.raises(Conflict):
        make_task(workspace)

    assert not Task.objects.exists()
