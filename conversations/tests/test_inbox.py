"""What the carrier brings is stored before it is told so, and brought in once, in order, whoever dies or disturbs."""

import asyncio
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import DataError, IntegrityError, OperationalError, connection, transaction

from conversations import actions, timers
from conversations.actions import addresses, speech
from conversations.actions import inbox as verbs
from conversations.inbox import Inbox, Unavailable
from conversations.models import Arrival, Conversation, Message
from conversations.tests.carrier import claim_next
from eventlog.dbclock import database_now
from eventlog.models import Event
from kernel import sids
from kernel.errors import Forbidden, NotFound, StaleMove
from tests import people
from tests.people import CUSTOMER, OURS, House

pytestmark = pytest.mark.django_db(transaction=True)

ACCOUNT = "AC" + "a" * 32
CUSTOMERS = [f"+1555010{n:04}" for n in range(4)]


@pytest.fixture(autouse=True)
def _account(settings: Any) -> None:
    settings.TWILIO_ACCOUNT_SID = ACCOUNT


@pytest.fixture
def home() -> House:
    home = people.full_house()
    people.address(home)
    return home


def arrival(body: str, *, customer: str = CUSTOMER, ours: str = OURS, sid: str = "", **more: str) -> Arrival:
    """A customer's text at the door, verified."""
    sid = sid or sids.new("SM")
    form = {"MessageSid": sid, "AccountSid": ACCOUNT, "From": customer, "To": ours, "Body": body} | more
    sent = urlencode(form).encode()
    return Arrival(kind="message", key=sid, line=f"{ours} {customer}", ours=ours, path="/webhooks", body=sent)


def kept(*rows: Arrival) -> None:
    """These are stored, and whoever did it died."""
    for row in rows:
        verbs.keep([row], now=database_now())


def texts(customer: str = CUSTOMER) -> list[str]:
    rows = Message.objects.filter(conversation__identity__address=customer, direction="inbound")
    return list(rows.order_by("conversation", "index").values_list("body", flat=True))


async def keep_all(inbox: Inbox, rows: list[Arrival]) -> list[BaseException | None]:
    return await asyncio.gather(*(inbox.keep(row) for row in rows), return_exceptions=True)


def test_a_crowd_is_stored_once_each_and_in_order(home: House) -> None:
    inbox, plan = Inbox(), random.Random(7)
    sent = [(str(n), CUSTOMERS[n % 4], sids.new("SM")) for n in range(40)]
    twice = plan.sample(sent + sent[:10], 50)

    told = asyncio.run(keep_all(inbox, [arrival(body, customer=who, sid=sid) for body, who, sid in twice]))
    inbox.finish()

    assert told == [None] * 50
    assert Message.objects.count() == 40
    assert set(Message.objects.values_list("provider_sid", flat=True)) == {sid for *_, sid in sent}
    for conversation in Conversation.objects.all():
        indexes = conversation.messages.order_by("index").values_list("index", flat=True)
        assert list(indexes) == list(range(1, conversation.last_index + 1))
    assert Event.objects.filter(type="message.added").count() == 40
    assert not Arrival.objects.exists()


def test_in_one_line_they_stay_in_the_order_in_which_they_came(home: House) -> None:
    inbox = Inbox()
    said = [str(n) for n in range(30)]

    asyncio.run(keep_all(inbox, [arrival(body, **({"NumMedia": "1"} if body == "7" else {})) for body in said]))
    inbox.finish()

    assert texts() == said


def test_nobody_is_told_before_the_commit(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox, gate, keep = Inbox(), threading.Event(), verbs.keep

    def slow(*given: Any, **more: Any) -> Any:
        gate.wait(10)
        return keep(*given, **more)

    monkeypatch.setattr(verbs, "keep", slow)

    async def story() -> None:
        waiting = asyncio.ensure_future(inbox.keep(arrival("hello")))
        done, _ = await asyncio.wait([waiting], timeout=0.1)
        assert not done
        gate.set()
        await waiting

    asyncio.run(story())
    inbox.finish()

    assert texts() == ["hello"]


def test_what_another_process_left_comes_before_what_follows(home: House) -> None:
    people.said("first")
    kept(arrival("left behind"))
    inbox = Inbox()

    asyncio.run(keep_all(inbox, [arrival("later")]))
    inbox.finish()

    assert texts() == ["first", "left behind", "later"]


def test_the_sweep_brings_in_what_a_dead_process_left(home: House) -> None:
    kept(arrival("a"), arrival("b"), arrival("other", customer=CUSTOMERS[2]))
    now = database_now()

    timers.drive_inbox(now)
    assert Message.objects.count() == 0  # Whoever stored it may still be at it.
    timers.drive_inbox(now + verbs.GRACE + timedelta(seconds=1))

    assert (texts(), texts(CUSTOMERS[2])) == (["a", "b"], ["other"])
    assert not Arrival.objects.exists()


def test_it_is_told_when_it_came_not_when_it_was_brought_in(home: House) -> None:
    kept(arrival("early"))
    came = Arrival.objects.get().received_at

    timers.drive_inbox(database_now() + timedelta(hours=1))

    assert Message.objects.get().created_at == came


def test_several_at_once_bring_in_once(home: House) -> None:
    people.said("first")
    kept(*(arrival(str(n), customer=CUSTOMERS[n % 2]) for n in range(20)))
    lines, gate = set(Arrival.objects.values_list("line", flat=True)), threading.Barrier(4)

    def bring(_: int) -> None:
        gate.wait()
        try:
            verbs.bring_in(lines)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(bring, range(4)))

    assert texts(CUSTOMERS[0]) == [str(n) for n in range(0, 20, 2)]
    assert texts(CUSTOMERS[1]) == ["first", *(str(n) for n in range(1, 20, 2))]


