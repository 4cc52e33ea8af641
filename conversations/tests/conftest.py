"""A house with an address, and a carrier that does as it is told."""

import pytest

from conversations import tasks
from conversations.tests.carrier import FakeCarrier
from eventlog import dbclock


@pytest.fixture
def carrier(monkeypatch: pytest.MonkeyPatch) -> FakeCarrier:
    fake = FakeCarrier()
    monkeypatch.setattr(tasks, "carrier", lambda: fake)
    return fake


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """For which conversations a worker would have been rung."""
    bells: list[str] = []
    monkeypatch.setattr(tasks, "ring_deliver", bells.append)
    monkeypatch.setattr(tasks, "may_ring", lambda _: True)
    return bells


@pytest.fixture
def database_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database's clock is the test's: time travel moves it too."""
    monkeypatch.setattr(dbclock, "_QUERIES", {})
