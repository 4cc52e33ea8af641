"""Files for customers: what is taken, what a channel carries, how they go out, who may fetch them."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from carriers.base import OutboundMessage
from conversations import actions, links, timers
from conversations.core import attachments
from conversations.core.attachments import File, check, parts
from conversations.models import Conversation, Media, Message, Upload
from conversations.tests.carrier import claim_next
from conversations.tests.test_media import HTML, PNG_HEAD, SVG, bomb, drawn
from eventlog.models import Event
from kernel import clock
from kernel.actor import SYSTEM, Actor
from kernel.errors import Conflict, DomainError, Invalid, NotFound, StaleMove, TooMany
from tests import people
from tests.people import House

MB = 1024 * 1024
PDF = b"%PDF-1.7\n" + b"\0" * 300


def named(number: int, content_type: str = "image/png", size: int = 1000) -> File:
    return File(f"ME{number}", f"{number}.png", content_type, size)


# --- what a channel carries ---


@pytest.mark.parametrize(
    ("channel", "content_type", "size", "code"),
    [
        ("sms", "image/jpeg", 5 * MB, ""),
        ("sms", "image/jpeg", 5 * MB + 1, "file-too-large"),
        ("sms", "image/webp", 500 * 1024, ""),
        ("sms", "image/webp", 500 * 1024 + 1, "file-too-large"),
        ("sms", "application/pdf", 500 * 1024, ""),
        ("sms", "application/zip", 10, "file-kind"),
        ("rcs", "image/gif", 16 * MB, ""),
        ("rcs", "application/pdf", 16 * MB + 1, "file-too-large"),
        ("rcs", "image/webp", 10, "file-kind"),
        ("whatsapp", "application/pdf", 16 * MB, ""),
        ("whatsapp", "image/png", 16 * MB + 1, "file-too-large"),
        ("whatsapp", "image/gif", 10, "file-kind"),
        ("messenger", "video/mp4", 25 * MB, ""),
        ("messenger", "video/mp4", 25 * MB + 1, "file-too-large"),
        ("webchat", "application/zip", 16 * MB, ""),
    ],
)
def test_each_channel_has_its_limits(channel: str, content_type: str, size: int, code: str) -> None:
    refused: DomainError | None = None
    try:
        check(channel, [named(1, content_type, size)])
    except DomainError as error:
        refused = error

    assert (refused.code, refused.field) == (code, "media") if refused else code == ""


def test_files_have_a_limit_together() -> None:
    check("sms", [named(n, size=MB) for n in range(5)])

    with pytest.raises(DomainError, match="5 MB") as refused:
        check("sms", [named(n, size=MB + 1) for n in range(5)])
    assert (refused.value.code, attachments.provider_code(refused.value)) == ("files-too-large", "11751")
    with pytest.raises(Invalid, match="At most 10 files"):
        check("webchat", [named(n) for n in range(11)])
    # Each is a message of its own there.
    check("whatsapp", [named(n, size=10 * MB) for n in range(10)])


def test_words_go_ahead_of_what_has_no_caption() -> None:
    sound, picture, document = named(1, "audio/ogg"), named(2), named(3, "application/pdf")

    assert parts("whatsapp", "Listen", [sound, picture]) == [("Listen", ()), ("", (sound,)), ("", (picture,))]
    assert parts("whatsapp", "", [sound]) == [("", (sound,))]
    assert parts("whatsapp", "Look", [picture]) == [("Look", (picture,))]
    assert parts("sms", "Listen", [sound, picture]) == [("Listen", (sound, picture))]
    assert parts("rcs", "Read", [document]) == [("Read", ()), ("", (document,))]
    assert parts("rcs", "Look", [picture]) == [("Look", (picture,))]
    assert parts("sms", "Words", []) == [("Words", ())]


# --- what is taken ---


@pytest.fixture
def home(db, settings, tmp_path) -> House:
    settings.MEDIA_ROOT = tmp_path
    home = people.full_house()
    people.address(home)
    return home


@pytest.fixture
def talk(home: House) -> Conversation:
    return people.said().conversation


@pytest.fixture
def ada(home: House, talk: Conversation) -> Actor:
    return people.taking_part(home, "Ada", talk)


def brought(talk: Conversation, ada: Actor, *names: str) -> list[str]:
    return [actions.upload(talk, name=name, content=drawn(), actor=ada).sid for name in names]


def test_a_file_waits_and_becomes_the_messages(talk: Conversation, ada: Actor) -> None:
    first, second = brought(talk, ada, "C:\\photos\\receipt\u202e.png", "two.png")
    assert [(row.name, row.width, row.height) for row in Upload.objects.order_by("id")] == [
        ("receipt.png", 1000, 500),
        ("two.png", 1000, 500),
    ]

    message = actions.post(talk, actor=ada, body=" Here ", ref="one", media=[second, first])

    assert [(row.sid, row.name, row.status) for row in message.media.all()] == [
        (second, "two.png", "stored"),
        (first, "receipt.png", "stored"),
    ]
    assert not Upload.objects.exists()
    told = Event.objects.filter(type="message.added").latest("id").data
    assert (told["body"], [item["name"] for item in told["media"]]) == ("Here", ["two.png", "receipt.png"])
    # The same again changes nothing.
    assert actions.post(talk, actor=ada, body="Here", ref="one", media=[second, first]) == message
    assert Message.objects.filter(conversation=talk).count() == 2


def test_files_go_without_words(talk: Conversation, ada: Actor) -> None:
    message = actions.post(talk, actor=ada, body="", ref="one", media=brought(talk, ada, "a.png"))

    assert (message.body, message.media.count()) == ("", 1)


@pytest.mark.parametrize(
    "content",
    [HTML, SVG, PNG_HEAD + HTML, bomb(60_000, 60_000), b"", b"MZ" + b"\0" * 300, b"PK\x03\x04" + b"\0" * 300],
    ids=["html", "svg", "html as png", "bomb", "nothing", "program", "zip by sms"],
)
def test_what_nobody_should_open_is_refused_and_leaves_nothing(
    talk: Conversation, ada: Actor, content: bytes, tmp_path: Any
) -> None:
    with pytest.raises(Invalid) as refused:
        actions.upload(talk, name="x.png", content=content, actor=ada)

    assert refused.value.field == "media"
    assert not Upload.objects.exists()
    assert not list(tmp_path.rglob("*.*"))


def test_only_who_takes_part_brings_and_sends_files(home: House, talk: Conversation, ada: Actor) -> None:
    (mine,) = brought(talk, ada, "a.png")
    ben = people.taking_part(home, "Ben", talk)

    for actor in (home.actor("Bo"), SYSTEM, Actor("visitor", sid=talk.sid)):
        with pytest.raises(NotFound):
            actions.upload(talk, name="x.png", content=drawn(), actor=actor)
    with pytest.raises(Invalid, match="not here any more"):
        actions.post(talk, actor=ben, body="", ref="b", media=[mine])
    with pytest.raises(Invalid, match="not here any more"):
        actions.post(talk, actor=ada, body="", ref="a", media=[mine, mine])

    assert Message.objects.filter(direction="outbound").count() == 0
    assert Upload.objects.get().sid == mine


def test_a_closed_conversation_takes_no_files(talk: Conversation, ada: Actor) -> None:
    actions.close(talk, actor=SYSTEM)
    talk.refresh_from_db()

    with pytest.raises(NotFound):
        actions.upload(talk, name="x.png", content=drawn(), actor=ada)


def test_too_many_waiting_files_are_refused(talk: Conversation, ada: Actor) -> None:
    Upload.objects.bulk_create(
        Upload(
            conversation=talk,
            owner_sid=ada.worker_sid,
            name="x",
            content_type="image/png",
            size=1,
            due_at=clock.now(),
        )
        for _ in range(20)
    )

    with pytest.raises(TooMany):
        actions.upload(talk, name="x.png", content=drawn(), actor=ada)


def test_a_discarded_file_is_gone_and_a_sent_one_stays(talk: Conversation, ada: Actor, tmp_path: Any) -> None:
    sent, dropped = brought(talk, ada, "a.png", "b.png")
    actions.post(talk, actor=ada, body="", ref="one", media=[sent])

    actions.discard_upload(dropped, actor=ada)
    actions.discard_upload(sent, actor=ada)

    assert not Upload.objects.exists()
    assert sorted(path.stem for path in tmp_path.rglob("*.*")) == [sent, sent]


def test_what_was_never_sent_is_swept_away(talk: Conversation, ada: Actor, tmp_path: Any) -> None:
    brought(talk, ada, "a.png")

    timers.drive_uploads(clock.now() + timedelta(hours=23))
    assert Upload.objects.count() == 1
    timers.drive_uploads(clock.now() + timedelta(hours=25))

    assert not Upload.objects.exists()
    assert not list(tmp_path.rglob("*.*"))


# --- how they go out ---


def test_whatsapp_gets_a_message_for_each_file_in_order(home: House) -> None:
    people.address(home, "whatsapp:+15550002000", channel="whatsapp")
    talk = people.said(
        channel="whatsapp", from_address="whatsapp:+15550100002", to_address="whatsapp:+15550002000"
    ).conversation
    ada = people.taking_part(home, "Ada", talk)

    first = actions.post(talk, actor=ada, body="Both", ref="r" * 64, media=brought(talk, ada, "a.png", "b.png"))

    rows = list(Message.objects.filter(conversation=talk, direction="outbound").order_by("index"))
    assert rows[0] == first
    assert [(row.body, [item.name for item in row.media.all()]) for row in rows] == [
        ("Both", ["a.png"]),
        ("", ["b.png"]),
    ]
    assert rows[0].ref == "r" * 64
    assert rows[1].ref is not None
    assert len(rows[1].ref) <= 64
    # One in flight at a time: the second waits for the first.
    out = claim_next()
    assert out is not None
    assert (out.message_sid, len(out.media_urls)) == (rows[0].sid, 1)
    assert claim_next() is None


def claimed(talk: Conversation) -> OutboundMessage:
    out = claim_next()
    assert out is not None
    return out


def test_the_carrier_fetches_by_an_address_that_nobody_can_guess(talk: Conversation, ada: Actor, settings) -> None:
    actions.post(talk, actor=ada, body="Look", ref="one", media=brought(talk, ada, "a.png"))

    (url,) = claimed(talk).media_urls

    assert url.startswith(f"{settings.PUBLIC_URL}/media/shared/")
    path = url.removeprefix(settings.PUBLIC_URL)
    answer = Client().get(path)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
    assert b"".join(answer.streaming_content) == drawn()
    assert answer["Content-Disposition"].startswith("inline; ")
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert not answer.cookies
    head = Client().head(path)
    assert (head.status_code, head["Content-Length"]) == (200, str(len(drawn())))
    assert Client().post(path).status_code == 405
    assert Client().get(path[:-1] + ("A" if path[-1] != "A" else "B")).status_code == 404
    media = Media.objects.get()
    assert Client().get(path.replace(media.sid, "ME" + "0" * 32)).status_code == 404
    assert Client().get(reverse("media", args=[media.sid])).status_code == 404


def test_a_shared_document_is_a_download_under_its_own_type(talk: Conversation, ada: Actor, settings) -> None:
    sid = actions.upload(talk, name="bill.pdf", content=PDF, actor=ada).sid
    actions.post(talk, actor=ada, body="", ref="one", media=[sid])

    answer = Client().get(claimed(talk).media_urls[0].removeprefix(settings.PUBLIC_URL))

    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"].startswith("attachment; ")


def test_a_shared_address_ends_by_itself(talk: Conversation, ada: Actor, time_machine) -> None:
    actions.post(talk, actor=ada, body="", ref="one", media=brought(talk, ada, "a.png"))
    url = links.public_url(Media.objects.get())
    token = url.rpartition("/")[2].replace("%3A", ":")

    assert links.shared(token) == Media.objects.get()
    time_machine.move_to(clock.now() + links.LIFETIME + timedelta(seconds=1))

    assert links.shared(token) is None


def test_limits_are_asked_again_before_sending(talk: Conversation, ada: Actor, monkeypatch) -> None:
    message = actions.post(talk, actor=ada, body="Look", ref="one", media=brought(talk, ada, "a.png"))
    after = actions.post(talk, actor=ada, body="And then", ref="two")
    monkeypatch.setitem(attachments.LIMITS, "sms", attachments.Limits(10, 10, {"image/png": 10}))

    out = claimed(talk)

    assert out.message_sid == after.sid
    message.refresh_from_db()
    assert (message.status, message.error_code, message.provider_sid) == ("failed", "11751", None)
    told = Event.objects.filter(type="message.updated", subject_sid=message.sid).latest("id").data
    assert [item["name"] for item in told["media"]] == ["a.png"]


def test_what_happens_to_a_message_keeps_its_files_on_the_screen(talk: Conversation, ada: Actor) -> None:
    message = actions.post(talk, actor=ada, body="Look", ref="one", media=brought(talk, ada, "a.png"))
    fence = claimed(talk).fence
    actions.mark_failed(message.sid, fence=fence, code="30003", reason="off")
    message.refresh_from_db()
    actions.resend(message, actor=ada)

    again = claimed(talk)

    assert len(again.media_urls) == 1
    told = Event.objects.filter(type="message.updated", subject_sid=message.sid)
    assert [len(event.data["media"]) for event in told] == [1] * told.count()


# --- the desk's door ---


@pytest.fixture
def desk(home: House, ada: Actor) -> Client:
    client = Client()
    client.force_login(home.users["Ada"], backend="django.contrib.auth.backends.ModelBackend")
    return client


def form(content: bytes = b"", name: str = "a.png") -> dict[str, Any]:
    return {"file": SimpleUploadedFile(name, content or drawn(), content_type="text/html")}


def test_a_file_is_uploaded_seen_small_and_removed(desk: Client, talk: Conversation, home: House) -> None:
    answer = desk.post(reverse("desk-files", args=[talk.sid]), form())

    assert answer.status_code == 201
    told = answer.json()["file"]
    assert (told["name"], told["content_type"], told["size"]) == ("a.png", "image/png", len(drawn()))
    assert desk.get(told["thumbnail_url"])["Content-Type"] == "image/webp"
    stranger = Client()
    stranger.force_login(home.users["Bo"], backend="django.contrib.auth.backends.ModelBackend")
    assert stranger.get(told["thumbnail_url"]).status_code == 404
    assert stranger.delete(reverse("desk-file", args=[told["sid"]])).status_code == 204
    assert Upload.objects.count() == 1
    assert desk.delete(reverse("desk-file", args=[told["sid"]])).status_code == 204
    assert Upload.objects.count() == 0


def test_the_desks_door_says_what_is_wrong(desk: Client, talk: Conversation, settings) -> None:
    url = reverse("desk-files", args=[talk.sid])
    settings.LANGUAGE_CODE = "en"

    refused = desk.post(url, form(SVG, "x.svg"))
    assert (refused.status_code, refused.json()["code"], refused.json()["field"]) == (400, "file-kind", "media")
    assert "x.svg" in refused.json()["message"]
    assert desk.post(url, {}).json()["field"] == "file"
    assert desk.get(url).status_code == 405
    assert desk.post(reverse("desk-files", args=["CH" + "0" * 32]), form()).status_code == 404


def test_the_desks_door_asks_who_and_whence(desk: Client, talk: Conversation, home: House) -> None:
    url = reverse("desk-files", args=[talk.sid])

    assert Client().post(url, form()).status_code == 302
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(home.users["Ada"], backend="django.contrib.auth.backends.ModelBackend")
    assert strict.post(url, form()).status_code == 403
    ben = Client()
    ben.force_login(home.users["Ben"], backend="django.contrib.auth.backends.ModelBackend")
    assert ben.post(url, form()).status_code == 404

    assert not Upload.objects.exists()


# --- another try for a customer's file ---


def lost(code: str = "http-404") -> Media:
    media = people.said("", media=1).media.get()
    claimed = actions.claim_media(media.sid)
    assert claimed is not None
    actions.fail_media(claimed, code=code)
    return Media.objects.get(sid=media.sid)


def test_a_file_that_failed_says_why_and_is_looked_for_again(home: House) -> None:
    media = lost()
    ada = people.taking_part(home, "Ada", media.message.conversation)
    assert Event.objects.filter(type="message.updated").latest("id").data["media"][0]["failure"] == "http-404"

    actions.fetch_again(media, actor=ada)

    told = Event.objects.filter(type="message.updated").latest("id").data["media"][0]
    assert (told["status"], told["failure"]) == ("pending", "")
    claimed = actions.claim_media(media.sid)
    assert claimed is not None
    actions.store_media(claimed, content=drawn())
    with pytest.raises(StaleMove):
        actions.fetch_again(media, actor=ada)


def test_only_who_takes_part_has_it_looked_for(home: House) -> None:
    media = lost()

    for actor in (home.actor("Ada"), home.actor("Bo"), SYSTEM):
        with pytest.raises(NotFound):
            actions.fetch_again(media, actor=actor)

    media.refresh_from_db()
    assert (media.status, media.failure) == ("failed", "http-404")


def test_a_conflict_is_told_before_any_file_moves(talk: Conversation, ada: Actor) -> None:
    (sid,) = brought(talk, ada, "a.png")
    people.said("STOP")

    with pytest.raises(Conflict):
        actions.post(talk, actor=ada, body="", ref="one", media=[sid])

    assert Upload.objects.get().sid == sid
