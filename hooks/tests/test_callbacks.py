"""Callbacks: forms to addresses that somebody else keeps, with a fallback, time limits and an answer that counts."""

from datetime import timedelta

import pytest
from django.db import transaction

from accounts.models import Account
from eventlog.models import Event
from hooks import actions, letters, tasks
from hooks.actions import Letter
from hooks.core import kinds, retries
from hooks.egress import Answer
from hooks.models import Dispatch, Endpoint
from hooks.tests.receiver import answer, receiver
from kernel import clock, sids
from kernel.actor import SYSTEM, Actor
from kernel.errors import Forbidden, Invalid, NotFound, StaleMove

pytestmark = pytest.mark.django_db


class Plain(letters.Writer):
    """Writes as little as can be; only what begins with ``yes`` is taken."""

    def write(self, claim, url):
        return letters.Request(claim.event_sid.encode(), {"x-url": url, "x-secret": claim.secret})

    def fault(self, answer: Answer):
        return "" if answer.body.startswith(b"yes") else "no yes"


@pytest.fixture(autouse=True)
def _plain(settings):
    settings.EGRESS_ALLOW = ["127.0.0.0/8"]
    plain = f"{__name__}.Plain"
    settings.HOOK_LETTERS = {**settings.HOOK_LETTERS, kinds.EVENT_CALLBACK: plain, kinds.ASSIGNMENT_CALLBACK: plain}
    letters.writer_of.cache_clear()
    yield
    letters.writer_of.cache_clear()


@pytest.fixture
def account():
    return Account.objects.create(friendly_name="Acme")


@pytest.fixture
def there():
    with receiver(respond=answer(200, b"yes \x00 indeed")) as running:
        yield running


@pytest.fixture
def other():
    with receiver(respond=answer(200, b"yes, too")) as running:
        yield running


def callback(account, kind=kinds.ASSIGNMENT_CALLBACK, *, owner="WW1", url="", fallback=""):
    return actions.keep_callback(
        account, kind=kind, owner_sid=owner, friendly_name="Line", url=url, fallback_url=fallback
    )


def queue(endpoint, *numbers, subject="WR1"):
    lines = actions.enqueue_all(endpoint, [Letter(f"EV{n}", "reservation.created", subject, {"n": n}) for n in numbers])
    assert lines == [(endpoint.sid, subject)]
    return list(Dispatch.objects.order_by("id"))


def told(kind):
    return list(Event.objects.filter(type=kind).order_by("id"))


def test_an_address_is_kept_once_and_follows_its_owner(account):
    first = callback(account, url="https://one.example.com/")
    second = callback(account, url="https://two.example.com/", fallback="https://three.example.com/")
    callback(account, kinds.EVENT_CALLBACK, url="https://one.example.com/")

    assert first.pk == second.pk
    kept = Endpoint.objects.get(pk=first.pk)
    assert (kept.url, kept.fallback_url) == ("https://two.example.com/", "https://three.example.com/")
    assert Endpoint.objects.count() == 2


def test_a_callbacks_endpoint_is_no_integrators_endpoint(account):
    from hooks import queries

    kept = callback(account, url="https://one.example.com/")

    with pytest.raises(NotFound):
        queries.endpoint(kept.sid, actor=SYSTEM)


def test_the_accounts_token_is_what_signs(account, there):
    endpoint = callback(account, url=there.url())
    queue(endpoint, 1)

    tasks.deliver(endpoint.sid, "WR1")

    assert there.requests[0][1]["x-secret"] == account.auth_token


def test_what_is_answered_is_kept_and_told(account, there):
    endpoint = callback(account, url=there.url())
    (dispatch,) = queue(endpoint, 1)

    tasks.deliver(endpoint.sid, "WR1")

    dispatch.refresh_from_db()
    assert (dispatch.status, dispatch.answer) == ("delivered", "yes  indeed")
    assert [(event.data["kind"], event.data["about_sid"]) for event in told("webhook.answered")] == [
        ("assignment-callback", "WR1")
    ]


