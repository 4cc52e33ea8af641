"""The socket that cannot miss anything, over a real consumer and a real database."""

import json
import threading
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.db import transaction

from eventlog import hub as hub_module
from eventlog import live, stream
from eventlog.record import record
from eventlog.relay import Relay
from eventlog.stream import StreamConsumer
from kernel.actor import SYSTEM
from kernel.errors import Invalid

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]

WORKER = "worker:WK1"


class Tab(StreamConsumer):
    """Hears one audience; knows two commands, one of which takes as long as the test wants."""

    known = True
    waits = threading.Event()
    goes_on = threading.Event()

    def admit(self) -> list[str] | None:
        return [WORKER] if Tab.known else None

    def still_admitted(self) -> bool:
        return Tab.known

    def snapshot(self) -> Mapping[str, Any]:
        return {"all": "there is"}

    def command(self, name: str, frame: Mapping[str, Any]) -> Mapping[str, Any] | None:
        if name == "echo":
            return {"said": frame["text"]}
        if name == "wait":
            Tab.waits.set()
            Tab.goes_on.wait(10)
            return None
        raise Invalid("There is no command %(name)s.", field="do", params={"name": name})


@pytest.fixture(autouse=True)
def _fresh(settings: Any) -> Any:
    settings.EVENT_SINKS = ["eventlog.live.Broadcast"]
    Tab.known = True
    Tab.waits.clear()
    Tab.goes_on.clear()
    hub_module.hub.cache_clear()
    yield
    hub_module.hub.cache_clear()


@pytest.fixture
async def tab() -> AsyncIterator[WebsocketCommunicator]:
    communicator = WebsocketCommunicator(Tab.as_asgi(), "/ws")
    await communicator.connect()
    yield communicator
    await communicator.disconnect()


@sync_to_async
def happen(*names: str) -> None:
    for name in names:
        with transaction.atomic():
            record("test.noted", subject_sid=name, data={"x": name}, audiences=[WORKER], actor=SYSTEM, workspace_sid="")


@sync_to_async
def relay() -> None:
    pump = Relay()
    pump.step()
    pump.close()


async def hello(tab: WebsocketCommunicator, **cursors: int) -> Any:
    named = {f"worker:{name}": n for name, n in cursors.items()}
    await tab.send_json_to({"do": "hello", "cursors": named})
    return await tab.receive_json_from()


async def test_a_newcomer_gets_a_snapshot_and_then_what_happens(tab: WebsocketCommunicator) -> None:
    await happen("before")
    await relay()

    welcome = await hello(tab)
    await happen("after")
    await relay()
    event = await tab.receive_json_from()

    assert (welcome["t"], welcome["heads"], welcome["snapshot"]) == ("welcome", {WORKER: 1}, {"all": "there is"})
    assert (event["a"], event["n"], event["data"]) == (WORKER, 2, {"x": "after"})


async def test_who_comes_back_gets_exactly_what_was_missed(tab: WebsocketCommunicator) -> None:
    await happen("1", "2", "3")
    await relay()

    welcome = await hello(tab, WK1=1)
    missed = [await tab.receive_json_from() for _ in range(2)]

    assert welcome["snapshot"] is None
    assert [event["n"] for event in missed] == [2, 3]
    assert await tab.receive_nothing()


async def test_a_cursor_from_another_life_gets_a_snapshot(tab: WebsocketCommunicator) -> None:
    assert (await hello(tab, WK1=99))["snapshot"] == {"all": "there is"}


async def test_what_the_bus_lost_is_read_from_the_database(tab: WebsocketCommunicator, settings: Any) -> None:
    await hello(tab)
    settings.EVENT_SINKS = []
    await happen("lost")
    await relay()
    settings.EVENT_SINKS = ["eventlog.live.Broadcast"]

    event = await tab.receive_json_from(timeout=4)

    assert (event["n"], event["data"]) == (1, {"x": "lost"})


async def test_order_survives_a_bus_that_shuffles_and_repeats(tab: WebsocketCommunicator) -> None:
    await hello(tab)
    await happen("1", "2", "3")
    frames: list[str] = []
    unhook = live.bus().subscribe(live.EVENTS, frames.append)
    await relay()
    unhook()
    for payload in reversed(frames):
        live.bus().publish(live.EVENTS, payload)

    seen = [await tab.receive_json_from() for _ in range(3)]

    assert [event["n"] for event in seen] == [1, 2, 3]
    assert await tab.receive_nothing()