def test_a_message_that_is_known_is_brought_in_by_going(home: House) -> None:
    known = people.said("known")
    kept(arrival("known", sid=known.provider_sid or ""), arrival("new"))

    verbs.bring_in({f"{OURS} {CUSTOMER}"})

    assert texts() == ["known", "new"]
    assert not Arrival.objects.exists()


def test_what_is_not_ours_is_set_aside_until_it_is(home: House) -> None:
    strange = "+15559999999"
    kept(arrival("lost", ours=strange), arrival("found"))

    verbs.bring_in({f"{strange} {CUSTOMER}", f"{OURS} {CUSTOMER}"})

    row = Arrival.objects.get()
    assert (row.reason, row.due_at, row.attempts) == ("not-ours", None, 1)
    assert texts() == ["found"]

    addresses.create_address(home.workspace, channel="sms", address=strange, friendly_name="New", actor=people.SYSTEM)
    timers.drive_inbox(database_now())

    assert texts() == ["found", "lost"]
    assert not Arrival.objects.exists()


def test_a_poisonous_one_stands_in_nobodys_way(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    receive, together = speech.receive, speech.receive_together

    def sick(inbound: Any, *, actor: Any) -> Any:
        if "poison" in inbound.body:
            raise DataError("no such character")
        return receive(inbound, actor=actor)

    def all_sick(inbounds: Any, *, actor: Any) -> Any:
        if any("poison" in inbound.body for inbound in inbounds):
            raise DataError("no such character")
        return together(inbounds, actor=actor)

    monkeypatch.setattr(speech, "receive", sick)
    monkeypatch.setattr(speech, "receive_together", all_sick)
    kept(arrival("before"), arrival("poison"), arrival("after"), arrival("other", customer=CUSTOMERS[2]))

    verbs.bring_in(set(Arrival.objects.values_list("line", flat=True)))

    assert (texts(), texts(CUSTOMERS[2])) == (["before", "after"], ["other"])
    row = Arrival.objects.get()
    assert (row.reason, row.due_at) == ("DataError", None)


def test_what_the_database_does_not_let_through_waits_and_holds_up_its_own_line(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive, down = speech.receive, [True]

    def jammed(inbound: Any, *, actor: Any) -> Any:
        if down[0] and inbound.body == "jammed":
            raise OperationalError("lock not had in time")
        return receive(inbound, actor=actor)

    def all_jammed(*_: Any, **__: Any) -> Any:
        raise OperationalError("lock not had in time")

    monkeypatch.setattr(speech, "receive", jammed)
    with monkeypatch.context() as patch:
        patch.setattr(speech, "receive_together", all_jammed)
        kept(arrival("jammed"), arrival("behind"), arrival("other", customer=CUSTOMERS[2]))
        verbs.bring_in(set(Arrival.objects.values_list("line", flat=True)))

    assert (texts(), texts(CUSTOMERS[2])) == ([], ["other"])
    assert list(Arrival.objects.order_by("id").values_list("attempts", "reason")) == [(1, ""), (0, "")]
    down[0] = False
    verbs.bring_in({f"{OURS} {CUSTOMER}"})
    assert texts() == []  # Its pause is not over.
    Arrival.objects.update(due_at=database_now())
    verbs.bring_in({f"{OURS} {CUSTOMER}"})
    assert texts() == ["jammed", "behind"]


def test_what_never_goes_through_is_set_aside_in_the_end(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def jammed(*_: Any, **__: Any) -> Any:
        raise OperationalError("it takes too long")

    monkeypatch.setattr(speech, "receive", jammed)
    monkeypatch.setattr(speech, "receive_together", jammed)
    kept(arrival("jammed"))
    for _ in range(verbs.ATTEMPTS):
        Arrival.objects.update(due_at=database_now())
        verbs.bring_in({f"{OURS} {CUSTOMER}"})

    assert (Arrival.objects.get().reason, Arrival.objects.get().due_at) == ("OperationalError", None)


def test_whoever_comes_while_the_database_is_away_is_told_to_come_again(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any, **__: Any) -> Any:
        raise OperationalError("the server is gone")

    inbox = Inbox()
    with monkeypatch.context() as patch:
        patch.setattr(verbs, "keep", away)
        told = asyncio.run(keep_all(inbox, [arrival("a"), arrival("b")]))
    again = asyncio.run(keep_all(inbox, [arrival("c")]))
    inbox.finish()

    assert [type(error) for error in told] == [Unavailable, Unavailable]
    assert again == [None]
    assert texts() == ["c"]


def test_one_ones_trouble_at_the_door_is_nobody_elses(home: House) -> None:
    inbox = Inbox()
    broken = arrival("b")
    broken.kind = "x" * 100 if connection.vendor == "postgresql" else None  # type: ignore[assignment]

    told = asyncio.run(keep_all(inbox, [arrival("a"), broken, arrival("c")]))
    inbox.finish()

    assert [type(error) for error in told] == [type(None), Unavailable, type(None)]
    assert texts() == ["a", "c"]


def test_receipts_are_stored_and_brought_in_and_strangers_are_not(home: House) -> None:
    people.said("hello")
    conversation = Conversation.objects.get()
    ada = people.taking_part(home, "Ada", conversation)
    message = actions.post(conversation, actor=ada, body="hi", ref="r1")
    claim_next()
    inbox = Inbox()

    def receipt(sid: str, status: str) -> Arrival:
        form = {"MessageSid": "SM" + "1" * 32, "AccountSid": ACCOUNT, "MessageStatus": status}
        path = f"/webhooks/twilio/status/{sid}/1"
        return Arrival(kind="receipt", key=f"{sid}/1/{status}/", line=sid, path=path, body=urlencode(form).encode())

    stranger = receipt("IM" + "0" * 32, "sent")
    told = asyncio.run(keep_all(inbox, [receipt(message.sid, "delivered"), receipt(message.sid, "sent"), stranger]))
    inbox.finish()

    assert [type(error) for error in told] == [type(None), type(None), NotFound]
    message.refresh_from_db()
    assert (message.status, message.provider_sid) == ("delivered", "SM" + "1" * 32)
    assert not Arrival.objects.exists()


def test_another_try_is_the_supervisors_and_made_once(home: House) -> None:
    kept(arrival("lost", ours="+15559999999"))
    verbs.bring_in({f"+15559999999 {CUSTOMER}"})
    row = Arrival.objects.get()

    with pytest.raises(Forbidden):
        verbs.retry(row, actor=home.actor("Ada"))
    assert Arrival.objects.get().due_at is None
    verbs.retry(row, actor=home.actor("Bo"))
    with pytest.raises(StaleMove):
        verbs.retry(row, actor=home.actor("Bo"))

    assert (Arrival.objects.get().reason, Arrival.objects.get().attempts) == ("", 0)


# --- several messages with a few statements ---


def test_together_is_the_same_as_one_by_one(home: House) -> None:
    people.said("first")
    both = [people.inbound("second"), people.inbound("third")]

    with transaction.atomic():
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

    with transaction.atomic():
        assert actions.receive_together([stranger, picture], actor=people.CARRIER) == [None, None]
    assert Message.objects.count() == 1


def test_a_text_after_a_picture_follows_it_the_longer_way(home: House) -> None:
    people.said("first")
    people.said("other", from_address=CUSTOMERS[2])
    before, picture, text = people.inbound("before"), people.inbound("", media=1), people.inbound("after the picture")
    other = people.inbound("elsewhere", from_address=CUSTOMERS[2])

    with transaction.atomic():
        stored = actions.receive_together([before, picture, text, other], actor=people.CARRIER)

    assert [message.body if message else None for message in stored] == ["before", None, None, "elsewhere"]
    assert sorted(Conversation.objects.values_list("last_index", flat=True)) == [2, 2]


def test_a_known_one_among_them_writes_nothing_together(home: House) -> None:
    known = people.said("known")
    repeat = people.inbound("known", provider_sid=known.provider_sid)

    with pytest.raises(IntegrityError), transaction.atomic():
        actions.receive_together([people.inbound("new"), repeat], actor=people.CARRIER)

    assert Message.objects.count() == 1
    assert Conversation.objects.get().last_index == 1
