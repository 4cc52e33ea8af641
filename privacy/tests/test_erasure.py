"""Erasing a person: nothing of what was said or who it was is anywhere, and nothing comes back."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage

from carriers.base import ListedMessage, StatusUpdate
from conversations import actions as conversations
from conversations import queries
from conversations.actions import services
from conversations.models import (
    Address,
    Arrival,
    Consent,
    Contact,
    Conversation,
    Identity,
    Media,
    Message,
    ScheduledMessage,
)
from conversations.queries.contacts import contact, contact_payload, search
from conversations.tests.carrier import claim_next
from eventlog.models import Event
from kernel import clock, sids
from kernel.actor import SYSTEM, Actor
from kernel.errors import Conflict, Forbidden
from privacy import actions, job
from privacy.models import DataRequest
from privacy.tests import stories
from privacy.tests.stories import Story
from tests import people
from tests.people import House
from webchat.models import Visitor

pytestmark = pytest.mark.django_db


def erased(home: House, story: Story) -> DataRequest:
    request = actions.request_erasure(story.contact, actor=home.actor("Dee"))
    job.run(request.sid)
    request.refresh_from_db()
    return request


def test_the_story_is_told_everywhere_before(home: House, story: Story) -> None:
    told = stories.everything()

    assert [word for word in stories.SECRETS if word not in told] == []


def test_nothing_is_left_in_any_table_or_file(home: House, story: Story) -> None:
    before = Message.objects.count()
    files = [story.media.file.name, story.media.thumbnail.name]
    assert all(default_storage.exists(name) for name in files)

    request = erased(home, story)

    assert (request.status, request.error) == ("done", "")
    assert stories.left() == []
    assert not any(default_storage.exists(name) for name in files)
    assert Message.objects.count() == before
    assert set(Media.objects.values_list("status", flat=True)) == {"erased"}
    assert Conversation.objects.filter(erased_at__isnull=True).count() == 0
    assert request.figures == {"identities": 2, "conversations": 2, "messages": 4, "files": 1}


def test_the_journal_says_that_it_happened_and_who_asked(home: House, story: Story) -> None:
    request = erased(home, story)

    told = Event.objects.filter(subject_sid=request.sid).order_by("id")
    assert list(told.values_list("type", "actor_sid")) == [
        ("privacy.erasure-requested", home.users["Dee"].sid),
        ("privacy.erasure-done", ""),
    ]
    merged = Event.objects.get(type="contact.merged")
    assert sorted(merged.data) == ["change_sid", "other_sid", "sid"]
    added = Event.objects.filter(type="message.added").order_by("id").first()
    assert added is not None
    assert (added.data["body"], added.data["index"], added.data["direction"]) == ("", 1, "inbound")


def test_neither_a_repeated_webhook_nor_the_providers_list_brings_it_back(home: House, story: Story) -> None:
    message = Message.objects.get(conversation=story.sms, index=1)
    erased(home, story)
    again = people.inbound("parcel-secret", provider_sid=message.provider_sid)

    assert conversations.receive(again, actor=people.CARRIER).pk == message.pk
    assert list(queries.missing([_listed(message)], provider="twilio")) == []
    assert stories.left() == []
    assert Contact.objects.filter(erased_at__isnull=True).count() == 0


def _listed(message: Message) -> ListedMessage:
    return ListedMessage(str(message.provider_sid), to_address=people.OURS, sent_at=clock.now(), params={})


def test_who_writes_again_is_somebody_new_and_still_blocked(home: House, story: Story) -> None:
    erased(home, story)

    fresh = people.said("hello").conversation.identity.contact

    assert fresh.pk != story.contact.pk
    assert fresh.blocked_at is not None
    assert fresh.blocked_reason == ""


def test_who_had_opted_out_stays_so(home: House, settings: Any) -> None:
    contact = people.said("STOP").conversation.identity.contact
    for _ in range(2):
        conversations.close(Conversation.objects.get(state="active"), actor=SYSTEM)
        request = actions.request_erasure(contact, actor=home.actor("Dee"))
        job.run(request.sid)
        conversation = people.said("hello").conversation
        contact = conversation.identity.contact
        assert queries.standing(conversation).opted_out
    assert Consent.objects.count() == 3
    assert Identity.objects.filter(address__startswith="erased:").count() == 2


def test_who_had_opted_out_stays_so_on_the_whole_telephone_line(home: House, settings: Any) -> None:
    agent = people.address(home, "rcs:brand_agent", channel="rcs")
    service = services.create_service(home.workspace, sid=sids.new("MG"), friendly_name="Shop", actor=SYSTEM)
    services.set_pool(service, addresses=[agent, Address.objects.get(address=people.OURS)], actor=SYSTEM)
    by_rcs = {"channel": "rcs", "from_address": f"rcs:{people.CUSTOMER}", "to_address": agent.address}
    staying = people.said("hello", **by_rcs).conversation
    leaving = people.said("STOP").conversation
    conversations.close(leaving, actor=SYSTEM)

    job.run(actions.request_erasure(leaving.identity.contact, actor=home.actor("Dee")).sid)

    assert queries.standing(staying).opted_out
    people.said("START", **by_rcs)
    assert not queries.standing(people.said("hello").conversation).opted_out


def test_a_copy_made_before_goes_too(home: House, story: Story) -> None:
    copy = actions.request_export(story.contact, actor=home.actor("Bo"))
    job.run(copy.sid)
    copy.refresh_from_db()
    name = copy.file.name

    erased(home, story)

    copy.refresh_from_db()
    assert (copy.status, copy.file.name) == ("expired", "")
    assert not default_storage.exists(name)


def test_only_administrators_erase(home: House, story: Story) -> None:
    stranger = people.house("Other")
    people.person(stranger, "Cy", role="admin")
    for who in (home.actor("Bo"), home.actor("Ada"), stranger.actor("Cy"), Actor("visitor")):
        with pytest.raises(Forbidden):
            actions.request_erasure(story.contact, actor=who)
    assert not DataRequest.objects.exists()
    assert stories.left(("parcel-secret",)) != []


def test_nobody_is_erased_while_an_agent_works_for_them(home: House) -> None:
    contact = people.said().conversation.identity.contact
    stories.follow_once()

    with pytest.raises(Conflict):
        actions.request_erasure(contact, actor=home.actor("Dee"))
    assert not DataRequest.objects.exists()


def test_words_that_come_meanwhile_put_it_off(home: House, story: Story) -> None:
    request = actions.request_erasure(story.contact, actor=home.actor("Dee"))
    conversations.unblock(story.contact, actor=home.actor("Bo"))
    people.said("still here")
    stories.follow_once()

    job.run(request.sid)

    request.refresh_from_db()
    assert (request.status, request.fence) == ("queued", 1)
    assert request.due_at is not None
    assert request.due_at > clock.now()
    assert Contact.objects.get(pk=story.contact.pk).erased_at is None


def test_it_is_asked_for_once_at_a_time_and_not_of_the_erased(home: House, story: Story) -> None:
    dee = home.actor("Dee")
    request = actions.request_erasure(story.contact, actor=dee)
    with pytest.raises(Conflict):
        actions.request_erasure(story.contact, actor=dee)
    job.run(request.sid)

    story.contact.refresh_from_db()
    with pytest.raises(Conflict):
        actions.request_erasure(story.contact, actor=dee)
    with pytest.raises(Conflict):
        conversations.rename_contact(story.contact, name="Back", actor=dee)


def test_an_erasure_that_died_is_taken_up_where_it_was(home: House, story: Story) -> None:
    request = actions.request_erasure(story.contact, actor=home.actor("Dee"))
    claim = actions.claim_request(request.sid)
    assert claim is not None
    assert actions.claim_request(request.sid) is None
    DataRequest.objects.update(due_at=clock.now() - timedelta(seconds=1))

    job.run(request.sid)

    request.refresh_from_db()
    assert (request.status, request.fence) == ("done", 2)
    assert actions.keep_request(claim, progress=50) is False
    assert stories.left() == []


def test_after_so_many_attempts_it_is_given_up(home: House, story: Story) -> None:
    request = actions.request_erasure(story.contact, actor=home.actor("Dee"))
    DataRequest.objects.update(fence=5)

    job.run(request.sid)

    request.refresh_from_db()
    assert (request.status, request.due_at) == ("failed", None)
    assert Event.objects.filter(type="privacy.erasure-failed").count() == 1


def test_only_the_product_itself_erases(home: House, story: Story) -> None:
    with pytest.raises(Forbidden):
        conversations.erase_conversation(story.sms, also=lambda _: None, actor=home.actor("Dee"))
    with pytest.raises(Forbidden):
        conversations.erase_contact(story.contact, also=lambda _: None, actor=home.actor("Dee"))
    opened = people.said().conversation
    with pytest.raises(Conflict):
        conversations.erase_conversation(opened, also=lambda _: None, actor=SYSTEM)


def test_a_file_that_comes_while_it_is_erased_goes_too(home: House, story: Story) -> None:
    late = Media.objects.create(message=Message.objects.get(conversation=story.sms, index=1), source_url="https://x/1")
    claimed = conversations.claim_media(late.sid)
    assert claimed is not None
    erased(home, story)

    conversations.store_media(claimed, content=stories.PNG)

    late.refresh_from_db()
    assert (late.status, late.file.name, late.source_url) == ("erased", "", "")
    assert stories.left() == []


def test_what_was_not_sent_yet_never_is(home: House, story: Story) -> None:
    waiting = Message.objects.get(conversation=story.sms, direction="outbound")
    Message.objects.filter(pk=waiting.pk).update(status="queued", due_at=clock.now(), provider_sid=None)

    erased(home, story)

    waiting.refresh_from_db()
    assert (waiting.status, waiting.due_at) == ("canceled", None)
    assert claim_next() is None


def test_what_was_to_be_said_later_never_is(home: House, story: Story) -> None:
    later = ScheduledMessage.objects.create(
        conversation=story.sms, ref="s1", author_kind="agent", body="later-secret", due_at=clock.now()
    )
    Message.objects.filter(conversation=story.sms).update(content={"variables": {"1": "later-secret"}})

    erased(home, story)

    later.refresh_from_db()
    assert (later.status, later.body) == ("canceled", "")
    assert stories.left(("later-secret",)) == []


def test_a_visitors_browser_is_forgotten(home: House) -> None:
    address = people.address(home, "webchat:shop", channel="webchat")
    talk = conversations.start(address, channel="webchat", customer="webchat:abc", name="Ana", actor=SYSTEM)
    Visitor.objects.create(address=address, conversation=talk, identity="webchat:abc", token_hash="x", name="Ana")
    conversations.close(talk, actor=SYSTEM)

    job.run(actions.request_erasure(talk.identity.contact, actor=home.actor("Dee")).sid)

    assert not Visitor.objects.exists()
    assert stories.left(("webchat:abc",)) == []


def test_the_erased_are_not_found_any_more(home: House, story: Story) -> None:
    erased(home, story)

    bo = home.actor("Bo")
    assert search("Carolina", workspace=home.workspace, actor=bo) == []
    assert search(stories.CARO, workspace=home.workspace, actor=bo) == []
    assert contact_payload(contact(story.contact.sid, actor=bo), actor=bo)["erased"] is True


def test_webhooks_that_were_set_aside_go_too(home: House, story: Story) -> None:
    now = clock.now()
    aside = {"kind": "message", "path": "/x", "received_at": now, "reason": "not-found", "body": b"parcel-secret"}
    Arrival.objects.create(key="a", line=f"{people.OURS} {people.CUSTOMER}", **aside)
    Arrival.objects.create(key="b", line=f"{people.OURS} +15550109999", **aside | {"body": b"others"})

    erased(home, story)

    assert Arrival.objects.get().key == "b"
    assert stories.left() == []


def test_a_webhook_on_its_way_puts_it_off(home: House, story: Story) -> None:
    line = f"{people.OURS} {people.CUSTOMER}"
    Arrival.objects.create(key="a", line=line, kind="message", path="/x", received_at=clock.now(), due_at=clock.now())

    assert erased(home, story).status == "queued"
    assert Arrival.objects.count() == 1


def test_a_late_receipt_tells_no_number(home: House, story: Story) -> None:
    sent = Message.objects.get(conversation=story.sms, direction="outbound")
    erased(home, story)
    receipt = StatusUpdate(provider_sid=str(sent.provider_sid), status="failed", error_code="21211")
    told = replace(receipt, error_message=f"{people.CUSTOMER} is not valid")

    conversations.apply_receipt(conversations.Receipt(sent.sid, sent.fence, told), provider="twilio")

    sent.refresh_from_db()
    assert (sent.status, sent.error_code, sent.error_message) == ("failed", "21211", "")
    assert stories.left() == []
