"""Every verb of calendars, and every refusal."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import override_settings

from eventlog.models import Event
from hours import actions, queries
from hours.core.document import CalendarError
from hours.models import Calendar
from hours.tests.factories import OFFICE, always, make_calendar
from kernel.actor import SYSTEM, Actor
from kernel.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from tests.people import full_house, house

pytestmark = pytest.mark.django_db


def used(_calendar: Calendar) -> str:
    return "Messages"


def unused(_calendar: Calendar) -> str:
    return ""


def events() -> list[tuple[str, Any]]:
    return [
        (event.type, event.data["version"])
        for event in Event.objects.filter(subject_sid__startswith="BC").order_by("pk")
    ]


def test_a_calendar_is_made_with_its_event() -> None:
    home = full_house()

    made = actions.create_calendar(
        home.workspace, unique_name=" support ", friendly_name=" Support ", definition=OFFICE, actor=home.actor("Bo")
    )

    assert (made.unique_name, made.friendly_name, made.version) == ("support", "Support", 1)
    (event,) = Event.objects.filter(type="calendar.created")
    assert (event.subject_sid, event.actor_sid, event.audiences) == (
        made.sid,
        home.users["Bo"].sid,
        [f"floor:{home.workspace.sid}"],
    )
    assert (event.data["unique_name"], event.data["country"]) == ("support", "ES")
    assert event.data["weekly"]["sunday"] == []


def test_new_hours_count_and_are_told() -> None:
    row = make_calendar(house().workspace)

    actions.update_calendar(row, definition={**OFFICE, "weekly": {"sunday": ["10:00-12:00"]}}, actor=SYSTEM)

    assert (row.friendly_name, row.version) == ("Support", 2)
    assert Calendar.objects.get().definition["weekly"]["monday"] == []
    assert events() == [("calendar.created", 1), ("calendar.updated", 2)]


@pytest.mark.parametrize(
    "name", ["", "day shift", "2shift", "a-b", "a.b", "not", "Contains", "é", "x" * 65, "support!"]
)
def test_names_that_no_expression_could_say_are_refused(name: str) -> None:
    with pytest.raises(Invalid) as refusal:
        make_calendar(house().workspace, name)

    assert refusal.value.field == "unique_name"
    assert not Calendar.objects.exists()


def test_a_name_that_begins_as_a_keyword_does_is_one() -> None:
    assert make_calendar(house().workspace, "inbound").unique_name == "inbound"


def test_a_taken_name_is_refused_in_any_case_and_free_elsewhere() -> None:
    home, elsewhere = house(), house("Other")
    make_calendar(home.workspace)
    sales = make_calendar(home.workspace, "sales")

    for attempt in (
        lambda: make_calendar(home.workspace, "Support"),
        lambda: actions.update_calendar(sales, unique_name="support", actor=SYSTEM),
    ):
        with pytest.raises(Conflict) as refusal:
            attempt()
        assert refusal.value.field == "unique_name"

    assert make_calendar(elsewhere.workspace).unique_name == "support"


def test_wrong_hours_are_refused_with_their_place_and_nothing_is_written() -> None:
    row = make_calendar(house().workspace)

    with pytest.raises(CalendarError) as refusal:
        actions.update_calendar(row, definition={**OFFICE, "weekly": {"monday": ["late"]}}, actor=SYSTEM)

    assert (refusal.value.field, refusal.value.path) == ("weekly", "weekly.monday")
    assert events() == [("calendar.created", 1)]


def test_a_calendar_without_a_name_is_refused() -> None:
    row = make_calendar(house().workspace)

    with pytest.raises(Invalid) as refusal:
        actions.update_calendar(row, friendly_name=" ", actor=SYSTEM)

    assert refusal.value.field == "friendly_name"


def test_an_unused_calendar_goes_with_its_event() -> None:
    row = make_calendar(house().workspace)

    actions.delete_calendar(row, actor=SYSTEM)

    assert not Calendar.objects.exists()
    assert events() == [("calendar.created", 1), ("calendar.deleted", 1)]


@override_settings(CALENDAR_USERS=["hours.tests.test_actions.unused", "hours.tests.test_actions.used"])
def test_what_something_refers_to_neither_goes_nor_changes_its_unique_name() -> None:
    row = make_calendar(house().workspace)

    for attempt in (
        lambda: actions.delete_calendar(row, actor=SYSTEM),
        lambda: actions.update_calendar(row, unique_name="help", actor=SYSTEM),
    ):
        with pytest.raises(Conflict, match="Messages refers to this calendar"):
            attempt()

    actions.update_calendar(row, unique_name="support", friendly_name="Help", actor=SYSTEM)
    assert Calendar.objects.values_list("unique_name", "friendly_name").get() == ("support", "Help")


def test_only_those_who_configure_their_own_account_may() -> None:
    home, stranger = full_house(), full_house_of("Other")
    row = make_calendar(home.workspace)
    bot = Actor("key", account_sid=home.account.sid, scopes=frozenset({"handoffs:write"}))

    for actor in (home.actor("Ada"), stranger, bot):
        for attempt in (
            lambda who: actions.update_calendar(row, friendly_name="Mine", actor=who),
            lambda who: actions.delete_calendar(row, actor=who),
            lambda who: actions.create_calendar(
                home.workspace, unique_name="mine", friendly_name="Mine", definition=OFFICE, actor=who
            ),
        ):
            with pytest.raises(Forbidden):
                attempt(actor)

    assert events() == [("calendar.created", 1)]


def full_house_of(name: str) -> Actor:
    """Somebody who supervises another company."""
    return Actor("user", role="supervisor", account_sid=house(name).account.sid)


# --- reads ---


def test_facts_are_of_the_workspace_and_always_fresh() -> None:
    home, elsewhere = house(), house("Other")
    row = make_calendar(home.workspace, **always(is_open=True))
    make_calendar(elsewhere.workspace, "other")
    at = datetime(2026, 1, 5, 10, tzinfo=UTC)

    before = queries.facts_at(home.workspace.pk, ["support", "other", "gone"], at)
    actions.update_calendar(row, definition={**OFFICE, **always(is_open=False)}, actor=SYSTEM)
    after = queries.facts_at(home.workspace.pk, ["support"], at)

    assert list(before) == ["support"]
    assert (before["support"]["open"], after["support"]["open"]) == (True, False)


def test_facts_say_all_that_expressions_may_ask() -> None:
    home = house()
    make_calendar(home.workspace)

    found = queries.facts_at(home.workspace.pk, ["support"], datetime(2026, 12, 25, 9, 0, 30, tzinfo=UTC))

    assert found == {
        "support": {
            "open": False,
            "reason": "holiday",
            "holiday": "Natividad del Señor",
            "override": None,
            "next_opening": "2026-12-28T08:00:00.000Z",
            "next_closing": "2026-12-28T17:00:00.000Z",
            "opens_in_minutes": 3 * 1440 - 60,
            "closes_in_minutes": 3 * 1440 + 8 * 60,
            "date": "2026-12-25",
            "time": "10:00",
            "weekday": "friday",
        }
    }


def test_a_calendar_is_found_by_name_or_sid_in_ones_own_account_alone() -> None:
    home, elsewhere = full_house(), house("Other")
    row = make_calendar(home.workspace)
    strange = make_calendar(elsewhere.workspace, "strange")
    ada = home.actor("Ada")

    assert queries.calendar("support", actor=ada) == queries.calendar(row.sid, actor=ada) == row
    for name in ("nothing", "strange", strange.sid):
        with pytest.raises(NotFound):
            queries.calendar(name, actor=ada)


def test_a_name_in_two_workspaces_of_the_account_is_told_apart_by_sid() -> None:
    from agents.actions import create_workspace

    home = full_house()
    first = make_calendar(home.workspace)
    make_calendar(create_workspace(account=home.account, friendly_name="Second", actor=SYSTEM))
    bo = home.actor("Bo")

    with pytest.raises(DomainError, match="Several workspaces"):
        queries.calendar("support", actor=bo)
    assert queries.calendar(first.sid, actor=bo) == first


def test_a_change_tells_what_was_before_and_nothing_is_told_where_nothing_changes() -> None:
    calendar = make_calendar(full_house().workspace)
    weekly = {**calendar.definition["weekly"], "monday": ["10:00-12:00"]}
    before = calendar.definition["weekly"]

    actions.update_calendar(calendar, definition={**calendar.definition, "weekly": weekly}, actor=SYSTEM)
    actions.update_calendar(
        calendar, friendly_name=calendar.friendly_name, definition=calendar.definition, actor=SYSTEM
    )

    event = Event.objects.get(type="calendar.updated")
    assert event.data["previous"] == {"weekly": before}
    assert event.data["weekly"]["monday"] == ["10:00-12:00"]
