"""Tasks and reservations: every move, every refused move, and what the database itself refuses."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation

from agents import actions as agents
from agents.models import Worker
from agents.tests.factories import activity, agent, bot, channel_of, load_of, make_worker, make_workspace, supervisor
from eventlog.models import Event
from kernel import clock
from kernel.actor import SYSTEM
from kernel.errors import Forbidden, Invalid, NotFound, StaleMove
from routing import actions, queries
from routing.core.document import stored_workflow
from routing.core.states import RESERVATION, TASK
from routing.core.workflow import first_step, step_after_timeout
from routing.models import Reservation, Task, Workflow
from routing.payloads import reservation_payload, task_payload
from routing.tests.factories import accepted, make_queue, make_task, make_workflow, offered

pytestmark = pytest.mark.django_db


def status(row):
    if isinstance(row, Task):
        return Task.objects.get(pk=row.pk).assignment_status
    return Reservation.objects.get(pk=row.pk).reservation_status


def events_since(pk=0):
    return list(Event.objects.filter(pk__gt=pk).order_by("pk").values_list("type", flat=True))


def mark():
    return Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


# --- creating ---


def test_new_task_is_in_its_queue_at_once(workspace, queue):
    before = mark()

    task = make_task(workspace, queue, attributes={"a": 1}, priority=3, required_skills=["b", "a", "b"], timeout=60)

    fresh = queries.task(task.sid)
    assert (fresh.assignment_status, fresh.task_queue, fresh.priority) == ("pending", queue, 3)
    assert fresh.required_skills == ["a", "b"]
    assert fresh.expires_at - fresh.created_at == timedelta(seconds=60)
    assert fresh.virtual_start_time == fresh.created_at == fresh.task_queue_entered_at
    assert (fresh.filter_index, fresh.step_due_at, fresh.routing_target) == (None, None, queue.sid)
    assert events_since(before) == ["task.created", "task-queue.entered"]
    event = Event.objects.get(type="task.created")
    assert event.audiences == [f"floor:{workspace.sid}"]
    assert event.data == task_payload(fresh)


def test_workflow_chooses_queue_priority_and_deadline(workspace, queue):
    billing = make_queue(workspace, "Billing")
    targets = [{"queue": billing.sid, "priority": 9, "timeout": 30}]
    workflow = make_workflow(workspace, ("kind == 'bill'", targets), default=queue)

    bill = make_task(workspace, attributes={"kind": "bill"}, priority=2)
    other = make_task(workspace, attributes={}, priority=2, workflow=workflow)

    assert (bill.task_queue, bill.priority, bill.workflow) == (billing, 9, workflow)
    assert bill.step_due_at - bill.created_at == timedelta(seconds=30)
    assert (bill.filter_index, bill.target_index, bill.step_ends_at_age) == (0, 0, 30)
    assert (other.task_queue, other.priority, other.step_due_at, other.filter_index) == (queue, 2, None, -1)
    assert bill.workflow_version == workflow.versions.get()


def test_task_that_no_filter_takes_is_refused(workspace, queue):
    workflow = make_workflow(workspace, ("kind == 'bill'", [{"queue": queue.sid}]))

    with pytest.raises(Invalid) as caught:
        make_task(workspace, workflow=workflow)

    assert (caught.value.code, caught.value.field) == ("no-match", "attributes")
    assert not Task.objects.exists()


def test_workflow_must_be_named_unless_there_is_only_one(workspace, queue):
    with pytest.raises(Invalid) as caught:
        make_task(workspace)
    assert caught.value.field == "workflow"

    make_workflow(workspace, default=queue)
    assert make_task(workspace).task_queue == queue

    make_workflow(workspace, default=queue, name="Second")
    with pytest.raises(Invalid):
        make_task(workspace)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("attributes", ["x"]),
        ("attributes", {"x": "y" * 65536}),
        ("priority", -1),
        ("priority", 2**31),
        ("priority", True),
        ("timeout", 0),
        ("timeout", 1_209_601),
        ("task_channel", "fax"),
        ("required_skills", "billing"),
        ("required_skills", [1]),
        ("required_skills", [""]),
        ("required_skills", ["x"] * 51),
        ("virtual_start_time", datetime(1899, 1, 1, tzinfo=UTC)),
        ("virtual_start_time", datetime(2100, 1, 1, tzinfo=UTC)),
        ("virtual_start_time", datetime(2020, 1, 1)),  # noqa: DTZ001
    ],
)
def test_refused_input_names_its_field(workspace, queue, field, value):
    with pytest.raises(Invalid) as caught:
        make_task(workspace, queue, **{field: value})

    assert caught.value.field == field
    assert not Task.objects.exists()


def test_queue_and_workflow_of_another_workspace_are_refused(workspace):
    other = make_workspace("Other")
    foreign = make_queue(other)

    with pytest.raises(Invalid) as caught:
        make_task(workspace, foreign)
    assert caught.value.field == "task_queue"
    with pytest.raises(Invalid) as caught:
        make_task(workspace, workflow=make_workflow(other, default=foreign))
    assert caught.value.field == "workflow"


def test_who_may_create_and_cancel(workspace, queue, ada):
    make_task(workspace, queue, actor=bot(workspace, "handoffs:write"))
    task = make_task(workspace, queue, actor=supervisor(workspace))

    for actor in (agent(ada), bot(workspace), bot(make_workspace("Other"), "handoffs:write")):
        with pytest.raises(Forbidden):
            make_task(workspace, queue, actor=actor)
        with pytest.raises(Forbidden):
            actions.cancel_task(task, actor=actor, reason="no")
    assert status(task) == "pending"


# --- the way through ---


def test_offer_reserves_the_task_and_takes_a_slot(workspace, queue, ada):
    task = make_task(workspace, queue)
    before = mark()

    [reservation] = actions.offer(queries.task(task.sid), workers=[ada])

    assert (status(task), status(reservation), load_of(ada)) == ("reserved", "pending", 1)
    assert reservation.expires_at - reservation.created_at == timedelta(seconds=120)
    assert events_since(before) == ["reservation.created"]
    event = Event.objects.get(type="reservation.created")
    assert event.audiences == [f"floor:{workspace.sid}", f"worker:{ada.sid}"]
    assert event.data == reservation_payload(queries.reservation(reservation.sid))
    assert event.data["task"]["assignment_status"] == "reserved"


def test_reservation_timeout_is_the_workflows(workspace, queue, ada):
    make_workflow(workspace, default=queue, timeout=17)

    reservation = offered(make_task(workspace), ada)

    assert reservation.expires_at - reservation.created_at == timedelta(seconds=17)


def test_accept_wrap_up_complete(workspace, queue, ada):
    task = make_task(workspace, queue)
    reservation = offered(task, ada)
    before = mark()

    actions.accept(reservation, actor=agent(ada))
    assert (status(task), status(reservation), load_of(ada)) == ("assigned", "accepted", 1)
    actions.wrap_up(queries.task(task.sid), actor=agent(ada))
    assert (status(task), status(reservation), load_of(ada)) == ("wrapping", "wrapping", 1)
    actions.complete(queries.task(task.sid), actor=agent(ada), reason="solved")
    assert (status(task), status(reservation), load_of(ada)) == ("completed", "completed", 0)

    fresh = queries.task(task.sid)
    assert (fresh.reason, fresh.ended_at is not None, fresh.version) == ("solved", True, 5)
    assert events_since(before) == [
        "reservation.accepted",
        "reservation.wrapup",
        "task.wrapup",
        "reservation.completed",
        "task.completed",
    ]


def test_complete_without_wrapping_up(workspace, queue, ada):
    reservation = accepted(make_task(workspace, queue), ada)

    actions.complete(reservation.task, actor=agent(ada))

    assert (status(reservation.task), status(reservation), load_of(ada)) == ("completed", "completed", 0)


def test_reject_frees_the_worker_who_keeps_his_activity(workspace, queue, ada):
    task = make_task(workspace, queue)
    reservation = offered(task, ada)
    before = mark()

    actions.reject(reservation, actor=agent(ada), reason="busy")

    assert (status(task), status(reservation), load_of(ada)) == ("pending", "rejected", 0)
    assert Worker.objects.get(pk=ada.pk).activity.friendly_name == "Available"
    assert events_since(before) == ["reservation.rejected"]


def test_a_withdrawn_offer_frees_task_and_worker_who_stays_as_he_is(workspace, queue, ada):
    task = make_task(workspace, queue)
    reservation = offered(task, ada)
    before = mark()

    actions.withdraw(reservation, reason="Nobody answers")

    assert (status(task), status(reservation), load_of(ada)) == ("pending", "canceled", 0)
    assert Worker.objects.get(pk=ada.pk).activity.friendly_name == "Available"
    assert events_since(before) == ["reservation.canceled"]
    with pytest.raises(StaleMove):
        actions.withdraw(reservation)
    with pytest.raises(Forbidden):
        actions.withdraw(offered(task, ada), actor=agent(ada))


def test_expiry_frees_the_task_and_sends_the_worker_to_the_timeout_activity(workspace, queue, ada):
    task = make_task(workspace, queue)
    reservation = offered(task, ada)
    before = mark()

    actions.expire(reservation)

    assert (status(task), status(reservation), load_of(ada)) == ("pending", "timeout", 0)
    assert Worker.objects.get(pk=ada.pk).activity.friendly_name == "Offline"
    assert events_since(before) == ["reservation.timeout", "worker.activity.update"]


def test_cancel_withdraws_the_offer(workspace, queue, ada):
    task = make_task(workspace, queue)
    reservation = offered(task, ada)
    before = mark()

    actions.cancel_task(queries.task(task.sid), actor=SYSTEM, reason="gone")

    assert (status(task), status(reservation), load_of(ada)) == ("canceled", "canceled", 0)
    assert events_since(before) == ["reservation.canceled", "task.canceled"]


def test_cancel_of_a_waiting_task(workspace, queue):
    task = make_task(workspace, queue)

    actions.cancel_task(task, actor=supervisor(workspace), reason="gone")

    assert (status(task), queries.task(task.sid).reason) == ("canceled", "gone")


# --- refused moves ---


def brought_to(state, workspace, queue, worker):
    """A task in that state, and its last reservation."""
    task = make_task(workspace, queue)
    reservation = None
    if state != "pending":
        reservation = offered(task, worker)
    if state in ("assigned", "wrapping", "completed"):
        actions.accept(reservation, actor=SYSTEM)
    if state == "wrapping":
        actions.wrap_up(queries.task(task.sid), actor=SYSTEM)
    if state == "completed":
        actions.complete(queries.task(task.sid), actor=SYSTEM)
    if state == "canceled":
        actions.cancel_task(queries.task(task.sid), actor=SYSTEM, reason="gone")
    return queries.task(task.sid), reservation and queries.reservation(reservation.sid)


TASK_VERBS = {
    "reserve": lambda task, worker: actions.offer(task, workers=[worker]),
    "wrap_up": lambda task, _: actions.wrap_up(task, actor=SYSTEM),
    "complete": lambda task, _: actions.complete(task, actor=SYSTEM),
    "cancel": lambda task, _: actions.cancel_task(task, actor=SYSTEM, reason="x"),
}


@pytest.mark.parametrize("verb", sorted(TASK_VERBS))
@pytest.mark.parametrize("state", sorted(TASK.states))
def test_task_moves_are_exactly_those_of_the_machine(workspace, queue, state, verb):
    ada, ben = make_worker(workspace, "Ada"), make_worker(workspace, "Ben")
    task, _ = brought_to(state, workspace, queue, ada)
    before = mark(), load_of(ada), load_of(ben)

    if state in TASK.sources(verb):
        TASK_VERBS[verb](task, ben)
        assert status(task) == TASK.target(verb)
    else:
        with pytest.raises(StaleMove):
            TASK_VERBS[verb](task, ben)
        assert status(task) == state
        assert (mark(), load_of(ada), load_of(ben)) == before


def test_late_verbs_are_refused_in_the_readers_language(workspace, queue, ada):
    task, _ = brought_to("completed", workspace, queue, ada)

    with pytest.raises(StaleMove) as refused:
        actions.cancel_task(task, reason="late", actor=SYSTEM)

    assert str(refused.value) == "It is too late to cancel: this task is completed now."
    with translation.override("es"):
        told = translation.gettext(refused.value.message) % refused.value.params
    assert told == "Ya no se puede cancelar: la tarea ahora está completada."


RESERVATION_VERBS = {
    "accept": lambda reservation: actions.accept(reservation, actor=SYSTEM),
    "reject": lambda reservation: actions.reject(reservation, actor=SYSTEM),
    "expire": actions.expire,
}


@pytest.mark.parametrize("verb", sorted(RESERVATION_VERBS))
@pytest.mark.parametrize("state", ["accepted", "rejected", "timeout", "canceled", "wrapping", "completed"])
def test_answered_offer_cannot_be_answered_again(workspace, queue, ada, state, verb):
    task = {"accepted": "assigned", "rejected": "reserved", "timeout": "reserved"}.get(state, state)
    _, reservation = brought_to(task, workspace, queue, ada)
    if state in ("rejected", "timeout"):
        RESERVATION_VERBS["reject" if state == "rejected" else "expire"](reservation)
    before = mark(), load_of(ada)
    assert state not in RESERVATION.sources(verb)

    with pytest.raises(StaleMove):
        RESERVATION_VERBS[verb](queries.reservation(reservation.sid))

    assert status(reservation) == state
    assert (mark(), load_of(ada)) == before


def test_old_offer_does_not_answer_for_the_new_one(workspace, queue, ada, ben):
    """The task is reserved again, by somebody else: the first worker's late answer must not take it."""
    task = make_task(workspace, queue)
    old = offered(task, ada)
    actions.reject(queries.reservation(old.sid), actor=SYSTEM)
    new = offered(task, ben)

    for answer in RESERVATION_VERBS.values():
        with pytest.raises(StaleMove):
            answer(queries.reservation(old.sid))

    assert (status(task), status(new), load_of(ada), load_of(ben)) == ("reserved", "pending", 0, 1)


