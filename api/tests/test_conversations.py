"""Speaking and reading."""

import pytest

from api.tests.test_handoffs import problem
from conversations import actions
from conversations.models import Message
from conversations.tests.templates import template
from kernel import sids
from kernel.actor import CARRIER, SYSTEM
from tests import people


def path(conversation, tail=""):
    return f"/api/v1/conversations/{conversation.sid}{tail}"


@pytest.fixture
def conversation(desk):
    return desk.conversation()


def test_the_bot_speaks_while_it_owns_the_conversation(conversation, bot):
    response = bot.post(path(conversation, "/messages"), {"body": "¡Hola! 🙂", "ref": "answer-1"})

    assert response.status_code == 201
    told = response.json()
    message = Message.objects.get()
    assert (told["sid"], told["body"], told["ref"], told["index"]) == (message.sid, "¡Hola! 🙂", "answer-1", 1)
    assert told["author"] == {"kind": "bot", "sid": bot.key.sid, "name": "Demo bot"}
    assert message.status == "queued"


def test_the_same_ref_again_says_nothing_twice(conversation, bot):
    first = bot.post(path(conversation, "/messages"), {"body": "hello", "ref": "r"})
    second = bot.post(path(conversation, "/messages"), {"body": "hello", "ref": "r"})

    assert first.json() == second.json()
    assert Message.objects.count() == 1


def test_without_a_ref_each_is_its_own(conversation, bot):
    bot.post(path(conversation, "/messages"), {"body": "hello"})
    bot.post(path(conversation, "/messages"), {"body": "hello"})

    assert Message.objects.count() == 2


@pytest.mark.parametrize("owner", ["queue", "agent"])
def test_a_bot_that_does_not_own_the_conversation_is_silent(desk, bot, owner):
    conversation = desk.conversation(owner=owner)

    problem(bot.post(path(conversation, "/messages"), {"body": "hello"}), 409, code="not-owner")

    assert not Message.objects.exists()


def test_after_the_hand_off_the_bot_is_silent(conversation, bot):
    bot.post("/api/v1/handoffs", {"conversation": conversation.sid})

    problem(bot.post(path(conversation, "/messages"), {"body": "hello"}), 409, code="not-owner")


def test_a_closed_conversation_takes_no_words(conversation, bot):
    actions.close(conversation, actor=SYSTEM)

    problem(bot.post(path(conversation, "/messages"), {"body": "hello"}), 409, code="conversation-closed")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body"),
        ({"body": ""}, "body"),
        ({"body": "   "}, "body"),
        ({"body": "x" * 1601}, "body"),
        ({"body": None}, "body"),
        ({"body": ["x"]}, "body"),
        ({"body": "x", "ref": "x" * 65}, "ref"),
        ({"body": "x", "ref": ""}, "ref"),
        ({"body": "x", "to": "y"}, "to"),
    ],
)
def test_what_is_wrong_with_a_message_is_named(conversation, bot, body, field):
    problem(bot.post(path(conversation, "/messages"), body), 400, field=field)

    assert not Message.objects.exists()


def test_the_bot_sends_a_template(conversation, bot):
    row = template()
    values = {"1": "Maria", "2": "Friday"}

    told = bot.post(path(conversation, "/messages"), {"content_sid": row.sid, "content_variables": values})
    problem(bot.post(path(conversation, "/messages"), {"content_sid": row.sid}), 400, field="content_variables.1")
    problem(bot.post(path(conversation, "/messages"), {"content_sid": "HX1", "body": "x"}), 400, field="body")
    problem(bot.post(path(conversation, "/messages"), {"content_sid": "HX1"}), 404, field="content_sid")

    assert told.status_code == 201
    assert told.json()["body"] == "Hello Maria, your appointment is on Friday."
    assert (told.json()["content"]["sid"], told.json()["content"]["name"]) == (row.sid, "reminder")
    assert Message.objects.get().content["variables"] == values


def test_a_conversation_tells_its_owner_and_what_was_said_last(conversation, bot):
    actions.receive(people.inbound("help me"), actor=CARRIER)

    told = bot.get(path(conversation)).json()

    assert (told["sid"], told["owner"], told["state"], told["channel"]) == (conversation.sid, "bot", "active", "sms")
    assert told["contact"]["name"] == "Maria"
    assert told["last_message"]["body"] == "help me"


def test_messages_are_paged_backwards(conversation, bot):
    for n in range(1, 6):
        actions.receive(people.inbound(str(n)), actor=CARRIER)

    newest = bot.get(path(conversation, "/messages"), limit=2).json()
    middle = bot.get(path(conversation, "/messages"), limit=2, before=newest["next_before"]).json()
    oldest = bot.get(path(conversation, "/messages"), limit=2, before=middle["next_before"]).json()

    assert [[row["body"] for row in page["messages"]] for page in (newest, middle, oldest)] == [
        ["4", "5"],
        ["2", "3"],
        ["1"],
    ]
    assert oldest["next_before"] is None


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"before": 0}, "before"),
        ({"before": "x"}, "before"),
        ({"before": 99999999999999999999}, "before"),
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"after": 1}, "after"),
    ],
)
def test_an_unreadable_page_is_named(conversation, bot, query, field):
    problem(bot.get(path(conversation, "/messages"), **query), 400, field=field)


def test_another_accounts_or_an_unknown_conversation_is_not_there(conversation, bot, stranger):
    unknown = f"/api/v1/conversations/{sids.new('CH')}"

    for response in (
        stranger.get(path(conversation)),
        stranger.get(path(conversation, "/messages")),
        stranger.post(path(conversation, "/messages"), {"body": "hello"}),
        bot.get(unknown),
        bot.get(f"{unknown}/messages"),
        bot.post(f"{unknown}/messages", {"body": "hello"}),
        bot.get("/api/v1/conversations/%00"),
        bot.get("/api/v1/conversations/HO" + "0" * 32),
    ):
        problem(response, 404, code="not-found")
    assert not Message.objects.exists()
