"""Workers, by the SDK."""

import json

import pytest

from tests.sdk.conftest import Conditional, Credentials, refused

_KEY = """
from accounts.core import parse_token
from agents.actions import create_worker_key
from agents.models import Worker
from kernel.actor import SYSTEM

_, token = create_worker_key(Worker.objects.get(sid="{sid}"), friendly_name="Own", actor=SYSTEM)
print(*parse_token(token))
"""


def names(workers):
    return [each.friendly_name for each in workers]


@pytest.fixture
def activities(workspace):
    return {each.friendly_name: each.sid for each in workspace.activities.list()}


@pytest.fixture
def crew(workspace, activities):
    """Three workers; Ada alone is here."""
    made = {
        "Ada": ({"skills": ["support", "sales"], "level": 3}, "Available"),
        "Ben": ({"skills": ["support"], "level": 1}, "Break"),
        "Cy": ({}, "Offline"),
    }
    return {
        name: workspace.workers.create(
            friendly_name=name, attributes=json.dumps(attributes), activity_sid=activities[doing]
        ).sid
        for name, (attributes, doing) in made.items()
    }


def test_a_worker_is_made_fetched_changed_and_deleted(workspace, activities):
    made = workspace.workers.create(friendly_name="Ada", attributes='{"skills": ["support"], "name": "Ñandú"}')
    ada = workspace.workers(made.sid)
    fetched = ada.fetch()

    assert json.loads(fetched.attributes) == {"skills": ["support"], "name": "Ñandú"}
    assert (fetched.activity_name, fetched.activity_sid) == ("Offline", activities["Offline"])
    assert fetched.available is False
    assert fetched.links["channels"] == fetched.links["worker_channels"] == f"{fetched.url}/Channels"
    assert fetched.links["activity"].endswith(f"/Activities/{activities['Offline']}")

    changed = ada.update(friendly_name="Ada L", attributes="{}", activity_sid=activities["Available"])
    assert (changed.friendly_name, changed.attributes, changed.activity_name) == ("Ada L", "{}", "Available")
    assert changed.available is True
    assert changed.date_status_changed >= fetched.date_status_changed

    ada.update(activity_sid=activities["Break"])
    assert ada.delete()
    with refused(404, 20404):
        ada.fetch()


def test_a_worker_who_is_available_is_not_deleted(workspace, crew):
    with refused(400, 20001) as refusal:
        workspace.workers(crew["Ada"]).delete()

    assert "unavailable activity" in refusal.message
    assert workspace.workers(crew["Ada"]).fetch().friendly_name == "Ada"


def test_all_changes_of_an_update_are_one_version(client, workspace, activities, crew):
    conditional = Conditional(client, workspace.workers(crew["Ben"]).fetch().url)
    before = conditional.etag()

    status = conditional.update(before, FriendlyName="B", Attributes="{}", ActivitySid=activities["Available"])

    assert (status, before, conditional.etag()) == (200, '"1"', '"2"')


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("FriendlyName", {"friendly_name": ""}),
        ("FriendlyName", {"friendly_name": "x" * 65}),
        ("FriendlyName", {"friendly_name": "ADA"}),
        ("Attributes", {"attributes": "x"}),
        ("Attributes", {"attributes": "[]"}),
        ("Attributes", {"attributes": '{"a": "' + "x" * 4088 + '"}'}),
        ("Attributes", {"attributes": "{" + " " * 4095 + "}"}),
        ("ActivitySid", {"activity_sid": "WA" + "0" * 32}),
        ("ActivitySid", {"activity_sid": "Offline"}),
    ],
)
def test_what_cannot_be_is_refused_by_name(workspace, crew, name, given):
    with refused(400, 20001) as made:
        workspace.workers.create(**{"friendly_name": "Eve", **given})
    with refused(400, 20001) as changed:
        workspace.workers(crew["Ben"]).update(**given)

    assert f"{name}: " in made.message
    assert f"{name}: " in changed.message
    assert names(workspace.workers.list()) == ["Ada", "Ben", "Cy"]


