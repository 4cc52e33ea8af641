"""Workspaces, activities and task channels: made, changed, deleted only when nothing needs them."""

import threading

import pytest
from django.db import connection

from agents import actions, queries
from agents.models import Activity, TaskChannel, Worker, WorkerChannel, Workspace
from agents.payloads import activity_payload, task_channel_payload, workspace_payload
from agents.tests.factories import activity, agent, channel_of, make_worker, make_workspace, supervisor
from eventlog.models import Event
from kernel.actor import SYSTEM
from kernel.errors import Conflict, Forbidden, Invalid

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace():
    return make_workspace()


def told(subject):
    return list(Event.objects.filter(subject_sid=subject.sid).order_by("pk").values_list("type", flat=True))


def last(event):
    return Event.objects.filter(type=event).order_by("-pk")[0]


# --- workspaces ---


def test_new_workspace_has_twilios_defaults(workspace):
    fresh = Workspace.objects.get()

    assert (fresh.event_callback_url, fresh.events_filter) == ("", "")
    assert (fresh.multi_task_enabled, fresh.prioritize_queue_order) == (True, "FIFO")
    assert told(workspace) == ["workspace.created"]
    event = last("workspace.created")
    assert event.data == workspace_payload(fresh)
    assert event.audiences == [f"floor:{workspace.sid}"]
    assert (event.data["default_activity_name"], event.data["timeout_activity_name"]) == ("Offline", "Offline")


def test_workspace_is_changed_and_says_what_was_before(workspace):
    on_break = activity(workspace, "Break")

    actions.update_workspace(
        workspace,
        friendly_name=" Support ",
        default_activity=on_break,
        timeout_activity=on_break,
        event_callback_url="https://example.com/events",
        events_filter=" task.created, worker.activity.update ,",
        prioritize_queue_order="LIFO",
        actor=supervisor(workspace),
    )

    fresh = Workspace.objects.get()
    assert (fresh.friendly_name, fresh.default_activity, fresh.timeout_activity) == ("Support", on_break, on_break)
    assert (fresh.events_filter, fresh.prioritize_queue_order) == ("task.created,worker.activity.update", "LIFO")
    assert fresh.version == 2
    offline = activity(workspace, "Offline").sid
    assert last("workspace.updated").data == {
        **workspace_payload(fresh),
        "previous": {
            "friendly_name": "Acme",
            "default_activity": offline,
            "timeout_activity": offline,
            "event_callback_url": "",
            "events_filter": "",
            "prioritize_queue_order": "FIFO",
        },
    }


def test_update_that_changes_nothing_is_no_event(workspace):
    actions.update_workspace(workspace, friendly_name="Acme", prioritize_queue_order="FIFO", actor=SYSTEM)
    actions.update_workspace(workspace, actor=SYSTEM)

    assert told(workspace) == ["workspace.created"]
    assert Workspace.objects.get().version == 1


def test_timeout_activity_can_be_emptied_and_is_otherwise_kept(workspace):
    actions.update_workspace(workspace, friendly_name="Acme 2", actor=SYSTEM)
    assert Workspace.objects.get().timeout_activity == activity(workspace, "Offline")

    actions.update_workspace(workspace, timeout_activity=None, actor=SYSTEM)

    assert Workspace.objects.get().timeout_activity is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("friendly_name", " "),
        ("friendly_name", "x" * 65),
        ("event_callback_url", "ftp://example.com"),
        ("event_callback_url", "example.com"),
        ("event_callback_url", "https://example.com/" + "x" * 2048),
        ("event_callback_url", "http://example.com/"),
        ("event_callback_url", "https://10.0.0.1/"),
        ("event_callback_url", "https://bo:secret@example.com/"),
        ("events_filter", "task.created, everything!"),
        ("prioritize_queue_order", "RANDOM"),
        ("multi_task_enabled", False),
    ],
)
def test_workspace_fields_are_checked(workspace, field, value, settings):
    settings.EGRESS_ALLOW = []
    with pytest.raises(Invalid) as caught:
        actions.update_workspace(workspace, actor=SYSTEM, **{field: value})
    assert caught.value.field == field

    given = {"friendly_name": "New", field: value}
    with pytest.raises(Invalid):
        actions.create_workspace(account=workspace.account, actor=SYSTEM, **given)
    assert (Workspace.objects.count(), Workspace.objects.get().version) == (1, 1)


