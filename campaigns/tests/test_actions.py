"""Each verb of a campaign, and what it must not do."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from campaigns import actions, queries, sinks, timers
from campaigns.actions import Plan, sending
from campaigns.core.lists import Columns, Given
from campaigns.models import Campaign, Pace, Recipient
from campaigns.tests.conftest import BODY, given
from conversations import actions as conversations
from conversations.models import Address, Conversation, Message, Template
from eventlog.models import Event
from hours import actions as hours
from hours.models import Calendar
from kernel import clock
from kernel.actor import SYSTEM
from kernel.errors import Conflict, Forbidden, Invalid, NotFound, StaleMove
from tests import people
from tests.people import House


def drive(campaign: Campaign) -> int:
    """All that the sender's pace lets through, as if no time passed between two looks."""
    done = 0
    while True:
        Pace.objects.update(next_at=clock.now() - timedelta(seconds=1))
        Campaign.objects.filter(pk=campaign.pk, due_at__isnull=False).update(due_at=clock.now() - timedelta(seconds=1))
        taken = actions.send_some(campaign.sid)
        done += taken
        if not taken:
            return done


def results(campaign: Campaign) -> dict[str, int]:
    campaign.refresh_from_db()
    return {name: count for name, count in queries.progress(campaign)["results"].items() if count}


# --- drafts ---


def test_a_draft_sends_nothing(home: House, draft: Campaign) -> None:
    actions.add_recipients(draft, given(3), actor=home.actor("Bo"))

    assert actions.send_some(draft.sid) == 0
    timers.drive(clock.now())

    assert not Message.objects.exists()
    assert draft.state == "draft"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"body": ""}, "body"),
        ({"body": "x" * 1601}, "body"),
        ({"body": "Hello {{first name}}"}, "body"),
        ({"rate": 0}, "rate"),
        ({"rate": 101}, "rate"),
    ],
)
def test_a_plan_that_makes_no_sense_names_its_field(
    home: House, ours: Address, changes: dict[str, Any], field: str
) -> None:
    plan = {"name": "R", "address": ours, "body": "Hi"} | changes

    with pytest.raises(Invalid) as refused:
        actions.create_campaign(home.workspace, plan=Plan(**plan), actor=home.actor("Bo"))

    assert refused.value.field == field
    assert not Campaign.objects.exists()


def test_a_foreign_address_is_refused(home: House) -> None:
    theirs = people.address(people.house("Other"), "+15550009999")

    with pytest.raises(Invalid) as refused:
        actions.create_campaign(home.workspace, plan=Plan("R", theirs, "Hi"), actor=home.actor("Bo"))

    assert refused.value.field == "address"


def test_only_who_may_touches_a_campaign(home: House, draft: Campaign) -> None:
    stranger = people.house("Other")
    people.person(stranger, "Cy", role="supervisor")

    for who in (home.actor("Ada"), stranger.actor("Cy")):
        # It has no rows yet, which nobody else is to learn.
        for verb in (actions.start, actions.pause, actions.resume, actions.cancel, actions.delete_campaign):
            with pytest.raises(Forbidden):
                verb(draft, actor=who)
        with pytest.raises(Forbidden):
            actions.add_recipients(draft, given(1), actor=who)
    with pytest.raises(NotFound):
        queries.campaign(draft.sid, actor=stranger.actor("Cy"))

    draft.refresh_from_db()
    assert (draft.state, draft.recipients.count()) == ("draft", 0)


def test_a_list_is_checked_and_its_good_rows_taken(home: House, draft: Campaign) -> None:
    sheet = "Phone,Who,Hour\n+15550100001,Ana,10:30\nnope,Ben,11:00\n+15550100003,Cy,12:00\n"
    plan = Plan("Reminders", draft.address, BODY, rate=5)
    actions.update_campaign(draft, plan=plan, sheet=sheet.encode(), sheet_name="l.csv", actor=home.actor("Bo"))
    draft.refresh_from_db()
    columns = Columns("Phone", {"name": "Who", "time": "Hour"})
    people.said("STOP", from_address="+15550100003")

    found = actions.check_list(draft, columns, actor=home.actor("Bo"))
    assert not Recipient.objects.exists()
    taken = actions.take_list(draft, columns, actor=home.actor("Bo"))

    assert taken == found
    assert [(bad.line, bad.code) for bad in found.bad] == [(3, "bad-address"), (4, "opted-out")]
    row = Recipient.objects.get()
    assert (row.line, row.address, row.variables) == (2, "+15550100001", {"name": "Ana", "time": "10:30"})
    draft.refresh_from_db()
    assert (draft.sheet, draft.rate) == ("", 5)
    with pytest.raises(Conflict, match="no list"):
        actions.take_list(draft, columns, actor=home.actor("Bo"))


