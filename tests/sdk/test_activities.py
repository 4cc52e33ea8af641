"""Activities, by the SDK."""

import pytest

from tests.sdk.conftest import Conditional, refused


def test_an_activity_is_made_fetched_renamed_and_deleted(workspace):
    made = workspace.activities.create(friendly_name="Lunch", available=False)
    lunch = workspace.activities(made.sid)

    assert (lunch.fetch().friendly_name, lunch.fetch().available) == ("Lunch", False)
    assert lunch.update(friendly_name="Long lunch").friendly_name == "Long lunch"
    assert lunch.delete()
    with refused(404, 20404):
        lunch.fetch()


def test_an_activity_is_not_for_work_unless_it_says_so(workspace):
    assert workspace.activities.create(friendly_name="A").available is False
    assert workspace.activities.create(friendly_name="B", available=True).available is True


@pytest.mark.parametrize(("text", "meant"), [("true", True), ("TRUE", True), ("1", True), ("yes", True), ("on", False)])
def test_booleans_are_read_as_twilio_reads_them(client, workspace, text, meant):
    home = workspace.fetch()

    answer = client.request("POST", home.links["activities"], data={"FriendlyName": "Lunch", "Available": text})

    assert answer.status_code == 201
    assert [each.friendly_name for each in workspace.activities.list(available=str(meant))].count("Lunch") == 1


def test_whether_it_is_for_work_never_changes(client, workspace):
    made = workspace.activities.create(friendly_name="Lunch", available=False)

    answer = client.request("POST", made.url, data={"Available": "true"})

    assert answer.status_code == 200
    assert workspace.activities(made.sid).fetch().available is False


def test_lists_are_filtered_and_come_in_pages(workspace):
    everything = [each.friendly_name for each in workspace.activities.list(page_size=1)]
    found = [each.friendly_name for each in workspace.activities.list(available="true")]

    assert everything == ["Offline", "Available", "Unavailable", "Break"]
    assert found == ["Available"]
    assert [each.friendly_name for each in workspace.activities.list(friendly_name="Break")] == ["Break"]
    assert workspace.activities.list(friendly_name="Nothing") == []


def test_a_name_is_needed_and_taken_once(workspace):
    with refused(400, 20001) as empty:
        workspace.activities.create(friendly_name=" ")
    with refused(400, 20001) as taken:
        workspace.activities.create(friendly_name="Break")

    assert "FriendlyName: Give a name of 1 to 64 characters." in empty.message
    assert "FriendlyName: The name Break is taken." in taken.message


def test_what_the_workspace_falls_back_on_stays(workspace):
    home = workspace.fetch()

    with refused(400, 20001):
        workspace.activities(home.default_activity_sid).delete()

    assert workspace.activities(home.default_activity_sid).fetch().friendly_name == "Offline"


def test_another_workspaces_activity_is_not_here(client, workspace):
    other = client.taskrouter.v1.workspaces.create(friendly_name="Other")

    with refused(404, 20404):
        workspace.activities(other.default_activity_sid).fetch()
    with refused(404, 20404):
        workspace.activities("WA1").fetch()


def test_a_change_is_made_only_to_what_was_seen(client, workspace):
    made = workspace.activities.create(friendly_name="Lunch")
    conditional = Conditional(client, made.url)
    seen = conditional.etag()

    assert seen == '"1"'
    assert conditional.update(seen, FriendlyName="First") == 200
    assert conditional.update(seen, FriendlyName="Second") == 412
    assert conditional.delete(seen) == 412
    assert workspace.activities(made.sid).fetch().friendly_name == "First"
    assert conditional.update("*", FriendlyName="Third") == 200
    assert conditional.delete(f'"1", {conditional.etag()}') == 204
