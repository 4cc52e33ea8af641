"""Scheduled messages over REST: the span, who may do what, and what comes of them."""

from datetime import timedelta

import pytest

from api.tests.conftest import make_program
from api.tests.test_handoffs import problem
from conversations import actions, schedule_timers
from conversations.models import Message, ScheduledMessage
from conversations.tests.templates import template
from eventlog.dbclock import database_now
from kernel import sids
from kernel.actor import SYSTEM
from tests import people

ALL = "/api/v1/scheduled"


@pytest.fixture
def conversation(desk):
    return desk.conversation()


@pytest.fixture
def path(conversation):
    return f"/api/v1/conversations/{conversation.sid}/scheduled"


def at(**span):
    return (database_now() + timedelta(**(span or {"hours": 1}))).isoformat()


def made(bot, path, **body):
    answer = bot.post(path, {"body": "See you", "due_at": at(), **body})
    assert answer.status_code == 201, answer.json()
    return answer.json()


def test_a_message_is_scheduled_seen_and_sent_at_its_time(path, bot):
    answer = bot.post(path, {"body": "See you", "due_at": at(), "ref": "visit-7"})

    told = answer.json()
    assert (answer.status_code, answer["Location"]) == (201, f"{ALL}/{told['sid']}")
    assert (told["status"], told["ref"], told["author"]["kind"]) == ("scheduled", "visit-7", "bot")
    assert bot.get(answer["Location"]).json() == told
    ScheduledMessage.objects.update(due_at=database_now())
    schedule_timers.drive_scheduled(database_now())
    message = Message.objects.get()
    assert (message.body, message.author_kind, message.author_sid) == ("See you", "bot", bot.key.sid)
    sent = bot.get(answer["Location"]).json()
    assert (sent["status"], sent["message_sid"]) == ("sent", message.sid)


def test_the_same_ref_again_schedules_nothing_twice(path, bot):
    due_at = at()

    first = bot.post(path, {"body": "See you", "due_at": due_at, "ref": "r"})
    again = bot.post(path, {"body": "See you", "due_at": due_at, "ref": "r"})

    assert first.json() == again.json()
    assert ScheduledMessage.objects.count() == 1


def test_a_template_is_scheduled_with_its_values(path, bot):
    row = template()

    answer = bot.post(
        path, {"content_sid": row.sid, "content_variables": {"1": "Maria", "2": "Friday"}, "due_at": at()}
    )

    assert answer.json()["body"] == "Hello Maria, your appointment is on Friday."
    problem(bot.post(f"{ALL}/{answer.json()['sid']}", {"body": "Other"}), 400, field="body")


@pytest.mark.parametrize(
    ("span", "code"),
    [({"seconds": 299}, "too-soon"), ({"days": -1}, "too-soon"), ({"days": 35, "seconds": 5}, "too-late")],
)
def test_a_time_outside_the_span_is_refused_at_the_field(path, bot, span, code):
    problem(bot.post(path, {"body": "x", "due_at": at(**span)}), 400, code=code, field="due_at")
    row = made(bot, path)
    problem(bot.post(f"{ALL}/{row['sid']}", {"due_at": at(**span)}), 400, code=code, field="due_at")

    assert bot.get(f"{ALL}/{row['sid']}").json() == row


@pytest.mark.parametrize("span", [{"seconds": 305}, {"days": 34, "hours": 23}])
def test_both_ends_of_the_span_are_taken(path, bot, span):
    made(bot, path, due_at=at(**span))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"body": "x"}, "due_at"),
        ({"due_at": "2030-01-01T10:00:00Z"}, "body"),
        ({"body": "x", "due_at": "tomorrow"}, "due_at"),
        ({"body": "x", "due_at": None}, "due_at"),
        ({"body": "x" * 1601, "due_at": "2030-01-01T10:00:00Z"}, "body"),
        ({"body": "x", "due_at": "2030-01-01T10:00:00Z", "media": [sids.new("ME")]}, "media"),
        ({"body": "x", "content_sid": "HX1", "due_at": "2030-01-01T10:00:00Z"}, "body"),
    ],
)
def test_what_is_wrong_is_named(path, bot, body, field):
    problem(bot.post(path, body), 400, field=field)

    assert not ScheduledMessage.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "due_at"), ({"status": "sent"}, "status"), ({"status": "canceled", "body": "x"}, "status"), ({"x": 1}, "x")],
)
def test_what_is_wrong_with_a_change_is_named(path, bot, body, field):
    row = made(bot, path)

    problem(bot.post(f"{ALL}/{row['sid']}", body), 400, field=field)

    assert bot.get(f"{ALL}/{row['sid']}").json() == row


