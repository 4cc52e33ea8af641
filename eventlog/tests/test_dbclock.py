"""The database's clock between two questions."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from eventlog import dbclock

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def machine(monkeypatch):
    """Seconds since the machine started, and the moment that the database answers with; both moved by hand."""
    hands = SimpleNamespace(seconds=100.0, moment=NOON)
    monkeypatch.setattr(dbclock, "time", SimpleNamespace(monotonic=lambda: hands.seconds))
    monkeypatch.setattr(dbclock, "database_now", lambda: hands.moment)
    return hands


@pytest.mark.parametrize(
    ("answer", "then"),
    [
        (1.0, 1.0),
        (0.7, 0.9995),  # The answer was 0.3 s on its way.
        (1.2, 1.2),
        (-60.0, -60.0),  # Somebody has set the clock.
    ],
)
def test_late_answer_does_not_turn_the_clock_back(machine, answer, then):
    steady = dbclock.SteadyClock()
    assert steady.moment() == NOON

    machine.seconds += 1.0
    machine.moment = NOON + timedelta(seconds=answer)

    assert (steady.moment() - NOON).total_seconds() == pytest.approx(then, abs=1e-5)
