"""Several are asked at once, or a task is passed on, and all answer at the same moment."""

from collections import Counter

import pytest

from agents import actions as agents
from agents.tests.factories import activity, agent, channel_of, make_worker
from eventlog.models import Event
from kernel.actor import SYSTEM
from routing import actions, queries
from routing.core.states import RESERVATION_OPEN
from routing.models import Reservation, Task, Transfer
from routing.tests.factories import accepted, asked, make_queue, make_task
from routing.tests.test_races import answering, race

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 6


@pytest.fixture
def queue(workspace):
    return make_queue(workspace, max_reserved_workers=4)


@pytest.fixture
def crew(workspace):
    return [make_worker(workspace, name, capacity=50) for name in ("Ada", "Ben", "Cy", "Dee")]


def statuses(task):
    return Counter(Reservation.objects.filter(task=task).values_list("reservation_status", flat=True))


def loads_are_true(crew):
    """What the columns say is what the rows say."""
    for worker in crew:
        mine = Reservation.objects.filter(worker=worker)
        open_now = mine.filter(reservation_status__in=RESERVATION_OPEN).count()
        taken = mine.filter(reservation_status="accepted").count()
        assert (channel_of(worker).load, channel_of(worker).assigned) == (open_now, taken)


def test_one_of_several_wins(workspace, queue, crew):
    for _ in range(ROUNDS):
        task = make_task(workspace, queue)
        reservations = asked(task, *crew)

        found = race(*(answering(actions.accept, row.sid, actor=agent(row.worker)) for row in reservations))

        assert found == {"won": 1, "lost": 3}
        assert statuses(task) == {"accepted": 1, "rescinded": 3}
        assert Task.objects.get(pk=task.pk).assignment_status == "assigned"
        assert Event.objects.filter(type="reservation.accepted", data__task__sid=task.sid).count() == 1
    loads_are_true(crew)


def test_all_say_no_at_once_and_the_task_waits_once(workspace, queue, crew):
    for _ in range(ROUNDS):
        task = make_task(workspace, queue)
        reservations = asked(task, *crew)

        found = race(*(answering(actions.reject, row.sid, actor=agent(row.worker)) for row in reservations))

        assert found == {"won": 4}
        fresh = queries.task(task.sid)
        assert (fresh.assignment_status, fresh.version) == ("pending", 3)
    loads_are_true(crew)


def test_crossing_acceptances_of_two_tasks_do_not_wait_for_each_other(workspace, queue, crew):
    ada, ben = crew[:2]
    for _ in range(ROUNDS):
        one, other = make_task(workspace, queue), make_task(workspace, queue)
        first, second = asked(one, ada, ben), asked(other, ben, ada)

        found = race(
            answering(actions.accept, first[0].sid, actor=agent(ada)),
            answering(actions.accept, second[0].sid, actor=agent(ben)),
        )

        assert found == {"won": 2}
        assert statuses(one) == statuses(other) == {"accepted": 1, "rescinded": 1}
    loads_are_true(crew)


def passed_on(task, worker, by):
    def prepare():
        row = queries.task(task.sid)
        return lambda: actions.transfer(row, to=worker.sid, actor=agent(by))

    return prepare


def withdrawing(transfer, by):
    def prepare():
        row = queries.transfer(transfer.sid)
        return lambda: actions.cancel_transfer(row, actor=agent(by))

    return prepare


def completing(task, by):
    def prepare():
        row = queries.task(task.sid)
        return lambda: actions.complete(row, actor=agent(by))

    return prepare


def test_acceptance_against_cancel_of_a_transfer_has_one_winner(workspace, queue, crew):
    ada, ben = crew[:2]
    for _ in range(ROUNDS):
        task = accepted(make_task(workspace, queue), ada).task
        transfer = actions.transfer(queries.task(task.sid), to=ben.sid, actor=agent(ada))
        offer = Reservation.objects.get(transfer=transfer)

        found = race(answering(actions.accept, offer.sid, actor=agent(ben)), withdrawing(transfer, ada))

        assert found == {"won": 1, "lost": 1}
        fresh = queries.task(task.sid)
        assert (fresh.assignment_status, fresh.in_transfer) == ("assigned", False)
        holders = [row.worker for row in queries.holders(fresh)]
        ended = Transfer.objects.get(pk=transfer.pk).status
        assert (ended, holders) in [("completed", [ben]), ("canceled", [ada])]
    loads_are_true(crew)


def test_transfer_against_completion_has_one_winner(workspace, queue, crew):
    ada, ben = crew[:2]
    for _ in range(ROUNDS):
        task = accepted(make_task(workspace, queue), ada).task

        found = race(passed_on(task, ben, ada), completing(task, ada))

        assert found["won"] == 1
        fresh = queries.task(task.sid)
        assert (fresh.assignment_status, fresh.in_transfer) in [("completed", False), ("reserved", True)]
    loads_are_true(crew)


def test_leaving_against_a_new_offer_leaves_nothing_open(workspace, queue, crew):
    ada = crew[0]
    away, back = activity(workspace, "Break"), activity(workspace, "Available")
    for _ in range(ROUNDS):
        agents.set_activity(ada, activity=back, actor=SYSTEM)
        asked(make_task(workspace, queue), ada)
        task = make_task(workspace, queue)

        def offering(task=task):
            row = queries.task(task.sid)
            return lambda: actions.offer(row, workers=[ada])

        race(
            offering,
            lambda: lambda: actions.leave(ada, activity=away, reject_pending=True, actor=agent(ada)),
        )

        assert not queries.open_reservations(ada).exists()
        assert Task.objects.get(pk=task.pk).assignment_status == "pending"
    loads_are_true(crew)
