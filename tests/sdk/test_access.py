"""Credentials, scopes, hosts, and what belongs to somebody else."""

import json
import urllib.error
import urllib.request
from dataclasses import replace

import pytest

from tests.sdk.conftest import refused


def test_a_key_that_may_write_reads_and_writes(product, others):
    client = others["write"].connect(product.url)

    made = client.taskrouter.v1.workspaces.create(friendly_name="By key")

    assert made.account_sid == others["write"].account
    assert client.taskrouter.v1.workspaces(made.sid).fetch().friendly_name == "By key"


def test_a_key_that_may_read_changes_nothing(product, others, workspace):
    reader = others["read"].connect(product.url).taskrouter.v1
    home = workspace.fetch()

    assert reader.workspaces(home.sid).fetch().sid == home.sid
    assert reader.workspaces(home.sid).activities.list()
    with refused(403, 20403) as refusal:
        reader.workspaces(home.sid).update(friendly_name="Mine")
    with refused(403, 20403):
        reader.workspaces(home.sid).delete()

    assert "taskrouter:write" in refusal.message
    assert workspace.fetch().friendly_name == "Acme"


@pytest.mark.parametrize("changes", [{"secret": "0" * 32}, {"secret": ""}, {"name": "AC" + "0" * 32}])
def test_wrong_credentials_are_refused(product, ours, changes):
    with refused(401, 20003):
        replace(ours, **changes).connect(product.url).taskrouter.v1.workspaces.list()


def test_another_accounts_workspace_does_not_exist(stranger, workspace):
    home = workspace.fetch()
    queue = workspace.task_queues.create(friendly_name="Support")
    activity = workspace.activities.list()[0]
    channel = workspace.task_channels.list()[0]
    theirs = stranger.taskrouter.v1.workspaces(home.sid)

    for ask in (
        theirs.fetch,
        theirs.delete,
        lambda: theirs.update(friendly_name="x"),
        theirs.activities.list,
        lambda: theirs.activities.create(friendly_name="x"),
        theirs.activities(activity.sid).fetch,
        theirs.activities(activity.sid).delete,
        lambda: theirs.activities(activity.sid).update(friendly_name="x"),
        theirs.task_channels(channel.sid).fetch,
        theirs.task_channels("default").fetch,
        theirs.task_queues(queue.sid).fetch,
        theirs.task_queues(queue.sid).delete,
        lambda: theirs.task_queues.create(friendly_name="x"),
    ):
        with refused(404, 20404):
            ask()

    assert home.sid not in [each.sid for each in stranger.taskrouter.v1.workspaces.list()]
    assert workspace.task_queues(queue.sid).fetch().friendly_name == "Support"


def ask(url, *, host=None):
    """Status and body of a bare GET."""
    request = urllib.request.Request(url, headers={"Host": host} if host else {})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_a_foreign_host_is_not_answered(product):
    status, body = ask(f"{product.url}/v1/Workspaces", host="taskrouter.example.com")

    assert status == 400
    assert b"20003" not in body


def test_a_path_that_leads_nowhere_is_told_in_twilios_words(product):
    status, body = ask(f"{product.url}/taskrouter/v1/Nothing")

    assert (status, json.loads(body)["code"]) == (404, 20404)