def test_words_and_time_change_each_alone(path, bot):
    row = made(bot, path)
    due_at = at(hours=2)

    words = bot.post(f"{ALL}/{row['sid']}", {"body": "Other words"}).json()
    time = bot.post(f"{ALL}/{row['sid']}", {"due_at": due_at}).json()

    assert (words["body"], words["due_at"]) == ("Other words", row["due_at"])
    assert (time["body"], time["due_at"] > row["due_at"], time["version"]) == ("Other words", True, 3)


def test_what_is_cancelled_is_never_sent_and_changes_no_more(path, bot):
    row = made(bot, path)

    told = bot.post(f"{ALL}/{row['sid']}", {"status": "canceled"})
    ScheduledMessage.objects.update(due_at=database_now())
    schedule_timers.drive_scheduled(database_now())

    assert (told.status_code, told.json()["status"]) == (200, "canceled")
    problem(bot.post(f"{ALL}/{row['sid']}", {"status": "canceled"}), 409, code="stale")
    problem(bot.post(f"{ALL}/{row['sid']}", {"body": "Other"}), 409, code="stale")
    assert not Message.objects.exists()


def test_the_list_is_paged_and_filtered(path, bot):
    rows = [made(bot, path, body=str(n))["sid"] for n in range(3)]
    bot.post(f"{ALL}/{rows[1]}", {"status": "canceled"})

    first = bot.get(path, page_size=2).json()
    second = bot.get(path, page_size=2, page_token=first["next_page_token"]).json()

    assert [row["sid"] for row in first["scheduled"]] == [rows[2], rows[1]]
    assert ([row["sid"] for row in second["scheduled"]], second["next_page_token"]) == ([rows[0]], None)
    assert [row["sid"] for row in bot.get(path, status="canceled").json()["scheduled"]] == [rows[1]]
    problem(bot.get(path, status="x"), 400, field="status")
    problem(bot.get(path, page_token=sids.new("SD")), 400, field="page_token")


def test_only_the_owner_schedules_and_changes_and_a_bot_may_always_call_off(conversation, path, bot):
    row = made(bot, path)
    actions.set_owner(conversation, owner="agent", actor=SYSTEM)

    problem(bot.post(path, {"body": "x", "due_at": at()}), 409, code="not-owner")
    problem(bot.post(f"{ALL}/{row['sid']}", {"body": "Other"}), 409, code="not-owner")
    assert bot.post(f"{ALL}/{row['sid']}", {"status": "canceled"}).json()["status"] == "canceled"


def test_what_an_agent_scheduled_a_bot_sees_and_leaves_alone(desk, conversation, path, bot):
    people.person(desk.home, "Ada")
    ada = people.taking_part(desk.home, "Ada", conversation)
    row = actions.schedule(
        conversation,
        saying=actions.saying_of("mine"),
        due_at=database_now() + timedelta(hours=1),
        ref="r",
        actor=ada,
    )

    assert [seen["sid"] for seen in bot.get(path).json()["scheduled"]] == [row.sid]
    for change in ({"status": "canceled"}, {"body": "yours"}):
        problem(bot.post(f"{ALL}/{row.sid}", change), 403, code="forbidden")

    row.refresh_from_db()
    assert (row.status, row.body) == ("scheduled", "mine")


def test_other_keys_of_the_account_may_and_strangers_find_nothing(desk, path, bot, stranger):
    row = made(bot, path)
    reader, colleague = make_program(desk, "conversations:read"), make_program(desk)
    one = f"{ALL}/{row['sid']}"

    for refused in (stranger.get(path), stranger.get(one), stranger.post(one, {"status": "canceled"})):
        problem(refused, 404, code="not-found")
    problem(stranger.post(path, {"body": "x", "due_at": at()}), 404)
    problem(bot.get(f"{ALL}/{sids.new('SD')}"), 404)
    problem(bot.get(f"{ALL}/%00"), 404)
    assert reader.get(one).json() == row
    problem(reader.post(one, {"status": "canceled"}), 403)
    problem(reader.post(path, {"body": "x", "due_at": at()}), 403)
    assert colleague.post(one, {"status": "canceled"}).json()["status"] == "canceled"
