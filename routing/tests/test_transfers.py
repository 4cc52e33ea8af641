"""Passing a task on: the first agent has it until the second has accepted, whatever happens in between."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from agents import actions as agents
from agents.models import Worker
from agents.tests.factories import activity, agent, bot, channel_of, make_worker, make_workspace, supervisor
from eventlog.models import Event
from kernel import clock
from kernel.actor import SYSTEM
from kernel.errors import Conflict, Forbidden, Invalid, NotFound, StaleMove
from routing import actions, queries, timers
from routing.core.document import stored_workflow
from routing.core.states import TASK, TRANSFER
from routing.core.workflow import step_after_timeout, step_at
from routing.models import Reservation, Task, Transfer
from routing.payloads import transfer_payload
from routing.tests.factories import accepted, asked, document, make_queue, make_task, make_workflow, offered

pytestmark = pytest.mark.django_db


@pytest.fixture
def held(workspace, queue, ada):
    """Ada's reservation of a task that she has accepted."""
    return accepted(make_task(workspace, queue, priority=4, attributes={"topic": "bill"}), ada)


def status(row):
    if isinstance(row, Task):
        return Task.objects.get(pk=row.pk).assignment_status
    if isinstance(row, Transfer):
        return Transfer.objects.get(pk=row.pk).status
    return Reservation.objects.get(pk=row.pk).reservation_status


def mark():
    return Event.objects.order_by("-pk").values_list("pk", flat=True).first()


def told(before):
    return list(Event.objects.filter(pk__gt=before).order_by("pk").values_list("type", flat=True))


def counted(*workers):
    return [(channel_of(worker).load, channel_of(worker).assigned) for worker in workers]


def begin(held, to, by, **more):
    return actions.transfer(queries.task(held.task.sid), to=to.sid, actor=agent(by), **more)


def offer_of(transfer):
    return queries.reservations().get(transfer=transfer, reservation_status="pending")


# --- to a worker ---


def test_worker_is_asked_at_once_while_the_first_keeps_the_task(workspace, held, ada, ben):
    before = mark()

    transfer = begin(held, ben, ada, note="knows the case")

    task = queries.task(held.task.sid)
    assert (status(transfer), task.assignment_status, task.in_transfer) == ("initiated", "reserved", True)
    assert (status(held), counted(ada, ben)) == ("accepted", [(1, 1), (1, 0)])
    assert told(before) == ["task.transfer-initiated", "reservation.created"]
    begun = Event.objects.get(type="task.transfer-initiated")
    assert begun.audiences == [f"floor:{workspace.sid}", f"worker:{ada.sid}"]
    assert begun.data["transfer"] == transfer_payload(queries.transfer(transfer.sid))
    offer = Event.objects.filter(type="reservation.created").last()
    assert (offer.data["transfer"]["note"], offer.data["transfer"]["initiating_worker_name"]) == (
        "knows the case",
        "Ada",
    )
    assert offer_of(transfer).place == 1


def test_cold_acceptance_ends_the_first_part_in_the_same_commit(held, ada, ben):
    transfer = begin(held, ben, ada)
    before = mark()

    actions.accept(offer_of(transfer), actor=agent(ben))

    task = queries.task(held.task.sid)
    assert (status(transfer), task.assignment_status, task.in_transfer) == ("completed", "assigned", False)
    assert (status(held), counted(ada, ben)) == ("completed", [(0, 0), (1, 1)])
    assert told(before) == ["reservation.accepted", "reservation.completed", "task.transfer-completed"]
    actions.complete(task, actor=agent(ben))
    assert (status(task), counted(ada, ben)) == ("completed", [(0, 0), (0, 0)])


def test_warm_acceptance_keeps_both_until_each_is_done(held, ada, ben):
    transfer = begin(held, ben, ada, mode="WARM")
    second = offer_of(transfer)
    actions.accept(second, actor=agent(ben))
    assert (status(held), status(second), status(held.task)) == ("accepted", "accepted", "assigned")
    assert counted(ada, ben) == [(1, 1), (1, 1)]

    actions.complete(queries.task(held.task.sid), actor=agent(ada))
    assert (status(held), status(second), status(held.task)) == ("completed", "accepted", "assigned")
    assert counted(ada, ben) == [(0, 0), (1, 1)]
    assert not Event.objects.filter(type="task.completed").exists()

    actions.complete(queries.task(held.task.sid), actor=agent(ben))
    assert (status(second), status(held.task)) == ("completed", "completed")
    assert Event.objects.filter(type="task.completed").count() == 1


