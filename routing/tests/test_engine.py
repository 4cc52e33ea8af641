"""The router from end to end, in this process: rows in, offers out."""

from datetime import timedelta

import pytest
import time_machine
from django.db import DataError, OperationalError

from agents import actions as agents
from agents.models import Worker, WorkerChannel
from agents.tests.factories import activity, load_of, make_worker, make_workspace
from eventlog import follow
from eventlog.models import Event, Lease
from kernel import clock
from kernel.actor import SYSTEM
from routing import actions, queries, reading, timers
from routing.models import Reservation, Task
from routing.router import engine, stale, writing
from routing.router import workspace as workspace_router
from routing.tests.factories import Pump, document, make_queue, make_task, make_workflow, offered

pytestmark = pytest.mark.django_db


@pytest.fixture
def frozen(monkeypatch):
    """A clock that stands still and is moved by hand, for the database's time as well."""
    with time_machine.travel(clock.now(), tick=False) as traveller:
        for module in ("routing.actions.tasks", "routing.actions.reservations", "routing.actions.reevaluation"):
            monkeypatch.setattr(f"{module}.database_now", clock.now)
        monkeypatch.setattr("routing.router.engine.SteadyClock.now", lambda _: clock.now().timestamp())
        yield traveller


@pytest.fixture
def pump():
    return Pump()


def asked():
    """Who is asked for what, in the order of the offers."""
    rows = Reservation.objects.order_by("pk").values_list("task__sid", "worker__friendly_name", "reservation_status")
    return list(rows)


def ready(worker, name="Available"):
    agents.set_activity(worker, activity=activity(worker.workspace, name), actor=SYSTEM)


def test_waiting_task_goes_to_the_worker_who_becomes_available(workspace, queue, pump):
    task = make_task(workspace, queue)
    ada = make_worker(workspace, "Ada", doing="Offline")
    pump.run()
    assert asked() == []

    ready(ada)
    pump.run()

    assert asked() == [(task.sid, "Ada", "pending")]
    assert Task.objects.get().assignment_status == "reserved"
    assert load_of(ada) == 1


def test_arriving_task_goes_to_the_free_worker(workspace, queue, pump):
    make_worker(workspace, "Ada")
    pump.run()

    task = make_task(workspace, queue)
    pump.run()

    assert asked() == [(task.sid, "Ada", "pending")]


def test_highest_priority_first_then_oldest(workspace, queue, pump):
    tasks = [make_task(workspace, queue, priority=priority) for priority in (1, 5, 5, 9)]
    make_worker(workspace, "Ada", capacity=4)

    pump.run()

    assert [sid for sid, *_ in asked()] == [tasks[place].sid for place in (3, 1, 2, 0)]


def test_longest_idle_first(workspace, queue, pump):
    now = clock.now()
    for name, minutes in (("Ada", 1), ("Ben", 9), ("Cy", 5)):
        worker = make_worker(workspace, name)
        Worker.objects.filter(pk=worker.pk).update(last_assigned_at=now - timedelta(minutes=minutes))
    make_worker(workspace, "Dee")
    for _ in range(4):
        make_task(workspace, queue)

    pump.run()

    assert [name for _, name, _ in asked()] == ["Dee", "Ben", "Cy", "Ada"]


def test_rejected_task_goes_to_the_other_worker(workspace, queue, pump):
    make_worker(workspace, "Ada")
    task = make_task(workspace, queue)
    pump.run()
    ben = make_worker(workspace, "Ben")
    pump.run()

    actions.reject(queries.reservation(Reservation.objects.get().sid), actor=SYSTEM)
    pump.run()

    assert asked() == [(task.sid, "Ada", "rejected"), (task.sid, "Ben", "pending")]
    assert load_of(ben) == 1


def test_lone_worker_who_rejects_is_asked_again_after_a_pause(workspace, queue, pump, frozen):
    make_worker(workspace, "Ada")
    task = make_task(workspace, queue)
    pump.run()
    actions.reject(queries.reservation(Reservation.objects.get().sid), actor=SYSTEM)

    pump.run()
    frozen.shift(4.9)
    pump.run()
    assert asked() == [(task.sid, "Ada", "rejected")]

    frozen.shift(0.2)
    pump.run()
    assert asked() == [(task.sid, "Ada", "rejected"), (task.sid, "Ada", "pending")]


