"""Every verb of conversations, and every refusal."""

from datetime import timedelta
from io import BytesIO

import pytest
from PIL import Image

from carriers.base import StatusUpdate
from conversations import actions, queries
from conversations.models import Contact, Conversation, Media, Message, Participant
from conversations.tests.carrier import claim_next
from eventlog.models import Event
from kernel import clock
from kernel.actor import CARRIER, SYSTEM, Actor
from kernel.errors import Conflict, Forbidden, Invalid, NotFound, StaleMove
from tests import people
from tests.people import House

pytestmark = pytest.mark.django_db


@pytest.fixture
def home() -> House:
    home = people.full_house()
    people.address(home)
    return home


def types() -> list[str]:
    return list(
        Event.objects.filter(type__regex="^(message|conversation|participant)")
        .order_by("id")
        .values_list("type", flat=True)
    )


def test_first_words_begin_a_conversation(home: House) -> None:
    message = people.said("hola")

    assert (message.index, message.status, message.body) == (1, "received", "hola")
    assert message.conversation.identity.contact.name == "Maria"
    assert types() == ["conversation.started", "message.added"]


def test_a_repeat_of_the_same_sid_is_the_first_message(home: House) -> None:
    first = people.inbound("once")
    stored = actions.receive(first, actor=CARRIER)
    again = actions.receive(first, actor=CARRIER)

    assert again.pk == stored.pk
    assert Message.objects.count() == 1
    assert types() == ["conversation.started", "message.added"]


def test_messages_are_counted_without_gaps(home: House) -> None:
    said = [people.said(str(n)) for n in range(5)]

    assert [message.index for message in said] == [1, 2, 3, 4, 5]
    assert Conversation.objects.count() == 1


def test_an_unknown_address_is_refused_and_nothing_is_written(home: House) -> None:
    with pytest.raises(NotFound) as error:
        people.said(to_address="+15559999999")

    assert error.value.field == "To"
    assert (
        Message.objects.count()
        == Conversation.objects.count()
        == Event.objects.filter(type="message.added").count()
        == 0
    )