def test_offer_to_somebody_who_cannot_take_it_changes_nothing(workspace, queue, ada, ben):
    first = make_task(workspace, queue)
    offered(first, ada)
    agents.set_activity(ben, activity=activity(workspace, "Break"), actor=SYSTEM)
    task = make_task(workspace, queue)
    before = mark()

    for worker in (ada, ben):
        with pytest.raises(StaleMove):
            actions.offer(queries.task(task.sid), workers=[worker])

    assert (status(task), mark(), load_of(ada), load_of(ben)) == ("pending", before, 1, 0)
    assert not Reservation.objects.filter(task=task).exists()


def test_other_agents_work_does_not_exist(workspace, queue, ada, ben):
    waiting = offered(make_task(workspace, queue), ada)
    with pytest.raises(NotFound):
        actions.accept(waiting, actor=agent(ben))
    with pytest.raises(NotFound):
        actions.reject(waiting, actor=agent(ben))
    actions.accept(waiting, actor=agent(ada))

    with pytest.raises(NotFound):
        actions.wrap_up(queries.task(waiting.task.sid), actor=agent(ben))
    with pytest.raises(NotFound):
        actions.complete(queries.task(waiting.task.sid), actor=agent(ben))
    with pytest.raises(Forbidden):
        actions.complete(queries.task(waiting.task.sid), actor=supervisor(make_workspace("Other")))

    assert status(waiting) == "accepted"
    actions.complete(queries.task(waiting.task.sid), actor=supervisor(workspace))
    assert status(waiting) == "completed"


