"""Files of strangers: judged by their bytes, limited in size and pixels, shown small, served without rights."""

import struct
import zlib
from io import BytesIO
from typing import Any

import filetype
import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image

from carriers.base import CarrierError
from conversations import actions, tasks
from conversations.core import pictures
from conversations.core.pictures import examine
from conversations.models import Media
from eventlog.models import Event
from tests import people
from tests.people import House

HTML = b"<html><script>alert(document.cookie)</script></html>"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"></svg>'
PNG_HEAD = b"\x89PNG\r\n\x1a\n"


def drawn(kind: str = "PNG", *, size: tuple[int, int] = (1000, 500), mode: str = "RGB", **more: Any) -> bytes:
    held = BytesIO()
    Image.new(mode, size).save(held, kind, **more)
    return held.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few kilobytes that says how large it is, and whose rows are all zeros."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * 100_000, 9)
    return PNG_HEAD + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


# --- what a file is ---


@pytest.mark.parametrize(
    ("kind", "mode", "content_type"),
    [
        ("PNG", "RGB", "image/png"),
        ("PNG", "P", "image/png"),
        ("PNG", "LA", "image/png"),
        ("PNG", "I;16", "image/png"),
        ("PNG", "1", "image/png"),
        ("JPEG", "RGB", "image/jpeg"),
        ("JPEG", "CMYK", "image/jpeg"),
        ("GIF", "P", "image/gif"),
        ("WEBP", "RGBA", "image/webp"),
    ],
)
def test_a_picture_gets_a_small_one(kind: str, mode: str, content_type: str) -> None:
    found = examine(drawn(kind, mode=mode))

    assert found.content_type == content_type
    assert found.picture is not None
    assert (found.picture.width, found.picture.height) == (1000, 500)
    small = Image.open(BytesIO(found.picture.thumbnail))
    assert (small.format, small.size) == ("WEBP", (480, 240))


def test_a_camera_held_on_its_side_is_turned_and_what_it_knows_stays_behind() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Camera of somebody"
    found = examine(drawn("JPEG", exif=exif, icc_profile=b"profile of somebody"))

    assert found.picture is not None
    assert (found.picture.width, found.picture.height) == (500, 1000)
    small = Image.open(BytesIO(found.picture.thumbnail))
    assert small.size == (240, 480)
    assert not small.getexif()
    assert b"somebody" not in found.picture.thumbnail


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(HTML, id="html"),
        pytest.param(SVG, id="svg"),
        pytest.param(PNG_HEAD + HTML, id="html that begins as png"),
        pytest.param(b"GIF89a" + HTML, id="html that begins as gif"),
        pytest.param(b"\xff\xd8\xff\xe0" + HTML, id="html that begins as jpeg"),
        pytest.param(b"RIFF\x00\x00\x00\x00WEBPVP8 " + HTML, id="html that begins as webp"),
        pytest.param(drawn("PNG")[:-40], id="png cut off"),
        pytest.param(drawn("JPEG")[:200], id="jpeg cut off"),
        pytest.param(bomb(60_000, 60_000), id="bomb"),
        pytest.param(bomb(8_000, 5_001), id="a little too large"),
        pytest.param(bomb(2**31 - 1, 2**31 - 1), id="absurd"),
        pytest.param(bomb(0, 0), id="empty picture"),
    ],
)
def test_what_is_no_sound_picture_is_opaque(content: bytes) -> None:
    assert examine(content) == pictures.Examined(pictures.OPAQUE, "bin")


def test_a_bomb_is_never_unpacked(monkeypatch) -> None:
    def thumbnail(_: Image.Image) -> bytes:
        raise AssertionError("decoded")

    monkeypatch.setattr(pictures, "_thumbnail", thumbnail)
    monkeypatch.setattr(pictures.Image.Image, "load", thumbnail)

    assert examine(bomb(9_000, 9_000)).picture is None


def test_nothing_is_offered_under_an_ending_that_a_computer_runs() -> None:
    assert filetype.guess(b"MZ" + b"\0" * 300).extension == "exe"
    assert examine(b"MZ" + b"\0" * 300).ending == "bin"
    assert examine(b"%PDF-1.7\n" + b"\0" * 300) == pictures.Examined("application/pdf", "pdf")


# --- what becomes of it ---


