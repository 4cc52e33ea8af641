"""Reasons and replays in a real browser: from a task to its reasons, and a replay from its form to its report."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from routing.actions.replays import claim_replay, finish_replay, keep_replay
from routing.core.document import stored_workflow
from routing.models import Replay
from routing.replaying import replay
from routing.tests.factories import make_queue, make_task
from routing.tests.past import MORNING, Past, held_clock
from routing.tests.test_replaying import HOUR, Centre
from tests.browsing import MARKS, sit_down, tab
from tests.office import enter
from tests.people import available, full_house

pytestmark = MARKS


@pytest.fixture
def page(live_server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    with tab(live_server.url, monkeypatch) as made:
        yield made


def test_from_a_task_to_its_reasons_and_on_to_a_worker(page: Page) -> None:
    home = full_house()
    available(home, "Ada")
    task = make_task(home.workspace, queue=make_queue(home.workspace, "Billing", "skills HAS 'billing'"))
    sit_down(page, enter(home, "Bo"))
    page.goto(f"/admin/routing/task/{task.pk}/change/")

    page.get_by_label("Why?").get_by_role("link", name="Why?").click()
    expect(page.get_by_text("Nobody can ever serve it")).to_be_visible()
    page.get_by_role("link", name="3 not in the queue").click()
    expect(page.get_by_text("skills HAS 'billing' – skills is ['support', 'sales']")).to_be_visible()
    page.get_by_role("link", name="Ada").click()
    page.get_by_label("Why?").get_by_role("link", name="Why?").click()

    expect(page.get_by_text("In no queue: no queue's expression matches.")).to_be_visible()


@pytest.fixture
def centre() -> Iterator[Centre]:
    """Two tasks in the morning, more than an hour apart, and now it is noon."""
    past = Past()
    with held_clock(past):
        made = Centre(past)
        past.at(-60).present(made.home, "Ada")
        past.served(past.at(0).comes(made.home), made.ada, asked=1, accepted=4, done=60)
        past.served(past.at(5000).comes(made.home), made.ada, asked=5001, accepted=5010, done=5060)
        past.at(4 * 3600)
        yield made


def test_a_replay_is_begun_its_bar_moves_and_its_report_comes(page: Page, centre: Centre) -> None:
    sit_down(page, enter(centre.home, "Bo"))
    page.goto(f"/admin/routing/replay/add/?workflow={centre.workflow.pk}")
    page.get_by_label("From").fill(f"{MORNING:%Y-%m-%dT%H:%M}")
    page.get_by_label("Until").fill(f"{MORNING + 2 * HOUR:%Y-%m-%dT%H:%M}")
    page.get_by_role("button", name="Start the replay").click()
    bar = page.get_by_role("progressbar")
    expect(bar).to_have_attribute("value", "0")

    claim = claim_replay(Replay.objects.get().sid)
    assert claim is not None
    keep_replay(claim, progress=40)
    expect(bar).to_have_attribute("value", "40")
    report = replay(
        centre.workflow,
        document=stored_workflow(claim.replay.configuration),
        starts_at=MORNING,
        ends_at=MORNING + timedelta(hours=2),
        within=60,
    )
    finish_replay(claim, report=report)

    expect(page.get_by_role("img", name="Service level by hour")).to_be_visible()
    expect(page.get_by_text("Mean waiting time", exact=True)).to_be_visible()
    expect(bar).to_have_count(0)


def test_a_replay_is_canceled_from_its_page(page: Page, centre: Centre) -> None:
    sit_down(page, enter(centre.home, "Bo"))
    page.goto(f"/admin/routing/replay/add/?workflow={centre.workflow.pk}")
    page.get_by_role("button", name="Start the replay").click()

    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("button", name="Cancel the replay").click()

    expect(page.get_by_text("The replay has been canceled.")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_have_count(0)
    assert Replay.objects.get().status == "canceled"