def test_warm_task_wraps_up_with_the_last(held, ada, ben):
    transfer = begin(held, ben, ada, mode="WARM")
    second = offer_of(transfer)
    actions.accept(second, actor=agent(ben))

    actions.wrap_up(queries.task(held.task.sid), actor=agent(ben))
    assert (status(second), status(held), status(held.task)) == ("wrapping", "accepted", "assigned")
    actions.complete(queries.task(held.task.sid), actor=agent(ada))
    assert (status(second), status(held), status(held.task)) == ("wrapping", "completed", "wrapping")
    actions.complete(queries.task(held.task.sid), actor=agent(ben))
    assert status(held.task) == "completed"


def test_those_who_run_the_floor_complete_all_parts(workspace, held, ada, ben):
    transfer = begin(held, ben, ada, mode="WARM")
    second = offer_of(transfer)
    actions.accept(second, actor=agent(ben))

    actions.complete(queries.task(held.task.sid), actor=supervisor(workspace))

    assert (status(held), status(second), status(held.task)) == ("completed", "completed", "completed")
    assert counted(ada, ben) == [(0, 0), (0, 0)]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda row: actions.reject(row, actor=SYSTEM), "Rejected"),
        (actions.expire, "Not answered"),
    ],
)
def test_worker_who_does_not_take_it_leaves_it_with_the_first(held, ada, ben, answer, reason):
    was = queries.task(held.task.sid)
    transfer = begin(held, ben, ada, priority=9, attributes={"topic": "other"})
    before = mark()

    answer(offer_of(transfer))

    task = queries.task(held.task.sid)
    assert (status(transfer), queries.transfer(transfer.sid).reason) == ("failed", reason)
    assert (task.assignment_status, task.in_transfer, status(held)) == ("assigned", False, "accepted")
    kept = {"priority", "attributes", "required_skills", "task_queue", "task_queue_entered_at", "routing_target"}
    assert {name: getattr(task, name) for name in kept} == {name: getattr(was, name) for name in kept}
    assert counted(ada, ben) == [(1, 1), (0, 0)]
    assert told(before)[1:3] == ["task.transfer-attempt-failed", "task.transfer-failed"]
    actions.complete(task, actor=agent(ada))
    assert status(task) == "completed"


def test_worker_who_cannot_take_it_makes_that_nothing_begins(workspace, queue, held, ada, ben):
    away = make_worker(workspace, "Cy", doing="Break")
    offered(make_task(workspace, queue), ben)
    off = make_worker(workspace, "Dee")
    agents.set_capacity(channel_of(off), available=False, actor=SYSTEM)
    before = mark()

    for worker in (ben, away, off):
        with pytest.raises(Invalid) as caught:
            begin(held, worker, ada)
        assert (caught.value.field, caught.value.code) == ("to", "target-unavailable")

    task = queries.task(held.task.sid)
    assert (task.assignment_status, task.in_transfer, mark()) == ("assigned", False, before)
    assert not Transfer.objects.exists()


# --- to a queue ---


def test_queue_seeks_on_after_one_rejection(workspace, held, ada, ben):
    sales = make_queue(workspace, "Sales")
    cy = make_worker(workspace, "Cy")
    transfer = begin(held, sales, ada)
    task = queries.task(held.task.sid)
    assert (task.assignment_status, task.task_queue, task.routing_target) == ("pending", sales, sales.sid)

    first = offered(task, ben)
    actions.reject(first, actor=agent(ben))
    assert (status(transfer), status(task), status(held)) == ("initiated", "pending", "accepted")
    assert Event.objects.get(type="task.transfer-attempt-failed").data["worker_sid"] == ben.sid

    actions.accept(offered(task, cy), actor=agent(cy))
    assert (status(transfer), status(task), status(held)) == ("completed", "assigned", "completed")
    assert queries.task(task.sid).task_queue == sales


def test_queue_transfer_follows_no_step_and_asks_for_no_skills(workspace, queue, ada):
    make_workflow(workspace, ("1==1", [{"queue": queue.sid, "timeout": 5, "expression": "worker.level == 9"}]))
    held = accepted(make_task(workspace, required_skills=["gold"]), ada)
    sales = make_queue(workspace, "Sales")

    transfer = begin(held, sales, ada)

    task = queries.task(held.task.sid)
    assert (task.filter_index, task.step_due_at, task.workflow_version, task.required_skills) == (None, None, None, [])
    actions.cancel_transfer(queries.transfer(transfer.sid), actor=agent(ada))
    back = queries.task(task.sid)
    assert (back.filter_index, back.required_skills, back.task_queue) == (0, ["gold"], queue)


