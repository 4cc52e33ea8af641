"""From words to an agent, from a bot to people, and to the end."""

import json
from typing import Any

import pytest
from django.db import transaction

from accounts import actions as accounts
from accounts.queries import actor_for_token
from conversations import actions as conversations
from conversations import queries as conversation_queries
from conversations.models import Conversation
from eventlog.models import Event
from eventlog.record import record
from hooks import actions as hooks
from hooks.models import Dispatch, Endpoint
from interactions import queries
from interactions.actions import hand_off
from interactions.core import HandOffRequest
from interactions.models import HandOff, Intake, Interaction
from interactions.sinks import Follow
from kernel.actor import SYSTEM, Actor
from kernel.errors import Conflict, Forbidden, Invalid, NotFound
from routing import actions as routing
from routing.models import Reservation, Task, TaskQueue, Workflow
from tests import people
from tests.people import House

pytestmark = pytest.mark.django_db


@pytest.fixture
def home(settings: Any) -> House:
    settings.EGRESS_ALLOW = ["127.0.0.0/8"]
    home = people.full_house()
    address = people.address(home)
    queue = routing.save_queue(TaskQueue(workspace=home.workspace), friendly_name="Support", actor=SYSTEM)
    workflow = routing.save_workflow(
        Workflow(workspace=home.workspace),
        friendly_name="Messages",
        configuration=f'{{"task_routing": {{"filters": [], "default_filter": {{"queue": "{queue.sid}"}}}}}}',
        actor=SYSTEM,
    )
    Intake.objects.create(address=address, workflow=workflow)
    return home


@pytest.fixture
def bot(home: House) -> Actor:
    _, token = accounts.create_api_key(
        account=home.account, friendly_name="Bot", scopes=["handoffs:write", "conversations:write"], actor=SYSTEM
    )
    return actor_for_token(token)


def follow() -> None:
    """What the relay would do: feed every event that has not been fed."""
    sink = Follow("follow")
    seen = 0
    while True:
        events = list(Event.objects.filter(id__gt=seen).order_by("id"))
        if not events:
            return
        for event in events:
            seen = event.pk
            if sink.wants(event) and not event.ref.startswith("fed:"):
                Event.objects.filter(pk=event.pk).update(ref="fed:")
                for wanted in sink.sift([event]):
                    sink.handle(wanted)


def give(home: House, name: str) -> Reservation:
    """The waiting task is offered to that agent, who accepts."""
    people.available(home, name)
    task = Task.objects.get(assignment_status="pending")
    [reservation] = routing.offer(task, workers=[home.workers[name]])
    routing.accept(reservation, actor=home.actor(name))
    follow()
    return reservation


def test_first_words_open_one_task(home: House) -> None:
    people.said("hello")
    people.said("anybody?")
    follow()

    task = Task.objects.get()
    assert task.attributes["conversation_sid"] == Conversation.objects.get().sid
    assert (task.attributes["last_message"], task.attributes["name"]) == ("anybody?", "Maria")
    assert (task.attributes["from"], task.attributes["customer_shown"]) == ("+15550100001", "+1 555-010-0001")
    assert (task.task_channel.unique_name, task.assignment_status) == ("sms", "pending")


def test_words_at_an_address_without_an_intake_are_kept(home: House) -> None:
    Intake.objects.all().delete()
    people.said("hello")
    follow()

    assert Task.objects.count() == 0
    assert Conversation.objects.get().last_index == 1


def test_who_accepts_takes_part(home: House) -> None:
    people.said()
    follow()
    give(home, "Ada")

    conversation = Conversation.objects.get()
    assert conversation.owner == "agent"
    assert [row.worker.friendly_name for row in conversation.participants.all()] == ["Ada"]


def test_a_completed_task_closes_what_was_read(home: House) -> None:
    conversation = people.said().conversation
    follow()
    reservation = give(home, "Ada")
    conversations.mark_read(conversation, index=1, actor=home.actor("Ada"))
    routing.wrap_up(reservation.task, actor=home.actor("Ada"))
    routing.complete(reservation.task, actor=home.actor("Ada"))
    follow()

    conversation.refresh_from_db()
    assert conversation.state == "closed"
    assert Interaction.objects.get().ended_at is not None


def test_words_that_nobody_read_are_not_closed_away(home: House) -> None:
    conversation = people.said().conversation
    follow()
    reservation = give(home, "Ada")
    conversations.mark_read(conversation, index=1, actor=home.actor("Ada"))
    people.said("one more thing")
    routing.complete(reservation.task, actor=home.actor("Ada"))
    follow()

    conversation.refresh_from_db()
    assert (conversation.state, conversation.owner) == ("active", "queue")
    assert Task.objects.filter(assignment_status="pending").count() == 1


