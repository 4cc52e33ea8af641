"""Two routers, many arrivals, answers at the last moment: real threads with connections of their own, on PostgreSQL."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection, transaction

from agents import actions as agents
from agents.models import Worker
from agents.tests.factories import activity, agent, load_of, make_worker
from eventlog.models import Event, Lease
from eventlog.tests.writers import somebody_waits
from kernel import clock
from kernel.actor import SYSTEM
from routing import actions, queries, timers
from routing.models import Reservation, Task
from routing.router.engine import Router
from routing.tests.factories import Pump, make_queue, make_task, offered
from routing.tests.test_races import answering, race
from tests.support.product import wait_until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time"),
]

ARRIVALS, CREW, ROUNDS = 200, 10, 3
PATIENCE_SECONDS = 60


@contextmanager
def routers(count):
    """So many routers at work, each on a thread of its own, as in so many processes."""
    over = threading.Event()

    def work():
        router = Router()
        try:
            while not over.is_set():
                if not router.step():
                    over.wait(0.01)
        finally:
            router.close()
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join(PATIENCE_SECONDS)


def arrive(workspace, queue, count):
    """So many tasks, made by twenty threads at the same time."""

    def make(_):
        try:
            make_task(workspace, queue)
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(make, range(count)))


def offers():
    return list(Reservation.objects.order_by("pk").values_list("task_id", flat=True))


def test_two_hundred_arrivals_at_once_on_ten_agents(workspace, queue):
    crew = [make_worker(workspace, f"agent {n}") for n in range(CREW)]

    with routers(2):
        arrive(workspace, queue, ARRIVALS)
        for done in range(1, ROUNDS + 1):
            wait_until(lambda done=done: len(offers()) >= CREW * done, seconds=PATIENCE_SECONDS, what="ten offers")
            assert [load_of(worker) for worker in crew] == [1] * CREW
            for row in Reservation.objects.filter(reservation_status="pending"):
                actions.accept(queries.reservation(row.sid), actor=SYSTEM)
                actions.complete(queries.task(row.task.sid), actor=SYSTEM)

    found = offers()
    assert len(found) == len(set(found)) >= CREW * ROUNDS
    assert Task.objects.filter(assignment_status="pending").count() == ARRIVALS - len(found)
    waited = list(Task.objects.order_by("virtual_start_time", "pk").values_list("pk", flat=True))
    turns = [waited.index(pk) for pk in found[CREW:]]
    assert turns == sorted(turns)


def test_two_routers_offer_each_task_once_however_often_the_lease_changes_hands(workspace, queue):
    make_worker(workspace, "Ada", capacity=50)
    holders = []

    with routers(2):
        for done in range(10, 51, 10):
            holders.append(wait_until(lambda: holder_other_than(holders), seconds=PATIENCE_SECONDS, what="a router"))
            arrive(workspace, queue, 10)
            holders.append(wait_until(lambda: holder_other_than(holders), seconds=PATIENCE_SECONDS, what="the other"))
            wait_until(lambda done=done: len(offers()) >= done, seconds=PATIENCE_SECONDS, what="ten offers")

    found = offers()
    assert len(found) == len(set(found)) == 50
    assert len(set(holders)) == 2


def holder_other_than(before):
    """Who routes, if it is not the last of these any more; until then his lease is taken from him."""
    leases = Lease.objects.filter(name__startswith="router:")
    lease = leases.filter(expires_at__gt=clock.now()).first()
    if lease is not None and [lease.holder] != before[-1:]:
        return lease.holder
    leases.update(expires_at=clock.now() - timedelta(seconds=1))
    return None


def test_router_that_wakes_up_late_with_an_old_lease_assigns_nothing(workspace, queue):
    ada = make_worker(workspace, "Ada", doing="Offline", capacity=5)
    tasks = [make_task(workspace, queue) for _ in range(3)]
    old, new = Pump(), Pump()
    old.run()
    Lease.objects.filter(name__startswith="router:").update(expires_at=clock.now() - timedelta(seconds=1))
    new.run()
    agents.set_activity(ada, activity=activity(workspace, "Available"), actor=SYSTEM)

    old.router.step()
    assert offers() == []
    new.run()
    old.router.step()

    assert offers() == [task.pk for task in tasks]
    assert old.router.routers[workspace.sid].lease.fence == 0


def test_row_that_somebody_holds_for_long_holds_up_nobody_else(workspace, queue):
    make_worker(workspace, "Ada", capacity=2)
    held, free = make_task(workspace, queue), make_task(workspace, queue)

    with routers(1):
        with transaction.atomic():
            Task.objects.select_for_update().get(pk=held.pk)
            wait_until(offers, seconds=PATIENCE_SECONDS, what="the offer of the other task")
            assert offers() == [free.pk]
        wait_until(lambda: len(offers()) == 2, seconds=PATIENCE_SECONDS, what="the offer of the task that was held")


def test_acceptance_against_the_sweep_of_deadlines_has_one_winner(workspace, queue):
    ada = make_worker(workspace, "Ada", capacity=50)
    for _ in range(8):
        agents.set_activity(ada, activity=activity(workspace, "Available"), actor=SYSTEM)
        before, task = load_of(ada), make_task(workspace, queue)
        sid = offered(task, ada).sid

        found = race(
            answering(actions.accept, sid, actor=agent(ada)),
            lambda: lambda: timers.expire_reservations(clock.now() + timedelta(minutes=5)),
        )

        ended = (queries.task(task.sid).assignment_status, queries.reservation(sid).reservation_status)
        assert (ended, load_of(ada) - before, found["lost"]) in [
            (("assigned", "accepted"), 1, 0),
            (("pending", "timeout"), 0, 1),
        ]


def after_having_waited(verb, change):
    """``verb`` runs into a row that ``change`` has written and not committed yet."""
    found = []

    def run():
        try:
            found.append(verb())
        except Exception as error:
            found.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    with transaction.atomic():
        change()
        thread.start()
        wait_until(somebody_waits, seconds=PATIENCE_SECONDS, what="the verb at the row")
    thread.join(PATIENCE_SECONDS)
    return found[0]


def test_verb_that_waited_for_a_move_to_another_queue_sees_that_queue(workspace, queue):
    elsewhere, task = make_queue(workspace, "Elsewhere"), make_task(workspace, queue)

    canceled = after_having_waited(
        lambda: actions.cancel_task(queries.task(task.sid), actor=SYSTEM, reason="gone"),
        lambda: Task.objects.filter(pk=task.pk).update(task_queue=elsewhere),
    )

    assert canceled.task_queue == elsewhere
    assert Event.objects.get(type="task.canceled").data["task_queue_sid"] == elsewhere.sid


def test_change_of_activity_that_waited_for_another_one_counts(workspace):
    ada = make_worker(workspace, "Ada")
    on_break, offline = activity(workspace, "Break"), activity(workspace, "Offline")

    changed = after_having_waited(
        lambda: agents.set_activity(Worker.objects.get(pk=ada.pk), activity=offline, actor=SYSTEM),
        lambda: agents.set_activity(ada, activity=on_break, actor=SYSTEM),
    )

    assert changed.activity == offline
    told = Event.objects.filter(type="worker.activity.update").order_by("pk")
    assert [(event.data["previous"]["activity_name"], event.data["activity_name"]) for event in told] == [
        ("Available", "Break"),
        ("Break", "Offline"),
    ]
