"""Statistics over HTTP: what is refused, whose they are, and what they cost."""

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.actions import create_api_key
from accounts.core import parse_token
from agents import actions as agents
from agents.models import Worker
from agents.tests.factories import activity, make_worker
from insights.tests import history
from kernel import clock, sids
from kernel.actor import SYSTEM
from routing import actions
from routing.models import TaskQueue, Workflow
from routing.tests.factories import accepted, make_queue, make_task, offered
from taskrouter.resources.statistics import STATISTICS, TaskQueuesRealTimeStatistics
from taskrouter.tests.conftest import Caller, refusal

WITH_PERIOD = [each for each in STATISTICS if "StartDate" in each.filters.parameters]
ROWS = {"TaskQueues": TaskQueue, "Workers": Worker, "Workflows": Workflow}


def path_of(view: Any, caller: Caller, *, of: Caller | None = None) -> str:
    """The path in the caller's workspace; of a row in that of ``of``."""
    path = view.path.replace("<str:workspace_sid>", caller.workspace.sid)
    kind = re.search(r"(\w+)/<str:\w+>", path)
    if kind is None:
        return str(path)
    row = ROWS[kind[1]].objects.filter(workspace=(of or caller).workspace).first()
    return str(re.sub(r"<str:\w+>", row.sid, path))


def asked(view: Any, caller: Caller, path: str, query: str = "") -> Any:
    if view is TaskQueuesRealTimeStatistics:
        body = json.dumps({"QueueSids": [sids.new("WQ")]})
        return caller.ask("POST", path, body, content_type="application/json")
    return caller.ask("GET", f"{path}?{query}")


