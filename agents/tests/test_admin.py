"""Workers, activities and task channels in the admin."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import ApiKey
from accounts.queries import actor_for_basic
from agents.actions import create_worker, delete_worker, update_worker
from agents.journal import subjects
from agents.models import Activity, TaskChannel, Worker, WorkerChannel
from eventlog.models import Event
from kernel.actor import SYSTEM
from tests.office import enter
from tests.people import House, full_house, house, person

pytestmark = pytest.mark.django_db


def recorded(type: str) -> Event:  # noqa: A002
    return Event.objects.filter(type=type).latest("pk")


def worker_form(worker: Worker, **changes: Any) -> dict[str, Any]:
    channels = list(WorkerChannel.objects.filter(worker=worker).order_by("task_channel__pk"))
    lines: dict[str, Any] = {"channels-TOTAL_FORMS": len(channels), "channels-INITIAL_FORMS": len(channels)}
    for index, channel in enumerate(channels):
        lines |= {
            f"channels-{index}-id": channel.pk,
            f"channels-{index}-worker": worker.pk,
            f"channels-{index}-configured_capacity": channel.configured_capacity,
            f"channels-{index}-available": "on",
        }
    given = {"friendly_name": worker.friendly_name, "skills": "", "languages": "", "other": "{}"}
    return {**lines, **given, **changes}


def save(client: Client, worker: Worker, **changes: Any) -> Any:
    return client.post(reverse("admin:agents_worker_change", args=[worker.pk]), worker_form(worker, **changes))


def test_skills_are_tags_and_routing_hears_of_them() -> None:
    home = full_house()
    ada = home.workers["Ada"]

    response = save(enter(home, "Bo"), ada, skills=" billing, vip ,, billing", languages="en,es", other='{"level": 3}')

    ada.refresh_from_db()
    assert response.status_code == 302
    assert ada.attributes == {"skills": ["billing", "vip"], "languages": ["en", "es"], "level": 3}
    event = recorded("worker.attributes.update")
    assert (event.subject_sid, event.actor_sid) == (ada.sid, home.users["Bo"].sid)
    assert event.data["attributes"]["skills"] == ["billing", "vip"]


def test_a_save_without_a_change_records_nothing() -> None:
    home = full_house()
    before = Event.objects.count()

    save(enter(home, "Bo"), home.workers["Ada"], skills="support, sales")

    assert Event.objects.count() == before
    assert Worker.objects.get(pk=home.workers["Ada"].pk).version == home.workers["Ada"].version


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ('{"a": 1,\n "b" 2}', "Line 2, column 6"),
        ("[1]", "object"),
        ('{\n  "skills": [\n    "x"\n  ]\n}', "its own field"),
    ],
)
def test_wrong_attributes_are_refused_at_their_field_and_nothing_is_lost(other: str, words: str) -> None:
    home = full_house()
    ada = home.workers["Ada"]

    response = save(enter(home, "Bo"), ada, skills="typed", other=other)

    form = response.context["adminform"].form
    assert words in form.errors["other"][0]
    assert form["skills"].value() == "typed"
    assert form["other"].value() == other
    ada.refresh_from_db()
    assert ada.attributes == {"skills": ["support", "sales"]}


def test_skills_that_are_no_tags_stay_as_they_are() -> None:
    home = full_house()
    ada = home.workers["Ada"]
    Worker.objects.filter(pk=ada.pk).update(attributes={"skills": ["a, b", 3]})
    client = enter(home, "Bo")
    shown = client.get(reverse("admin:agents_worker_change", args=[ada.pk])).context["adminform"].form

    save(client, ada, friendly_name="Ada L.", other=shown["other"].value())

    ada.refresh_from_db()
    assert (ada.friendly_name, ada.attributes) == ("Ada L.", {"skills": ["a, b", 3]})


def test_capacity_is_set_by_the_action() -> None:
    home = full_house()
    ada = home.workers["Ada"]

    save(
        enter(home, "Bo"),
        ada,
        skills="support, sales",
        **{"channels-1-configured_capacity": 7, "channels-2-available": ""},
    )

    lines = list(WorkerChannel.objects.filter(worker=ada).order_by("task_channel__pk"))
    assert (lines[1].configured_capacity, lines[2].available) == (7, False)
    for event in ("worker.capacity.update", "worker.channel.availability.update"):
        assert Event.objects.filter(type=event, subject_sid=ada.sid).count() == 1


def test_a_capacity_out_of_bounds_is_refused_at_its_line() -> None:
    home = full_house()

    response = save(enter(home, "Bo"), home.workers["Ada"], **{"channels-0-configured_capacity": 51})

    (inline,) = response.context["inline_admin_formsets"]
    assert "configured_capacity" in inline.formset.forms[0].errors
    assert not Event.objects.filter(type="worker.capacity.update").exists()


def test_a_name_that_is_taken_is_refused_at_the_field() -> None:
    home = full_house()

    response = save(enter(home, "Bo"), home.workers["Ada"], friendly_name="bEN")

    assert "bEN" in response.context["adminform"].form.errors["friendly_name"][0]


def test_a_new_worker_is_created_by_the_action() -> None:
    home = full_house()
    dee = home.users["Dee"]
    given = {"friendly_name": "Dee", "user": dee.pk, "skills": "vip", "languages": "", "other": ""}

    response = enter(home, "Bo").post(reverse("admin:agents_worker_add"), given)

    worker = Worker.objects.get(friendly_name="Dee")
    assert response.status_code == 302
    assert (worker.user, worker.workspace, worker.activity.friendly_name) == (dee, home.workspace, "Offline")
    assert worker.channels.count() == TaskChannel.objects.filter(workspace=home.workspace).count()
    assert recorded("worker.created").subject_sid == worker.sid


def test_changing_the_activity_asks_first() -> None:
    home = full_house()
    client, ada = enter(home, "Bo"), home.workers["Ada"]
    url = reverse("admin:agents_worker_change_activity", args=[ada.pk])

    assert client.get(url).status_code == 200
    assert not Event.objects.filter(type="worker.activity.update").exists()

    assert client.post(url, {"activity": home.activity("Break").pk}).status_code == 302
    ada.refresh_from_db()
    assert ada.activity.friendly_name == "Break"
    assert recorded("worker.activity.update").actor_sid == home.users["Bo"].sid


def test_another_accounts_worker_and_activity_do_not_exist() -> None:
    home, other = full_house(), house("Other")
    person(other, "Cy")
    client, cy = enter(home, "Bo"), other.workers["Cy"]

    assert client.get(reverse("admin:agents_worker_change", args=[cy.pk])).status_code == 404
    assert save(client, cy, skills="stolen").status_code == 404
    assert client.post(reverse("admin:agents_worker_change_activity", args=[cy.pk])).status_code == 404
    foreign = {"activity": other.activity("Break").pk}
    own = reverse("admin:agents_worker_change_activity", args=[home.workers["Ada"].pk])
    assert "activity" in client.post(own, foreign).context["form"].errors
    cy.refresh_from_db()
    assert cy.attributes == {"skills": []}


def test_a_workers_own_key_is_shown_once_and_is_his_alone() -> None:
    home = full_house()
    person(home, "Root", role="admin")
    client, ada = enter(home, "Root"), home.workers["Ada"]
    url = reverse("admin:agents_worker_new_key", args=[ada.pk])

    assert client.get(url).status_code == 200
    assert not ApiKey.objects.exists()
    answer = client.post(url, {"friendly_name": "Phone", "expires_at": "2099-01-01T00:00"})

    actor = actor_for_basic(*(part.text for part in answer.context["parts"]))
    assert (actor.worker_sid, actor.name) == (ada.sid, "Phone")
    assert "no-store" in answer["Cache-Control"]
    assert ApiKey.objects.get().expires_at is not None


def test_who_may_not_make_keys_makes_none_for_a_worker() -> None:
    home, other = full_house(), house("Other")
    person(home, "Root", role="admin")
    cy = person(other, "Cy")
    url = reverse("admin:agents_worker_new_key", args=[home.workers["Ada"].pk])

    assert enter(home, "Bo").post(url, {"friendly_name": "Phone"}).status_code == 403
    foreign = reverse("admin:agents_worker_new_key", args=[cy.worker.pk])
    assert enter(home, "Root").post(foreign, {"friendly_name": "Phone"}).status_code == 404
    assert not ApiKey.objects.exists()


def add_activity(home: House, name: str) -> Any:
    given = {"friendly_name": name, "available": "on"}
    return enter(home, "Bo").post(reverse("admin:agents_activity_add"), given)


def test_activities_are_made_and_their_names_are_taken_once() -> None:
    home = full_house()

    assert add_activity(home, "Back office").status_code == 302
    assert Activity.objects.get(friendly_name="Back office").workspace == home.workspace
    assert "friendly_name" in add_activity(home, "Back office").context["adminform"].form.errors


def test_where_there_are_several_workspaces_a_new_row_is_asked_for_its_own() -> None:
    from agents.actions import create_workspace
    from kernel.actor import SYSTEM

    home = full_house()
    second = create_workspace(account=home.account, friendly_name="Second", actor=SYSTEM)
    client = enter(home, "Bo")

    given = {"friendly_name": "Night", "available": "on", "workspace": second.pk}
    assert client.post(reverse("admin:agents_activity_add"), given).status_code == 302
    assert Activity.objects.get(friendly_name="Night").workspace == second


def test_the_journal_tells_of_the_own_workspaces_alone() -> None:
    home, other = full_house(), house("Other")
    person(other, "Cy")
    client = enter(home, "Bo")
    own = Event.objects.get(type="worker.created", subject_sid=home.workers["Ada"].sid)
    foreign = Event.objects.get(type="worker.created", subject_sid=other.workers["Cy"].sid)

    listed = client.get(reverse("admin:eventlog_event_changelist")).text

    assert own.subject_sid in listed
    assert foreign.subject_sid not in listed
    assert client.get(reverse("admin:eventlog_event_change", args=[own.pk])).status_code == 200
    assert client.get(reverse("admin:eventlog_event_change", args=[foreign.pk])).status_code == 404
    assert client.post(reverse("admin:eventlog_event_delete", args=[own.pk]), {"post": "yes"}).status_code == 403


def test_the_journal_calls_things_by_their_names() -> None:
    home = full_house()
    client = enter(home, "Bo")
    gone = create_worker(home.workspace, friendly_name="Zoe", actor=SYSTEM)
    delete_worker(gone, actor=SYSTEM)
    update_worker(home.workers["Ada"], friendly_name="Ada L.", actor=SYSTEM)

    listed = client.get(reverse("admin:eventlog_event_changelist"))

    names = {event.subject_sid: event.about_name for event in listed.context["cl"].result_list}
    assert (names[home.workers["Ada"].sid], names[gone.sid]) == ("Ada L.", "Zoe")
    assert f'Zoe<br><small class="cc-help">{gone.sid}</small>' in listed.text


def test_names_in_the_journal_take_a_query_for_each_kind() -> None:
    home = full_house()
    events = list(Event.objects.filter(workspace_sid=home.workspace.sid))
    events += [Event(pk=0, subject_sid="WR" + "0" * 32, data={"worker_name": "Ada"}), Event(pk=-1, subject_sid="ZZ")]
    named = {event.subject_sid[:2] for event in events} & {"WS", "WA", "WK", "TC", "WQ"}

    with CaptureQueriesContext(connection) as queries:
        names = subjects(events)

    assert len(queries) == len(named)
    assert (names[0], names[-1]) == ("Ada", "")


# --- the workspace ---


def test_workspace_is_changed_by_the_action() -> None:
    home = full_house()
    on_break = home.activity("Break")
    given = {
        "friendly_name": "Acme North",
        "default_activity": home.activity("Offline").pk,
        "timeout_activity": on_break.pk,
        "prioritize_queue_order": "LIFO",
    }

    response = enter(home, "Bo").post(reverse("admin:agents_workspace_change", args=[home.workspace.pk]), given)

    home.workspace.refresh_from_db()
    assert response.status_code == 302
    assert (home.workspace.friendly_name, home.workspace.timeout_activity) == ("Acme North", on_break)
    event = recorded("workspace.updated")
    assert (event.actor_sid, event.data["prioritize_queue_order"]) == (home.users["Bo"].sid, "LIFO")


def test_workspace_is_told_where_its_events_go() -> None:
    home = full_house()
    given = {
        "friendly_name": home.workspace.friendly_name,
        "default_activity": home.activity("Offline").pk,
        "timeout_activity": home.activity("Offline").pk,
        "prioritize_queue_order": "FIFO",
        "event_callback_url": "https://crm.example.com/events",
        "events_filter": "task.created, reservation.accepted",
    }
    page, client = reverse("admin:agents_workspace_change", args=[home.workspace.pk]), enter(home, "Bo")

    assert client.post(page, given).status_code == 302

    home.workspace.refresh_from_db()
    assert home.workspace.event_callback_url == "https://crm.example.com/events"
    assert home.workspace.events_filter == "task.created,reservation.accepted"
    for name, value in (("event_callback_url", "crm"), ("events_filter", "Task Created")):
        refused = client.post(page, given | {name: value})
        assert list(refused.context["adminform"].form.errors) == [name]


def test_workspace_takes_no_activity_of_another() -> None:
    home, other = full_house(), house("Other")
    given = {"friendly_name": "Acme", "default_activity": other.activity("Break").pk, "prioritize_queue_order": "FIFO"}

    response = enter(home, "Bo").post(reverse("admin:agents_workspace_change", args=[home.workspace.pk]), given)

    assert "default_activity" in response.context["adminform"].form.errors
    assert not Event.objects.filter(type="workspace.updated").exists()


def test_activity_is_renamed_and_stays_for_work_or_not() -> None:
    home = full_house()
    url = reverse("admin:agents_activity_change", args=[home.activity("Break").pk])

    assert enter(home, "Bo").post(url, {"friendly_name": "Lunch", "available": "on"}).status_code == 302

    lunch = home.activity("Lunch")
    assert lunch.available is False
    assert recorded("activity.updated").subject_sid == lunch.sid


def delete(client: Client, kind: str, row: Any) -> Any:
    return client.post(reverse(f"admin:agents_{kind}_delete", args=[row.pk]), {"post": "yes"}, follow=True)


def test_what_is_needed_is_not_deleted_and_the_page_says_why() -> None:
    home = full_house()
    client = enter(home, "Bo")
    default = TaskChannel.objects.get(workspace=home.workspace, unique_name="default")
    available = home.activity("Available")
    home.workers["Ada"].activity = available
    home.workers["Ada"].save(update_fields=["activity"])

    assert "Tasks that name no channel" in delete(client, "taskchannel", default).text
    assert "Only a worker in an unavailable activity" in delete(client, "worker", home.workers["Ada"]).text
    delete(client, "activity", available)

    assert Worker.objects.filter(pk=home.workers["Ada"].pk).exists()
    assert Activity.objects.filter(pk=available.pk).exists()
    assert TaskChannel.objects.filter(pk=default.pk).exists()


def test_what_nobody_needs_is_deleted() -> None:
    home = full_house()
    client = enter(home, "Bo")
    fax = TaskChannel.objects.get(workspace=home.workspace, unique_name="messenger")

    for kind, row in (("taskchannel", fax), ("worker", home.workers["Ben"]), ("activity", home.activity("Break"))):
        assert delete(client, kind, row).status_code == 200

    assert not TaskChannel.objects.filter(pk=fax.pk).exists()
    assert not Worker.objects.filter(friendly_name="Ben").exists()
    assert not Activity.objects.filter(friendly_name="Break").exists()
    assert recorded("worker.deleted").actor_sid == home.users["Bo"].sid


def test_channel_gets_a_line_of_its_own() -> None:
    home = full_house()
    voice = TaskChannel.objects.get(workspace=home.workspace, unique_name="voice")
    given = {"friendly_name": "Calls", "unique_name": "calls", "channel_optimized_routing": "on"}

    url = reverse("admin:agents_taskchannel_change", args=[voice.pk])
    assert enter(home, "Bo").post(url, given).status_code == 302

    voice.refresh_from_db()
    assert (voice.friendly_name, voice.unique_name, voice.channel_optimized_routing) == ("Calls", "voice", True)
