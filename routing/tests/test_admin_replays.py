"""Replays in the admin: begun, looked at, canceled."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from routing.actions.replays import cancel_replay, log_begins
from routing.models import Replay
from routing.replaying import job
from routing.tests.past import MORNING, Past, held_clock
from routing.tests.test_replaying import HOUR, Centre
from tests.office import enter
from tests.people import house, person

pytestmark = pytest.mark.django_db

ADD = "/admin/routing/replay/add/"


@pytest.fixture
def centre() -> Iterator[Centre]:
    """A task in the morning, and now it is ten o'clock."""
    past = Past()
    with held_clock(past):
        made = Centre(past)
        past.at(-60).present(made.home, "Ada")
        past.served(past.at(0).comes(made.home), made.ada, asked=1, accepted=4, done=60)
        past.at(7200)
        yield made


@pytest.fixture
def bo(centre: Centre) -> Client:
    client = enter(centre.home, "Bo")
    client.raise_request_exception = True
    return client


def filled_in(centre: Centre, **changes: Any) -> dict[str, Any]:
    given = {
        "workflow": centre.workflow.pk,
        "against": "published",
        "starts_at": f"{MORNING:%Y-%m-%dT%H:%M}",
        "ends_at": f"{MORNING + HOUR:%Y-%m-%dT%H:%M}",
        "service_level_seconds": 60,
    }
    return {**given, **changes}


def begun(centre: Centre, client: Client, **changes: Any) -> Replay:
    answer = client.post(ADD, filled_in(centre, **changes))
    replay = Replay.objects.get()
    assert answer["Location"] == reverse("admin:routing_replay_change", args=[replay.pk])
    return replay


def test_the_form_offers_the_last_day_as_far_as_the_log_reaches(centre: Centre, bo: Client) -> None:
    page = bo.get(ADD).text

    begins = log_begins(centre.home.workspace)
    assert begins is not None
    assert f'value="{begins + timedelta(minutes=1):%Y-%m-%dT%H:%M}"' in page
    assert f'value="{MORNING + 2 * HOUR:%Y-%m-%dT%H:%M}"' in page


def test_a_replay_begins_by_the_action_and_shows_its_bar(centre: Centre, bo: Client) -> None:
    replay = begun(centre, bo)

    page = bo.get(reverse("admin:routing_replay_change", args=[replay.pk])).text
    bar = bo.get(reverse("admin:routing_replay_progress", args=[replay.pk])).text

    assert (replay.configuration, replay.actor_sid) == (centre.workflow.configuration, centre.home.users["Bo"].sid)
    assert "<progress" in page
    assert "Started by Bo" in page
    assert "data-over" not in bar


def test_a_draft_that_is_not_there_is_refused_at_its_field(centre: Centre, bo: Client) -> None:
    page = bo.post(ADD, filled_in(centre, against="draft"))

    assert "This workflow has no draft." in page.text
    assert not Replay.objects.exists()


def test_a_period_before_the_log_is_refused_at_its_field(centre: Centre, bo: Client) -> None:
    page = bo.post(ADD, filled_in(centre, starts_at="2026-02-20T00:00"))

    assert "does not reach back so far" in page.text
    assert not Replay.objects.exists()


def test_a_document_of_ones_own_is_tried(centre: Centre, bo: Client) -> None:
    own = centre.workflow.configuration.replace("{", "{ ", 1)

    assert begun(centre, bo, configuration=own).configuration == own


def test_the_report_tells_figures_and_draws(centre: Centre, bo: Client) -> None:
    replay = begun(centre, bo)
    job.run(replay.sid)

    page = bo.get(reverse("admin:routing_replay_change", args=[replay.pk])).text
    report = bo.get(reverse("admin:routing_replay_report", args=[replay.pk]))

    assert "Mean waiting time" in page
    assert '<svg class="rp-plot"' in page
    assert "style=" not in page.split('<svg class="rp-plot"')[1].split("</svg>")[0]
    assert "There are too few tasks" in page
    assert "data-live" not in page
    assert report.json()["tasks"] == 1
    assert "data-over" in bo.get(reverse("admin:routing_replay_progress", args=[replay.pk])).text


def test_a_running_one_is_canceled_after_a_question(centre: Centre, bo: Client) -> None:
    replay = begun(centre, bo)
    address = reverse("admin:routing_replay_cancel", args=[replay.pk])

    assert bo.get(address).status_code == 200
    assert Replay.objects.get().status == "queued"
    bo.post(address)

    assert Replay.objects.get().status == "canceled"
    assert bo.get(address).status_code == 403


def test_a_failed_one_says_why_and_asks_no_more(centre: Centre, bo: Client) -> None:
    replay = begun(centre, bo)
    Replay.objects.update(status="failed", error="The replay has failed.")

    page = bo.get(reverse("admin:routing_replay_change", args=[replay.pk])).text

    assert "The replay has failed." in page
    assert 'data-live=""' in page


def test_another_account_sees_none(centre: Centre, bo: Client) -> None:
    replay = begun(centre, bo)
    cancel_replay(replay, actor=centre.home.actor("Bo"))
    elsewhere = house("Other")
    person(elsewhere, "Cy", role="supervisor")
    stranger = enter(elsewhere, "Cy")

    for page in ("change", "progress", "report"):
        assert stranger.get(reverse(f"admin:routing_replay_{page}", args=[replay.pk])).status_code == 404
    assert stranger.post(ADD, filled_in(centre)).status_code == 200
    assert Replay.objects.count() == 1
