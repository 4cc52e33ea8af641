"""The ledger of consent and the 24-hour window: what is kept, what is refused, and when it is given back."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from carriers.base import StatusUpdate
from conversations import actions, queries
from conversations.actions import addresses
from conversations.core.keywords import Words
from conversations.models import Consent, Conversation, Message
from conversations.tests.carrier import claim_next
from conversations.tests.conftest import WHATSAPP, talk
from eventlog.models import Event
from kernel import clock
from kernel.actor import CARRIER, Actor
from kernel.errors import Conflict, Forbidden, Invalid
from tests import people
from tests.people import House

pytestmark = pytest.mark.django_db


def say(conversation: Conversation, ada: Actor, ref: str = "r1") -> Message:
    return actions.post(conversation, actor=ada, body="hi", ref=ref)


def aged(message: Message, **span: float) -> None:
    Message.objects.filter(pk=message.pk).update(created_at=clock.now() - timedelta(**span))


def refused(code: str) -> Any:
    return pytest.raises(Conflict, check=lambda error: error.code == code)


def test_stop_stands_in_the_ledger_and_in_the_conversation(home: House) -> None:
    conversation, _ = talk(home)

    message = people.said(" Stop ")

    line = Consent.objects.get()
    assert (line.what, line.source, line.evidence, line.channel) == ("withdrawn", "keyword", "Stop", "sms")
    assert (line.identity, line.address, line.message) == (conversation.identity, conversation.address, message)
    assert line.created_at <= clock.now()
    assert (message.index, message.body) == (2, " Stop ")
    assert Event.objects.filter(type="consent.withdrawn", subject_sid=line.sid).count() == 1
    told = Event.objects.filter(type="conversation.updated").latest("id")
    assert (told.data["opted_out"], told.audiences) == (True, [f"worker:{home.workers['Ada'].sid}"])


def test_after_stop_nothing_is_queued_until_start(home: House) -> None:
    conversation, ada = talk(home)
    people.said("STOP")

    with refused("opted-out"):
        say(conversation, ada)
    assert Message.objects.filter(direction="outbound").count() == 0

    people.said("start")
    assert say(conversation, ada).status == "queued"
    assert list(Consent.objects.order_by("id").values_list("what", flat=True)) == ["withdrawn", "given"]


def test_what_was_queued_before_stop_fails_when_it_is_claimed(home: House) -> None:
    conversation, ada = talk(home)
    first, second = say(conversation, ada), say(conversation, ada, "r2")
    people.said("STOP")

    assert claim_next() is None

    for message in (first, second):
        message.refresh_from_db()
        assert (message.status, message.error_code, message.attempts, message.due_at) == ("failed", "21610", 0, None)
    with refused("opted-out"):
        actions.resend(first, actor=ada)


def test_a_word_that_changes_nothing_leaves_no_line(home: House) -> None:
    talk(home)
    people.said("YES")
    people.said("STOP PLEASE")
    people.said("HELP")
    assert not Consent.objects.exists()

    people.said("STOP")
    people.said("QUIT")
    assert Consent.objects.count() == 1


def test_first_words_may_be_stop(home: House) -> None:
    conversation, ada = talk(home, body="BAJA")

    assert Consent.objects.get().evidence == "BAJA"
    with refused("opted-out"):
        say(conversation, ada)


def test_the_providers_opt_out_type_wins(home: House) -> None:
    conversation, _ = talk(home)

    people.said("leave me alone", params={"OptOutType": "STOP"})

    assert Consent.objects.get().evidence == "STOP"
    assert queries.standing(conversation).opted_out


def test_stop_is_of_one_address_and_outlives_the_conversation(home: House) -> None:
    other = people.address(home, "+15550009999")
    conversation, ada = talk(home)
    people.said("STOP")
    elsewhere = people.said(to_address=other.address).conversation
    assert not queries.standing(elsewhere).opted_out

    actions.close(conversation, actor=people.SYSTEM)
    again = people.said("hello again").conversation
    people.taking_part(home, "Ada", again)
    with refused("opted-out"):
        say(again, ada)


def test_together_heeds_words_in_their_order(home: House) -> None:
    conversation, _ = talk(home)
    stop, start = people.inbound("STOP"), people.inbound("START")

    with transaction.atomic():
        actions.receive_together([people.inbound("so"), stop, stop, start], actor=CARRIER)

    assert list(Consent.objects.order_by("id").values_list("what", flat=True)) == ["withdrawn", "given"]
    assert not queries.standing(conversation).opted_out


def test_the_providers_refusal_is_written_down(home: House) -> None:
    conversation, ada = talk(home)
    message = say(conversation, ada)
    taken = claim_next()
    assert taken is not None

    actions.mark_failed(message.sid, fence=taken.fence, code="21610", reason="unsubscribed")

    line = Consent.objects.get()
    assert (line.what, line.source, line.evidence, line.message) == ("withdrawn", "provider", "21610", message)
    with refused("opted-out"):
        say(conversation, ada, "r2")


def test_a_receipt_may_tell_of_it_as_well(home: House) -> None:
    conversation, ada = talk(home)
    message = say(conversation, ada)
    taken = claim_next()
    assert taken is not None
    receipt = StatusUpdate(provider_sid="SM1", status="failed", error_code="21610")

    actions.apply_receipt(actions.Receipt(message.sid, taken.fence, receipt), provider="twilio")
    actions.apply_receipt(actions.Receipt(message.sid, taken.fence, receipt), provider="twilio")

    assert Consent.objects.count() == 1


def test_a_late_refusal_does_not_undo_a_later_start(home: House) -> None:
    conversation, ada = talk(home)
    people.said("STOP")
    Consent.objects.all().delete()
    message = say(conversation, ada)
    taken = claim_next()
    assert taken is not None
    people.said("STOP")
    people.said("START")

    actions.mark_failed(message.sid, fence=taken.fence, code="21610", reason="unsubscribed")

    assert not queries.standing(conversation).opted_out


def test_other_failures_say_nothing_of_consent(home: House) -> None:
    conversation, ada = talk(home)
    message = say(conversation, ada)
    taken = claim_next()
    assert taken is not None

    actions.mark_failed(message.sid, fence=taken.fence, code="30007", reason="filtered")

    assert not Consent.objects.exists()


def test_whatsapp_is_told_and_the_telling_alone_goes_out(home: House) -> None:
    conversation, ada = talk(home, **WHATSAPP)
    waiting = say(conversation, ada)

    people.said("Baja", **WHATSAPP)

    line = Consent.objects.get()
    assert line.confirmation is not None
    assert line.confirmation.author_kind == "system"
    assert line.confirmation.body.startswith("No recibirás más")
    taken = claim_next()
    assert taken is not None
    assert taken.message_sid == line.confirmation.sid
    waiting.refresh_from_db()
    assert waiting.status == "failed"


def test_the_provider_confirms_sms_itself(home: House) -> None:
    talk(home)
    people.said("STOP")

    assert Consent.objects.get().confirmation is None
    assert Message.objects.filter(direction="outbound").count() == 0


def test_a_line_is_never_changed(home: House) -> None:
    talk(home, body="STOP")
    line = Consent.objects.get()
    line.what = "given"

    with pytest.raises(TypeError):
        line.save()


def test_outside_the_window_free_text_is_not_queued(home: House) -> None:
    conversation, ada = talk(home, **WHATSAPP)
    aged(conversation.messages.get(), hours=24)

    with refused("window-closed"):
        say(conversation, ada)

    people.said("still here", **WHATSAPP)
    assert say(conversation, ada).status == "queued"


def test_a_window_that_closes_in_the_queue_is_seen_when_the_message_is_claimed(home: House) -> None:
    conversation, ada = talk(home, **WHATSAPP)
    message = say(conversation, ada)
    aged(conversation.messages.get(index=1), hours=24)

    assert claim_next() is None

    message.refresh_from_db()
    assert (message.status, message.error_code) == ("failed", "63016")
    assert Event.objects.filter(type="message.updated", subject_sid=message.sid).latest("id").data["status"] == "failed"


def test_the_window_is_of_the_pair_of_addresses(home: House) -> None:
    conversation, ada = talk(home, **WHATSAPP)
    actions.close(conversation, actor=people.SYSTEM)
    begun = actions.start(
        conversation.address, channel="whatsapp", customer=WHATSAPP["from_address"], actor=people.SYSTEM
    )
    people.taking_part(home, "Ada", begun)

    assert say(begun, ada).status == "queued"
    aged(conversation.messages.get(), hours=25)
    with refused("window-closed"):
        say(begun, ada, "r2")


def test_sms_has_no_window(home: House) -> None:
    conversation, ada = talk(home)
    aged(conversation.messages.get(), days=400)

    assert say(conversation, ada).status == "queued"


def test_the_desk_is_told_of_window_and_consent(home: House) -> None:
    conversation, _ = talk(home, **WHATSAPP)
    talk(home)
    said = conversation.messages.get()

    shown = {row["channel"]: row for row in queries.present_conversations(home.workers["Ada"])}

    assert shown["whatsapp"]["window"] == {"closes_at": clock.iso(said.created_at + timedelta(hours=24))}
    assert (shown["sms"]["window"], shown["sms"]["opted_out"]) == (None, False)


def test_an_address_has_its_own_words(home: House) -> None:
    conversation, _ = talk(home)
    given = addresses.set_words(conversation.address, words=Words("basta  fuera"), actor=home.actor("Bo"))

    assert (given.stop_words, given.start_words) == ("BASTA FUERA", "")
    people.said("baja")
    assert not Consent.objects.exists()
    people.said("basta")
    assert Consent.objects.get().what == "withdrawn"


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (Words(stop="NO", help="no"), "stop_words"),
        (Words(start="stop"), "start_words"),
        (Words(help="X" * 201), "help_words"),
    ],
)
def test_a_word_means_one_thing(home: House, words: Words, field: str) -> None:
    address = people.address(home, "+15550008888")

    with pytest.raises(Invalid) as error:
        addresses.set_words(address, words=words, actor=home.actor("Bo"))

    assert error.value.field == field
    address.refresh_from_db()
    assert address.stop_words == "BAJA"


def test_agents_do_not_choose_the_words(home: House) -> None:
    with pytest.raises(Forbidden):
        addresses.set_words(people.address(home, "+15550008888"), words=Words(), actor=home.actor("Ada"))
