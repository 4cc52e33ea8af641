"""Handing over: what is taken, what is refused, what a repeat does."""

import threading

import pytest
from django.db import connection, connections

from api.tests.conftest import make_desk, make_program
from conversations.actions import services
from conversations.models import Conversation
from interactions.models import HandOff, Interaction
from kernel import sids
from kernel.actor import SYSTEM
from routing.models import Task
from tests import people

PATH = "/api/v1/handoffs"
CHANNEL = {"type": "sms", "from": people.CUSTOMER, "to": people.OURS}
ALL = {
    "channel": CHANNEL,
    "queue": "Support",
    "priority": 7,
    "name": "María 🙂",
    "summary": "Order 4711 <script>alert(1)</script> has not come.",
    "transcript": [
        {"author": "customer", "body": "where is it?", "at": "2026-01-02T03:04:05+01:00"},
        {"author": "bot", "body": "'; DROP TABLE x; --"},
    ],
    "context": {"order": "4711", "deep": {"list": [1, 2.5, None, True]}},
}


def problem(response, status, *, code=None, field=...):
    """The refusal, checked for its shape."""
    told = response.json()
    assert response.status_code == status, told
    assert response["Content-Type"] == "application/json"
    assert {"code", "message", "field", "status"} <= set(told) <= {"code", "message", "field", "status", "errors"}
    assert told["status"] == status
    assert told["message"]
    if code is not None:
        assert told["code"] == code
    if field is not ...:
        assert told["field"] == field
    return told


def test_a_conversation_is_handed_over_with_all_that_the_bot_knows(desk, bot):
    response = bot.post(PATH, ALL)

    assert response.status_code == 201
    handed = HandOff.objects.get()
    told = response.json()
    assert response["Location"].endswith(f"/api/v1/handoffs/{handed.sid}")
    conversation = Conversation.objects.get()
    assert told == {
        "sid": handed.sid,
        "state": "waiting",
        "position": 1,
        "queue": "Support",
        "agent": None,
        "conversation_sid": conversation.sid,
        "task_sid": handed.interaction.task.sid,
        "date_created": told["date_created"],
    }
    assert conversation.owner == "queue"
    assert conversation.identity.contact.name == "María 🙂"
    assert conversation.attributes["handoff"] == {
        "summary": ALL["summary"],
        "transcript": [{**ALL["transcript"][0], "at": "2026-01-02T02:04:05.000Z"}, ALL["transcript"][1]],
        "context": ALL["context"],
        "by": "Demo bot",
    }
    assert handed.interaction.task.priority == 7


def test_a_known_conversation_is_named_by_its_sid(desk, bot):
    conversation = desk.conversation()

    response = bot.post(PATH, {"conversation": conversation.sid})

    assert response.status_code == 201
    assert response.json()["conversation_sid"] == conversation.sid
    assert Task.objects.get().workflow == desk.workflow


def test_skills_become_the_tasks_requirement(desk, bot):
    response = bot.post(PATH, {"channel": CHANNEL, "skills": ["billing", "spanish"]})

    assert response.status_code == 201
    assert Task.objects.get().required_skills == ["billing", "spanish"]


def test_a_queue_may_be_named_by_sid(desk, bot):
    assert bot.post(PATH, {"channel": CHANNEL, "queue": desk.queue.sid}).json()["queue"] == "Support"


@pytest.mark.parametrize(
    "channel",
    [
        {"from": people.CUSTOMER, "to": people.OURS},
        {"type": "sms", "from": people.CUSTOMER, "to": people.OURS},
    ],
)
def test_the_type_of_a_channel_may_be_left_out(desk, bot, channel):
    assert bot.post(PATH, {"channel": channel}).status_code == 201


def test_rcs_is_written_to_a_number_by_an_agent(desk, bot):
    address = people.address(desk.home, "rcs:brand_agent", channel="rcs")
    channel = {"from": "rcs:+15550100001", "to": "rcs:brand_agent"}

    response = bot.post(PATH, {"channel": channel, "queue": "Support"})
    wrong = bot.post(PATH, {"channel": {"from": "rcs:brand_agent", "to": "rcs:+15550100001"}, "queue": "Support"})

    assert response.status_code == 201
    conversation = Conversation.objects.get()
    assert (conversation.address, conversation.identity.address) == (address, "rcs:+15550100001")
    assert wrong.status_code == 400
    assert "rcs:+15550100001" in wrong.content.decode()