def told(caller: Caller, path: str, query: str = "") -> Any:
    answer = caller.ask("GET", f"Workspaces/{caller.workspace.sid}/{path}?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def bulk(caller: Caller, *named: object) -> Any:
    path = f"Workspaces/{caller.workspace.sid}/TaskQueues/RealTimeStatistics"
    return caller.ask("POST", path, json.dumps({"QueueSids": named}), content_type="application/json")


@pytest.mark.parametrize("view", STATISTICS, ids=lambda each: each.route_name)
def test_nobody_reads_anothers_statistics(caller, stranger, view):
    for each in (caller, stranger):
        make_worker(each.workspace, "Ada")

    refusal(asked(view, caller, path_of(view, stranger)), 404, 20404)
    if path_of(view, caller) != path_of(view, caller, of=stranger):
        refusal(asked(view, caller, path_of(view, caller, of=stranger)), 404, 20404)

    answer = asked(view, caller, path_of(view, caller))
    assert answer.status_code == 200, answer.text
    assert stranger.workspace.sid not in answer.text


@pytest.mark.parametrize("view", WITH_PERIOD, ids=lambda each: each.route_name)
def test_the_period_is_checked(caller, view):
    make_worker(caller.workspace, "Ada")
    path = path_of(view, caller)
    old = (clock.now() - timedelta(days=30, minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    soon = (clock.now() + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")

    assert "StartDate" in refusal(asked(view, caller, path, f"StartDate={old}"), 400, 14241)
    refusal(asked(view, caller, path, f"EndDate={old}"), 400, 14241)
    refusal(asked(view, caller, path, "Minutes=43201"), 400, 14241)
    refusal(asked(view, caller, path, f"StartDate={soon}"), 400, 20001)
    for wrong in ("StartDate=yesterday", "EndDate=1", "Minutes=0", "Minutes=x", "EndDate=0001-01-01T00:00:00Z"):
        assert asked(view, caller, path, wrong).status_code == 400
    refusal(asked(view, caller, path, "TaskChannel=fax"), 400, 20001)
    assert asked(view, caller, path, "Minutes=43200&TaskChannel=default").status_code == 200


def test_the_last_quarter_of_an_hour_is_meant_unless_another_is_asked_for(caller):
    at = clock.now().replace(microsecond=0)
    start, end = at - timedelta(hours=2), at - timedelta(hours=1)
    iso = "%Y-%m-%dT%H:%M:%SZ"

    plain = told(caller, "CumulativeStatistics")
    given = told(caller, "CumulativeStatistics", f"StartDate={start:{iso}}&EndDate={end:{iso}}&Minutes=3")
    until = told(caller, "CumulativeStatistics", f"EndDate={end:{iso}}&Minutes=30")

    moments = {name: datetime.fromisoformat(plain[name]) for name in ("start_time", "end_time")}
    assert moments["end_time"] - moments["start_time"] == timedelta(minutes=15)
    assert timedelta(0) <= moments["end_time"] - at < timedelta(minutes=1)
    assert (given["start_time"], given["end_time"]) == (f"{start:{iso}}", f"{end:{iso}}")
    assert until["start_time"] == f"{end - timedelta(minutes=30):{iso}}"


@pytest.mark.parametrize("text", ["x", "0", "5,", "-1", "5;30", ",".join(map(str, range(1, 22)))])
def test_thresholds_are_seconds(caller, text):
    path = f"Workspaces/{caller.workspace.sid}/CumulativeStatistics?SplitByWaitTime={text}"

    assert "SplitByWaitTime" in refusal(caller.ask("GET", path), 400, 20001)


def test_waits_are_split_by_thresholds(caller):
    told_of = told(caller, "CumulativeStatistics", "SplitByWaitTime=30,5")["split_by_wait_time"]

    nothing = {"reservations_accepted": 0, "tasks_canceled": 0}
    assert told_of == {"5": {"above": nothing, "below": nothing}, "30": {"above": nothing, "below": nothing}}


def test_what_happened_is_told_of_workspace_queue_workflow_and_worker(caller):
    home = caller.workspace
    queue, workflow = TaskQueue.objects.get(workspace=home), Workflow.objects.get(workspace=home)
    ada = make_worker(home, "Ada", capacity=5)
    actions.complete(accepted(make_task(home), ada).task, actor=SYSTEM)
    actions.reject(offered(make_task(home), ada), actor=SYSTEM)
    actions.cancel_task(make_task(home), actor=SYSTEM, reason="gone")
    history.count()

    of_workspace = told(caller, "CumulativeStatistics", "SplitByWaitTime=900")
    of_queue = told(caller, f"TaskQueues/{queue.sid}/CumulativeStatistics")
    of_workflow = told(caller, f"Workflows/{workflow.sid}/CumulativeStatistics")
    of_ada = told(caller, f"Workers/{ada.sid}/Statistics")["cumulative"]

    counts = {"reservations_created": 2, "reservations_accepted": 1, "reservations_rejected": 1}
    tasks = {"tasks_completed": 1, "tasks_canceled": 1, "tasks_deleted": 0, "tasks_moved": 0}
    assert {**of_workspace, **counts, **tasks, "tasks_created": 3, "tasks_timed_out_in_workflow": 0} == of_workspace
    assert {**of_queue, **counts, **tasks, "tasks_entered": 3} == of_queue
    assert {**of_workflow, **counts, **tasks, "tasks_entered": 3, "tasks_timed_out_in_workflow": 0} == of_workflow
    assert {**of_ada, **counts} == of_ada
    assert of_workspace["split_by_wait_time"]["900"]["below"] == {"reservations_accepted": 1, "tasks_canceled": 1}
    assert "tasks_timed_out_in_workflow" not in of_queue
    other = told(caller, "CumulativeStatistics", "TaskChannel=voice")
    assert (other["tasks_created"], other["reservations_created"]) == (0, 0)


def test_what_is_now_is_told_of_workspace_queue_and_workflow(caller):
    home = caller.workspace
    queue, workflow = TaskQueue.objects.get(workspace=home), Workflow.objects.get(workspace=home)
    ada = make_worker(home, "Ada", capacity=5)
    make_worker(home, "Ben", doing="Break")
    first = make_task(home, priority=4)
    offered(make_task(home), ada)
    accepted(make_task(home), ada)
    actions.wrap_up(accepted(make_task(home), ada).task, actor=SYSTEM)
    actions.complete(accepted(make_task(home), ada).task, actor=SYSTEM)

    of_workspace = told(caller, "RealTimeStatistics")
    of_queue = told(caller, f"TaskQueues/{queue.sid}/RealTimeStatistics")
    of_workflow = told(caller, f"Workflows/{workflow.sid}/RealTimeStatistics")

    for found in (of_workspace, of_queue, of_workflow):
        assert found["tasks_by_status"] == {"pending": 1, "reserved": 1, "assigned": 1, "wrapping": 1}
        assert found["tasks_by_priority"] == {"0": 3, "4": 1}
        assert (found["total_tasks"], found["longest_task_waiting_sid"]) == (4, first.sid)
    assert of_queue["longest_relative_task_sid_in_queue"] == first.sid
    assert (of_queue["total_eligible_workers"], of_queue["total_available_workers"]) == (2, 1)
    assert of_workspace["total_workers"] == 2
    for found in (of_workspace, of_queue):
        doing = {each["friendly_name"]: each["workers"] for each in found["activity_statistics"]}
        assert doing == {"Offline": 0, "Available": 1, "Unavailable": 0, "Break": 1}


def test_age_in_the_queue_counts_from_the_arrival_there(caller):
    home = caller.workspace
    queue = TaskQueue.objects.get(workspace=home)
    old, long_here = make_task(home), make_task(home)
    now = clock.now()
    type(old).objects.filter(pk=old.pk).update(created_at=now - timedelta(seconds=100))
    type(old).objects.filter(pk=long_here.pk).update(task_queue_entered_at=now - timedelta(seconds=50))

    found = told(caller, f"TaskQueues/{queue.sid}/RealTimeStatistics")

    assert (found["longest_task_waiting_sid"], found["longest_task_waiting_age"] // 10) == (old.sid, 10)
    assert found["longest_relative_task_sid_in_queue"] == long_here.sid
    assert found["longest_relative_task_age_in_queue"] // 10 == 5


def test_more_than_a_hundred_workers_are_served(caller):
    home = caller.workspace
    for n in range(105):
        make_worker(home, f"W{n}", "billing" if n % 2 else "sales")
    billing = make_queue(home, "Billing", "skills HAS 'billing'")

    everybody = told(caller, "Workers/Statistics")
    some = told(caller, "Workers/Statistics", f"TaskQueueSid={billing.sid}")
    same = told(caller, "Workers/Statistics", "TaskQueueName=Billing")
    one = told(caller, "Workers/Statistics", "FriendlyName=W7&Minutes=60")

    assert everybody["realtime"]["total_workers"] == told(caller, "Workers/RealTimeStatistics")["total_workers"] == 105
    assert some["realtime"]["total_workers"] == same["realtime"]["total_workers"] == 52
    assert one["realtime"]["total_workers"] == 1
    assert told(caller, "Workers/Statistics", "TaskQueueName=None")["realtime"]["total_workers"] == 0


def test_workers_of_a_channel_are_those_who_take_its_tasks(caller):
    ada = make_worker(caller.workspace, "Ada")
    make_worker(caller.workspace, "Ben")
    agents.set_capacity(ada.channels.get(task_channel__unique_name="voice"), capacity=0, actor=SYSTEM)

    assert told(caller, "Workers/RealTimeStatistics", "TaskChannel=voice")["total_workers"] == 1
    assert told(caller, "Workers/RealTimeStatistics", "TaskChannel=sms")["total_workers"] == 2


def test_times_in_activities_are_told_of_each_activity(caller):
    ada = make_worker(caller.workspace, "Ada")
    agents.set_activity(ada, activity=activity(caller.workspace, "Break"), actor=SYSTEM)
    Worker.objects.filter(pk=ada.pk).update(date_status_changed=clock.now() - timedelta(minutes=5))
    history.count()

    found = told(caller, "Workers/CumulativeStatistics")["activity_durations"]

    times = {each["friendly_name"]: each for each in found}
    assert list(times) == ["Offline", "Available", "Unavailable", "Break"]
    assert times["Offline"] == {**times["Offline"], "min": 0, "max": 0, "avg": 0, "total": 0}
    assert 300 <= times["Break"]["total"] == times["Break"]["min"] == times["Break"]["max"] < 400


def test_statements_do_not_grow_with_queues_and_tasks(caller):
    home = caller.workspace

    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            told(caller, "TaskQueues/Statistics", "SplitByWaitTime=5")
        return len(captured)

    few = cost()
    for n in range(8):
        queue = make_queue(home, f"Q{n}", f"skills HAS 's{n}'")
        make_worker(home, f"W{n}", f"s{n}")
        make_task(home, queue)
    assert cost() == few


def test_queues_come_in_pages(caller):
    for name in ("Billing", "Sales"):
        make_queue(caller.workspace, name)

    first = told(caller, "TaskQueues/Statistics", "PageSize=2")
    rest = caller.ask("GET", first["meta"]["next_page_url"].partition("/taskrouter/v1/")[2]).json()

    found = [row["task_queue_sid"] for page in (first, rest) for row in page["task_queues_statistics"]]
    assert found == [row.sid for row in TaskQueue.objects.filter(workspace=caller.workspace).order_by("pk")]
    named = told(caller, "TaskQueues/Statistics", "FriendlyName=Sales")["task_queues_statistics"]
    assert [row["task_queue_sid"] for row in named] == found[2:]


def test_bulk_tells_zeros_of_what_is_not_there(caller, stranger):
    home = caller.workspace
    make_worker(home, "Ada")
    queue, foreign = TaskQueue.objects.get(workspace=home), TaskQueue.objects.get(workspace=stranger.workspace)
    make_task(home, queue)
    make_task(stranger.workspace, foreign)

    answer = bulk(caller, queue.sid, foreign.sid, queue.sid)

    assert answer.status_code == 200
    ours, theirs = answer.json()["task_queue_data"]
    assert answer.json()["task_queue_response_count"] == 2
    assert (ours["task_queue_sid"], ours["total_tasks"], ours["total_eligible_workers"]) == (queue.sid, 1, 1)
    assert (theirs["task_queue_sid"], theirs["total_tasks"], theirs["total_eligible_workers"]) == (foreign.sid, 0, 0)
    assert theirs["longest_task_waiting_sid"] is None


@pytest.mark.parametrize("named", [[], ["WQ1"], [None], [7], [sids.new("WK")], [sids.new("WQ") for _ in range(51)]])
def test_bulk_takes_up_to_fifty_sids(caller, named):
    assert "QueueSids" in refusal(bulk(caller, *named), 400, 20001)


@pytest.mark.parametrize("body", ["", "[]", "null", '{"QueueSids": "WQ"}', "{", "\udcff", "[" * 100_000])
def test_bulk_refuses_other_bodies(caller, body):
    path = f"Workspaces/{caller.workspace.sid}/TaskQueues/RealTimeStatistics"
    raw = body.encode("utf-8", "surrogateescape")

    refusal(caller.ask("POST", path, raw, content_type="application/json"), 400, 20001)


def test_bulk_takes_fifty_sids_five_times_a_second(caller, monkeypatch):
    monkeypatch.setattr("taskrouter.access.time.time", lambda: 1000.5)
    many = [sids.new("WQ") for _ in range(50)]

    answers = [bulk(caller, *many) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert answers[4]["X-Rate-Limit-Remaining"] == "0"
    refusal(answers[5], 429, 20429)
    monkeypatch.setattr("taskrouter.access.time.time", lambda: 1001.5)
    assert bulk(caller, *many).status_code == 200


def test_a_workers_own_key_reads_that_workers_statistics_alone(caller):
    ada, ben = (make_worker(caller.workspace, name) for name in ("Ada", "Ben"))
    _, token = agents.create_worker_key(ada, friendly_name="phone", actor=SYSTEM)
    own = Caller(*parse_token(token), caller.workspace)
    home = f"Workspaces/{caller.workspace.sid}"

    assert own.ask("GET", f"{home}/Workers/{ada.sid}/Statistics").json()["worker_sid"] == ada.sid
    refusal(own.ask("GET", f"{home}/Workers/{ben.sid}/Statistics"), 404, 20404)
    refusal(own.ask("GET", f"{home}/Workers/Statistics"), 403, 20403)
    refusal(own.ask("GET", f"{home}/RealTimeStatistics"), 403, 20403)
    refusal(bulk(own, sids.new("WQ")), 403, 20403)


def test_bulk_needs_no_more_than_leave_to_read(caller):
    account = caller.workspace.account
    keys = {}
    for scope in ("taskrouter:read", "handoffs:write"):
        _, token = create_api_key(account=account, friendly_name=scope, scopes=[scope], actor=SYSTEM)
        keys[scope] = Caller(*parse_token(token), caller.workspace)

    assert bulk(keys["taskrouter:read"], sids.new("WQ")).status_code == 200
    refusal(bulk(keys["handoffs:write"], sids.new("WQ")), 403, 20403)
