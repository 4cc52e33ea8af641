"""Open or not, why, and when that changes: by examples, and against an oracle that asks every single minute."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hours.core.calendar import Block, Blocks, Calendar, Override
from hours.core.state import state_at

MINUTE = timedelta(minutes=1)
OFFICE = (Block(9 * 60, 13 * 60), Block(14 * 60, 18 * 60))
WEEK = (OFFICE,) * 5 + ((), ())


def hours(text: str) -> Block:
    start, end = (int(part[:2]) * 60 + int(part[3:]) for part in text.split("-"))
    return Block(start, end if end > start else end + 1440)


def calendar(weekly: tuple[Blocks, ...] = WEEK, zone: str = "Europe/Madrid", **more: Any) -> Calendar:
    return Calendar(zone, weekly, **more)


def every_day(*texts: str, zone: str = "Europe/Madrid", **more: Any) -> Calendar:
    return calendar((tuple(hours(text) for text in texts),) * 7, zone, **more)


def local(text: str, zone: str = "Europe/Madrid", *, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# --- usual days ---


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2026-01-05 08:59:59", False),
        ("2026-01-05 09:00:00", True),
        ("2026-01-05 12:59:59.999999", True),
        ("2026-01-05 13:00:00", False),
        ("2026-01-05 14:00:00", True),
        ("2026-01-05 18:00:00", False),
        ("2026-01-10 10:00:00", False),  # a Saturday
    ],
)
def test_a_block_holds_its_first_moment_and_not_its_last(at: str, is_open: bool) -> None:
    state = state_at(calendar(), local(at))

    assert (state.open, state.reason) == (is_open, "hours" if is_open else "outside")


def test_while_open_the_next_closing_comes_before_the_next_opening() -> None:
    state = state_at(calendar(), local("2026-01-05 10:00"))

    assert state.next_closing == local("2026-01-05 13:00")
    assert state.next_opening == local("2026-01-05 14:00")


def test_while_closed_the_next_opening_comes_before_the_next_closing() -> None:
    state = state_at(calendar(), local("2026-01-09 18:00"))

    assert state.next_opening == local("2026-01-12 09:00")
    assert state.next_closing == local("2026-01-12 13:00")


def test_answers_are_in_utc() -> None:
    state = state_at(calendar(), local("2026-01-05 06:00"))

    assert state.next_opening is not None
    assert state.next_opening.isoformat() == "2026-01-05T08:00:00+00:00"


def test_a_calendar_that_never_opens_says_so() -> None:
    state = state_at(calendar(((),) * 7), local("2026-01-05 10:00"))

    assert (state.open, state.next_opening, state.next_closing) == (False, None, None)


def test_a_calendar_that_never_closes_says_so() -> None:
    state = state_at(every_day("00:00-24:00"), local("2026-01-05 10:00"))

    assert (state.open, state.next_opening, state.next_closing) == (True, None, None)


def test_blocks_that_touch_are_one() -> None:
    state = state_at(every_day("09:00-12:00", "12:00-15:00"), local("2026-01-05 10:00"))

    assert state.next_closing == local("2026-01-05 15:00")


# --- over midnight ---


def test_a_block_over_midnight_runs_on_into_the_next_day() -> None:
    friday = calendar(((),) * 4 + ((hours("22:00-02:00"),), (), ()))

    state = state_at(friday, local("2026-01-10 01:30"))

    assert (state.open, state.reason) == (True, "hours")
    assert state.next_closing == local("2026-01-10 02:00")
    assert not state_at(friday, local("2026-01-09 01:30")).open


def test_a_night_belongs_to_the_day_on_which_it_began() -> None:
    closed = Override("Inventory", date(2026, 1, 9), date(2026, 1, 9))
    nights = every_day("22:00-02:00", overrides=(closed,))

    before, after = (state_at(nights, local(at)) for at in ("2026-01-09 01:00", "2026-01-10 01:00"))

    assert (before.open, before.reason) == (True, "hours")
    assert (after.open, after.reason) == (False, "outside")


# --- holidays and overrides ---


def test_a_holiday_closes_and_gives_its_name() -> None:
    spanish = calendar(country="ES")

    state = state_at(spanish, local("2026-12-25 10:00"))

    assert (state.open, state.reason, state.holiday) == (False, "holiday", "Natividad del Señor")
    assert state.next_opening == local("2026-12-28 09:00")


def test_a_part_of_the_country_has_holidays_of_its_own() -> None:
    at = local("2026-09-11 10:00")  # a Friday, the National Day of Catalonia

    catalan, madrilenian = (state_at(calendar(country="ES", subdivision=code), at) for code in ("CT", "MD"))

    assert (catalan.open, catalan.holiday) == (False, "Fiesta Nacional de Cataluña")
    assert (madrilenian.open, madrilenian.holiday) == (True, "")


def test_a_worked_holiday_is_a_day_like_any_other() -> None:
    american = calendar(zone="America/New_York", country="US", worked=frozenset({"Columbus Day"}))

    state = state_at(american, local("2026-10-12 10:00", "America/New_York"))

    assert (state.open, state.reason, state.holiday) == (True, "hours", "")


def test_an_override_with_hours_goes_before_a_holiday() -> None:
    eve = Override("Short Christmas", date(2026, 12, 25), date(2026, 12, 25), blocks=(hours("10:00-12:00"),))
    spanish = calendar(country="ES", overrides=(eve,))

    within, after = (state_at(spanish, local(at)) for at in ("2026-12-25 11:00", "2026-12-25 12:00"))

    assert (within.open, within.reason, within.override) == (True, "override", "Short Christmas")
    assert (after.open, after.reason, after.override) == (False, "override", "Short Christmas")
    assert within.holiday == "Natividad del Señor"


def test_an_override_without_hours_closes_all_of_its_days() -> None:
    summer = calendar(overrides=(Override("Summer", date(2026, 8, 3), date(2026, 8, 14)),))

    state = state_at(summer, local("2026-08-05 10:00"))

    assert (state.open, state.reason, state.override) == (False, "override", "Summer")
    assert state.next_opening == local("2026-08-17 09:00")


def test_a_yearly_override_comes_back_and_may_reach_over_new_year() -> None:
    winter = calendar(overrides=(Override("Winter", date(2020, 12, 24), date(2021, 1, 6), yearly=True),))

    assert state_at(winter, local("2026-12-31 10:00")).override == "Winter"
    assert state_at(winter, local("2026-01-06 10:00")).override == "Winter"
    assert state_at(winter, local("2026-01-07 10:00")).open


def test_of_several_overrides_the_dated_and_then_the_shorter_counts() -> None:
    overrides = (
        Override("Yearly", date(2020, 3, 3), date(2020, 3, 3), yearly=True),
        Override("Month", date(2026, 3, 1), date(2026, 3, 31)),
        Override("Week", date(2026, 3, 2), date(2026, 3, 8)),
    )

    assert state_at(calendar(overrides=overrides), local("2026-03-03 10:00")).override == "Week"
    assert state_at(calendar(overrides=overrides), local("2026-03-10 10:00")).override == "Month"
    assert state_at(calendar(overrides=overrides), local("2027-03-03 10:00")).override == "Yearly"


# --- when the clocks change ---


def test_an_hour_that_spring_skips_opens_nothing() -> None:
    nights = every_day("02:00-03:00")

    state = state_at(nights, local("2026-03-29 01:00"))  # 02:00 becomes 03:00

    assert not state_at(nights, local("2026-03-29 03:00")).open
    assert state.next_opening == local("2026-03-30 02:00")


def test_a_block_around_the_skipped_hour_is_an_hour_shorter() -> None:
    state = state_at(every_day("01:30-04:00"), local("2026-03-29 01:30"))

    assert state.next_closing == utc("2026-03-29 02:00")
    assert state.next_closing - local("2026-03-29 01:30").astimezone(UTC) == timedelta(minutes=90)


def test_an_hour_that_autumn_repeats_counts_both_times() -> None:
    nights = every_day("02:00-03:00")

    state = state_at(nights, utc("2026-10-25 00:00"))  # 03:00 becomes 02:00 at 01:00 UTC

    assert state.open
    assert state.next_closing == utc("2026-10-25 02:00")
    assert state_at(nights, local("2026-10-25 02:30", fold=1)).open


def test_what_opens_within_the_repeated_hour_opens_twice() -> None:
    half = every_day("02:30-03:00")

    state = state_at(half, utc("2026-10-25 00:00"))

    assert (state.next_opening, state.next_closing) == (utc("2026-10-25 00:30"), utc("2026-10-25 01:00"))
    assert state_at(half, utc("2026-10-25 01:00")).next_opening == utc("2026-10-25 01:30")


# --- against the oracle ---

# A change of each kind: by an hour, by half an hour, at midnight, a day that was left out.
CHANGES = [
    ("Europe/Madrid", "2026-03-29 01:00"),
    ("Europe/Madrid", "2026-10-25 01:00"),
    ("America/New_York", "2026-11-01 06:00"),
    ("Australia/Lord_Howe", "2026-04-04 15:00"),
    ("America/Sao_Paulo", "2017-10-15 03:00"),
    ("America/Sao_Paulo", "2018-02-18 02:00"),
    ("America/St_Johns", "2010-11-07 02:31"),
    ("Africa/Casablanca", "2026-03-22 02:00"),
    ("Pacific/Apia", "2011-12-30 10:00"),
    ("Asia/Kathmandu", "2026-06-01 00:00"),
]
WINDOW = 3 * 1440


def open_at(each: Calendar, moment: datetime) -> bool:
    """The definition: the clock on the wall stands in a block of today, or in what yesterday runs on with."""
    shown = moment.astimezone(ZoneInfo(each.time_zone))
    minute = shown.hour * 60 + shown.minute
    today, yesterday = (blocks_on(each, shown.date() - timedelta(days=back)) for back in (0, 1))
    return any(block.start <= minute < block.end for block in today) or any(
        minute < block.end - 1440 for block in yesterday
    )


def blocks_on(each: Calendar, day: date) -> Blocks:
    for override in each.overrides:
        if override.first <= day <= override.last:
            return override.blocks
    return each.weekly[day.weekday()]


block = st.builds(lambda start, length: Block(start, start + length), st.integers(0, 1439), st.integers(1, 1440))
night = st.builds(lambda start, length: Block(start, start + length), st.integers(0, 180), st.integers(1, 120))
blocks = st.lists(block | night, max_size=3).map(lambda found: tuple(sorted(found)))


@st.composite
def situations(draw: st.DrawFn) -> tuple[Calendar, datetime]:
    zone, change = draw(st.sampled_from(CHANGES))
    minutes = draw(st.integers(-2 * 1440, 1440))
    moment = utc(change) + timedelta(minutes=minutes)
    day = moment.date() + timedelta(days=draw(st.integers(-1, 2)))
    overrides = draw(st.sampled_from([(), (Override("Other", day, day, blocks=draw(blocks)),)]))
    return Calendar(zone, tuple(draw(blocks) for _ in range(7)), overrides=overrides), moment


@settings(max_examples=150, deadline=None)
@given(situations())
@example((every_day("02:00-03:00"), utc("2026-03-28 12:00")))
@example((every_day("02:30-03:00"), utc("2026-10-25 00:00")))
@example((every_day("00:00-24:00", zone="Pacific/Apia"), utc("2011-12-30 09:00")))
def test_state_is_what_asking_every_minute_finds(situation: tuple[Calendar, datetime]) -> None:
    each, moment = situation
    asked = [open_at(each, moment + step * MINUTE) for step in range(WINDOW)]
    opening = first_change(asked, to=True)
    closing = first_change(asked, to=False)

    state = state_at(each, moment)

    assert state.open == asked[0]
    assert_same(state.next_closing, closing, moment)
    assert_same(state.next_opening, opening, moment)


def first_change(asked: list[bool], *, to: bool) -> int | None:
    """The first minute that is ``to`` after one that is not."""
    return next((step for step in range(1, len(asked)) if asked[step] is to and asked[step - 1] is not to), None)


def assert_same(told: datetime | None, step: int | None, moment: datetime) -> None:
    if step is not None:
        assert told == moment + step * MINUTE
    else:
        assert told is None or told >= moment + WINDOW * MINUTE