@pytest.mark.parametrize("attributes", ['{"a": "' + "x" * 4087 + '"}', '{"a":[' + "1," * 2043 + "11]}"])
def test_attributes_may_be_as_long_as_twilios(workspace, attributes):
    assert len(attributes) == 4096

    made = workspace.workers.create(friendly_name="Ada", attributes=attributes)

    assert json.loads(made.attributes) == json.loads(attributes)


def test_another_workspaces_activity_is_refused(client, workspace, crew):
    other = client.taskrouter.v1.workspaces.create(friendly_name="Other")

    with refused(400, 20001) as refusal:
        workspace.workers(crew["Ada"]).update(activity_sid=other.default_activity_sid)

    assert "ActivitySid: " in refusal.message


def test_nobody_rejects_on_the_way_to_work(workspace, activities, crew):
    with refused(400, 20001) as refusal:
        workspace.workers(crew["Ben"]).update(activity_sid=activities["Available"], reject_pending_reservations=True)
    with refused(400, 20001):
        workspace.workers(crew["Ada"]).update(reject_pending_reservations=True)

    assert "Unable to reject pending reservations when updating to an Available activity state." in refusal.message


def test_an_away_worker_rejects_what_is_not_there(workspace, activities, crew):
    ada = workspace.workers(crew["Ada"])

    gone = ada.update(activity_sid=activities["Break"], reject_pending_reservations=True, attributes="{}")

    assert (gone.activity_name, gone.attributes) == ("Break", "{}")
    assert ada.update(reject_pending_reservations=True).activity_name == "Break"


def test_lists_are_filtered(workspace, activities, crew):
    support = workspace.task_queues.create(friendly_name="Support", target_workers="skills HAS 'support'")
    nobody = workspace.task_queues.create(friendly_name="Nobody", target_workers="")
    workers = workspace.workers

    assert names(workers.list(activity_name="Break")) == ["Ben"]
    assert names(workers.list(activity_sid=activities["Offline"])) == ["Cy"]
    assert names(workers.list(available="true")) == ["Ada"]
    assert names(workers.list(available="false")) == ["Ben", "Cy"]
    assert names(workers.list(friendly_name="ben")) == ["Ben"]
    assert names(workers.list(target_workers_expression="level >= 1")) == ["Ada", "Ben"]
    assert names(workers.list(target_workers_expression="friendly_name == 'Cy' OR level == 3")) == ["Ada", "Cy"]
    assert names(workers.list(target_workers_expression=f"sid == '{crew['Ben']}'")) == ["Ben"]
    assert names(workers.list(target_workers_expression="activity_name IN ['Break', 'Offline']")) == ["Ben", "Cy"]
    assert names(workers.list(target_workers_expression=f"activity_sid == '{activities['Break']}'")) == ["Ben"]
    assert names(workers.list(task_queue_name="Support")) == ["Ada", "Ben"]
    assert names(workers.list(task_queue_sid=support.sid, available="1")) == ["Ada"]
    assert names(workers.list(task_queue_sid=support.sid, target_workers_expression="level == 1")) == ["Ben"]
    assert workers.list(task_queue_sid=nobody.sid) == workers.list(task_queue_name="None") == []
    assert workers.list(task_queue_sid=support.sid, task_queue_name="Nobody") == []
    assert workers.list(activity_sid="WA" + "0" * 32) == workers.list(friendly_name="Nobody") == []


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("ActivitySid", {"activity_sid": "Offline"}),
        ("TaskQueueSid", {"task_queue_sid": "WQ1"}),
        ("TargetWorkersExpression", {"target_workers_expression": "skills HAS"}),
        ("TargetWorkersExpression", {"target_workers_expression": ""}),
        ("Ordering", {"ordering": "Age:asc"}),
    ],
)
def test_filters_that_cannot_be_are_refused_by_name(workspace, name, given):
    with refused(400, 20001) as refusal:
        workspace.workers.list(**given)

    assert refusal.message.startswith(f"{name}: ")


