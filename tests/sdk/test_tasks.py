"""Tasks, by the SDK."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.sdk.conftest import Conditional, refused
from tests.support.product import wait_until


def sids(rows):
    return [each.sid for each in rows]


def busy(tasks):
    """The task's first reservation, once the router has made it."""
    return wait_until(tasks.reservations.list, seconds=20, what="a reservation")[0]


@pytest.fixture
def centre(client):
    """A workspace with a queue and a workflow."""
    made = client.taskrouter.v1.workspaces.create(friendly_name="Tasks", template="FIFO")
    return client.taskrouter.v1.workspaces(made.sid)


@pytest.fixture
def ada(centre):
    """Somebody who takes up to five tasks."""
    (available,) = centre.activities.list(friendly_name="Available")
    worker = centre.workers.create(friendly_name="Ada", activity_sid=available.sid)
    centre.workers(worker.sid).worker_channels("default").update(capacity=5)
    return worker


def test_a_task_of_which_everything_is_said(centre):
    (workflow,), (queue,) = centre.workflows.list(), centre.task_queues.list()
    (chat,) = centre.task_channels.list(limit=1)
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)

    made = centre.tasks.create(
        attributes=json.dumps({"type": "call", "n": 1}),
        priority=7,
        timeout=600,
        task_channel=chat.sid,
        workflow_sid=workflow.sid,
        virtual_start_time=start,
    )

    fetched = centre.tasks(made.sid).fetch()
    assert json.loads(fetched.attributes) == {"type": "call", "n": 1}
    assert (fetched.priority, fetched.timeout, fetched.task_channel_sid) == (7, 600, chat.sid)
    assert (fetched.workflow_sid, fetched.task_queue_sid) == (workflow.sid, queue.sid)
    assert (fetched.virtual_start_time, fetched.assignment_status) == (start, "pending")
    assert fetched.task_queue_entered_date is not None
    assert 0 <= fetched.age < 600


def test_a_task_for_a_worker_a_queue_or_a_workflow(centre):
    (workflow,), (queue,) = centre.workflows.list(), centre.task_queues.list()
    ben = centre.workers.create(friendly_name="Ben")

    of_ben = centre.tasks.create(routing_target=ben.sid, task_queue_sid=queue.sid)
    patient = centre.tasks.create(routing_target=ben.sid, ignore_capacity="false", workflow_sid=workflow.sid)
    of_queue = centre.tasks.create(routing_target=queue.sid)
    of_workflow = centre.tasks.create(routing_target=workflow.sid)

    assert (of_ben.routing_target, of_ben.ignore_capacity, of_ben.task_queue_sid) == (ben.sid, True, queue.sid)
    assert (patient.routing_target, patient.ignore_capacity, patient.workflow_sid) == (ben.sid, False, workflow.sid)
    assert (of_queue.routing_target, of_queue.task_queue_sid, of_queue.workflow_sid) == (queue.sid, queue.sid, None)
    assert (of_workflow.routing_target, of_workflow.workflow_sid) == (workflow.sid, workflow.sid)
    assert sids(centre.tasks.list(routing_target=ben.sid)) == [of_ben.sid, patient.sid]


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("Attributes", {"attributes": "[]"}),
        ("Attributes", {"attributes": '{"a": NaN}'}),
        ("Attributes", {"attributes": json.dumps({"a": "x" * 70_000})}),
        ("Priority", {"priority": -1}),
        ("Priority", {"priority": 2_147_483_648}),
        ("Timeout", {"timeout": 0}),
        ("Timeout", {"timeout": 1_209_601}),
        ("TaskChannel", {"task_channel": "pigeon"}),
        ("WorkflowSid", {"workflow_sid": "WW" + "0" * 32}),
        ("WorkflowSid", {"workflow_sid": "Support"}),
        ("TaskQueueSid", {"task_queue_sid": "WQ" + "0" * 32}),
        ("VirtualStartTime", {"virtual_start_time": "2999-01-01T00:00:00Z"}),
        ("VirtualStartTime", {"virtual_start_time": "1899-12-31T23:59:59Z"}),
        ("VirtualStartTime", {"virtual_start_time": "yesterday"}),
        ("IgnoreCapacity", {"ignore_capacity": "true"}),
        ("RoutingTarget", {"routing_target": "WK" + "0" * 32}),
    ],
)
def test_what_cannot_be_is_refused_by_name(centre, name, given):
    with refused(400, 20001) as refusal:
        centre.tasks.create(**given)

    assert f"{name}: " in refusal.message
    assert centre.tasks.list() == []


