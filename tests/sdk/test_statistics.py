"""Statistics, by the SDK; every answer is held against the specification."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from tests.sdk.conftest import refused


@pytest.fixture
def queue(workspace):
    made = workspace.task_queues.create(friendly_name="Everyone")
    return workspace.task_queues(made.sid)


def old():
    return datetime.now(UTC) - timedelta(days=30, minutes=1)


def test_a_workspace_tells_what_is_and_was(workspace):
    now = workspace.real_time_statistics().fetch(task_channel="default")
    past = workspace.cumulative_statistics().fetch(minutes=60, split_by_wait_time="5,30")
    both = workspace.statistics().fetch(start_date=datetime.now(UTC) - timedelta(hours=1), task_channel="voice")

    assert (now.total_tasks, now.total_workers, now.longest_task_waiting_sid) == (0, 0, None)
    assert now.tasks_by_status == {"pending": 0, "reserved": 0, "assigned": 0, "wrapping": 0}
    assert past.end_time - past.start_time == timedelta(hours=1)
    assert set(past.split_by_wait_time) == {"5", "30"}
    assert (past.tasks_created, past.avg_task_acceptance_time) == (0, 0)
    assert both.realtime["total_tasks"] == both.cumulative["tasks_created"] == 0


def test_a_queue_tells_what_is_and_was(queue):
    now = queue.real_time_statistics().fetch()
    past = queue.cumulative_statistics().fetch(minutes=5)
    both = queue.statistics().fetch()

    assert (now.total_tasks, now.total_eligible_workers, now.total_available_workers) == (0, 0, 0)
    assert (now.longest_relative_task_age_in_queue, now.longest_relative_task_sid_in_queue) == (0, None)
    assert past.wait_duration_in_queue_until_accepted == {"avg": 0, "min": 0, "max": 0, "total": 0}
    assert both.cumulative["tasks_entered"] == both.realtime["total_tasks"] == 0


def test_all_queues_come_in_pages(client, workspace, queue):
    other = workspace.task_queues.create(friendly_name="Other")

    found = [each.task_queue_sid for each in workspace.task_queues.statistics.list(page_size=1)]
    named = [each.task_queue_sid for each in workspace.task_queues.statistics.list(friendly_name="Other", minutes=60)]

    assert found == [queue.fetch().sid, other.sid]
    assert named == [other.sid]


def test_several_queues_are_asked_for_at_once(workspace, queue):
    wanted = [queue.fetch().sid, "WQ" + "0" * 32]
    body = SimpleNamespace(to_dict=lambda: {"QueueSids": wanted})

    answer = workspace.task_queues.bulk_real_time_statistics.create(body)

    assert [each["task_queue_sid"] for each in answer.task_queue_data] == wanted
    assert answer.task_queue_response_count == 2
    with refused(400, 20001):
        workspace.task_queues.bulk_real_time_statistics.create(SimpleNamespace(to_dict=lambda: {"QueueSids": []}))


def test_workers_tell_what_they_do_and_did(workspace):
    now = workspace.workers.real_time_statistics().fetch()
    past = workspace.workers.cumulative_statistics().fetch(minutes=60)
    both = workspace.workers.statistics().fetch(friendly_name="Ada", task_queue_name="Everyone")

    assert (now.total_workers, past.reservations_created) == (0, 0)
    assert [each["workers"] for each in now.activity_statistics] == [0, 0, 0, 0]
    assert [each["total"] for each in past.activity_durations] == [0, 0, 0, 0]
    assert both.realtime["total_workers"] == both.cumulative["reservations_accepted"] == 0


def test_what_is_older_than_thirty_days_is_refused(workspace, queue):
    with refused(400, 14241):
        workspace.cumulative_statistics().fetch(start_date=old())
    with refused(400, 14241):
        workspace.statistics().fetch(start_date=old())
    with refused(400, 14241):
        queue.cumulative_statistics().fetch(start_date=old())
    with refused(400, 14241):
        queue.statistics().fetch(start_date=old())
    with refused(400, 14241):
        workspace.task_queues.statistics.list(start_date=old())
    with refused(400, 14241):
        workspace.workers.statistics().fetch(start_date=old())
    with refused(400, 14241):
        workspace.workers.cumulative_statistics().fetch(start_date=old())


def test_an_unknown_channel_is_refused(workspace, queue):
    for each in (workspace, queue, workspace.workers):
        with refused(400, 20001):
            each.real_time_statistics().fetch(task_channel="fax")


def test_what_is_not_there_has_no_statistics(workspace, stranger, queue):
    found = queue.fetch()

    for kind in ("statistics", "real_time_statistics", "cumulative_statistics"):
        with refused(404, 20404):
            getattr(workspace.workflows("WW" + "0" * 32), kind)().fetch()
        with refused(404, 20404):
            getattr(stranger.taskrouter.v1.workspaces(found.workspace_sid), kind)().fetch()
        with refused(404, 20404):
            getattr(workspace.task_queues("WQ" + "0" * 32), kind)().fetch()
    with refused(404, 20404):
        workspace.workers("WK" + "0" * 32).statistics().fetch()


def test_figures_of_what_happened(product, client):
    """The demo's own workspace: its workflow and its workers."""
    home = client.taskrouter.v1.workspaces(product.rows("SELECT sid FROM agents_workspace ORDER BY id LIMIT 1")[0][0])
    ((workflow,),) = product.rows("SELECT sid FROM routing_workflow ORDER BY id LIMIT 1")
    ((worker,),) = product.rows("SELECT sid FROM agents_worker ORDER BY id LIMIT 1")

    of_workflow = home.workflows(workflow)
    assert of_workflow.statistics().fetch(minutes=43200).realtime["total_tasks"] >= 0
    assert of_workflow.real_time_statistics().fetch().workflow_sid == workflow
    assert of_workflow.cumulative_statistics().fetch().tasks_entered >= 0
    with refused(400, 14241):
        of_workflow.cumulative_statistics().fetch(start_date=old())
    with refused(400, 14241):
        of_workflow.statistics().fetch(start_date=old())
    of_worker = home.workers(worker).statistics().fetch(minutes=60)
    assert of_worker.worker_sid == worker
    assert sum(each["total"] for each in of_worker.cumulative["activity_durations"]) <= 3600
    with refused(400, 14241):
        home.workers(worker).statistics().fetch(start_date=old())