def test_a_channels_prefix_may_be_left_out(desk, bot):
    address = people.address(desk.home, "whatsapp:+15550002000", channel="whatsapp")
    channel = {"type": "whatsapp", "from": "+15550100001", "to": "+15550002000"}

    response = bot.post(PATH, {"channel": channel, "queue": "Support"})

    assert response.status_code == 201
    conversation = Conversation.objects.get()
    assert conversation.address == address
    assert conversation.identity.address == "whatsapp:+15550100001"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "conversation"),
        ({"conversation": "CH" + "0" * 32, "channel": CHANNEL}, "conversation"),
        ({"conversation": "nonsense"}, "conversation"),
        ({"conversation": None}, "conversation"),
        ({"channel": "sms"}, "channel"),
        ({"channel": {"from": people.CUSTOMER}}, "channel.to"),
        ({"channel": {"to": people.OURS}}, "channel.from"),
        ({"channel": {**CHANNEL, "type": "fax"}}, "channel.type"),
        ({"channel": {**CHANNEL, "from": "Maria"}}, "channel.from"),
        ({"channel": {**CHANNEL, "type": "whatsapp", "to": "messenger:1"}}, "channel.to"),
        ({"channel": {**CHANNEL, "via": "x"}}, "channel.via"),
        ({"channel": CHANNEL, "queue": "Support", "skills": ["x"]}, "skills"),
        ({"channel": CHANNEL, "queue": "No such"}, "queue"),
        ({"channel": CHANNEL, "queue": "x" * 65}, "queue"),
        ({"channel": CHANNEL, "skills": "billing"}, "skills"),
        ({"channel": CHANNEL, "skills": ["x" * 65]}, "skills.0"),
        ({"channel": CHANNEL, "skills": ["x"] * 51}, "skills"),
        ({"channel": CHANNEL, "priority": -1}, "priority"),
        ({"channel": CHANNEL, "priority": 2147483648}, "priority"),
        ({"channel": CHANNEL, "priority": "high"}, "priority"),
        ({"channel": CHANNEL, "priority": True}, "priority"),
        ({"channel": CHANNEL, "summary": "x" * 2001}, "summary"),
        ({"channel": CHANNEL, "name": "x" * 121}, "name"),
        ({"channel": CHANNEL, "transcript": {}}, "transcript"),
        ({"channel": CHANNEL, "transcript": [{"author": "bot"}]}, "transcript.0.body"),
        ({"channel": CHANNEL, "transcript": [{"author": "me", "body": "x"}]}, "transcript.0.author"),
        ({"channel": CHANNEL, "transcript": [{"author": "bot", "body": "x", "at": "soon"}]}, "transcript.0.at"),
        ({"channel": CHANNEL, "transcript": [{"author": "bot", "body": "x"}] * 501}, "transcript"),
        ({"channel": CHANNEL, "transcript": [{"author": "bot", "body": "x" * 3000}] * 30}, "transcript"),
        ({"channel": CHANNEL, "context": []}, "context"),
        ({"channel": CHANNEL, "context": {"x": "y" * 16400}}, "context"),
        ({"channel": CHANNEL, "sumary": "misspelt"}, "sumary"),
        ([], None),
        (5, None),
        (None, None),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_written(desk, bot, body, field):
    told = problem(bot.post(PATH, body), 400, code="invalid", field=field)

    if "errors" in told:
        assert told["errors"][0] == {"field": field, "message": told["message"]}
    assert not Conversation.objects.exists()
    assert not HandOff.objects.exists()


def test_an_unknown_field_is_told_with_the_known_ones(bot):
    told = problem(bot.post(PATH, {"channel": CHANNEL, "sumary": "x", "priority": -1}), 400)

    assert {error["field"] for error in told["errors"]} == {"sumary", "priority"}
    assert "summary" in next(error["message"] for error in told["errors"] if error["field"] == "sumary")