@pytest.mark.parametrize("field", ["default_activity", "timeout_activity"])
def test_activity_of_another_workspace_is_refused(workspace, field):
    with pytest.raises(Invalid) as caught:
        actions.update_workspace(workspace, actor=SYSTEM, **{field: activity(make_workspace("Other"), "Break")})

    assert caught.value.field == field


def test_empty_workspace_is_deleted_with_all_that_is_in_it(workspace):
    make_worker(workspace, "Ada", doing="Offline")
    other = make_workspace("Other")

    actions.delete_workspace(workspace, actor=SYSTEM)

    assert list(Workspace.objects.all()) == [other]
    assert set(Activity.objects.values_list("workspace", flat=True)) == {other.pk}
    assert (Worker.objects.count(), told(workspace)) == (0, ["workspace.created", "workspace.deleted"])


def test_workspace_with_somebody_at_work_stays(workspace):
    make_worker(workspace, "Ada")

    with pytest.raises(Conflict, match="Ada"):
        actions.delete_workspace(workspace, actor=SYSTEM)

    assert Workspace.objects.count() == 1


# --- activities ---


def test_activity_is_made_renamed_and_deleted(workspace):
    lunch = actions.create_activity(workspace, friendly_name=" Lunch ", actor=supervisor(workspace))
    assert (lunch.friendly_name, lunch.available) == ("Lunch", False)
    actions.update_activity(lunch, friendly_name="Dinner", actor=supervisor(workspace))
    fresh = Activity.objects.get(pk=lunch.pk)
    assert (fresh.friendly_name, fresh.available, fresh.version) == ("Dinner", False, 2)
    assert last("activity.updated").data == {**activity_payload(fresh), "previous": {"friendly_name": "Lunch"}}

    actions.delete_activity(fresh, actor=supervisor(workspace))

    assert not Activity.objects.filter(pk=lunch.pk).exists()
    assert told(lunch) == ["activity.created", "activity.updated", "activity.deleted"]


def test_activity_names_are_unique_and_short(workspace):
    with pytest.raises(Conflict) as caught:
        actions.create_activity(workspace, friendly_name="Break", actor=SYSTEM)
    assert caught.value.field == "friendly_name"
    with pytest.raises(Conflict):
        actions.update_activity(activity(workspace, "Offline"), friendly_name="Break", actor=SYSTEM)
    for name in ("", "x" * 65):
        with pytest.raises(Invalid):
            actions.create_activity(workspace, friendly_name=name, actor=SYSTEM)
    assert Activity.objects.count() == 4


@pytest.mark.parametrize("role", ["default_activity", "timeout_activity"])
def test_activity_that_the_workspace_falls_back_on_stays(workspace, role):
    actions.update_workspace(workspace, **{role: activity(workspace, "Break")}, actor=SYSTEM)

    with pytest.raises(Conflict, match=role.split("_", maxsplit=1)[0]):
        actions.delete_activity(activity(workspace, "Break"), actor=SYSTEM)

    assert activity(workspace, "Break")


def test_activity_with_workers_stays(workspace):
    ada = make_worker(workspace, "Ada", doing="Break")
    with pytest.raises(Conflict, match="There are workers in this activity"):
        actions.delete_activity(activity(workspace, "Break"), actor=SYSTEM)

    actions.set_activity(ada, activity=activity(workspace, "Available"), actor=SYSTEM)
    actions.delete_activity(activity(workspace, "Break"), actor=SYSTEM)

    assert not Activity.objects.filter(friendly_name="Break").exists()


# --- task channels ---


def test_task_channel_is_made_changed_and_deleted(workspace):
    ada = make_worker(workspace, "Ada")
    fax = actions.create_task_channel(workspace, unique_name="fax", friendly_name="Fax", actor=SYSTEM)
    assert fax.channel_optimized_routing is False

    actions.update_task_channel(fax, friendly_name="Faxes", channel_optimized_routing=True, actor=SYSTEM)
    fresh = TaskChannel.objects.get(pk=fax.pk)
    assert (fresh.friendly_name, fresh.channel_optimized_routing, fresh.version) == ("Faxes", True, 2)
    assert last("task-channel.updated").data == {
        **task_channel_payload(fresh),
        "previous": {"friendly_name": "Fax", "channel_optimized_routing": False},
    }

    actions.delete_task_channel(fresh, actor=SYSTEM)
    assert told(fax) == ["task-channel.created", "task-channel.updated", "task-channel.deleted"]
    assert not WorkerChannel.objects.filter(worker=ada, task_channel__unique_name="fax").exists()
    assert told(ada) == ["worker.created", "worker.capacity.update", "worker.capacity.update"]