def test_a_routing_target_of_a_wrong_form_is_refused_in_twilios_words(centre):
    with refused(400, 20001) as refusal:
        centre.tasks.create(routing_target="WW1z")

    assert "Value 'WW1z' provided for WorkflowSid as RoutingTarget has an invalid format." in refusal.message


def test_a_workflow_must_be_named_unless_there_is_only_one(workspace):
    with refused(400, 20001) as refusal:
        workspace.tasks.create(attributes="{}")

    assert "WorkflowSid: " in refusal.message


def test_a_waiting_task_changes_and_is_canceled(centre):
    task = centre.tasks(centre.tasks.create(attributes='{"a": 1, "b": 2}').sid)

    changed = task.update(
        attributes='{"c": 3}', priority=9, task_channel="voice", virtual_start_time="2026-01-02T03:04:05Z"
    )
    assert (json.loads(changed.attributes), changed.priority) == ({"c": 3}, 9)
    assert changed.task_channel_unique_name == "voice"
    assert changed.virtual_start_time == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert task.update(reason="So far").reason == "So far"
    canceled = task.update(assignment_status="canceled", reason="Solved")

    assert (canceled.assignment_status, canceled.reason) == ("canceled", "Solved")
    with refused(400, 20001) as refusal:
        task.update(assignment_status="canceled", reason="Again")
    assert "because it is not pending or reserved." in refusal.message
    with refused(400, 20001):
        task.update(priority=1)


def test_a_task_goes_all_its_way(centre, ada):
    made = centre.tasks.create(attributes="{}")
    task = centre.tasks(made.sid)
    offer = busy(task)
    assert offer.worker_sid == ada.sid
    with refused(400, 20001) as refusal:
        task.update(assignment_status="wrapping")
    assert "because it's not currently assigned" in refusal.message

    task.reservations(offer.sid).update(reservation_status="accepted")
    assert task.fetch().assignment_status == "assigned"
    with refused(400, 20001) as refusal:
        task.update(assignment_status="canceled", reason="Late")
    assert f"Cannot cancel task {made.sid} in workspace {made.workspace_sid}" in refusal.message
    with refused(400, 20001):
        task.update(assignment_status="completed", attributes='{"a": 1}')

    assert task.update(assignment_status="wrapping").assignment_status == "wrapping"
    done = task.update(assignment_status="completed", reason="Sold")
    assert (done.assignment_status, done.reason) == ("completed", "Sold")
    assert task.reservations(offer.sid).fetch().reservation_status == "completed"


def test_a_task_is_deleted(centre):
    made = centre.tasks.create(attributes="{}")

    assert centre.tasks(made.sid).delete()
    with refused(404, 20404):
        centre.tasks(made.sid).fetch()
    with refused(404, 20404):
        centre.tasks(made.sid).delete()


def test_a_change_is_made_only_to_what_was_seen(client, centre):
    task = centre.tasks(centre.tasks.create(attributes="{}").sid)
    conditional = Conditional(client, task.fetch().url)
    seen = conditional.etag()

    assert task.update(priority=1, if_match=seen).priority == 1
    with refused(412, 20412):
        task.update(priority=2, if_match=seen)
    assert conditional.delete(seen) == 412  # The SDK takes the header for a delete too, and forgets to send it.
    assert task.fetch().priority == 1
    assert conditional.delete(conditional.etag()) == 204


