"""Signing in by password: names of fields, limits, sessions, second factors that a role needs."""

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.test import Client, override_settings
from django.urls import reverse

from accounts import actions, queries
from accounts.models import User
from desk.consumers import DeskConsumer
from eventlog import live
from kernel.actor import SYSTEM
from kernel.errors import Forbidden
from tests.office import enter
from tests.people import House, full_house, house, person

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery staple"
SECRET = "JBSWY3DPEHPK3PXP"


@pytest.fixture
def home() -> House:
    home = full_house()
    for user in home.users.values():
        user.set_password(PASSWORD)
        user.save()
    return home


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The sids of those whose open screens were woken."""
    heard: list[str] = []
    monkeypatch.setattr(live, "revoke", heard.append)
    return heard


def sign_in(user: User, password: str = PASSWORD, *, client: Client | None = None, ip: str = "127.0.0.1") -> Any:
    given = {"username": user.username, "password": password}
    return (client or Client()).post("/login/", given, REMOTE_ADDR=ip)


def signed_in(user: User) -> Client:
    client = Client()
    assert sign_in(user, client=client).status_code == 302
    return client


def acting(user: User) -> Any:
    return queries.actor_for_user(user)


def test_name_and_password_open_the_desk_or_what_was_asked_for(home: House) -> None:
    given = {"username": home.users["Bo"].username, "password": PASSWORD}

    assert Client().post("/login/", given)["Location"] == "/desk/"
    assert Client().post("/login/", {**given, "next": "/admin/history/"})["Location"] == "/admin/history/"
    assert Client().post("/login/", {**given, "next": "https://elsewhere.example/"})["Location"] == "/desk/"


def test_nobody_signs_up_and_allauths_own_tables_are_not_in_the_admin(home: House) -> None:
    chief = signed_in(home.users["Bo"])

    for path in ("/signup/", "/account/signup/", "/password/reset/", "/admin/mfa/authenticator/", "/admin/account/"):
        assert chief.get(path).status_code == 404


def test_codes_are_tried_only_so_often(home: House) -> None:
    ada = home.users["Ada"]
    TOTP.activate(ada, SECRET)
    client = signed_in(ada)
    for _ in range(10):
        assert "Incorrect code." in client.post("/login/second/", {"code": "wrong"}).text

    code = format_hotp_value(hotp_value(SECRET, next(yield_hotp_counters_from_time())))
    refused = client.post("/login/second/", {"code": code})

    assert refused.status_code == 200
    assert "Too many failed login attempts." in refused.text
    cache.clear()
    assert client.post("/login/second/", {"code": code})["Location"] == "/desk/"


def test_a_second_factor_is_asked_for_and_its_key_is_sealed(home: House) -> None:
    ada = home.users["Ada"]
    TOTP.activate(ada, SECRET)

    client = Client()
    assert sign_in(ada, client=client)["Location"] == "/login/second/"

    assert client.get("/desk/")["Location"].startswith("/login/")
    assert SECRET not in str(Authenticator.objects.get().data)
    with (
        override_settings(SECRET_KEY="another-key-altogether", SECRET_KEY_FALLBACKS=[]),
        pytest.raises(ValidationError),
    ):
        Authenticator.objects.get().wrap().validate_code("123456")


def test_a_session_is_ended_by_its_owner_and_by_nobody_like_him(
    home: House, told: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    ada, bo = home.users["Ada"], home.users["Bo"]
    desk, own = signed_in(ada), signed_in(ada)
    [session] = [one for one in queries.sessions(ada) if one.session_key == desk.session.session_key]

    assert signed_in(bo).post(reverse("end_session", args=[session.pk])).status_code == 404
    with pytest.raises(Forbidden):
        actions.end_session(session, actor=acting(bo))
    assert Session.objects.filter(session_key=session.session_key).exists()

    with django_capture_on_commit_callbacks(execute=True):
        own.post(reverse("end_session", args=[session.pk]))

    assert desk.get("/account/")["Location"].startswith("/login/")
    assert own.get("/account/").status_code == 200
    assert told == [ada.sid]


def test_all_other_sessions_end_at_once(home: House) -> None:
    ada = home.users["Ada"]
    own, others = signed_in(ada), [signed_in(ada), signed_in(ada)]
    bo = signed_in(home.users["Bo"])

    own.post(reverse("end_other_sessions"))

    assert own.get("/account/").status_code == 200
    assert bo.get("/account/").status_code == 200
    assert {client.get("/account/").status_code for client in others} == {302}
    assert UserSession.objects.filter(user=ada).count() == 1


def test_whoever_may_less_than_before_is_told(
    home: House, told: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    ada = home.users["Ada"]
    TOTP.activate(ada, SECRET)
    changes: list[Any] = [
        lambda: actions.set_password(ada, password=PASSWORD + "!", actor=SYSTEM),
        lambda: actions.update_user(ada, name="Ada", role="agent", locale="", is_active=False, actor=SYSTEM),
        lambda: actions.remove_factors(ada, actor=SYSTEM),
    ]
    for change in changes:
        told.clear()
        with django_capture_on_commit_callbacks(execute=True):
            change()
        assert told == [ada.sid]
    assert not Authenticator.objects.exists()


def test_supervisors_do_not_remove_factors(home: House) -> None:
    TOTP.activate(home.users["Ada"], SECRET)

    with pytest.raises(Forbidden):
        actions.remove_factors(home.users["Ada"], actor=acting(home.users["Bo"]))

    assert Authenticator.objects.count() == 1


@override_settings(SECOND_FACTOR_ROLES=["supervisor", "admin"])
def test_a_role_that_needs_a_factor_gets_nowhere_without(home: House) -> None:
    bo = enter(home, "Bo")

    assert bo.get("/admin/")["Location"] == "/account/"
    assert bo.post("/admin/routing/taskqueue/add/", {"friendly_name": "X"}).status_code == 403
    assert "Your role needs a second factor." in bo.get("/account/").text
    assert bo.get("/account/app/").status_code == 302  # To the password, first.
    assert enter(home, "Ada").get("/desk/").status_code == 200

    TOTP.activate(home.users["Bo"], SECRET)

    assert bo.get("/admin/").status_code == 200
    assert "Your role needs a second factor." not in bo.get("/account/").text


def test_an_administrator_ends_sessions_and_removes_factors_of_his_own_people(home: House) -> None:
    ada, client = home.users["Ada"], signed_in(home.users["Ada"])
    other = person(house("Other"), "Cy")
    other.set_password(PASSWORD)
    other.save()
    stranger = signed_in(other)
    dee = enter(home, "Dee")
    listed = dee.get(reverse("admin:usersessions_usersession_changelist")).text
    assert f">{ada.username}<" in listed
    assert f">{other.username}<" not in listed

    theirs = UserSession.objects.get(user=other)
    assert dee.post(reverse("admin:usersessions_usersession_end", args=[theirs.pk])).status_code == 404
    own = UserSession.objects.get(user=ada)
    assert dee.post(reverse("admin:usersessions_usersession_end", args=[own.pk])).status_code == 302
    assert client.get("/account/")["Location"].startswith("/login/")

    again = signed_in(ada)
    TOTP.activate(ada, SECRET)
    assert dee.post(reverse("admin:accounts_user_remove_factors", args=[ada.pk])).status_code == 302
    assert not Authenticator.objects.exists()
    assert again.get("/account/").status_code == 302

    last = signed_in(ada)
    assert dee.post(reverse("admin:accounts_user_sign_out", args=[ada.pk])).status_code == 302
    assert last.get("/account/").status_code == 302
    assert stranger.get("/account/").status_code == 200


@override_settings(SECOND_FACTOR_ROLES=["agent"])
def test_the_desks_socket_asks_for_the_factor_too(home: House) -> None:
    ada = home.users["Ada"]
    desk = DeskConsumer()
    desk.scope = {"session": signed_in(ada).session}
    assert desk.admit() is None

    TOTP.activate(ada, SECRET)

    assert desk.admit() == [f"worker:{home.workers['Ada'].sid}", f"desk:{home.workspace.sid}"]


def test_everybody_changes_his_own_password(home: House, told: list[str]) -> None:
    ada = home.users["Ada"]
    own, other = signed_in(ada), signed_in(ada)

    def change(old: str, new: str) -> Any:
        return own.post("/account/password/", {"oldpassword": old, "password1": new, "password2": new})

    assert change("wrong", PASSWORD + "!").status_code == 200
    assert change(PASSWORD, "short").status_code == 200
    assert told == []

    assert change(PASSWORD, PASSWORD + "!")["Location"] == "/account/"

    assert told == [ada.sid]
    assert own.get("/account/").status_code == 200
    assert other.get("/account/").status_code == 302
    assert sign_in(ada).status_code == 200
    assert sign_in(ada, PASSWORD + "!").status_code == 302
