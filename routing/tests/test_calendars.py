"""Business calendars as facts of workflows."""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from accounts.admin_base import told
from eventlog.dbclock import database_now
from hours.actions import delete_calendar, update_calendar
from hours.core.facts import FACTS
from hours.models import Calendar
from hours.tests.factories import OFFICE, always, make_calendar
from kernel.actor import SYSTEM
from kernel.errors import Conflict, Invalid
from routing import actions
from routing.core.document import ConfigurationError, parse_workflow, stored_workflow
from routing.core.workflow import first_step
from routing.models import TaskQueue, Workflow
from routing.scoping import Scopes, filter_scope
from routing.tests.factories import make_queue, make_task, make_workflow
from tests.people import House, house


def document(*expressions: str) -> str:
    filters = [{"expression": text, "targets": [{"queue": "WQ1"}]} for text in expressions]
    return json.dumps({"task_routing": {"filters": filters}})


def parsed(*expressions: str) -> Any:
    return parse_workflow(document(*expressions), queues={"WQ1"}, calendars={"support", "sales"})


# --- what a document may say ---


def test_a_workflow_knows_the_calendars_that_it_asks() -> None:
    found = parsed("calendar.support.open == true AND calendar.sales.open == false", "topic == 'x'")

    assert found.calendars == {"support", "sales"}
    assert parsed("topic == 'calendar.support.open'").calendars == frozenset()


@pytest.mark.parametrize("fact", FACTS)
def test_every_fact_may_be_asked(fact: str) -> None:
    assert parsed(f"calendar.support.{fact} != null").calendars == {"support"}


@pytest.mark.parametrize(
    ("expression", "column", "word"),
    [
        ("topic == 'a' AND calendar.suport.open == true", 18, "suport"),
        ("calendar.Support.open == true", 1, "Support"),
        ("calendar.support.opened == true", 1, "open, reason"),
        ("calendar.support == true", 1, "open, reason"),
        ("calendar.support.open.now == true", 1, "open, reason"),
    ],
)
def test_what_no_calendar_tells_is_refused_at_its_place(expression: str, column: int, word: str) -> None:
    with pytest.raises(ConfigurationError, match=word) as refusal:
        parsed("1==1", expression)

    assert refusal.value.path == "task_routing.filters[1].expression"
    assert (refusal.value.line, refusal.value.column) == (1, column)


def test_an_unknown_calendar_is_answered_with_those_that_there_are_the_nearest_first() -> None:
    known = {"billing", "sales", "Support", *(f"branch{number}" for number in range(9))}
    text = document("calendar.suport.open == true")

    with pytest.raises(ConfigurationError, match="no calendar suport") as many:
        parse_workflow(text, queues={"WQ1"}, calendars=known)
    with pytest.raises(ConfigurationError, match="The workspace has none yet") as none:
        parse_workflow(text, queues={"WQ1"}, calendars=set())

    assert many.value.params["expected"].startswith("Support, ")
    assert many.value.params["expected"].count(",") == 7
    assert many.value.params["expected"].endswith(" …")
    with translation.override("es"):
        assert "no hay ningún calendario suport. Hay: Support, " in told(many.value)
        assert "todavía no tiene ninguno" in told(none.value)


def test_a_bare_calendar_is_a_task_attribute() -> None:
    found = parsed("calendar == 'gregorian'")

    assert found.calendars == frozenset()
    assert first_step(found, {"calendar": "gregorian"}) is not None


@pytest.mark.django_db
def test_saving_refuses_a_calendar_that_is_not_there() -> None:
    home = house()
    queue = make_queue(home.workspace)
    make_calendar(house("Other").workspace)

    with pytest.raises(Invalid) as refusal:
        make_workflow(home.workspace, ("calendar.support.open == true", [{"queue": queue.sid}]))

    assert refusal.value.field == "configuration"
    assert refusal.value.params["path"] == "task_routing.filters[0].expression"
    assert not Workflow.objects.exists()


# --- what it decides ---


def by_hours(home: House, **changes: Any) -> tuple[Workflow, TaskQueue, TaskQueue, Calendar]:
    """A workflow that leads to `Day` while support is open, and to `Night` otherwise."""
    calendar = make_calendar(home.workspace, **changes)
    day, night = make_queue(home.workspace, "Day"), make_queue(home.workspace, "Night")
    workflow = make_workflow(home.workspace, ("calendar.support.open == true", [{"queue": day.sid}]), default=night)
    return workflow, day, night, calendar