def test_lists_are_filtered(centre):
    (workflow,), (queue,) = centre.workflows.list(), centre.task_queues.list()
    first = centre.tasks.create(attributes='{"lang": "es"}', priority=1)
    second = centre.tasks.create(attributes='{"lang": "en"}', priority=2)
    gone = centre.tasks.create(attributes='{"lang": "es"}')
    centre.tasks(gone.sid).update(assignment_status="canceled", reason="x")

    for given, found in (
        ({}, [first, second, gone]),
        ({"priority": 2}, [second]),
        ({"assignment_status": ["pending"]}, [first, second]),
        ({"assignment_status": ["pending", "canceled"]}, [first, second, gone]),
        ({"assignment_status": ["canceled,pending"]}, [first, second, gone]),
        ({"assignment_status": ["assigned"]}, []),
        ({"workflow_sid": workflow.sid}, [first, second, gone]),
        ({"workflow_name": workflow.friendly_name}, [first, second, gone]),
        ({"workflow_name": "x"}, []),
        ({"task_queue_sid": queue.sid, "priority": 1}, [first]),
        ({"task_queue_name": queue.friendly_name}, [first, second, gone]),
        ({"has_addons": True}, []),
        ({"has_addons": False}, [first, second, gone]),
    ):
        assert sids(centre.tasks.list(**given)) == sids(found), given
    spanish = wait_until(lambda: found_by(centre, "lang == 'es'"), seconds=10, what="a turn to try an expression")
    assert spanish == sids([first, gone])


def found_by(centre, expression):
    """None when somebody has tried expressions too often in this second."""
    home = centre.fetch()
    answer = centre._version.domain.twilio.request(
        "GET", home.links["tasks"], params={"EvaluateTaskAttributes": expression}
    )
    return None if answer.status_code == 429 else [row["sid"] for row in json.loads(answer.text)["tasks"]]


def test_lists_are_ordered_and_come_in_pages(centre):
    low = centre.tasks.create(priority=1)
    high = centre.tasks.create(priority=2, virtual_start_time="2026-01-02T00:00:00Z")
    next_high = centre.tasks.create(priority=2, virtual_start_time="2026-01-01T00:00:00Z")

    for ordering, found in (
        ("DateCreated:asc", [low, high, next_high]),
        ("DateCreated:desc", [next_high, high, low]),
        ("Priority:desc,DateCreated:desc", [next_high, high, low]),
        ("Priority:asc,DateCreated:asc", [low, high, next_high]),
        ("Priority:desc,VirtualStartTime:asc", [next_high, high, low]),
        ("VirtualStartTime:asc", [next_high, high, low]),
    ):
        assert sids(centre.tasks.list(ordering=ordering, page_size=1)) == sids(found), ordering
    page = centre.tasks.page(page_size=2)
    assert sids(page.next_page()) == [next_high.sid]
    assert sids(page.next_page().previous_page()) == sids([low, high])


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"ordering": "DateCreated:asc,VirtualStartTime:asc"}, 20001),
        ({"ordering": "Age:asc"}, 20001),
        ({"ordering": "Priority"}, 20001),
        ({"assignment_status": ["lost"]}, 20001),
        ({"priority": -1}, 20001),
        ({"workflow_sid": "x"}, 20001),
        ({"evaluate_task_attributes": "lang =="}, 20001),
        ({"page_number": 1}, 40153),
        ({"page_size": 1001}, 20001),
    ],
)
def test_lists_that_cannot_be_are_refused(centre, given, code):
    with refused(400, code):
        centre.tasks.page(**given)


def test_another_workspaces_task_is_not_here(client, centre, workspace):
    task = centre.tasks.create(attributes="{}")

    for ask in (
        workspace.tasks(task.sid).fetch,
        workspace.tasks(task.sid).delete,
        lambda: workspace.tasks(task.sid).update(priority=1),
        workspace.tasks(task.sid).reservations.list,
        centre.tasks("WT1").fetch,
    ):
        with refused(404, 20404):
            ask()
    assert workspace.tasks.list() == []
