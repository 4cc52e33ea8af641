"""What routing adds to the page of a worker in the admin."""

import pytest
from django.urls import reverse

from kernel.actor import SYSTEM
from routing import actions
from routing.models import Reservation, TaskQueue
from tests.office import enter
from tests.people import House, available, full_house

pytestmark = pytest.mark.django_db


def asked(home: House) -> Reservation:
    available(home, "Ada")
    queue = actions.save_queue(TaskQueue(workspace=home.workspace), friendly_name="Everyone", actor=SYSTEM)
    task = actions.create_task(home.workspace, attributes={}, task_queue=queue, actor=SYSTEM)
    [reservation] = actions.offer(task, workers=[home.workers["Ada"]])
    return reservation


def send(home: House, name: str, **more: str):
    url = reverse("admin:agents_worker_change_activity", args=[home.workers["Ada"].pk])
    return enter(home, "Bo").post(url, {"activity": home.activity(name).pk, **more})


@pytest.mark.parametrize(("more", "status"), [({}, "pending"), ({"reject_pending_reservations": "on"}, "rejected")])
def test_worker_who_is_sent_away_may_be_asked_no_more(more: dict[str, str], status: str) -> None:
    home = full_house()
    reservation = asked(home)

    assert send(home, "Break", **more).status_code == 302

    reservation.refresh_from_db()
    assert reservation.reservation_status == status


def test_nobody_rejects_on_the_way_to_work() -> None:
    home = full_house()
    reservation = asked(home)

    response = send(home, "Available", reject_pending_reservations="on")

    assert "reject_pending_reservations" in response.context["form"].errors
    reservation.refresh_from_db()
    assert reservation.reservation_status == "pending"
