"""The bus over a real Redis."""

import os
import queue
import time

import pytest

from contactcenter.environment import broker, redis_prefix
from eventlog.bus import RedisBus

pytestmark = [
    pytest.mark.redis,
    pytest.mark.skipif("REDIS_URL" not in os.environ, reason="needs the production shape's Redis"),
]


def test_two_installations_on_one_redis_hear_nothing_of_one_another() -> None:
    ours, theirs = (RedisBus(os.environ["REDIS_URL"], prefix=redis_prefix(key)) for key in ("ours", "theirs"))
    heard: queue.Queue[str] = queue.Queue()
    ours.subscribe("topic", heard.put)
    deadline = time.monotonic() + 10
    while heard.empty() and time.monotonic() < deadline:  # Until the subscription stands, what is said is lost.
        theirs.publish("topic", "not for us")
        ours.publish("topic", "for us")
    assert heard.get(timeout=10) == "for us"
    theirs.publish("topic", "not for us")
    ours.publish("topic", "the last")
    while (said := heard.get(timeout=10)) != "the last":
        assert said == "for us"


def test_nor_do_they_share_a_queue() -> None:
    prefixes = {broker(redis_prefix(key))[1]["global_keyprefix"] for key in ("ours", "theirs")}
    assert len(prefixes) == 2