@pytest.mark.parametrize("raw", ["{", "{'a':1}", "[1,", '{"a":NaN}', "\xff".encode("latin1"), "[" * 100_000])
def test_malformed_json_is_said_to_be_that(bot, raw):
    problem(bot.post(PATH, raw), 400, code="malformed-json", field=None)


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ('{"summary":"a\\u0000b"}', "summary"),
        ('{"context":{"a":["\\ud800"]}}', "context.a.0"),
        ('{"context":{"a\\u0000":1}}', "context"),
        ('{"context":{"a":1e400}}', "context.a"),
        ('{"context":' + '{"a":' * 30 + "1" + "}" * 31, "context" + ".a" * 20),
    ],
)
def test_what_no_database_takes_is_named(bot, raw, field):
    problem(bot.post(PATH, raw), 400, code="invalid", field=field)


def test_a_large_body_is_refused(bot):
    problem(bot.post(PATH, b'{"summary":"' + b"x" * 1_100_000 + b'"}'), 413, code="too-large")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_only_json_is_taken(bot, kind):
    response = bot.client.post(PATH, "{}", content_type=kind, headers=bot.headers())

    problem(response, 415, code="unsupported-media-type", field="Content-Type")


def test_an_address_that_is_not_ours_is_not_found(desk, bot):
    channel = {**CHANNEL, "to": "+15550001999"}

    problem(bot.post(PATH, {"channel": channel}), 404, code="not-found", field="channel.to")


def test_a_closed_conversation_is_a_conflict(desk, bot):
    from conversations import actions
    from kernel.actor import SYSTEM

    conversation = actions.close(desk.conversation(), actor=SYSTEM)

    problem(bot.post(PATH, {"conversation": conversation.sid}), 409, code="conversation-closed", field="conversation")


def test_an_address_that_leads_nowhere_asks_for_a_queue(desk, bot):
    people.address(desk.home, "+15550001002")

    told = problem(bot.post(PATH, {"channel": {**CHANNEL, "to": "+15550001002"}}), 400, field="queue")

    assert "queue" in told["message"]


def test_another_accounts_conversation_queue_and_address_are_not_there(desk, bot, stranger):
    conversation = desk.conversation()

    problem(stranger.post(PATH, {"conversation": conversation.sid}), 404, code="not-found", field="conversation")
    problem(stranger.post(PATH, {"channel": CHANNEL}), 404, field="channel.to")
    theirs = {"channel": {**CHANNEL, "to": "+15559990000"}, "queue": desk.queue.sid}
    problem(stranger.post(PATH, theirs), 400, field="queue")

    assert not HandOff.objects.exists()
    conversation.refresh_from_db()
    assert conversation.owner == "bot"


# --- repeats ---


def test_a_repeat_gets_the_same_answer_and_changes_nothing(desk, bot):
    first = bot.post(PATH, ALL, key="order-4711")
    second = bot.post(PATH, dict(reversed(ALL.items())), key="order-4711")

    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert first["Location"] == second["Location"]
    assert (HandOff.objects.count(), Task.objects.count()) == (1, 1)


def test_the_same_key_with_another_request_is_a_conflict(desk, bot):
    bot.post(PATH, ALL, key="k")

    told = problem(bot.post(PATH, {**ALL, "priority": 8}, key="k"), 409)

    assert (told["code"], told["field"]) == ("idempotency-mismatch", "Idempotency-Key")
    assert HandOff.objects.count() == 1


def test_two_programs_may_use_the_same_idempotency_key(desk, bot):
    other = make_program(desk)

    assert bot.post(PATH, ALL, key="k").status_code == 201
    assert other.post(PATH, {**ALL, "priority": 8}, key="k").status_code == 201


def test_without_a_key_each_request_is_its_own(desk, bot):
    assert bot.post(PATH, ALL).status_code == 201
    assert bot.post(PATH, ALL).status_code == 201
    assert (HandOff.objects.count(), Interaction.objects.count()) == (2, 1)


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "ñ"])
def test_an_unusable_idempotency_key_is_refused(bot, key):
    problem(bot.post(PATH, ALL, key=key), 400, field="Idempotency-Key")
    assert not HandOff.objects.exists()


