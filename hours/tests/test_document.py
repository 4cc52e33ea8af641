"""What a calendar's document may say, and where it is refused."""

from typing import Any

import pytest

from hours.core.calendar import Block
from hours.core.document import CalendarError, read, time_zones, write
from hours.core.public import countries, holidays_of, subdivisions

MADRID: dict[str, Any] = {
    "time_zone": "Europe/Madrid",
    "weekly": {"monday": ["14:00-18:00", "9:00 – 13:00"], "friday": ["22:00-02:00"], "sunday": ["00:00-24:00"]},
    "country": "ES",
    "subdivision": "MD",
    "worked_holidays": ["Viernes Santo", "Asunción de la Virgen"],
    "overrides": [
        {"name": " Inventory ", "first": "2026-12-30"},
        {"name": "Eve", "first": "2026-12-24", "last": "2026-12-24", "yearly": True, "hours": ["10:00-14:00"]},
    ],
}


def test_a_document_is_read_and_written_in_one_form() -> None:
    written = write(read(MADRID))

    assert written == {
        "time_zone": "Europe/Madrid",
        "weekly": {
            "monday": ["09:00-13:00", "14:00-18:00"],
            "tuesday": [],
            "wednesday": [],
            "thursday": [],
            "friday": ["22:00-02:00"],
            "saturday": [],
            "sunday": ["00:00-24:00"],
        },
        "country": "ES",
        "subdivision": "MD",
        "worked_holidays": ["Asunción de la Virgen", "Viernes Santo"],
        "overrides": [
            {"name": "Inventory", "first": "2026-12-30", "last": "2026-12-30", "yearly": False, "hours": []},
            {
                "name": "Eve",
                "first": "2026-12-24",
                "last": "2026-12-24",
                "yearly": True,
                "hours": ["10:00-14:00"],
            },
        ],
    }
    assert write(read(written)) == written


@pytest.mark.parametrize(
    ("text", "block"),
    [
        ("00:00-24:00", Block(0, 1440)),
        ("00:00-00:00", Block(0, 1440)),
        ("20:00-00:00", Block(1200, 1440)),
        ("22:00-02:00", Block(1320, 1560)),
        ("7:30-8:05", Block(450, 485)),
    ],
)
def test_an_end_that_is_not_after_the_start_is_on_the_next_day(text: str, block: Block) -> None:
    assert read({"time_zone": "UTC", "weekly": {"monday": [text]}}).weekly[0] == (block,)


@pytest.mark.parametrize(
    "text", ["9-17", "25:00-26:00", "24:00-25:00", "09:00-24:30", "09:60-10:00", "09:00-09:00", ""]
)
def test_what_are_no_hours_is_refused(text: str) -> None:
    with pytest.raises(CalendarError) as refusal:
        read({"time_zone": "UTC", "weekly": {"tuesday": [text]}})

    assert (refusal.value.path, refusal.value.field) == ("weekly.tuesday", "weekly")


def override(**changes: Any) -> dict[str, Any]:
    return {"overrides": [{"name": "Fair", "first": "2026-03-01", "last": "2026-03-02", **changes}]}


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"time_zone": None}, "time_zone"),
        ({"weekly": []}, "weekly"),
        ({"weekly": {"mondays": []}}, "weekly"),
        ({"weekly": {"monday": "09:00-10:00"}}, "weekly.monday"),
        ({"weekly": {"monday": [9]}}, "weekly.monday"),
        ({"weekly": {"monday": ["09:00-12:00", "11:00-13:00"]}}, "weekly.monday"),
        ({"country": "XX"}, "country"),
        ({"country": "ES", "subdivision": "TX"}, "subdivision"),
        ({"subdivision": "MD"}, "subdivision"),
        ({"worked_holidays": [1]}, "worked_holidays"),
        ({"colour": "red"}, ""),
        ({"overrides": {}}, "overrides"),
        (override(name=""), "overrides[0].name"),
        (override(first="tomorrow"), "overrides[0].first"),
        (override(last="2026-02-28"), "overrides[0].last"),
        (override(yearly="yes"), "overrides[0].yearly"),
        (override(yearly=True, last="2027-03-05"), "overrides[0].last"),
        (override(hours=["10:00"]), "overrides[0].hours"),
        (override(until="2026-02-28"), "overrides[0]"),
    ],
)
def test_a_mistake_is_refused_at_its_place(changes: dict[str, Any], path: str) -> None:
    with pytest.raises(CalendarError) as refusal:
        read({"time_zone": "UTC", **changes})

    assert refusal.value.path == path


def test_places_are_offered_as_zones_and_machine_entries_are_not() -> None:
    assert {"Europe/Madrid", "America/Mexico_City", "UTC"} <= time_zones()
    assert time_zones().isdisjoint({"localtime", "posixrules", "Factory"})


def test_countries_and_their_parts_have_names() -> None:
    assert countries()["MX"] == "Mexico"
    assert countries()["US"] == "United States"
    assert subdivisions("ES")["CT"] in ("Cataluña", "Catalunya")
    assert subdivisions("XX") == {}


def test_holidays_are_called_as_their_country_calls_them() -> None:
    names = {name for found in holidays_of("MX", "", 2026).values() for name in found}

    assert "Día de la Independencia" in names
