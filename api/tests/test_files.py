"""Files of bots: brought as a form or by URL, sent with a message, refused with a reason."""

import pytest

from api.files import views
from api.tests.conftest import make_program
from api.tests.test_handoffs import problem
from conversations import actions
from conversations.core import attachments
from conversations.models import Media, Message, Upload
from conversations.tests.test_media import SVG, drawn
from hooks.tests.receiver import answer, receiver
from kernel import sids
from kernel.actor import SYSTEM


@pytest.fixture(autouse=True)
def _storage(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    settings.EGRESS_ALLOW = []


@pytest.fixture
def path(desk):
    return f"/api/v1/conversations/{desk.conversation().sid}"


def test_a_file_goes_out_with_the_message_that_names_it(path, bot):
    kept = bot.bring(path, "../x/route.png", drawn())

    assert kept.status_code == 201
    sid = kept.json()["sid"]
    assert kept.json() == {"sid": sid, "name": "route.png", "content_type": "image/png", "size": len(drawn())}
    told = bot.post(f"{path}/messages", {"body": "This way", "media": [sid, sid], "ref": "r"})
    again = bot.post(f"{path}/messages", {"body": "This way", "media": [sid, sid], "ref": "r"})
    assert told.status_code == 201
    assert [(item["sid"], item["name"]) for item in told.json()["media"]] == [(sid, "route.png")]
    assert again.json() == told.json()
    assert (Media.objects.get().sid, Upload.objects.count()) == (sid, 0)


def test_a_file_needs_no_words(path, bot):
    sid = bot.bring(path, "a.png", drawn()).json()["sid"]

    assert bot.post(f"{path}/messages", {"media": [sid]}).status_code == 201

    assert Message.objects.get().body == ""


def test_a_file_is_fetched_by_its_address(path, bot, settings):
    settings.EGRESS_ALLOW = ["127.0.0.0/8"]
    with receiver(respond=answer(200, drawn(), Content_Type="text/html")) as there:
        kept = bot.post(f"{path}/files", {"url": there.url("/maps/the%20route.png?x=1")})
        named = bot.post(f"{path}/files", {"url": there.url("/1"), "name": "map.png"})

    assert (kept.status_code, named.status_code) == (201, 201)
    assert (kept.json()["name"], kept.json()["content_type"]) == ("the route.png", "image/png")
    assert named.json()["name"] == "map.png"
    assert "authorization" not in there.requests[0][1]


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/", "https://169.254.169.254/latest/", "http://shop.example.com/x", "x"]
)
def test_the_guard_lets_nobody_inside(path, bot, url):
    problem(bot.post(f"{path}/files", {"url": url}), 400, field="url")

    assert not Upload.objects.exists()


def test_an_address_that_gives_no_file_says_why(path, bot, settings, monkeypatch):
    settings.EGRESS_ALLOW = ["127.0.0.0/8"]
    with receiver(respond=answer(302, location="https://elsewhere.example.com/")) as there:
        moved = bot.post(f"{path}/files", {"url": there.url()})
        there.respond = answer(200, SVG)
        odd = bot.post(f"{path}/files", {"url": there.url("/x.svg")})
        monkeypatch.setattr(attachments, "LARGEST", 10)
        there.respond = answer(200, drawn())
        large = bot.post(f"{path}/files", {"url": there.url("/x.png")})
    gone = bot.post(f"{path}/files", {"url": there.url()})

    problem(moved, 400, code="file-unreachable", field="url")
    assert "302" in moved.json()["message"]
    problem(odd, 400, code="file-kind", field="media")
    problem(large, 413, code="file-too-large", field="media")
    problem(gone, 400, code="file-unreachable", field="url")
    assert not Upload.objects.exists()


def test_so_many_are_fetched_at_once_and_no_more(path, bot, monkeypatch):
    held = [views._fetching.acquire(blocking=False) for _ in range(4)]
    try:
        refused = bot.post(f"{path}/files", {"url": "https://shop.example.com/a.png"})
    finally:
        for _ in held:
            views._fetching.release()

    problem(refused, 429, code="too-many")
    assert refused["Retry-After"] == "1"


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "url"), ({"url": ""}, "url"), ({"url": 7}, "url"), ({"url": "https://x.example", "to": 1}, "to"), ([], None)],
)
def test_what_is_wrong_with_a_file_is_named(path, bot, body, field):
    problem(bot.post(f"{path}/files", body), 400, field=field)


def test_a_form_without_a_file_and_a_kind_nobody_opens_are_refused(path, bot):
    empty = bot.client.post(f"{path}/files", {"x": "y"}, headers=bot.headers())

    problem(empty, 400, field="file")
    problem(bot.bring(path, "x.svg", SVG), 400, code="file-kind", field="media")
    problem(bot.client.post(f"{path}/files", b"x", content_type="text/plain", headers=bot.headers()), 415)
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"media": []}, "media"),
        ({"media": ["x"]}, "media.0"),
        ({"media": "x"}, "media"),
        ({"media": [sids.new("ME")] * 11}, "media"),
        ({"media": [sids.new("ME")]}, "media"),
        ({"media": [sids.new("ME")], "content_sid": "HX1"}, "media"),
    ],
)
def test_what_is_wrong_with_the_files_of_a_message_is_named(path, bot, body, field):
    problem(bot.post(f"{path}/messages", body), 400, field=field)

    assert not Message.objects.exists()


def test_each_keeps_to_his_own(desk, path, bot, stranger):
    reader, other = make_program(desk, "conversations:read"), make_program(desk)
    elsewhere = desk.conversation(customer="+15550100077")
    sid = bot.bring(path, "a.png", drawn()).json()["sid"]

    problem(stranger.bring(path, "a.png", drawn()), 404)
    problem(reader.bring(path, "a.png", drawn()), 403)
    problem(other.post(f"{path}/messages", {"media": [sid]}), 400, field="media")
    problem(bot.post(f"/api/v1/conversations/{elsewhere.sid}/messages", {"media": [sid]}), 400, field="media")

    assert not Message.objects.exists()


def test_a_bot_that_does_not_own_the_conversation_brings_nothing(desk, bot):
    with_agent = desk.conversation(owner="agent")
    closed = desk.conversation(customer="+15550100078")
    actions.close(closed, actor=SYSTEM)

    problem(bot.bring(f"/api/v1/conversations/{with_agent.sid}", "a.png", drawn()), 409, code="not-owner")
    problem(bot.bring(f"/api/v1/conversations/{closed.sid}", "a.png", drawn()), 409, code="conversation-closed")

    assert not Upload.objects.exists()