def test_unread_words_wait_where_the_hand_off_put_them(home: House, bot: Actor) -> None:
    Intake.objects.all().delete()
    queue = routing.save_queue(TaskQueue(workspace=home.workspace), friendly_name="Claims", actor=SYSTEM)
    conversation = people.said("hello").conversation
    request = HandOffRequest(conversation_sid=conversation.sid, queue="Claims")
    hand_off(actor=bot, request=request, idempotency_key=None)
    reservation = give(home, "Ada")
    people.said("one thing more")

    routing.complete(reservation.task, actor=home.actor("Ada"))
    follow()

    again = Task.objects.get(assignment_status="pending")
    assert (again.task_queue, again.attributes["last_message"]) == (queue, "one thing more")
    conversation.refresh_from_db()
    assert conversation.state == "active"


def test_words_that_no_filter_takes_hold_nobody_else_up(home: House) -> None:
    workflow, queue = Workflow.objects.get(), TaskQueue.objects.get()
    vip = {"expression": "name == 'Vip'", "targets": [{"queue": queue.sid}]}
    only_vip = json.dumps({"task_routing": {"filters": [vip]}})
    routing.save_workflow(workflow, configuration=only_vip, actor=SYSTEM)
    people.said("hello")
    people.said("hello", from_address="+15550100777", profile_name="Vip")

    follow()

    assert Task.objects.get().attributes["name"] == "Vip"
    assert Conversation.objects.filter(state="active").count() == 2


