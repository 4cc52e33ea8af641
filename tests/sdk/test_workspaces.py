"""Workspaces, by the SDK."""

import pytest

from tests.sdk.conftest import Conditional, refused


def test_a_workspace_is_made_fetched_changed_and_deleted(client):
    made = client.taskrouter.v1.workspaces.create(
        friendly_name="Acme",
        event_callback_url="https://example.com/events",
        events_filter="task.created,task.completed",
        multi_task_enabled=True,
        prioritize_queue_order="LIFO",
    )
    home = client.taskrouter.v1.workspaces(made.sid)
    fetched = home.fetch()

    assert (fetched.friendly_name, fetched.prioritize_queue_order) == ("Acme", "LIFO")
    assert (fetched.event_callback_url, fetched.events_filter) == (
        "https://example.com/events",
        "task.created,task.completed",
    )
    assert fetched.multi_task_enabled is True
    assert (fetched.default_activity_name, fetched.timeout_activity_name) == ("Offline", "Offline")
    assert fetched.date_created == made.date_created

    changed = home.update(friendly_name="Acme 2", events_filter="", event_callback_url="")
    assert (changed.friendly_name, changed.events_filter, changed.event_callback_url) == ("Acme 2", None, "")

    assert home.delete()
    with refused(404, 20404):
        home.fetch()


def test_the_fifo_template_brings_a_queue(client):
    made = client.taskrouter.v1.workspaces.create(friendly_name="Template", template="FIFO")

    queues = client.taskrouter.v1.workspaces(made.sid).task_queues.list()

    assert [(queue.friendly_name, queue.target_workers) for queue in queues] == [("Default Fifo Queue", "1==1")]


def test_the_default_and_the_timeout_activity_are_chosen(workspace):
    unavailable = next(each for each in workspace.activities.list() if each.friendly_name == "Unavailable")

    changed = workspace.update(default_activity_sid=unavailable.sid, timeout_activity_sid=unavailable.sid)

    assert changed.default_activity_sid == changed.timeout_activity_sid == unavailable.sid
    assert workspace.update(timeout_activity_sid="").timeout_activity_sid is None


def test_another_workspaces_activity_is_refused(client, workspace):
    other = client.taskrouter.v1.workspaces.create(friendly_name="Other")

    with refused(400, 20001) as refusal:
        workspace.update(default_activity_sid=other.default_activity_sid)

    assert "DefaultActivitySid" in refusal.message


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("FriendlyName", {"friendly_name": ""}),
        ("FriendlyName", {"friendly_name": "x" * 65}),
        ("Template", {"template": "LIFO"}),
        ("PrioritizeQueueOrder", {"prioritize_queue_order": "RANDOM"}),
        ("MultiTaskEnabled", {"multi_task_enabled": False}),
        ("EventCallbackUrl", {"event_callback_url": "ftp://example.com"}),
        ("EventsFilter", {"events_filter": "Task Created"}),
    ],
)
def test_what_cannot_be_is_refused_by_name(client, name, given):
    with refused(400, 20001) as refusal:
        client.taskrouter.v1.workspaces.create(**{"friendly_name": "Acme", **given})

    assert f"{name}: " in refusal.message


def test_a_workspace_without_a_name_is_refused(client):
    answer = client.request("POST", "https://taskrouter.twilio.com/v1/Workspaces")

    assert answer.status_code == 400
    assert "FriendlyName" in answer.text


def test_a_workspace_that_is_in_use_stays(client):
    """The demo's own, to which addresses lead."""
    demo = client.taskrouter.v1.workspaces.list(friendly_name="Demo")[0]

    with refused(400, 20001):
        client.taskrouter.v1.workspaces(demo.sid).delete()


def test_lists_come_in_pages_and_by_name(client):
    names = [f"Page {number}" for number in range(5)]
    made = [client.taskrouter.v1.workspaces.create(friendly_name=name).sid for name in names]

    everything = [each.sid for each in client.taskrouter.v1.workspaces.list(page_size=2)]
    first = client.taskrouter.v1.workspaces.page(page_size=2)
    second = first.next_page()
    back = second.previous_page()

    assert everything[-5:] == made
    assert len(set(everything)) == len(everything)
    sids = [each.sid for each in first]
    assert [each.sid for each in second] == everything[2:4]
    assert [each.sid for each in back] == sids == everything[:2]
    assert [each.sid for each in client.taskrouter.v1.workspaces.list(friendly_name="Page 3")] == [made[3]]
    assert client.taskrouter.v1.workspaces.list(friendly_name="page 3") == []


def test_a_change_is_made_only_to_what_was_seen(client, workspace):
    conditional = Conditional(client, workspace.fetch().url)
    seen = conditional.etag()

    assert conditional.update(seen, FriendlyName="First") == 200
    assert conditional.update(seen, FriendlyName="Second") == 412
    assert conditional.delete(seen) == 412

    assert workspace.fetch().friendly_name == "First"
    assert conditional.delete(conditional.etag()) == 204
