"""How much a worker takes at once, by the SDK."""

import pytest

from tests.sdk.conftest import Conditional, refused


@pytest.fixture
def ada(workspace):
    return workspace.workers(workspace.workers.create(friendly_name="Ada").sid)


def test_every_channel_of_the_workspace_has_a_capacity_of_one(workspace, ada):
    found = ada.worker_channels.list(page_size=2)

    assert [each.task_channel_unique_name for each in found] == [
        each.unique_name for each in workspace.task_channels.list()
    ]
    first = found[0]
    assert (first.configured_capacity, first.available, first.assigned_tasks) == (1, True, 0)
    assert first.available_capacity_percentage == 100
    assert first.worker_sid == ada.fetch().sid
    assert first.task_channel_sid == workspace.task_channels("default").fetch().sid


def test_a_channel_is_found_and_changed_by_sid_or_by_unique_name(ada):
    voice = ada.worker_channels("voice").fetch()

    assert ada.worker_channels(voice.sid).fetch().task_channel_unique_name == "voice"
    assert ada.worker_channels("voice").update(capacity=3).configured_capacity == 3
    closed = ada.worker_channels(voice.sid).update(available=False)
    assert (closed.configured_capacity, closed.available) == (3, False)
    assert ada.worker_channels("voice").update(capacity=0).available_capacity_percentage == 0
    assert ada.worker_channels("chat").fetch().configured_capacity == 1


@pytest.mark.parametrize("capacity", ["-1", "51", "many", "1.5", ""])
def test_a_capacity_that_cannot_be_is_refused(ada, capacity):
    with refused(400, 20001) as refusal:
        ada.worker_channels("voice").update(capacity=capacity)

    assert "Capacity: " in refusal.message
    assert ada.worker_channels("voice").fetch().configured_capacity == 1


def test_a_change_is_made_only_to_what_was_seen(client, ada):
    conditional = Conditional(client, ada.worker_channels("voice").fetch().url)
    seen = conditional.etag()

    assert conditional.update(seen, Capacity="2") == 200
    assert conditional.update(seen, Capacity="3") == 412
    assert ada.worker_channels("voice").fetch().configured_capacity == 2
    assert conditional.update(conditional.etag(), Available="false") == 200


def test_what_is_not_the_workers_is_not_here(workspace, ada):
    ben = workspace.workers(workspace.workers.create(friendly_name="Ben").sid)
    foreign = ben.worker_channels("voice").fetch()

    for ask in (
        ada.worker_channels(foreign.sid).fetch,
        lambda: ada.worker_channels(foreign.sid).update(capacity=2),
        ada.worker_channels("fax").fetch,
        workspace.workers("WK" + "0" * 32).worker_channels.list,
    ):
        with refused(404, 20404):
            ask()

    assert ben.worker_channels("voice").fetch().configured_capacity == 1


def test_another_accounts_worker_has_no_channels_here(stranger, workspace, ada):
    theirs = stranger.taskrouter.v1.workspaces(workspace.fetch().sid).workers(ada.fetch().sid)

    with refused(404, 20404):
        theirs.worker_channels("voice").update(capacity=2)
