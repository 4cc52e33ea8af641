"""A house with a web chat."""

from typing import Any

import pytest

from conversations.models import Address
from tests import people
from tests.people import House


@pytest.fixture
def home(db: Any) -> House:
    home = people.full_house()
    people.address(home, "webchat:shop", channel="webchat")
    return home


@pytest.fixture
def shop(home: House) -> Address:
    return Address.objects.select_related("workspace__account").get(address="webchat:shop")
