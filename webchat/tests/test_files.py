"""Files of visitors: what is taken, how often, with which words, and who sees them."""

import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from conversations import actions as conversations
from conversations import timers
from conversations.actions import uploads
from conversations.models import Address, Media, Message, Upload
from conversations.tests.test_media import SVG, bomb, drawn
from eventlog.models import Event
from kernel import clock
from kernel.errors import Forbidden, Invalid, NotFound, TooMany
from tests import people
from tests.people import House
from webchat import actions, commands, core, queries
from webchat.models import Visitor

pytestmark = pytest.mark.django_db

REF = "ref-00000001"


@pytest.fixture(autouse=True)
def _storage(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def maria(shop: Address) -> tuple[Visitor, str]:
    return actions.begin(shop, name="Maria")


def brought(visitor: Visitor, *names: str) -> list[str]:
    return [actions.bring(visitor, name=name, content=drawn()).sid for name in names]


def form(content: bytes = b"", name: str = "a.png") -> dict[str, Any]:
    return {"file": SimpleUploadedFile(name, content or drawn(), content_type="text/html")}


def headers(token: str) -> dict[str, str]:
    return {"X-Chat-Token": token}


def test_files_go_with_the_first_words_and_the_agents_see_them(maria: Any, home: House) -> None:
    visitor, token = maria
    sids = brought(visitor, "a.png", "b.png")

    told = commands.carry_out("message.post", {"body": "Look", "ref": REF, "media": sids}, visitor=visitor)

    assert told is not None
    assert [(item["sid"], item["name"], item["status"]) for item in told["message"]["media"]] == [
        (sids[0], "a.png", "stored"),
        (sids[1], "b.png", "stored"),
    ]
    assert not Upload.objects.exists()
    message = Message.objects.get()
    event = Event.objects.get(type="message.added").data
    assert [item["sid"] for item in event["media"]] == sids
    ada = people.taking_part(home, "Ada", message.conversation)
    seen = Client()
    seen.force_login(home.users["Ada"], backend="django.contrib.auth.backends.ModelBackend")
    assert ada.worker_sid
    for name in ("media", "media-thumbnail"):
        assert seen.get(reverse(name, args=[sids[0]])).status_code == 200
    own = Client().get(reverse("chat-media", args=[sids[0]]), headers=headers(token))
    assert b"".join(own.streaming_content) == drawn()


def test_nobody_else_sees_them(maria: Any, shop: Address, home: House) -> None:
    visitor, _ = maria
    (sid,) = brought(visitor, "a.png")
    _, other = actions.begin(shop)
    agent = Client()
    agent.force_login(home.users["Ben"], backend="django.contrib.auth.backends.ModelBackend")

    def statuses() -> list[int]:
        mine = [Client().get(reverse(name, args=[sid]), headers=headers(other)) for name in ("chat-media",)]
        theirs = [agent.get(reverse(name, args=[sid])) for name in ("media", "media-thumbnail")]
        return [answer.status_code for answer in [*mine, *theirs]]

    assert statuses() == [404, 404, 404]
    actions.say(visitor, body="", ref=REF, media=[sid])
    assert statuses() == [404, 404, 404]


def test_a_file_alone_says_enough_and_nothing_at_all_does_not(maria: Any) -> None:
    visitor, _ = maria

    message = actions.say(visitor, body=" ", ref=REF, media=brought(visitor, "a.png"))
    with pytest.raises(Invalid):
        actions.say(visitor, body=" ", ref="ref-00000002")

    assert (message.body, message.media.get().name) == ("", "a.png")


def test_a_repeat_finds_its_message_and_misses_no_file(maria: Any) -> None:
    visitor, _ = maria
    sids = brought(visitor, "a.png")

    first = actions.say(visitor, body="Look", ref=REF, media=sids)
    # As a rival does it that has looked before the first one committed.
    again = conversations.receive(
        actions._inbound(visitor, text="Look", ref=REF), actor=actions._actor(visitor), files=sids
    )

    assert again == first
    assert Media.objects.get().message == first


def test_a_file_of_somebody_else_or_sent_before_is_refused_and_nothing_is_said(maria: Any, shop: Address) -> None:
    visitor, _ = maria
    other, _ = actions.begin(shop)
    (theirs,) = brought(other, "a.png")
    (mine,) = brought(visitor, "b.png")
    actions.say(visitor, body="Look", ref=REF, media=[mine])

    for sid in (theirs, mine, "ME" + "0" * 32, "x"):
        with pytest.raises(Invalid) as refused:
            actions.say(visitor, body="Again", ref="ref-00000002", media=[sid])
        assert refused.value.field == "media"

    assert Message.objects.count() == 1
    assert Upload.objects.get().sid == theirs


@pytest.mark.parametrize("media", ["x", [1], {"a": 1}, None])
def test_what_is_no_list_of_files_is_named(maria: Any, media: Any) -> None:
    with pytest.raises(Invalid) as refused:
        commands.carry_out("message.post", {"body": "x", "ref": REF, "media": media}, visitor=maria[0])

    assert refused.value.field == "media"


def test_files_are_counted_by_the_hour(maria: Any, monkeypatch: Any) -> None:
    visitor, token = maria
    monkeypatch.setattr(core, "FILES_AN_HOUR", 2)
    now = clock.now()
    with time_machine.travel(now, tick=False):
        actions.take_back(visitor, brought(visitor, "a.png")[0])
        brought(visitor, "b.png")
        with pytest.raises(TooMany) as refused:
            brought(visitor, "c.png")
        answer = Client().post(reverse("chat-files"), form(), headers=headers(token))
    with time_machine.travel(now + timedelta(minutes=60), tick=False):
        brought(visitor, "d.png")

    assert refused.value.code == "too-many-files"
    assert (answer.status_code, answer["Retry-After"]) == (429, "3600")
    assert sorted(Upload.objects.values_list("name", flat=True)) == ["b.png", "d.png"]


def test_only_so_many_are_judged_at_a_time_and_the_next_one_may_try_again(maria: Any, monkeypatch: Any) -> None:
    visitor, token = maria
    judged = uploads.examine
    refused: list[Any] = []

    def meanwhile(content: bytes) -> Any:
        if len(refused) < 2:
            refused.append(Client().post(reverse("chat-files"), form(name="rival.png"), headers=headers(token)))
        return judged(content)

    monkeypatch.setattr(uploads, "_strangers", threading.BoundedSemaphore(1))
    monkeypatch.setattr(uploads, "examine", meanwhile)
    brought(visitor, "a.png")
    brought(visitor, "b.png")

    assert [(answer.status_code, answer.json()["code"], answer["Retry-After"]) for answer in refused] == [
        (429, "busy", "2"),
        (429, "busy", "2"),
    ]
    assert sorted(Upload.objects.values_list("name", flat=True)) == ["a.png", "b.png"]


def test_what_is_never_sent_is_swept_away(maria: Any, tmp_path: Any) -> None:
    brought(maria[0], "a.png")

    timers.drive_uploads(clock.now() + timedelta(hours=25))

    assert not Upload.objects.exists()
    assert not list(tmp_path.rglob("*.*"))


def test_a_visitor_who_is_forgotten_leaves_no_file(maria: Any, tmp_path: Any) -> None:
    visitor, _ = maria
    brought(visitor, "a.png")

    actions.forget_visitors([visitor.identity])

    assert not Upload.objects.exists()
    assert not list(tmp_path.rglob("*.*"))


def test_only_a_visitor_brings_files_without_a_conversation(home: House) -> None:
    with pytest.raises(Forbidden):
        conversations.upload_as_visitor(channel="webchat", name="a.png", content=drawn(), actor=home.actor("Ada"))


# --- the door ---


def test_the_door_takes_and_gives_up_a_file(maria: Any, shop: Address) -> None:
    _, token = maria
    _, other = actions.begin(shop)

    answer = Client().post(reverse("chat-files"), form(name="../x/a.png"), headers=headers(token))

    assert answer.status_code == 201
    kept = answer.json()["file"]
    assert kept == {"sid": kept["sid"], "name": "a.png", "content_type": "image/png", "size": len(drawn())}
    path = reverse("chat-file", args=[kept["sid"]])
    assert Client().delete(path, headers=headers(other)).status_code == 204
    assert Upload.objects.count() == 1
    assert Client().delete(path, headers=headers(token)).status_code == 204
    assert Upload.objects.count() == 0


def test_the_door_says_what_is_wrong(maria: Any) -> None:
    url, known = reverse("chat-files"), headers(maria[1])

    svg = Client().post(url, form(SVG, "x.svg"), headers=known)
    assert (svg.status_code, svg.json()["code"], svg.json()["field"]) == (400, "file-kind", "media")
    huge = Client().post(url, form(bomb(8000, 8000), "b.png"), headers=known)
    assert (huge.status_code, huge.json()["code"]) == (400, "file-broken")
    heavy = Client().post(url, form(b"%PDF-1.7\n" + b"\0" * 16 * 1024 * 1024, "b.pdf"), headers=known)
    assert (heavy.status_code, heavy.json()["code"]) == (413, "file-too-large")
    assert Client().post(url, {}, headers=known).json()["field"] == "file"
    assert Client().get(url, headers=known).status_code == 405
    assert not Upload.objects.exists()


def test_strangers_are_refused_before_their_file_is_read(shop: Address) -> None:
    answers = [
        Client(enforce_csrf_checks=True).post(reverse("chat-files"), form(), headers=headers(token))
        for token in ("", "x" * 43)
    ]
    told = Client().post(
        reverse("chat-files"),
        b"",
        content_type="multipart/form-data; boundary=x",
        headers=headers(actions.begin(shop)[1]) | {"Content-Length": str(10**9)},
    )

    assert [answer.status_code for answer in answers] == [401, 401]
    assert told.status_code == 413
    assert not Upload.objects.exists()
    assert queries.visitor_of("") is None


def test_a_conversation_of_another_visitor_is_not_found(maria: Any, shop: Address) -> None:
    visitor, _ = maria
    (sid,) = brought(visitor, "a.png")
    actions.say(visitor, body="", ref=REF, media=[sid])
    other, _ = actions.begin(shop)

    with pytest.raises(NotFound):
        queries.own_media(other, sid)
