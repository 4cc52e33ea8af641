"""A conversation follows its task from one agent to the next."""

from typing import Any

import pytest

from conversations import actions as conversations
from conversations import queries as conversation_queries
from conversations.models import Conversation
from interactions import queries
from interactions.actions import hand_off
from interactions.core import HandOffRequest
from interactions.models import Interaction
from interactions.tests.test_actions import bot, follow, give, home  # noqa: F401 - fixtures
from kernel.actor import Actor
from routing import actions as routing
from routing import queries as routing_queries
from routing.models import Reservation, Task, Transfer
from tests import people
from tests.people import House

pytestmark = pytest.mark.django_db


@pytest.fixture
def held(home: House) -> Reservation:  # noqa: F811
    """What Ada has accepted."""
    people.said()
    follow()
    reservation = give(home, "Ada")
    people.available(home, "Ben")
    return reservation


def pass_on(home: House, held: Reservation, **more: Any) -> Transfer:  # noqa: F811
    task = routing_queries.task(held.task.sid)
    made = routing.transfer(task, to=home.workers["Ben"].sid, actor=home.actor("Ada"), **more)
    follow()
    return made


def answer(home: House, verb: Any) -> None:  # noqa: F811
    verb(routing_queries.reservations().get(reservation_status="pending"), actor=home.actor("Ben"))
    follow()


def present() -> list[str]:
    conversation = Conversation.objects.get()
    assert conversation.owner == "agent"
    return [row.worker.friendly_name for row in conversation_queries.present(conversation)]


def test_first_agent_stays_until_the_second_has_accepted(home: House, held: Reservation) -> None:  # noqa: F811
    pass_on(home, held)
    assert present() == ["Ada"]
    people.said("still there?")
    follow()
    assert Task.objects.count() == 1

    answer(home, routing.accept)

    assert present() == ["Ben"]
    assert Interaction.objects.get().ended_at is None


def test_warm_transfer_keeps_both_until_the_first_is_done(home: House, held: Reservation) -> None:  # noqa: F811
    pass_on(home, held, mode="WARM")
    answer(home, routing.accept)
    assert present() == ["Ada", "Ben"]

    routing.complete(routing_queries.task(held.task.sid), actor=home.actor("Ada"))
    follow()
    assert present() == ["Ben"]

    conversation = Conversation.objects.get()
    conversations.mark_read(conversation, index=conversation.last_index, actor=home.actor("Ben"))
    routing.complete(routing_queries.task(held.task.sid), actor=home.actor("Ben"))
    follow()
    conversation.refresh_from_db()
    assert (conversation.state, Interaction.objects.get().ended_at is None) == ("closed", False)


def test_second_agent_who_is_done_first_leaves_the_first_there(home: House, held: Reservation) -> None:  # noqa: F811
    pass_on(home, held, mode="WARM")
    answer(home, routing.accept)

    routing.complete(routing_queries.task(held.task.sid), actor=home.actor("Ben"))
    follow()

    assert present() == ["Ada"]
    assert Interaction.objects.get().ended_at is None


@pytest.mark.parametrize("end", ["reject", "cancel"])
def test_transfer_that_nobody_takes_changes_nothing(home: House, held: Reservation, end: str) -> None:  # noqa: F811
    made = pass_on(home, held)

    if end == "reject":
        answer(home, routing.reject)
    else:
        routing.cancel_transfer(routing_queries.transfer(made.sid), actor=home.actor("Ada"))
        follow()

    assert present() == ["Ada"]


def test_bot_is_told_that_an_agent_has_it(home: House, bot: Actor) -> None:  # noqa: F811
    request = HandOffRequest(customer=people.CUSTOMER, ours=people.OURS)
    handed, _ = hand_off(actor=bot, request=request, idempotency_key=None)
    held = give(home, "Ada")
    people.available(home, "Ben")
    pass_on(home, held)

    told = queries.handoff_payload(queries.handoff(handed.sid, actor=bot))

    assert (told["state"], told["position"], told["agent"]) == ("active", None, "Ada")
