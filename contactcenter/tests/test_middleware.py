import logging

import pytest

from contactcenter.csp import ADMIN

pytestmark = pytest.mark.django_db


def test_request_line_names_the_route_and_not_the_path(client, caplog):
    with caplog.at_level(logging.INFO, logger="contactcenter.middleware"):
        client.get("/login/?next=/+15551234567")

    [line] = [record.msg for record in caplog.records if record.name == "contactcenter.middleware"]
    assert line["route"] == "login"
    assert line["status"] == 200
    assert line["method"] == "GET"
    assert "15551234567" not in str(line)


def test_polls_of_the_simulated_phones_leave_the_terminal_readable(client, caplog):
    with caplog.at_level(logging.INFO, logger="contactcenter.middleware"):
        client.get("/phones/messages")

    assert not [record for record in caplog.records if record.name == "contactcenter.middleware"]


@pytest.mark.parametrize(
    ("given", "kept"), [("abcdef-123456", True), ("short", False), ("x" * 65, False), ("a\tb" * 5, False)]
)
def test_request_id_of_the_proxy_is_kept_if_it_is_one(client, given, kept):
    response = client.get("/login/", headers={"X-Request-ID": given})

    assert (response.headers["X-Request-ID"] == given) is kept
    assert len(response.headers["X-Request-ID"]) >= 8


def test_policy_is_strict_outside_the_admin(client):
    policy = client.get("/login/").headers["Content-Security-Policy"]

    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


def test_policy_of_the_admin_allows_what_alpine_needs_and_no_inline_script(client):
    policy = client.get("/admin/login/").headers["Content-Security-Policy"]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))

    assert "'unsafe-eval'" in directives["script-src"]
    assert "'unsafe-inline'" not in directives["script-src"]
    assert "'unsafe-inline'" in directives["style-src"]
    assert set(directives) == set(ADMIN)


def test_pages_are_in_the_language_of_the_account(client, django_user_model):
    client.force_login(django_user_model.objects.create_user("ana", locale="es"))

    page = client.get("/desk/", headers={"Accept-Language": "en"})

    assert page.headers["Content-Language"] == "es"
    assert '<html lang="es">' in page.text


def test_a_language_chosen_in_this_browser_comes_first(client, django_user_model, settings):
    client.force_login(django_user_model.objects.create_user("ana", locale="es"))
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"

    page = client.get("/desk/", headers={"Accept-Language": "es"})

    assert page.headers["Content-Language"] == "en"


def test_without_a_language_of_ones_own_the_browser_says(client, django_user_model):
    client.force_login(django_user_model.objects.create_user("ana"))

    page = client.get("/desk/", headers={"Accept-Language": "es-MX,es;q=0.9"})

    assert page.headers["Content-Language"] == "es"