def test_every_place_needs_a_column(home: House, draft: Campaign) -> None:
    plan = Plan("Reminders", draft.address, BODY)
    actions.update_campaign(draft, plan=plan, sheet=b"Phone,Who\n+15550100001,Ana\n", actor=home.actor("Bo"))
    draft.refresh_from_db()

    with pytest.raises(Invalid) as refused:
        actions.check_list(draft, Columns("Phone", {"name": "Who"}), actor=home.actor("Bo"))

    assert refused.value.field == "column_time"
    with pytest.raises(Invalid, match="no column Nope"):
        actions.check_list(draft, Columns("Nope"), actor=home.actor("Bo"))
    with pytest.raises(Invalid) as refused:
        actions.update_campaign(draft, plan=plan, sheet=b"\x89PNG\0\0", actor=home.actor("Bo"))
    assert refused.value.field == "file"


def test_a_customer_has_one_place_in_a_campaign(home: House, draft: Campaign) -> None:
    actions.add_recipients(draft, given(2), actor=home.actor("Bo"))

    bad = actions.add_recipients(draft, given(3), actor=home.actor("Bo"))

    assert [(row.code, row.about) for row in bad] == [("twice", "1"), ("twice", "2")]
    assert Recipient.objects.count() == 3


def test_the_text_stays_once_rows_were_checked_against_it(home: House, draft: Campaign) -> None:
    actions.add_recipients(draft, given(1), actor=home.actor("Bo"))

    with pytest.raises(Conflict):
        actions.update_campaign(draft, plan=Plan("R", draft.address, "Other"), actor=home.actor("Bo"))

    changed = actions.update_campaign(draft, plan=Plan("R", draft.address, BODY, rate=9), actor=home.actor("Bo"))
    assert (changed.name, changed.rate, changed.body) == ("R", 9, BODY)


def test_the_same_ref_is_the_same_campaign(home: House, ours: Address) -> None:
    plan = Plan("R", ours, "Hi")
    first = actions.create_campaign(home.workspace, plan=plan, ref="june", actor=home.actor("Bo"))

    assert actions.create_campaign(home.workspace, plan=plan, ref="june", actor=home.actor("Bo")) == first
    assert Campaign.objects.count() == 1


# --- under way ---


def test_each_customer_gets_the_text_with_their_own_words(running: Campaign) -> None:
    assert drive(running) == 3

    rows = list(Message.objects.order_by("id"))
    assert [row.body for row in rows] == [f"Hello N{n}, your appointment is at 10:30." for n in (1, 2, 3)]
    assert {(row.author_kind, row.author_name, row.status) for row in rows} == {("campaign", "Reminders", "queued")}
    talk = rows[0].conversation
    assert talk.attributes["campaign"] == {"sid": running.sid, "name": "Reminders"}
    assert talk.identity.contact.name == "N1"
    assert results(running) == {"queued": 3}
    assert running.state == "finished"
    assert Event.objects.filter(type="campaign.finished", subject_sid=running.sid).count() == 1


def test_a_campaign_without_rows_does_not_start(home: House, draft: Campaign) -> None:
    with pytest.raises(Conflict):
        actions.start(draft, actor=home.actor("Bo"))

    draft.refresh_from_db()
    assert draft.state == "draft"


def test_it_waits_for_its_time(home: House, draft: Campaign) -> None:
    Campaign.objects.filter(pk=draft.pk).update(start_at=clock.now() + timedelta(hours=2))
    draft.refresh_from_db()
    actions.add_recipients(draft, given(1), actor=home.actor("Bo"))
    actions.start(draft, actor=home.actor("Bo"))

    assert actions.send_some(draft.sid) == 0
    assert queries.due(clock.now(), limit=9) == []
    assert queries.due(clock.now() + timedelta(hours=2, seconds=1), limit=9) == [draft.sid]
    assert not Message.objects.exists()


