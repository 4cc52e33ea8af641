"""The worker's part against a real receiver: what arrives, how often, in which order."""

import json
from datetime import timedelta

import pytest
from django.db import transaction
from kombu.exceptions import OperationalError

from accounts.models import Account
from eventlog.models import Event
from hooks import actions, signing, sinks, tasks, timers
from hooks.models import Dispatch, Endpoint
from hooks.places import AT_ONCE, Places
from hooks.tests.receiver import answer, receiver
from kernel import clock, sids
from kernel.actor import SYSTEM

pytestmark = pytest.mark.django_db


@pytest.fixture
def there(settings):
    settings.EGRESS_ALLOW = ["127.0.0.0/8"]
    with receiver() as running:
        yield running


@pytest.fixture
def given(there):
    """An endpoint at the receiver, and its secret."""
    account = Account.objects.create(friendly_name="Acme")
    return actions.create_endpoint(account=account, friendly_name="Bot", url=there.url(), actor=SYSTEM)


@pytest.fixture
def rung(monkeypatch):
    """The rings, instead of a broker."""
    noted = []
    monkeypatch.setattr(tasks.deliver, "delay", lambda *line: noted.append(line))
    monkeypatch.setattr(tasks, "_rung_at", {})
    return noted


def queue(endpoint, *bodies, subject="CH1"):
    with transaction.atomic():
        return [
            actions.enqueue(
                endpoint,
                type="message.added",
                subject_sid=subject,
                payload={"body": body},
                event_sid=sids.new("EV"),
                actor=SYSTEM,
            )
            for body in bodies
        ]


def test_a_webhook_arrives_signed_and_whole(there, given):
    endpoint, secret = given
    (dispatch,) = queue(endpoint, "¿qué? 🙂 <b>' OR 1=1")

    tasks.deliver(endpoint.sid, "CH1")

    _, headers, body = there.requests[0]
    expected = signing.sign(
        secret, message_id=dispatch.event_sid, timestamp=int(headers["webhook-timestamp"]), body=body
    )
    assert headers["webhook-signature"] == expected
    assert headers["webhook-id"] == dispatch.event_sid
    assert headers["content-type"] == "application/json"
    assert abs(int(headers["webhook-timestamp"]) - clock.now().timestamp()) < 5
    assert json.loads(body) == {
        "id": dispatch.event_sid,
        "type": "message.added",
        "timestamp": clock.iso(dispatch.created_at),
        "data": {"body": "¿qué? 🙂 <b>' OR 1=1"},
    }
    dispatch.refresh_from_db()
    assert (dispatch.status, dispatch.last_status, dispatch.attempts) == ("delivered", 204, 1)
    assert dispatch.delivered_at is not None


def test_all_that_waits_goes_in_order(there, given):
    endpoint, _ = given
    queue(endpoint, "1", "2", "3")

    tasks.deliver(endpoint.sid, "CH1")
    tasks.deliver(endpoint.sid, "CH1")

    assert [json.loads(body)["data"]["body"] for body in there.bodies] == ["1", "2", "3"]


@pytest.mark.parametrize("status", [300, 302, 400, 404, 410, 429, 500, 503])
def test_anything_but_2xx_is_tried_again_with_the_same_id_and_body(there, given, status):
    endpoint, _ = given
    (dispatch,) = queue(endpoint, "1")
    there.respond = answer(status, b"secrets of the integrator")

    tasks.deliver(endpoint.sid, "CH1")

    dispatch.refresh_from_db()
    assert (dispatch.status, dispatch.last_status) == ("pending", status)
    assert dispatch.last_error == f"the endpoint answered {status}"
    assert dispatch.due_at > clock.now() + timedelta(seconds=3)

    there.respond = None
    Dispatch.objects.update(due_at=clock.now())
    tasks.deliver(endpoint.sid, "CH1")
    first, second = there.requests
    assert first[1]["webhook-id"] == second[1]["webhook-id"]
    assert first[2] == second[2]
    dispatch.refresh_from_db()
    assert dispatch.status == "delivered"


