"""Reservations, by the SDK: under their task and under their worker."""

import pytest

from tests.sdk.conftest import Conditional, refused
from tests.support.product import wait_until


@pytest.fixture(scope="module")
def centre(client):
    """A workspace with a queue, a workflow, and somebody who takes many tasks."""
    made = client.taskrouter.v1.workspaces.create(friendly_name="Reservations", template="FIFO")
    centre = client.taskrouter.v1.workspaces(made.sid)
    (available,) = centre.activities.list(friendly_name="Available")
    ada = centre.workers.create(friendly_name="Ada", activity_sid=available.sid)
    centre.workers(ada.sid).worker_channels("default").update(capacity=50)
    return centre


@pytest.fixture
def ada(centre):
    (worker,) = centre.workers.list()
    (available,) = centre.activities.list(friendly_name="Available")
    return centre.workers(worker.sid).update(activity_sid=available.sid)


@pytest.fixture
def offer(centre, ada):
    """A pending reservation of a new task."""
    task = centre.tasks(centre.tasks.create(attributes="{}").sid)
    return wait_until(task.reservations.list, seconds=20, what="a reservation")[0]


@pytest.fixture(params=["task", "worker"])
def reservation(request, centre, offer):
    """The same reservation, at either of its addresses."""
    if request.param == "task":
        return centre.tasks(offer.task_sid).reservations(offer.sid)
    return centre.workers(offer.worker_sid).reservations(offer.sid)


def test_a_reservation_is_fetched_accepted_wrapped_up_and_completed(reservation, offer, ada):
    fetched = reservation.fetch()
    assert (fetched.sid, fetched.reservation_status, fetched.worker_name) == (offer.sid, "pending", "Ada")
    assert (fetched.task_sid, fetched.worker_sid) == (offer.task_sid, ada.sid)

    assert reservation.update(reservation_status="accepted").reservation_status == "accepted"
    assert reservation.update(reservation_status="wrapping").reservation_status == "wrapping"
    assert reservation.update(reservation_status="completed").reservation_status == "completed"


def test_a_late_acceptance_is_refused_in_twilios_words(reservation, offer):
    reservation.update(reservation_status="accepted")

    with refused(400, 20001) as refusal:
        reservation.update(reservation_status="accepted")

    assert f"Reservation {offer.sid} is already in state [accepted] and cannot be updated to [accepted]" in (
        refusal.message
    )


def test_whoever_rejects_may_go_elsewhere(centre, reservation, offer):
    (pause,) = centre.activities.list(friendly_name="Break")

    assert (
        reservation.update(reservation_status="rejected", worker_activity_sid=pause.sid).reservation_status
        == "rejected"
    )

    assert centre.workers(offer.worker_sid).fetch().activity_name == "Break"


def test_instructions_answer_an_offer(centre, reservation, offer):
    assert reservation.update(instruction="accept").reservation_status == "accepted"
    assert centre.tasks(offer.task_sid).fetch().assignment_status == "assigned"


def test_calls_are_not_made_yet(reservation):
    for instruction, code in (
        ("call", 40113),
        ("redirect", 40122),
        ("dequeue", 40140),
        ("conference", 40142),
        ("dance", 55555),
    ):
        with refused(400, code):
            reservation.update(instruction=instruction, from_="+15005550006", beep="true", timeout=5)

    assert reservation.fetch().reservation_status == "pending"


def test_supervising_is_not_served_yet(centre, offer):
    reservation = centre.tasks(offer.task_sid).reservations(offer.sid)

    with refused(400, 40146):
        reservation.update(instruction="supervise", supervisor=offer.worker_sid, supervisor_mode="monitor")
    reservation.update(reservation_status="accepted")
    with refused(400, 40147):
        reservation.update(instruction="supervise", supervisor=offer.worker_sid, supervisor_mode="monitor")


def test_an_offer_is_accepted_only_as_it_was_seen(client, reservation):
    seen = Conditional(client, reservation.fetch().url).etag()

    with refused(412, 20412):
        reservation.update(reservation_status="accepted", if_match='"0"')
    assert reservation.update(reservation_status="accepted", if_match=seen).reservation_status == "accepted"
    with refused(412, 20412):
        reservation.update(reservation_status="completed", if_match=seen)


def test_lists_are_filtered_and_come_in_pages(centre, offer, ada):
    centre.tasks(offer.task_sid).reservations(offer.sid).update(reservation_status="accepted")
    second = centre.tasks(centre.tasks.create(attributes="{}").sid)
    other = wait_until(second.reservations.list, seconds=20, what="a reservation")[0]
    of_task, of_ada = centre.tasks(offer.task_sid).reservations, centre.workers(ada.sid).reservations

    def sids(rows):
        return [each.sid for each in rows]

    assert sids(of_task.list()) == [offer.sid]
    assert sids(of_task.list(worker_sid=ada.sid, reservation_status="accepted")) == [offer.sid]
    assert of_task.list(worker_sid="WK" + "0" * 32) == []
    assert of_task.list(reservation_status="pending") == []
    assert sids(of_ada.list(reservation_status="accepted"))[-1] == offer.sid
    in_pages = sids(of_ada.list(page_size=1))
    assert in_pages.index(offer.sid) < in_pages.index(other.sid)
    assert len(in_pages) == len(set(in_pages))
    for reservations in (of_task, of_ada):
        with refused(400, 20001):
            reservations.list(reservation_status="lost")
        with refused(400, 40153):
            reservations.page(page_number=1)


def test_a_reservation_is_found_under_its_own_task_and_worker_alone(centre, workspace, offer):
    ben = centre.workers.create(friendly_name=f"Ben {offer.sid[-8:]}")
    other = centre.tasks.create(routing_target=ben.sid)

    for ask in (
        centre.tasks(other.sid).reservations(offer.sid).fetch,
        centre.workers(ben.sid).reservations(offer.sid).fetch,
        workspace.tasks(offer.task_sid).reservations(offer.sid).fetch,
        workspace.workers(offer.worker_sid).reservations.list,
        centre.tasks("WT" + "0" * 32).reservations.list,
        centre.tasks(offer.task_sid).reservations("WR1").fetch,
    ):
        with refused(404, 20404):
            ask()
