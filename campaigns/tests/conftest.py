"""A house with a number, a draft and a few customers."""

import pytest

from campaigns import actions
from campaigns.actions import Plan
from campaigns.core.lists import Given
from campaigns.models import Campaign
from conversations.models import Address
from tests import people
from tests.people import House

BODY = "Hello {{name}}, your appointment is at {{time}}."


@pytest.fixture
def home(db) -> House:
    return people.full_house()


@pytest.fixture
def ours(home: House) -> Address:
    return people.address(home)


@pytest.fixture
def draft(home: House, ours: Address) -> Campaign:
    return actions.create_campaign(home.workspace, plan=Plan("Reminders", ours, BODY, rate=100), actor=home.actor("Bo"))


def given(count: int, *, first: int = 1) -> list[Given]:
    return [
        Given(number, f"+1555010{number:04d}", {"name": f"N{number}", "time": "10:30"})
        for number in range(first, first + count)
    ]


@pytest.fixture
def running(home: House, draft: Campaign) -> Campaign:
    """Three customers, on the way."""
    assert actions.add_recipients(draft, given(3), actor=home.actor("Bo")) == ()
    return actions.start(draft, actor=home.actor("Bo"))
