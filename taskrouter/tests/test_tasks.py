"""Tasks at the edge: how a status is refused, what a list costs, and how often expressions are tried."""

import json
import threading
from urllib.parse import quote, urlencode, urlsplit

import pytest
from django.db import connection, transaction

from agents.tests.factories import make_worker
from eventlog.models import Event
from eventlog.tests.writers import somebody_waits
from kernel.actor import SYSTEM
from routing import actions, queries
from routing.models import Task, TaskQueue, Workflow
from routing.tests.factories import accepted, make_task, offered
from taskrouter.access import place
from taskrouter.resources.tasks import Tasks
from taskrouter.tests.conftest import refusal
from tests.support.product import wait_until


@pytest.fixture
def path(caller):
    return f"Workspaces/{caller.workspace.sid}/Tasks"


def listed(caller, path, query=""):
    answer = caller.ask("GET", f"{path}?{query}")
    assert answer.status_code == 200, answer.text
    return [row["sid"] for row in answer.json()["tasks"]]


def test_a_task_of_which_nothing_is_said_has_twilios_defaults(caller, path):
    answer = caller.ask("POST", path)

    task, told = Task.objects.get(), answer.json()
    assert (answer.status_code, answer["ETag"]) == (201, '"1"')
    assert (told["assignment_status"], told["priority"], told["timeout"], told["age"]) == ("pending", 0, 86_400, 0)
    assert (told["attributes"], told["addons"], told["reason"]) == ("{}", "{}", None)
    assert (told["routing_target"], told["ignore_capacity"]) == (None, False)
    assert told["task_channel_unique_name"] == "default"
    assert told["virtual_start_time"] == told["date_created"]
    assert told["workflow_sid"] == Workflow.objects.get().sid
    assert told["task_queue_sid"] == TaskQueue.objects.get().sid
    assert told["url"].endswith(f"/taskrouter/v1/{path}/{task.sid}")


def test_a_list_tells_the_same_as_a_single_read(caller, path):
    for body in ("", urlencode({"Attributes": '{"name": "Ñandú", "n": [1, 2.5, null]}', "Priority": 7})):
        caller.ask("POST", path, body)

    rows = caller.ask("GET", path).json()["tasks"]

    for row in rows:
        single = caller.ask("GET", f"{path}/{row['sid']}").json()
        assert json.loads(row.pop("attributes")) == json.loads(single.pop("attributes"))
        assert {**row, "age": 0} == {**single, "age": 0}


def test_a_list_of_any_length_is_four_questions_to_the_database(caller, path, django_assert_num_queries):
    for _ in range(3):
        make_task(caller.workspace)
    caller.ask("GET", path)

    with django_assert_num_queries(3):
        assert len(listed(caller, path)) == 3
    for _ in range(10):
        make_task(caller.workspace)
    with django_assert_num_queries(3):
        assert len(listed(caller, path)) == 13


def test_a_new_task_is_few_questions_to_the_database(caller, path, django_assert_max_num_queries):
    body = urlencode({"WorkflowSid": Workflow.objects.get().sid, "Attributes": '{"a": 1}'})
    caller.ask("POST", path, body)

    with django_assert_max_num_queries(14):
        assert caller.ask("POST", path, body).status_code == 201


def test_statuses_are_asked_for_one_by_one_or_with_commas(caller, path):
    ada = make_worker(caller.workspace, "Ada", capacity=5)
    waiting, asked, taken = (make_task(caller.workspace) for _ in range(3))
    offered(asked, ada)
    accepted(taken, ada)

    for query in ("AssignmentStatus=pending&AssignmentStatus=reserved", "AssignmentStatus=pending%2Creserved"):
        assert listed(caller, path, query) == [waiting.sid, asked.sid]
    assert listed(caller, path, "AssignmentStatus=assigned") == [taken.sid]
    assert "AssignmentStatus: " in refusal(caller.ask("GET", f"{path}?AssignmentStatus=pending,lost"), 400, 20001)


def test_lists_are_filtered_by_where_a_task_is_and_what_it_is(caller, path):
    ada = make_worker(caller.workspace, "Ada")
    queue, workflow = TaskQueue.objects.get(), Workflow.objects.get()
    by_workflow = make_task(caller.workspace, priority=3, addons={"a": 1})
    by_queue = make_task(caller.workspace, queue)
    of_ada = make_task(caller.workspace, routing_target=ada.sid, workflow=workflow)

    for query, found in (
        (f"WorkflowSid={workflow.sid}", [by_workflow, of_ada]),
        (f"WorkflowName={quote(workflow.friendly_name)}", [by_workflow, of_ada]),
        (f"TaskQueueSid={queue.sid}", [by_workflow, by_queue, of_ada]),
        (f"TaskQueueName={quote(queue.friendly_name)}", [by_workflow, by_queue, of_ada]),
        ("TaskQueueName=Nothing", []),
        (f"WorkflowSid=WW{'0' * 32}", []),
        ("Priority=3", [by_workflow]),
        (f"RoutingTarget={ada.sid}", [of_ada]),
        ("HasAddons=true", [by_workflow]),
        ("HasAddons=false", [by_queue, of_ada]),
    ):
        assert listed(caller, path, query) == [task.sid for task in found], query