@pytest.fixture
def home(db, settings, tmp_path) -> House:
    settings.MEDIA_ROOT = tmp_path
    home = people.full_house()
    people.address(home)
    return home


def kept(content: bytes) -> Media:
    """A customer's file, fetched."""
    item = people.said("", media=1).media.get()
    claimed = actions.claim_media(item.sid)
    assert claimed is not None
    actions.store_media(claimed, content=content)
    return Media.objects.get(sid=item.sid)


def entered(home: House, name: str) -> Client:
    client = Client()
    client.force_login(home.users[name], backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_the_event_tells_of_the_small_picture(home: House) -> None:
    media = kept(drawn())

    (told,) = Event.objects.filter(type="message.updated").latest("id").data["media"]
    assert told["thumbnail_url"] == reverse("media-thumbnail", args=[media.sid])
    assert (told["status"], told["width"], told["height"]) == ("stored", 1000, 500)


def test_the_second_of_two_workers_leaves_nothing_behind(home: House, tmp_path) -> None:
    item = people.said("", media=1).media.get()
    first = actions.claim_media(item.sid)
    assert first is not None
    actions.store_media(first, content=drawn())
    before = Media.objects.values().get()
    files = sorted(tmp_path.rglob("*.*"))

    actions.store_media(first, content=drawn(size=(10, 10)))

    assert Media.objects.values().get() == before
    assert sorted(tmp_path.rglob("*.*")) == files
    assert len(files) == 2


def test_a_file_beyond_the_limit_fails_and_leaves_nothing(home: House, monkeypatch, tmp_path) -> None:
    class Carrier:
        def fetch_media(self, _url: str) -> tuple[str, bytes]:
            raise CarrierError("The file is larger than we take.", code="too-large", outcome="rejected")

    monkeypatch.setattr(tasks, "carrier", Carrier)
    item = people.said("", media=1).media.get()

    tasks.fetch(item.sid)

    item.refresh_from_db()
    assert (item.status, item.attempts) == ("failed", 1)
    assert not list(tmp_path.rglob("*.*"))


# --- who sees it, and how ---


@pytest.mark.parametrize("route", ["media", "media-thumbnail"])
def test_only_who_may_see_the_conversation_sees_its_files(home: House, route: str) -> None:
    media = kept(drawn())
    url = reverse(route, args=[media.sid])
    stranger = people.house("Other")
    people.person(stranger, "Cy", role="supervisor")

    assert Client().get(url).status_code == 404
    assert entered(home, "Ada").get(url).status_code == 404
    assert entered(stranger, "Cy").get(url).status_code == 404
    assert entered(home, "Bo").get(url).status_code == 200
    people.taking_part(home, "Ada", media.message.conversation)
    assert entered(home, "Ada").get(url).status_code == 200


@pytest.mark.parametrize("route", ["media", "media-thumbnail"])
def test_a_picture_is_shown_without_any_rights(home: House, route: str) -> None:
    media = kept(drawn())

    answer = entered(home, "Bo").get(reverse(route, args=[media.sid]))

    assert answer["Content-Type"] == ("image/png" if route == "media" else "image/webp")
    assert answer["Content-Disposition"].startswith(f"inline; filename*=UTF-8''{media.sid}")
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer["Cache-Control"].startswith("private")


@pytest.mark.parametrize(
    "content", [HTML, SVG, PNG_HEAD + HTML, b"%PDF-1.7\n" + HTML, bomb(60_000, 60_000), b"MZ" + b"\0" * 300]
)
def test_everything_else_is_a_download_that_no_browser_opens(home: House, content: bytes) -> None:
    media = kept(content)
    client = entered(home, "Bo")

    answer = client.get(reverse("media", args=[media.sid]))

    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment; ")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert b"".join(answer.streaming_content) == content
    assert client.get(reverse("media-thumbnail", args=[media.sid])).status_code == 404


def test_a_file_that_the_disk_has_lost_is_not_there(home: House) -> None:
    media = kept(drawn())
    media.file.storage.delete(media.file.name)

    assert entered(home, "Bo").get(reverse("media", args=[media.sid])).status_code == 404


def test_a_file_that_is_not_here_yet_is_not_there(home: House) -> None:
    item = people.said("", media=1).media.get()

    assert entered(home, "Bo").get(reverse("media", args=[item.sid])).status_code == 404
