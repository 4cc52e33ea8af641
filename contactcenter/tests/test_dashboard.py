"""The admin's index and its live figures."""

import pytest
from django.test import override_settings
from django.urls import reverse

from kernel.actor import SYSTEM
from routing import actions as routing
from routing.models import TaskQueue
from tests.office import enter
from tests.people import House, available, full_house, house

pytestmark = pytest.mark.django_db


def waiting(home: House, count: int) -> None:
    queue = routing.save_queue(TaskQueue(workspace=home.workspace), friendly_name="Support", actor=SYSTEM)
    for _ in range(count):
        routing.create_task(home.workspace, attributes={}, task_queue=queue, actor=SYSTEM)


def test_the_figures_are_those_of_the_own_account() -> None:
    home = full_house()
    waiting(home, 2)
    waiting(house("Other"), 5)
    available(home, "Ada")

    figures = enter(home, "Bo").get(reverse("admin:figures")).context["figures"]

    assert (figures.waiting, figures.in_hand, figures.pump_alive) == (2, 0, False)
    assert [(line.name, line.waiting) for line in figures.queues] == [("Support", 2)]
    assert figures.activities[0] == {"friendly_name": "Available", "available": True, "count": 1}


def test_agents_get_no_figures() -> None:
    assert enter(full_house(), "Ada").get(reverse("admin:figures")).status_code == 302


@pytest.mark.parametrize("enabled", [True, False])
def test_the_phones_are_linked_where_they_are(enabled: bool) -> None:
    with override_settings(TWIN_ENABLED=enabled):
        page = enter(full_house(), "Bo").get(reverse("admin:index")).text

    assert ('href="/phones/"' in page) is enabled
    assert 'href="/api/docs/"' in page