async def test_refusals_come_in_the_language_of_the_page(tab: WebsocketCommunicator) -> None:
    for language in ("es", "xx", ["en"]):
        await tab.send_json_to({"do": "hello", "cursors": {}, "language": language})
        await tab.receive_json_from()
        await tab.send_json_to({"do": "sing", "ref": "r"})

        assert (await tab.receive_json_from())["message"] == "No existe el comando sing."


async def test_commands_are_answered_under_their_ref(tab: WebsocketCommunicator) -> None:
    await hello(tab)
    await tab.send_json_to({"do": "echo", "ref": "a", "text": "x"})
    await tab.send_json_to({"do": "nonsense", "ref": "b"})

    assert await tab.receive_json_from() == {"t": "ok", "ref": "a", "data": {"said": "x"}}
    error = await tab.receive_json_from()
    assert (error["t"], error["ref"], error["code"], error["field"]) == ("error", "b", "invalid", "do")


@pytest.mark.parametrize("text", ["no json", "[]", '{"do": 7}', "[" * 50_000, '{"do":"echo","ref":7}', '{"do":"echo"}'])
async def test_bad_frames_close_the_socket_with_a_reason(tab: WebsocketCommunicator, text: str) -> None:
    await tab.send_to(text_data=text)
    closed = await tab.receive_output()

    assert (closed["type"], closed["code"]) == ("websocket.close", stream.BAD_FRAME)
    assert closed["reason"]


@pytest.mark.parametrize("text", ["so\\ud83d far", "so\\u0000 far"])
async def test_what_no_database_takes_is_left_out(tab: WebsocketCommunicator, text: str) -> None:
    await hello(tab)

    await tab.send_to(text_data=f'{{"do": "echo", "ref": "r", "text": "{text}"}}')

    assert await tab.receive_json_from() == {"t": "ok", "ref": "r", "data": {"said": "so far"}}


async def test_nobody_has_read_what_was_not_sent(tab: WebsocketCommunicator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "UNREAD_LIMIT", 2)
    await hello(tab)

    await tab.send_json_to({"do": "ping", "cursors": {WORKER: 10**9}})
    await happen("one", "two", "three", "four")
    await relay()

    kinds = [await tab.receive_output() for _ in range(4)]
    assert {"type": "websocket.close", "code": stream.TOO_SLOW, "reason": "too far behind; resume by cursor"} in kinds


async def test_a_flood_is_cut_off(tab: WebsocketCommunicator) -> None:
    await hello(tab)
    await tab.send_json_to({"do": "wait", "ref": "r1"})
    await sync_to_async(Tab.waits.wait)(10)
    for _ in range(stream.INBOX_LIMIT):
        await tab.send_json_to({"do": "ping"})
    assert await tab.receive_nothing()

    await tab.send_json_to({"do": "ping"})
    closed = await tab.receive_output()
    Tab.goes_on.set()

    assert (closed["type"], closed["code"]) == ("websocket.close", stream.TOO_MANY)


async def test_strangers_are_told_to_sign_in() -> None:
    Tab.known = False
    communicator = WebsocketCommunicator(Tab.as_asgi(), "/ws")
    await communicator.connect()

    closed = await communicator.receive_output()

    assert closed["code"] == stream.SIGN_IN


async def test_a_restart_tells_the_tab_to_come_back(tab: WebsocketCommunicator) -> None:
    await hello(tab)
    await hub_module.drain()

    assert json.loads((await tab.receive_output())["text"]) == {"t": "drain"}
    assert (await tab.receive_output())["code"] == 1012


async def test_who_may_listen_no_longer_is_sent_to_sign_in_at_once(tab: WebsocketCommunicator) -> None:
    await hello(tab)
    live.revoke("")
    assert await tab.receive_nothing()

    Tab.known = False
    live.revoke("")
    closed = await tab.receive_output()

    assert (closed["type"], closed["code"]) == ("websocket.close", stream.SIGN_IN)
