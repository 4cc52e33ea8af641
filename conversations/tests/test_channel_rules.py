"""The pure rules of channels: parts of a text, opt-out words, window."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.core.keywords import Words, verb
from conversations.core.policy import OPTED_OUT, WINDOW_CLOSED, Standing, closes_at, refusal
from conversations.core.segments import Segments, segments

NOW = datetime(2030, 1, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "encoding", "units", "count"),
    [
        ("", "GSM-7", 0, 0),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("€" * 80, "GSM-7", 160, 1),
        ("€" * 81, "GSM-7", 162, 2),
        # The pair at the border moves whole to the next part: 152 + 153 + 1 septets.
        ("a" * 152 + "€" + "a" * 152, "GSM-7", 306, 3),
        ("ñÑüÜéÉàùìòÇ¿¡", "GSM-7", 13, 1),
        ("á" * 70, "UCS-2", 70, 1),
        ("á" * 71, "UCS-2", 71, 2),
        ("á" * 134, "UCS-2", 134, 2),
        ("😀" * 35, "UCS-2", 70, 1),
        ("😀" * 36, "UCS-2", 72, 2),
        # 33 pairs fill 66 of 67 units, so that each part holds 33 of them.
        ("😀" * 67, "UCS-2", 134, 3),
        ("a" * 66 + "😀" + "a" * 66, "UCS-2", 134, 3),
    ],
)
def test_parts_are_counted_as_the_networks_do(text: str, encoding: str, units: int, count: int) -> None:
    found = segments(text)

    assert (found.encoding, found.units, found.count) == (encoding, units, count)


def test_the_characters_that_cost_are_named_once_each() -> None:
    assert segments("Confirmación: mañana a las 10, más información").dear == "óá"
    assert segments("ñ € [ok] ¿qué?") == Segments("GSM-7", 17, 1, "")
    assert segments("ç").dear == "ç"


@given(st.text(max_size=400))
def test_parts_hold_all_and_none_is_empty(text: str) -> None:
    found = segments(text)
    alone, part = (160, 153) if found.encoding == "GSM-7" else (70, 67)

    assert found.count == (1 if 0 < found.units <= alone else found.count)
    assert found.units <= max(alone, found.count * part)
    # At most one unit stays free at the end of each part.
    assert found.units > (found.count - 1) * (part - 1) if found.count > 1 else True


@pytest.mark.parametrize("word", ["STOP", "unsubscribe", "End", " quit ", "STOPALL", "revoke", "optout", "cancel\n"])
def test_stop_words(word: str) -> None:
    assert verb(word, words=Words()) == "stop"


@pytest.mark.parametrize(
    ("body", "told", "meant"),
    [
        ("START", "", "start"),
        ("yes", "", "start"),
        ("Unstop", "", "start"),
        ("help", "", "help"),
        ("INFO", "", "help"),
        ("baja", "", "stop"),
        ("alta", "", "start"),
        ("ayuda", "", "help"),
        ("stop it", "", ""),
        ("nonstop", "", ""),
        ("", "", ""),
        ("hello", "STOP", "stop"),
        ("STOP", "start", "start"),
        ("STOP", "HELP", "help"),
        ("STOP", "something new", "stop"),
    ],
)
def test_words_and_what_the_provider_makes_of_them(body: str, told: str, meant: str) -> None:
    assert verb(body, words=Words("BAJA", "ALTA", "AYUDA"), opt_out_type=told) == meant


@pytest.mark.parametrize("channel", ["whatsapp", "messenger"])
def test_the_window_ends_after_24_hours(channel: str) -> None:
    heard = Standing(last_inbound_at=NOW)

    assert closes_at(channel, heard) == NOW + timedelta(hours=24)
    assert refusal(channel, heard, now=NOW + timedelta(hours=24, microseconds=-1)) is None
    assert refusal(channel, heard, now=NOW + timedelta(hours=24)) is WINDOW_CLOSED
    assert refusal(channel, Standing(), now=NOW) is WINDOW_CLOSED


@pytest.mark.parametrize("channel", ["sms", "rcs"])
def test_other_channels_have_no_window(channel: str) -> None:
    assert refusal(channel, Standing(), now=NOW) is None
    assert closes_at(channel, Standing(last_inbound_at=NOW)) is None


def test_opt_out_goes_before_everything() -> None:
    for channel in ("sms", "rcs", "whatsapp", "messenger"):
        assert refusal(channel, Standing(opted_out=True), now=NOW) is OPTED_OUT
