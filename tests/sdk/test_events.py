"""Events, by the SDK."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.sdk.conftest import refused


@pytest.fixture
def lunch(workspace):
    """An activity that was made and renamed."""
    made = workspace.activities.create(friendly_name="Lunch")
    workspace.activities(made.sid).update(friendly_name="Long lunch")
    return made


def test_an_event_is_listed_and_fetched(workspace, lunch):
    listed = workspace.events.list(event_type="activity.updated")

    (told,) = listed
    home = workspace.fetch()
    assert told.resource_type == "activity"
    assert (told.resource_sid, told.resource_url) == (lunch.sid, lunch.url)
    assert (told.actor_type, told.workspace_sid) == ("account", home.sid)
    assert told.description == "Activity Long lunch updated"
    assert told.event_data == {
        "workspace_sid": home.sid,
        "workspace_name": "Acme",
        "activity_sid": lunch.sid,
        "activity_name": "Long lunch",
        "activity_available": "false",
    }
    assert abs(told.event_date - datetime.now(UTC)) < timedelta(minutes=5)
    assert told.event_date_ms // 1000 == int(told.event_date.timestamp())
    fetched = workspace.events(told.sid).fetch()
    assert (fetched.sid, fetched.url, fetched.event_data) == (told.sid, told.url, told.event_data)


def test_the_newest_come_first_and_in_pages(workspace, lunch):
    everything = [each.sid for each in workspace.events.list()]
    paged = [each.sid for each in workspace.events.list(page_size=2)]

    assert everything == paged
    assert len(everything) == len(set(everything)) > 10
    moments = [each.event_date_ms for each in workspace.events.list()]
    assert moments == sorted(moments, reverse=True)
    assert [each.event_type for each in workspace.events.list(limit=2)] == ["activity.updated", "activity.created"]


def test_they_are_found_by_type_sid_and_time(workspace, lunch):
    newest = workspace.events.list(limit=1)[0]
    now = datetime.now(UTC)
    hour = timedelta(hours=1)

    def sids(**given):
        return [each.sid for each in workspace.events.list(**given)]

    everything = sids()
    assert sids(sid=newest.sid) == [newest.sid]
    assert sids(minutes=60) == everything
    assert sids(start_date=now - hour, end_date=now + hour) == everything
    assert sids(end_date=now - hour) == sids(start_date=now + hour) == []
    assert sids(event_type="activity.nothing") == sids(event_type="webhook.queued") == []


def test_they_are_found_by_what_they_are_about(workspace):
    channel = workspace.task_channels.list()[0]
    queue = workspace.task_queues.create(friendly_name="Support")
    other = workspace.task_queues.create(friendly_name="Sales")

    assert [each.resource_sid for each in workspace.events.list(task_queue_sid=queue.sid)] == [queue.sid]
    assert [each.resource_sid for each in workspace.events.list(task_queue_sid=other.sid)] == [other.sid]
    for name in (channel.sid, channel.unique_name):
        assert [each.resource_sid for each in workspace.events.list(task_channel=name)] == [channel.sid]
    assert workspace.events.list(task_channel="nothing") == []


@pytest.mark.parametrize(
    "given",
    [{"worker_sid": "WT" + "0" * 32}, {"task_sid": "x"}, {"sid": "EV1"}, {"minutes": 0}, {"minutes": -5}],
    ids=str,
)
def test_a_filter_that_cannot_be_is_refused(workspace, given):
    with refused(400, 20001):
        workspace.events.list(**given)


def test_they_are_nobody_elses(client, stranger, workspace, lunch):
    newest = workspace.events.list(limit=1)[0]
    other = client.taskrouter.v1.workspaces.create(friendly_name="Other")
    theirs = stranger.taskrouter.v1.workspaces(newest.workspace_sid)

    with refused(404, 20404):
        client.taskrouter.v1.workspaces(other.sid).events(newest.sid).fetch()
    with refused(404, 20404):
        theirs.events(newest.sid).fetch()
    with refused(404, 20404):
        theirs.events.list()
    with refused(404, 20404):
        workspace.events("EV" + "0" * 32).fetch()


def test_they_are_read_only(client, workspace, lunch):
    newest = workspace.events.list(limit=1)[0]

    assert client.request("DELETE", newest.url).status_code == 405
    assert client.request("POST", newest.url, data={"Description": "x"}).status_code == 405
    assert workspace.events(newest.sid).fetch().description == newest.description
