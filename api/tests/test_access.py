"""Keys, scopes, methods, languages, and paths that lead nowhere."""

import pytest

from accounts import actions as accounts
from accounts.callers import FailureThrottle
from api.tests.conftest import EVERY_SCOPE, make_program
from api.tests.test_handoffs import PATH, problem
from kernel.actor import SYSTEM

CONVERSATION = f"/api/v1/conversations/CH{'0' * 32}"

# What each operation asks for: one of these scopes. A key that may ask gets as far as 404 or 400.
OPERATIONS = [
    ("post", PATH, {"handoffs:write"}),
    ("get", PATH, {"handoffs:write"}),
    ("get", f"{PATH}/HO{'0' * 32}", {"handoffs:write"}),
    ("get", CONVERSATION, {"conversations:read", "conversations:write"}),
    ("get", f"{CONVERSATION}/messages", {"conversations:read", "conversations:write"}),
    ("post", f"{CONVERSATION}/messages", {"conversations:write"}),
    ("get", "/api/v1/calendars", {"handoffs:write", "routing:read"}),
    ("get", "/api/v1/calendars/nothing", {"handoffs:write", "routing:read"}),
    ("get", f"/api/v1/tasks/WT{'0' * 32}/why", {"routing:read"}),
    ("get", f"/api/v1/reservations/WR{'0' * 32}/why", {"routing:read"}),
    ("get", f"/api/v1/workers/WK{'0' * 32}/why", {"routing:read"}),
    ("get", f"/api/v1/queues/WQ{'0' * 32}/why", {"routing:read"}),
]


def ask(program, method, path):
    return program.post(path, {}) if method == "post" else program.get(path)


@pytest.mark.parametrize("scope", sorted(EVERY_SCOPE))
@pytest.mark.parametrize(("method", "path", "scopes"), OPERATIONS)
def test_each_scope_opens_its_own_doors_alone(desk, method, path, scopes, scope):
    response = ask(make_program(desk, scope), method, path)

    if scope in scopes:
        assert response.status_code in (200, 400, 404)
    else:
        told = problem(response, 403, code="forbidden")
        assert any(needed in told["message"] for needed in scopes)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Basic QUM6eA==",
        "bearer cc_SK" + "0" * 32 + "_x",
        "Bearer cc_SK" + "0" * 32 + "_" + "x" * 10_000,
        "Bearer \u00ff\u0000",
    ],
)
@pytest.mark.parametrize(("method", "path", "_scopes"), OPERATIONS)
def test_whoever_is_not_known_is_told_how_to_be(client, desk, method, path, _scopes, header):
    headers = {} if header is None else {"Authorization": header}

    response = getattr(client, method)(path, headers=headers)

    problem(response, 401)
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_a_revoked_key_opens_nothing(desk, bot):
    assert bot.get(PATH).status_code == 200

    accounts.revoke_api_key(bot.key, actor=SYSTEM)

    problem(bot.get(PATH), 401, code="bad-api-key")


def test_a_signed_in_person_is_no_program(client, desk):
    from tests import people

    client.force_login(people.person(desk.home, "Dee", role="admin"))

    problem(client.get(PATH), 401)


def test_guessing_is_braked_while_a_good_key_passes(client, bot, monkeypatch):
    monkeypatch.setattr(FailureThrottle, "rate", "3/min")
    guess = {"Authorization": "Bearer cc_SK" + "0" * 32 + "_x"}

    statuses = [client.get(PATH, headers=guess).status_code for _ in range(5)]
    last = client.get(PATH, headers=guess)

    assert statuses == [401, 401, 401, 429, 429]
    problem(last, 429, code="throttled")
    assert 0 < int(last["Retry-After"]) <= 60
    assert bot.get(PATH).status_code == 200
    assert client.get(PATH, headers=guess, REMOTE_ADDR="192.0.2.7").status_code == 401


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options", "trace"])
def test_other_methods_are_refused_in_the_same_shape(bot, method):
    response = getattr(bot.client, method)(PATH, headers=bot.headers())

    problem(response, 405, code="method-not-allowed")
    assert "POST" in response["Allow"]


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/handoffs/", "/api/v1/conversations", "/api/v1/../x"])
def test_a_path_that_leads_nowhere_is_refused_in_the_same_shape(client, db, path):
    problem(client.get(path), 404, code="not-found")


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "*/*", "", "x", "a/b; q=z; x*=utf-99''%ff"])
def test_whatever_is_accepted_json_is_sent(bot, accept):
    assert bot.client.get(PATH, headers=bot.headers(Accept=accept)).json()["handoffs"] == []


def test_head_answers_like_get_without_a_body(bot):
    response = bot.client.head(PATH, headers=bot.headers())

    assert (response.status_code, response.content) == (200, b"")


def test_refusals_speak_spanish_to_those_who_ask(bot):
    response = bot.post(PATH, {}, **{"Accept-Language": "es"})

    assert response["Content-Language"] == "es"
