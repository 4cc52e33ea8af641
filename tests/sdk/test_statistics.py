"""Statistics, by the SDK; every answer is held against the specification."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from tests.sdk.conftest import refused
from tests.support.product import wait_until


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


def test_figures_of_what_happened(client):
    """Ada has accepted one of two tasks, and takes but one at a time."""
    made = client.taskrouter.v1.workspaces.create(friendly_name="Figures", template="FIFO")
    home = client.taskrouter.v1.workspaces(made.sid)
    (workflow,), (available,) = home.workflows.list(), home.activities.list(available="true")
    ada = home.workers.create(friendly_name="Ada", activity_sid=available.sid)
    taken = home.tasks(home.tasks.create().sid)
    (offer,) = wait_until(taken.reservations.list, seconds=20, what="a reservation")
    taken.reservations(offer.sid).update(reservation_status="accepted")
    waiting = home.tasks.create()
    of_workflow, of_ada = home.workflows(workflow.sid), home.workers(ada.sid).statistics()
    wait_until(lambda: counted(of_workflow) == (2, 1), seconds=20, what="figures of two tasks")

    both = of_workflow.statistics().fetch(minutes=60)
    assert both.realtime["tasks_by_status"] == {"pending": 1, "reserved": 0, "assigned": 1, "wrapping": 0}
    assert (both.cumulative["tasks_entered"], both.cumulative["reservations_created"]) == (2, 1)
    now = of_workflow.real_time_statistics().fetch()
    assert (now.workflow_sid, now.total_tasks, now.longest_task_waiting_sid) == (workflow.sid, 2, waiting.sid)
    hers = of_ada.fetch(minutes=60)
    assert (hers.worker_sid, hers.cumulative["reservations_accepted"]) == (ada.sid, 1)
    assert {each["friendly_name"] for each in hers.cumulative["activity_durations"] if each["total"]} <= {"Available"}
    for each in (of_workflow.cumulative_statistics(), of_workflow.statistics(), of_ada):
        with refused(400, 14241):
            each.fetch(start_date=old())


def counted(of_workflow):
    """How many tasks came into the workflow, and how many offers were accepted: the log is followed, not waited for."""
    found = of_workflow.cumulative_statistics().fetch(minutes=60)
    return found.tasks_entered, found.reservations_accepted