def test_unavailable_worker_keeps_accepted_work(workspace, queue, ada):
    reservation = accepted(make_task(workspace, queue), ada)

    agents.set_activity(ada, activity=activity(workspace, "Break"), actor=agent(ada))

    assert (status(reservation), load_of(ada)) == ("accepted", 1)
    actions.complete(reservation.task, actor=agent(ada))
    assert load_of(ada) == 0


# --- updating ---


def test_update_tells_the_floor_and_whoever_holds_it(workspace, queue, ada):
    task = make_task(workspace, queue, attributes={"a": 1})
    offered(task, ada)

    actions.update_task(queries.task(task.sid), attributes={"b": 2}, priority=4, actor=SYSTEM)

    event = Event.objects.get(type="task.updated")
    assert event.audiences == [f"floor:{workspace.sid}", f"worker:{ada.sid}"]
    assert (event.data["attributes"], event.data["priority"], event.data["version"]) == ({"b": 2}, 4, 3)


def test_ended_task_cannot_be_updated(workspace, queue):
    task = make_task(workspace, queue)
    actions.cancel_task(task, actor=SYSTEM, reason="gone")

    with pytest.raises(StaleMove):
        actions.update_task(task, attributes={"b": 2}, actor=SYSTEM)


def test_step_is_not_taken_by_a_row_that_has_changed(workspace, queue):
    make_workflow(workspace, ("1==1", [{"queue": queue.sid, "timeout": 5}, {"priority": 8}]))
    task = make_task(workspace)
    workflow = stored_workflow(task.workflow_version.configuration)
    step = step_after_timeout(workflow, {}, first_step(workflow, {}))
    stale = queries.task(task.sid)
    actions.update_task(task, priority=3, actor=SYSTEM)

    with pytest.raises(StaleMove):
        actions.advance(stale, step=step)
    assert queries.task(task.sid).priority == 3
    before = mark()

    actions.advance(queries.task(task.sid), step=step)
    fresh = queries.task(task.sid)
    assert (fresh.priority, fresh.target_index, fresh.step_due_at, fresh.version) == (8, 1, None, 3)
    assert events_since(before) == ["task-queue.timeout", "workflow.target-matched"]


