"""What no clock ends, and what no change of activity takes away."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils.module_loading import import_string

from agents import actions as agents
from agents.models import Worker
from agents.tests.factories import activity, agent, channel_of, make_worker
from eventlog.timers import Deadline
from kernel import clock
from kernel.actor import SYSTEM
from kernel.errors import StaleMove
from routing import actions, queries
from routing.models import Reservation, Task
from routing.tests.factories import accepted, make_queue, make_task, offered

pytestmark = pytest.mark.django_db


def status(reservation):
    return Reservation.objects.get(pk=reservation.pk).reservation_status


def sweep(later):
    """Every deadline and timer of routing, as if that much time had passed."""
    services = [import_string(path) for path in settings.PUMP_SERVICES]
    for path in (*(each.sweep for each in services if issubclass(each, Deadline)), *settings.PUMP_TIMERS):
        if path.startswith("routing."):
            import_string(path)(clock.now() + later)


def test_no_clock_ends_work_in_hand_or_removes_what_has_ended(workspace, queue):
    held = accepted(make_task(workspace, queue), make_worker(workspace, "Ada"))
    wrapping = accepted(make_task(workspace, queue), make_worker(workspace, "Ben"))
    actions.wrap_up(wrapping.task, actor=SYSTEM)
    done = accepted(make_task(workspace, queue), make_worker(workspace, "Cy"))
    actions.complete(done.task, actor=SYSTEM)
    gone = make_task(workspace, queue)
    actions.cancel_task(gone, actor=SYSTEM, reason="gone")
    waiting = make_task(workspace, queue)

    sweep(timedelta(days=30))

    found = {row.sid: row.assignment_status for row in Task.objects.all()}
    assert found == {
        held.task.sid: "assigned",
        wrapping.task.sid: "wrapping",
        done.task.sid: "completed",
        gone.sid: "canceled",
        waiting.sid: "canceled",  # The sweep did run.
    }


def test_another_available_activity_keeps_what_is_asked_and_what_is_accepted(workspace, queue):
    mail = agents.create_activity(workspace, friendly_name="Mail", available=True, actor=SYSTEM)
    ada = make_worker(workspace, "Ada", capacity=3)
    held = accepted(make_task(workspace, queue), ada)
    asked = offered(make_task(workspace, queue), ada)

    actions.leave(ada, activity=mail, actor=agent(ada))

    assert (status(held), status(asked), channel_of(ada).load) == ("accepted", "pending", 2)
    actions.accept(queries.reservation(asked.sid), actor=agent(ada))
    assert offered(make_task(workspace, queue), Worker.objects.get(pk=ada.pk))


def test_unavailable_worker_is_asked_nothing_new(workspace, queue):
    ada = make_worker(workspace, "Ada", capacity=3)
    accepted(make_task(workspace, queue), ada)
    agents.set_activity(ada, activity=activity(workspace, "Break"), actor=agent(ada))

    with pytest.raises(StaleMove):
        offered(make_task(workspace, queue), ada)

    assert channel_of(ada).load == 1


def test_activities_of_a_queue_move_nobody(workspace):
    queue = make_queue(
        workspace,
        reservation_activity=activity(workspace, "Unavailable"),
        assignment_activity=activity(workspace, "Break"),
    )
    ada = make_worker(workspace, "Ada")

    reservation = offered(make_task(workspace, queue), ada)
    assert Worker.objects.get(pk=ada.pk).activity.friendly_name == "Available"
    actions.accept(reservation, actor=agent(ada))

    assert Worker.objects.get(pk=ada.pk).activity.friendly_name == "Available"


def test_versions_of_task_and_reservation_rise_by_one_with_each_change(workspace, queue):
    def versions():
        fresh = queries.reservation(reservation.sid)
        return fresh.task.version, fresh.version

    ada = make_worker(workspace, "Ada")
    task = make_task(workspace, queue)
    assert task.version == 1

    reservation = offered(task, ada)
    assert versions() == (2, 1)
    actions.accept(reservation, actor=agent(ada))
    assert versions() == (3, 2)
    actions.wrap_up(queries.task(task.sid), actor=agent(ada))
    assert versions() == (4, 3)
    actions.complete(queries.task(task.sid), actor=agent(ada))
    assert versions() == (5, 4)


def test_three_slots_are_three_offers_at_once(workspace, queue):
    ada = make_worker(workspace, "Ada", capacity=3)

    reservations = [offered(make_task(workspace, queue), ada) for _ in range(3)]

    assert [status(row) for row in reservations] == ["pending"] * 3
    with pytest.raises(StaleMove):
        offered(make_task(workspace, queue), ada)
