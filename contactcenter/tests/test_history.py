"""The history of the configuration: who, when, before and after; whose; and nothing secret."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from agents import actions as agents
from agents.models import TaskChannel, WorkerChannel, Workspace
from contactcenter.history import Asked, Change, changes
from eventlog.configuration import KINDS, TYPES
from eventlog.models import Event
from hours import actions as hours
from hours.tests.factories import make_calendar
from kernel.actor import SYSTEM, Actor
from routing import actions as routing
from routing.models import Workflow
from routing.tests.factories import document, make_queue, make_workflow
from tests.office import enter
from tests.people import House, full_house, house, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def home() -> House:
    return full_house()


@pytest.fixture
def by(home: House) -> Actor:
    return home.actor("Bo")


def latest(home: House, **asked: Any) -> Change:
    return changes(Workspace.objects.filter(pk=home.workspace.pk), Asked(**asked))[0][0]


def told(change: Change) -> list[tuple[str, str, str]]:
    return [("/".join(field.path), field.before, field.after) for field in change.fields]


def rename_workspace(home: House, by: Actor) -> None:
    agents.update_workspace(home.workspace, timeout_activity=home.activity("Break"), actor=by)


def rename_activity(home: House, by: Actor) -> None:
    agents.update_activity(home.activity("Break"), friendly_name="Coffee", actor=by)


def widen_channel(home: House, by: Actor) -> None:
    row = TaskChannel.objects.get(workspace=home.workspace, unique_name="chat")
    agents.update_task_channel(row, channel_optimized_routing=True, actor=by)


def teach_worker(home: House, by: Actor) -> None:
    agents.update_worker(home.workers["Ben"], attributes={"skills": ["support", "billing"], "level": 2}, actor=by)


def load_worker(home: House, by: Actor) -> None:
    row = WorkerChannel.objects.get(worker=home.workers["Ben"], task_channel__unique_name="chat")
    agents.set_capacity(row, capacity=5, actor=by)


def narrow_queue(home: House, by: Actor) -> None:
    routing.save_queue(make_queue(home.workspace, "Narrow"), target_workers="level > 2", actor=by)


def rush_workflow(home: House, by: Actor) -> None:
    row = make_workflow(home.workspace, default=make_queue(home.workspace))
    routing.save_workflow(row, task_reservation_timeout=45, actor=by)


def close_calendar(home: House, by: Actor) -> None:
    row = make_calendar(home.workspace)
    day = {"name": "Inventory", "first": "2026-12-30", "last": "2026-12-30", "yearly": False, "hours": []}
    weekly = {**row.definition["weekly"], "friday": ["09:00-13:00"]}
    hours.update_calendar(row, definition={**row.definition, "weekly": weekly, "overrides": [day]}, actor=by)


CASES: list[tuple[Callable[[House, Actor], None], str, list[tuple[str, str, str]]]] = [
    (rename_workspace, "workspace", [("timeout_activity", "Offline", "Break")]),
    (rename_activity, "activity", [("friendly_name", "Break", "Coffee")]),
    (widen_channel, "task-channel", [("channel_optimized_routing", "no", "yes")]),
    (teach_worker, "worker", [("attributes/skills", "support", "support, billing"), ("attributes/level", "", "2")]),
    (load_worker, "worker", [("chat/configured_capacity", "3", "5")]),
    (narrow_queue, "task-queue", [("target_workers", "1==1", "level > 2")]),
    (rush_workflow, "workflow", [("task_reservation_timeout", "30", "45")]),
    (
        close_calendar,
        "calendar",
        [("weekly/friday", "09:00-18:00", "09:00-13:00"), ("overrides/Inventory", "", "2026-12-30 closed")],
    ),
]


@pytest.mark.parametrize(("change", "kind", "fields"), CASES, ids=[case[0].__name__ for case in CASES])
def test_every_change_tells_who_before_and_after(
    home: House, by: Actor, change: Callable[[House, Actor], None], kind: str, fields: list[tuple[str, str, str]]
) -> None:
    change(home, by)

    found = latest(home, by=by.sid)

    assert (found.kind, found.by) == (kind, "Bo")
    assert told(found) == fields


def test_what_is_made_and_deleted_tells_what_it_was(home: House, by: Actor) -> None:
    queue = make_queue(home.workspace, "Old", "level > 2")
    routing.delete_queue(queue, actor=by)

    deleted = latest(home)

    assert (deleted.verb, deleted.name) == ("deleted", "Old")
    assert ("target_workers", "level > 2", "") in told(deleted)


def test_a_changed_document_names_its_filters_and_leads_to_the_version(home: House, by: Actor) -> None:
    queue = make_queue(home.workspace)
    row = make_workflow(home.workspace, default=queue)
    filters = {"filter_friendly_name": "Sales", "expression": "topic == 'sales'", "targets": [{"queue": queue.sid}]}
    changed = json.loads(document(default=queue))
    changed["task_routing"]["filters"] = [filters]
    routing.save_workflow(Workflow.objects.get(pk=row.pk), configuration=json.dumps(changed), actor=by)

    found = latest(home)
    page = enter(home, "Bo").get(reverse("admin:history")).text

    assert (found.version, found.touched, told(found)) == (2, ("Sales",), [])
    assert reverse("admin:routing_workflow_version", args=[row.pk, 2]) in page


def test_passwords_and_tokens_in_addresses_are_not_shown(home: House, by: Actor) -> None:
    url = "https://example.com/hook?token=1"
    agents.update_workspace(home.workspace, event_callback_url=url, actor=by)
    assert told(latest(home)) == [("event_callback_url", "", "https://example.com/hook?…")]

    Workspace.objects.update(event_callback_url="https://bo:secret@example.com/")  # Taken by an older release.
    agents.update_workspace(home.workspace, event_callback_url="", actor=by)
    assert told(latest(home)) == [("event_callback_url", "https://…@example.com/", "")]


def test_work_is_no_configuration(home: House, by: Actor) -> None:
    before = latest(home).event.pk

    agents.set_activity(home.workers["Ada"], activity=home.activity("Available"), actor=by)

    assert latest(home).event.pk == before


# --- the page ---


@pytest.fixture
def bo(home: House) -> Client:
    return enter(home, "Bo")


def test_the_page_shows_before_and_after(home: House, by: Actor, bo: Client) -> None:
    teach_worker(home, by)

    page = bo.get(reverse("admin:history")).text

    assert "<del>support</del>" in page
    assert "<ins>support, billing</ins>" in page


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({"kind": "worker"}, True),
        ({"kind": "task-queue"}, False),
        ({"q": "ben"}, True),
        ({"q": "zoe"}, False),
        ({"until": "2020-01-01"}, False),
        ({"since": "2020-01-01"}, True),
        ({"since": "nonsense", "before": "x", "kind": "nothing"}, True),
    ],
)
def test_changes_are_filtered(home: House, by: Actor, bo: Client, query: dict[str, str], shown: bool) -> None:
    teach_worker(home, by)

    assert ("<ins>support, billing</ins>" in bo.get(reverse("admin:history"), query).text) is shown


def test_changes_of_a_person_are_found(home: House, by: Actor, bo: Client) -> None:
    teach_worker(home, by)

    assert "support, billing" in bo.get(reverse("admin:history"), {"by": by.sid}).text
    assert "support, billing" not in bo.get(reverse("admin:history"), {"by": home.users["Dee"].sid}).text


def test_the_history_of_a_thing_is_reached_from_its_page(home: House, bo: Client) -> None:
    worker = home.workers["Ben"]

    answer = bo.get(reverse("admin:agents_worker_history", args=[worker.pk]))

    assert answer["Location"] == f"{reverse('admin:history')}?about={worker.sid}"
    page = bo.get(answer["Location"]).text
    assert "Only of Ben." in page
    assert "<b>Ada</b>" not in page


def test_many_changes_come_in_pages(home: House, bo: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contactcenter.history.PAGE_SIZE", 2)
    for name in ("One", "Two", "Three"):
        make_queue(home.workspace, name)

    first = bo.get(reverse("admin:history"), {"kind": "task-queue"})
    second = bo.get(f"{reverse('admin:history')}?{first.context['older']}")

    assert [line[0].name for line in first.context["lines"]] == ["Three", "Two"]
    assert [line[0].name for line in second.context["lines"]] == ["One"]
    assert second.context["older"] == ""


def test_another_account_and_agents_see_nothing_of_it(home: House) -> None:
    elsewhere = house("Other")
    person(elsewhere, "Cy", role="supervisor")

    page = enter(elsewhere, "Cy").get(reverse("admin:history")).text

    assert "<b>Ben</b>" not in page
    assert enter(home, "Ada").get(reverse("admin:history")).status_code in (302, 403)


def test_every_type_is_recorded_by_somebody() -> None:
    """A type that nobody records any more would be a hole in the history."""
    home = full_house()
    for change, _kind, _fields in CASES:
        change(home, SYSTEM)

    recorded = {type_ for type_ in Event.objects.values_list("type", flat=True) if type_.split(".")[0] in KINDS}
    assert recorded <= {*TYPES, "worker.activity.update"}
