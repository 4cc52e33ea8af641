"""The other pure parts: outbox, window, clock, back-off, links, transcript."""

from collections.abc import Callable
from typing import Any

import pytest

from . import cast

pytestmark = pytest.mark.browser

Evaluate = Callable[..., Any]


def command(ref: str = "r1", *, phase: str = "waiting", name: str = "message.post", **args: Any) -> dict[str, Any]:
    return {
        "ref": ref,
        "do": name,
        "args": {"conversation": cast.sid("CH", 1), "body": "hi"} | args,
        "at": cast.ago(),
        "phase": phase,
    }


def test_acknowledged_post_stays_until_its_message_is_seen(module: Evaluate) -> None:
    outbox = module("outbox", "m.answered(given, {t: 'ok', ref: 'r1'})", [command()])
    state = {"messages": {cast.sid("CH", 1): [cast.outbound(1, 1, ref="r1")]}}

    assert [entry["phase"] for entry in outbox] == ["accepted"]
    assert module("outbox", "m.withoutArrived(...given)", [outbox, state]) == []


def test_refused_post_keeps_the_words_and_the_reason(module: Evaluate) -> None:
    failure = {"t": "error", "ref": "r1", "code": "invalid", "message": "Too long."}

    [entry] = module("outbox", "m.answered(...given)", [[command()], failure])

    assert (entry["phase"], entry["error"], entry["args"]["body"]) == ("failed", "Too long.", "hi")


def test_other_commands_stay_pressed_until_their_event_and_leave_when_refused(module: Evaluate) -> None:
    entries = [command("r1", name="reservation.accept"), command("r2")]

    accepted = module("outbox", "m.answered(given, {t: 'ok', ref: 'r1'})", entries)
    refused = module("outbox", "m.answered(given, {t: 'error', ref: 'r1', message: 'no'})", entries)

    assert [(entry["ref"], entry["phase"]) for entry in accepted] == [("r1", "accepted"), ("r2", "waiting")]
    assert [entry["ref"] for entry in refused] == ["r2"]


def test_only_unanswered_commands_are_sent_again(module: Evaluate) -> None:
    entries = [command("r1", phase="accepted"), command("r2"), command("r3", phase="failed"), command("r4")]

    assert [entry["ref"] for entry in module("outbox", "m.unanswered(given)", entries)] == ["r2", "r4"]


def test_window_draws_at_most_300_rows_and_moves_by_pages(module: Evaluate) -> None:
    rows = [{"index": index} for index in range(1, 1001)]

    newest = module("window", "m.drawn(given, null).map((row) => row.index)", rows)
    end = module("window", "m.older(given, null)", rows)
    up = module("window", "m.drawn(given[0], given[1]).map((row) => row.index)", [rows, end])

    assert (newest[0], newest[-1], len(newest)) == (701, 1000, 300)
    assert (up[0], up[-1], len(up)) == (651, 950, 300)
    assert module("window", "m.newer(given[0], given[1])", [rows, end]) is None


def test_holes_are_found_from_the_newest_end(module: Evaluate) -> None:
    def missing(indexes: list[int], last: int) -> int | None:
        rows = [{"index": index} for index in indexes]
        return module("window", "m.missingBefore(given[0], given[1])", [rows, last])

    assert missing([], 0) is None
    assert missing([], 4) == 5
    assert missing([1, 2], 4) == 5
    assert missing([1, 2, 6, 7], 7) == 6
    assert missing([5, 6, 7], 7) is None


def test_unread_is_a_pointer_and_own_words_do_not_count(module: Evaluate) -> None:
    rows = [cast.message(1, 5), cast.outbound(1, 6), cast.message(1, 7)]
    count = "m.unread(given, {read}, '" + cast.WORKER_SID + "', 7)"

    assert module("window", count.format(read=4), rows) == 2
    assert module("window", count.format(read=5), rows) == 1
    assert module("window", count.format(read=7), rows) == 0
    assert module("window", count.format(read=2), rows) == 4
    assert module("window", "m.unread([], 2, 'WK', 7)") == 5


def test_clock_takes_the_sample_with_the_least_latency(module: Evaluate) -> None:
    script = """(() => { m.reset();
        m.sample("2030-01-01T00:00:10.000Z", Date.parse("2030-01-01T00:00:10.300Z"));
        m.sample("2030-01-01T00:00:20.000Z", Date.parse("2030-01-01T00:00:20.020Z"));
        m.sample("2030-01-01T00:00:30.000Z", Date.parse("2030-01-01T00:00:30.500Z"));
        const before = m.offset();
        m.sample("2030-01-01T00:00:40.000Z", Date.parse("2030-01-01T01:00:40.000Z"));
        return [before, m.offset()]; })()"""

    assert module("clock", script) == [-20, -3_600_000]


def test_time_left_comes_from_the_deadline_and_never_goes_below_zero(module: Evaluate) -> None:
    times = "'2030-01-01T00:00:00Z', '2030-01-01T00:01:00Z'"

    assert module("clock", f"m.timeLeft({times}, Date.parse('2030-01-01T00:00:45Z'))") == {
        "seconds": 15,
        "fraction": 0.25,
    }
    assert module("clock", f"m.timeLeft({times}, Date.parse('2030-01-01T00:02:00Z'))") == {"seconds": 0, "fraction": 0}


def test_back_off_grows_with_full_jitter_between_half_a_second_and_ten(module: Evaluate) -> None:
    lowest = module("socket", "[0, 1, 2, 9].map((attempt) => m.backOff(attempt, () => 0))")
    highest = module("socket", "[0, 1, 2, 9].map((attempt) => m.backOff(attempt, () => 1))")

    assert lowest == [500, 500, 500, 500]
    assert highest == [1000, 2000, 4000, 10_000]


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("see https://example.com/a?b=1.", ["https://example.com/a?b=1"]),
        ("(http://example.com)", ["http://example.com/"]),
        ("mail mailto:a@example.com or tel:+15550100", ["mailto:a@example.com", "tel:+15550100"]),
        ("javascript:alert(1) data:text/html,x vbscript:x file:///etc/passwd", []),
        ('https://example.com/"onmouseover="x', ["https://example.com/"]),
        ("no link at all", []),
    ],
)
def test_only_plain_addresses_become_links(module: Evaluate, text: str, links: list[str]) -> None:
    parts = module("views/safe_text", "m.parts(given)", text)

    assert [part["href"] for part in parts if part["href"]] == links
    assert "".join(part["text"] for part in parts) == text


def test_transcript_marks_days_news_and_groups(module: Evaluate) -> None:
    rows = [
        cast.message(1, 1, date_created="2030-01-01T12:00:00Z"),
        cast.message(1, 2, date_created="2030-01-01T12:01:00Z"),
        cast.outbound(1, 3, date_created="2030-01-01T12:02:00Z"),
        cast.message(1, 4, date_created="2030-01-03T12:00:00Z"),
    ]
    mark = {"read": 3, "last": 4, "workerSid": cast.WORKER_SID}

    found = module(
        "transcript",
        "m.lines(...given).map((l) => l.kind === 'message' ? [l.message.index, l.startsGroup] : l.kind)",
        [rows, mark],
    )

    assert found == ["day", [1, True], [2, False], [3, True], "day", "new", [4, True]]