def test_a_hand_off_that_comes_before_the_greeting_keeps_the_conversation(
    home: House, bot: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint, _ = hooks.create_endpoint(
        account=home.account, friendly_name="Bot", url="http://127.0.0.1:9/bot", actor=SYSTEM
    )
    Intake.objects.update(bot=endpoint)
    conversation = people.said("agent please").conversation
    lock = conversation_queries.locked_conversation

    def rival_first(pk: int) -> Conversation:
        monkeypatch.setattr(conversation_queries, "locked_conversation", lock)
        hand_off(actor=bot, request=HandOffRequest(conversation_sid=conversation.sid), idempotency_key=None)
        return lock(pk)

    monkeypatch.setattr(conversation_queries, "locked_conversation", rival_first)
    follow()

    conversation.refresh_from_db()
    assert conversation.owner == "queue"


def test_after_a_cancelled_task_the_next_words_seek_an_agent_again(home: House) -> None:
    people.said()
    follow()
    routing.cancel_task(Task.objects.get(), actor=SYSTEM, reason="nobody")
    follow()
    people.said("still here")
    follow()

    assert sorted(Task.objects.values_list("assignment_status", flat=True)) == ["canceled", "pending"]
    assert Conversation.objects.count() == 1


# --- bots ---


def with_bot(home: House) -> None:
    endpoint, _ = hooks.create_endpoint(
        account=home.account, friendly_name="Bot", url="http://127.0.0.1:9/bot", actor=SYSTEM
    )
    Intake.objects.update(bot=endpoint)


def test_the_bot_hears_the_words_until_it_hands_over(home: House, bot: Actor) -> None:
    with_bot(home)
    conversation = people.said("hi bot").conversation
    follow()
    conversation.refresh_from_db()
    assert (conversation.owner, Dispatch.objects.count(), Task.objects.count()) == ("bot", 1, 0)

    handed, _ = hand_off(actor=bot, request=HandOffRequest(conversation_sid=conversation.sid), idempotency_key=None)
    people.said("hi human")
    follow()

    conversation.refresh_from_db()
    assert (conversation.owner, Dispatch.objects.count(), Task.objects.count()) == ("queue", 1, 1)
    with pytest.raises(Conflict):
        conversations.post(conversation, actor=bot, body="beep", ref="b", author_kind="bot")
    assert queries.handoff_payload(handed)["state"] == "waiting"


def test_people_take_over_from_a_bot_that_cannot_be_reached(home: House) -> None:
    with_bot(home)
    conversation = people.said("hi bot").conversation
    follow()
    with transaction.atomic():
        record(
            "webhook.failed",
            subject_sid="WD1",
            data={"about_sid": conversation.sid},
            audiences=(),
            actor=SYSTEM,
            workspace_sid="",
        )
    follow()

    conversation.refresh_from_db()
    assert (conversation.owner, Task.objects.count()) == ("queue", 1)


def test_a_bot_that_is_switched_off_answers_nobody(home: House) -> None:
    with_bot(home)
    Endpoint.objects.update(active=False)
    people.said("hi")
    follow()

    assert (Dispatch.objects.count(), Task.objects.count()) == (0, 1)


def test_an_agent_sees_what_the_bot_collected(home: House, bot: Actor) -> None:
    request = HandOffRequest(
        customer=people.CUSTOMER,
        ours=people.OURS,
        name="Maria",
        priority=7,
        skills=("sales",),
        summary="wants a quote",
        transcript=({"author": "customer", "body": "hi"},),
        context={"plan": "gold"},
    )
    handed, created = hand_off(actor=bot, request=request, idempotency_key=None)

    task = handed.interaction.task
    told = Conversation.objects.get().attributes["handoff"]
    assert created is True
    assert told == {
        "summary": "wants a quote",
        "transcript": [{"author": "customer", "body": "hi"}],
        "context": {"plan": "gold"},
        "by": "Bot",
    }
    assert (task.priority, task.required_skills) == (7, ["sales"])
    assert task.attributes["plan"] == "gold"
    assert queries.handoff_payload(handed)["position"] == 1


def test_a_repeat_with_the_same_key_is_the_same_hand_off(home: House, bot: Actor) -> None:
    request = HandOffRequest(customer=people.CUSTOMER, ours=people.OURS)
    first, _ = hand_off(actor=bot, request=request, idempotency_key="k")
    again, created = hand_off(actor=bot, request=request, idempotency_key="k")

    assert (again.pk, created, HandOff.objects.count(), Task.objects.count()) == (first.pk, False, 1, 1)
    with pytest.raises(Conflict) as error:
        hand_off(actor=bot, request=HandOffRequest(conversation_sid="CH1"), idempotency_key="k")
    assert error.value.code == "idempotency-mismatch"


def test_hand_offs_are_refused_with_their_field(home: House, bot: Actor) -> None:
    people.address(people.house("Other"), "+15557770000")
    pair = {"customer": people.CUSTOMER, "ours": people.OURS}

    with pytest.raises(Invalid) as error:
        hand_off(actor=bot, request=HandOffRequest(**pair, queue="No such"), idempotency_key=None)
    assert error.value.field == "queue"
    with pytest.raises(NotFound) as missing:
        hand_off(actor=bot, request=HandOffRequest(customer="+1", ours="+15557770000"), idempotency_key=None)
    assert missing.value.field == "channel.to"
    with pytest.raises(NotFound):
        hand_off(actor=bot, request=HandOffRequest(conversation_sid="CH" + "0" * 32), idempotency_key=None)
    with pytest.raises(Forbidden):
        hand_off(actor=home.actor("Ada"), request=HandOffRequest(**pair), idempotency_key=None)
    assert HandOff.objects.count() == Task.objects.count() == 0


def test_the_named_queue_wins_over_the_workflow(home: House, bot: Actor) -> None:
    vip = routing.save_queue(TaskQueue(workspace=home.workspace), friendly_name="VIP", actor=SYSTEM)
    request = HandOffRequest(customer=people.CUSTOMER, ours=people.OURS, queue="VIP")
    handed, _ = hand_off(actor=bot, request=request, idempotency_key=None)

    assert handed.interaction.task.task_queue == vip


def test_the_task_of_a_conversation_is_not_deleted(home: House) -> None:
    people.said("hello")
    follow()

    with pytest.raises(Conflict, match="A conversation goes by this task"):
        routing.delete_task(Task.objects.get(), actor=SYSTEM)

    assert Task.objects.get().assignment_status == "pending"


def test_nobody_is_sought_for_a_blocked_contact(home: House) -> None:
    conversation = people.said("hello").conversation
    conversations.block(conversation.identity.contact, reason="spam", actor=home.actor("Bo"))
    people.said("again")
    follow()
    assert not Task.objects.exists()
    assert conversation.messages.count() == 2

    conversations.unblock(conversation.identity.contact, actor=home.actor("Bo"))
    people.said("sorry")
    follow()
    assert Task.objects.count() == 1


def test_unread_words_of_a_blocked_contact_do_not_seek_anybody_again(home: House) -> None:
    conversation = people.said("hello").conversation
    follow()
    reservation = give(home, "Ada")
    conversations.block(conversation.identity.contact, reason="spam", actor=home.actor("Ada"))
    people.said("more")

    routing.complete(reservation.task, actor=home.actor("Ada"), reason="spam")
    follow()

    conversation.refresh_from_db()
    assert (conversation.state, Task.objects.count()) == ("closed", 1)
