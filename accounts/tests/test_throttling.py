"""How often a password may be tried, and what trying costs."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher, make_password
from django.test import Client

from accounts.models import Account, User
from accounts.throttling import LIMITS
from kernel import clock

pytestmark = pytest.mark.django_db

PASSWORD = "right horse battery"
WITH_ONE, FROM_ONE, ON_ONE = LIMITS


@pytest.fixture
def people() -> Account:
    account = Account.objects.create(friendly_name="Acme")
    for name in ("ana", "ben"):
        User.objects.create_user(username=name, password=PASSWORD, account=account)
    return account


@pytest.fixture
def cheap(settings) -> None:
    """Passwords that are kept without any work, where hundreds are tried."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def status(name: str, password: str, *, address: str = "192.0.2.1") -> int:
    """302 for who is in, 200 for a wrong password, 429 for who has to wait."""
    given = {"username": name, "password": password}
    return Client().post("/login/", given, REMOTE_ADDR=address).status_code


@pytest.mark.usefixtures("cheap", "people")
def test_eight_wrong_passwords_for_one_name_and_this_address_waits():
    tried = [status("ana", "wrong") for _ in range(WITH_ONE)]

    assert tried == [200] * (WITH_ONE - 1) + [429]
    assert status("ana", PASSWORD) == 429
    assert status("ana", PASSWORD, address="192.0.2.2") == 302
    assert status("ben", PASSWORD) == 302


@pytest.mark.usefixtures("cheap", "people")
def test_one_address_cannot_try_a_few_passwords_on_each_of_many_names():
    for number in range(FROM_ONE):
        status(f"name{number}", "wrong")

    assert status("ana", PASSWORD) == 429
    assert status("ana", PASSWORD, address="192.0.2.2") == 302


@pytest.mark.usefixtures("cheap", "people")
def test_many_addresses_cannot_try_the_passwords_of_one_name():
    for number in range(ON_ONE):
        status("ana", "wrong", address=f"198.51.100.{number % 25}")

    assert status("ana", PASSWORD) == 429
    assert status("ben", PASSWORD) == 302


@pytest.mark.usefixtures("cheap", "people")
def test_a_log_in_of_ones_own_takes_nothing_back_of_what_was_tried_on_others():
    for number in range(FROM_ONE - 1):
        status(f"name{number}", "wrong")

    assert status("ben", PASSWORD) == 302

    assert status("name", "wrong") == 429


@pytest.mark.usefixtures("cheap", "people")
def test_the_addresses_of_one_ipv6_network_count_as_one():
    tried = [status("ana", "wrong", address=f"2001:db8:0:1::{number:x}") for number in range(WITH_ONE)]

    assert tried[-1] == 429
    assert status("ana", PASSWORD, address="2001:db8:0:1::ffff") == 429
    assert status("ana", PASSWORD, address="2001:db8:0:2::1") == 302


@pytest.mark.usefixtures("cheap", "people")
def test_trying_on_does_not_make_the_wait_longer():
    with time_machine.travel(clock.now(), tick=False) as now:
        for _ in range(WITH_ONE):
            status("ana", "wrong")
        now.shift(timedelta(hours=settings.AXES_COOLOFF_TIME) - timedelta(seconds=5))
        assert status("ana", "wrong") == 429

        now.shift(timedelta(seconds=10))

        assert status("ana", PASSWORD) == 302


def test_one_attempt_takes_little_memory():
    """A dozen at once with Django's own 100 MiB each is more than a process has."""
    _, kind, _, figures, *_ = make_password(PASSWORD).split("$")
    taken = dict(pair.split("=") for pair in figures.split(","))

    assert kind == "argon2id"
    assert int(taken["m"]) <= 20 * 1024


@pytest.mark.usefixtures("people")
def test_a_password_that_was_kept_more_expensively_still_counts_and_is_kept_anew():
    old = Argon2PasswordHasher().encode(PASSWORD, "a-salt-of-enough-length")
    User.objects.filter(username="ana").update(password=old)

    assert status("ana", PASSWORD) == 302

    assert User.objects.get(username="ana").password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