@pytest.mark.django_db
def test_a_new_task_goes_by_the_calendar_as_it_is_now() -> None:
    home = house()
    _, day, night, calendar = by_hours(home, **always(is_open=True))

    first = make_task(home.workspace)
    update_calendar(calendar, definition={**OFFICE, **always(is_open=False)}, actor=SYSTEM)
    second = make_task(home.workspace)

    assert (first.task_queue, second.task_queue) == (day, night)


@pytest.mark.django_db
def test_a_customers_attribute_does_not_open_the_doors() -> None:
    home = house()
    _, _, night, _ = by_hours(home, **always(is_open=False))

    task = make_task(home.workspace, attributes={"calendar": {"support": {"open": True}}})

    assert task.task_queue == night


@pytest.mark.django_db
def test_a_workflow_without_calendars_reads_none() -> None:
    home = house()
    workflow = stored_workflow(document("topic == 'x'"))
    attributes = {"topic": "x"}

    with CaptureQueriesContext(connection) as asked:
        scope = filter_scope(home.workspace.pk, attributes, workflow, database_now())

    assert scope is attributes
    assert [query["sql"] for query in asked if "hours_calendar" in query["sql"]] == []


@pytest.mark.django_db
def test_many_tasks_at_one_moment_read_their_calendars_once() -> None:
    home = house()
    make_calendar(home.workspace)
    workflow = stored_workflow(document("calendar.support.open == true"))
    scopes = Scopes(home.workspace.pk, datetime(2026, 1, 5, 10, tzinfo=UTC))

    with CaptureQueriesContext(connection) as asked:
        opened = [first_step(workflow, scopes.of({"n": n}, workflow)) is not None for n in range(5)]

    assert opened == [True] * 5
    assert len(asked) == 1


@pytest.mark.django_db
def test_each_moment_has_its_own_answer() -> None:
    home = house()
    make_calendar(home.workspace)
    workflow = stored_workflow(document("calendar.support.holiday == 'Natividad del Señor'"))
    christmas = datetime(2026, 12, 25, 10, tzinfo=UTC)

    found = [
        first_step(workflow, filter_scope(home.workspace.pk, {}, workflow, at)) is not None
        for at in (christmas, christmas + timedelta(days=3))
    ]

    assert found == [True, False]


# --- who refers to a calendar ---


@pytest.mark.django_db
def test_a_calendar_that_a_workflow_asks_stays() -> None:
    home = house()
    workflow, _, _, calendar = by_hours(home)

    with pytest.raises(Conflict, match="Messages refers to this calendar"):
        delete_calendar(calendar, actor=SYSTEM)
    with pytest.raises(Conflict):
        update_calendar(calendar, unique_name="help", actor=SYSTEM)

    actions.delete_workflow(workflow, actor=SYSTEM)
    delete_calendar(calendar, actor=SYSTEM)
    assert not Calendar.objects.exists()


@pytest.mark.django_db
def test_a_live_task_keeps_the_calendar_of_its_version() -> None:
    home = house()
    workflow, _, night, calendar = by_hours(home)
    task = make_task(home.workspace)
    plain = json.dumps({"task_routing": {"default_filter": {"queue": night.sid}}})
    actions.save_workflow(workflow, configuration=plain, actor=SYSTEM)

    with pytest.raises(Conflict, match="Messages refers to this calendar"):
        delete_calendar(calendar, actor=SYSTEM)

    actions.cancel_task(task, actor=SYSTEM, reason="over")
    delete_calendar(calendar, actor=SYSTEM)
    assert not Calendar.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_a_deletion_and_a_new_reference_one_wins() -> None:
    home = house()
    queue = make_queue(home.workspace)
    for number in range(6):
        name = f"night{number}"
        calendar = make_calendar(home.workspace, name)
        expression = f"calendar.{name}.open == true"
        refer = partial(make_workflow, home.workspace, (expression, [{"queue": queue.sid}]), name=name)

        outcomes = at_once(partial(delete_calendar, calendar, actor=SYSTEM), refer)

        assert sorted(outcomes) in (["Conflict", "done"], ["Invalid", "done"])
        there = Calendar.objects.filter(unique_name=name).exists()
        assert Workflow.objects.filter(friendly_name=name).exists() is there


def at_once(*verbs: Callable[[], object]) -> list[str]:
    """Each on a thread of its own; what became of it."""
    gate = threading.Barrier(len(verbs))
    outcomes = []

    def run(verb: Callable[[], object]) -> None:
        try:
            gate.wait(timeout=20)
            verb()
            outcomes.append("done")
        except Exception as error:
            outcomes.append(type(error).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(verb,)) for verb in verbs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return outcomes