def test_it_keeps_to_its_hours(home: House, draft: Campaign) -> None:
    never = {"time_zone": "UTC", "weekly": {}}
    calendar = hours.create_calendar(
        home.workspace, unique_name="office", friendly_name="Office", definition=never, actor=SYSTEM
    )
    Campaign.objects.filter(pk=draft.pk).update(calendar=calendar)
    actions.add_recipients(draft, given(1), actor=home.actor("Bo"))
    draft.refresh_from_db()
    actions.start(draft, actor=home.actor("Bo"))

    assert actions.send_some(draft.sid) == 0

    draft.refresh_from_db()
    assert draft.state == "running"
    assert draft.due_at is not None
    assert timedelta(minutes=4) < draft.due_at - clock.now() <= timedelta(minutes=5)
    assert not Message.objects.exists()
    assert queries.campaign_asking(Calendar.objects.get()) == "Reminders"


def test_pause_holds_it_and_resume_goes_on(home: House, running: Campaign, monkeypatch) -> None:
    monkeypatch.setattr(sending, "BATCH", 1)
    assert actions.send_some(running.sid) == 1
    actions.pause(running, actor=home.actor("Bo"))

    assert drive(running) == 0
    assert results(running) == {"queued": 1, "waiting": 2}

    actions.resume(running, actor=home.actor("Bo"))
    assert drive(running) == 2
    assert results(running) == {"queued": 3}


def test_cancel_takes_no_more(home: House, running: Campaign, monkeypatch) -> None:
    monkeypatch.setattr(sending, "BATCH", 1)
    actions.send_some(running.sid)

    actions.cancel(running, actor=home.actor("Bo"))

    assert drive(running) == 0
    assert results(running) == {"queued": 1, "canceled": 2}
    for verb in (actions.resume, actions.start, actions.pause, actions.cancel):
        with pytest.raises(StaleMove):
            verb(running, actor=home.actor("Bo"))


def test_a_sender_keeps_its_pace_over_all_its_campaigns(home: House, ours: Address, monkeypatch) -> None:
    both = []
    for name in ("one", "two"):
        made = actions.create_campaign(home.workspace, plan=Plan(name, ours, "Hi", rate=2), actor=home.actor("Bo"))
        actions.add_recipients(made, given(20), actor=home.actor("Bo"))
        both.append(actions.start(made, actor=home.actor("Bo")))
    now = clock.now() + timedelta(seconds=1)
    monkeypatch.setattr(sending, "database_now", lambda: now)

    assert [actions.send_some(campaign.sid) for campaign in both] == [1, 0]

    assert Pace.objects.get().next_at == now + timedelta(seconds=0.5)
    assert [*Campaign.objects.values_list("due_at", flat=True)] == [now + timedelta(seconds=0.5)] * 2
    # Whoever was held up catches up on one second, not on an hour.
    Pace.objects.update(next_at=now - timedelta(hours=1))
    Campaign.objects.update(due_at=now)
    assert actions.send_some(both[0].sid) == 3


def test_who_opted_out_meanwhile_is_skipped_without_a_trace(running: Campaign) -> None:
    people.said("STOP", from_address="+15550100002")
    talks = Conversation.objects.count()

    assert drive(running) == 3

    assert results(running) == {"queued": 2, "skipped": 1}
    row = Recipient.objects.get(state="skipped")
    assert (row.address, row.reason, row.message) == ("+15550100002", "opted-out", None)
    assert Conversation.objects.count() == talks + 2
    assert not Conversation.objects.get(identity__address="+15550100002").attributes


def test_free_text_by_whatsapp_goes_only_to_open_windows(home: House) -> None:
    sender = people.address(home, "whatsapp:+15550002000", channel="whatsapp")
    made = actions.create_campaign(home.workspace, plan=Plan("W", sender, "Hi", rate=100), actor=home.actor("Bo"))
    rows = [Given(1, "+15550100001", {}), Given(2, "+15550100002", {})]
    assert actions.add_recipients(made, rows, actor=home.actor("Bo")) == ()
    people.said(channel="whatsapp", from_address="whatsapp:+15550100001", to_address="whatsapp:+15550002000")
    actions.start(made, actor=home.actor("Bo"))

    drive(made)

    assert results(made) == {"queued": 1, "skipped": 1}
    assert Recipient.objects.get(state="skipped").reason == "window-closed"