def test_first_agent_is_never_asked_about_his_own_transfer(workspace, queue, ben):
    ada = make_worker(workspace, "Ada", capacity=5)
    held = accepted(make_task(workspace, queue), ada)
    begin(held, make_queue(workspace, "Sales"), ada)

    with pytest.raises(StaleMove):
        offered(held.task, ada)
    assert [row.worker for row in asked(held.task, ada, ben)] == [ben]
    assert counted(ada, ben) == [(1, 1), (1, 0)]


def test_several_are_asked_beside_the_holder(workspace, held, ada, ben):
    cy = make_worker(workspace, "Cy")
    transfer = begin(held, make_queue(workspace, "Sales", max_reserved_workers=2), ada)

    reservations = asked(held.task, ben, cy)
    assert [(row.place, row.transfer) for row in reservations] == [(1, transfer), (2, transfer)]
    actions.accept(reservations[1], actor=agent(cy))

    assert [status(row) for row in (held, *reservations)] == ["completed", "rescinded", "accepted"]
    assert counted(ada, ben, cy) == [(0, 0), (0, 0), (1, 1)]


# --- to a workflow ---


def test_workflow_chooses_by_its_filters_with_all_the_time_of_its_steps(workspace, queue, held, ada):
    sales = make_queue(workspace, "Sales")
    second = make_workflow(workspace, ("topic == 'sale'", [{"queue": sales.sid, "priority": 8, "timeout": 60}]))
    Task.objects.filter(pk=held.task.pk).update(created_at=clock.now() - timedelta(hours=1))

    begin(held, second, ada, attributes={"topic": "sale"})

    task = queries.task(held.task.sid)
    assert (task.task_queue, task.workflow, task.priority, task.filter_index) == (sales, second, 8, 0)
    assert 58 < (task.step_due_at - clock.now()).total_seconds() < 62
    assert task.attributes == {"topic": "sale"}


def test_workflow_that_does_not_take_it_makes_that_nothing_begins(workspace, queue, held, ada):
    second = make_workflow(workspace, ("topic == 'sale'", [{"queue": queue.sid}]))

    with pytest.raises(Invalid) as caught:
        begin(held, second, ada)

    assert caught.value.code == "no-match"
    assert (status(held.task), Transfer.objects.count()) == ("assigned", 0)


def test_transfer_fails_when_the_workflow_has_nothing_left(workspace, queue, held, ada):
    sales = make_queue(workspace, "Sales")
    second = make_workflow(workspace, ("1==1", [{"queue": sales.sid, "timeout": 5}, {"timeout": 5}]))
    transfer = begin(held, second, ada)
    task = queries.task(held.task.sid)
    workflow = stored_workflow(task.workflow_version.configuration)
    step = step_at(workflow, (0, 0), ends_at_age=task.step_ends_at_age)
    actions.advance(task, step=step_after_timeout(workflow, {}, step), cause="timeout")
    before = mark()

    actions.give_up(queries.task(task.sid), cause="timeout")

    fresh = queries.task(task.sid)
    assert (status(transfer), queries.transfer(transfer.sid).reason) == ("failed", "Workflow Timeout")
    assert (fresh.assignment_status, fresh.task_queue, fresh.workflow, status(held)) == (
        "assigned",
        queue,
        None,
        "accepted",
    )
    assert told(before) == ["task-queue.timeout", "workflow.timeout", "task.transfer-failed"]


# --- canceling ---


def test_cancel_withdraws_the_offer_and_keeps_the_task(held, ada, ben):
    transfer = begin(held, ben, ada)
    offer = offer_of(transfer)
    before = mark()

    actions.cancel_transfer(queries.transfer(transfer.sid), actor=agent(ada))

    task = queries.task(held.task.sid)
    assert (status(transfer), status(offer), status(held)) == ("canceled", "canceled", "accepted")
    assert (task.assignment_status, task.in_transfer, counted(ada, ben)) == ("assigned", False, [(1, 1), (0, 0)])
    assert told(before) == ["reservation.canceled", "task.transfer-canceled"]
    with pytest.raises(StaleMove) as caught:
        actions.cancel_transfer(queries.transfer(transfer.sid), actor=agent(ada))
    assert (caught.value.code, caught.value.params["from"]) == ("transfer-state", "canceled")