# --- reading ---


def test_position_counts_those_before(workspace, queue):
    other = make_queue(workspace, "Other")
    old = clock.now() - timedelta(hours=1)
    third = make_task(workspace, queue, priority=1)
    second = make_task(workspace, queue, priority=1, virtual_start_time=old)
    first = make_task(workspace, queue, priority=7)
    make_task(workspace, other, priority=9)

    assert [queries.position(task) for task in (first, second, third)] == [1, 2, 3]
    actions.cancel_task(first, actor=SYSTEM, reason="gone")
    assert [queries.position(queries.task(task.sid)) for task in (first, second, third)] == [0, 1, 2]


def test_position_in_a_lifo_queue(workspace):
    queue = make_queue(workspace, "Last in", task_order="LIFO")
    tasks = [make_task(workspace, queue, priority=priority) for priority in (9, 0)]

    assert [queries.position(task) for task in tasks] == [2, 1]


def test_open_reservations_are_what_the_worker_has(workspace, queue):
    ada = make_worker(workspace, "Ada", capacity=9)
    done = accepted(make_task(workspace, queue), ada)
    actions.complete(done.task, actor=SYSTEM)
    held = accepted(make_task(workspace, queue), ada)
    asked = offered(make_task(workspace, queue), ada)

    assert list(queries.open_reservations(ada)) == [held, asked]
    assert queries.standing(done.task) == []
    assert queries.standing(held.task) == [held]
    with pytest.raises(NotFound):
        queries.reservation("WRx")
    with pytest.raises(NotFound):
        queries.task("WTx")


