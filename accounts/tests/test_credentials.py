"""Auth tokens and keys: who gets in with what, for how long, and what of it is kept."""

from datetime import UTC, datetime, timedelta
from importlib import import_module

import pytest
import time_machine
from django.apps import apps

from accounts import actions, core, policy, queries
from accounts.models import Account, ApiKey
from accounts.vault import Unreadable, Vault
from kernel import sids
from kernel.actor import SYSTEM, Actor
from kernel.errors import Forbidden, Invalid, NotAuthenticated

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def account() -> Account:
    return Account.objects.create(friendly_name="Acme")


def new_key(account: Account, *scopes: str, **more: object) -> tuple[ApiKey, str]:
    key, token = actions.create_api_key(
        account=account, friendly_name="Bot", scopes=scopes or ["taskrouter:read"], actor=SYSTEM, **more
    )
    return key, core.parse_token(token)[1]


def test_the_accounts_own_token_may_all_that_a_key_can(account):
    actor = queries.actor_for_basic(account.sid, queries.auth_token(account))

    assert (actor.kind, actor.sid, actor.account_sid) == ("key", account.sid, account.sid)
    assert actor.scopes == frozenset(policy.SCOPES)


def test_the_token_is_kept_sealed_and_each_account_has_its_own(account):
    other = Account.objects.create(friendly_name="Other")

    tokens = {queries.auth_token(account), queries.auth_token(other)}

    assert len(tokens) == 2
    assert all(len(token) == 32 for token in tokens)
    assert not any(token in account.auth_token + other.auth_token for token in tokens)


def test_a_renewed_token_opens_and_the_old_one_does_not(account):
    old = queries.auth_token(account)

    new = actions.renew_auth_token(account, actor=SYSTEM)

    assert queries.actor_for_basic(account.sid, new).account_sid == account.sid
    with pytest.raises(NotAuthenticated):
        queries.actor_for_basic(account.sid, old)


def test_only_who_may_make_keys_renews_the_token(account):
    supervisor = Actor("user", sid=sids.new("US"), role="supervisor", account_sid=account.sid)

    with pytest.raises(Forbidden):
        actions.renew_auth_token(account, actor=supervisor)


def test_a_token_that_cannot_be_read_opens_nothing(account, settings):
    token = queries.auth_token(account)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new" * 20, []

    with pytest.raises(NotAuthenticated):
        queries.actor_for_basic(account.sid, token)


def test_a_key_opens_by_basic_with_its_own_scopes(account):
    key, secret = new_key(account, "taskrouter:read")

    actor = queries.actor_for_basic(key.sid, secret)

    assert (actor.sid, actor.scopes) == (key.sid, frozenset({"taskrouter:read"}))
    key.refresh_from_db()
    assert key.last_used_at is not None


@pytest.mark.parametrize("name", ["", "x", "AC" + "0" * 32, "SK" + "0" * 32, "US" + "0" * 32, "\0"])
def test_unknown_names_open_nothing(account, name):
    with pytest.raises(NotAuthenticated):
        queries.actor_for_basic(name, "secret")


def test_wrong_secrets_open_nothing(account):
    key, secret = new_key(account)

    for name, wrong in [
        (key.sid, ""),
        (key.sid, secret + "x"),
        (key.sid, core.token(key.sid, secret)),
        (account.sid, "ñ"),
        (account.sid, secret),
    ]:
        with pytest.raises(NotAuthenticated):
            queries.actor_for_basic(name, wrong)


def test_a_key_opens_until_it_expires(account):
    with time_machine.travel(NOON, tick=False) as clock:
        key, secret = new_key(account, expires_at=NOON + timedelta(hours=1))
        token = core.token(key.sid, secret)
        clock.shift(3599)
        assert queries.actor_for_basic(key.sid, secret).sid == queries.actor_for_token(token).sid == key.sid
        clock.shift(1)

        for ask in (lambda: queries.actor_for_basic(key.sid, secret), lambda: queries.actor_for_token(token)):
            with pytest.raises(NotAuthenticated):
                ask()


def test_a_key_that_has_expired_is_not_made(account):
    with time_machine.travel(NOON, tick=False), pytest.raises(Invalid) as refused:
        new_key(account, expires_at=NOON)

    assert refused.value.field == "expires_at"
    assert not ApiKey.objects.exists()


def test_writing_includes_reading_and_configuring_and_nothing_of_conversations(account):
    writer = Actor("key", account_sid=account.sid, scopes=frozenset({"taskrouter:write"}))
    reader = Actor("key", account_sid=account.sid, scopes=frozenset({"taskrouter:read"}))

    known = (*policy.SCOPES, "config:write", "workers:write", "keys:write", "users:write")
    opened = {name for name in known if policy.may(writer, name)}

    assert opened == {"taskrouter:read", "taskrouter:write", "config:write", "workers:write"}
    assert not policy.may(reader, "config:write")


def test_a_workers_own_key_acts_for_that_worker_alone(account):
    worker_sid = sids.new("WK")
    key, token = actions.create_worker_key(account=account, worker_sid=worker_sid, friendly_name="Ada", actor=SYSTEM)

    actor = queries.actor_for_token(token)

    assert (actor.kind, actor.role, actor.worker_sid) == ("key", "agent", worker_sid)
    assert policy.bound_to(actor) == worker_sid
    assert policy.may(actor, "desk:use", account_sid=account.sid)
    assert not any(policy.may(actor, name) for name in (*policy.SCOPES, "config:write", "workers:write", "floor:read"))
    assert key.scopes == [policy.WORKER_SCOPE]


def test_no_other_key_and_no_person_is_bound_to_a_worker(account):
    key, secret = new_key(account)
    agent = Actor("user", role="agent", account_sid=account.sid, worker_sid=sids.new("WK"))

    assert policy.bound_to(queries.actor_for_basic(key.sid, secret)) == policy.bound_to(agent) == ""
    with pytest.raises(Invalid):
        new_key(account, policy.WORKER_SCOPE)


def test_only_who_may_make_keys_makes_a_workers(account):
    supervisor = Actor("user", sid=sids.new("US"), role="supervisor", account_sid=account.sid)

    with pytest.raises(Forbidden):
        actions.create_worker_key(account=account, worker_sid=sids.new("WK"), friendly_name="Ada", actor=supervisor)

    assert not ApiKey.objects.exists()


def test_digests_depend_on_the_secret_key_and_its_fallbacks_still_match(settings):
    vault = Vault("test")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "old" * 20, []
    kept = vault.digest("secret")

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new" * 20, ["old" * 20]
    assert vault.matches("secret", kept)
    assert vault.digest("secret") != kept

    settings.SECRET_KEY_FALLBACKS = []
    assert not vault.matches("secret", kept)


def test_what_one_purpose_sealed_no_other_opens():
    with pytest.raises(Unreadable):
        Vault("one").unseal(Vault("other").seal("secret"))


def test_keys_from_before_digests_were_keyed_still_open(account):
    key, secret = new_key(account)
    ApiKey.objects.filter(pk=key.pk).update(secret_hash=core.digest(secret))

    import_module("accounts.migrations.0002_tokens").key_digests(apps, None)

    assert queries.actor_for_basic(key.sid, secret).sid == key.sid
