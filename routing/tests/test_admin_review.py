"""From a draft to the next version, and back to an earlier one."""

import json
from typing import Any

import pytest
from django.test import Client

from kernel.actor import SYSTEM
from routing import actions
from routing.actions import drafts
from routing.models import Draft, TaskQueue, Workflow
from routing.tests.office import events, page, queue, sales_first, workflow
from tests.office import enter
from tests.people import House, full_house

pytestmark = pytest.mark.django_db


class Scene:
    """A workflow with a draft of Bo's that lets sales go to support with another priority."""

    def __init__(self) -> None:
        self.home: House = full_house()
        self.support: TaskQueue = queue(self.home)
        self.sales: TaskQueue = queue(self.home, "Sales", "skills HAS 'sales'")
        self.workflow: Workflow = workflow(self.home, sales_first(self.support, self.sales))
        self.client: Client = enter(self.home, "Bo")
        routing = sales_first(self.support, self.sales)
        routing["filters"][0]["targets"][0] = {"queue": self.support.sid, "priority": 9, "timeout": 60}
        self.text = json.dumps({"task_routing": routing})

    def draft(self, text: str = "") -> Draft:
        return drafts.save_draft(self.workflow, configuration=text or self.text, seen=0, actor=self.home.actor("Bo"))

    def task(self, topic: str = "sales") -> Any:
        return actions.create_task(
            self.home.workspace, attributes={"topic": topic, "name": "Maria"}, workflow=self.workflow, actor=SYSTEM
        )

    def publish(self, **given: Any) -> Any:
        seen = {"seen_draft": 1, "seen_number": 1, **given}
        return self.client.post(page("publish", self.workflow.pk), seen, follow=True)

    def number(self) -> int:
        return self.workflow.versions.order_by("-number")[0].number


def test_a_review_shows_what_changes_side_by_side() -> None:
    scene = Scene()
    scene.draft()

    shown = scene.client.get(page("review", scene.workflow.pk))

    (rule,) = shown.context["difference"].filters
    assert [(change.field, change.after) for change in rule.targets[0].changes] == [
        ("queue", scene.support.sid),
        ("priority", "9"),
        ("order_by", ""),
    ]
    assert "<mark>Sales</mark>" in shown.text
    assert "<mark>Support</mark>" in shown.text
    assert "The draft was saved by Bo" in shown.text


def test_a_review_tells_where_the_last_tasks_would_go() -> None:
    scene = Scene()
    scene.draft()
    for topic in ("sales", "sales", "else"):
        scene.task(topic)

    sample = scene.client.get(page("review", scene.workflow.pk)).context["sample"]

    assert dict(sample.kinds) == {"queue": 2, "same": 1}
    assert [(move.before, move.after, move.count) for move in sample.moves] == [("Sales", "Support", 2)]
    assert (sample.foreign, len(sample.examples)) == (False, 2)


def test_without_tasks_of_its_own_the_workspaces_tasks_are_tried() -> None:
    scene = Scene()
    scene.draft()
    actions.create_task(scene.home.workspace, attributes={"topic": "sales"}, task_queue=scene.sales, actor=SYSTEM)

    sample = scene.client.get(page("review", scene.workflow.pk)).context["sample"]

    assert (sample.foreign, sample.count, dict(sample.kinds)) == (True, 1, {"queue": 1})


def test_a_review_warns_of_what_the_checks_find() -> None:
    scene = Scene()
    nobody = queue(scene.home, "Chess", "skills HAS 'chess'")
    scene.draft(json.dumps({"task_routing": {"default_filter": {"queue": nobody.sid}}}))

    text = scene.client.get(page("review", scene.workflow.pk)).text

    assert "No worker matches Chess." in text


def test_a_draft_whose_queue_is_gone_is_shown_and_not_published() -> None:
    scene = Scene()
    gone = queue(scene.home, "Gone")
    scene.draft(json.dumps({"task_routing": {"default_filter": {"queue": gone.sid}}}))
    actions.delete_queue(gone, actor=SYSTEM)

    shown = scene.client.get(page("review", scene.workflow.pk))

    assert shown.context["may_publish"] is False
    assert "There is no queue" in shown.text
    assert scene.number() == 1


def test_publishing_takes_what_was_reviewed() -> None:
    scene = Scene()
    scene.draft()

    answer = scene.publish()

    assert "The next task goes by it." in answer.text
    assert not Draft.objects.exists()
    assert scene.task().task_queue == scene.support
    (event,) = events("workflow.published")
    assert event.actor_sid == scene.home.users["Bo"].sid


@pytest.mark.parametrize("along", [True, False])
def test_tasks_that_wait_come_along_when_it_is_said(along: bool) -> None:
    scene = Scene()
    task = scene.task()
    scene.draft()

    scene.publish(**({"re_evaluate_tasks": "on"} if along else {}))

    task.refresh_from_db()
    assert task.task_queue == (scene.support if along else scene.sales)


@pytest.mark.parametrize(
    ("given", "fate"),
    [
        ({}, "The 2 tasks that wait stay on the versions that they came with."),
        ({"re_evaluate_tasks": "on"}, "The 2 tasks that wait go by it too, one after the other;"),
    ],
)
def test_publishing_says_how_many_tasks_wait_and_what_becomes_of_them(given: dict[str, str], fate: str) -> None:
    scene = Scene()
    scene.task()
    scene.task("else")
    actions.create_task(scene.home.workspace, attributes={}, task_queue=scene.sales, actor=SYSTEM)
    scene.draft()

    asked = scene.client.get(page("review", scene.workflow.pk))
    published = scene.publish(**given)
    back = page("revert", scene.workflow.pk, 1)
    reverted = scene.client.post(back, {"seen_number": scene.number(), **given}, follow=True)

    assert "<strong>2 tasks</strong> of this workflow wait." in asked.text
    assert fate in published.text
    assert fate in reverted.text