@pytest.mark.parametrize("state", ["completed", "failed"])
def test_ended_transfer_cannot_be_canceled(held, ada, ben, state):
    transfer = begin(held, ben, ada)
    answer = actions.accept if state == "completed" else actions.reject
    answer(offer_of(transfer), actor=agent(ben))
    assert state not in TRANSFER.sources("cancel")

    with pytest.raises(StaleMove):
        actions.cancel_transfer(queries.transfer(transfer.sid), actor=agent(ada))

    assert status(transfer) == state


def test_only_the_first_agent_and_the_floor_cancel(workspace, held, ada, ben):
    transfer = begin(held, ben, ada)

    with pytest.raises(NotFound):
        actions.cancel_transfer(queries.transfer(transfer.sid), actor=agent(ben))
    with pytest.raises(Forbidden):
        actions.cancel_transfer(queries.transfer(transfer.sid), actor=supervisor(make_workspace("Other")))

    actions.cancel_transfer(queries.transfer(transfer.sid), actor=supervisor(workspace))
    assert status(transfer) == "canceled"


def test_what_was_written_meanwhile_stays(held, ada, ben):
    transfer = begin(held, ben, ada, attributes={"topic": "other"})
    actions.update_task(queries.task(held.task.sid), attributes={"topic": "third"}, actor=SYSTEM)

    actions.cancel_transfer(queries.transfer(transfer.sid), actor=agent(ada))

    assert queries.task(held.task.sid).attributes == {"topic": "third"}


def test_note_and_attributes_stay_with_the_second_agent(held, ada, ben):
    transfer = begin(held, ben, ada, note="be kind", attributes={"topic": "other"}, priority=9)

    actions.accept(offer_of(transfer), actor=agent(ben))

    task = queries.task(held.task.sid)
    assert (task.attributes, task.priority) == ({"topic": "other"}, 9)
    assert queries.transfer(transfer.sid).note == "be kind"


# --- meanwhile ---


@pytest.mark.parametrize("verb", [actions.complete, actions.wrap_up])
def test_first_agent_cannot_finish_meanwhile(workspace, held, ada, ben, verb):
    begin(held, ben, ada)

    for actor in (agent(ada), supervisor(workspace)):
        with pytest.raises(StaleMove, match="under way") as caught:
            verb(queries.task(held.task.sid), actor=actor)
        assert caught.value.code == "in-transfer"
    assert (status(held), status(held.task)) == ("accepted", "reserved")


@pytest.mark.parametrize("verb", [actions.complete_reservation, actions.wrap_up_reservation])
def test_first_agent_cannot_finish_his_part_meanwhile(held, ada, ben, verb):
    begin(held, ben, ada)

    with pytest.raises(StaleMove) as caught:
        verb(queries.reservation(held.sid), actor=agent(ada))

    assert (caught.value.code, status(held)) == ("in-transfer", "accepted")


@pytest.mark.parametrize("target", ["worker", "queue"])
def test_neither_time_to_live_nor_anybody_cancels_a_task_in_transfer(queue, held, ada, ben, target):
    begin(held, ben if target == "worker" else queue, ada)
    Task.objects.filter(pk=held.task.pk).update(expires_at=clock.now() - timedelta(seconds=1))

    timers.expire_tasks(clock.now())
    with pytest.raises(StaleMove) as caught:
        actions.cancel_task(queries.task(held.task.sid), actor=SYSTEM, reason="x")

    assert caught.value.code == "in-transfer"
    assert queries.task(held.task.sid).in_transfer
    assert status(held) == "accepted"


def test_second_transfer_is_refused_while_one_is_open(workspace, held, ada, ben):
    transfer = begin(held, ben, ada)

    with pytest.raises(Conflict):
        begin(held, make_queue(workspace, "Sales"), ada)

    assert Transfer.objects.get() == transfer
    with pytest.raises(IntegrityError), transaction.atomic():
        Transfer.objects.create(task=held.task, initiating_reservation=held, to=ben.sid)


def test_first_agent_may_sign_out_meanwhile_and_gets_it_back(workspace, held, ada, ben):
    transfer = begin(held, ben, ada)
    agents.set_activity(ada, activity=activity(workspace, "Offline"), actor=agent(ada))

    actions.reject(offer_of(transfer), actor=agent(ben))

    assert (status(held), status(held.task)) == ("accepted", "assigned")