def test_a_refused_target_is_told_and_nothing_is_sent(there, given, settings):
    endpoint, _ = given
    (dispatch,) = queue(endpoint, "1")
    settings.EGRESS_ALLOW = []

    tasks.deliver(endpoint.sid, "CH1")

    dispatch.refresh_from_db()
    assert there.requests == []
    assert dispatch.status == "pending"
    assert "EGRESS_ALLOW" in dispatch.last_error


def test_a_lost_secret_key_does_not_lose_the_webhook(there, given, settings):
    endpoint, _ = given
    (dispatch,) = queue(endpoint, "1")
    settings.SECRET_KEY = "x" * 60

    tasks.deliver(endpoint.sid, "CH1")

    dispatch.refresh_from_db()
    assert there.requests == []
    assert (dispatch.status, "SECRET_KEY" in dispatch.last_error) == ("pending", True)


def test_nothing_listens(given):
    endpoint, _ = given
    Endpoint.objects.update(url="http://127.0.0.1:9/")
    (dispatch,) = queue(endpoint, "1")

    tasks.deliver(endpoint.sid, "CH1")

    dispatch.refresh_from_db()
    assert (dispatch.status, dispatch.last_status) == ("pending", None)


def test_the_sink_rings_once_for_each_line(given, rung):
    endpoint, _ = given
    queue(endpoint, "1", "2")
    queue(endpoint, "3", subject="CH2")

    sinks.Deliveries("hooks").feed(list(Event.objects.filter(type="webhook.queued")))

    assert rung == [(endpoint.sid, "CH1"), (endpoint.sid, "CH2")]


def test_a_lost_ring_is_made_up_for_by_the_sweep(given, rung):
    endpoint, _ = given
    queue(endpoint, "1")

    timers.drive_deliveries(clock.now())
    assert rung == []
    timers.drive_deliveries(clock.now() + timedelta(seconds=3))
    timers.drive_deliveries(clock.now() + timedelta(seconds=3))
    assert rung == [(endpoint.sid, "CH1")]


def test_a_broker_that_is_away_does_not_stop_the_log(given, monkeypatch):
    endpoint, _ = given
    queue(endpoint, "1")

    def away(*_):
        raise OperationalError

    monkeypatch.setattr(tasks.deliver, "delay", away)
    sinks.Deliveries("hooks").feed(list(Event.objects.filter(type="webhook.queued")))

    assert Dispatch.objects.get().status == "pending"


def test_an_endpoint_has_but_so_many_places_and_calls_who_waits(given, rung, monkeypatch):
    """An attempt is under way at each place; a further line is told when the first of them is over."""
    endpoint, _ = given
    rivals = [f"CH{number}" for number in range(AT_ONCE + 2)]
    tried = []

    def send(_endpoint_sid, subject_sid):
        tried.append(subject_sid)
        if rivals[len(tried) :]:
            tasks.deliver(endpoint.sid, rivals[len(tried)])

    monkeypatch.setattr(tasks, "_send_line", send)
    tasks.deliver(endpoint.sid, rivals[0])

    assert tried == rivals[:AT_ONCE]
    assert rung == [(endpoint.sid, rivals[AT_ONCE])]

    tried.clear()
    monkeypatch.setattr(tasks, "_send_line", lambda _endpoint_sid, subject_sid: tried.append(subject_sid))
    tasks.deliver(endpoint.sid, rivals[AT_ONCE])
    assert tried == [rivals[AT_ONCE]]
    assert len(rung) == 1


def test_a_line_waits_once_and_another_endpoint_has_places_of_its_own():
    places = Places(1)

    assert places.take("WH1", "CH1")
    assert not places.take("WH1", "CH2")
    assert not places.take("WH1", "CH3")
    assert not places.take("WH1", "CH2")
    assert places.take("WH2", "CH1")

    assert places.give_back("WH1") == "CH2"
    assert places.take("WH1", "CH2")
    assert places.give_back("WH1") == "CH3"
    assert places.give_back("WH2") is None
    assert places.take("WH1", "CH3")
    assert places.give_back("WH1") is None
