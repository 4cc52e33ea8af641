"""Offering a task to several workers at once, and to some who could not be asked otherwise."""

import pytest

from agents import actions as agents
from agents.models import Worker
from agents.tests.factories import activity, agent, channel_of, load_of, make_worker, make_workspace, supervisor
from eventlog.models import Event
from kernel.actor import SYSTEM
from kernel.errors import Invalid, StaleMove
from routing import actions, queries
from routing.actions import presence
from routing.actions.returning import COUNT_EXCEEDED, MAX_ASSIGNMENTS
from routing.models import Reservation, Task
from routing.payloads import reservation_payload
from routing.tests.factories import asked, make_queue, make_task, offered

pytestmark = pytest.mark.django_db


@pytest.fixture
def queue(workspace):
    return make_queue(workspace, max_reserved_workers=3)


@pytest.fixture
def crew(workspace):
    return [make_worker(workspace, name) for name in ("Ada", "Ben", "Cy")]


def status(row):
    if isinstance(row, Task):
        return Task.objects.get(pk=row.pk).assignment_status
    return Reservation.objects.get(pk=row.pk).reservation_status


def told(before):
    rows = Event.objects.filter(pk__gt=before).order_by("pk")
    return [(event.type, event.data.get("worker_name", "")) for event in rows]


def mark():
    return Event.objects.order_by("-pk").values_list("pk", flat=True).first()


def counted(*workers):
    return [(channel_of(worker).load, channel_of(worker).assigned) for worker in workers]


# --- several at once ---


def test_several_are_asked_as_one_assignment(workspace, queue, crew):
    task = make_task(workspace, queue)
    before = mark()

    reservations = asked(task, *crew)

    assert [row.place for row in reservations] == [0, 1, 2]
    assert (status(task), queries.task(task.sid).assignment_count) == ("reserved", 1)
    assert counted(*crew) == [(1, 0)] * 3
    assert told(before) == [("reservation.created", name) for name in ("Ada", "Ben", "Cy")]
    event = Event.objects.filter(type="reservation.created").last()
    assert event.data == reservation_payload(queries.reservation(reservations[2].sid))
    assert event.data["task"]["assignment_status"] == "reserved"


def test_first_to_accept_has_it_and_the_others_are_rescinded(workspace, queue, crew):
    ada, ben, cy = crew
    task = make_task(workspace, queue)
    reservations = asked(task, *crew)
    before = mark()

    actions.accept(reservations[1], actor=agent(ben))

    assert [status(row) for row in reservations] == ["rescinded", "accepted", "rescinded"]
    assert status(task) == "assigned"
    assert counted(ada, ben, cy) == [(0, 0), (1, 1), (0, 0)]
    assert told(before) == [
        ("reservation.accepted", "Ben"),
        ("reservation.rescinded", "Ada"),
        ("reservation.rescinded", "Cy"),
    ]
    withdrawn = Event.objects.get(type="reservation.rescinded", data__worker_name="Ada")
    assert withdrawn.audiences == [f"floor:{workspace.sid}", f"worker:{ada.sid}"]
    with pytest.raises(StaleMove):
        actions.accept(queries.reservation(reservations[0].sid), actor=agent(ada))
    assert status(task) == "assigned"


def test_task_waits_again_only_when_all_have_said_no(workspace, queue, crew):
    ada, ben, cy = crew
    task = make_task(workspace, queue)
    reservations = asked(task, *crew)

    actions.reject(reservations[0], actor=agent(ada))
    actions.expire(queries.reservation(reservations[1].sid))
    assert (status(task), status(reservations[2])) == ("reserved", "pending")

    actions.reject(queries.reservation(reservations[2].sid), actor=agent(cy))
    assert (status(task), counted(*crew)) == ("pending", [(0, 0)] * 3)
    assert Worker.objects.get(pk=ben.pk).activity.friendly_name == "Offline"


def test_cancel_withdraws_all_offers(workspace, queue, crew):
    task = make_task(workspace, queue)
    reservations = asked(task, *crew)
    before = mark()

    actions.cancel_task(queries.task(task.sid), actor=SYSTEM, reason="gone")

    assert [status(row) for row in reservations] == ["canceled"] * 3
    assert counted(*crew) == [(0, 0)] * 3
    assert told(before) == [
        *[("reservation.canceled", name) for name in ("Ada", "Ben", "Cy")],
        ("task.canceled", ""),
    ]


def test_who_cannot_take_it_is_left_out(workspace, queue, crew):
    ada, ben, cy = crew
    agents.set_activity(ben, activity=activity(workspace, "Break"), actor=SYSTEM)
    offered(make_task(workspace, queue), cy)
    assigned_before = channel_of(ben).last_assigned_at

    reservations = asked(make_task(workspace, queue), ada, ben, cy)

    assert [(row.worker, row.place) for row in reservations] == [(ada, 0)]
    assert counted(ada, ben, cy) == [(1, 0), (0, 0), (1, 0)]
    assert channel_of(ben).last_assigned_at == assigned_before


