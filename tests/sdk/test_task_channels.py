"""Task channels, by the SDK."""

import pytest

from tests.sdk.conftest import Conditional, refused


def test_a_channel_is_made_fetched_changed_and_deleted(workspace):
    made = workspace.task_channels.create(friendly_name="Fax", unique_name="fax", channel_optimized_routing=True)
    fax = workspace.task_channels(made.sid)

    assert (fax.fetch().unique_name, fax.fetch().channel_optimized_routing) == ("fax", True)
    changed = fax.update(friendly_name="Telefax", channel_optimized_routing=False)
    assert (changed.friendly_name, changed.channel_optimized_routing) == ("Telefax", False)
    assert fax.delete()
    with refused(404, 20404):
        fax.fetch()


def test_a_channel_is_also_found_by_its_unique_name(workspace):
    made = workspace.task_channels.create(friendly_name="Fax", unique_name="fax")

    assert workspace.task_channels("fax").fetch().sid == made.sid
    assert workspace.task_channels("fax").update(friendly_name="Telefax").sid == made.sid
    assert workspace.task_channels("fax").delete()
    with refused(404, 20404):
        workspace.task_channels("fax").fetch()


def test_lists_come_in_pages_under_the_name_of_channels(workspace):
    found = [each.unique_name for each in workspace.task_channels.list(page_size=2)]

    assert found == ["default", "sms", "whatsapp", "messenger", "chat", "voice"]


@pytest.mark.parametrize("name", ["", "1st", "with-hyphen", "with space", "x" * 65])
def test_names_that_expressions_cannot_use_are_refused(workspace, name):
    with refused(400, 20001) as refusal:
        workspace.task_channels.create(friendly_name="Fax", unique_name=name)

    assert "UniqueName: " in refusal.message


def test_a_unique_name_is_taken_once_and_the_default_channel_stays(workspace):
    with refused(400, 20001):
        workspace.task_channels.create(friendly_name="More voice", unique_name="voice")
    with refused(400, 20001):
        workspace.task_channels("default").delete()


def test_another_workspaces_channel_is_not_here(client, workspace):
    other = client.taskrouter.v1.workspaces.create(friendly_name="Other")
    foreign = client.taskrouter.v1.workspaces(other.sid).task_channels("default").fetch()

    with refused(404, 20404):
        workspace.task_channels(foreign.sid).fetch()


def test_a_change_is_made_only_to_what_was_seen(client, workspace):
    made = workspace.task_channels.create(friendly_name="Fax", unique_name="fax")
    conditional = Conditional(client, made.url)
    seen = conditional.etag()

    assert conditional.update(seen, FriendlyName="First") == 200
    assert conditional.update(seen, FriendlyName="Second") == 412
    assert conditional.delete(seen) == 412
    assert workspace.task_channels("fax").fetch().friendly_name == "First"
    assert conditional.delete(conditional.etag()) == 204
