"""The visitor's socket over a real database: who gets in, what comes out."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator

from conversations import actions as conversations
from conversations.models import Address, Message
from eventlog import hub as hub_module
from eventlog import live, stream
from eventlog.relay import Relay
from kernel.actor import SYSTEM
from tests import people
from tests.people import House
from webchat import actions, consumers
from webchat.consumers import VisitorConsumer
from webchat.models import Visitor

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]

REF = "ref-00000001"


@pytest.fixture(autouse=True)
def _fresh(settings: Any) -> Any:
    settings.EVENT_SINKS = ["eventlog.live.Broadcast"]
    hub_module.hub.cache_clear()
    yield
    hub_module.hub.cache_clear()


@pytest.fixture
def home(transactional_db: Any) -> House:
    home = people.full_house()
    people.address(home, "webchat:shop", channel="webchat")
    return home


@pytest.fixture
async def tabs() -> AsyncIterator[Callable[[], Any]]:
    opened: list[WebsocketCommunicator] = []

    async def opening() -> WebsocketCommunicator:
        opened.append(WebsocketCommunicator(VisitorConsumer.as_asgi(), "/ws/chat"))
        await opened[-1].connect()
        return opened[-1]

    yield opening
    for tab in opened:
        await tab.disconnect()


@sync_to_async
def begun(name: str = "Maria") -> tuple[Visitor, str]:
    return actions.begin(Address.objects.get(), name=name)


@sync_to_async
def said(visitor: Visitor, body: str = "hello", ref: str = REF) -> Message:
    return actions.say(Visitor.objects.get(pk=visitor.pk), body=body, ref=ref)


@sync_to_async
def answered(home: House, message: Message, body: str) -> None:
    ada = people.taking_part(home, "Ada", message.conversation)
    conversations.post(message.conversation, actor=ada, body=body, ref="agents-own-ref")


@sync_to_async
def relay() -> None:
    pump = Relay()
    pump.step()
    pump.close()


async def hello(tab: WebsocketCommunicator, token: object, **more: Any) -> Any:
    await tab.send_json_to({"do": "hello", "token": token, "cursors": {}, **more})
    return await tab.receive_json_from()


async def until(tab: WebsocketCommunicator, kind: str) -> Any:
    """The next frame of that kind; others are passed over."""
    while True:
        frame = await tab.receive_json_from()
        if frame["t"] == kind:
            return frame


@pytest.mark.parametrize("token", ["x" * 43, "", None, 7])
async def test_a_bad_token_is_turned_away(home: House, tabs: Any, token: object) -> None:
    tab = await tabs()
    await tab.send_json_to({"do": "hello", "token": token, "cursors": {}})
    closed = await tab.receive_output()

    assert (closed["type"], closed["code"]) == ("websocket.close", stream.SIGN_IN)


async def test_without_a_token_nothing_is_heard_and_nothing_is_said(home: House, tabs: Any) -> None:
    tab, other = await tabs(), await tabs()
    await tab.send_json_to({"do": "message.post", "ref": REF, "body": "hi"})
    await other.send_json_to({"do": "hello", "cursors": {}})

    assert (await tab.receive_output())["code"] == stream.BAD_FRAME
    assert (await other.receive_output())["code"] == stream.SIGN_IN
    assert await Message.objects.acount() == 0


async def test_a_newcomer_sees_an_empty_chat(home: House, tabs: Any) -> None:
    visitor, token = await begun()
    welcome = await hello(await tabs(), token)

    assert welcome["audiences"] == [f"visitor:{visitor.sid}"]
    assert welcome["snapshot"] == {
        "visitor": {"sid": visitor.sid, "name": "Maria"},
        "conversation": None,
        "messages": [],
    }


async def test_first_words_bring_every_tab_into_the_conversation(home: House, tabs: Any) -> None:
    visitor, token = await begun()
    one, other = await tabs(), await tabs()
    await hello(one, token)
    await hello(other, token)

    await one.send_json_to({"do": "message.post", "ref": REF, "body": "hi"})
    answer = await one.receive_json_from()
    await relay()

    assert (answer["t"], answer["ref"], answer["data"]["message"]["body"]) == ("ok", REF, "hi")
    conversation = (await Message.objects.select_related("conversation").aget()).conversation
    for tab in (one, other):
        welcome = await until(tab, "welcome")
        assert welcome["audiences"] == [f"visitor:{visitor.sid}", f"visitor:{conversation.sid}"]
        assert welcome["snapshot"]["conversation"]["sid"] == conversation.sid
        assert [row["ref"] for row in welcome["snapshot"]["messages"]] == [REF]


async def test_a_resend_is_answered_alike_and_stored_once(home: House, tabs: Any) -> None:
    _, token = await begun()
    tab = await tabs()
    await hello(tab, token)
    answers = []
    for _ in range(2):
        await tab.send_json_to({"do": "message.post", "ref": REF, "body": "hi"})
        answers.append(await until(tab, "ok"))

    assert answers[0]["data"]["message"]["sid"] == answers[1]["data"]["message"]["sid"]
    assert await Message.objects.acount() == 1


async def test_an_answer_arrives_without_anything_from_inside(home: House, tabs: Any) -> None:
    visitor, token = await begun()
    message = await said(visitor)
    await relay()
    tab = await tabs()
    await hello(tab, token)
    await answered(home, message, "hi Maria")
    await relay()

    joined, added = await tab.receive_json_from(), await tab.receive_json_from()

    assert joined["type"] == "conversation.updated"
    assert joined["data"] == {
        "sid": message.conversation.sid,
        "version": joined["data"]["version"],
        "state": "active",
        "agents": ["Ada"],
        "read_index": 0,
    }
    assert (added["type"], added["ref"], added["n"]) == ("message.added", "", joined["n"] + 1)
    assert set(added["data"]) == {
        "sid", "version", "conversation_sid", "index", "ref", "direction", "author", "body", "media", "status",
        "date_created",
    }  # fmt: skip
    assert added["data"]["author"] == {"kind": "agent", "name": "Ada"}
    assert (added["data"]["body"], added["data"]["ref"], added["data"]["status"]) == ("hi Maria", None, "sent")
    shown = live.encode(joined) + live.encode(added)
    for inside in (home.workers["Ada"].sid, home.workspace.sid, "agents-own-ref", "attributes", "error"):
        assert inside not in shown


async def test_another_visitors_words_are_never_heard(home: House, tabs: Any) -> None:
    _, token = await begun()
    stranger, _ = await begun("Stranger")
    tab = await tabs()
    await hello(tab, token)
    theirs = await said(stranger, "secret")
    await answered(home, theirs, "quiet")
    await relay()

    await tab.send_json_to({"do": "conversation.read", "ref": REF, "conversation": theirs.conversation.sid, "index": 9})
    error = await tab.receive_json_from()
    await tab.send_json_to({"do": "resume", "cursors": {f"visitor:{theirs.conversation.sid}": 0}})
    welcome = await tab.receive_json_from()

    assert (error["t"], error["code"]) == ("error", "not-found")
    assert theirs.conversation.sid not in live.encode(welcome)
    assert await tab.receive_nothing()
    assert not await Message.objects.filter(status="read").aexists()


async def test_the_end_is_told_and_the_next_words_begin_anew(home: House, tabs: Any) -> None:
    visitor, token = await begun()
    first = await said(visitor)
    await relay()
    tab = await tabs()
    await hello(tab, token)
    await sync_to_async(conversations.close)(first.conversation, actor=SYSTEM)
    await relay()
    closed = await tab.receive_json_from()

    await tab.send_json_to({"do": "message.post", "ref": "ref-00000002", "body": "one more thing"})
    await relay()
    second = await until(tab, "ok")
    await relay()
    welcome = await until(tab, "welcome")

    assert (closed["type"], closed["data"]["state"]) == ("conversation.closed", "closed")
    assert second["data"]["message"]["conversation_sid"] != first.conversation.sid
    assert welcome["snapshot"]["conversation"]["state"] == "active"
    assert [row["body"] for row in welcome["snapshot"]["messages"]] == ["hello", "one more thing"]


async def test_reading_is_told_to_the_agent(home: House, tabs: Any) -> None:
    visitor, token = await begun()
    message = await said(visitor)
    await answered(home, message, "hi")
    tab = await tabs()
    await hello(tab, token)
    command = {"do": "conversation.read", "ref": REF, "conversation": message.conversation.sid, "index": 2}
    await tab.send_json_to(command)

    assert (await until(tab, "ok"))["ref"] == REF
    assert await Message.objects.filter(index=2, status="read").aexists()


async def test_typing_goes_to_the_agents_of_the_conversation_and_not_too_often(home: House, tabs: Any) -> None:
    visitor, token = await begun()
    message = await said(visitor)
    await answered(home, message, "hi")
    tab = await tabs()
    await hello(tab, token)
    heard: list[str] = []
    unhook = live.bus().subscribe(live.BLIPS, heard.append)

    for _ in range(3):
        await tab.send_json_to({"do": "typing"})
    await tab.send_json_to({"do": "nonsense", "ref": REF})  # Commands are worked through in order.
    await until(tab, "error")
    unhook()

    assert len(heard) == 1
    audience, _, text = live.parse(heard[0])
    assert audience == f"worker:{home.workers['Ada'].sid}"
    assert '"author":{"kind":"customer","name":"Maria"}' in text


async def test_a_flood_of_messages_gets_an_error_in_the_visitors_language(home: House, tabs: Any) -> None:
    _, token = await begun()
    tab = await tabs()
    await hello(tab, token, language="es")
    for n in range(21):
        await tab.send_json_to({"do": "message.post", "ref": f"ref-{n:08}", "body": "x"})
        answer = await tab.receive_json_from()

    assert (answer["t"], answer["code"]) == ("error", "too-many-messages")
    assert "20" in answer["message"]
    assert await Message.objects.acount() == 20


async def test_a_flood_of_frames_closes_the_socket(home: House, tabs: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(consumers, "FRAMES_A_MINUTE", 5)
    _, token = await begun()
    tab = await tabs()
    await hello(tab, token)
    for _ in range(6):
        await tab.send_json_to({"do": "ping"})

    closed = await tab.receive_output()
    assert closed["code"] == stream.TOO_MANY


async def test_one_visitor_has_so_many_tabs_and_no_more(home: House, tabs: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(stream, "SOCKETS_LIMIT", 1)
    _, token = await begun()
    _, others = await begun()
    first, second, third = await tabs(), await tabs(), await tabs()
    await hello(first, token)

    await second.send_json_to({"do": "hello", "token": token})
    closed = await second.receive_output()

    assert (closed["code"], closed["reason"]) == (stream.TOO_MANY, "too many tabs")
    await hello(first, token)
    await hello(third, others)


@pytest.mark.parametrize(
    "frame",
    [
        {"do": "message.post", "ref": REF, "body": 7},
        {"do": "message.post", "ref": REF},
        {"do": "conversation.read", "ref": REF, "index": 1},
        {"do": "conversation.read", "ref": REF, "conversation": "CH1", "index": True},
        {"do": "message.post", "ref": "\x01" * 9, "body": "x"},
        {"do": "reservation.accept", "ref": REF, "reservation": "WR1"},
    ],
)
async def test_frames_that_make_no_sense_are_answered_with_the_field(home: House, tabs: Any, frame: Any) -> None:
    _, token = await begun()
    tab = await tabs()
    await hello(tab, token)
    await tab.send_json_to(frame)
    answer = await tab.receive_json_from()

    assert (answer["t"], answer["ref"], answer["code"]) == ("error", frame["ref"], "invalid")
    assert answer["field"]