def test_offer_that_times_out_goes_to_the_other_worker(workspace, queue, pump, frozen):
    ada = make_worker(workspace, "Ada")
    task = make_task(workspace, queue)
    pump.run()
    make_worker(workspace, "Ben")
    frozen.shift(120)

    timers.expire_reservations(clock.now())
    pump.run()

    assert asked() == [(task.sid, "Ada", "timeout"), (task.sid, "Ben", "pending")]
    assert Worker.objects.get(pk=ada.pk).activity.friendly_name == "Offline"
    assert load_of(ada) == 0


def test_completed_work_makes_room_for_the_next(workspace, queue, pump):
    make_worker(workspace, "Ada")
    first, second = make_task(workspace, queue), make_task(workspace, queue)
    pump.run()
    assert [sid for sid, *_ in asked()] == [first.sid]

    actions.accept(queries.reservation(Reservation.objects.get().sid), actor=SYSTEM)
    pump.run()
    actions.wrap_up(queries.task(first.sid), actor=SYSTEM)
    pump.run()
    assert [sid for sid, *_ in asked()] == [first.sid]
    actions.complete(queries.task(first.sid), actor=SYSTEM)
    pump.run()

    assert [sid for sid, *_ in asked()] == [first.sid, second.sid]


def test_changed_skills_capacity_and_queue_decide_the_next_task(workspace, pump):
    billing = make_queue(workspace, "Billing", "skills HAS 'billing'")
    ada = make_worker(workspace, "Ada")
    tasks = [make_task(workspace, billing) for _ in range(4)]
    pump.run()
    assert asked() == []

    agents.update_worker(ada, attributes={"skills": ["billing"]}, actor=SYSTEM)
    pump.run()
    assert len(asked()) == 1

    channel = WorkerChannel.objects.get(worker=ada, task_channel__unique_name="default")
    agents.set_capacity(channel, capacity=2, available=True, actor=SYSTEM)
    pump.run()
    assert len(asked()) == 2

    make_worker(workspace, "Ben")
    pump.run()
    assert len(asked()) == 2
    actions.save_queue(billing, target_workers="1==1", actor=SYSTEM)
    pump.run()
    assert [(sid, name) for sid, name, _ in asked()] == [
        (tasks[0].sid, "Ada"),
        (tasks[1].sid, "Ada"),
        (tasks[2].sid, "Ben"),
    ]


def test_changed_workflow_decides_the_next_task(workspace, queue, pump):
    workflow = make_workflow(workspace, default=queue)
    urgent = document(("vip == true", [{"queue": queue.sid, "priority": 50}]), default=queue)
    make_task(workspace, attributes={"vip": True})

    actions.save_workflow(workflow, configuration=urgent, actor=SYSTEM)
    second = make_task(workspace, attributes={"vip": True})
    make_worker(workspace, "Ada")
    pump.run()

    assert asked() == [(second.sid, "Ada", "pending")]


def test_required_skills_are_required(workspace, queue, pump):
    make_worker(workspace, "Ada", "billing")
    make_worker(workspace, "Ben", "billing", "spanish")

    task = make_task(workspace, queue, required_skills=["spanish", "billing"])
    make_task(workspace, queue, required_skills=["french"])
    pump.run()

    assert asked() == [(task.sid, "Ben", "pending")]


def test_step_deadlines_move_the_task_and_then_cancel_it(workspace, queue, pump, frozen):
    second = make_queue(workspace, "Second")
    targets = [{"queue": queue.sid, "timeout": 10, "priority": 1}, {"queue": second.sid, "timeout": 10, "priority": 7}]
    make_workflow(workspace, ("1==1", targets))
    task = make_task(workspace)
    pump.run()
    frozen.shift(9.9)
    pump.run()
    assert queries.task(task.sid).task_queue == queue

    frozen.shift(0.2)
    pump.run()
    moved = queries.task(task.sid)
    assert (moved.task_queue, moved.priority, moved.target_index) == (second, 7, 1)
    assert moved.step_due_at - moved.created_at == timedelta(seconds=20)
    assert moved.task_queue_entered_at > moved.created_at

    frozen.shift(10)
    pump.run()
    ended = queries.task(task.sid)
    assert (ended.assignment_status, ended.reason) == ("canceled", "Workflow Timeout")
    assert list(Event.objects.filter(subject_sid=task.sid).order_by("pk").values_list("type", flat=True)) == [
        "task.created",
        "workflow.entered",
        "workflow.target-matched",
        "task-queue.entered",
        "task-queue.timeout",
        "workflow.target-matched",
        "task-queue.moved",
        "task-queue.entered",
        "task-queue.timeout",
        "workflow.timeout",
        "task.canceled",
    ]