def test_of_an_event_callback_the_answer_does_not_matter(account, there):
    endpoint = callback(account, kinds.EVENT_CALLBACK, url=there.url())
    (dispatch,) = queue(endpoint, 1)

    tasks.deliver(endpoint.sid, "WR1")

    dispatch.refresh_from_db()
    assert (dispatch.status, dispatch.answer) == ("delivered", "")
    assert told("webhook.answered") == []


def test_the_fallback_is_asked_when_the_address_does_not_answer_as_it_should(account, there, other):
    there.respond = answer(200, b"no")
    endpoint = callback(account, url=there.url(), fallback=other.url())
    (dispatch,) = queue(endpoint, 1)

    tasks.deliver(endpoint.sid, "WR1")

    dispatch.refresh_from_db()
    assert (len(there.requests), len(other.requests)) == (1, 1)
    assert (dispatch.status, dispatch.answer) == ("delivered", "yes, too")


def test_the_fallback_is_left_alone_when_the_address_answers(account, there, other):
    endpoint = callback(account, url=there.url(), fallback=other.url())
    queue(endpoint, 1)

    tasks.deliver(endpoint.sid, "WR1")

    assert (len(there.requests), len(other.requests)) == (1, 0)


def test_when_neither_answers_it_is_tried_once_more_and_then_given_up(account, there):
    there.respond = answer(500)
    endpoint = callback(account, url=there.url(), fallback="http://127.0.0.1:9/")
    (dispatch,) = queue(endpoint, 1)

    tasks.deliver(endpoint.sid, "WR1")

    dispatch.refresh_from_db()
    assert (dispatch.status, dispatch.last_status) == ("pending", 500)
    assert "; fallback: " in dispatch.last_error
    assert told("webhook.failed") == []

    Dispatch.objects.update(due_at=clock.now(), created_at=clock.now() - timedelta(seconds=2))
    tasks.deliver(endpoint.sid, "WR1")

    dispatch.refresh_from_db()
    assert (dispatch.status, len(there.requests)) == ("failed", 2)
    assert [event.data["kind"] for event in told("webhook.failed")] == ["assignment-callback"]


def test_an_assignment_has_five_seconds_and_an_event_fifteen():
    assert kinds.TERMS[kinds.ASSIGNMENT_CALLBACK].seconds == 5
    assert kinds.TERMS[kinds.EVENT_CALLBACK].seconds == 15
    for kind in kinds.TERMS.values():
        assert kind.lease.total_seconds() > 2 * kind.seconds


def test_who_is_late_counts_as_not_there(account, there, monkeypatch):
    import dataclasses
    import threading

    over = threading.Event()
    there.respond = lambda _handler: over.wait(10)
    brief = dataclasses.replace(kinds.TERMS[kinds.ASSIGNMENT_CALLBACK], seconds=0.2)
    monkeypatch.setattr(tasks, "TERMS", {**kinds.TERMS, kinds.ASSIGNMENT_CALLBACK: brief})
    endpoint = callback(account, url=there.url())
    (dispatch,) = queue(endpoint, 1)

    tasks.deliver(endpoint.sid, "WR1")
    over.set()

    dispatch.refresh_from_db()
    assert (dispatch.status, "no complete answer" in dispatch.last_error) == ("pending", True)


def test_what_is_queued_already_is_not_queued_again(account):
    endpoint = callback(account, url="https://one.example.com/")

    queue(endpoint, 1, 2)
    queue(endpoint, 2, 3)

    assert [row.payload for row in Dispatch.objects.order_by("id")] == [{"n": 1}, {"n": 2}, {"n": 3}]