# --- what the database refuses ---


def test_one_open_reservation_for_a_task(workspace, queue, ada, ben):
    task = make_task(workspace, queue)
    offered(task, ada)

    with pytest.raises(IntegrityError), transaction.atomic():
        Reservation.objects.create(task=task, worker=ben, expires_at=clock.now())


@pytest.mark.parametrize(
    "fields",
    [
        {"assignment_status": "completed"},
        {"assignment_status": "lost"},
        {"ended_at": datetime(2026, 1, 1, tzinfo=UTC)},
        {"task_queue": None},
        {"filter_index": 0},
        {"priority": -1},
    ],
)
def test_impossible_tasks(workspace, queue, fields):
    task = make_task(workspace, queue)

    with pytest.raises(IntegrityError), transaction.atomic():
        Task.objects.filter(pk=task.pk).update(**fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"reservation_status": "accepted"},
        {"reservation_status": "rejected"},
        {"reservation_status": "lost"},
        {"accepted_at": datetime(2026, 1, 1, tzinfo=UTC)},
        {"ended_at": datetime(2026, 1, 1, tzinfo=UTC)},
    ],
)
def test_impossible_reservations(workspace, queue, ada, fields):
    reservation = offered(make_task(workspace, queue), ada)

    with pytest.raises(IntegrityError), transaction.atomic():
        Reservation.objects.filter(pk=reservation.pk).update(**fields)


def test_live_task_keeps_queue_and_version(workspace, queue, ada):
    workflow = make_workflow(workspace, default=queue)
    make_task(workspace)

    with pytest.raises(IntegrityError), transaction.atomic():
        queue.delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        Workflow.objects.get(pk=workflow.pk).delete()
    assert channel_of(ada).load == 0