def test_deadline_that_passes_while_reserved_counts_when_the_offer_ends(workspace, queue, pump, frozen):
    second = make_queue(workspace, "Second", "1==2")
    make_workflow(workspace, ("1==1", [{"queue": queue.sid, "timeout": 10}, {"queue": second.sid}]), timeout=60)
    make_worker(workspace, "Ada")
    task = make_task(workspace)
    pump.run()
    frozen.shift(30)
    pump.run()
    assert queries.task(task.sid).assignment_status == "reserved"

    actions.reject(queries.reservation(Reservation.objects.get().sid), actor=SYSTEM)
    pump.run()

    assert queries.task(task.sid).task_queue == second


def test_skip_if_passes_the_task_on_when_nobody_is_free(workspace, queue, pump):
    fallback = make_queue(workspace, "Fallback")
    nobody = make_queue(workspace, "Nobody", "1==2")
    make_workflow(workspace, ("1==1", [{"queue": nobody.sid, "skip_if": "workers.available == 0"}]), default=fallback)

    task = make_task(workspace)
    pump.run()

    assert (queries.task(task.sid).task_queue, queries.task(task.sid).filter_index) == (fallback, -1)


def test_workspaces_do_not_mix(workspace, queue, pump):
    other = make_workspace("Other")
    make_worker(other, "Eve")
    task = make_task(workspace, queue)
    pump.run()
    assert asked() == []

    foreign = make_task(other, make_queue(other))
    make_worker(workspace, "Ada")
    pump.run()

    assert sorted(asked()) == sorted([(task.sid, "Ada", "pending"), (foreign.sid, "Eve", "pending")])


def test_board_is_built_from_the_tables_at_a_later_start(workspace, queue, frozen):
    make_worker(workspace, "Ada")
    task = make_task(workspace, queue)
    first = Pump()
    first.run()
    actions.reject(queries.reservation(Reservation.objects.get().sid), actor=SYSTEM)
    first.router.close()

    second = Pump()
    second.run()
    assert len(asked()) == 1
    frozen.shift(5.1)
    second.run()

    assert asked() == [(task.sid, "Ada", "rejected"), (task.sid, "Ada", "pending")]


def test_second_router_stands_by(workspace, queue, pump):
    rival = engine.Router()
    make_worker(workspace, "Ada")
    pump.run()

    make_task(workspace, queue)
    while pump.relay.step():
        pass
    rival.step()
    assert asked() == []

    pump.run()
    assert len(asked()) == 1


def test_router_that_lost_its_lease_writes_nothing(workspace, queue, pump):
    make_worker(workspace, "Ada")
    pump.run()
    make_task(workspace, queue)
    while pump.relay.step():
        pass
    Lease.objects.filter(name=f"router:{workspace.sid}").update(
        holder="somebody else", fence=99, expires_at=clock.now() + timedelta(minutes=1)
    )

    pump.router.step()
    pump.router.step()

    assert asked() == []
    assert Task.objects.get().assignment_status == "pending"
    assert not Event.objects.filter(type="reservation.created").exists()


def test_offer_that_the_tables_refuse_is_read_again(workspace, queue, pump, monkeypatch):
    """A rival takes the worker's only slot between decision and writing."""
    ada = make_worker(workspace, "Ada")
    pump.run()
    rival = make_task(workspace, queue, priority=1)
    task = make_task(workspace, queue, priority=9)
    original = writing.Writer.write

    def late(writer, decision, judged, **more):
        monkeypatch.setattr(writing.Writer, "write", original)
        offered(rival, ada)
        return original(writer, decision, judged, **more)

    monkeypatch.setattr(writing.Writer, "write", late)
    pump.run()
    assert asked() == [(rival.sid, "Ada", "pending")]
    assert load_of(ada) == 1

    actions.accept(queries.reservation(Reservation.objects.get().sid), actor=SYSTEM)
    actions.complete(queries.task(rival.sid), actor=SYSTEM)
    pump.run()
    assert asked() == [(rival.sid, "Ada", "completed"), (task.sid, "Ada", "pending")]


