"""Replays of a recorded period: what is read from the log, what is played, what is reported."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from agents.actions import set_capacity
from kernel.actor import SYSTEM
from routing import actions
from routing.actions.steps import WORKFLOW_TIMEOUT
from routing.core.document import stored_workflow
from routing.core.simulation.scenario import Answer, Occupation
from routing.models import TaskQueue, Workflow
from routing.replaying import replay
from routing.replaying.history import History, read
from routing.tests.arrivals import Centre as MadeUp
from routing.tests.factories import document, make_queue, make_workflow
from routing.tests.past import MORNING, Past, held_clock
from routing.tests.recorder import record_day
from tests.people import House, full_house, house

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def past() -> Iterator[Past]:
    held = Past()
    with held_clock(held):
        yield held


class Centre:
    """Acme an hour before the morning: support and sales, and a workflow that knows them by topic."""

    def __init__(self, past: Past, **more: Any) -> None:
        past.at(-3600)
        self.home: House = full_house()
        self.support: TaskQueue = make_queue(self.home.workspace, "Support", "skills HAS 'support'")
        self.sales: TaskQueue = make_queue(self.home.workspace, "Sales", "skills HAS 'sales'")
        sales = ("topic == 'sales'", [{"queue": self.sales.sid}])
        self.workflow: Workflow = make_workflow(self.home.workspace, sales, default=self.support, **more)
        self.ada, self.ben = self.home.workers["Ada"], self.home.workers["Ben"]

    def history(self) -> History:
        return read(self.home.workspace, MORNING, MORNING + HOUR, progress=lambda _: None)

    def replay(self, text: str | None = None, *, within: float = 60) -> dict[str, Any]:
        return replay(
            self.workflow,
            document=stored_workflow(text or self.workflow.configuration),
            starts_at=MORNING,
            ends_at=MORNING + HOUR,
            within=within,
        )


def line(report: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in report["queues"] if each["name"] == name)


# --- what is read ---


def test_answers_and_work_are_read_with_their_times(past: Past) -> None:
    centre = Centre(past)
    past.present(centre.home, "Ada", "Ben")
    task = past.at(10).comes(centre.home)
    past.at(11)
    refused = past.asks(task, centre.ben)
    past.at(14)
    actions.reject(refused, actor=SYSTEM)
    past.served(task, centre.ada, asked=15, accepted=20, done=320)

    history = centre.history()

    assert history.lines == {task.sid: 0}
    assert history.record.given(0, centre.ben.pk) == (Answer("reject", 3.0),)
    assert history.record.given(0, centre.ada.pk) == (Answer("accept", 5.0),)
    assert (history.record.handling[0], history.record.wrap_up[0]) == (300, 0)
    assert (history.real.waits[0], history.real.workers[0]) == (10, centre.ada.pk)


def test_an_unanswered_offer_sends_away_and_its_event_is_known_as_a_consequence(past: Past) -> None:
    centre = Centre(past)
    past.present(centre.home, "Ada")
    task = past.at(10).comes(centre.home)
    past.at(11)
    offered = past.asks(task, centre.ada)
    past.at(41)
    actions.expire(offered)
    past.at(100).goes(centre.home, "Ada", "Available")

    history = centre.history()

    assert history.record.given(0, centre.ada.pk) == (Answer("timeout", 30.0),)
    assert history.record.absence(centre.ada.pk) == 59
    assert len(history.caused) == 1


def test_a_customer_who_gave_up_is_told_from_a_workflow_that_was_over(past: Past) -> None:
    centre = Centre(past)
    first, second = past.at(10).comes(centre.home), past.at(20).comes(centre.home)
    past.at(50)
    actions.cancel_task(first, actor=SYSTEM, reason="hung up")
    past.at(60)
    actions.cancel_task(second, actor=SYSTEM, reason=WORKFLOW_TIMEOUT)

    history = centre.history()

    assert [(each.at - MORNING.timestamp(), each.task) for each in history.gave_up] == [(50, 0)]
    assert [history.real.waits[0], history.real.waits[1]] == [40, 40]


def test_work_from_before_the_period_keeps_its_agent_busy(past: Past) -> None:
    centre = Centre(past)
    past.at(-100).present(centre.home, "Ada")
    ended, never = past.comes(centre.home), past.comes(centre.home)
    past.served(ended, centre.ada, asked=-90, accepted=-85, done=200)
    past.at(-80).accepts(past.asks(never, centre.ada))

    occupations = centre.history().occupations

    since = MORNING.timestamp()
    assert [(each.at - since, each.by) for each in occupations] == [(0, 1), (0, 1), (200, -1), (3600, -1)]
    assert {(each.worker, each.channel) for each in occupations} == {(centre.ada.pk, "default")}
    assert isinstance(occupations[0], Occupation)


def test_a_task_that_waited_already_is_carried_in_and_not_counted(past: Past) -> None:
    centre = Centre(past)
    early, waiting = past.at(-30).comes(centre.home), past.at(-20).comes(centre.home)
    past.at(0).present(centre.home, "Ada")
    past.served(early, centre.ada, asked=5, accepted=10, done=40)
    past.at(50).comes(centre.home)

    history = centre.history()

    assert history.count == 1
    assert set(history.carried) == {early.sid, waiting.sid}
    assert set(history.carried.values()) == {1, 2}


# --- what is reported ---


def busy_morning(past: Past) -> Centre:
    """Ada alone serves two sales and a support task, one after the other; Ben, who could help, only watches."""
    centre = Centre(past)
    past.at(-60).present(centre.home, "Ada", "Ben")
    channel = centre.ada.channels.get(task_channel__unique_name="default")
    set_capacity(channel, capacity=1, available=True, actor=SYSTEM)
    tasks = [past.at(at).comes(centre.home, attributes={"topic": "sales"}) for at in (0, 10, 20)]
    for place, task in enumerate(tasks):
        past.served(task, centre.ada, asked=300 * place + 20, accepted=300 * place + 25, done=300 * place + 319)
    return centre


def test_the_replay_of_what_happened_is_near_to_what_happened(past: Past) -> None:
    centre = busy_morning(past)

    report = centre.replay()

    sales = line(report, "Sales")
    assert [sales["real"]["mean"], sales["real"]["longest"]] == [pytest.approx((25 + 315 + 605) / 3, abs=0.01), 605]
    assert report["tasks"] == report["workflow_tasks"] == 3
    # In virtual time the offer comes at once: Ada is asked at 0, and not at 20.
    assert sales["before"]["mean"] == pytest.approx((5 + 5 + 294 + 5 - 10 + 2 * (294 + 5) + 5 - 20) / 3, abs=0.5)
    assert report["fidelity"]["same_queue"] == 1
    assert report["fidelity"]["same_agent"] == 1
    assert report["fidelity"]["grade"] == "few"


def test_another_document_moves_tasks_and_shortens_the_waiting(past: Past) -> None:
    centre = busy_morning(past)

    report = centre.replay(document(default=centre.support))

    assert report["moved"]["count"] == 3
    assert report["moved"]["flows"] == [{"from": "Sales", "to": "Support", "count": 3}]
    first = report["moved"]["listed"][0]
    assert first["why"] == {"because": "filter", "from": "topic == 'sales'", "to": ""}
    assert first["sid"].startswith("WT")
    assert line(report, "Support")["after"]["tasks"] == 3
    assert report["overall"]["after"]["mean"] < report["overall"]["before"]["mean"] / 3


def test_a_further_step_is_told_as_the_reason(past: Past) -> None:
    centre = busy_morning(past)
    rings = [{"queue": centre.sales.sid, "timeout": 60}, {"queue": centre.support.sid}]

    report = centre.replay(document(("topic == 'sales'", rings), default=centre.support))

    assert [each["why"] for each in report["moved"]["listed"]] == [{"because": "step", "from": 1, "to": 2}] * 2


def test_the_same_document_changes_nothing(past: Past) -> None:
    report = busy_morning(past).replay()

    assert report["moved"]["count"] == 0
    assert report["overall"]["before"] == report["overall"]["after"]
    assert report["agents"]["before"] == report["agents"]["after"]


def test_a_customer_gives_up_after_the_same_patience(past: Past) -> None:
    centre = Centre(past)
    past.at(-60).present(centre.home, "Ben")
    task = past.at(0).comes(centre.home, attributes={"topic": "sales"})  # Which Ben does not know.
    past.at(90)
    actions.cancel_task(task, actor=SYSTEM, reason="hung up")

    kept, moved = centre.replay(), centre.replay(document(default=centre.support))

    assert (kept["overall"]["after"]["canceled"], kept["overall"]["real"]["canceled"]) == (1, 1)
    assert (moved["overall"]["after"]["canceled"], moved["overall"]["after"]["accepted"]) == (0, 1)


def test_an_agent_who_was_away_in_reality_is_away_in_the_replay(past: Past) -> None:
    centre = Centre(past)
    past.at(-60).present(centre.home, "Ada")
    past.at(5).goes(centre.home, "Ada", "Break")
    past.at(10).comes(centre.home)
    past.at(600).goes(centre.home, "Ada", "Available")

    report = centre.replay()

    assert report["overall"]["before"]["mean"] == 595  # Nobody answered anything: five seconds are assumed.


def test_work_of_other_workflows_takes_its_agents_too(past: Past) -> None:
    centre = busy_morning(past)
    other = make_workflow(centre.home.workspace, default=centre.sales, name="Other")

    report = replay(
        other, document=stored_workflow(document(default=centre.support)), starts_at=MORNING, ends_at=MORNING + HOUR,
        within=60,
    )  # fmt: skip

    assert (report["tasks"], report["workflow_tasks"], report["moved"]["count"]) == (3, 0, 0)


def test_a_later_version_counts_from_its_own_moment(past: Past) -> None:
    centre = Centre(past)
    past.at(-60).present(centre.home, "Ada")
    past.at(0).comes(centre.home)
    past.at(10)
    actions.save_workflow(centre.workflow, configuration=document(default=centre.sales), actor=SYSTEM)
    past.at(20).comes(centre.home)

    report = centre.replay()

    assert line(report, "Support")["before"]["tasks"] == 1
    assert line(report, "Sales")["before"]["tasks"] == 1


def test_a_report_is_plain_json(past: Past) -> None:
    report = busy_morning(past).replay()

    assert json.loads(json.dumps(report)) == report


def test_progress_rises_to_the_end_and_whoever_hears_it_may_stop_the_replay(past: Past) -> None:
    centre, heard = busy_morning(past), []
    period = {"starts_at": MORNING, "ends_at": MORNING + HOUR, "within": 60}
    document = stored_workflow(centre.workflow.configuration)

    def stop(_share: float) -> None:
        raise KeyboardInterrupt

    replay(centre.workflow, document=document, progress=heard.append, **period)
    with pytest.raises(KeyboardInterrupt):
        replay(centre.workflow, document=document, progress=stop, **period)

    assert heard == sorted(heard)
    assert 0 < heard[0] <= heard[-1] <= 1


# --- a whole day ---


def test_the_replay_of_a_simulated_day_is_that_day() -> None:
    home = house()
    centre = MadeUp(agents=40, tasks=1500, topics=3, languages=2)
    workflow = record_day(home.workspace, centre, day=MORNING.replace(hour=0))
    day = {"starts_at": MORNING.replace(hour=6), "ends_at": MORNING.replace(hour=20), "within": 20}

    report = replay(workflow, document=stored_workflow(workflow.configuration), **day)

    fidelity = report["fidelity"]
    assert fidelity["grade"] == "good"
    assert fidelity["same_queue"] == 1
    assert fidelity["same_agent"] > 0.95
    assert report["overall"]["before"]["accepted"] == pytest.approx(report["overall"]["real"]["accepted"], abs=5)
