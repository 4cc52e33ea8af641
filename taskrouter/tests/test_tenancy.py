"""What is another's is 404 on every path. Each resource that comes is walked too: it must be named in ``strange``."""

import itertools
import re

import pytest

from agents.models import Activity, TaskChannel, Worker
from agents.tests.factories import channel_of, make_worker
from eventlog.models import Event
from routing import actions, queries
from routing.models import TaskQueue, Workflow
from routing.tests.factories import make_task
from taskrouter.resources import RESOURCES
from taskrouter.tests.conftest import refusal

METHODS = {"GET": "retrieve", "POST": "update", "DELETE": "destroy"}
WALKED = [(resource, method) for resource in RESOURCES for method in METHODS if METHODS[method] in resource.operations]
LISTS = [resource for resource in RESOURCES if "workspace_sid" in resource.path]


def strange(home):
    """For each path something in this workspace that another account must not find, with what the path names first."""
    worker = Worker.objects.filter(workspace=home).first() or make_worker(home, "Ada", doing="Offline")
    reservation = queries.open_reservations(worker).first() or _asked(home, worker)
    in_workspace = {
        "Workspaces": {"sid": home.sid},
        "Activities": {"sid": Activity.objects.filter(workspace=home).first().sid},
        "TaskChannels": {"sid": TaskChannel.objects.filter(workspace=home).first().sid},
        "TaskQueues": {"sid": TaskQueue.objects.get(workspace=home).sid},
        "Workers": {"sid": worker.sid},
        "WorkerChannels": {"worker_sid": worker.sid, "sid": channel_of(worker).sid},
        "Events": {"sid": Event.objects.filter(workspace_sid=home.sid, type="activity.created").first().sid},
        "Workflows": {"sid": Workflow.objects.get(workspace=home).sid},
        "Tasks": {"sid": reservation.task.sid},
        "TaskReservations": {"task_sid": reservation.task.sid, "sid": reservation.sid},
        "WorkerReservations": {"worker_sid": worker.sid, "sid": reservation.sid},
    }
    return {name: {"workspace_sid": home.sid, **named} for name, named in in_workspace.items()}


def _asked(home, worker):
    (row,) = actions.offer(queries.task(make_task(home).sid), workers=[worker], any_activity=True)
    return row


def path_of(resource, *, sid=None, **parents):
    """Of the row, or without ``sid`` of its list. Names that the path has no place for are passed over."""
    path = re.sub(r"<str:(\w+)>", lambda found: parents[found[1]], resource.path)
    return path if sid is None else f"{path}/{sid}"


def mixed(resource, *some):
    """Every way to put the path of a row together from several places."""
    names = [*re.findall(r"<str:(\w+)>", resource.path), "sid"]
    for values in itertools.product(*([place[name] for place in some] for name in names)):
        yield path_of(resource, **dict(zip(names, values, strict=True)))


@pytest.mark.parametrize(("resource", "method"), WALKED, ids=lambda each: getattr(each, "__name__", each))
def test_no_path_leads_to_what_is_anothers(caller, stranger, resource, method):
    ours = strange(caller.workspace)[resource.__name__]
    theirs = strange(stranger.workspace)[resource.__name__]

    for path in set(mixed(resource, ours, theirs)) - {path_of(resource, **ours)}:
        refusal(caller.ask(method, path, "FriendlyName=Mine"), 404, 20404)

    assert stranger.ask("GET", path_of(resource, **theirs)).status_code == 200
    assert "Mine" not in stranger.ask("GET", path_of(resource, **{**theirs, "sid": None})).text


@pytest.mark.parametrize("resource", LISTS, ids=lambda each: each.__name__)
def test_no_list_of_another_workspace_is_read_or_written(caller, stranger, resource):
    ours = {**strange(caller.workspace)[resource.__name__], "sid": None}
    theirs = {**strange(stranger.workspace)[resource.__name__], "sid": None}
    parents = re.findall(r"<str:(\w+)>", resource.path)

    for wrong in parents:
        path = path_of(resource, **{**ours, wrong: theirs[wrong]})
        refusal(caller.ask("GET", path), 404, 20404)
        refusal(caller.ask("POST", path, "FriendlyName=Mine&UniqueName=mine"), 404, 20404)


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda each: each.__name__)
def test_what_is_no_sid_is_nothing(caller, resource):
    ours = strange(caller.workspace)[resource.__name__]

    for sid in ("x", "0", "%00", "WA" + "0" * 33, "a" * 300, "%F0%9F%98%80"):
        for name in (*re.findall(r"<str:(\w+)>", resource.path), "sid"):
            refusal(caller.ask("GET", path_of(resource, **{**ours, name: sid})), 404, 20404)
