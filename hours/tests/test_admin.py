"""Business calendars in the admin."""

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from eventlog.models import Event
from hours import editor
from hours.core.calendar import Block
from hours.core.document import read
from hours.core.plan import plan
from hours.models import Calendar
from hours.tests.factories import OFFICE, always, make_calendar
from tests.office import enter
from tests.people import House, full_house, house

pytestmark = pytest.mark.django_db

MONDAY_MORNING = datetime(2026, 1, 5, 9, tzinfo=UTC)


def given(**changes: Any) -> dict[str, Any]:
    """A filled page: two blocks on Monday, one on Friday, one exception."""
    return {
        "friendly_name": "Support",
        "unique_name": "support",
        "time_zone": "Europe/Madrid",
        "weekly-monday-0-from": "09:00",
        "weekly-monday-0-until": "13:00",
        "weekly-monday-new3-from": "14:00",
        "weekly-monday-new3-until": "18:00",
        "weekly-friday-0-from": "22:00",
        "weekly-friday-0-until": "02:00",
        "holidays-country": "ES",
        "holidays-subdivision": "MD",
        "holidays-worked_holidays": ["Viernes Santo"],
        "overrides-new1-name": "Eve",
        "overrides-new1-first": "2026-12-24",
        "overrides-new1-last": "",
        "overrides-new1-yearly": "on",
        "overrides-new1-new2-from": "10:00",
        "overrides-new1-new2-until": "00:00",
        **changes,
    }


def save(client: Client, row: Calendar | None = None, **changes: Any) -> Any:
    name = "admin:hours_calendar"
    address = reverse(f"{name}_change", args=[row.pk]) if row else reverse(f"{name}_add")
    return client.post(address, given(**changes))


def problems(response: Any) -> dict[str, str]:
    return {field: texts[0] for field, texts in response.context["adminform"].form.errors.items()}


def test_a_new_calendar_is_saved_by_the_action() -> None:
    home = full_house()

    response = save(enter(home, "Bo"))

    saved = Calendar.objects.get()
    assert response.status_code == 302
    assert (saved.unique_name, saved.friendly_name, saved.workspace) == ("support", "Support", home.workspace)
    assert saved.definition["weekly"]["monday"] == ["09:00-13:00", "14:00-18:00"]
    assert saved.definition["weekly"]["friday"] == ["22:00-02:00"]
    assert (saved.definition["country"], saved.definition["subdivision"]) == ("ES", "MD")
    assert saved.definition["worked_holidays"] == ["Viernes Santo"]
    assert saved.definition["overrides"] == [
        {"name": "Eve", "first": "2026-12-24", "last": "2026-12-24", "yearly": True, "hours": ["10:00-24:00"]}
    ]
    assert Event.objects.get(type="calendar.created").actor_sid == home.users["Bo"].sid


def test_what_the_page_shows_is_saved_unchanged() -> None:
    home = full_house()
    client = enter(home, "Bo")
    save(client)
    row = Calendar.objects.get()

    page = client.get(reverse("admin:hours_calendar_change", args=[row.pk]))

    form = page.context["adminform"].form
    shown = {
        **form.fields["holidays"].initial,
        **{name: form.fields[name].initial for name in ("time_zone", "weekly", "overrides")},
    }
    assert shown == row.definition
    assert 'value="22:00"' in page.text
    assert 'value="2026-12-24"' in page.text
    save(client, row)
    row.refresh_from_db()
    assert (row.definition, row.version) == (shown, 1)


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"weekly-monday-0-until": "15:00"}, "weekly", "Monday: 09:00-15:00 and 14:00-18:00 overlap."),
        ({"weekly-monday-0-until": ""}, "weekly", "Monday: Hours such as"),
        ({"overrides-new1-name": ""}, "overrides", "Exception 1: Give a name"),
        ({"overrides-new1-first": ""}, "overrides", "Exception 1: A date such as"),
        ({"holidays-subdivision": "TX"}, "holidays", "ES has no part TX."),
        ({"time_zone": "Mars/Olympus"}, "time_zone", "Select a valid choice"),
        ({"unique_name": "day shift"}, "unique_name", "Use letters, digits"),
    ],
)
def test_a_refusal_stands_at_its_place_and_what_was_typed_stays(
    changes: dict[str, Any], field: str, words: str
) -> None:
    response = save(enter(full_house(), "Bo"), **changes)

    assert words in problems(response)[field]
    assert 'value="22:00"' in response.text
    assert not Calendar.objects.exists()


def test_a_taken_name_is_refused_at_its_field() -> None:
    home = full_house()
    make_calendar(home.workspace)

    response = save(enter(home, "Bo"), unique_name="Support")

    assert problems(response) == {"unique_name": "The name Support is taken."}