def test_lists_are_ordered_and_come_in_pages(workspace, activities, crew):
    workspace.workers(crew["Ada"]).update(activity_sid=activities["Break"])
    workers = workspace.workers

    assert names(workers.list(page_size=1)) == ["Ada", "Ben", "Cy"]
    assert names(workers.list(page_size=1, ordering="DateStatusChanged:desc")) == ["Ada", "Cy", "Ben"]
    assert names(workers.list(page_size=2, ordering="FriendlyName:desc")) == ["Cy", "Ben", "Ada"]
    assert names(workers.list(page_size=1, target_workers_expression="level >= 1")) == ["Ada", "Ben"]
    first = workers.page(page_size=2)
    assert names(first) == ["Ada", "Ben"]
    assert names(first.next_page()) == ["Cy"]
    assert names(first.next_page().previous_page()) == ["Ada", "Ben"]


def test_a_list_ends_where_the_workers_do_and_not_at_a_hundred(workspace):
    made = [f"{number:03}" for number in range(103)]
    for name in made:
        workspace.workers.create(friendly_name=name)

    assert names(workspace.workers.list(page_size=1000)) == made


def test_a_change_is_made_only_to_what_was_seen(client, workspace, activities, crew):
    ben = workspace.workers(crew["Ben"])
    conditional = Conditional(client, ben.fetch().url)
    seen = conditional.etag()

    assert ben.update(if_match=seen, friendly_name="First").friendly_name == "First"
    with refused(412, 20412):
        ben.update(if_match=seen, friendly_name="Second")
    with refused(412, 20412):
        ben.update(if_match=seen, activity_sid=activities["Offline"], reject_pending_reservations=True)
    assert conditional.delete(seen) == 412  # The SDK takes if_match here, and does not send it.
    assert (ben.fetch().friendly_name, ben.fetch().activity_name) == ("First", "Break")

    seen = conditional.etag()
    assert ben.update(if_match=seen, activity_sid=activities["Offline"], reject_pending_reservations=True)
    assert conditional.delete(conditional.etag()) == 204


def test_what_is_not_a_worker_of_ours_is_not_here(workspace, stranger, crew):
    theirs = stranger.taskrouter.v1.workspaces(workspace.fetch().sid).workers

    for ask in (
        theirs.list,
        lambda: theirs.create(friendly_name="x"),
        theirs(crew["Ada"]).fetch,
        theirs(crew["Ada"]).delete,
        lambda: theirs(crew["Ada"]).update(friendly_name="x"),
        theirs(crew["Ada"]).worker_channels.list,
        lambda: workspace.workers("WK" + "0" * 32).fetch(),
        lambda: workspace.workers("Ada").fetch(),
    ):
        with refused(404, 20404):
            ask()


def test_a_workers_own_key_is_that_worker_and_nobody_else(product, ours, workspace, activities, crew):
    key = product.manage("shell", "--verbosity=0", "-c", _KEY.format(sid=crew["Ada"])).split()
    own = Credentials(ours.account, *key).connect(product.url).taskrouter.v1.workspaces(workspace.fetch().sid)

    assert own.workers(crew["Ada"]).fetch().friendly_name == "Ada"
    assert own.workers(crew["Ada"]).update(activity_sid=activities["Break"]).activity_name == "Break"
    with refused(403, 20403):
        own.workers(crew["Ada"]).update(attributes="{}")
    assert activities["Break"] in [each.sid for each in own.activities.list()]
    for ask in (own.fetch, own.workers.list, own.tasks.list, own.workers(crew["Ada"]).delete):
        with refused(403, 20403):
            ask()
    with refused(404, 20404):
        own.workers(crew["Ben"]).fetch()
    with refused(404, 20404):
        own.workers(crew["Ben"]).update(activity_sid=activities["Available"])
    assert workspace.workers(crew["Ben"]).fetch().activity_name == "Break"
