"""The admin: who enters, whose rows, keys that are shown once, people."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from accounts.models import ApiKey, User
from accounts.queries import actor_for_basic, actor_for_token, auth_token
from agents.models import Worker
from kernel.errors import NotAuthenticated
from tests.office import enter
from tests.people import full_house, house, person

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery staple"


def make_key(client: Client, **changes: object) -> Any:
    given = {"friendly_name": "Bot", "scopes": ["handoffs:write"], **changes}
    return client.post(reverse("admin:accounts_apikey_add"), given)


def shown(response: Any) -> list[str]:
    """The parts of a secret, each of which is copied on its own."""
    texts = [part.text for part in response.context["parts"]]
    assert all(f"<code>{text}</code>" in response.text for text in texts)
    return texts


def test_nobody_is_led_to_the_products_own_sign_in() -> None:
    response = Client().get(reverse("admin:index"))

    assert response.status_code == 302
    followed = Client().get(response["Location"])
    assert followed["Location"] == "/login/?next=/admin/"


def test_agents_are_refused() -> None:
    client = enter(full_house(), "Ada")

    assert client.get(reverse("admin:index"), follow=True).status_code == 403
    assert client.get(reverse("admin:routing_taskqueue_changelist"), follow=True).status_code == 403


def test_a_supervisor_sees_the_floor_but_neither_users_nor_keys() -> None:
    client = enter(full_house(), "Bo")

    index = client.get(reverse("admin:index"))

    assert index.status_code == 200
    assert reverse("admin:routing_taskqueue_changelist") in index.text
    assert reverse("admin:accounts_user_changelist") not in index.text
    assert reverse("admin:accounts_apikey_changelist") not in index.text
    assert reverse("admin:accounts_account_changelist") not in index.text
    assert client.get(reverse("admin:accounts_user_changelist")).status_code == 403
    assert client.get(reverse("admin:accounts_apikey_changelist")).status_code == 403
    assert client.post(reverse("admin:accounts_apikey_add")).status_code == 403


@pytest.mark.parametrize(
    "page",
    [
        "accounts_account",
        "accounts_user",
        "accounts_apikey",
        "usersessions_usersession",
        "agents_workspace",
        "agents_worker",
        "agents_activity",
        "agents_taskchannel",
        "routing_task",
        "routing_taskqueue",
        "routing_workflow",
        "conversations_address",
        "conversations_conversation",
        "interactions_intake",
        "interactions_handoff",
        "hooks_endpoint",
        "hooks_dispatch",
        "eventlog_event",
    ],
)
def test_an_administrator_finds_opens_and_searches_every_list(page: str) -> None:
    client = enter(full_house(), "Dee")

    assert f'href="{reverse(f"admin:{page}_changelist")}"' in client.get(reverse("admin:index")).text
    assert client.get(reverse(f"admin:{page}_changelist")).status_code == 200
    assert client.get(reverse(f"admin:{page}_changelist"), {"q": "x"}).status_code in (200, 302)


@pytest.mark.parametrize(
    "page",
    [
        "accounts_user",
        "accounts_apikey",
        "agents_worker",
        "agents_activity",
        "agents_taskchannel",
        "routing_taskqueue",
        "routing_workflow",
        "conversations_address",
        "interactions_intake",
        "hooks_endpoint",
    ],
)
def test_every_form_for_something_new_opens(page: str) -> None:
    assert enter(full_house(), "Dee").get(reverse(f"admin:{page}_add")).status_code == 200


def test_another_accounts_rows_do_not_exist() -> None:
    home, other = full_house(), house("Other")
    stranger = person(other, "Cy", role="admin")
    client = enter(home, "Dee")

    listed = client.get(reverse("admin:accounts_user_changelist")).text
    page = client.get(reverse("admin:accounts_user_change", args=[stranger.pk]))
    verb = client.post(reverse("admin:accounts_user_new_password", args=[stranger.pk]), {"password": PASSWORD})

    assert ">ada<" in listed
    assert ">cy<" not in listed
    assert page.status_code == 404
    assert verb.status_code == 404


def test_a_superuser_without_an_account_sees_all() -> None:
    home, other = full_house(), house("Other")
    stranger = person(other, "Cy", role="admin")
    root = User.objects.create_superuser("root", password=PASSWORD)
    home.users["root"] = root

    assert enter(home, "root").get(reverse("admin:accounts_user_change", args=[stranger.pk])).status_code == 200


# --- keys ---


def test_a_keys_token_is_shown_once_and_only_a_hash_is_kept() -> None:
    client = enter(full_house(), "Dee")

    response = make_key(client)

    key = ApiKey.objects.get()
    sid, secret, token = shown(response)
    assert (actor_for_token(token).sid, actor_for_basic(sid, secret).sid) == (key.sid, key.sid)
    assert "nobody can read it again" in response.text
    assert "no-store" in response["Cache-Control"]
    assert secret not in str(ApiKey.objects.values().get())
    assert secret not in str(list(LogEntry.objects.values()))
    assert secret not in client.get(reverse("admin:accounts_apikey_change", args=[key.pk])).text
    assert secret not in client.get(reverse("admin:accounts_apikey_changelist")).text


def test_a_key_may_expire() -> None:
    client = enter(full_house(), "Dee")

    assert '<input type="datetime-local" name="expires_at"' in client.get(reverse("admin:accounts_apikey_add")).text
    make_key(client, expires_at="2099-01-01T12:00")

    expires_at = ApiKey.objects.get().expires_at
    assert expires_at is not None
    assert expires_at.year == 2099


def test_a_key_needs_a_scope() -> None:
    response = make_key(enter(full_house(), "Dee"), scopes=[])

    assert "scopes" in response.context["adminform"].form.errors
    assert not ApiKey.objects.exists()


def test_revoking_asks_first_and_then_holds() -> None:
    client = enter(full_house(), "Dee")
    token = shown(make_key(client))[-1]
    key = ApiKey.objects.get()
    url = reverse("admin:accounts_apikey_revoke", args=[key.pk])

    asked = client.get(url)
    key.refresh_from_db()
    assert asked.status_code == 200
    assert key.revoked_at is None

    done = client.post(url)
    assert done.status_code == 302
    with pytest.raises(NotAuthenticated):
        actor_for_token(token)
    assert client.get(url).status_code == 403


def test_a_key_never_changes() -> None:
    client = enter(full_house(), "Dee")
    make_key(client)
    key = ApiKey.objects.get()

    answer = client.post(reverse("admin:accounts_apikey_change", args=[key.pk]), {"friendly_name": "Other"})

    key.refresh_from_db()
    assert answer.status_code == 403
    assert key.friendly_name == "Bot"


# --- people ---


def new_user(client: Client, **changes: str) -> object:
    given = {
        "username": "eve",
        "name": "Eve Adams",
        "role": "supervisor",
        "locale": "es",
        "password": PASSWORD,
        "password_again": PASSWORD,
        **changes,
    }
    return client.post(reverse("admin:accounts_user_add"), given)


def test_a_new_supervisor_can_sign_in() -> None:
    home = full_house()

    response = new_user(enter(home, "Dee"))

    eve = User.objects.get(username="eve")
    assert response.status_code == 302
    assert (eve.account, eve.role, eve.is_staff, eve.get_full_name(), eve.locale) == (
        home.account,
        "supervisor",
        True,
        "Eve Adams",
        "es",
    )
    assert eve.check_password(PASSWORD)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"password": "short", "password_again": "short"}, "password"),
        ({"password_again": "something else"}, "password_again"),
        ({"username": "ada"}, "username"),
        ({"role": "king"}, "role"),
    ],
)
def test_what_is_wrong_with_a_new_user_is_told_at_its_field(changes: dict[str, str], field: str) -> None:
    response = new_user(enter(full_house(), "Dee"), **changes)

    form = response.context["adminform"].form
    assert list(form.errors) == [field]
    assert form["name"].value() == "Eve Adams"
    assert not User.objects.filter(username="eve").exists()


def change_user(client: Client, user: User, **changes: str) -> object:
    given = {"name": user.get_full_name(), "role": user.role, "locale": "", "is_active": "on", **changes}
    return client.post(reverse("admin:accounts_user_change", args=[user.pk]), given)


def test_a_role_opens_and_shuts_the_admin() -> None:
    home = full_house()
    dee, ben = enter(home, "Dee"), enter(home, "Ben")

    change_user(dee, home.users["Ben"], role="supervisor")
    assert ben.get(reverse("admin:index")).status_code == 200

    change_user(dee, home.users["Ben"], role="agent")
    assert ben.get(reverse("admin:index"), follow=True).status_code == 403


def test_administrators_do_not_lock_themselves_out() -> None:
    home = full_house()
    dee = enter(home, "Dee")

    response = change_user(dee, home.users["Dee"], role="agent")

    assert "role" in response.context["adminform"].form.errors
    assert User.objects.get(username="dee").role == "admin"


def test_a_new_password_is_set_by_a_question() -> None:
    home = full_house()
    url = reverse("admin:accounts_user_new_password", args=[home.users["Ada"].pk])
    client = enter(home, "Dee")

    weak = client.post(url, {"password": "12345", "password_again": "12345"})
    assert weak.status_code == 200
    assert "password" in weak.context["form"].errors

    assert client.post(url, {"password": PASSWORD, "password_again": PASSWORD}).status_code == 302
    assert User.objects.get(username="ada").check_password(PASSWORD)


def test_people_are_not_deleted() -> None:
    home = full_house()

    answer = enter(home, "Dee").post(
        reverse("admin:accounts_user_delete", args=[home.users["Ada"].pk]), {"post": "yes"}
    )

    assert answer.status_code == 403
    assert Worker.objects.filter(user=home.users["Ada"]).exists()


@pytest.mark.parametrize(
    ("page", "lookup"),
    [
        ("accounts_user", "password__startswith"),
        ("accounts_apikey", "secret_hash__gt"),
        ("hooks_endpoint", "secret__startswith"),
    ],
)
def test_no_list_is_filtered_by_a_secret(page: str, lookup: str) -> None:
    client = enter(full_house(), "Dee")

    assert client.get(reverse(f"admin:{page}_changelist"), {lookup: "a"}).status_code == 400
    assert client.get(reverse(f"admin:{page}_changelist"), {"sid__startswith": "a"}).status_code == 200


def test_an_administrator_reads_and_renews_the_auth_token() -> None:
    home = full_house()
    client = enter(home, "Dee")
    old = auth_token(home.account)

    asked = client.get(reverse("admin:accounts_account_show_token", args=[home.account.pk]))
    answer = client.post(reverse("admin:accounts_account_show_token", args=[home.account.pk]))
    renewed = client.post(reverse("admin:accounts_account_renew_token", args=[home.account.pk]))

    home.account.refresh_from_db()
    assert old not in asked.text
    assert shown(answer) == [home.account.sid, old]
    assert "no-store" in answer["Cache-Control"]
    assert "nobody can read it again" not in answer.text
    assert auth_token(home.account) != old
    assert shown(renewed) == [home.account.sid, auth_token(home.account)]


def test_nobody_else_comes_to_the_auth_token() -> None:
    home, other = full_house(), house("Other")
    stranger = person(other, "Cy", role="admin")
    other.users["Cy"] = stranger

    for name, place in (("Bo", home), ("Cy", other)):
        for verb in ("show_token", "renew_token"):
            answer = enter(place, name).post(reverse(f"admin:accounts_account_{verb}", args=[home.account.pk]))
            assert answer.status_code in (403, 404)
