"""Bad input at every door: a clear refusal, nothing written, a line in the log that tells nothing of a person."""

import hashlib
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings as configured
from django.test import Client

from carriers.twilio.signature import sign
from contactcenter import logs
from contactcenter.asgi import application
from contactcenter.limits import BODY_LIMIT
from contactcenter.tests.asgi import Exchange, http_scope
from conversations.core import doors
from conversations.core.doors import MESSAGES
from conversations.models import Arrival, Conversation, Media, Message
from eventlog import hub as hub_module
from eventlog.models import Event
from tests import people
from tests.office import enter
from tests.people import CUSTOMER, OURS, House
from tests.webhooks import FORM, bring
from tests.webhooks import knock as knock_at_door

WORDS = "my card is lost, says Maria"


@pytest.fixture(autouse=True)
def _fresh(settings: Any) -> Iterator[None]:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = "AC" + "a" * 32, "t" * 32
    settings.TWILIO_AUTH_TOKENS = [settings.TWILIO_AUTH_TOKEN]
    hub_module.hub.cache_clear()
    yield
    hub_module.hub.cache_clear()


@pytest.fixture
def home(transactional_db: Any) -> House:
    home = people.full_house()
    people.address(home)
    return home


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """What the operator reads, as the operator's formatter writes it."""
    caplog.handler.setFormatter(logs.formatter(json=True))
    caplog.set_level(logging.INFO, "contactcenter")
    return caplog


def form(**changes: str) -> dict[str, str]:
    given = {
        "MessageSid": "SM" + "1" * 32,
        "AccountSid": configured.TWILIO_ACCOUNT_SID,
        "From": CUSTOMER,
        "To": OURS,
        "Body": WORDS,
        "ProfileName": "Maria",
        "NumMedia": "0",
    }
    return given | changes


def written() -> list[int]:
    return [rows.objects.count() for rows in (Arrival, Message, Conversation, Media, Event)]


def assert_told(log: pytest.LogCaptureFixture, line: str) -> None:
    """The line is there, and nothing in the log tells who wrote or what."""
    assert line in log.text
    for personal in (CUSTOMER, CUSTOMER[1:], OURS, WORDS, "Maria"):
        assert personal not in log.text


@pytest.mark.parametrize("signature", ["", "bm8=", "\xe9", "x" * 5000])
def test_a_missing_or_wrong_signature(home: House, log: Any, signature: str) -> None:
    before = written()

    answer = bring(form(), signature=signature)

    assert (answer.status_code, answer.text) == (403, "bad signature")
    assert written() == before
    assert_told(log, "webhook refused")


def test_a_signature_for_other_words(home: House, log: Any) -> None:
    before = written()
    token = configured.TWILIO_AUTH_TOKEN

    answer = bring(form(), signature=sign(configured.PUBLIC_URL + MESSAGES, form(Body="hello"), token=token))

    assert answer.status_code == 403
    assert written() == before
    assert_told(log, "bad signature")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b'{"Body": "my card is lost, says Maria"}'),
        ("multipart/form-data; boundary=x", b"Maria"),
        ("text/plain", b"Maria"),
        (FORM, b"&".join(b"Maria%d=1" % n for n in range(1500))),
    ],
)
def test_what_is_no_form(home: House, log: Any, content_type: str, body: bytes) -> None:
    before = written()

    answer = knock_at_door(MESSAGES, body, content_type=content_type)

    assert (answer.status_code, answer.text) == (403, "bad signature")
    assert written() == before
    assert_told(log, "bad signature")


def test_what_is_signed_and_no_form(home: House, log: Any) -> None:
    before = written()
    body = b'{"Body": "my card is lost, says Maria"}'
    path = f"{MESSAGES}?bodySHA256={hashlib.sha256(body).hexdigest()}"
    genuine = sign(configured.PUBLIC_URL + path, {}, token=configured.TWILIO_AUTH_TOKEN)

    answers = [
        knock_at_door(path, sent, content_type="application/json", headers={"X-Twilio-Signature": genuine})
        for sent in (body, body + b" ")
    ]

    assert [(answer.status_code, answer.text) for answer in answers] == [(400, "not a form"), (403, "bad signature")]
    assert written() == before
    assert_told(log, "not a form")


def test_a_form_of_broken_bytes(home: House, log: Any) -> None:
    before = written()

    answer = knock_at_door(MESSAGES, b"%zz&&&=%ff&\xff\xfe=Maria")

    assert answer.status_code == 403
    assert written() == before
    assert_told(log, "bad signature")


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("AccountSid", {"AccountSid": "AC" + "b" * 32}),
        ("MessageSid", {"MessageSid": "Maria"}),
        ("From", {"From": "rcs:Maria"}),
    ],
)
def test_a_form_that_makes_no_sense(home: House, log: Any, field: str, changes: dict[str, str]) -> None:
    before = written()

    answer = bring(form(**changes))

    assert (answer.status_code, answer.text) == (400, "invalid")
    assert written() == before
    assert_told(log, f'"field": "{field}"')


def test_an_address_that_is_not_ours(home: House, log: Any) -> None:
    before = written()

    answer = bring(form(To="+15550009999"))

    assert answer.status_code == 200
    arrival = Arrival.objects.get()
    assert (arrival.ours, arrival.reason, arrival.due_at) == ("+15550009999", "not-ours", None)
    assert written() == [1, *before[1:]]
    assert_told(log, '"reason": "not-ours"')
    assert "5550009999" not in log.text


