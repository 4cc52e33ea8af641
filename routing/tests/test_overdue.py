"""Many deadlines at once: the same rows and the same events as by the verbs, one by one."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection

from agents.models import Worker, WorkerChannel
from agents.tests.factories import make_worker, make_workspace
from eventlog.models import Event
from kernel import clock
from kernel.actor import SYSTEM
from routing import actions, queries, timers
from routing.actions.returning import MAX_ASSIGNMENTS
from routing.actions.tasks import TTL_EXCEEDED
from routing.models import Reservation, Task
from routing.tests.factories import asked, document, make_queue, make_task, make_workflow

pytestmark = pytest.mark.django_db

LATER = timedelta(hours=25)
together = pytest.mark.skipif(connection.vendor == "sqlite", reason="on SQLite each goes by its verb")


def office(name):
    """A task asked of two, one of one, one that waits, one that somebody has accepted, and an agent who has left."""
    workspace = make_workspace(name)
    queue = make_queue(workspace, max_reserved_workers=2)
    crew = [make_worker(workspace, each, capacity=5) for each in ("Ada", "Ben", "Cy")]
    tasks = [make_task(workspace, queue, attributes={"n": n}) for n in range(4)]
    rows = [asked(tasks[0], *crew[:2]), asked(tasks[1], crew[2]), [], asked(tasks[3], crew[0])]
    actions.accept(rows[3][0], actor=SYSTEM)
    return workspace


def rows_of(workspace):
    """All that a sweep may change, in words that two offices share."""
    tasks = Task.objects.filter(workspace=workspace).order_by("pk")
    offers = Reservation.objects.filter(task__workspace=workspace).order_by("pk")
    workers = Worker.objects.filter(workspace=workspace).order_by("pk")
    channels = WorkerChannel.objects.filter(worker__workspace=workspace).order_by("pk")
    return {
        "tasks": list(tasks.values_list("assignment_status", "reason", "version", "ended_at", "step_due_at")),
        "offers": list(offers.values_list("reservation_status", "reason", "version", "ended_at")),
        "workers": list(workers.values_list("friendly_name", "activity__friendly_name", "version")),
        "channels": list(channels.values_list("load", "assigned")),
    }


def told_of(workspace, after):
    """The events, those of one row in their order, sids and times left out."""
    events = Event.objects.filter(workspace_sid=workspace.sid, pk__gt=after).order_by("subject_sid", "pk")
    return sorted((event.type, len(event.audiences), _said(event.data)) for event in events)


def _said(data):
    """Without the task of an offer: where all offers end at once, it waits again from the first event on."""
    names = ("assignment_status", "reservation_status", "worker_name", "activity_name", "version", "reason")
    return str([data.get(name) for name in names])


def expire_one_by_one(workspace):
    for row in Reservation.objects.filter(task__workspace=workspace, reservation_status="pending"):
        actions.expire(queries.reservation(row.sid))


def cancel_one_by_one(workspace):
    for row in Task.objects.filter(workspace=workspace, assignment_status__in=("pending", "reserved")):
        actions.cancel_task(queries.task(row.sid), actor=SYSTEM, reason=TTL_EXCEEDED)


@pytest.mark.parametrize(
    ("sweep", "by_hand", "event"),
    [
        (timers.expire_reservations, expire_one_by_one, "reservation.timeout"),
        (timers.expire_tasks, cancel_one_by_one, "task.canceled"),
    ],
)
def test_together_is_as_one_by_one(sweep, by_hand, event):
    swept, one_by_one = office("Acme"), office("Umbrella")
    after = Event.objects.latest("pk").pk

    with time_machine.travel(clock.now() + LATER, tick=False):
        by_hand(one_by_one)
        sweep(clock.now())

    assert rows_of(swept) == rows_of(one_by_one)
    assert told_of(swept, after) == told_of(one_by_one, after)
    assert Event.objects.filter(workspace_sid=swept.sid, type=event).count() == 3


def test_task_whose_other_offer_stands_stays_reserved():
    workspace = make_workspace()
    task = make_task(workspace, make_queue(workspace, max_reserved_workers=2))
    first, second = asked(task, make_worker(workspace, "Ada"), make_worker(workspace, "Ben"))
    Reservation.objects.filter(pk=second.pk).update(expires_at=clock.now() + LATER)

    timers.expire_reservations(clock.now() + timedelta(minutes=5))

    assert queries.reservation(first.sid).reservation_status == "timeout"
    assert queries.reservation(second.sid).reservation_status == "pending"
    assert queries.task(task.sid).assignment_status == "reserved"


def test_task_that_was_offered_too_often_is_canceled():
    workspace = make_workspace()
    task = make_task(workspace, make_queue(workspace))
    asked(task, make_worker(workspace, "Ada"))
    Task.objects.filter(pk=task.pk).update(assignment_count=MAX_ASSIGNMENTS)

    timers.expire_reservations(clock.now() + LATER)

    assert queries.task(task.sid).assignment_status == "canceled"


def test_task_whose_workflow_has_changed_meanwhile_comes_over():
    workspace = make_workspace()
    old, new = make_queue(workspace, "Old"), make_queue(workspace, "New")
    workflow = make_workflow(workspace, default=old)
    task = make_task(workspace)
    asked(task, make_worker(workspace, "Ada"))
    actions.save_workflow(workflow, configuration=document(default=new), re_evaluate_tasks=True, actor=SYSTEM)

    timers.expire_reservations(clock.now() + LATER)

    assert queries.task(task.sid).task_queue == new


@together
def test_sweep_takes_few_statements_however_many_are_due(django_assert_max_num_queries):
    workspace = make_workspace()
    queue = make_queue(workspace)
    ada = make_worker(workspace, "Ada", capacity=50)
    for _ in range(20):
        asked(make_task(workspace, queue), ada)

    with django_assert_max_num_queries(12):
        timers.expire_reservations(clock.now() + timedelta(minutes=5))

    assert not Reservation.objects.filter(reservation_status="pending").exists()


@pytest.mark.django_db(transaction=True)
@together
def test_row_that_somebody_holds_is_left_for_the_next_sweep():
    workspace = make_workspace()
    queue, ada = make_queue(workspace), make_worker(workspace, "Ada", capacity=2)
    held, other = asked(make_task(workspace, queue), ada), asked(make_task(workspace, queue), ada)

    with another_connection() as rival:
        rival.execute("SELECT FROM routing_task WHERE id = %s FOR UPDATE", [held[0].task_id])
        timers.expire_reservations(clock.now() + LATER)
        statuses = [queries.reservation(row.sid).reservation_status for row in (held[0], other[0])]
    timers.expire_reservations(clock.now() + LATER)

    assert statuses == ["pending", "timeout"]
    assert queries.reservation(held[0].sid).reservation_status == "timeout"


def another_connection():
    """In a transaction of its own, which ends without having written."""
    import psycopg

    settings = connection.get_connection_params()
    known = ("dbname", "user", "host", "port", "password")
    return psycopg.connect(**{name: settings[name] for name in known if settings.get(name)})


def test_step_ends_without_the_router():
    workspace = make_workspace()
    first, second = make_queue(workspace, "First"), make_queue(workspace, "Second")
    targets = [{"queue": first.sid, "timeout": 10}, {"queue": second.sid, "timeout": 20}]
    make_workflow(workspace, ("1==1", targets))
    task = make_task(workspace)
    began = task.created_at

    places = []
    for seconds in (9.9, 10, 10, 60):
        timers.end_steps(began + timedelta(seconds=seconds))
        fresh = queries.task(task.sid)
        places.append((fresh.task_queue.friendly_name, fresh.assignment_status, fresh.reason))

    assert places == [
        ("First", "pending", ""),
        ("Second", "pending", ""),
        ("Second", "pending", ""),
        ("Second", "canceled", "Workflow Timeout"),
    ]
    assert Event.objects.filter(type="task-queue.moved", subject_sid=task.sid).count() == 1
    assert Event.objects.filter(type="workflow.timeout", subject_sid=task.sid).count() == 1
