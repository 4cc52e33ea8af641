"""The pure heart: what the server says, applied to what is known."""

from collections.abc import Callable
from typing import Any

import pytest

from . import cast
from .fake_desk import AUDIENCE

pytestmark = pytest.mark.browser

Evaluate = Callable[..., Any]
FOLD = "given.reduce(m.apply, m.empty())"


def welcome(head: int = 0, **parts: Any) -> dict[str, Any]:
    now = cast.ago()
    return {
        "t": "welcome",
        "now": now,
        "audiences": [AUDIENCE],
        "heads": {AUDIENCE: head},
        "snapshot": cast.snapshot(**parts),
    }


def event(n: int, kind: str, data: dict[str, Any]) -> dict[str, Any]:
    return {"t": "event", "a": AUDIENCE, "n": n, "type": kind, "at": cast.ago(), "ref": "", "data": data}


def test_snapshot_sets_rows_and_cursors(module: Evaluate) -> None:
    frames = [welcome(7, conversations=[cast.conversation(1)], messages=[cast.message(1, 2), cast.message(1, 1)])]

    state = module("apply", FOLD, frames)

    assert state["cursors"] == {AUDIENCE: 7}
    assert [row["index"] for row in state["messages"][cast.sid("CH", 1)]] == [1, 2]
    assert state["behind"] is False


def test_next_event_is_applied_and_moves_the_cursor(module: Evaluate) -> None:
    frames = [welcome(7, conversations=[cast.conversation(1)]), event(8, "message.added", cast.message(1, 1, "hello"))]

    state = module("apply", FOLD, frames)

    assert state["cursors"] == {AUDIENCE: 8}
    assert state["messages"][cast.sid("CH", 1)][0]["body"] == "hello"
    assert state["conversations"][cast.sid("CH", 1)]["last_message"]["body"] == "hello"


def test_duplicate_event_returns_the_same_state(module: Evaluate) -> None:
    added = event(1, "message.added", cast.message(1, 1))

    same = module(
        "apply",
        "(() => { const s = given.reduce(m.apply, m.empty()); return s === m.apply(s, given[1]); })()",
        [welcome(), added],
    )

    assert same is True


def test_gap_changes_nothing_but_asks_for_the_rest(module: Evaluate) -> None:
    frames = [welcome(1), event(3, "message.added", cast.message(1, 1))]

    state = module("apply", FOLD, frames)

    assert state["behind"] is True
    assert state["cursors"] == {AUDIENCE: 1}
    assert state["messages"] == {}


def test_resumed_stream_closes_the_gap(module: Evaluate) -> None:
    first, second = event(1, "message.added", cast.message(1, 1)), event(2, "message.added", cast.message(1, 2))
    resumed = welcome(2) | {"snapshot": None}

    state = module("apply", FOLD, [welcome(), second, resumed, first, second])

    assert state["behind"] is False
    assert state["cursors"] == {AUDIENCE: 2}
    assert [row["index"] for row in state["messages"][cast.sid("CH", 1)]] == [1, 2]


def test_heartbeat_with_a_newer_head_asks_for_the_rest(module: Evaluate) -> None:
    beat = {"t": "heartbeat", "now": cast.ago(), "heads": {AUDIENCE: 5}}

    assert module("apply", FOLD, [welcome(4), beat])["behind"] is True
    assert module("apply", FOLD, [welcome(5), beat])["behind"] is False


def test_older_version_never_replaces_a_newer_one(module: Evaluate) -> None:
    read = cast.outbound(1, 1, status="read", version=4)
    delivered = cast.outbound(1, 1, status="delivered", version=3)

    state = module("apply", FOLD, [welcome(), event(1, "message.added", read), event(2, "message.updated", delivered)])

    assert state["messages"][cast.sid("CH", 1)][0]["status"] == "read"


def test_ended_reservation_is_not_revived_by_an_older_event(module: Evaluate) -> None:
    done = cast.reservation(1, status="completed", version=5)
    created = cast.reservation(1, version=1)

    state = module(
        "apply", FOLD, [welcome(), event(1, "reservation.completed", done), event(2, "reservation.created", created)]
    )

    assert state["reservations"][cast.sid("WR", 1)]["reservation_status"] == "completed"


def test_task_event_reaches_the_task_in_its_reservation(module: Evaluate) -> None:
    frames = [
        welcome(reservations=[cast.reservation(1)]),
        event(1, "task.updated", cast.task(1, version=2, priority=9)),
    ]

    state = module("apply", FOLD, frames)

    assert state["reservations"][cast.sid("WR", 1)]["task"]["priority"] == 9


def test_leaving_drops_the_conversation_and_its_rows(module: Evaluate) -> None:
    left = {"conversation": cast.conversation(1, participants=[], version=2), "worker_sid": cast.WORKER_SID}
    frames = [
        welcome(conversations=[cast.conversation(1)], messages=[cast.message(1, 1)]),
        event(1, "participant.removed", left),
    ]

    state = module("apply", FOLD, frames)

    assert state["conversations"] == {}
    assert state["messages"] == {}


def test_conversation_of_others_is_not_taken_in(module: Evaluate) -> None:
    other = cast.conversation(1, participants=[{"worker_sid": "WK" + "b" * 32, "name": "Bo", "read_index": 0}])

    assert module("apply", FOLD, [welcome(), event(1, "conversation.updated", other)])["conversations"] == {}


def test_history_is_kept_only_where_it_joins_the_new_snapshot(module: Evaluate) -> None:
    old = [cast.message(1, index) for index in (1, 2, 3)]
    joins = welcome(9, conversations=[cast.conversation(1)], messages=[cast.message(1, 4)])
    leaves_a_hole = welcome(9, conversations=[cast.conversation(1)], messages=[cast.message(1, 8)])
    first = welcome(1, conversations=[cast.conversation(1)], messages=old)

    kept = module("apply", FOLD, [first, joins])["messages"][cast.sid("CH", 1)]
    dropped = module("apply", FOLD, [first, leaves_a_hole])["messages"][cast.sid("CH", 1)]

    assert [row["index"] for row in kept] == [1, 2, 3, 4]
    assert [row["index"] for row in dropped] == [8]


def test_unknown_event_only_moves_the_cursor(module: Evaluate) -> None:
    state = module("apply", FOLD, [welcome(), event(1, "weather.changed", {"sid": "XX"})])

    assert state["cursors"] == {AUDIENCE: 1}
    assert state["behind"] is False
