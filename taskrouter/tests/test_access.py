"""Who comes in, by which host, how often; and what is told to whoever does not."""

import pytest
from django.test import Client

from accounts import actions
from accounts.callers import FailureThrottle
from accounts.core import parse_token
from kernel.actor import SYSTEM
from taskrouter.tests.conftest import FORM, Caller, refusal

LIST = "/taskrouter/v1/Workspaces"


def key_of(caller: Caller, *scopes: str) -> Caller:
    account = caller.workspace.account
    _, token = actions.create_api_key(account=account, friendly_name="Key", scopes=scopes, actor=SYSTEM)
    return Caller(*parse_token(token), caller.workspace)


STRANGE = [None, "", "Basic", "Basic x", "Basic Og==", "Basic AAAA", "Bearer cc_SK", "Basic eDp5OnpAéÿ", "basic e\0"]


@pytest.mark.parametrize("header", STRANGE)
def test_whoever_is_not_known_is_told_how_to_be(caller, header):
    answer = Client().get(LIST, headers={} if header is None else {"Authorization": header})

    refusal(answer, 401, 20003)
    assert answer["WWW-Authenticate"].startswith("Basic ")


def test_a_key_without_the_scope_does_not_come_in(caller):
    other = key_of(caller, "handoffs:write", "conversations:write", "routing:read")
    reader = key_of(caller, "taskrouter:read")

    assert "taskrouter:read" in refusal(other.ask("GET", "Workspaces"), 403, 20403)
    assert "taskrouter:write" in refusal(reader.ask("POST", "Workspaces", "FriendlyName=x"), 403, 20403)
    assert reader.ask("GET", "Workspaces").status_code == 200


def test_guessing_is_braked_while_good_credentials_pass(caller, monkeypatch):
    monkeypatch.setattr(FailureThrottle, "rate", "3/min")
    guess = Caller(caller.name, "x", caller.workspace)

    statuses = [guess.ask("GET", "Workspaces").status_code for _ in range(4)]
    last = guess.ask("GET", "Workspaces")

    assert statuses == [401, 401, 401, 429]
    refusal(last, 429, 20429)
    assert 0 < int(last["Retry-After"]) <= 60
    assert caller.ask("GET", "Workspaces").status_code == 200


def test_an_account_that_asks_too_often_waits_and_no_other_does(caller, stranger, settings, monkeypatch):
    settings.TASKROUTER_REQUESTS_A_SECOND = 2
    monkeypatch.setattr("taskrouter.access.time.time", lambda: 1_000_000.5)

    answers = [caller.ask("GET", "Workspaces") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer["X-Rate-Limit-Remaining"] for answer in answers] == ["1", "0", "0"]
    assert (answers[0]["X-Rate-Limit-Limit"], answers[0]["X-Rate-Limit-Config"]) == ("2", "2 per second")
    refusal(answers[2], 429, 20429)
    assert answers[2]["Retry-After"] == "1"
    assert stranger.ask("GET", "Workspaces").status_code == 200
    monkeypatch.setattr("taskrouter.access.time.time", lambda: 1_000_001.0)
    assert caller.ask("GET", "Workspaces").status_code == 200


def test_taskrouters_own_host_serves_it_from_the_root_and_nothing_else(caller, settings):
    settings.ALLOWED_HOSTS = ["taskrouter.example.com", "example.com"]
    settings.PUBLIC_URL = "https://example.com"

    answer = caller.ask("GET", "Workspaces", under="/v1/", HTTP_HOST="taskrouter.example.com:8443")

    (row,) = answer.json()["workspaces"]
    assert row["url"] == f"https://example.com/taskrouter/v1/Workspaces/{caller.workspace.sid}"
    assert answer.json()["meta"]["url"] == "https://example.com/taskrouter/v1/Workspaces?PageSize=50&Page=0"
    for path in ("/desk/", "/admin/", "/login/", "/taskrouter/v1/Workspaces", "/"):
        refusal(Client().get(path, headers={"Host": "taskrouter.example.com"}), 404, 20404)
    assert Client().get("/v1/Workspaces", headers={"Host": "example.com"}).status_code == 404


def test_a_host_that_is_not_allowed_is_not_answered(caller, settings):
    settings.ALLOWED_HOSTS = ["example.com"]

    assert caller.ask("GET", "Workspaces", under="/v1/", HTTP_HOST="taskrouter.example.com").status_code == 400


@pytest.mark.parametrize("path", ["", "v1/", "v1/Workspaces/", "v1/workspaces", "v2/Workspaces", "v1/Workspaces/x/y/z"])
def test_a_path_that_leads_nowhere_is_refused_in_the_same_shape(db, path):
    refusal(Client().get(f"/taskrouter/{path}"), 404, 20404)
    refusal(Client().post(f"/taskrouter/{path}"), 404, 20404)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "OPTIONS", "TRACE", "DELETE"])
def test_other_methods_are_refused_in_the_same_shape(caller, method):
    refusal(caller.ask(method, "Workspaces"), 405, 20004)


def test_only_forms_are_read(caller):
    refusal(caller.ask("POST", "Workspaces", '{"FriendlyName": "x"}', content_type="application/json"), 415, 20415)


@pytest.mark.parametrize("charset", ["utf-8", "latin-1", "base64", "utf-16", "nothing", '"'])
def test_a_form_is_utf8_whatever_it_says(caller, charset):
    answer = caller.ask("POST", "Workspaces", "FriendlyName=Espa%C3%B1a", content_type=f"{FORM}; charset={charset}")

    assert answer.status_code == 201
    assert answer.json()["friendly_name"] == "España"


@pytest.mark.parametrize("body", ["FriendlyName=%00", "FriendlyName=%ED%A0%80x%00", "FriendlyName=&FriendlyName="])
def test_text_that_cannot_be_kept_is_refused_by_name(caller, body):
    assert refusal(caller.ask("POST", "Workspaces", body), 400, 20001).startswith("FriendlyName: ")


def test_messages_are_in_the_callers_language(caller):
    answer = caller.ask("GET", "Workspaces/WS1", headers={"Accept-Language": "es"})

    assert refusal(answer, 404, 20404).startswith("No se encontró")


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "*/*", "", "x", "a/b; q=z; x*=utf-99''%ff"])
def test_whatever_is_accepted_json_is_sent(caller, accept):
    assert caller.ask("GET", "Workspaces", headers={"Accept": accept}).json()["meta"]["key"] == "workspaces"
