"""Messages that arrive together are stored together, once each, in order, and nobody's error is another's."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, InterfaceError, connection

from conversations import actions
from conversations.ingress import Ingress, Ticket
from conversations.models import Conversation, Message
from eventlog.models import Event
from kernel.errors import NotFound
from tests import people
from tests.people import House

pytestmark = pytest.mark.django_db(transaction=True)

CUSTOMERS = [f"+1555010{n:04}" for n in range(4)]


@pytest.fixture
def home() -> House:
    home = people.full_house()
    people.address(home)
    return home


def test_a_crowd_is_stored_once_each_and_in_order(home: House) -> None:
    ingress, gate = Ingress(), threading.Barrier(8)
    texts = [people.inbound(str(n), from_address=CUSTOMERS[n % 4]) for n in range(40)]
    shuffled = random.Random(7).sample(texts + texts[:10], 50)

    def bring(part: int) -> list[Message]:
        gate.wait()
        try:
            return [ingress.receive(inbound) for inbound in shuffled[part::8]]
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        stored = [message for part in threads.map(bring, range(8)) for message in part]

    assert len(stored) == 50
    assert Message.objects.count() == 40
    assert {message.provider_sid for message in stored} == {inbound.provider_sid for inbound in texts}
    for conversation in Conversation.objects.all():
        indexes = conversation.messages.order_by("index").values_list("index", flat=True)
        assert list(indexes) == list(range(1, conversation.last_index + 1))
    assert Event.objects.filter(type="message.added").count() == 40


def test_together_is_the_same_as_one_by_one(home: House) -> None:
    people.said("first")
    both = [people.inbound("second"), people.inbound("third")]

    stored = actions.receive_together([*both, both[0]], actor=people.CARRIER)

    assert [message.index for message in stored if message] == [2, 3, 2]
    conversation = Conversation.objects.get()
    assert (conversation.last_index, conversation.last_inbound_index) == (3, 3)
    events = Event.objects.filter(type="message.added").order_by("id")
    assert [event.data["body"] for event in events] == ["first", "second", "third"]
    one, other = events[0], events[1]
    assert one.data.keys() == other.data.keys()
    assert one.audiences == other.audiences


def test_what_needs_the_longer_way_is_left_for_it(home: House) -> None:
    people.said("known")
    stranger = people.inbound("new", from_address="+15550109999")
    picture = people.inbound("", media=1)

    assert actions.receive_together([stranger, picture], actor=people.CARRIER) == [None, None]
    assert Message.objects.count() == 1


def test_a_text_after_a_picture_follows_it_the_longer_way(home: House) -> None:
    people.said("first")
    picture, text = people.inbound("", media=1), people.inbound("after the picture")
    other = people.inbound("elsewhere", from_address=CUSTOMERS[2])
    people.said("other", from_address=CUSTOMERS[2])

    stored = actions.receive_together([picture, text, other], actor=people.CARRIER)

    assert [message.body if message else None for message in stored] == [None, None, "elsewhere"]


def test_a_known_one_among_them_writes_nothing_together(home: House) -> None:
    known = people.said("known")
    repeat = people.inbound("known", provider_sid=known.provider_sid)

    with pytest.raises(IntegrityError):
        actions.receive_together([people.inbound("new"), repeat], actor=people.CARRIER)

    assert Message.objects.count() == 1
    assert Conversation.objects.get().last_index == 1


def test_one_ones_error_is_nobody_elses(home: House) -> None:
    people.said("first")
    ingress, results = Ingress(), {}
    gate = threading.Barrier(3)

    def bring(name: str, **changes: str) -> None:
        gate.wait()
        try:
            results[name] = ingress.receive(people.inbound(name, **changes)).body
        except NotFound as error:
            results[name] = error.field
        finally:
            connection.close()

    lost = {"to_address": "+15559999999"}
    threads = [threading.Thread(target=bring, args=(name,), kwargs=lost if name == "b" else {}) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert results == {"a": "a", "b": "To", "c": "c"}


def test_whatever_breaks_the_batch_each_one_finds_its_own_way(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise InterfaceError("the connection is gone")

    monkeypatch.setattr(actions, "receive_together", broken)
    ingress = Ingress()
    tickets = [Ticket(people.inbound(text)) for text in ("a", "b")]

    ingress._write(tickets)

    assert [ticket.message.body for ticket in tickets if ticket.message] == ["a", "b"]
    assert all(ticket.is_done for ticket in tickets)
