"""Events and offers reach the integrator's own server, signed, and what it answers is done."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.test import override_settings
from twilio.request_validator import RequestValidator

from accounts.queries import auth_token
from agents import actions as agents
from eventlog import numbered
from eventlog.models import Event
from eventlog.queries import last_position
from eventlog.relay import Relay
from hooks import actions as hooks
from hooks import tasks
from hooks.models import Dispatch, Endpoint
from hooks.tests.receiver import Receiver, Respond, answer, receiver
from kernel import clock
from kernel.actor import SYSTEM
from routing import actions, queries
from routing.models import Reservation, Task, Workflow
from routing.tests.factories import make_queue, make_task, make_workflow, offered
from taskrouter import events
from taskrouter.sinks import AssignmentCallbacks, EventCallbacks
from tests import people
from tests.people import House

pytestmark = pytest.mark.django_db(transaction=True)

SINKS = [f"taskrouter.sinks.{name}" for name in ("EventCallbacks", "AssignmentCallbacks", "Instructions")]


def says(document: Any, *, kind: str = "application/json") -> Respond:
    """An answer with this document."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return answer(200, body, Content_Type=kind)


class Product:
    """The relay and a worker, stepped until there is nothing to do."""

    def __init__(self, lines: list[tuple[str, str]]) -> None:
        self._lines = lines
        with override_settings(EVENT_SINKS=SINKS):
            self._relay = Relay()

    def run(self) -> None:
        for _ in range(50):
            worked = self._relay.step()
            lines, self._lines[:] = self._lines[:], []
            for line in lines:
                tasks.deliver(*line)
            if not worked and not lines:
                return
        raise AssertionError("It does not come to rest.")


@pytest.fixture
def product(monkeypatch: Any, settings: Any) -> Iterator[Product]:
    settings.EGRESS_ALLOW = ["127.0.0.0/8"]
    rung: list[tuple[str, str]] = []
    monkeypatch.setattr(tasks.deliver, "delay", lambda *line: rung.append(line))
    monkeypatch.setattr("taskrouter.sinks._REMEMBERED_SECONDS", 3600.0)  # Only an event may bring news of an address.
    running = Product(rung)
    yield running
    running._relay.close()


@pytest.fixture
def there() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


@pytest.fixture
def fallback() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


def forms(there: Receiver) -> list[dict[str, str]]:
    return [
        {name: values[-1] for name, values in parse_qs(body.decode(), keep_blank_values=True).items()}
        for body in there.bodies
    ]


def is_signed(home: House, there: Receiver, number: int, *, url: str) -> bool:
    """Whether Twilio's own validator takes it."""
    _, headers, _ = there.requests[number]
    validator = RequestValidator(auth_token(home.account))
    return bool(validator.validate(url, forms(there)[number], headers["x-twilio-signature"]))


# --- events ---


@pytest.fixture
def home(product: Product) -> House:
    """Acme, whose beginnings the sinks have read."""
    made = people.full_house()
    product.run()
    return made


def tell(home: House, url: str, types: str = "") -> None:
    agents.update_workspace(home.workspace, event_callback_url=url, events_filter=types, actor=SYSTEM)


