"""Drafts decide nothing until they are published; nobody's work is overwritten unseen."""

from typing import Any

import pytest

from agents.models import Workspace
from agents.tests.factories import agent, make_worker, make_workspace, supervisor
from eventlog.models import Event
from kernel.actor import SYSTEM, Actor
from kernel.errors import Conflict, Forbidden, Invalid
from routing import actions
from routing.actions import drafts
from routing.models import Draft, Workflow
from routing.tests.factories import document, make_queue, make_task, make_workflow

pytestmark = pytest.mark.django_db


class Scene:
    """A workflow into one queue, and another queue that the drafts are about."""

    def __init__(self) -> None:
        self.workspace: Workspace = make_workspace()
        self.first, self.second = make_queue(self.workspace, "First"), make_queue(self.workspace, "Second")
        self.workflow: Workflow = make_workflow(self.workspace, default=self.first)
        self.bo: Actor = supervisor(self.workspace)
        self.text = document(default=self.second)

    def draft(self, text: str = "", **more: Any) -> Draft:
        return drafts.save_draft(
            self.workflow, configuration=text or self.text, **{"seen": 0, "actor": self.bo, **more}
        )

    def number(self) -> int:
        return self.workflow.versions.order_by("-number")[0].number

    def publish(self, **more: Any) -> Workflow:
        return drafts.publish(self.workflow, **{"seen": 1, "seen_number": self.number(), "actor": self.bo, **more})


def told(type: str) -> list[Event]:  # noqa: A002
    return list(Event.objects.filter(type=type).order_by("pk"))


def test_a_draft_decides_nothing() -> None:
    scene = Scene()

    draft = scene.draft()

    scene.workflow.refresh_from_db()
    assert (draft.configuration, draft.version, draft.actor_sid) == (scene.text, 1, scene.bo.sid)
    assert (draft.based_on.number, scene.workflow.version) == (1, 1)
    assert make_task(scene.workspace).task_queue == scene.first
    (event,) = told("workflow.draft.saved")
    assert event.data["draft"] == {"version": 1, "configuration": scene.text, "based_on": 1}
    assert (event.audiences, event.actor_sid) == ([], scene.bo.sid)
    assert told("workflow.updated") == []


def test_the_next_task_follows_what_was_published() -> None:
    scene = Scene()
    scene.draft()

    scene.publish()

    assert make_task(scene.workspace).task_queue == scene.second
    assert not Draft.objects.exists()
    assert (scene.workflow.version, scene.number()) == (2, 2)
    assert [event.data["configuration"] for event in told("workflow.updated")] == [scene.text]
    (event,) = told("workflow.published")
    assert (event.data["number"], event.data["number_before"], event.data["draft"]) == (2, 1, None)


def test_a_task_under_way_stays_on_its_version() -> None:
    scene = Scene()
    task = make_task(scene.workspace)
    scene.draft()

    scene.publish()

    task.refresh_from_db()
    assert (task.workflow_version.number, task.task_queue) == (1, scene.first)


def test_a_change_of_a_draft_that_somebody_else_has_changed_is_refused() -> None:
    scene = Scene()
    scene.draft()
    other = document(("1==1", [{"queue": scene.first.sid}]), default=scene.second)
    scene.draft(other, seen=1)

    for seen in (0, 1):
        with pytest.raises(Conflict):
            scene.draft(scene.text, seen=seen)

    draft = Draft.objects.get()
    assert (draft.configuration, draft.version) == (other, 2)


def test_a_draft_that_cannot_be_is_refused_with_the_place() -> None:
    scene = Scene()

    with pytest.raises(Invalid) as caught:
        scene.draft('{"task_routing": {"default_filter": {"queue": "WQgone"}}}')

    assert caught.value.params["path"] == "task_routing.default_filter.queue"
    assert not Draft.objects.exists()
    assert told("workflow.draft.saved") == []


def test_a_discarded_draft_is_gone() -> None:
    scene = Scene()
    scene.draft()

    with pytest.raises(Conflict):
        drafts.discard_draft(scene.workflow, seen=2, actor=scene.bo)
    drafts.discard_draft(scene.workflow, seen=1, actor=scene.bo)

    assert not Draft.objects.exists()
    assert told("workflow.draft.discarded")[0].data["draft"] is None
    with pytest.raises(Conflict):
        drafts.discard_draft(scene.workflow, seen=1, actor=scene.bo)


@pytest.mark.parametrize("stale", [{"seen": 2}, {"seen": 0}, {"seen_number": 7}])
def test_what_was_not_reviewed_is_not_published(stale: dict[str, int]) -> None:
    scene = Scene()
    scene.draft()

    with pytest.raises(Conflict):
        scene.publish(**stale)

    assert Draft.objects.count() == scene.number() == 1
    assert told("workflow.published") == told("workflow.updated") == []


def test_a_version_that_somebody_else_published_meanwhile_is_not_overwritten() -> None:
    scene = Scene()
    scene.draft()
    theirs = document(("1==1", [{"queue": scene.first.sid}]))
    actions.save_workflow(scene.workflow, configuration=theirs, actor=SYSTEM)

    with pytest.raises(Conflict):
        scene.publish(seen_number=1)

    scene.workflow.refresh_from_db()
    assert scene.workflow.configuration == theirs


def test_a_draft_that_changes_nothing_is_not_published() -> None:
    scene = Scene()
    scene.draft(scene.workflow.configuration)

    with pytest.raises(Conflict):
        scene.publish()

    assert scene.number() == 1


def test_a_draft_whose_queue_is_gone_cannot_be_published() -> None:
    scene = Scene()
    scene.draft()
    actions.delete_queue(scene.second, actor=SYSTEM)

    with pytest.raises(Invalid):
        scene.publish()

    assert Draft.objects.count() == 1


def test_an_earlier_version_is_published_anew_beside_a_draft() -> None:
    scene = Scene()
    first = scene.workflow.configuration
    scene.draft()
    scene.publish()
    scene.draft(document(("1==1", [{"queue": scene.first.sid}])))

    drafts.revert(scene.workflow, number=1, seen_number=2, actor=scene.bo)

    assert (scene.workflow.configuration, scene.number()) == (first, 3)
    assert make_task(scene.workspace).task_queue == scene.first
    assert Draft.objects.count() == 1
    (event,) = told("workflow.reverted")
    assert (event.data["number"], event.data["number_before"], event.data["reverted_to"]) == (3, 2, 1)


@pytest.mark.parametrize(("number", "seen_number"), [(9, 1), (1, 1), (1, 9)])
def test_reverting_to_nothing_or_to_the_same_is_refused(number: int, seen_number: int) -> None:
    scene = Scene()

    with pytest.raises(Conflict):
        drafts.revert(scene.workflow, number=number, seen_number=seen_number, actor=scene.bo)

    assert scene.number() == 1


def test_only_who_may_configure_works_on_drafts() -> None:
    scene = Scene()
    nobody = [agent(make_worker(scene.workspace, "Ada")), supervisor(make_workspace("Other"))]
    scene.draft()

    for actor in nobody:
        for verb in (
            lambda actor=actor: scene.draft(seen=1, actor=actor),
            lambda actor=actor: scene.publish(actor=actor),
            lambda actor=actor: drafts.discard_draft(scene.workflow, seen=1, actor=actor),
            lambda actor=actor: drafts.revert(scene.workflow, number=1, seen_number=1, actor=actor),
        ):
            with pytest.raises(Forbidden):
                verb()

    assert (Draft.objects.get().version, scene.number()) == (1, 1)