def test_a_template_goes_to_closed_windows_with_each_rows_values(home: House, settings) -> None:
    sender = people.address(home, "whatsapp:+15550002000", channel="whatsapp")
    template = Template.objects.create(
        sid="HX" + "a" * 32,
        account_sid=settings.TWILIO_ACCOUNT_SID,
        name="reminder",
        language="en",
        types={"twilio/text": {"body": "Hello {{1}}, see you at {{2}}."}},
        state="approved",
        words="reminder",
    )
    plan = Plan("T", sender, "", rate=100, content_sid=template.sid)
    made = actions.create_campaign(home.workspace, plan=plan, actor=home.actor("Bo"))
    assert (made.body, made.places) == ("Hello {{1}}, see you at {{2}}.", ["1", "2"])
    rows = [Given(1, "+15550100001", {"1": "Ana", "2": "10:30"}), Given(2, "+15550100002", {"1": "Ben"})]
    assert [(bad.line, bad.code) for bad in actions.add_recipients(made, rows, actor=home.actor("Bo"))] == [
        (2, "missing")
    ]
    actions.start(made, actor=home.actor("Bo"))

    drive(made)

    message = Message.objects.get(author_kind="campaign")
    assert (message.body, message.content_sid) == ("Hello Ana, see you at 10:30.", template.sid)
    Template.objects.update(state="rejected")
    with pytest.raises(Invalid) as refused:
        actions.create_campaign(home.workspace, plan=plan, actor=home.actor("Bo"))
    assert refused.value.field == "content_sid"


def test_what_became_of_each_row_is_the_messages_to_say(running: Campaign) -> None:
    drive(running)
    for number, status in enumerate(("delivered", "undelivered", "read"), start=1):
        Message.objects.filter(campaign_recipient__line=number).update(status=status, error_code="30003")

    assert results(running) == {"delivered": 2, "failed": 1}
    assert [row.line for row in queries.recipients(running, result="failed")] == [2]
    assert [row.line for row in queries.recipients(running, result="delivered")] == [1, 3]


# --- answers ---


def heard(message: Message) -> None:
    """The log tells the sink of the message, as the relay does."""
    event = Event.objects.get(type="message.added", subject_sid=message.sid)
    told: Any = SimpleNamespace(type=event.type, subject_sid=event.subject_sid, data=event.data)
    sink = sinks.Replies("campaigns.sinks.Replies")
    for one in sink.sift([told] if sink.wants(told) else []):
        sink.handle(one)


def test_an_answer_is_noted_on_its_row_once(running: Campaign) -> None:
    drive(running)
    first = people.said("Yes, thank you", from_address="+15550100001")
    heard(first)
    heard(people.said("And one more thing", from_address="+15550100001"))
    heard(people.said("Who is this", from_address="+15550109999"))

    row = Recipient.objects.get(replied_at__isnull=False)
    assert (row.line, row.replied_at) == (1, first.created_at)
    assert queries.progress(running)["replied"] == 1
    assert first.conversation.attributes["campaign"]["name"] == "Reminders"


def test_the_newest_campaign_is_the_one_that_is_answered(home: House, ours: Address, running: Campaign) -> None:
    drive(running)
    later = actions.create_campaign(home.workspace, plan=Plan("Later", ours, "Again", rate=9), actor=home.actor("Bo"))
    actions.add_recipients(later, given(1), actor=home.actor("Bo"))
    actions.start(later, actor=home.actor("Bo"))
    drive(later)

    heard(people.said("Yes", from_address="+15550100001"))

    assert Recipient.objects.get(replied_at__isnull=False).campaign == later


# --- nobody twice ---


def test_a_second_pump_takes_nothing_while_the_first_is_at_it(running: Campaign) -> None:
    Campaign.objects.filter(pk=running.pk).update(lease_until=clock.now() + timedelta(seconds=20))

    assert actions.send_some(running.sid) == 0
    assert not Message.objects.exists()