def test_the_contact_is_written_under_the_conversations_lock(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    conversation = people.said(profile_name="").conversation
    lock = queries.locked_conversation
    named_before: list[str] = []

    def look_first(pk: int) -> Conversation:
        named_before.append(Contact.objects.get().name)
        return lock(pk)

    monkeypatch.setattr(queries, "locked_conversation", look_first)
    begun = actions.start(conversation.address, channel="sms", customer=people.CUSTOMER, name="Maria", actor=SYSTEM)

    assert named_before == [""]
    assert (begun.pk, begun.identity.contact.name) == (conversation.pk, "Maria")


def test_only_a_carrier_brings_words(home: House) -> None:
    with pytest.raises(Forbidden):
        actions.receive(people.inbound(), actor=home.actor("Ada"))


def test_hostile_text_stays_text(home: House) -> None:
    text = "<script>alert(1)</script>'; DROP TABLE x; -- 😀 \u202e"

    assert people.said(text).body == text
    assert Message.objects.get().body == text


def test_a_name_cannot_turn_the_list_around(home: House) -> None:
    assert people.said(profile_name="\u202eEVIL\n").conversation.identity.contact.name == "EVIL"


def test_files_wait_to_be_fetched(home: House) -> None:
    message = people.said("", media=2)

    assert [item.status for item in message.media.all()] == ["pending", "pending"]
    assert len(Event.objects.get(type="message.added").data["media"]) == 2


def test_an_agent_answers(home: House) -> None:
    conversation = people.said().conversation
    ada = people.taking_part(home, "Ada", conversation)

    message = actions.post(conversation, actor=ada, body=" hi ", ref="r1", author_name="Ada")

    assert (message.index, message.status, message.body, message.author_name) == (2, "queued", "hi", "Ada")
    assert Event.objects.get(subject_sid=message.sid).audiences == [f"worker:{home.workers['Ada'].sid}"]
    assert Event.objects.get(subject_sid=message.sid).ref == "r1"


def test_the_same_ref_is_said_once(home: House) -> None:
    conversation = people.said().conversation
    ada = people.taking_part(home, "Ada", conversation)

    first = actions.post(conversation, actor=ada, body="hi", ref="r1")
    again = actions.post(conversation, actor=ada, body="hi", ref="r1")

    assert again.pk == first.pk
    assert Message.objects.filter(direction="outbound").count() == 1


@pytest.mark.parametrize(
    ("body", "ref", "field"), [("", "r", "body"), ("  ", "r", "body"), ("x" * 1601, "r", "body"), ("x", "", "ref")]
)
def test_bad_words_are_refused_at_their_field(home: House, body: str, ref: str, field: str) -> None:
    conversation = people.said().conversation
    ada = people.taking_part(home, "Ada", conversation)

    with pytest.raises(Invalid) as error:
        actions.post(conversation, actor=ada, body=body, ref=ref)

    assert error.value.field == field


def test_an_agent_who_takes_no_part_finds_nothing(home: House) -> None:
    conversation = people.said().conversation
    people.taking_part(home, "Ada", conversation)

    with pytest.raises(NotFound):
        actions.post(conversation, actor=home.actor("Ben"), body="hi", ref="r")
    with pytest.raises(NotFound):
        queries.conversation(conversation.sid, actor=home.actor("Ben"))
    with pytest.raises(NotFound):
        actions.mark_read(conversation, index=1, actor=home.actor("Ben"))
    assert Message.objects.filter(direction="outbound").count() == 0


def test_supervisors_see_their_company_and_no_other(home: House) -> None:
    conversation = people.said().conversation
    cy = people.person(people.house("Other"), "Cy", role="supervisor")
    other = Actor("user", sid=cy.sid, role="supervisor", account_sid=cy.account.sid)

    assert queries.conversation(conversation.sid, actor=home.actor("Bo")) == conversation
    with pytest.raises(NotFound):
        queries.conversation(conversation.sid, actor=other)


def test_a_bot_speaks_only_while_it_owns_the_conversation(home: House) -> None:
    conversation = people.said().conversation
    bot = Actor("key", sid="SK" + "0" * 32, account_sid=home.account.sid, scopes=frozenset({"conversations:write"}))
    actions.set_owner(conversation, owner="bot", actor=SYSTEM)

    actions.post(conversation, actor=bot, body="beep", ref="b1", author_kind="bot")
    actions.set_owner(conversation, owner="queue", actor=SYSTEM)

    with pytest.raises(Conflict) as error:
        actions.post(conversation, actor=bot, body="beep", ref="b2", author_kind="bot")
    assert error.value.code == "not-owner"
    assert Message.objects.filter(direction="outbound").count() == 1


def test_each_change_of_owner_raises_the_fence(home: House) -> None:
    conversation = people.said().conversation
    fences = [
        actions.set_owner(conversation, owner=owner, actor=SYSTEM).owner_fence for owner in ("bot", "bot", "queue")
    ]

    assert fences == [1, 1, 2]


def test_joining_twice_is_joining_once(home: House) -> None:
    conversation = people.said().conversation
    people.taking_part(home, "Ada", conversation)
    people.taking_part(home, "Ada", conversation)

    assert Participant.objects.count() == 1
    assert types().count("participant.added") == 1
    conversation.refresh_from_db()
    assert conversation.owner == "agent"


def test_the_last_agent_leaves_it_to_the_queue(home: House) -> None:
    conversation = people.said().conversation
    people.taking_part(home, "Ada", conversation)
    actions.leave(conversation, worker=home.workers["Ada"], actor=SYSTEM)

    conversation.refresh_from_db()
    assert conversation.owner == "queue"
    removed = Event.objects.get(type="participant.removed")
    assert removed.audiences == [f"worker:{home.workers['Ada'].sid}"]


def test_reading_only_goes_forward(home: House) -> None:
    conversation = people.said().conversation
    people.said("more")
    ada = people.taking_part(home, "Ada", conversation)

    for index in (2, 1, 99):
        actions.mark_read(conversation, index=index, actor=ada)

    assert Participant.objects.get().read_index == 2


def test_after_the_end_new_words_begin_anew(home: House) -> None:
    conversation = people.said().conversation
    ada = people.taking_part(home, "Ada", conversation)
    actions.close(conversation, actor=SYSTEM)
    actions.close(conversation, actor=SYSTEM)

    with pytest.raises(NotFound):
        actions.post(conversation, actor=ada, body="late", ref="r")
    assert people.said("again").conversation.pk != conversation.pk
    assert types().count("conversation.closed") == 1


# --- delivery ---


def queued(home: House, *bodies: str) -> list[Message]:
    conversation = people.said().conversation
    ada = people.taking_part(home, "Ada", conversation)
    return [actions.post(conversation, actor=ada, body=body, ref=body) for body in bodies]


def receipt(status: str, code: str = "") -> StatusUpdate:
    return StatusUpdate(provider_sid="SM" + "1" * 32, status=status, error_code=code)


def apply(message: Message, status: str, *, fence: int = 1) -> str:
    actions.apply_receipt(actions.Receipt(message.sid, fence, receipt(status)), provider="twilio")
    message.refresh_from_db()
    return message.status


def test_one_at_a_time_and_in_order(home: House) -> None:
    first, second = queued(home, "one", "two")

    claimed = claim_next()
    assert claimed is not None
    assert (claimed.body, claimed.fence) == ("one", 1)
    assert claim_next() is None
    actions.mark_sent([actions.Accepted(first.sid, 1, "SM1")], provider="twilio")

    following = claim_next()
    assert following is not None
    assert following.message_sid == second.sid


def test_the_callback_address_names_the_message_and_its_attempt(home: House) -> None:
    (message,) = queued(home, "one")
    claimed = claim_next()

    assert claimed is not None
    assert claimed.status_callback_url.endswith(f"/webhooks/twilio/status/{message.sid}/1")


def test_receipts_only_rise(home: House) -> None:
    (message,) = queued(home, "one")
    claim_next()

    seen = [apply(message, status) for status in ("delivered", "sent", "queued", "read", "failed")]

    assert seen == ["delivered", "delivered", "delivered", "read", "read"]


def test_a_receipt_before_the_answer_of_the_call_keeps_what_it_said(home: House) -> None:
    (message,) = queued(home, "one")
    claim_next()
    apply(message, "delivered")

    actions.mark_sent([actions.Accepted(message.sid, 1, "SM" + "1" * 32)], provider="twilio")

    message.refresh_from_db()
    assert (message.status, message.provider_sid) == ("delivered", "SM" + "1" * 32)


def test_a_receipt_for_nobody_is_not_found(home: House) -> None:
    with pytest.raises(NotFound):
        actions.apply_receipt(actions.Receipt("IM" + "0" * 32, 1, receipt("sent")), provider="twilio")


def test_what_the_carrier_surely_did_not_take_is_queued_again(home: House) -> None:
    (message,) = queued(home, "one")
    claim_next()
    actions.put_back(message.sid, fence=1, code="refused", reason="", after_seconds=60)

    message.refresh_from_db()
    assert message.status == "queued"
    assert claim_next() is None


def test_the_sweep_looks_at_heads_alone(home: House) -> None:
    first, _ = queued(home, "one", "two")
    later = clock.now() + timedelta(seconds=10)

    assert queries.due_conversations(later, limit=9) == [first.conversation_id]
    assert queries.has_stayed_behind(later, grace=timedelta(seconds=2))

    claim_next()
    actions.put_back(first.sid, fence=1, code="refused", reason="", after_seconds=60)
    assert queries.due_conversations(later, limit=9) == []
    assert not queries.has_stayed_behind(later, grace=timedelta(seconds=2))


def test_an_attempt_whose_worker_died_is_unknown_and_a_receipt_settles_it(home: House) -> None:
    (message,) = queued(home, "one")
    claim_next()
    message.refresh_from_db()
    actions.expire_claim(message.sid, now=message.due_at)

    message.refresh_from_db()
    assert message.status == "unknown"
    assert claim_next() is None
    assert apply(message, "sent") == "sent"


def test_an_earlier_attempt_may_not_write_its_result(home: House) -> None:
    (message,) = queued(home, "one")
    claim_next()
    actions.put_back(message.sid, fence=1, code="refused", reason="", after_seconds=0)
    claim_next()

    actions.mark_failed(message.sid, fence=1, code="21610", reason="late")

    message.refresh_from_db()
    assert (message.status, message.fence) == ("sending", 2)


def test_a_late_result_finds_the_message_in_a_later_attempt(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    (message,) = queued(home, "one")
    claim_next()
    lock = queries.locked_conversation

    def later_attempt_first(pk: int) -> Conversation:
        monkeypatch.setattr(queries, "locked_conversation", lock)
        actions.put_back(message.sid, fence=1, code="refused", reason="", after_seconds=0)
        claim_next()
        return lock(pk)

    monkeypatch.setattr(queries, "locked_conversation", later_attempt_first)
    actions.mark_failed(message.sid, fence=1, code="21610", reason="late")

    message.refresh_from_db()
    assert (message.status, message.fence) == ("sending", 2)


def test_a_first_attempt_does_not_wait_for_the_clocks_to_agree(home: House) -> None:
    (message,) = queued(home, "one")
    Message.objects.filter(pk=message.pk).update(due_at=clock.now() + timedelta(seconds=5))

    assert claim_next() is not None


def test_a_message_sent_again_is_in_flight_again(home: House) -> None:
    (message,) = queued(home, "one")
    claim_next()
    actions.mark_unknown(message.sid, fence=1, code="timeout", reason="")
    message.refresh_from_db()
    actions.resend(message, actor=home.actor("Ada"))
    actions.mark_sent([actions.Accepted(message.sid, 1, "SM" + "1" * 32)], provider="twilio")

    claim_next()

    message.refresh_from_db()
    assert (message.status, message.provider_sid) == ("sending", None)
    assert claim_next() is None


def test_the_agent_sends_a_failed_one_again(home: House) -> None:
    (message,) = queued(home, "one")
    claim_next()
    actions.mark_failed(message.sid, fence=1, code="30003", reason="unreachable")
    message.refresh_from_db()

    with pytest.raises(NotFound):
        actions.resend(message, actor=home.actor("Ben"))
    actions.resend(message, actor=home.actor("Ada"))

    claimed = claim_next()
    assert claimed is not None
    assert claimed.fence == 2
    with pytest.raises(StaleMove):
        actions.resend(message, actor=home.actor("Ada"))


# --- files ---


def test_a_file_is_judged_by_its_bytes(home: House, settings, tmp_path) -> None:
    settings.MEDIA_ROOT = tmp_path
    picture = BytesIO()
    Image.new("RGB", (2, 2)).save(picture, "PNG")
    message = people.said("", media=2)
    for content in (picture.getvalue(), b"<html><script>alert(1)</script></html>"):
        claimed = next(filter(None, (actions.claim_media(item.sid) for item in message.media.all())))
        actions.store_media(claimed, content=content)

    stored = list(Media.objects.order_by("id").values_list("status", "content_type", "due_at"))
    assert stored == [("stored", "image/png", None), ("stored", "application/octet-stream", None)]
    assert types()[-2:] == ["message.updated", "message.updated"]


def test_a_file_is_fetched_by_one_worker_at_a_time(home: House) -> None:
    item = people.said("", media=1).media.get()

    assert actions.claim_media(item.sid) is not None
    assert actions.claim_media(item.sid) is None


def test_a_file_that_kills_its_workers_is_given_up(home: House) -> None:
    item = people.said("", media=1).media.get()
    Media.objects.update(attempts=8)

    assert actions.claim_media(item.sid) is None
    item.refresh_from_db()
    assert item.status == "failed"


def test_a_file_that_cannot_be_had_is_given_up(home: House) -> None:
    item = people.said("", media=1).media.get()
    claimed = actions.claim_media(item.sid)
    assert claimed is not None
    claimed.attempts = 8
    actions.retry_media(claimed)

    item.refresh_from_db()
    assert item.status == "failed"