def test_255_characters_of_key_are_taken(desk, bot):
    assert bot.post(PATH, ALL, key="x" * 255).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_many_at_the_same_moment_make_one(transactional_db):
    desk = make_desk()
    program = make_program(desk)
    start, answers = threading.Barrier(6), []

    def call():
        start.wait()
        try:
            answers.append(make_caller(program).post(PATH, ALL, key="k"))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=call) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert len({answer.json()["sid"] for answer in answers}) == 1
    assert (HandOff.objects.count(), Task.objects.count(), Interaction.objects.count()) == (1, 1, 1)
    connection.close()


def make_caller(program):
    """The same program on a connection of its own."""
    return type(program)(program.token, program.key)


# --- where it stands ---


def test_position_and_agent_are_told_as_things_go_on(desk, bot):
    from routing import actions as routing

    people.person(desk.home, "Ada")
    people.available(desk.home, "Ada")
    first = bot.post(PATH, {**ALL, "channel": {**CHANNEL, "from": "+15550100002"}, "priority": 9}).json()
    second = bot.post(PATH, ALL).json()
    assert (first["position"], second["position"]) == (1, 2)

    [reservation] = routing.offer(Task.objects.get(sid=first["task_sid"]), workers=[desk.home.workers["Ada"]])
    assert bot.get(f"{PATH}/{first['sid']}").json()["state"] == "offered"
    routing.accept(reservation, actor=desk.home.actor("Ada"))

    told = bot.get(f"{PATH}/{first['sid']}").json()
    assert (told["state"], told["position"], told["agent"]) == ("active", None, "Ada")
    assert bot.get(f"{PATH}/{second['sid']}").json()["position"] == 1


def test_another_accounts_or_an_unknown_hand_off_is_not_there(desk, bot, stranger):
    sid = bot.post(PATH, ALL).json()["sid"]

    for response in (
        stranger.get(f"{PATH}/{sid}"),
        bot.get(f"{PATH}/{sids.new('HO')}"),
        bot.get(f"{PATH}/nonsense"),
        bot.get(f"{PATH}/%00"),
        bot.get(f"{PATH}/{'x' * 3000}"),
    ):
        problem(response, 404, code="not-found")


def test_pages_are_newest_first_and_do_not_shift(desk, bot):
    made = [
        bot.post(PATH, {"channel": {**CHANNEL, "from": f"+1555010000{n}"}, "queue": "Support"}).json()["sid"]
        for n in range(5)
    ]

    first = bot.get(PATH, page_size=2).json()
    late = bot.post(PATH, {"channel": {**CHANNEL, "from": "+15550100009"}, "queue": "Support"}).json()["sid"]
    second = bot.get(PATH, page_size=2, page_token=first["next_page_token"]).json()
    third = bot.get(PATH, page_size=2, page_token=second["next_page_token"]).json()

    shown = [row["sid"] for page in (first, second, third) for row in page["handoffs"]]
    assert shown == list(reversed(made))
    assert late not in shown
    assert third["next_page_token"] is None


def test_a_list_holds_only_ones_own(desk, bot, stranger):
    mine = bot.post(PATH, ALL).json()["sid"]

    assert stranger.get(PATH).json() == {"handoffs": [], "next_page_token": None}
    problem(stranger.get(PATH, page_token=mine), 400, field="page_token")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"page_size": 0}, "page_size"),
        ({"page_size": 101}, "page_size"),
        ({"page_size": "many"}, "page_size"),
        ({"page_token": "x"}, "page_token"),
        ({"page_token": "HO" + "0" * 32}, "page_token"),
        ({"page": 2}, "page"),
    ],
)
def test_an_unreadable_query_is_named(bot, query, field):
    problem(bot.get(PATH, **query), 400, field=field)


def test_a_service_picks_the_sender(desk, bot, stranger):
    service = services.create_service(desk.home.workspace, sid="MG" + "a" * 32, friendly_name="Reminders", actor=SYSTEM)
    asked = {"channel": {"from": "+15550100001", "to": service.sid}}
    problem(bot.post(PATH, asked), 409, code="no-sender")
    services.set_pool(service, addresses=[desk.address], actor=SYSTEM)

    assert bot.post(PATH, asked).status_code == 201

    talk = Conversation.objects.get()
    assert (talk.address, talk.identity.address) == (desk.address, "+15550100001")
    problem(stranger.post(PATH, asked), 404, field="channel.to")
    problem(bot.post(PATH, {"channel": {"from": "nobody", "to": service.sid}}), 400)
