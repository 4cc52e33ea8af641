"""The document is valid and complete, its examples work, and the page shows it under the strict policy."""

import os
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
import yaml
from openapi_spec_validator import validate
from playwright.sync_api import sync_playwright

from api import openapi
from api.tests.test_handoffs import PATH
from conversations.tests.test_media import drawn
from kernel import clock
from tests import people

OPERATIONS = [
    (path, method, operation)
    for path, methods in openapi.document()["paths"].items()
    for method, operation in methods.items()
]


def test_the_document_is_valid():
    validate(openapi.document())


def test_the_document_names_every_operation():
    assert {operation["operationId"] for _, _, operation in OPERATIONS} == {
        "createHandOff",
        "listHandOffs",
        "getHandOff",
        "getConversation",
        "listMessages",
        "createMessage",
        "createFile",
        "createScheduledMessage",
        "listScheduledMessages",
        "getScheduledMessage",
        "updateScheduledMessage",
        "listCalendars",
        "getCalendar",
        "createCampaign",
        "listCampaigns",
        "getCampaign",
        "updateCampaign",
        "addRecipients",
        "listRecipients",
        "whyTask",
        "whyReservation",
        "whyWorker",
        "whyTaskQueue",
    }


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_each_operation_is_told_in_full(path, method, operation):
    assert operation["security"] == [{"apiKey": []}]
    assert operation["description"]
    assert {"401", "403", "429"} <= set(operation["responses"])
    assert ("requestBody" in operation) == (method == "post")
    contents = [answer["content"]["application/json"] for answer in operation["responses"].values()]
    if "requestBody" in operation:
        forms = ["multipart/form-data"] if operation["operationId"] == "createFile" else []
        assert list(operation["requestBody"]["content"]) == ["application/json", *forms]
        contents.append(operation["requestBody"]["content"]["application/json"])
    for content in contents:
        assert content["examples"]


def test_the_security_scheme_is_a_bearer_key():
    assert openapi.document()["components"]["securitySchemes"]["apiKey"]["scheme"] == "bearer"


def test_the_examples_of_a_hand_off_work_as_they_stand(desk, bot):
    people.address(desk.home, "whatsapp:+15550002000", channel="whatsapp")
    (operation,) = (found for _, _, found in OPERATIONS if found["operationId"] == "createHandOff")
    examples = operation["requestBody"]["content"]["application/json"]["examples"]

    by_conversation, by_address = (example["value"] for example in examples.values())
    told = bot.post(PATH, {**by_conversation, "conversation": desk.conversation().sid})
    assert told.status_code == 201, told.json()
    assert set(told.json()) == set(openapi.document()["components"]["schemas"]["HandOff"]["properties"])
    told = bot.post(PATH, by_address)
    assert told.status_code == 201, told.json()


def test_answers_have_the_shapes_that_the_document_tells(desk, bot, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    conversation = desk.conversation()
    path = f"/api/v1/conversations/{conversation.sid}"
    schemas = openapi.document()["components"]["schemas"]

    assert set(bot.post(f"{path}/messages", {"body": "x"}).json()) == set(schemas["Message"]["properties"])
    assert set(bot.get(path).json()) == set(schemas["Conversation"]["properties"])
    assert set(bot.get(f"{path}/messages").json()) == set(schemas["MessageList"]["properties"])
    assert set(bot.get(PATH).json()) == set(schemas["HandOffList"]["properties"])
    later = bot.post(f"{path}/scheduled", {"body": "x", "due_at": (clock.now() + timedelta(hours=1)).isoformat()})
    assert set(later.json()) == set(schemas["Scheduled"]["properties"])
    assert set(bot.get(f"{path}/scheduled").json()) == set(schemas["ScheduledList"]["properties"])
    assert set(bot.bring(path, "a.png", drawn()).json()) == set(schemas["File"]["properties"])


def test_json_and_yaml_are_the_same_document(client):
    as_json = client.get("/api/schema/").json()
    as_yaml = yaml.safe_load(client.get("/api/schema/", {"format": "yaml", "version": "\n", "lang": "../x"}).content)

    assert as_json == as_yaml
    assert client.post("/api/schema/").status_code == 405


@pytest.fixture
def plain_static(settings):
    """Static files under their own names, without a run of collectstatic."""
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }


@pytest.mark.django_db
def test_the_page_needs_nothing_from_elsewhere(client, plain_static):
    response = client.get("/api/docs/")

    assert response.status_code == 200
    assert re.findall(r'(?:src|href)="(?:https?:)?//', response.content.decode()) == []
    assert "unsafe" not in response["Content-Security-Policy"]


@pytest.mark.browser
def test_the_page_shows_and_tries_every_operation_and_violates_no_policy(plain_static, live_server, bot):
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        (pytest.fail if os.environ.get("REQUIRE_ALL") else pytest.skip)("chromium is missing: apt-get install chromium")

    # Playwright keeps an event loop in its thread, and Django's database refuses to work beside one.
    with ThreadPoolExecutor(1) as aside:
        seen = aside.submit(look, f"{live_server.url}/api/docs/", path, bot.token).result()

    assert seen.operations == len(OPERATIONS)
    assert '"next_page_token": null' in seen.answer
    assert seen.complaints == []
    assert [url for url in seen.asked if not url.startswith((live_server.url, "data:", "blob:"))] == []


@dataclass
class Seen:
    """What the browser showed, said and asked for."""

    operations: int = 0
    answer: str = ""
    complaints: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


def look(url, chromium, token):
    """Open the page, unfold an operation, try another with the key; a violated policy is an error on the console."""
    seen = Seen()
    with sync_playwright() as playwright:
        page = playwright.chromium.launch(executable_path=chromium).new_page(viewport={"width": 1200, "height": 1400})
        page.on("console", lambda said: said.type in ("error", "warning") and seen.complaints.append(said.text))
        page.on("pageerror", lambda error: seen.complaints.append(str(error)))
        page.on("request", lambda request: seen.asked.append(request.url))
        page.goto(url)
        page.locator("#operations-handoffs-createHandOff .opblock-summary-control").click()
        page.locator("#operations-handoffs-createHandOff .responses-table").wait_for()
        seen.operations = page.locator(".opblock").count()
        page.locator(".auth-wrapper .authorize").click()
        page.locator(".modal-ux input").fill(token)
        page.locator(".modal-ux .authorize").click()
        page.locator(".modal-ux .btn-done").click()
        listing = page.locator("#operations-handoffs-listHandOffs")
        listing.locator(".opblock-summary-control").click()
        listing.locator(".try-out__btn").click()
        listing.locator(".execute").click()
        seen.answer = listing.locator(".live-responses-table .highlight-code").first.inner_text()
    return seen
