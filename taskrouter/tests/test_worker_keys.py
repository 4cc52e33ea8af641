"""A worker's own key: that worker and nothing else."""

import pytest

from accounts.core import parse_token
from agents import actions
from agents.models import Activity
from agents.tests.factories import activity, make_worker
from eventlog.models import Event
from kernel.actor import SYSTEM
from routing.tests.factories import make_task, offered
from taskrouter.resources import RESOURCES
from taskrouter.tests.conftest import Caller, refusal
from taskrouter.tests.test_tenancy import METHODS, path_of, strange


@pytest.fixture
def ada(caller):
    return make_worker(caller.workspace, "Ada", "support")


@pytest.fixture
def own(caller, ada) -> Caller:
    _, token = actions.create_worker_key(ada, friendly_name="Ada's phone", actor=SYSTEM)
    return Caller(*parse_token(token), caller.workspace)


def path(worker) -> str:
    return f"Workspaces/{worker.workspace.sid}/Workers/{worker.sid}"


def test_a_worker_reads_himself(own, ada):
    answer = own.ask("GET", path(ada))

    assert (answer.status_code, answer.json()["friendly_name"]) == (200, "Ada")


def test_a_worker_changes_his_activity_and_is_who_did_it(own, ada):
    lunch = activity(ada.workspace, "Unavailable")

    answer = own.ask("POST", path(ada), f"ActivitySid={lunch.sid}")

    assert (answer.status_code, answer.json()["activity_name"], answer["ETag"]) == (200, "Unavailable", '"2"')
    event = Event.objects.get(type="worker.activity.update")
    assert (event.actor_kind, event.actor_sid) == ("key", own.name)


@pytest.mark.parametrize("body", ["FriendlyName=Eve", "Attributes={}", ""])
def test_a_worker_changes_nothing_else_of_himself(own, ada, body):
    lunch = activity(ada.workspace, "Unavailable")

    refusal(own.ask("POST", path(ada), body), 403, 20403)
    refusal(own.ask("POST", path(ada), f"{body}&ActivitySid={lunch.sid}"), 403, 20403) if body else None

    ada.refresh_from_db()
    assert (ada.friendly_name, ada.activity.friendly_name, ada.version) == ("Ada", "Available", 1)


def test_a_worker_finds_the_activities_he_may_go_to(own, ada):
    here = f"Workspaces/{ada.workspace.sid}/Activities"
    lunch = activity(ada.workspace, "Unavailable")

    listed = own.ask("GET", here).json()["activities"]

    assert lunch.sid in [each["sid"] for each in listed]
    assert own.ask("GET", f"{here}/{lunch.sid}").json()["friendly_name"] == "Unavailable"


def test_a_worker_reads_what_he_was_offered_and_no_other_task(own, caller, ada):
    ben = make_worker(caller.workspace, "Ben", "support")
    mine, other, waiting = (make_task(caller.workspace, attributes={"of": name}) for name in ("ada", "ben", "nobody"))
    offered(mine, ada)
    offered(other, ben)
    tasks = f"Workspaces/{caller.workspace.sid}/Tasks"

    assert own.ask("GET", f"{tasks}/{mine.sid}").json()["attributes"] == '{"of": "ada"}'
    for task in (other, waiting):
        refusal(own.ask("GET", f"{tasks}/{task.sid}"), 404, 20404)
        refusal(own.ask("GET", f"{tasks}/{task.sid}/Reservations"), 404, 20404)
    refusal(own.ask("GET", tasks), 403, 20403)
    refusal(own.ask("POST", f"{tasks}/{mine.sid}", "AssignmentStatus=completed&Reason=x"), 403, 20403)


def test_another_worker_does_not_exist(own, caller, stranger):
    for other in (make_worker(caller.workspace, "Ben"), make_worker(stranger.workspace, "Cy")):
        away = Activity.objects.get(workspace=other.workspace, friendly_name="Offline")
        refusal(own.ask("GET", path(other)), 404, 20404)
        refusal(own.ask("POST", path(other), f"ActivitySid={away.sid}"), 404, 20404)
        other.refresh_from_db()
        assert other.activity.friendly_name == "Available"


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda each: each.__name__)
def test_nothing_else_is_open(own, caller, resource):
    names = strange(caller.workspace)[resource.__name__]
    lists = {"GET": "list", "POST": "create"}
    walked = {(method, path_of(resource, **names)): verb for method, verb in METHODS.items()}
    walked |= {(method, path_of(resource, **{**names, "sid": None})): verb for method, verb in lists.items()}

    for (method, address), verb in walked.items():
        if verb in resource.operations and verb not in resource.for_workers:
            refusal(own.ask(method, address, "FriendlyName=Mine"), 403, 20403)


def test_a_key_of_the_account_is_bound_to_nobody(caller, ada):
    assert caller.ask("GET", f"Workspaces/{ada.workspace.sid}/Workers").json()["workers"][0]["sid"] == ada.sid