# --- away, full, switched off ---


def test_target_that_chooses_by_activity_reaches_who_is_away(workspace, queue, crew):
    ada = crew[0]
    agents.set_activity(ada, activity=activity(workspace, "Break"), actor=SYSTEM)
    task = make_task(workspace, queue)

    with pytest.raises(StaleMove):
        actions.offer(queries.task(task.sid), workers=[ada])
    actions.offer(queries.task(task.sid), workers=[ada], any_activity=True)

    assert (status(task), load_of(ada)) == ("reserved", 1)
    with pytest.raises(StaleMove):
        actions.offer(make_task(workspace, queue), workers=[ada], any_activity=True)


def test_own_task_reaches_its_worker_away_and_full_unless_capacity_counts(workspace, queue, crew):
    ada = crew[0]
    offered(make_task(workspace, queue), ada)
    agents.set_activity(ada, activity=activity(workspace, "Break"), actor=SYSTEM)
    agents.set_capacity(channel_of(ada), available=False, actor=SYSTEM)
    own = make_task(workspace, queue, routing_target=ada.sid)
    counting = make_task(workspace, queue, routing_target=ada.sid, ignore_capacity=False)

    with pytest.raises(StaleMove):
        offered(counting, ada)
    offered(own, ada)

    assert (status(own), status(counting), load_of(ada)) == ("reserved", "pending", 2)


def test_own_task_waits_for_its_worker_again(workspace, queue, crew):
    ada = crew[0]
    task = make_task(workspace, queue, routing_target=ada.sid)

    actions.reject(offered(task, ada), actor=agent(ada))

    assert (status(task), queries.task(task.sid).routing_target) == ("pending", ada.sid)


# --- answers ---


def test_reject_may_take_the_worker_elsewhere(workspace, queue, crew):
    ada = crew[0]
    reservation = offered(make_task(workspace, queue), ada)

    actions.reject(reservation, activity=activity(workspace, "Break"), actor=agent(ada))

    assert Worker.objects.get(pk=ada.pk).activity.friendly_name == "Break"
    assert (status(reservation), load_of(ada)) == ("rejected", 0)


def test_reject_into_a_foreign_activity_rejects_nothing(workspace, queue, crew):
    reservation = offered(make_task(workspace, queue), crew[0])

    with pytest.raises(Invalid) as caught:
        actions.reject(reservation, activity=activity(make_workspace("Other"), "Break"), actor=SYSTEM)

    assert (caught.value.field, status(reservation)) == ("activity", "pending")


@pytest.mark.parametrize(
    ("verb", "state"),
    [(actions.accept, "accepted"), (actions.reject, "rejected"), (actions.complete_reservation, "completed")],
)
def test_same_status_again_is_refused_with_what_it_is(workspace, queue, crew, verb, state):
    reservation = offered(make_task(workspace, queue), crew[0])
    if state == "completed":
        actions.accept(reservation, actor=SYSTEM)
    verb(queries.reservation(reservation.sid), actor=SYSTEM)

    with pytest.raises(StaleMove) as caught:
        verb(queries.reservation(reservation.sid), actor=SYSTEM)

    told = caught.value.params
    assert (caught.value.code, told["sid"], told["from"], told["to"]) == (
        "reservation-state",
        reservation.sid,
        state,
        state,
    )


def test_late_cancel_says_which_task_and_in_which_state(workspace, queue, crew):
    task = make_task(workspace, queue)
    actions.accept(offered(task, crew[0]), actor=SYSTEM)

    with pytest.raises(StaleMove) as caught:
        actions.cancel_task(queries.task(task.sid), actor=SYSTEM, reason="late")

    told = caught.value.params
    assert (caught.value.code, told["sid"], told["from"], told["to"]) == (
        "task-state",
        task.sid,
        "assigned",
        "canceled",
    )


def test_task_that_was_offered_too_often_is_canceled(workspace, queue, crew):
    ada = crew[0]
    task = make_task(workspace, queue)
    Task.objects.filter(pk=task.pk).update(assignment_count=MAX_ASSIGNMENTS - 1)
    reservation = offered(task, ada)
    before = mark()

    actions.reject(reservation, actor=agent(ada))

    assert (status(task), queries.task(task.sid).reason) == ("canceled", COUNT_EXCEEDED)
    assert told(before) == [("reservation.rejected", "Ada"), ("task.canceled", "")]


