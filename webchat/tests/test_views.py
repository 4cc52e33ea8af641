"""The chat's pages: who may frame, who may begin, whose files."""

from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from conversations.models import Address, Media
from tests import people
from tests.people import House
from webchat import actions
from webchat.models import Deployment, Visitor

pytestmark = pytest.mark.django_db

OURS = "http://testserver"


@pytest.fixture(autouse=True)
def _origins(settings: Any) -> None:
    settings.TRUSTED_ORIGINS = [OURS]
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}


def begin(client: Client, given: Any, *, origin: str | None = OURS) -> Any:
    headers = {"Origin": origin} if origin else {}
    return client.post("/chat/sessions", given, content_type="application/json", headers=headers)


def ancestors(response: Any) -> str:
    policy = dict(part.strip().split(" ", 1) for part in response["Content-Security-Policy"].split(";"))
    return policy["frame-ancestors"]


def test_a_chat_begins_with_a_token_that_is_told_once(client: Client, shop: Address) -> None:
    response = begin(client, {"deployment": "shop", "name": "Maria"})

    assert response.status_code == 201
    assert response["Cache-Control"] == "no-store"
    visitor = Visitor.objects.get()
    assert response.json()["sid"] == visitor.sid
    assert actions.arrive(response.json()["token"]) == visitor


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "http://testserver:81", "https://testserver"])
def test_other_pages_begin_nothing(client: Client, shop: Address, origin: str | None) -> None:
    response = begin(client, {"deployment": "shop"}, origin=origin)

    assert (response.status_code, response.json()["code"]) == (403, "origin")
    assert not Visitor.objects.exists()


@pytest.mark.parametrize(
    ("given", "status", "field"),
    [
        ({"deployment": "elsewhere"}, 404, "deployment"),
        ({"deployment": 7}, 400, "deployment"),
        ({"deployment": "shop", "name": []}, 400, "name"),
        ("[]", 400, None),
        ("{", 400, None),
        ("[" * 50_000, 400, None),
    ],
)
def test_what_cannot_be_begun_is_said_with_the_field(
    client: Client, shop: Address, given: Any, status: int, field: str | None
) -> None:
    response = begin(client, given)

    assert (response.status_code, response.json()["field"]) == (status, field)
    assert not Visitor.objects.exists()


def test_beginnings_are_measured(client: Client, shop: Address, settings: Any) -> None:
    settings.WEBCHAT_BEGINNINGS_AN_HOUR = 2
    codes = [begin(client, {"deployment": "shop"}).status_code for _ in range(3)]

    assert codes == [201, 201, 429]


def test_the_default_lets_local_pages_try_the_chat(client: Client, shop: Address, settings: Any) -> None:
    settings.PRODUCTION = False
    response = client.get("/chat/frame?deployment=shop")

    assert response.status_code == 200
    assert "X-Frame-Options" not in response
    assert ancestors(response).split()[:2] == ["'self'", "http://localhost:*"]
    settings.PRODUCTION = True
    assert ancestors(client.get("/chat/frame?deployment=shop")) == "'self'"


def test_only_the_listed_sites_may_frame_the_chat(client: Client, shop: Address) -> None:
    Deployment.objects.create(address=shop, allowed_origins=["https://shop.example.com", "https://x; script-src *"])

    assert ancestors(client.get("/chat/frame?deployment=shop")) == "'self' https://shop.example.com"


@pytest.mark.parametrize(
    ("parent", "status"),
    [
        ("https://shop.example.com", 200),
        ("https://a.shop.example.org", 200),
        (OURS, 200),
        ("https://testserver", 403),
        ("http://shop.example.com", 403),
        ("https://shop.example.com:8443", 403),
        ("https://shop.example.org", 403),
        ("https://ashop.example.org", 403),
        ("null", 403),
        ("*", 403),
    ],
)
def test_a_page_on_another_site_is_told_why_there_is_no_chat(
    client: Client, shop: Address, parent: str, status: int
) -> None:
    Deployment.objects.create(address=shop, allowed_origins=["https://shop.example.com", "https://*.shop.example.org"])

    response = client.get("/chat/frame", {"deployment": "shop", "parent": parent})

    assert response.status_code == status
    assert ('id="boot"' in response.text) == (status == 200)
    if status == 403:
        assert f"The web chat shop may not stand on {parent}." in response.text
        # Any site may show the refusal, which holds nothing; the chat itself keeps its policy.
        assert (ancestors(response), "X-Frame-Options" in response) == ("*", False)
        spanish = client.get("/chat/frame", {"deployment": "shop", "parent": parent, "language": "es"})
        assert f"El chat web shop no puede estar en {parent}." in spanish.text