def test_default_channel_stays(workspace):
    with pytest.raises(Conflict):
        actions.delete_task_channel(queries.task_channel(workspace, "default"), actor=SYSTEM)

    assert queries.task_channel(workspace, "default")


def test_channel_name_is_taken_once(workspace):
    with pytest.raises(Conflict) as caught:
        actions.create_task_channel(workspace, unique_name="sms", friendly_name="Texts", actor=SYSTEM)

    assert caught.value.field == "unique_name"


# --- who may ---


def test_agents_configure_nothing(workspace):
    ada = agent(make_worker(workspace, "Ada"))
    chat = queries.task_channel(workspace, "chat")
    for verb in (
        lambda: actions.create_workspace(account=workspace.account, friendly_name="x", actor=ada),
        lambda: actions.update_workspace(workspace, friendly_name="x", actor=ada),
        lambda: actions.delete_workspace(workspace, actor=ada),
        lambda: actions.create_activity(workspace, friendly_name="x", actor=ada),
        lambda: actions.update_activity(activity(workspace, "Break"), friendly_name="x", actor=ada),
        lambda: actions.delete_activity(activity(workspace, "Break"), actor=ada),
        lambda: actions.create_task_channel(workspace, unique_name="x", friendly_name="x", actor=ada),
        lambda: actions.update_task_channel(chat, friendly_name="x", actor=ada),
        lambda: actions.delete_task_channel(chat, actor=ada),
        lambda: actions.delete_workspace(workspace, actor=supervisor(make_workspace("Other"))),
    ):
        with pytest.raises(Forbidden):
            verb()


# --- at the same moment ---


@pytest.mark.django_db(transaction=True)
def test_worker_and_channel_that_come_together_find_each_other():
    workspace = make_workspace()
    for turn in range(4):
        gate = threading.Barrier(2)

        def at_once(verb, gate=gate):
            gate.wait(timeout=20)
            verb()
            connection.close()

        verbs = [
            lambda turn=turn: make_worker(workspace, f"Ada {turn}"),
            lambda turn=turn: actions.create_task_channel(
                workspace, unique_name=f"fax{turn}", friendly_name="Fax", actor=SYSTEM
            ),
        ]
        threads = [threading.Thread(target=at_once, args=(verb,)) for verb in verbs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)

        assert channel_of(Worker.objects.get(friendly_name=f"Ada {turn}"), f"fax{turn}").configured_capacity == 1


def test_what_is_imported_keeps_its_sid_in_an_empty_workspace(workspace):
    home = actions.create_workspace(
        account=workspace.account, friendly_name="Moved", sid="WS" + "1" * 32, empty=True, actor=SYSTEM
    )
    offline = actions.create_activity(home, friendly_name="Offline", sid="WA" + "2" * 32, actor=SYSTEM)
    channel = actions.create_task_channel(
        home, unique_name="default", friendly_name="Default", sid="TC" + "3" * 32, actor=SYSTEM
    )
    worker = actions.create_worker(home, friendly_name="Ada", activity=offline, sid="WK" + "4" * 32, actor=SYSTEM)

    sids = [row.sid for row in (home, offline, channel, worker)]
    assert sids == ["WS" + "1" * 32, "WA" + "2" * 32, "TC" + "3" * 32, "WK" + "4" * 32]
    assert (home.activities.count(), home.task_channels.count(), home.default_activity) == (1, 1, None)


def test_an_import_is_noted_with_the_sids_that_differ(workspace):
    there = "WS" + "1" * 32

    actions.note_import(workspace, source_sid=there, sids={there: workspace.sid}, actor=SYSTEM)

    noted = Event.objects.get(type="workspace.imported")
    assert (noted.subject_sid, noted.workspace_sid, noted.audiences) == (workspace.sid, workspace.sid, [])
    assert (noted.data["source_sid"], noted.data["sids"]) == (there, {there: workspace.sid})
    with pytest.raises(Forbidden):
        actions.note_import(workspace, source_sid=there, sids={}, actor=agent(make_worker(workspace, "Ada")))