def test_last_assignment_may_still_be_accepted(workspace, queue, crew):
    task = make_task(workspace, queue)
    Task.objects.filter(pk=task.pk).update(assignment_count=MAX_ASSIGNMENTS - 1)

    actions.accept(offered(task, crew[0]), actor=SYSTEM)

    assert status(task) == "assigned"


# --- parts ---


def test_reservation_is_wrapped_up_and_completed_with_its_task(workspace, queue, crew):
    ada = crew[0]
    reservation = offered(make_task(workspace, queue), ada)
    actions.accept(reservation, actor=agent(ada))
    assert counted(ada) == [(1, 1)]

    actions.wrap_up_reservation(queries.reservation(reservation.sid), actor=agent(ada))
    assert (status(reservation), status(reservation.task), counted(ada)) == ("wrapping", "wrapping", [(1, 0)])
    actions.complete_reservation(queries.reservation(reservation.sid), actor=agent(ada), reason="sold")
    assert (status(reservation), status(reservation.task), counted(ada)) == ("completed", "completed", [(0, 0)])
    assert queries.task(reservation.task.sid).reason == "sold"


@pytest.mark.parametrize("verb", [actions.wrap_up_reservation, actions.complete_reservation])
def test_offer_that_nobody_accepted_cannot_be_finished(workspace, queue, crew, verb):
    reservation = offered(make_task(workspace, queue), crew[0])
    before = mark()

    with pytest.raises(StaleMove):
        verb(reservation, actor=SYSTEM)

    assert (status(reservation), status(reservation.task), mark()) == ("pending", "reserved", before)


# --- going away ---


def test_leaving_keeps_what_is_asked(workspace, queue, crew):
    ada = crew[0]
    reservation = offered(make_task(workspace, queue), ada)

    actions.leave(ada, activity=activity(workspace, "Break"), actor=agent(ada))

    assert (status(reservation), Worker.objects.get(pk=ada.pk).activity.friendly_name) == ("pending", "Break")


def test_leaving_may_reject_what_is_asked_and_keeps_what_is_accepted(workspace, queue):
    ada = make_worker(workspace, "Ada", capacity=3)
    held, *waiting = [offered(make_task(workspace, queue), ada) for _ in range(3)]
    actions.accept(held, actor=agent(ada))
    before = mark()

    actions.leave(ada, activity=activity(workspace, "Break"), reject_pending=True, actor=agent(ada))

    assert [status(row) for row in (held, *waiting)] == ["accepted", "rejected", "rejected"]
    assert [status(row.task) for row in waiting] == ["pending", "pending"]
    assert counted(ada) == [(1, 1)]
    assert [event for event, _ in told(before)] == [
        "reservation.rejected",
        "reservation.rejected",
        "worker.activity.update",
    ]


def test_what_else_changes_on_leaving_is_one_step_with_it(workspace, queue, crew):
    ada = crew[0]
    reservation = offered(make_task(workspace, queue), ada)

    away = activity(workspace, "Break")
    boss = supervisor(workspace)
    actions.leave(ada, activity=away, reject_pending=True, attributes={"level": 2}, actor=boss)

    fresh = Worker.objects.get(pk=ada.pk)
    assert (fresh.attributes, fresh.activity, fresh.version) == ({"level": 2}, away, 2)
    assert status(reservation) == "rejected"


def test_nobody_rejects_on_the_way_to_work(workspace, queue, crew):
    ada = crew[0]
    reservation = offered(make_task(workspace, queue), ada)

    with pytest.raises(Invalid) as caught:
        actions.leave(ada, activity=activity(workspace, "Available"), reject_pending=True, actor=supervisor(workspace))

    assert str(caught.value) == ("Unable to reject pending reservations when updating to an Available activity state.")
    assert caught.value.field == "reject_pending_reservations"
    assert status(reservation) == "pending"


def test_offer_that_comes_while_leaving_is_rejected_too(workspace, queue, monkeypatch):
    ada = make_worker(workspace, "Ada", capacity=3)
    first, second = make_task(workspace, queue), make_task(workspace, queue)
    offered(first, ada)
    go, leave, attempts = agents.update_worker, presence._leave, []

    def rival_first(worker, **given):
        if len(attempts) == 1:  # Undone with the attempt; the rival's own commit is what the next one finds.
            offered(second, worker)
        return go(worker, **given)

    def attempt(worker, target, **given):
        if attempts:
            offered(second, worker)
        attempts.append(worker)
        return leave(worker, target, **given)

    monkeypatch.setattr(presence, "update_worker", rival_first)
    monkeypatch.setattr(presence, "_leave", attempt)
    actions.leave(ada, activity=activity(workspace, "Break"), reject_pending=True, actor=agent(ada))

    assert len(attempts) == 2
    assert (status(first), status(second), load_of(ada)) == ("pending", "pending", 0)
    assert Worker.objects.get(pk=ada.pk).activity.friendly_name == "Break"