def test_a_calendar_that_a_workflow_asks_is_not_deleted() -> None:
    from routing.tests.factories import make_queue, make_workflow

    home = full_house()
    row = make_calendar(home.workspace)
    queue = make_queue(home.workspace)
    make_workflow(home.workspace, ("calendar.support.open == true", [{"queue": queue.sid}]))

    response = enter(home, "Bo").post(
        reverse("admin:hours_calendar_delete", args=[row.pk]), {"post": "yes"}, follow=True
    )

    assert "Messages refers to this calendar." in response.text
    assert Calendar.objects.filter(pk=row.pk).exists()


def test_an_unused_calendar_is_deleted_by_the_action() -> None:
    home = full_house()
    row = make_calendar(home.workspace)

    enter(home, "Bo").post(reverse("admin:hours_calendar_delete", args=[row.pk]), {"post": "yes"})

    assert not Calendar.objects.exists()
    assert Event.objects.filter(type="calendar.deleted").exists()


def test_the_list_says_what_is_open_why_not_and_until_when() -> None:
    home = full_house()
    make_calendar(home.workspace)
    make_calendar(home.workspace, "ever", **always(is_open=True))

    with time_machine.travel(datetime(2026, 12, 25, 9, tzinfo=UTC), tick=False):
        text = enter(home, "Bo").get(reverse("admin:hours_calendar_changelist")).text

    assert "closed (Natividad del Señor)" in text
    assert "opens Mon 28 Dec, 09:00" in text
    assert "stays so for a year" in text


def preview(client: Client, **changes: Any) -> str:
    with time_machine.travel(MONDAY_MORNING, tick=False):
        return client.post(reverse("admin:hours_calendar_preview"), given(**changes)).text


def test_the_next_two_weeks_follow_what_is_typed() -> None:
    text = preview(enter(full_house(), "Bo"))

    assert "open now" in text
    assert "closes Mon 5 Jan, 13:00" in text
    assert "Mon 5 Jan, 10:00 (Europe/Madrid)" in text
    assert text.count("<li") == 14
    assert '<rect class="cc-span" x="540" width="240"' in text
    assert "Epifanía del Señor" in text  # Tuesday
    assert not Calendar.objects.exists()


def test_the_preview_says_what_cannot_be_read() -> None:
    text = preview(enter(full_house(), "Bo"), **{"weekly-monday-0-until": "15:00"})

    assert "Monday: 09:00-15:00 and 14:00-18:00 overlap." in text


def test_parts_and_holidays_follow_the_country() -> None:
    client = enter(full_house(), "Bo")
    address = reverse("admin:hours_calendar_holidays")

    with time_machine.travel(MONDAY_MORNING, tick=False):
        spain = client.get(address, {"country": "ES", "subdivision": "CT", "worked": "Viernes Santo"}).text
        nowhere = client.get(address, {"country": "XX"}).text

    assert 'value="Viernes Santo" checked' in spain
    assert "Fiesta Nacional de Cataluña" in spain
    assert '<option value="CT" selected' in spain
    assert "<input" not in nowhere


def test_agents_and_strangers_see_nothing() -> None:
    home, other = full_house(), full_house_elsewhere()
    row = make_calendar(home.workspace)
    ada, stranger = enter(home, "Ada"), enter(other, "Sol")
    pages = [
        reverse("admin:hours_calendar_changelist"),
        reverse("admin:hours_calendar_preview"),
        reverse("admin:hours_calendar_holidays"),
    ]

    assert [ada.get(page).status_code for page in pages] == [302, 302, 302]
    assert stranger.get(reverse("admin:hours_calendar_change", args=[row.pk])).status_code == 404
    assert save(stranger, row).status_code == 404
    assert ">support</code>" not in stranger.get(pages[0]).text
    assert ">support</code>" in enter(home, "Bo").get(pages[0]).text


def full_house_elsewhere() -> House:
    from tests.people import person

    other = house("Other")
    person(other, "Sol", role="supervisor")
    return other


# --- the pieces ---


def test_rows_that_were_emptied_are_dropped() -> None:
    rows = editor.posted_rows(
        {"o-1-name": "", "o-1-first": "", "o-1-0-from": "", "o-1-0-until": "", "o-2-name": "Fair", "x-3-name": "no"},
        "o",
    )

    assert editor.overrides_of(rows) == [{"name": "Fair", "first": "", "last": "", "yearly": False, "hours": []}]


def test_a_plan_shows_the_night_before_and_the_change_of_clocks() -> None:
    nights = read({**OFFICE, "country": "", "weekly": {"saturday": ["22:00-02:00"]}})

    saturday, sunday, monday = plan(nights, datetime(2026, 3, 28, 12, tzinfo=UTC), days=3)

    assert (saturday.shown, saturday.clocks_change) == ((Block(1320, 1440),), False)
    assert (sunday.shown, sunday.clocks_change, sunday.day.blocks) == ((Block(0, 120),), True, ())
    assert monday.shown == ()
