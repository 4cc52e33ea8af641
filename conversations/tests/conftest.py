"""A house with an address, and a carrier that does as it is told."""

from typing import Any

import pytest

from conversations import sending, tasks
from conversations.tests.carrier import FakeCarrier
from eventlog import dbclock


@pytest.fixture
def carrier(monkeypatch: pytest.MonkeyPatch, settings: Any) -> FakeCarrier:
    """It is given one message at a time, and so in their order."""
    fake = FakeCarrier()
    settings.SENDS_AT_ONCE = 1
    monkeypatch.setattr(tasks, "carrier", lambda: fake)
    monkeypatch.setattr(sending, "carrier", lambda: fake)
    return fake


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """How often a worker would have been rung."""
    bells: list[None] = []
    monkeypatch.setattr(tasks, "ring_deliver", lambda: bells.append(None))
    monkeypatch.setattr(tasks, "may_ring", lambda _: True)
    return bells


@pytest.fixture
def database_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database's clock is the test's: time travel moves it too."""
    monkeypatch.setattr(dbclock, "_QUERIES", {})