def test_an_unknown_deployment_is_told_to_the_page_around_it(client: Client, shop: Address) -> None:
    response = client.get("/chat/frame", {"deployment": "shopp", "parent": "https://shop.example.com"})

    assert (response.status_code, ancestors(response)) == (404, "*")
    assert "There is no web chat shopp." in response.text


def test_a_refusal_is_text(client: Client, shop: Address) -> None:
    response = client.get("/chat/frame", {"deployment": "shop", "parent": "</script><script>alert(1)</script>"})

    assert response.status_code == 403
    assert "<script>alert" not in response.text


@pytest.mark.parametrize("deployment", ["shop", "shopp"])
def test_pages_that_isolate_themselves_may_frame_the_chat(client: Client, shop: Address, deployment: str) -> None:
    response = client.get("/chat/frame", {"deployment": deployment})

    assert response["Cross-Origin-Embedder-Policy"] == "require-corp"
    assert response["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_no_other_page_of_the_chat_may_be_framed(client: Client, shop: Address) -> None:
    for path in ("/chat/demo", "/chat/widget.js"):
        response = client.get(path)
        assert (response.status_code, response["X-Frame-Options"], ancestors(response)) == (200, "DENY", "'none'")


@pytest.mark.parametrize("query", ["", "?deployment=", "?deployment=elsewhere", "?deployment=%00", "?deployment=a%20b"])
def test_an_unknown_deployment_is_not_found(client: Client, shop: Address, query: str) -> None:
    assert client.get(f"/chat/frame{query}").status_code == 404


def test_an_address_of_another_channel_is_no_deployment(client: Client, home: House) -> None:
    people.address(home, "webchat:phone", channel="sms")

    assert client.get("/chat/frame?deployment=phone").status_code == 404


@pytest.mark.parametrize(("asked", "language"), [("es", "es"), ("en", "en"), ("xx", "en"), ("", "en")])
def test_the_page_that_embeds_may_choose_the_language(client: Client, shop: Address, asked: str, language: str) -> None:
    response = client.get(f"/chat/frame?deployment=shop&language={asked}")

    assert response["Content-Language"] == language
    assert f'<html lang="{language}">' in response.text


def test_a_deployments_name_is_text(client: Client, shop: Address) -> None:
    Address.objects.filter(pk=shop.pk).update(friendly_name="<script>alert(1)</script>")

    assert "<script>alert" not in client.get("/chat/frame?deployment=shop").text


def test_the_script_is_for_every_site(client: Client, db: Any) -> None:
    response = client.get("/chat/widget.js")

    assert response["Content-Type"] == "text/javascript; charset=utf-8"
    assert response["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Accept-Language" in response["Vary"]
    assert "sessionid" not in response.cookies


def test_a_visitor_fetches_files_of_their_own(client: Client, shop: Address, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    visitor, token = actions.begin(shop)
    _, other = actions.begin(shop)
    message = actions.say(visitor, body="look", ref="ref-00000001")
    media = Media(message=message, source_url="", content_type="image/png", status="stored")
    media.file.save("x.png", ContentFile(b"png"))

    def status(token: str) -> int:
        return client.get(f"/chat/media/{media.sid}", headers={"X-Chat-Token": token}).status_code

    found = client.get(f"/chat/media/{media.sid}", headers={"X-Chat-Token": token})
    assert b"".join(found.streaming_content) == b"png"
    assert "sandbox" in found["Content-Security-Policy"]
    assert [status(other), status(""), status("x" * 43)] == [404, 404, 404]
    assert client.get(f"/chat/media/{media.sid}?token={token}").status_code == 404
    assert client.get("/chat/media/%00", headers={"X-Chat-Token": token}).status_code == 404