def test_a_pump_that_lost_its_lease_takes_nothing_more(running: Campaign, monkeypatch) -> None:
    said = sending._said

    def overtaken(campaign: Campaign, row: Recipient, sender: Address) -> Message:
        message = said(campaign, row, sender)
        Campaign.objects.filter(pk=campaign.pk).update(fence=99)
        return message

    monkeypatch.setattr(sending, "_said", overtaken)

    assert actions.send_some(running.sid) == 1

    assert Message.objects.count() == 1
    running.refresh_from_db()
    assert (running.state, running.fence) == ("running", 99)


def test_a_death_between_any_two_lines_doubles_nothing(running: Campaign, monkeypatch) -> None:
    """A pump dies while it takes the second row: before the message, after it, and after the row was written."""
    places = [(conversations, "start"), (conversations, "post"), (sending.clock, "now")]
    for module, name in places:
        real = getattr(module, name)

        def killed(*args: Any, real: Any = real, **kwargs: Any) -> Any:
            real(*args, **kwargs)
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(module, name, killed)
            with pytest.raises(KeyboardInterrupt):
                actions.send_some(running.sid)
        assert not Message.objects.exists()
        Campaign.objects.filter(pk=running.pk).update(lease_until=clock.now() - timedelta(seconds=1))

    assert drive(running) == 3

    assert Message.objects.count() == 3
    assert Conversation.objects.count() == 3
    assert results(running) == {"queued": 3}


def test_the_rows_alone_say_who_is_left(running: Campaign) -> None:
    """The same row handed to two senders at once: the second finds it taken."""
    row = Recipient.objects.order_by("id").first()
    assert row is not None
    Campaign.objects.filter(pk=running.pk).update(fence=1)
    running.refresh_from_db()
    Pace.objects.create(address=running.address, next_at=clock.now() - timedelta(seconds=1))

    assert sending._take(running, row.pk, running.sender) is None
    assert sending._take(running, row.pk, running.sender) is None

    assert Message.objects.count() == 1


def test_an_erased_customer_is_on_no_list_and_gets_nothing(running: Campaign) -> None:
    actions.forget_customers(["+15550100002"])

    drive(running)

    row = Recipient.objects.get(line=2)
    assert (row.address, row.variables, row.state, row.reason) == (f"erased:{row.pk}", {}, "skipped", "erased")
    assert results(running) == {"queued": 2, "skipped": 1}
    assert not Conversation.objects.filter(identity__address="+15550100002").exists()


def test_a_campaign_under_way_is_not_deleted(home: House, running: Campaign) -> None:
    with pytest.raises(Conflict):
        actions.delete_campaign(running, actor=home.actor("Bo"))
    drive(running)
    running.refresh_from_db()

    actions.delete_campaign(running, actor=home.actor("Bo"))

    assert not Recipient.objects.exists()
    assert Message.objects.count() == 3


def test_an_erased_customer_is_on_no_list_that_waits_to_be_taken(home: House, draft: Campaign) -> None:
    sheet = "Who;Phone;Hour\nAna;+1 (555) 010-0001;10:30\nBo;555 010 0002;11:00\n\nCy;5550100003;12:00\n"
    plan = Plan(draft.name, draft.address, draft.body)
    actions.update_campaign(draft, plan=plan, sheet=sheet.encode(), sheet_name="l.csv", actor=home.actor("Bo"))

    actions.forget_customers(["+15550100001", "whatsapp:+15550100002"])

    draft.refresh_from_db()
    assert draft.sheet == "Who;Phone;Hour\n\n\n\nCy;5550100003;12:00\n"
    columns = Columns("Phone", {"name": "Who", "time": "Hour"}, country="US")
    actions.take_list(draft, columns, actor=home.actor("Bo"))
    # The others keep the lines that they have in the file.
    assert list(Recipient.objects.values_list("line", "address")) == [(5, "+15550100003")]


def test_a_list_of_which_nobody_is_left_is_put_away(home: House, draft: Campaign) -> None:
    plan = Plan(draft.name, draft.address, draft.body)
    sheet = b"Phone,Who,Hour\n+15550100001,Ana,10:30\n"
    actions.update_campaign(draft, plan=plan, sheet=sheet, sheet_name="l.csv", actor=home.actor("Bo"))

    actions.forget_customers(["+15550100001"])

    draft.refresh_from_db()
    assert draft.sheet == ""
    with pytest.raises(Conflict):
        actions.take_list(draft, Columns("Phone", {"name": "Who", "time": "Hour"}), actor=home.actor("Bo"))
