"""Saying something later: the span, the policy twice, and who wins between going and being called off."""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections

from conversations import actions, schedule_timers
from conversations.core.scheduling import FARTHEST, SOONEST
from conversations.models import Conversation, Message, ScheduledMessage, Template
from conversations.queries import scheduled as scheduled_queries
from conversations.tests.conftest import WHATSAPP, talk
from conversations.tests.templates import template
from eventlog.dbclock import database_now
from eventlog.models import Event
from kernel import clock
from kernel.actor import SYSTEM, Actor
from kernel.errors import Conflict, Invalid, NotFound, StaleMove
from tests import people
from tests.people import House

pytestmark = pytest.mark.django_db


def later(conversation: Conversation, ada: Actor, *, ref: str = "r1", **span: float) -> ScheduledMessage:
    due_at = database_now() + timedelta(**(span or {"hours": 1}))
    return actions.schedule(
        conversation, saying=actions.saying_of("see you"), due_at=due_at, ref=ref, actor=ada, author_name="Ada"
    )


def make_due(row: ScheduledMessage) -> datetime:
    now = database_now()
    ScheduledMessage.objects.filter(pk=row.pk).update(due_at=now)
    return now


def sent() -> list[str]:
    return list(Message.objects.filter(direction="outbound").order_by("pk").values_list("body", flat=True))


def types() -> list[str]:
    rows = Event.objects.filter(type__startswith="scheduled-message.").order_by("id")
    return [name.partition(".")[2] for name in rows.values_list("type", flat=True)]


def refused(code: str) -> Any:
    return pytest.raises(Conflict, check=lambda error: error.code == code)


def test_it_waits_until_its_time_and_then_is_said_once_by_its_author(home: House) -> None:
    conversation, ada = talk(home)
    row = later(conversation, ada)
    assert later(conversation, ada).pk == row.pk

    schedule_timers.drive_scheduled(database_now())
    assert sent() == []
    now = make_due(row)
    schedule_timers.drive_scheduled(now)
    schedule_timers.drive_scheduled(now)

    assert sent() == ["see you"]
    row.refresh_from_db()
    message = Message.objects.get(direction="outbound")
    assert (row.status, row.message) == ("sent", message)
    assert (message.status, message.author_name, message.author_sid) == ("queued", "Ada", home.workers["Ada"].sid)
    assert types() == ["created", "sent"]
    told = Event.objects.get(type="scheduled-message.sent")
    assert (told.data["message_sid"], told.audiences) == (message.sid, [f"worker:{home.workers['Ada'].sid}"])


@pytest.mark.parametrize(
    ("span", "code"),
    [
        ({"seconds": SOONEST.seconds - 1}, "too-soon"),
        ({"seconds": -5}, "too-soon"),
        ({"days": FARTHEST.days, "seconds": 30}, "too-late"),
    ],
)
def test_a_time_out_of_its_span_is_refused_by_name(home: House, span: dict[str, float], code: str) -> None:
    conversation, ada = talk(home)
    row = later(conversation, ada)

    with pytest.raises(Invalid) as error:
        later(conversation, ada, ref="r2", **span)
    assert (error.value.field, error.value.code) == ("due_at", code)
    with pytest.raises(Invalid):
        actions.change_scheduled(row, due_at=database_now() + timedelta(**span), actor=ada)
    assert ScheduledMessage.objects.get().due_at == row.due_at


def test_both_ends_of_the_span_are_allowed(home: House) -> None:
    conversation, ada = talk(home)

    later(conversation, ada, seconds=SOONEST.seconds + 2)
    later(conversation, ada, ref="r2", days=35, seconds=-2)

    assert ScheduledMessage.objects.count() == 2


def test_it_is_changed_and_called_off_until_it_goes(home: House) -> None:
    conversation, ada = talk(home)
    row = later(conversation, ada)
    at = database_now() + timedelta(days=2)

    actions.change_scheduled(row, body=" see you soon ", due_at=at, actor=ada)
    assert (row.body, row.due_at, row.version) == ("see you soon", at, 2)
    actions.cancel_scheduled(row, actor=ada)
    schedule_timers.drive_scheduled(make_due(row))
    actions.send_scheduled(row.sid)

    assert sent() == []
    assert types() == ["created", "updated", "canceled"]
    for verb in (lambda: actions.cancel_scheduled(row, actor=ada), lambda: change(row, ada)):
        with pytest.raises(StaleMove):
            verb()


def change(row: ScheduledMessage, actor: Actor) -> None:
    actions.change_scheduled(row, due_at=database_now() + timedelta(days=1), actor=actor)


def test_what_has_gone_is_neither_changed_nor_called_off(home: House) -> None:
    conversation, ada = talk(home)
    row = later(conversation, ada)
    make_due(row)
    actions.send_scheduled(row.sid)

    with pytest.raises(StaleMove):
        actions.cancel_scheduled(row, actor=ada)
    with pytest.raises(StaleMove):
        change(row, ada)
    assert sent() == ["see you"]


