"""A house with two addresses, customers who write to them, and a carrier that does as it is told."""

from typing import Any

import pytest

from conversations import sending, tasks
from conversations.models import Conversation
from conversations.tests.carrier import FakeCarrier
from eventlog import dbclock
from kernel.actor import Actor
from tests import people
from tests.people import House

# What makes a customer's message one by WhatsApp.
WHATSAPP = {
    "channel": "whatsapp",
    "from_address": "whatsapp:+15550100002",
    "to_address": "whatsapp:+15550002000",
}


@pytest.fixture
def home() -> House:
    """Acme, with a number and a WhatsApp sender."""
    home = people.full_house()
    people.address(home)
    people.address(home, WHATSAPP["to_address"], channel="whatsapp")
    return home


def talk(home: House, **changes: Any) -> tuple[Conversation, Actor]:
    """A customer has written, as ``people.said`` tells, and Ada takes part."""
    conversation = people.said(**changes).conversation
    return conversation, people.taking_part(home, "Ada", conversation)


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
