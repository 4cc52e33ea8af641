"""A text whose webhook never came is there all the same: the running product asks the provider for its list."""

import struct
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.support.product import Product, wait_until

pytestmark = pytest.mark.timeout(150)

OURS, MARIA = "+15550001000", "+15550100001"
SOON = 30


def picture() -> bytes:
    """A red PNG of 2 × 2 pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = zlib.compress(b"\0\xff\0\0\xff\0\0" * 2)
    header = struct.pack(">IIBBBBB", 2, 2, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


class Phones:
    """The page of simulated phones."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.get(f"{url}/phones/", timeout=10).raise_for_status()
        self.session.headers.update({"X-CSRFToken": self.session.cookies["csrf"], "Referer": url})

    def lose(self, count: int) -> None:
        self._post("faults/set", json={"lose_next": count})

    def say(self, body: str, **files: Any) -> str:
        answer = self._post("send", data={"from": MARIA, "to": OURS, "body": body}, files=files or None)
        return str(answer.json()["sid"])

    def _post(self, path: str, **given: Any) -> requests.Response:
        answer = self.session.post(f"{self.url}/phones/{path}", timeout=10, **given)
        answer.raise_for_status()
        return answer


@pytest.fixture
def product() -> Iterator[Product]:
    product = Product(env={"RECONCILE_SECONDS": "1", "RECONCILE_GRACE_SECONDS": "2"})
    try:
        yield product.start()
    finally:
        product.stop()


def stored(product: Product) -> list[tuple[Any, ...]]:
    query = "SELECT body, provider_sid FROM conversations_message WHERE direction = 'inbound' ORDER BY id"
    return product.rows(query)


def test_lost_texts_and_pictures_arrive_once_and_in_order(product: Product) -> None:
    phones = Phones(product.url)
    heard = phones.say("I am here")
    wait_until(lambda: stored(product) == [("I am here", heard)], seconds=SOON, what="the webhook")

    phones.lose(2)
    lost = phones.say("Can you see this?")
    shown = phones.say("", picture=("p.png", picture(), "image/png"))

    expected = [("I am here", heard), ("Can you see this?", lost), ("", shown)]
    wait_until(lambda: stored(product) == expected, seconds=SOON, what="the lost texts")
    fetched = "SELECT status, content_type FROM conversations_media"
    wait_until(lambda: product.rows(fetched) == [("stored", "image/png")], seconds=SOON, what="the picture")

    def counted() -> bool:
        look = requests.get(f"{product.url}/healthz", timeout=5).json()["reconciler"]
        return bool(look) and look["brought_in_all"] == 2 and look["brought"] == 0 and not look["failure"]

    wait_until(counted, seconds=SOON, what="a look that finds nothing more")
    assert stored(product) == expected