def test_a_replayed_message_is_stored_once(home: House, log: Any) -> None:
    assert bring(form()).status_code == 200
    before = written()

    answers = [bring(form(), path=path).status_code for path in (MESSAGES, "/webhooks/twilio/fallback")]

    assert answers == [200, 200]
    assert written() == before
    assert before[:2] == [0, 1]
    assert_told(log, '"route": "twilio-messages"')


def test_a_receipt_for_a_message_that_we_never_sent(home: House, log: Any) -> None:
    message = people.said(WORDS)
    before = written()
    path = doors.receipt_path(message.sid, fence=0)

    answer = bring({**form(MessageStatus="delivered"), "MessageSid": "SM" + "2" * 32}, path=path)

    assert answer.status_code == 404
    assert written() == before
    assert Message.objects.get().status == "received"
    assert_told(log, '"webhook": "status"')


async def posted(body: bytes, *, declared: bool) -> Exchange:
    """A body at the outermost door, in pieces of 1 MiB."""
    headers = {"Host": "testserver", "Content-Type": FORM}
    if declared:
        headers["Content-Length"] = str(len(body))
    pieces = [body[start : start + BODY_LIMIT] for start in range(0, len(body), BODY_LIMIT)]
    frames = [{"type": "http.request", "body": piece, "more_body": piece is not pieces[-1]} for piece in pieces]
    exchange = Exchange(frames)
    await application(http_scope(MESSAGES, headers=headers, query_string=b""), exchange.receive, exchange.send)
    return exchange


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_of_20_mb(log: Any, declared: bool) -> None:
    before = await sync_to_async(written)()

    exchange = await posted(WORDS.encode() * 800_000, declared=declared)

    assert exchange.status == 413
    assert await sync_to_async(written)() == before
    assert_told(log, "the body is too large")


@pytest.mark.parametrize("key", ["Maria", f"cc_SK{'0' * 32}_Maria", ""])
def test_an_unknown_api_key(home: House, log: Any, key: str) -> None:
    people.said(WORDS)
    before = written()

    given = {"channel": {"from": CUSTOMER, "to": OURS}, "summary": WORDS}
    bearer = {"Authorization": f"Bearer {key}"}
    answer = Client().post("/api/v1/handoffs", given, content_type="application/json", headers=bearer)

    assert answer.status_code == 401
    assert answer.json()["code"] == "bad-api-key"
    assert written() == before
    assert_told(log, "credentials refused")


async def knock(*, origin: str, cookie: str = "") -> WebsocketCommunicator:
    headers = [(b"origin", origin.encode()), (b"cookie", cookie.encode())]
    socket = WebsocketCommunicator(application, "/ws/desk", headers=headers)
    await socket.connect()
    return socket


async def greeted(home: House, name: str) -> WebsocketCommunicator:
    """That agent's desk, past the greeting."""
    session = (await sync_to_async(enter)(home, name)).cookies[configured.SESSION_COOKIE_NAME]
    socket = await knock(origin=configured.TRUSTED_ORIGINS[0], cookie=f"{session.key}={session.value}")
    await socket.send_json_to({"do": "hello", "cursors": {}})
    welcome = await socket.receive_json_from()
    assert welcome["t"] == "welcome"
    return socket


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("origin", ["https://evil.example", "http://testserver:1", "null"])
async def test_a_socket_from_a_foreign_page(log: Any, origin: str) -> None:
    home = await sync_to_async(people.full_house)()
    session = (await sync_to_async(enter)(home, "Ada")).cookies[configured.SESSION_COOKIE_NAME]

    socket = await knock(origin=origin, cookie=f"{session.key}={session.value}")

    closed = await socket.receive_output()
    assert closed == {"type": "websocket.close", "code": 4403, "reason": "origin not allowed"}
    assert_told(log, "unknown origin")
    assert session.value not in log.text


@pytest.fixture
def others(transactional_db: Any) -> tuple[House, Conversation]:
    """A conversation of Ada's; Ben takes no part."""
    home = people.full_house()
    people.address(home)
    conversation = people.said(WORDS).conversation
    people.taking_part(home, "Ada", conversation)
    return home, conversation


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "command",
    [
        {"do": "message.post", "body": WORDS},
        {"do": "conversation.read", "index": 1},
    ],
)
async def test_another_agents_conversation(others: Any, log: Any, command: dict[str, Any]) -> None:
    home, conversation = others
    ben = await greeted(home, "Ben")
    before = await sync_to_async(written)()

    await ben.send_json_to({**command, "ref": "r-1", "conversation": conversation.sid})
    refusal = await ben.receive_json_from()

    assert (refusal["t"], refusal["code"], refusal["field"]) == ("error", "not-found", "conversation")
    assert await sync_to_async(written)() == before
    assert_told(log, "command refused")
    await ben.disconnect()


def test_another_agents_conversation_by_http(others: Any, log: Any) -> None:
    home, conversation = others
    path = "/desk/conversations/{}/messages"

    ben, ada = enter(home, "Ben"), enter(home, "Ada")

    assert ada.get(path.format(conversation.sid)).status_code == 200
    for sid in (conversation.sid, "CH" + "0" * 32, "Maria", "%00"):
        assert ben.get(path.format(sid)).status_code == 404
    assert ben.get("/media/%00").status_code == 404
    assert ben.get("/desk/Maria/+15550100001").status_code == 404
    assert_told(log, '"status": 404')