def test_neither_agent_can_be_deleted_meanwhile(workspace, held, ada, ben):
    begin(held, ben, ada)

    for worker in (ada, ben):
        agents.set_activity(worker, activity=activity(workspace, "Offline"), actor=SYSTEM)
        with pytest.raises(Conflict):
            agents.delete_worker(worker, actor=SYSTEM)
    assert Worker.objects.count() == 2


def test_task_that_is_deleted_ends_both_parts(held, ada, ben):
    transfer = begin(held, ben, ada)
    before = mark()

    actions.delete_task(queries.task(held.task.sid), actor=SYSTEM)

    assert counted(ada, ben) == [(0, 0), (0, 0)]
    assert told(before) == ["reservation.completed", "reservation.canceled", "task.deleted"]
    assert not Transfer.objects.filter(pk=transfer.pk).exists()


def test_place_that_the_task_may_come_back_to_stays(workspace, queue, ada):
    workflow = make_workflow(workspace, default=queue)
    held = accepted(make_task(workspace), ada)
    sales = make_queue(workspace, "Sales")
    second = make_workflow(workspace, default=sales, name="Second")
    actions.save_workflow(workflow, configuration=document(default=sales), actor=SYSTEM)
    begin(held, second, ada)

    with pytest.raises(Conflict):
        actions.delete_queue(queue, actor=SYSTEM)
    with pytest.raises(Conflict):
        actions.delete_workflow(workflow, actor=SYSTEM)


def test_second_agent_may_pass_it_on_in_turn(workspace, held, ada, ben):
    cy = make_worker(workspace, "Cy")
    actions.accept(offer_of(begin(held, ben, ada, mode="WARM")), actor=agent(ben))

    second = begin(held, cy, ben)
    actions.complete(queries.task(held.task.sid), actor=agent(ada))
    assert (status(held), status(held.task), status(second)) == ("completed", "reserved", "initiated")
    actions.accept(offer_of(second), actor=agent(cy))

    assert (status(held.task), counted(ada, ben, cy)) == ("assigned", [(0, 0), (0, 0), (1, 1)])


# --- who, when and what ---


@pytest.mark.parametrize("state", ["pending", "reserved", "wrapping", "completed"])
def test_only_an_assigned_task_is_passed_on(workspace, queue, ada, ben, state):
    task = make_task(workspace, queue)
    if state != "pending":
        reservation = offered(task, ada)
    if state in ("wrapping", "completed"):
        actions.accept(reservation, actor=SYSTEM)
        (actions.wrap_up if state == "wrapping" else actions.complete)(queries.task(task.sid), actor=SYSTEM)
    assert state not in TASK.sources("transfer")

    with pytest.raises(StaleMove):
        actions.transfer(queries.task(task.sid), to=ben.sid, actor=supervisor(workspace))

    assert (status(task), Transfer.objects.count()) == (state, 0)


def test_other_agents_and_strangers_pass_nothing_on(workspace, held, ada, ben):
    with pytest.raises(NotFound):
        actions.transfer(queries.task(held.task.sid), to=ben.sid, actor=agent(ben))
    for actor in (bot(workspace, "handoffs:write"), supervisor(make_workspace("Other"))):
        with pytest.raises(Forbidden):
            actions.transfer(queries.task(held.task.sid), to=ben.sid, actor=actor)

    actions.transfer(queries.task(held.task.sid), to=ben.sid, actor=supervisor(workspace))
    assert Transfer.objects.get().initiating_reservation == held


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("to", {"to": "WX" + "0" * 32}),
        ("to", {"to": "WK123"}),
        ("to", {"to": "WQ" + "0" * 32}),
        ("mode", {"mode": "LUKEWARM"}),
        ("note", {"note": "x" * 2001}),
        ("priority", {"priority": -1}),
        ("attributes", {"attributes": ["x"]}),
    ],
)
def test_refused_input_names_its_field(held, ada, ben, field, given):
    with pytest.raises(Invalid) as caught:
        actions.transfer(queries.task(held.task.sid), actor=agent(ada), **{"to": ben.sid, **given})

    assert caught.value.field == field
    assert (status(held.task), Transfer.objects.count()) == ("assigned", 0)


def test_worker_who_has_the_task_already_is_refused(held, ada):
    with pytest.raises(Invalid) as caught:
        begin(held, ada, ada)

    assert caught.value.field == "to"