def test_what_waits_for_an_address_that_was_taken_away_is_not_sent(account):
    endpoint = callback(account, url="https://one.example.com/")
    staying = callback(account, owner="WW2", url="https://two.example.com/")
    queue(endpoint, 1)
    queue(staying, 2, subject="WR2")

    actions.end_callbacks(kinds.ASSIGNMENT_CALLBACK, standing=["WW2"])

    assert list(Dispatch.objects.order_by("id").values_list("status", flat=True)) == ["failed", "pending"]
    assert actions.claim_next(endpoint.sid, "WR1") is None
    assert told("webhook.failed") == []


def test_an_events_schedule_ends_after_a_day():
    now = clock.now()
    late = retries.next_attempt(
        9, created_at=now - timedelta(hours=19), now=now, chance=0, plan=retries.EVENT_CALLBACK_PLAN
    )
    too_late = retries.next_attempt(
        9, created_at=now - timedelta(hours=20), now=now, chance=0, plan=retries.EVENT_CALLBACK_PLAN
    )

    assert late is not None
    assert too_late is None


# --- sent again ---


def delivered(account, there):
    endpoint = callback(account, url=there.url())
    (dispatch,) = queue(endpoint, 1)
    tasks.deliver(endpoint.sid, "WR1")
    dispatch.refresh_from_db()
    return endpoint, dispatch


def test_a_replay_sends_the_same_again(account, there):
    endpoint, dispatch = delivered(account, there)

    actions.replay(dispatch, actor=SYSTEM)
    tasks.deliver(endpoint.sid, "WR1")

    assert len(there.requests) == 2
    assert there.bodies[0] == there.bodies[1]
    assert [event.data["sid"] for event in told("webhook.queued")] == [dispatch.sid]


def test_a_replay_has_all_its_attempts(account, there):
    endpoint = callback(account, kinds.EVENT_CALLBACK, url=there.url())
    there.respond = answer(500)
    (dispatch,) = queue(endpoint, 1)
    long_ago = clock.now() - timedelta(days=3)
    Dispatch.objects.update(created_at=long_ago)
    tasks.deliver(endpoint.sid, "WR1")
    dispatch.refresh_from_db()
    assert dispatch.status == "failed"

    actions.replay(dispatch, actor=SYSTEM)
    tasks.deliver(endpoint.sid, "WR1")

    dispatch.refresh_from_db()
    assert (dispatch.status, dispatch.attempts) == ("pending", 1)


def test_what_waits_is_not_replayed(account, there):
    endpoint = callback(account, url=there.url())
    (dispatch,) = queue(endpoint, 1)

    with pytest.raises(StaleMove):
        actions.replay(dispatch, actor=SYSTEM)


def test_nothing_is_replayed_to_who_rests(account, there):
    _, dispatch = delivered(account, there)
    actions.end_callbacks(kinds.ASSIGNMENT_CALLBACK, standing=[])
    dispatch = Dispatch.objects.select_related("endpoint__account").get(pk=dispatch.pk)

    with pytest.raises(Invalid):
        actions.replay(dispatch, actor=SYSTEM)
    assert len(there.requests) == 1


def test_a_stranger_replays_nothing(account, there):
    _, dispatch = delivered(account, there)

    with pytest.raises(Forbidden):
        actions.replay(dispatch, actor=Actor("user", role="admin", account_sid=sids.new("AC")))
    assert dispatch.status == "delivered"


# --- how long they are kept ---


def test_what_is_long_over_is_forgotten(account):
    endpoint = callback(account, url="https://one.example.com/")
    queue(endpoint, 1, 2, 3, 4, 5)
    ages = [("delivered", 8), ("delivered", 6), ("failed", 31), ("failed", 29), ("pending", 40)]
    for number, (status, days) in enumerate(ages, start=1):
        Dispatch.objects.filter(event_sid=f"EV{number}").update(
            status=status, created_at=clock.now() - timedelta(days=days)
        )

    with transaction.atomic():
        assert actions.forget(clock.now()) == 2

    assert [row.event_sid for row in Dispatch.objects.order_by("id")] == ["EV2", "EV4", "EV5"]
