"""The smallest contact centre: a workspace, a queue that everybody serves, and two agents who are there."""

import pytest

from agents.models import Worker, Workspace
from agents.tests.factories import make_worker, make_workspace
from routing.models import TaskQueue
from routing.tests.factories import make_queue


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


@pytest.fixture
def queue(workspace: Workspace) -> TaskQueue:
    return make_queue(workspace)


@pytest.fixture
def ada(workspace: Workspace) -> Worker:
    return make_worker(workspace, "Ada")


@pytest.fixture
def ben(workspace: Workspace) -> Worker:
    return make_worker(workspace, "Ben")