def test_task_changed_since_it_was_read_is_decided_anew(workspace, queue, pump, monkeypatch):
    make_workflow(workspace, ("1==1", [{"queue": queue.sid, "expression": "worker.level >= task.level"}]))
    make_worker(workspace, "Ada", level=3)
    make_worker(workspace, "Ben", level=9, doing="Break")
    pump.run()
    task = make_task(workspace, attributes={"level": 2})
    original = writing.Writer.write
    decisions = []

    def late(writer, decision, judged, **more):
        if not decisions:
            actions.update_task(queries.task(task.sid), attributes={"level": 5}, actor=SYSTEM)
        decisions.append(decision)
        return original(writer, decision, judged, **more)

    monkeypatch.setattr(writing.Writer, "write", late)
    pump.run()
    assert [len(decision.offers) for decision in decisions] == [1]
    assert asked() == []

    ready(Worker.objects.get(friendly_name="Ben"))
    pump.run()
    assert asked() == [(task.sid, "Ben", "pending")]


def test_a_backlog_is_decided_ahead_in_order(workspace, queue, pump, monkeypatch):
    monkeypatch.setattr(workspace_router, "OFFERS_PER_TRANSACTION", {"postgresql": 2, "sqlite": 2})
    pump.run()
    tasks = [make_task(workspace, queue) for _ in range(7)]
    make_worker(workspace, "Ada", capacity=10)
    pump.relay.step()

    pump.router.step()

    assert [sid for sid, *_ in asked()] == [task.sid for task in tasks]


def test_what_was_decided_ahead_does_not_pass_what_was_refused(workspace, queue, pump, monkeypatch):
    monkeypatch.setattr(workspace_router, "OFFERS_PER_TRANSACTION", {"postgresql": 2, "sqlite": 2})
    pump.run()
    first, second, third, fourth = [make_task(workspace, queue) for _ in range(4)]
    make_worker(workspace, "Ada", capacity=10)
    original, written = writing.Writer.write, []

    def late(writer, decision, judged, **more):
        if not written:
            actions.update_task(queries.task(first.sid), attributes={"changed": True}, actor=SYSTEM)
        written.append([each.task for each in decision.offers])
        return original(writer, decision, judged, **more)

    monkeypatch.setattr(writing.Writer, "write", late)
    pump.run()

    assert written[0] == [first.pk, second.pk]
    assert written[1] == [first.pk, third.pk]
    assert [sid for sid, *_ in asked()] == [second.sid, first.sid, third.sid, fourth.sid]


def test_one_bad_row_does_not_hold_up_the_others(workspace, queue, pump, monkeypatch, frozen):
    make_worker(workspace, "Ada", capacity=3)
    pump.run()
    bad = make_task(workspace, queue, priority=9)
    good = make_task(workspace, queue)
    original = writing.offer

    def broken(task, **more):
        if task.sid == bad.sid:
            raise ValueError("this row is broken")
        return original(task, **more)

    def broken_batch(asked, *_, **__):
        raise DataError("a row of this batch is broken")

    monkeypatch.setattr(writing, "offer", broken)
    monkeypatch.setattr(writing, "offer_together", broken_batch)
    pump.run()
    assert asked() == [(good.sid, "Ada", "pending")]
    assert queries.task(bad.sid).assignment_status == "pending"

    monkeypatch.setattr(writing, "offer", original)
    frozen.shift(stale.SET_ASIDE_SECONDS)
    pump.run()
    assert asked() == [(good.sid, "Ada", "pending"), (bad.sid, "Ada", "pending")]