def test_expressions_are_tried_on_the_attributes_page_by_page(caller, path, monkeypatch):
    monkeypatch.setattr("taskrouter.paging._PORTION", 2)
    monkeypatch.setattr("taskrouter.resources.tasks.EVALUATIONS_A_SECOND", 100)
    tasks = [make_task(caller.workspace, attributes={"n": number}) for number in range(9)]
    query = urlencode({"EvaluateTaskAttributes": "n IN [1, 4, 5, 8]", "PageSize": 2})

    pages, answer = [], caller.ask("GET", f"{path}?{query}")
    while True:
        pages.append([row["sid"] for row in answer.json()["tasks"]])
        following = answer.json()["meta"]["next_page_url"]
        if following is None:
            break
        answer = caller.ask("GET", f"{path}?{urlsplit(following).query}")
    back = caller.ask("GET", f"{path}?{urlsplit(answer.json()['meta']['previous_page_url']).query}")

    assert pages == [[tasks[1].sid, tasks[4].sid], [tasks[5].sid, tasks[8].sid]]
    assert [row["sid"] for row in back.json()["tasks"]] == pages[0]


def test_expressions_are_tried_three_times_a_second(caller, stranger, path, monkeypatch):
    monkeypatch.setattr("taskrouter.access.time.time", lambda: 1_000_000.0)
    make_task(caller.workspace)
    query = f"{path}?EvaluateTaskAttributes=a%3D%3D1"

    answers = [caller.ask("GET", query) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    refusal(answers[3], 429, 20429)
    assert answers[3]["Retry-After"] == "1"
    assert len(listed(caller, path)) == 1
    assert stranger.ask("GET", query.replace(caller.workspace.sid, stranger.workspace.sid)).status_code == 200
    monkeypatch.setattr("taskrouter.access.time.time", lambda: 1_000_001.0)
    assert caller.ask("GET", query).status_code == 200
    assert "EvaluateTaskAttributes: " in refusal(caller.ask("GET", f"{path}?EvaluateTaskAttributes=a+HAS"), 400, 20001)


def test_expressions_are_tried_by_so_many_at_once(caller, stranger, path):
    query = f"{path}?EvaluateTaskAttributes=a%3D%3D1"
    name = caller.workspace.account.sid

    with place("evaluations", name, limit=9), place("evaluations", name, limit=9):
        assert "at most 2 times at once" in refusal(caller.ask("GET", query), 429, 20429)
        assert caller.ask("GET", path).status_code == 200
        other = f"Workspaces/{stranger.workspace.sid}/Tasks?EvaluateTaskAttributes=a%3D%3D1"
        assert stranger.ask("GET", other).status_code == 200

    assert caller.ask("GET", query).status_code == 200


CANCEL = (
    "Cannot cancel task {task} in workspace {workspace} for account {account} because it is not pending or reserved."
)
WRAP_UP = (
    "Cannot wrap up a task {task} in workspace {workspace} for account {account} because it's not currently assigned"
)
COMPLETE = "Cannot complete task {task} in workspace {workspace} for account {account} because it is not assigned or"


@pytest.mark.parametrize(
    ("state", "wanted", "words"),
    [
        ("pending", "wrapping", WRAP_UP),
        ("pending", "completed", COMPLETE),
        ("reserved", "wrapping", WRAP_UP),
        ("reserved", "completed", COMPLETE),
        ("assigned", "canceled", CANCEL),
        ("wrapping", "wrapping", WRAP_UP),
        ("wrapping", "canceled", CANCEL),
    ],
)
def test_a_move_that_is_not_legal_is_refused_in_twilios_words(caller, path, state, wanted, words):
    task = in_state(caller, state)
    before = Event.objects.count()

    answer = caller.ask("POST", f"{path}/{task.sid}", f"AssignmentStatus={wanted}&Reason=x&Priority=9")

    told = words.format(task=task.sid, workspace=caller.workspace.sid, account=caller.name)
    assert refusal(answer, 400, 20001).startswith(told)
    task.refresh_from_db()
    assert (task.assignment_status, task.priority, Event.objects.count()) == (state, 0, before)


def in_state(caller, state):
    task = make_task(caller.workspace)
    if state == "canceled":
        return actions.cancel_task(queries.task(task.sid), reason="x", actor=SYSTEM)
    if state == "pending":
        return task
    ada = make_worker(caller.workspace, "Ada")
    if state == "reserved":
        offered(task, ada)
    else:
        accepted(task, ada)
    task = queries.task(task.sid)
    if state == "wrapping":
        actions.wrap_up(task, actor=SYSTEM)
    if state == "completed":
        actions.complete(task, actor=SYSTEM)
    return task


@pytest.mark.parametrize("state", ["completed", "canceled"])
@pytest.mark.parametrize(("wanted", "words"), [("completed", COMPLETE), ("canceled", CANCEL), ("wrapping", WRAP_UP)])
def test_what_has_ended_is_refused_in_twilios_words(caller, path, state, wanted, words):
    task = in_state(caller, state)

    answer = caller.ask("POST", f"{path}/{task.sid}", f"AssignmentStatus={wanted}&Reason=x")

    told = words.format(task=task.sid, workspace=caller.workspace.sid, account=caller.name)
    assert refusal(answer, 400, 20001).startswith(told)


@pytest.mark.parametrize(
    ("state", "wanted", "version"),
    [
        ("pending", "canceled", 2),
        ("reserved", "canceled", 3),
        ("assigned", "wrapping", 4),
        ("assigned", "completed", 4),
        ("wrapping", "completed", 5),
    ],
)
def test_a_legal_move_is_made_with_its_reason(caller, path, state, wanted, version):
    task = in_state(caller, state)

    answer = caller.ask("POST", f"{path}/{task.sid}", f"AssignmentStatus={wanted}&Reason=Enough")

    told = answer.json()
    assert (answer.status_code, told["assignment_status"], answer["ETag"]) == (200, wanted, f'"{version}"')
    assert told["reason"] == (None if wanted == "wrapping" else "Enough")
    assert caller.ask("GET", f"{path}/{task.sid}").json()["assignment_status"] == wanted


def test_status_and_priority_change_together(caller, path):
    task = in_state(caller, "assigned")

    told = caller.ask("POST", f"{path}/{task.sid}", "AssignmentStatus=wrapping&Priority=4").json()

    assert (told["assignment_status"], told["priority"]) == ("wrapping", 4)


@pytest.mark.parametrize("wanted", ["wrapping", "completed"])
def test_attributes_do_not_change_with_the_end_of_the_work(caller, path, wanted):
    task = in_state(caller, "assigned")

    answer = caller.ask("POST", f"{path}/{task.sid}", f"AssignmentStatus={wanted}&Attributes=%7B%22a%22%3A1%7D")

    assert refusal(answer, 400, 20001).startswith("AssignmentStatus: ")
    assert caller.ask("GET", f"{path}/{task.sid}").json()["attributes"] == "{}"
    assert caller.ask("GET", f"{path}/{task.sid}").json()["assignment_status"] == "assigned"


@pytest.mark.parametrize("wanted", ["reserved", "assigned"])
def test_reservations_alone_bring_a_task_to_an_agent(caller, path, wanted):
    task = in_state(caller, "pending")

    refusal(caller.ask("POST", f"{path}/{task.sid}", f"AssignmentStatus={wanted}"), 400, 20001)


def test_the_status_that_it_has_and_no_change_at_all_change_nothing(caller, path):
    task = in_state(caller, "pending")

    assert caller.ask("POST", f"{path}/{task.sid}", "AssignmentStatus=pending")["ETag"] == '"1"'
    assert caller.ask("POST", f"{path}/{task.sid}")["ETag"] == '"1"'


def test_whoever_cancels_says_why_and_whoever_completes_may(caller, path):
    waiting, taken = in_state(caller, "pending"), in_state(caller, "assigned")

    silent = caller.ask("POST", f"{path}/{waiting.sid}", "AssignmentStatus=canceled")

    assert refusal(silent, 400, 20001).startswith("Reason: ")
    assert caller.ask("GET", f"{path}/{waiting.sid}").json()["assignment_status"] == "pending"
    assert caller.ask("POST", f"{path}/{taken.sid}", "AssignmentStatus=completed").json()["reason"] == "completed"


def test_a_rival_who_comes_first_wins(caller, path, monkeypatch):
    task, look = make_task(caller.workspace), Tasks.found

    def look_then_rival(self, sid):
        row = look(self, sid)
        actions.update_task(queries.task(task.sid), priority=1, actor=SYSTEM)
        return row

    monkeypatch.setattr(Tasks, "found", look_then_rival)
    answer = caller.ask("POST", f"{path}/{task.sid}", "Priority=2", headers={"If-Match": '"1"'})

    refusal(answer, 412, 20412)
    task.refresh_from_db()
    assert (task.priority, task.version) == (1, 2)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="one writes at a time")
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_whoever_waits_for_a_rival_is_told_of_another_channel_too(caller, path, method):
    task, answers = make_task(caller.workspace), []

    def ask():
        answers.append(caller.ask(method, f"{path}/{task.sid}", "Priority=2", headers={"If-Match": '"1"'}))
        connection.close()

    second = threading.Thread(target=ask)
    with transaction.atomic():
        actions.update_task(queries.task(task.sid), task_channel="voice", actor=SYSTEM)
        second.start()
        wait_until(somebody_waits, seconds=20, what="the second one's wait for the lock")
    second.join(timeout=20)

    refusal(answers[0], 412, 20412)
    task.refresh_from_db()
    assert (task.priority, task.version, task.task_channel.unique_name) == (0, 2, "voice")