def test_postponed_in_the_last_moment_it_waits(home: House) -> None:
    conversation, ada = talk(home)
    row = later(conversation, ada)
    [sid] = scheduled_queries.due(make_due(row), limit=10)
    change(row, ada)

    actions.send_scheduled(sid)

    assert sent() == []
    row.refresh_from_db()
    assert row.status == "scheduled"


def test_policy_is_asked_again_when_it_goes(home: House) -> None:
    conversation, ada = talk(home)
    row = later(conversation, ada)
    people.said("STOP")
    schedule_timers.drive_scheduled(make_due(row))

    row.refresh_from_db()
    assert (row.status, row.error_code, sent()) == ("failed", "21610", [])
    assert types() == ["created", "failed"]
    assert [one["status"] for one in scheduled_queries.waiting_in([conversation.sid])] == ["failed"]
    actions.cancel_scheduled(row, actor=ada)
    assert scheduled_queries.waiting_in([conversation.sid]) == []


def test_free_text_is_not_scheduled_for_after_the_window(home: House) -> None:
    conversation, ada = talk(home, **WHATSAPP)
    later(conversation, ada, hours=23)

    with refused("window-closed"):
        later(conversation, ada, ref="r2", hours=25)
    people.said("STOP", **WHATSAPP)
    with refused("opted-out"):
        later(conversation, ada, ref="r3")
    assert ScheduledMessage.objects.count() == 1


def test_a_template_is_scheduled_for_any_time_and_asked_about_again(home: House) -> None:
    conversation, ada = talk(home, **WHATSAPP)
    row = template()
    saying = actions.saying_of_template(row.sid, channel="whatsapp", variables={"1": "Maria", "2": "Friday"})
    at = database_now() + timedelta(days=9)
    first = actions.schedule(conversation, saying=saying, due_at=at, ref="r1", actor=ada)
    second = actions.schedule(conversation, saying=saying, due_at=at, ref="r2", actor=ada)
    Message.objects.update(created_at=clock.now() - timedelta(days=9))
    with pytest.raises(Invalid) as error:
        actions.change_scheduled(first, due_at=at, body="other words", actor=ada)
    assert error.value.field == "body"

    schedule_timers.drive_scheduled(make_due(first))
    Template.objects.update(state="paused")
    schedule_timers.drive_scheduled(make_due(second))

    message = Message.objects.get(direction="outbound")
    assert (message.body, message.content_sid) == ("Hello Maria, your appointment is on Friday.", row.sid)
    second.refresh_from_db()
    assert (second.status, second.error_code) == ("failed", "63041")


def test_after_the_talk_is_over_it_goes_into_the_next_one(home: House) -> None:
    conversation, ada = talk(home)
    rows = [later(conversation, ada), later(conversation, ada, ref="r2")]
    actions.leave(conversation, worker=home.workers["Ada"], actor=SYSTEM)
    actions.close(conversation, actor=SYSTEM)
    with pytest.raises(NotFound):
        later(conversation, ada, ref="r3")

    for row in rows:
        schedule_timers.drive_scheduled(make_due(row))

    begun = Conversation.objects.get(state="active")
    assert list(begun.messages.values_list("body", "index")) == [("see you", 1), ("see you", 2)]
    assert (begun.identity, begun.address) == (conversation.identity, conversation.address)


def test_who_may_call_it_off(home: House) -> None:
    conversation, ada = talk(home)
    row = later(conversation, ada)

    with pytest.raises(NotFound):
        actions.cancel_scheduled(row, actor=home.actor("Ben"))
    actions.leave(conversation, worker=home.workers["Ada"], actor=SYSTEM)
    change(row, ada)
    actions.cancel_scheduled(row, actor=home.actor("Bo"))

    row.refresh_from_db()
    assert row.status == "canceled"


def test_who_does_not_take_part_schedules_nothing(home: House) -> None:
    conversation, _ = talk(home)

    with pytest.raises(NotFound):
        later(conversation, home.actor("Ben"))
    assert not ScheduledMessage.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_between_going_and_being_called_off_one_wins(home: House) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one writer in at a time")
    conversation, ada = talk(home)
    for round_ in range(24):
        row = later(conversation, ada, ref=f"r{round_}")
        make_due(row)
        before, outcome = len(sent()), race(row, ada, handicap=round_)
        row.refresh_from_db()
        assert row.status == ("canceled" if outcome == "canceled" else "sent")
        assert len(sent()) - before == (0 if outcome == "canceled" else 1)


def race(row: ScheduledMessage, ada: Actor, *, handicap: int) -> str:
    """Both at the same moment, the one who calls it off after so many queries; what that one was told."""
    start, told = threading.Barrier(2), []

    def call_off() -> None:
        connection.ensure_connection()
        start.wait()
        try:
            for _ in range(handicap):
                ScheduledMessage.objects.count()
            actions.cancel_scheduled(ScheduledMessage.objects.get(pk=row.pk), actor=ada)
            told.append("canceled")
        except StaleMove:
            told.append("too late")
        finally:
            connections.close_all()

    def send() -> None:
        connection.ensure_connection()
        start.wait()
        try:
            actions.send_scheduled(row.sid)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=call_off), threading.Thread(target=send)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return told[0]
