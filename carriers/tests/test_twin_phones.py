import io
from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from carriers.twin import actions, phones
from carriers.twin.models import TwinCustomer, TwinMedia, TwinMessage
from carriers.twin.rules import UNREACHABLE, Wanted

pytestmark = pytest.mark.django_db

OURS, THEIRS = "+15550001000", "+15550100001"


def png(name="a.png"):
    file = io.BytesIO()
    Image.new("RGB", (2, 2), "red").save(file, "PNG")
    return SimpleUploadedFile(name, file.getvalue(), content_type="image/png")


def text(client, **changes):
    return client.post("/phones/send", {"from": THEIRS, "to": OURS, "body": "Hello"} | changes)


def screen(client, *phones, **query):
    return client.get("/phones/messages", {"phone": phones or [THEIRS], **query}).json()["messages"]


def test_a_newcomer_sees_a_phone_of_every_channel_that_can_write(client, numbers):
    page = client.get("/phones/")

    assert page.status_code == 200
    assert [phone["channel"] for phone in page.context["phones"]] == ["sms", "rcs", "whatsapp", "messenger"]
    assert {row.channel for row in TwinCustomer.objects.all()} == {"sms", "rcs", "whatsapp", "messenger"}
    html = page.content.decode()
    assert "<script>" not in html
    assert "style=" not in html
    assert "onclick" not in html


def test_a_text_is_sent_and_seen(client, numbers, maria):
    answer = text(client, body="<b>Hi</b> & 'bye' 👋")

    assert answer.status_code == 201
    message = TwinMessage.objects.get()
    assert answer.json()["sid"] == message.sid
    (shown,) = screen(client)
    assert (shown["sid"], shown["mine"], shown["body"]) == (message.sid, True, "<b>Hi</b> & 'bye' 👋")
    assert (shown["phone"], shown["ours"], shown["state"]) == (THEIRS, OURS, "sending")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("status", "state"), [(200, "delivered"), (403, "refused"), (503, "sending")])
@pytest.mark.usefixtures("numbers", "maria")
def test_the_state_is_what_its_writer_would_see(client, listener, play, status, state):
    listener.answer = lambda _call: (status, {}, b"")
    text(client)
    play()

    assert screen(client)[0]["state"] == state


@pytest.mark.django_db(transaction=True)
def test_an_answer_is_on_the_phone_when_it_was_delivered(client, numbers, maria, play):
    actions.accept_outbound(Wanted(THEIRS, OURS, "Good morning", (), ""))
    play()
    assert screen(client) == []

    play(1)
    (shown,) = screen(client)
    assert (shown["mine"], shown["body"], shown["state"]) == (False, "Good morning", "delivered")


@pytest.mark.django_db(transaction=True)
def test_what_could_not_be_delivered_says_so(client, numbers, play):
    actions.create_customer("sms", name="Off", address=UNREACHABLE)
    actions.accept_outbound(Wanted(UNREACHABLE, OURS, "Hello?", (), ""))
    play()
    play(1)

    (shown,) = screen(client, UNREACHABLE)
    assert (shown["state"], shown["error_code"]) == ("failed", 30003)


def test_after_shows_only_what_is_newer(client, numbers, maria):
    first = text(client, body="1").json()["id"]
    text(client, body="2")

    assert [message["body"] for message in screen(client, after=first)] == ["2"]
    assert client.get("/phones/messages", {"phone": THEIRS, "after": "x"}).status_code == 400


def test_phones_do_not_see_one_another(client, numbers, maria, daniel):
    text(client)

    assert screen(client, daniel.address) == []


def test_a_picture_is_sent_and_shown(client, numbers, maria):
    assert text(client, body="", picture=png("evil.html")).status_code == 201

    (shown,) = screen(client)
    (media,) = shown["media"]
    assert media["content_type"] == "image/png"
    answer = client.get(media["url"])
    assert answer.content == bytes(TwinMedia.objects.get().content)
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("image/png", "nosniff")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_the_four_kinds_of_pictures_are_taken(client, numbers, maria, kind):
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "blue").save(file, kind)

    assert text(client, picture=SimpleUploadedFile("x", file.getvalue())).status_code == 201
    assert TwinMedia.objects.get().content_type == f"image/{kind.lower()}"


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", 400),
        (b"<html>", 400),
        (b"%PDF-1.4", 400),
        (b"", 400),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * (5 * 1024 * 1024), 413),
    ],
)
def test_other_files_are_refused(client, numbers, maria, content, status):
    answer = text(client, picture=SimpleUploadedFile("a.png", content, content_type="image/png"))

    assert (answer.status_code, answer.json()["field"]) == (status, "picture")
    assert TwinMessage.objects.count() == 0


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"body": "  "}, 400, "body"),
        ({"body": "x" * 4097}, 400, "body"),
        ({"to": "+15559999999"}, 404, "to"),
        ({"to": "whatsapp:+15550002000"}, 404, "to"),
        ({"from": "+15559999999"}, 404, "phone"),
    ],
)
@pytest.mark.usefixtures("numbers", "maria")
def test_a_wrong_text_is_refused_and_nothing_is_written(client, changes, status, field):
    answer = text(client, **changes)

    assert (answer.status_code, answer.json()["field"]) == (status, field)
    assert TwinMessage.objects.count() == 0


