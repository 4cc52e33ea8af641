"""The small tools that everything else stands on."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from kernel import clock, sids
from kernel.errors import Invalid, StaleMove
from kernel.machine import Machine, on


def test_sids_do_not_repeat_and_are_recognised() -> None:
    made = {sids.new("WT") for _ in range(1000)}

    assert len(made) == 1000
    assert all(sids.is_sid(sid, "WT") for sid in made)


@pytest.mark.parametrize("text", ["", "WT", "WT" + "g" * 32, "WR" + "0" * 32, "WT" + "0" * 33, None, 7])
def test_what_is_no_task_sid_is_refused(text: object) -> None:
    assert not sids.is_sid(text, "WT")


def test_iso_is_utc_whatever_the_zone() -> None:
    moment = datetime(2026, 5, 1, 2, 0, tzinfo=timezone(timedelta(hours=2)))

    assert clock.iso(moment) == "2026-05-01T00:00:00.000Z"
    assert clock.iso(None) is None
    assert clock.now().tzinfo is UTC


def test_an_error_fills_its_message_in() -> None:
    error = Invalid("%(name)s is taken", field="name", params={"name": "Ada"})

    assert str(error) == "Ada is taken"
    assert (error.code, error.status, error.field) == ("invalid", 400, "name")
    assert StaleMove("gone").status == 409


def test_a_machine_charts_every_move() -> None:
    machine = Machine("door", initial="shut", moves={"open": on("shut", "ajar", to="wide")})

    assert machine.mermaid().splitlines() == [
        "stateDiagram-v2",
        "    [*] --> shut",
        "    shut --> wide: open",
        "    ajar --> wide: open",
    ]