def test_one_bad_workspace_does_not_hold_up_the_others(workspace, queue, pump, monkeypatch):
    other = make_workspace("Other")
    task = make_task(other, make_queue(other))
    original = reading.queue_facts

    def broken(workspace_id, sids=None):
        if workspace_id == workspace.pk:
            raise ValueError("this workspace is broken")
        return original(workspace_id, sids)

    monkeypatch.setattr(reading, "queue_facts", broken)
    make_worker(other, "Eve")
    pump.run()

    assert asked() == [(task.sid, "Eve", "pending")]


def test_database_failure_costs_the_board_and_nothing_else(workspace, queue, pump, monkeypatch):
    make_worker(workspace, "Ada")
    pump.run()
    task = make_task(workspace, queue)
    original = writing.offer

    def failing(task, **more):
        monkeypatch.setattr(writing, "offer", original)
        raise OperationalError("deadlock detected")

    monkeypatch.setattr(writing, "offer", failing)
    pump.run()

    assert asked() == [(task.sid, "Ada", "pending")]


def test_more_events_than_one_batch(workspace, queue, pump, monkeypatch):
    monkeypatch.setattr(follow, "BATCH", 3)
    monkeypatch.setattr(stale, "BATCH", 2)
    monkeypatch.setattr(workspace_router, "OFFERS_PER_TRANSACTION", {"postgresql": 2, "sqlite": 2})
    tasks = [make_task(workspace, queue) for _ in range(7)]
    make_worker(workspace, "Ada", capacity=20)

    pump.run()

    assert [sid for sid, *_ in asked()] == [task.sid for task in tasks]


def test_time_to_live_ends_waiting_and_reserved_tasks_but_not_assigned_ones(workspace, queue, pump, frozen):
    ada = make_worker(workspace, "Ada", capacity=2)
    held = make_task(workspace, queue, timeout=60)
    pump.run()
    actions.accept(queries.reservation(Reservation.objects.get().sid), actor=SYSTEM)
    reserved = make_task(workspace, queue, timeout=60)
    pump.run()
    waiting = make_task(workspace, queue, timeout=60)
    young = make_task(workspace, queue, timeout=61)
    pump.run()
    assert Reservation.objects.count() == 2
    frozen.shift(60)

    timers.expire_tasks(clock.now())

    found = {task.sid: (task.assignment_status, task.reason) for task in Task.objects.all()}
    assert found == {
        held.sid: ("assigned", ""),
        reserved.sid: ("canceled", "Task TTL Exceeded"),
        waiting.sid: ("canceled", "Task TTL Exceeded"),
        young.sid: ("pending", ""),
    }
    assert load_of(ada) == 1


def test_offers_expire_at_their_deadline_and_not_before(workspace, queue, pump, frozen):
    make_worker(workspace, "Ada")
    make_task(workspace, queue)
    pump.run()

    frozen.shift(119.9)
    timers.expire_reservations(clock.now())
    assert Reservation.objects.get().reservation_status == "pending"
    frozen.shift(0.1)
    timers.expire_reservations(clock.now())
    timers.expire_reservations(clock.now())

    assert Reservation.objects.get().reservation_status == "timeout"
    assert Event.objects.filter(type="reservation.timeout").count() == 1


def test_sweep_goes_on_after_a_row_that_fails(workspace, queue, frozen, monkeypatch):
    for name in ("Ada", "Ben"):
        offered(make_task(workspace, queue), make_worker(workspace, name))
    frozen.shift(121)
    original = timers.expire
    calls = []

    def broken(_numbers, *, now):
        raise DataError(f"one of these rows is broken at {now}")

    def broken_once(reservation):
        calls.append(reservation)
        if len(calls) == 1:
            raise ValueError("this row is broken")
        return original(reservation)

    monkeypatch.setattr(timers, "expire_together", broken)
    monkeypatch.setattr(timers, "expire", broken_once)
    timers.expire_reservations(clock.now())

    assert sorted(Reservation.objects.values_list("reservation_status", flat=True)) == ["pending", "timeout"]
    assert len(calls) == 2


def test_a_workspace_that_is_gone_has_no_router_any_more(workspace, pump, caplog):
    router = pump.router
    pump.run()
    assert workspace.sid in router.routers

    actions.delete_workspace(workspace, actor=SYSTEM)
    router.routers[workspace.sid].board = None  # As after any change of the configuration.
    router.step()
    router.step()

    assert workspace.sid not in router.routers
    assert "could not be routed" not in caplog.text
