"""How long a workspace keeps what was said: looked at first, switched on by hand, erased a little at a time."""

from datetime import timedelta
from typing import Any

import pytest

from conversations import actions as conversations
from conversations.actions import inbox
from conversations.models import Arrival, Conversation, Message
from eventlog.models import Event
from kernel import clock
from kernel.actor import SYSTEM
from kernel.errors import Conflict, Forbidden, Invalid
from privacy import actions, queries, timers
from privacy.models import Retention
from privacy.tests import stories
from privacy.tests.stories import Story
from tests import people
from tests.people import House

pytestmark = pytest.mark.django_db


def aged(conversation: Conversation, *, days: float) -> None:
    Conversation.objects.filter(pk=conversation.pk).update(closed_at=clock.now() - timedelta(days=days))


def rule(home: House, *, days: int = 30, on: bool = True) -> Retention:
    made = actions.save_retention(home.workspace, days=days, actor=home.actor("Dee"))
    if on:
        actions.switch_retention(made, on=True, seen=queries.outlived_count(made), actor=home.actor("Dee"))
    return made


def test_what_is_older_loses_its_words_and_the_rest_does_not(home: House, story: Story) -> None:
    aged(story.sms, days=31)
    aged(story.whatsapp, days=29)
    made = rule(home)

    timers.keep_no_longer(clock.now())

    said = stories.left(("parcel-secret", "letter-secret", "handed-secret"))
    assert said == []
    assert stories.left(("voucher-secret",)) != []
    story.contact.refresh_from_db()
    assert (story.contact.name, story.contact.erased_at) == (stories.NAME, None)
    made.refresh_from_db()
    assert made.erased == 1
    assert Event.objects.filter(type="conversation.erased").values_list("subject_sid", flat=True).get() == story.sms.sid


def test_a_rule_that_is_off_erases_nothing(home: House, story: Story) -> None:
    aged(story.sms, days=31)
    rule(home, on=False)

    assert timers.keep_no_longer(clock.now()) is False
    assert stories.left(("parcel-secret",)) != []


def test_open_conversations_and_open_tasks_keep_their_words(home: House) -> None:
    conversation = people.said("parcel-secret").conversation
    stories.follow_once()
    rule(home)
    assert queries.outlived(Retention.objects.get(), now=clock.now() + timedelta(days=99), limit=10) == []

    conversations.close(conversation, actor=SYSTEM)

    assert queries.outlived(Retention.objects.get(), now=clock.now() + timedelta(days=99), limit=10) == []


def test_the_sweep_takes_a_few_and_says_that_there_is_more(home: House) -> None:
    for number in range(12):
        talk = people.said("parcel-secret", from_address=f"+1555010{number:04d}").conversation
        conversations.close(talk, actor=SYSTEM)
        aged(talk, days=31)
    rule(home)

    assert timers.keep_no_longer(clock.now()) is True
    assert Message.objects.filter(body="").count() == 10
    assert timers.keep_no_longer(clock.now()) is True
    assert timers.keep_no_longer(clock.now()) is False
    assert Message.objects.exclude(body="").count() == 0


def test_another_workspace_is_not_touched(home: House) -> None:
    other = people.house("Other")
    people.address(other, "+15557770000")
    talk = people.said("theirs", to_address="+15557770000").conversation
    conversations.close(talk, actor=SYSTEM)
    aged(talk, days=400)
    rule(home)

    timers.keep_no_longer(clock.now())

    assert Message.objects.get().body == "theirs"


@pytest.mark.parametrize("days", [0, 3651])
def test_days_have_bounds(home: House, days: int) -> None:
    with pytest.raises(Invalid, check=lambda error: error.field == "days"):
        rule(home, days=days)
    assert not Retention.objects.exists()


def test_only_administrators_set_and_switch(home: House) -> None:
    made = rule(home, on=False)
    for name in ("Ada", "Bo"):
        with pytest.raises(Forbidden):
            actions.save_retention(home.workspace, days=5, actor=home.actor(name))
        with pytest.raises(Forbidden):
            actions.switch_retention(made, on=True, seen=0, actor=home.actor(name))
    made.refresh_from_db()
    assert (made.days, made.active) == (30, False)


def test_it_is_switched_on_by_who_has_seen_how_much_it_erases(home: House, story: Story) -> None:
    made = rule(home, on=False)
    aged(story.sms, days=31)

    for seen in (0, None, 2):
        with pytest.raises(Conflict):
            actions.switch_retention(made, on=True, seen=seen, actor=home.actor("Dee"))
    actions.switch_retention(made, on=True, seen=1, actor=home.actor("Dee"))

    assert Retention.objects.get().active
    with pytest.raises(Conflict):
        actions.switch_retention(made, on=True, seen=1, actor=home.actor("Dee"))


def test_fewer_days_switch_it_off_and_more_do_not(home: House) -> None:
    rule(home)
    assert actions.save_retention(home.workspace, days=60, actor=home.actor("Dee")).active is True
    assert actions.save_retention(home.workspace, days=59, actor=home.actor("Dee")).active is False
    told: list[Any] = list(
        Event.objects.filter(type__startswith="retention.").order_by("id").values_list("type", flat=True)
    )
    assert told == ["retention.saved", "retention.switched-on", "retention.saved", "retention.saved"]


def aside(key: str, *, days: float, ours: str = people.OURS, waits: bool = False) -> None:
    at = clock.now()
    state = {"due_at": at, "reason": ""} if waits else {"due_at": None, "reason": "not-found"}
    Arrival.objects.create(
        key=key, kind="message", line=f"{ours} {key}", ours=ours, path="/x", body=b"parcel-secret",
        received_at=at - timedelta(days=days), **state,
    )  # fmt: skip


def keys() -> list[str]:
    return sorted(Arrival.objects.values_list("key", flat=True))


def test_webhooks_that_were_set_aside_go_by_the_rule_and_those_that_wait_do_not(home: House) -> None:
    other = people.house("Other")
    people.address(other, "+15557770000")
    aside("old", days=31)
    aside("young", days=29)
    aside("waits", days=31, waits=True)
    aside("theirs", days=31, ours="+15557770000")
    made = rule(home)

    assert queries.outlived_arrivals_count(made) == 1
    assert timers.keep_no_longer(clock.now()) is True

    assert keys() == ["theirs", "waits", "young"]
    made.refresh_from_db()
    assert made.erased == 0  # Conversations alone are counted.


def test_what_came_for_nobody_goes_by_the_rule_that_keeps_longest(home: House) -> None:
    other = people.house("Other")
    people.person(other, "Eve", role="admin")
    longer = actions.save_retention(other.workspace, days=60, actor=other.actor("Eve"))
    actions.switch_retention(longer, on=True, seen=0, actor=other.actor("Eve"))
    aside("stray-31", days=31, ours="+15550000000")
    aside("stray-61", days=61, ours="+15550000000")
    rule(home)

    timers.keep_no_longer(clock.now())

    assert keys() == ["stray-31"]


def test_a_rule_that_is_off_keeps_webhooks(home: House) -> None:
    aside("old", days=31)
    rule(home, on=False)

    timers.keep_no_longer(clock.now())

    assert keys() == ["old"]


def test_only_the_product_itself_drops_webhooks(home: House) -> None:
    aside("old", days=31)

    with pytest.raises(Forbidden):
        inbox.drop(list(Arrival.objects.all()), actor=home.actor("Dee"))

    assert keys() == ["old"]