def test_without_waiting_tasks_publishing_speaks_of_none() -> None:
    scene = Scene()
    scene.draft()

    asked = scene.client.get(page("review", scene.workflow.pk))
    answer = scene.publish()

    assert "No task of this workflow waits." in asked.text
    assert [str(message) for message in answer.context["messages"]] == ["Published. The next task goes by it."]


def test_what_was_changed_after_the_review_is_not_published() -> None:
    scene = Scene()
    scene.draft()
    drafts.save_draft(scene.workflow, configuration=scene.text + " ", seen=1, actor=SYSTEM)
    drafts.save_draft(scene.workflow, configuration=scene.text, seen=2, actor=SYSTEM)

    answer = scene.publish()

    assert "Somebody else has changed or closed this draft meanwhile." in answer.text
    assert (scene.number(), Draft.objects.count()) == (1, 1)


def test_a_link_alone_publishes_nothing() -> None:
    scene = Scene()
    scene.draft()

    scene.client.get(page("publish", scene.workflow.pk), {"seen_draft": 1, "seen_number": 1})
    scene.client.get(page("discard", scene.workflow.pk))
    scene.client.get(page("revert", scene.workflow.pk, 1))

    assert (scene.number(), Draft.objects.count()) == (1, 1)


def test_a_draft_begun_on_an_older_version_says_so() -> None:
    scene = Scene()
    scene.draft()
    other = json.dumps({"task_routing": {"default_filter": {"queue": scene.sales.sid}}})
    actions.save_workflow(scene.workflow, configuration=other, actor=SYSTEM)

    shown = scene.client.get(page("review", scene.workflow.pk))

    assert "The draft was begun on version 1." in shown.text
    assert "The draft was begun on version 1." in shown.text


def test_discarding_asks_and_forgets() -> None:
    scene = Scene()
    scene.draft()
    url = page("discard", scene.workflow.pk)

    asked = scene.client.get(url)
    assert asked.context["form"]["seen"].initial == 1
    scene.client.post(url, {"seen": 1})

    assert not Draft.objects.exists()
    assert scene.number() == 1
    assert scene.client.get(url).url == page("change", scene.workflow.pk)
    assert scene.client.get(page("review", scene.workflow.pk)).url == page("change", scene.workflow.pk)


# --- versions ---


def test_versions_tell_who_when_and_what() -> None:
    scene = Scene()
    scene.draft()
    scene.publish()

    lines = scene.client.get(page("versions", scene.workflow.pk)).context["lines"]

    assert [(line["version"].number, line["by"], line["touched"]) for line in lines] == [
        (2, "Bo", ["Sales"]),
        (1, "the product itself", None),
    ]


def test_versions_are_paged() -> None:
    scene = Scene()
    for number in range(30):
        text = json.dumps({"task_routing": {"default_filter": {"queue": scene.sales.sid, "priority": number}}})
        actions.save_workflow(scene.workflow, configuration=text, actor=SYSTEM)
    url = page("versions", scene.workflow.pk)

    first = scene.client.get(url).context
    second = scene.client.get(url, {"before": first["older"]}).context

    assert [line["version"].number for line in first["lines"]] == list(range(31, 6, -1))
    assert [line["version"].number for line in second["lines"]] == list(range(6, 0, -1))
    assert second["older"] is None


def test_a_version_shows_what_it_changed() -> None:
    scene = Scene()
    scene.draft()
    scene.publish()

    shown = scene.client.get(page("version", scene.workflow.pk, 2))

    assert shown.context["former"].number == 1
    assert shown.context["is_newest"]
    assert "Publish it again" not in shown.text
    assert "Publish it again" in scene.client.get(page("version", scene.workflow.pk, 1)).text
    assert scene.client.get(page("version", scene.workflow.pk, 9)).status_code == 404


def test_an_earlier_version_is_published_again_after_asking() -> None:
    scene = Scene()
    first = scene.workflow.configuration
    scene.draft()
    scene.publish()
    url = page("revert", scene.workflow.pk, 1)

    asked = scene.client.get(url)
    seen = asked.context["form"]["seen_number"].initial
    assert [rule.kind for rule in asked.context["difference"].filters] == ["changed"]
    assert "compared with version 2" in asked.text
    scene.client.post(url, {"seen_number": seen})

    scene.workflow.refresh_from_db()
    assert (scene.workflow.configuration, scene.number()) == (first, 3)
    assert scene.task().task_queue == scene.sales
    refused = scene.client.post(url, {"seen_number": seen}, follow=True)
    assert "Somebody else has published a version meanwhile." in refused.text
    assert scene.number() == 3


def test_an_earlier_version_is_taken_as_the_draft() -> None:
    scene = Scene()
    first = scene.workflow.configuration
    scene.draft()
    scene.publish()
    url = page("redraft", scene.workflow.pk, 1)

    answer = scene.client.post(url, {"seen": scene.client.get(url).context["form"]["seen"].initial})

    assert answer.url == page("review", scene.workflow.pk)
    assert (Draft.objects.get().configuration, scene.number()) == (first, 2)
