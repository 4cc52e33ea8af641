"""Workers, activities and capacity: every verb and every refusal."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from agents import actions, queries
from agents.models import Activity, Worker, WorkerChannel, Workspace
from agents.payloads import worker_payload
from agents.tests.factories import activity, agent, bot, channel_of, load_of, make_worker, make_workspace, supervisor
from eventlog.models import Event
from kernel.actor import SYSTEM
from kernel.errors import Conflict, Forbidden, Invalid, NotFound

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace():
    return make_workspace()


@pytest.fixture
def ada(workspace):
    return make_worker(workspace, "Ada", "billing")


def events(subject):
    return list(Event.objects.filter(subject_sid=subject.sid).order_by("pk").values_list("type", flat=True))


def test_workspace_starts_with_activities_and_channels(workspace):
    assert [row.friendly_name for row in queries.activities(workspace)] == [
        "Offline",
        "Available",
        "Unavailable",
        "Break",
    ]
    assert workspace.default_activity == workspace.timeout_activity == activity(workspace, "Offline")
    assert set(workspace.task_channels.values_list("unique_name", flat=True)) == {
        "default",
        "sms",
        "whatsapp",
        "messenger",
        "chat",
        "voice",
    }


def test_new_worker_is_offline_with_a_capacity_for_each_channel(workspace):
    worker = actions.create_worker(workspace, friendly_name="Ben", actor=supervisor(workspace), capacity=3)

    assert worker.activity.friendly_name == "Offline"
    assert set(worker.channels.values_list("configured_capacity", "load")) == {(3, 0)}
    assert worker.channels.count() == 6
    assert events(worker) == ["worker.created"]


def test_new_task_channel_gives_every_worker_a_capacity_of_one(workspace, ada):
    actions.create_task_channel(workspace, unique_name="fax", friendly_name="Fax", actor=SYSTEM)

    assert channel_of(ada, "fax").configured_capacity == 1
    assert events(ada) == ["worker.created", "worker.capacity.update"]  # The router follows events alone.


def test_a_channel_that_comes_or_goes_is_told_of_each_worker_with_what_he_has_now(workspace, ada):
    ben = make_worker(workspace, "Ben")
    actions.set_capacity(channel_of(ben), capacity=7, actor=SYSTEM)
    others = make_worker(make_workspace("Other"), "Cy")

    fax = actions.create_task_channel(workspace, unique_name="fax", friendly_name="Fax", actor=SYSTEM)
    came = told_last(ada, ben)
    actions.delete_task_channel(fax, actor=SYSTEM)
    went = told_last(ada, ben)

    assert [worker["version"] for worker in came] == [2, 3]
    assert ["fax" in {channel["task_channel"] for channel in worker["channels"]} for worker in came] == [True, True]
    assert went == [worker_payload(Worker.objects.get(pk=worker.pk)) for worker in (ada, ben)]
    assert events(others) == ["worker.created"]


def told_last(*workers):
    return [Event.objects.filter(subject_sid=worker.sid).order_by("pk").last().data for worker in workers]


def test_a_new_channel_takes_as_many_queries_for_many_workers_as_for_one(workspace, ada):
    def queries_of(name):
        with CaptureQueriesContext(connection) as queries:
            actions.create_task_channel(workspace, unique_name=name, friendly_name=name, actor=SYSTEM)
        return len(queries)

    one = queries_of("fax")
    for number in range(5):
        make_worker(workspace, f"Worker {number}")

    assert queries_of("telex") == one


@pytest.mark.parametrize("name", ["", "with space", "1st", "a-b", "x" * 65])
def test_channel_name_is_checked(workspace, name):
    with pytest.raises(Invalid) as caught:
        actions.create_task_channel(workspace, unique_name=name, friendly_name="Fax", actor=SYSTEM)

    assert caught.value.field == "unique_name"


def test_names_are_unique_whatever_the_case(workspace, ada):
    with pytest.raises(Conflict) as caught:
        make_worker(workspace, "ADA")
    assert caught.value.field == "friendly_name"

    ben = make_worker(workspace, "Ben")
    with pytest.raises(Conflict):
        actions.update_worker(ben, friendly_name="aDa", actor=SYSTEM)
    assert Worker.objects.get(pk=ben.pk).friendly_name == "Ben"
    make_worker(make_workspace("Other"), "Ada")


def test_activity_change_tells_worker_and_floor(workspace, ada):
    actions.set_activity(ada, activity=activity(workspace, "Break"), actor=agent(ada))

    event = Event.objects.get(type="worker.activity.update")
    assert event.audiences == [f"floor:{workspace.sid}", f"worker:{ada.sid}"]
    previous = event.data.pop("previous")
    assert (previous["activity_name"], previous["activity_sid"]) == ("Available", activity(workspace, "Available").sid)
    assert previous["milliseconds"] >= 0
    assert event.data == worker_payload(Worker.objects.get(pk=ada.pk))
    assert (event.data["activity_name"], event.data["available"], event.data["version"]) == ("Break", False, 2)


def test_same_activity_again_is_no_event(workspace, ada):
    actions.set_activity(ada, activity=activity(workspace, "Available"), actor=agent(ada))

    assert events(ada) == ["worker.created"]
    assert Worker.objects.get(pk=ada.pk).version == 1


def test_agent_changes_only_himself(workspace, ada):
    ben = make_worker(workspace, "Ben")

    with pytest.raises(NotFound):
        actions.set_activity(ada, activity=activity(workspace, "Break"), actor=agent(ben))
    with pytest.raises(Forbidden):
        actions.set_activity(ada, activity=activity(workspace, "Break"), actor=supervisor(make_workspace("Other")))
    with pytest.raises(Forbidden):
        actions.set_activity(ada, activity=activity(workspace, "Break"), actor=bot(workspace, "handoffs:write"))
    assert Worker.objects.get(pk=ada.pk).activity.friendly_name == "Available"

    actions.set_activity(ada, activity=activity(workspace, "Break"), actor=supervisor(workspace))
    assert Worker.objects.get(pk=ada.pk).activity.friendly_name == "Break"


def test_activity_of_another_workspace_is_refused(ada):
    with pytest.raises(Invalid) as caught:
        actions.set_activity(ada, activity=activity(make_workspace("Other"), "Break"), actor=SYSTEM)

    assert caught.value.field == "activity"


def test_timeout_activity_is_for_those_who_are_available(workspace, ada):
    on_break = make_worker(workspace, "Ben", doing="Break")

    for worker in (ada, on_break):
        actions.send_to_timeout_activity([worker.pk], actor=SYSTEM)

    assert Worker.objects.get(pk=ada.pk).activity.friendly_name == "Offline"
    assert Worker.objects.get(pk=on_break.pk).activity.friendly_name == "Break"
    assert events(on_break) == ["worker.created"]


def test_without_timeout_activity_the_worker_stays(workspace, ada):
    Workspace.objects.update(timeout_activity=None)

    actions.send_to_timeout_activity([ada.pk], actor=SYSTEM)

    assert Worker.objects.get(pk=ada.pk).activity.friendly_name == "Available"


def test_update_replaces_the_attributes(ada):
    actions.update_worker(ada, attributes={"level": 3}, actor=SYSTEM)

    fresh = Worker.objects.get(pk=ada.pk)
    assert (fresh.attributes, fresh.friendly_name, fresh.version) == ({"level": 3}, "Ada", 2)
    assert events(ada) == ["worker.created", "worker.attributes.update"]


def test_update_tells_what_was_before_and_nothing_where_nothing_changed(ada):
    actions.update_worker(ada, attributes=ada.attributes, friendly_name="Ada", actor=SYSTEM)
    assert events(ada) == ["worker.created"]

    actions.update_worker(ada, attributes={"level": 1}, friendly_name="Ada L", actor=SYSTEM)
    actions.update_worker(ada, attributes={"level": True}, actor=SYSTEM)

    told = Event.objects.filter(type="worker.attributes.update").order_by("pk")
    assert [event.data["previous"] for event in told] == [
        {"attributes": {"skills": ["billing"]}, "friendly_name": "Ada"},
        {"attributes": {"level": 1}},
    ]
    assert Worker.objects.get(pk=ada.pk).attributes["level"] is True


def test_name_attributes_and_activity_change_in_one_step(workspace, ada):
    lunch = activity(workspace, "Break")
    actions.update_worker(ada, friendly_name="Ada L", attributes={}, activity=lunch, actor=supervisor(workspace))

    fresh = Worker.objects.get(pk=ada.pk)
    assert (fresh.friendly_name, fresh.attributes, fresh.activity, fresh.version) == ("Ada L", {}, lunch, 2)
    assert events(ada) == ["worker.created", "worker.attributes.update", "worker.activity.update"]
    named, entered = Event.objects.filter(subject_sid=ada.sid).order_by("pk")[1:]
    assert named.data["previous"] == {"attributes": {"skills": ["billing"]}, "friendly_name": "Ada"}
    assert (entered.data["previous"]["activity_name"], entered.data["version"]) == ("Available", 2)


def test_an_update_that_is_refused_changes_nothing_of_it(workspace, ada):
    make_worker(workspace, "Ben")
    lunch = actions.create_activity(workspace, friendly_name="Lunch", actor=SYSTEM)
    away = activity(workspace, "Break")

    with pytest.raises(Conflict) as taken, transaction.atomic():
        actions.update_worker(ada, friendly_name="BEN", activity=away, actor=SYSTEM)
    Activity.objects.filter(pk=lunch.pk).delete()
    with pytest.raises(Invalid) as gone, transaction.atomic():
        actions.update_worker(ada, friendly_name="Eve", activity=lunch, actor=SYSTEM)

    fresh = Worker.objects.get(pk=ada.pk)
    assert (taken.value.field, gone.value.field) == ("friendly_name", "activity")
    assert (fresh.friendly_name, fresh.activity.friendly_name, fresh.version) == ("Ada", "Available", 1)
    assert events(ada) == ["worker.created"]


def test_agent_updates_his_activity_alone(workspace, ada):
    away = activity(workspace, "Break")
    ben = make_worker(workspace, "Ben")

    actions.update_worker(ada, activity=away, actor=agent(ada))
    with pytest.raises(Forbidden):
        actions.update_worker(ada, activity=away, friendly_name="Eve", actor=agent(ada))
    with pytest.raises(NotFound):
        actions.update_worker(ben, activity=away, actor=agent(ada))

    assert Worker.objects.get(pk=ada.pk).activity == away
    assert events(ben) == ["worker.created"]


def test_worker_that_is_gone_meanwhile_is_not_found(workspace, ada):
    channel = WorkerChannel.objects.select_related("worker__workspace__account").filter(worker=ada)[0]
    Worker.objects.filter(pk=ada.pk).delete()

    for change in (
        lambda: actions.set_activity(ada, activity=activity(workspace, "Break"), actor=SYSTEM),
        lambda: actions.update_worker(ada, attributes={}, actor=SYSTEM),
        lambda: actions.set_capacity(channel, capacity=2, actor=SYSTEM),
    ):
        with pytest.raises(NotFound):
            change()


def test_attributes_are_measured_without_the_spaces_that_we_would_add(ada):
    actions.update_worker(ada, attributes={"a": [1] * 2044}, actor=SYSTEM)

    assert len(Worker.objects.get(pk=ada.pk).attributes["a"]) == 2044


def test_worker_is_deleted_when_away_and_without_work(workspace, ada):
    with pytest.raises(Conflict) as caught:
        actions.delete_worker(ada, actor=SYSTEM)
    assert caught.value.field == "activity"
    assert take(ada)
    actions.set_activity(ada, activity=activity(workspace, "Break"), actor=SYSTEM)
    with pytest.raises(Conflict, match="in hand"):
        actions.delete_worker(ada, actor=SYSTEM)
    with pytest.raises(Forbidden):
        actions.delete_worker(ada, actor=agent(ada))
    assert Worker.objects.filter(pk=ada.pk).exists()

    actions.shift_slots({ada.pk: actions.Slots(load=-1)}, task_channel_id=channel_of(ada).task_channel_id)
    actions.delete_worker(ada, actor=supervisor(workspace))

    assert (Worker.objects.count(), WorkerChannel.objects.count()) == (0, 0)
    assert Event.objects.order_by("-pk")[0].type == "worker.deleted"


def test_activity_that_was_deleted_meanwhile_is_refused(workspace, ada):
    lunch = actions.create_activity(workspace, friendly_name="Lunch", actor=SYSTEM)
    Activity.objects.filter(pk=lunch.pk).delete()

    with pytest.raises(Invalid) as caught, transaction.atomic():
        actions.set_activity(ada, activity=lunch, actor=SYSTEM)

    assert caught.value.field == "activity"


@pytest.mark.parametrize("attributes", [["a"], "x", {"a": object()}, {"a": "x" * 4096}])
def test_attributes_are_a_small_json_object(ada, attributes):
    with pytest.raises(Invalid) as caught:
        actions.update_worker(ada, attributes=attributes, actor=SYSTEM)

    assert caught.value.field == "attributes"
    assert events(ada) == ["worker.created"]


def test_capacity_is_set_and_told(workspace, ada):
    actions.set_capacity(channel_of(ada), capacity=4, available=False, actor=supervisor(workspace))

    assert (channel_of(ada).configured_capacity, channel_of(ada).available) == (4, False)
    told = ["worker.capacity.update", "worker.channel.availability.update"]
    assert events(ada) == ["worker.created", *told]
    assert Worker.objects.get(pk=ada.pk).version == 2
    for event in Event.objects.filter(type__in=told):
        assert event.data["channel"]["task_channel"] == "default"
        assert (event.data["channel"]["configured_capacity"], event.data["channel"]["available"]) == (4, False)
        assert event.data["previous"] == {
            "configured_capacity": 1,
            "available": True,
            "available_capacity_percentage": 100,
        }


def test_capacity_that_stays_is_no_event(workspace, ada):
    actions.set_capacity(channel_of(ada), capacity=1, available=True, actor=SYSTEM)
    actions.set_capacity(channel_of(ada), actor=SYSTEM)

    assert events(ada) == ["worker.created"]


@pytest.mark.parametrize("capacity", [-1, 51, True, 1.5])
def test_capacity_has_bounds(ada, capacity):
    with pytest.raises(Invalid) as caught:
        actions.set_capacity(channel_of(ada), capacity=capacity, available=True, actor=SYSTEM)

    assert caught.value.field == "capacity"


def test_agent_cannot_set_capacity_or_attributes(ada):
    with pytest.raises(Forbidden):
        actions.set_capacity(channel_of(ada), capacity=50, available=True, actor=agent(ada))
    with pytest.raises(Forbidden):
        actions.update_worker(ada, attributes={"skills": ["everything"]}, actor=agent(ada))


def take(worker):
    return actions.take_slot(worker, task_channel_id=channel_of(worker).task_channel_id)


def test_slots_are_taken_up_to_the_capacity(workspace):
    ada = make_worker(workspace, "Ada", capacity=2)

    assert [take(ada), take(ada), take(ada)] == [True, True, False]
    assert load_of(ada) == 2
    assert Worker.objects.get(pk=ada.pk).last_assigned_at is not None


def test_no_slot_of_a_closed_channel_or_an_unavailable_worker(workspace, ada):
    actions.set_capacity(channel_of(ada), capacity=1, available=False, actor=SYSTEM)
    assert not take(ada)
    ben = make_worker(workspace, "Ben", doing="Break")
    with transaction.atomic():
        assert not take(ben)
        transaction.set_rollback(True)
    assert (load_of(ada), load_of(ben)) == (0, 0)


def test_slots_never_go_below_zero(ada):
    assert take(ada)
    channel = channel_of(ada)

    for _ in range(2):
        actions.shift_slots({ada.pk: actions.Slots(load=-1, assigned=-1)}, task_channel_id=channel.task_channel_id)

    assert (load_of(ada), channel_of(ada).assigned) == (0, 0)
    with pytest.raises(IntegrityError), transaction.atomic():
        WorkerChannel.objects.filter(pk=channel.pk).update(load=-1)


def test_capacity_below_the_load_keeps_the_work(workspace):
    ada = make_worker(workspace, "Ada", capacity=2)
    assert take(ada)
    assert take(ada)

    actions.set_capacity(channel_of(ada), capacity=1, available=True, actor=SYSTEM)

    assert load_of(ada) == 2
    assert not take(ada)


def test_actor_for_a_person_carries_the_workers_sid(workspace, ada):
    user = User.objects.create(username="ada", account=workspace.account)
    assert queries.actor_for(user).worker_sid == ""
    assert queries.worker_for(user) is None

    Worker.objects.filter(pk=ada.pk).update(user=user)

    assert queries.actor_for(user).worker_sid == ada.sid
    assert queries.worker_for(user) == ada


def test_reads_that_find_nothing_say_so(workspace):
    for read in (
        lambda: queries.worker("WKx"),
        lambda: queries.workspace("WSx"),
        lambda: queries.activity("WAx", workspace=workspace),
    ):
        with pytest.raises(NotFound):
            read()
    assert queries.task_channel(workspace, "fax") is None
