"""Callbacks of the running product: signed as Twilio signs, each once, in order."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import pytest
from twilio.request_validator import RequestValidator

from hooks.tests.receiver import Receiver, answer, receiver
from tests.support.product import wait_until

SECONDS = 20


@pytest.fixture
def there() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


def forms(there: Receiver) -> list[dict[str, str]]:
    return [dict(parse_qsl(body.decode(), keep_blank_values=True)) for body in there.bodies]


def test_events_arrive_signed_and_in_order(ours: Any, workspace: Any, there: Receiver) -> None:
    workspace.update(event_callback_url=there.url(), events_filter="activity.created,activity.updated")
    lunch = workspace.activities.create(friendly_name="Lunch")
    for name in ("Long lunch", "Longer lunch"):
        workspace.activities(lunch.sid).update(friendly_name=name)

    wait_until(lambda: len(there.requests) >= 3, seconds=SECONDS, what="the callbacks")

    told = forms(there)
    assert [form["ActivityName"] for form in told] == ["Lunch", "Long lunch", "Longer lunch"]
    listed = [each.sid for each in workspace.events.list(event_type="activity.updated")]
    assert [form["Sid"] for form in told[1:]] == listed[::-1]
    validator = RequestValidator(ours.secret)
    for form, (_, headers, _) in zip(told, there.requests, strict=True):
        assert validator.validate(there.url(), form, headers["x-twilio-signature"])
        assert not validator.validate(there.url("/other"), form, headers["x-twilio-signature"])


def test_an_offer_is_accepted_by_its_callback(workspace: Any, there: Receiver) -> None:
    there.respond = answer(200, json.dumps({"instruction": "accept"}).encode(), Content_Type="application/json")
    available = next(each for each in workspace.activities.list() if each.friendly_name == "Available")
    queue = workspace.task_queues.create(friendly_name="Everyone")
    document = json.dumps({"task_routing": {"default_filter": {"queue": queue.sid}}})
    workspace.workflows.create(friendly_name="Calls back", configuration=document, assignment_callback_url=there.url())
    worker = workspace.workers.create(friendly_name="Ada", activity_sid=available.sid)
    task = workspace.tasks.create(attributes='{"name": "Maria"}')

    wait_until(
        lambda: workspace.tasks(task.sid).fetch().assignment_status == "assigned",
        seconds=SECONDS,
        what="the assignment",
    )

    (form,) = forms(there)
    assert (form["TaskSid"], form["WorkerSid"]) == (task.sid, worker.sid)
    (reservation,) = workspace.tasks(task.sid).reservations.list()
    assert (reservation.sid, reservation.reservation_status) == (form["ReservationSid"], "accepted")