def test_an_event_arrives_with_all_that_twilio_tells(home, there, product):
    tell(home, there.url(), "worker.activity.update")
    people.available(home, "Ada")

    product.run()

    (form,) = forms(there)
    ada = home.workers["Ada"]
    event = Event.objects.get(type="worker.activity.update")
    assert form["EventType"] == "worker.activity.update"
    assert form["AccountSid"] == home.account.sid
    assert (form["WorkspaceSid"], form["WorkspaceName"]) == (home.workspace.sid, "Acme")
    assert (form["ResourceType"], form["ResourceSid"]) == ("worker", ada.sid)
    assert form["EventDescription"] == "Worker Ada updated to Available Activity"
    assert form["Timestamp"] == str(int(event.created_at.timestamp()))
    assert form["TimestampMs"] == str(events.milliseconds(event.created_at))
    assert form["Sid"] == event.sid
    assert (form["WorkerSid"], form["WorkerName"]) == (ada.sid, "Ada")
    assert json.loads(form["WorkerAttributes"]) == {"skills": ["support", "sales"]}
    assert form["WorkerActivityName"] == "Available"
    assert form["WorkerPreviousActivitySid"] == home.activity("Offline").sid
    assert form["WorkerTimeInPreviousActivity"] == str(int(form["WorkerTimeInPreviousActivityMs"]) // 1000)


@pytest.mark.parametrize("path", ["/hook", "", "/hook?team=1&x=%20y", "/a/ñ?q=é"])
def test_twilios_validator_takes_the_signature(home, there, product, path):
    tell(home, there.url(path), "activity.created")
    agents.create_activity(home.workspace, friendly_name="Lunch & café", available=False, actor=SYSTEM)

    product.run()

    heard, headers, _ = there.requests[0]
    seen = f"http://{headers['host']}{heard}"
    assert forms(there)[0]["ActivityName"] == "Lunch & café"
    assert is_signed(home, there, 0, url=seen)
    assert not is_signed(home, there, 0, url=seen + "x")


def test_only_what_the_filter_names_is_told(home, there, product):
    tell(home, there.url(), "activity.created,task-channel.created")
    people.available(home, "Ada")
    agents.create_activity(home.workspace, friendly_name="Lunch", available=False, actor=SYSTEM)

    product.run()

    assert [form["EventType"] for form in forms(there)] == ["activity.created"]


def test_without_a_filter_all_types_of_taskrouter_are_told_and_no_other(home, there, product):
    tell(home, there.url())
    people.available(home, "Ada")
    hooks.create_endpoint(account=home.account, friendly_name="Bot", url=there.url("/bot"), actor=SYSTEM)

    product.run()

    assert {form["EventType"] for form in forms(there)} == {"workspace.updated", "worker.activity.update"}


def test_nothing_is_told_where_there_is_no_address(home, there, product):
    other = people.house("Other")
    product.run()
    tell(other, there.url())
    product.run()
    told = len(there.requests)
    people.available(home, "Ada")

    product.run()

    assert len(there.requests) == told
    assert {form["WorkspaceSid"] for form in forms(there)} == {other.workspace.sid}


def test_events_of_one_task_come_in_their_order(home, there, product):
    make_workflow(home.workspace, default=make_queue(home.workspace))
    people.available(home, "Ada")
    product.run()
    tell(home, there.url(), "task.created,task-queue.entered,reservation.created,reservation.accepted,task.completed")
    task = make_task(home.workspace, attributes={"name": "María"})
    actions.accept(offered(task, home.workers["Ada"]), actor=SYSTEM)
    actions.complete(queries.task(task.sid), actor=SYSTEM, reason="done")

    product.run()

    told = forms(there)
    assert [form["EventType"] for form in told] == [
        "task.created",
        "task-queue.entered",
        "reservation.created",
        "reservation.accepted",
        "task.completed",
    ]
    assert {form["TaskSid"] for form in told} == {task.sid}
    assert json.loads(told[0]["TaskAttributes"]) == {"name": "María"}
    assert told[2]["WorkerName"] == "Ada"
    assert json.loads(told[2]["WorkerAttributes"]) == {"skills": ["support", "sales"]}
    assert told[4]["TaskCompletedReason"] == "done"


def test_a_failed_one_holds_up_those_of_its_subject_alone(home, there, product):
    tell(home, there.url(), "activity.created,activity.updated")
    there.respond = answer(500)
    lunch = agents.create_activity(home.workspace, friendly_name="Lunch", available=False, actor=SYSTEM)
    agents.update_activity(lunch, friendly_name="Long lunch", actor=SYSTEM)
    product.run()
    there.respond = None
    agents.create_activity(home.workspace, friendly_name="Tea", available=False, actor=SYSTEM)

    product.run()
    Dispatch.objects.filter(status="pending").update(due_at=clock.now())
    tasks.deliver(Endpoint.objects.get().sid, lunch.sid)

    assert [form["ActivityName"] for form in forms(there)] == ["Lunch", "Tea", "Lunch", "Long lunch"]
    assert there.requests[0][1]["i-twilio-idempotency-token"] == there.requests[2][1]["i-twilio-idempotency-token"]


def test_a_new_address_has_what_still_waits_and_none_ends_it(home, there, product):
    tell(home, "http://127.0.0.1:9/", "activity.created")
    agents.create_activity(home.workspace, friendly_name="Lunch", available=False, actor=SYSTEM)
    product.run()
    tell(home, there.url(), "activity.created")
    agents.create_activity(home.workspace, friendly_name="Tea", available=False, actor=SYSTEM)
    product.run()
    assert Endpoint.objects.get().url == there.url()

    tell(home, "")
    agents.create_activity(home.workspace, friendly_name="Late", available=False, actor=SYSTEM)
    product.run()

    assert [form["ActivityName"] for form in forms(there)] == ["Tea"]
    assert sorted(Dispatch.objects.values_list("status", flat=True)) == ["delivered", "failed"]


def test_an_address_inside_is_refused_without_the_operators_leave(home, there, product, settings):
    tell(home, there.url(), "activity.created")
    settings.EGRESS_ALLOW = []
    agents.create_activity(home.workspace, friendly_name="Lunch", available=False, actor=SYSTEM)

    product.run()

    assert there.requests == []
    assert "EGRESS_ALLOW" in Dispatch.objects.get().last_error


def test_being_fed_twice_sends_once(home, there, product):
    start = last_position()
    tell(home, there.url(), "activity.created")
    agents.create_activity(home.workspace, friendly_name="Lunch", available=False, actor=SYSTEM)
    product.run()

    EventCallbacks("again").feed(numbered.events_after(start, 1000))
    product.run()

    assert len(there.requests) == 1


def test_what_is_older_than_a_day_is_not_told_any_more(home, there, product):
    """Such as all that happened before the product could tell."""
    tell(home, there.url(), "activity.created")
    product.run()
    agents.create_activity(home.workspace, friendly_name="Old", available=False, actor=SYSTEM)
    Event.objects.filter(type="activity.created").update(created_at=clock.now() - timedelta(hours=25))
    agents.create_activity(home.workspace, friendly_name="Lunch", available=False, actor=SYSTEM)

    product.run()

    assert [form["ActivityName"] for form in forms(there)] == ["Lunch"]


# --- offers ---


@dataclass
class Office:
    """Ada is asked about tasks whose workflow has an address."""

    home: House
    workflow: Workflow
    product: Product

    def offer(self) -> Reservation:
        task = make_task(self.home.workspace, attributes={"name": "Maria"}, priority=7)
        return offered(task, self.home.workers["Ada"])

    def state(self, reservation: Reservation) -> tuple[str, str]:
        row = Reservation.objects.select_related("task").get(pk=reservation.pk)
        return row.reservation_status, row.task.assignment_status

    def call_back(self, url: str, fallback: str = "") -> None:
        actions.save_workflow(
            self.workflow, assignment_callback_url=url, fallback_assignment_callback_url=fallback, actor=SYSTEM
        )


@pytest.fixture
def office(home: House, product: Product) -> Office:
    workflow = make_workflow(home.workspace, default=make_queue(home.workspace))
    people.available(home, "Ada")
    product.run()
    return Office(home, workflow, product)


def fault() -> str:
    return Dispatch.objects.get().last_error


def test_an_offer_arrives_with_all_that_twilio_tells(office, there):
    there.respond = says({"instruction": "accept"})
    office.call_back(there.url())
    reservation = office.offer()
    office.product.run()

    (form,) = forms(there)
    task, ada = Task.objects.get(), office.home.workers["Ada"]
    assert form["AccountSid"] == office.home.account.sid
    assert form["WorkspaceSid"] == office.home.workspace.sid
    assert form["WorkflowSid"] == office.workflow.sid
    assert form["TaskQueueSid"] == queries.task(task.sid).task_queue.sid
    assert form["WorkerSid"] == ada.sid
    assert json.loads(form["WorkerAttributes"]) == ada.attributes
    assert (form["TaskSid"], form["ReservationSid"]) == (task.sid, reservation.sid)
    assert json.loads(form["TaskAttributes"]) == {"name": "Maria"}
    assert (form["TaskAge"], form["TaskPriority"]) == ("0", "7")
    assert form["Timestamp"] == str(int(reservation.created_at.timestamp()))
    assert is_signed(office.home, there, 0, url=there.url())


def test_accept_is_carried_out(office, there):
    there.respond = says({"instruction": "accept"})
    office.call_back(there.url())
    reservation = office.offer()

    office.product.run()

    assert office.state(reservation) == ("accepted", "assigned")
    assert fault() == ""


def test_reject_is_carried_out_with_and_without_an_activity(office, there):
    away = office.home.activity("Break")
    there.respond = says({"instruction": "reject"})
    office.call_back(there.url())
    first = office.offer()
    office.product.run()
    office.home.workers["Ada"].refresh_from_db()
    assert office.state(first) == ("rejected", "pending")
    assert office.home.workers["Ada"].activity.friendly_name == "Available"

    there.respond = says({"instruction": "reject", "activity_sid": away.sid})
    second = office.offer()
    office.product.run()

    office.home.workers["Ada"].refresh_from_db()
    assert office.state(second) == ("rejected", "pending")
    assert office.home.workers["Ada"].activity == away


@pytest.mark.parametrize("status", [200, 204])
def test_an_empty_answer_leaves_the_offer_to_rest(office, there, status):
    there.respond = answer(status)
    office.call_back(there.url())
    reservation = office.offer()

    office.product.run()

    assert office.state(reservation) == ("pending", "reserved")
    assert Dispatch.objects.get().status == "delivered"


@pytest.mark.parametrize(
    ("respond", "told"),
    [
        (says(b"<Response/>", kind="text/xml"), "40000: "),
        (says(b"accept"), "40001: "),
        (says(["accept"]), "40001: "),
        (says(b"[" * 50_000), "40001: "),
        (says({"accept": True}), "40005: "),
        (says({"instruction": "dance"}), "55555: "),
        (says({"instruction": ["accept"]}), "55555: "),
        (says({"instruction": "dequeue", "to": "+15550100"}), "55555: the instruction dequeue needs a telephone call"),
        (says({"instruction": "conference"}), "55555: the instruction conference needs a telephone call"),
        (answer(404), "the address answered 404"),
        (answer(302, Location="http://127.0.0.1/"), "the address answered 302"),
    ],
    ids=["xml", "text", "list", "deep", "none", "unknown", "odd", "dequeue", "conference", "404", "redirect"],
)
def test_an_answer_that_cannot_be_followed_sends_it_to_the_fallback(office, there, fallback, respond, told):
    there.respond = respond
    fallback.respond = says({"instruction": "accept"})
    office.call_back(there.url(), fallback.url())
    reservation = office.offer()

    office.product.run()

    assert office.state(reservation) == ("accepted", "assigned")
    assert (len(there.requests), len(fallback.requests)) == (1, 1)

    there.requests.clear()
    fallback.respond = answer(500)
    second = office.offer()
    office.product.run()
    waiting = Dispatch.objects.get(subject_sid=second.sid)
    assert waiting.last_error.startswith(told)
    assert waiting.last_error.endswith("fallback: the address answered 500")


def give_up(office: Office) -> None:
    """The second round, when its time is over."""
    (line,) = Dispatch.objects.filter(status="pending").values_list("endpoint__sid", "subject_sid")
    past = clock.now() - timedelta(seconds=3)
    Dispatch.objects.filter(status="pending").update(due_at=past, created_at=past)
    tasks.deliver(*line)
    office.product.run()


def test_an_offer_is_canceled_when_neither_address_answers(office):
    office.call_back("http://127.0.0.1:9/", "http://127.0.0.1:9/fallback")
    reservation = office.offer()
    office.product.run()
    assert office.state(reservation) == ("pending", "reserved")

    give_up(office)

    assert office.state(reservation) == ("canceled", "pending")
    office.home.workers["Ada"].refresh_from_db()
    assert office.home.workers["Ada"].activity.friendly_name == "Available"
    assert "; fallback: " in fault()
    assert Event.objects.filter(type="reservation.canceled", subject_sid=reservation.sid).count() == 1


def test_an_offer_is_canceled_when_its_instruction_fails(office, there):
    foreign = people.house("Other").activity("Break")
    there.respond = says({"instruction": "reject", "activity_sid": foreign.sid})
    office.call_back(there.url())
    reservation = office.offer()

    office.product.run()

    assert office.state(reservation) == ("canceled", "pending")
    assert fault().startswith("40100: ")


@pytest.mark.parametrize("named", ["WA" + "0" * 32, "Break", 7, {"sid": "WA"}, "WA\0", "\ud800"])
def test_an_activity_that_is_none_is_noted(office, there, named):
    there.respond = says({"instruction": "reject", "activity_sid": named})
    office.call_back(there.url())
    office.offer()

    office.product.run()

    assert fault().startswith("40100: ")


def test_an_answer_after_the_workers_own_changes_nothing(office, there):
    there.respond = says({"instruction": "reject"})
    office.call_back(there.url())
    reservation = office.offer()
    actions.accept(queries.reservation(reservation.sid), actor=SYSTEM)
    AssignmentCallbacks("late")  # Asked before the worker answered:
    office.product.run()
    assert there.requests == []

    second = office.offer()
    office.product._relay.step()
    actions.accept(queries.reservation(second.sid), actor=SYSTEM)
    office.product.run()

    assert office.state(second) == ("accepted", "assigned")
    assert fault() == "This offer does not stand any more."


def test_workflows_without_an_address_ask_nobody(office, there):
    reservation = office.offer()

    office.product.run()

    assert office.state(reservation) == ("pending", "reserved")
    assert not Dispatch.objects.exists()


def test_an_address_that_is_set_later_counts_at_once(office, there):
    office.offer()
    office.product.run()
    there.respond = says({"instruction": "accept"})
    office.call_back(there.url())

    reservation = office.offer()
    office.product.run()

    assert office.state(reservation) == ("accepted", "assigned")
    assert len(there.requests) == 1
