"""What a desk may ask for over its socket."""

import pytest

from agents.models import Worker
from desk import snapshot
from desk.commands import carry_out
from kernel.actor import SYSTEM
from kernel.errors import DomainError
from routing import actions as routing
from routing import queries
from routing.models import Reservation, TaskQueue, Transfer
from tests import people
from tests.people import House

pytestmark = pytest.mark.django_db


@pytest.fixture
def home() -> House:
    home = people.full_house()
    routing.save_queue(TaskQueue(workspace=home.workspace), friendly_name="Support", actor=SYSTEM)
    people.available(home, "Ada", "Ben")
    return home


def asked(home: House, name: str) -> Reservation:
    queue = TaskQueue.objects.get()
    task = routing.create_task(home.workspace, attributes={}, task_queue=queue, actor=SYSTEM)
    [reservation] = routing.offer(task, workers=[home.workers[name]])
    return reservation


def do(home: House, name: str, command: str, **frame: object) -> object:
    return carry_out(command, frame, actor=home.actor(name), worker=home.workers[name])


def test_agent_passes_a_task_on_and_takes_it_back(home: House) -> None:
    held = asked(home, "Ada")
    do(home, "Ada", "reservation.accept", reservation=held.sid)

    answer = do(home, "Ada", "task.transfer", task=held.task.sid, to=home.workers["Ben"].sid, mode="WARM", note="hi")

    made = Transfer.objects.get()
    assert answer["transfer"]["sid"] == made.sid
    assert (made.mode, made.note, made.status) == ("WARM", "hi", "initiated")
    assert [row["sid"] for row in snapshot.of(home.workers["Ada"])["transfers"]] == [made.sid]
    [offer] = snapshot.of(home.workers["Ben"])["reservations"]
    assert (offer["transfer"]["note"], offer["task"]["in_transfer"]) == ("hi", True)
    with pytest.raises(DomainError):
        do(home, "Ben", "transfer.cancel", transfer=made.sid)

    do(home, "Ada", "transfer.cancel", transfer=made.sid)
    assert Transfer.objects.get().status == "canceled"
    assert snapshot.of(home.workers["Ada"])["transfers"] == snapshot.of(home.workers["Ben"])["reservations"] == []


def test_cold_is_what_nothing_else_is_said(home: House) -> None:
    held = asked(home, "Ada")
    do(home, "Ada", "reservation.accept", reservation=held.sid)

    do(home, "Ada", "task.transfer", task=held.task.sid, to=TaskQueue.objects.get().sid)

    assert (Transfer.objects.get().mode, queries.task(held.task.sid).assignment_status) == ("COLD", "pending")


@pytest.mark.parametrize(("said", "status"), [({}, "pending"), ({"reject_pending": True}, "rejected")])
def test_going_away_may_reject_what_is_asked(home: House, said: dict[str, bool], status: str) -> None:
    reservation = asked(home, "Ada")

    do(home, "Ada", "activity.set", activity=home.activity("Break").sid, **said)

    assert Worker.objects.get(friendly_name="Ada").activity.friendly_name == "Break"
    assert Reservation.objects.get(pk=reservation.pk).reservation_status == status