def test_refusals_speak_the_readers_language(client, numbers, maria):
    answer = client.post("/phones/send", {"from": THEIRS, "to": OURS, "body": ""}, headers={"Accept-Language": "en"})

    assert answer.json()["message"] == "Write something or choose a picture."


def test_a_forged_form_is_refused(numbers, maria):
    answer = text(Client(enforce_csrf_checks=True))

    assert answer.status_code == 403
    assert TwinMessage.objects.count() == 0


def test_a_new_customer_gets_a_free_address(client):
    made = [client.post("/phones/customers", {"channel": c, "name": " Zoë  Q "}).json() for c in ("sms", "whatsapp")]

    assert [row["name"] for row in made] == ["Zoë Q", "Zoë Q"]
    assert made[0]["address"].startswith("+1555")
    assert made[1]["address"].startswith("whatsapp:+1555")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"channel": "fax", "name": "x"}, "channel"),
        ({"channel": "sms", "name": " "}, "name"),
        ({"channel": "sms", "name": "x" * 65}, "name"),
        ({"channel": "sms", "name": "x", "address": "whatsapp:+15550100009"}, "address"),
    ],
)
def test_a_wrong_customer_is_refused(client, given, field):
    answer = client.post("/phones/customers", given)

    assert (answer.status_code, answer.json()["field"]) == (400, field)


def test_a_customer_is_renamed(client, maria):
    client.post("/phones/customers/rename", {"phone": THEIRS, "name": "María López"})

    maria.refresh_from_db()
    assert maria.name == "María López"


@pytest.mark.django_db(transaction=True)
def test_looking_at_whatsapp_is_told(client, listener, numbers, daniel, play):
    actions.text_in(daniel, to="whatsapp:+15550002000", body="Hello")
    play()
    listener.calls.clear()
    actions.accept_outbound(Wanted(daniel.address, "whatsapp:+15550002000", "Hi", (), f"{listener.url}/s"))
    play()
    play(1)

    assert client.post("/phones/read", {"phone": daniel.address}).json() == {"read": 1}
    play()
    assert [call.params["MessageStatus"] for call in listener.calls] == ["sent", "delivered", "read"]


def test_faults_are_set_from_the_page(client):
    answer = client.post("/phones/faults/set", {"lose_next": 2}, content_type="application/json")

    assert answer.json()["lose_next"] == 2
    assert client.get("/phones/faults").json()["lose_next"] == 2
    assert client.post("/phones/faults/set", "[]", content_type="application/json").status_code == 400


class TestClosed:
    @pytest.fixture(autouse=True)
    def closed(self, settings):
        settings.TWIN_OPEN = False

    def test_strangers_are_sent_to_sign_in(self, client, numbers, maria):
        page = client.get("/phones/", headers={"Accept": "text/html"})

        assert page.status_code == 302
        assert "next=/phones/" in page["Location"]
        assert text(client).status_code == 401
        assert client.get("/phones/messages").status_code == 401
        assert TwinMessage.objects.count() == 0

    def test_who_is_signed_in_may(self, rf, numbers, maria):
        request = rf.post("/phones/send", {"from": THEIRS, "to": OURS, "body": "Hello"})
        request.user = SimpleNamespace(is_authenticated=True)
        request._dont_enforce_csrf_checks = True

        assert phones.send(request).status_code == 201


def test_ensure_numbers_twice_keeps_the_sids(numbers):
    before = {row.address: row.sid for row in numbers.values()}

    again = actions.ensure_numbers(webhook_url="http://other.example/hook")

    assert {row.address: row.sid for row in again} == before
    assert {row.sms_url for row in again} == {"http://other.example/hook"}
    assert set(before) == {"+15550001000", "rcs:front_desk_agent", "whatsapp:+15550002000", "messenger:100200300"}
