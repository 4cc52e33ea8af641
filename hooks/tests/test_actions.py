"""Endpoints, and the line of webhooks that waits for each."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import Account
from eventlog.models import Event
from hooks import actions, queries, vault
from hooks.core import retries
from hooks.models import Dispatch, Endpoint
from kernel import clock, sids
from kernel.actor import SYSTEM, Actor
from kernel.errors import Forbidden, Invalid, NotFound
from tests import people

pytestmark = pytest.mark.django_db

URL = "https://bot.example.com/hook"


@pytest.fixture
def account():
    return Account.objects.create(friendly_name="Acme")


@pytest.fixture
def endpoint(account):
    made, _ = actions.create_endpoint(account=account, friendly_name="Bot", url=URL, actor=SYSTEM)
    return made


def queue(endpoint, n=1, *, subject="CH1", event_sid=None):
    with transaction.atomic():
        return actions.enqueue(
            endpoint,
            type="message.added",
            subject_sid=subject,
            payload={"n": n},
            event_sid=event_sid or sids.new("EV"),
            actor=SYSTEM,
        )


def events(name):
    return list(Event.objects.filter(type=name).order_by("id"))


def rewind(dispatch):
    """Its time has come."""
    Dispatch.objects.filter(pk=dispatch.pk).update(due_at=clock.now() - timedelta(seconds=1))


# --- endpoints ---


def test_the_secret_is_given_once_and_kept_sealed(account):
    endpoint, secret = actions.create_endpoint(account=account, friendly_name=" Bot ", url=URL, actor=SYSTEM)

    kept = Endpoint.objects.get(pk=endpoint.pk)
    assert kept.friendly_name == "Bot"
    assert secret.startswith("whsec_")
    assert secret not in kept.secret
    assert vault.unseal(kept.secret) == secret
    assert secret not in str([event.data for event in Event.objects.all()])


@pytest.mark.parametrize("url", ["http://bot.example.com/", "https://10.0.0.1/", "javascript:alert(1)", ""])
def test_a_url_that_leads_elsewhere_is_never_saved(account, settings, url):
    settings.EGRESS_ALLOW = []

    with pytest.raises(Invalid) as refused:
        actions.create_endpoint(account=account, friendly_name="Bot", url=url, actor=SYSTEM)
    with pytest.raises(ValidationError):
        Endpoint(account=account, friendly_name="Bot", url=url, secret="x").clean_fields()

    assert refused.value.field == "url"
    assert not Endpoint.objects.exists()


def test_an_update_is_checked_like_a_creation(endpoint, settings):
    settings.EGRESS_ALLOW = []

    with pytest.raises(Invalid):
        actions.update_endpoint(endpoint, url="https://127.0.0.1/", actor=SYSTEM)

    assert Endpoint.objects.get().url == URL


def test_agents_and_strangers_may_not_make_endpoints(account):
    agent = Actor("user", role="agent", account_sid=account.sid)
    stranger = Actor("user", role="admin", account_sid=sids.new("AC"))

    for actor in (agent, stranger):
        with pytest.raises(Forbidden):
            actions.create_endpoint(account=account, friendly_name="Bot", url=URL, actor=actor)

    assert not Endpoint.objects.exists()


def test_another_accounts_endpoint_is_not_found(endpoint):
    other = Account.objects.create(friendly_name="Other")

    with pytest.raises(NotFound):
        queries.endpoint(endpoint.sid, actor=Actor("user", role="admin", account_sid=other.sid))
    mine = Actor("user", role="admin", account_sid=endpoint.account.sid)
    assert queries.endpoint(endpoint.sid, actor=mine) == endpoint


def test_a_new_secret_replaces_the_old(endpoint):
    before = vault.unseal(endpoint.secret)

    secret = actions.renew_secret(endpoint, actor=SYSTEM)

    assert vault.unseal(Endpoint.objects.get().secret) == secret != before


# --- the line ---


def test_queueing_rings_through_the_log(endpoint):
    dispatch = queue(endpoint)

    told = events("webhook.queued")
    assert [event.data["endpoint_sid"] for event in told] == [endpoint.sid]
    assert told[0].data["about_sid"] == "CH1"
    assert told[0].audiences == []
    assert dispatch.status == "pending"


def test_the_same_event_is_queued_once(endpoint):
    first = queue(endpoint, event_sid="EV1")
    second = queue(endpoint, event_sid="EV1")

    assert first == second
    assert len(events("webhook.queued")) == 1


def test_nothing_is_queued_when_the_caller_rolls_back(endpoint):
    with transaction.atomic():
        queue(endpoint)
        transaction.set_rollback(True)

    assert not Dispatch.objects.exists()
    assert events("webhook.queued") == []


def test_one_at_a_time_and_in_order(endpoint):
    first, second = queue(endpoint, 1), queue(endpoint, 2)

    claim = actions.claim_next(endpoint.sid, "CH1")
    assert claim.payload == {"n": 1}
    assert actions.claim_next(endpoint.sid, "CH1") is None

    actions.mark_delivered(first.sid, fence=claim.fence, status=200)
    assert actions.claim_next(endpoint.sid, "CH1").dispatch_sid == second.sid


def test_another_subject_does_not_wait(endpoint):
    queue(endpoint, 1)
    queue(endpoint, 2, subject="CH2")
    actions.claim_next(endpoint.sid, "CH1")

    assert actions.claim_next(endpoint.sid, "CH2").payload == {"n": 2}


def test_a_later_one_does_not_overtake_a_failed_one(endpoint):
    first = queue(endpoint, 1)
    queue(endpoint, 2)
    claim = actions.claim_next(endpoint.sid, "CH1")

    actions.put_back(first.sid, fence=claim.fence, status=500, error="the endpoint answered 500")

    assert actions.claim_next(endpoint.sid, "CH1") is None
    rewind(first)
    assert actions.claim_next(endpoint.sid, "CH1").payload == {"n": 1}


def test_a_dead_workers_attempt_comes_back_under_a_new_fence(endpoint):
    dispatch = queue(endpoint)
    dead = actions.claim_next(endpoint.sid, "CH1")
    rewind(dispatch)

    alive = actions.claim_next(endpoint.sid, "CH1")
    assert (alive.fence, alive.event_sid) == (dead.fence + 1, dead.event_sid)

    actions.mark_delivered(dispatch.sid, fence=alive.fence, status=200)
    actions.put_back(dispatch.sid, fence=dead.fence, status=None, error="late")
    actions.mark_delivered(dispatch.sid, fence=dead.fence, status=201)
    dispatch.refresh_from_db()
    assert (dispatch.status, dispatch.last_status, dispatch.attempts) == ("delivered", 200, 2)


def test_a_rival_between_look_and_claim_wins(endpoint, monkeypatch):
    queue(endpoint)
    stale = queries.head_of_line(endpoint.sid, "CH1")
    assert actions.claim_next(endpoint.sid, "CH1") is not None
    monkeypatch.setattr(queries, "head_of_line", lambda *_: stale)

    assert actions.claim_next(endpoint.sid, "CH1") is None
    assert Dispatch.objects.get().attempts == 1


def test_the_next_attempt_follows_the_schedule(endpoint, monkeypatch):
    monkeypatch.setattr(actions.random, "random", lambda: 0.5)
    dispatch = queue(endpoint)
    pauses = []

    for _ in range(9):
        claim = actions.claim_next(endpoint.sid, "CH1")
        before = clock.now()
        actions.put_back(dispatch.sid, fence=claim.fence, status=503, error="x")
        dispatch.refresh_from_db()
        pauses.append(round((dispatch.due_at - before).total_seconds()))
        rewind(dispatch)

    assert pauses == [5, 30, 120, 600, 1800, 3600, 10800, 21600, 21600]


def test_after_72_hours_it_is_given_up_and_told(endpoint):
    dispatch, following = queue(endpoint, 1), queue(endpoint, 2)
    Dispatch.objects.filter(pk=dispatch.pk).update(created_at=clock.now() - timedelta(hours=72))
    claim = actions.claim_next(endpoint.sid, "CH1")

    actions.put_back(dispatch.sid, fence=claim.fence, status=None, error="the connection failed")

    dispatch.refresh_from_db()
    assert (dispatch.status, dispatch.due_at, dispatch.last_error) == ("failed", None, "the connection failed")
    assert [event.data["about_sid"] for event in events("webhook.failed")] == ["CH1"]
    assert actions.claim_next(endpoint.sid, "CH1").dispatch_sid == following.sid


def test_jitter_stays_within_a_fifth():
    assert retries.pause(1, chance=0).total_seconds() == pytest.approx(4)
    assert retries.pause(1, chance=0.999999).total_seconds() == pytest.approx(6, abs=0.001)


def test_an_inactive_endpoint_rests(endpoint):
    queue(endpoint)
    actions.update_endpoint(endpoint, active=False, actor=SYSTEM)
    assert actions.claim_next(endpoint.sid, "CH1") is None
    assert queries.due_lines(clock.now() + timedelta(hours=1), grace=timedelta(0), limit=10) == []

    actions.update_endpoint(endpoint, active=True, actor=SYSTEM)
    assert actions.claim_next(endpoint.sid, "CH1") is not None


def test_the_sweep_sees_heads_alone(endpoint):
    first = queue(endpoint, 1)
    queue(endpoint, 2)
    queue(endpoint, 3, subject="CH2")
    claim = actions.claim_next(endpoint.sid, "CH1")
    actions.put_back(first.sid, fence=claim.fence, status=500, error="x")

    later = clock.now() + timedelta(seconds=3)
    assert queries.due_lines(later, grace=timedelta(seconds=2), limit=10) == [(endpoint.sid, "CH2")]


def test_the_cast_may(endpoint):
    home = people.house("Beta")
    people.person(home, "Bo", role="supervisor")

    made, _ = actions.create_endpoint(account=home.account, friendly_name="Bot", url=URL, actor=home.actor("Bo"))
    assert made.account == home.account
