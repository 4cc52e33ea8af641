"""Files to customers: the twin fetches them as the provider does, shows them, and refuses what it cannot take."""

import pytest
from django.urls import reverse

from carriers.twin import actions, queries
from carriers.twin.models import TwinMedia, TwinMessage
from carriers.twin.rules import Refusal, Wanted

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 50
MARIA, DANIEL = "+15550100001", "whatsapp:+15550100002"


def sent(listener, *paths, to=MARIA, from_="+15550001000"):
    urls = tuple(listener.url + path for path in paths)
    return actions.accept_outbound(Wanted(to, from_, "Look", urls, f"{listener.url}/status"))


def answering(kind="image/png", content=PNG, status=200):
    def answer(call):
        return (status, {"Content-Type": kind}, content) if call.method == "GET" else (204, {}, b"")

    return answer


def statuses(listener):
    return [call.params["MessageStatus"] for call in listener.calls if call.path == "/status"]


def test_files_are_fetched_before_the_message_goes_and_shown_on_the_phone(client, listener, numbers, maria, play):
    listener.answer = answering()
    message = sent(listener, "/a", "/b")
    assert queries.phone_messages([MARIA]) == []

    play(seconds=3)
    play(seconds=6)

    fetches = [call for call in listener.calls if call.method == "GET"]
    assert [call.path for call in fetches] == ["/a", "/b"]
    assert not {"Authorization", "Cookie"} & set(fetches[0].headers)
    assert statuses(listener) == ["sent", "delivered"]
    (shown,) = queries.phone_messages([MARIA])
    assert [item["content_type"] for item in shown["media"]] == ["image/png", "image/png"]
    assert shown["sid"] == message.sid
    picture = client.get(shown["media"][0]["url"])
    assert (picture.content, picture["Content-Type"]) == (PNG, "image/png")


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (answering(status=404), 11200),
        (answering(status=302), 11200),
        (lambda call: None if call.method == "GET" else (204, {}, b""), 11200),
        (answering("text/html"), 12300),
        (answering("image/svg+xml"), 12300),
        (answering(content=b"x" * (5 * 1024 * 1024 + 1)), 11751),
        (answering("audio/mpeg", b"x" * (500 * 1024 + 1)), 11751),
    ],
    ids=["404", "redirect to nowhere", "broken", "html", "svg", "too large", "too large a sound"],
)
@pytest.mark.usefixtures("numbers", "maria")
def test_what_cannot_be_taken_fails_with_its_number(listener, play, answer, code):
    listener.answer = answer
    message = sent(listener, "/a")

    play(seconds=3)
    play(seconds=6)

    message.refresh_from_db()
    assert (message.status, message.error_code) == ("failed", code)
    assert statuses(listener) == ["failed"]
    assert not TwinMedia.objects.exists()


def test_files_have_a_limit_together(listener, numbers, maria, play):
    listener.answer = answering(content=b"x" * (3 * 1024 * 1024))
    message = sent(listener, "/a", "/b")

    play(seconds=3)

    message.refresh_from_db()
    assert message.error_code == 11751


def test_whatsapp_takes_one_file(listener, numbers, daniel):
    with pytest.raises(Refusal) as refused:
        sent(listener, "/a", "/b", to=DANIEL, from_="whatsapp:+15550002000")

    assert refused.value.code == 21623
    assert not TwinMessage.objects.exists()


def test_a_document_on_a_phone_is_a_download(client, listener, numbers, maria, play):
    listener.answer = answering("application/pdf", b"%PDF-1.7")
    sent(listener, "/a")
    play(seconds=3)

    answer = client.get(reverse("twin-phone-media", args=[TwinMedia.objects.get().sid]))

    assert answer["Content-Disposition"] == "attachment"
