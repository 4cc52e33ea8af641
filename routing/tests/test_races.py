"""Several threads want the same thing at the same moment: one gets it, the others hear that they lost."""

import threading
from collections import Counter

import pytest
from django.db import connection

from agents import actions as agents
from agents.tests.factories import activity, agent, load_of, make_worker
from eventlog.models import Event
from kernel.actor import SYSTEM
from kernel.errors import StaleMove
from routing import actions, queries
from routing.core.states import RESERVATION_OPEN
from routing.models import Reservation, Task
from routing.tests.factories import make_task, offered

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 8


def race(*runners):
    """Let each run on a thread of its own, all at once; returns how many won and how many were told that they lost."""
    gate = threading.Barrier(len(runners))
    found = []

    def run(runner):
        try:
            prepared = runner()
            gate.wait(timeout=20)
            prepared()
            found.append("won")
        except StaleMove:
            found.append("lost")
        except Exception as error:
            found.append(repr(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(runner,)) for runner in runners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return Counter(found)


def answering(verb, sid, **more):
    """Read the reservation, wait for the others, then answer."""

    def prepare():
        reservation = queries.reservation(sid)
        return lambda: verb(reservation, **more)

    return prepare


def offering(task, worker):
    def prepare():
        row = queries.task(task.sid)
        return lambda: actions.offer(row, workers=[worker])

    return prepare


def test_second_accept_loses(workspace, queue):
    ada = make_worker(workspace, "Ada", capacity=50)
    for _ in range(ROUNDS):
        sid = offered(make_task(workspace, queue), ada).sid

        found = race(*[answering(actions.accept, sid, actor=agent(ada))] * 3)

        assert found == {"won": 1, "lost": 2}
        assert Event.objects.filter(type="reservation.accepted", subject_sid=sid).count() == 1


def test_accept_against_expiry_has_one_winner(workspace, queue):
    ada = make_worker(workspace, "Ada", capacity=50)
    for _ in range(ROUNDS):
        agents.set_activity(ada, activity=activity(workspace, "Available"), actor=SYSTEM)
        before = load_of(ada)
        task = make_task(workspace, queue)
        sid = offered(task, ada).sid

        found = race(answering(actions.accept, sid, actor=agent(ada)), answering(actions.expire, sid))

        assert found == {"won": 1, "lost": 1}
        ended = (Task.objects.get(pk=task.pk).assignment_status, queries.reservation(sid).reservation_status)
        assert (ended, load_of(ada) - before) in [(("assigned", "accepted"), 1), (("pending", "timeout"), 0)]


def test_accept_against_cancel_has_one_winner(workspace, queue):
    ada = make_worker(workspace, "Ada", capacity=50)
    for _ in range(ROUNDS):
        task = make_task(workspace, queue)
        sid = offered(task, ada).sid

        def cancel(task=task):
            row = queries.task(task.sid)
            return lambda: actions.cancel_task(row, actor=SYSTEM, reason="gone")

        found = race(answering(actions.accept, sid, actor=agent(ada)), cancel)

        assert found == {"won": 1, "lost": 1}
        ended = (Task.objects.get(pk=task.pk).assignment_status, queries.reservation(sid).reservation_status)
        assert ended in [("assigned", "accepted"), ("canceled", "canceled")]


def test_capacity_holds_under_simultaneous_offers(workspace, queue):
    ada = make_worker(workspace, "Ada", capacity=2)
    tasks = [make_task(workspace, queue) for _ in range(6)]

    found = race(*(offering(task, ada) for task in tasks))

    assert found == {"won": 2, "lost": 4}
    assert load_of(ada) == 2
    assert Reservation.objects.filter(reservation_status__in=RESERVATION_OPEN).count() == 2
    assert Task.objects.filter(assignment_status="pending").count() == 4


def test_one_task_is_offered_once(workspace, queue):
    workers = [make_worker(workspace, name) for name in ("Ada", "Ben", "Cy", "Dee")]
    task = make_task(workspace, queue)

    found = race(*(offering(task, worker) for worker in workers))

    assert found == {"won": 1, "lost": 3}
    assert sum(load_of(worker) for worker in workers) == 1


def test_offer_against_going_away(workspace, queue):
    """Whoever comes first: an offer stands with its slot taken, or there is none and no slot is taken."""
    for place in range(ROUNDS):
        ada = make_worker(workspace, f"Ada {place}")
        task = make_task(workspace, queue)
        away = activity(workspace, "Break")

        def leave(ada=ada, away=away):
            return lambda: agents.set_activity(ada, activity=away, actor=SYSTEM)

        found = race(offering(task, ada), leave)

        held = Reservation.objects.filter(task=task, reservation_status="pending").count()
        assert found["won"] == 1 + held
        assert load_of(ada) == held
        ada.refresh_from_db()
        assert ada.activity == away


def test_stale_copy_loses_without_a_thread(workspace, queue):
    ada = make_worker(workspace, "Ada")
    sid = offered(make_task(workspace, queue), ada).sid
    first, second = queries.reservation(sid), queries.reservation(sid)

    actions.accept(first, actor=agent(ada))
    with pytest.raises(StaleMove):
        actions.reject(second, actor=agent(ada))

    assert queries.reservation(sid).reservation_status == "accepted"
    assert load_of(ada) == 1
