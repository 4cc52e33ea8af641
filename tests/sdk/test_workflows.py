"""Workflows, by the SDK; their documents are Twilio's own, and come back as they were given."""

import json

import pytest

from tests.sdk.conftest import Conditional, refused


@pytest.fixture
def queues(workspace):
    """Sids by name."""
    return {name: workspace.task_queues.create(friendly_name=name).sid for name in ("Support", "Sales", "Everyone")}


@pytest.fixture
def documents(queues):
    """As Twilio's console and its libraries write them: with their names for a filter, numbers as text, and so on."""
    return {
        "default only": {"task_routing": {"filters": [], "default_filter": {"queue": queues["Everyone"]}}},
        "escalation": {
            "task_routing": {
                "filters": [
                    {
                        "filter_friendly_name": "Gold",
                        "expression": "type IN ['gold', \"platinum\"] AND level >= 3",
                        "targets": [
                            {
                                "queue": queues["Support"],
                                "expression": "worker.level >= 8",
                                "order_by": "worker.level DESC",
                                "priority": "10",
                                "timeout": "30",
                            },
                            {"queue": queues["Support"], "priority": 20, "timeout": 60, "skip_if": "1==1"},
                            {"queue": queues["Everyone"]},
                        ],
                    },
                    {
                        "friendly_name": "Known",
                        "expression": "1==1",
                        "targets": [
                            {"queue": queues["Sales"], "known_worker_sid": "task.last_worker", "timeout": 20},
                            {"queue": queues["Sales"], "skip_if": "workers.available == 0"},
                        ],
                    },
                ],
                "default_filter": {"queue": queues["Everyone"]},
            }
        },
    }


@pytest.fixture
def configuration(documents):
    return json.dumps(documents["default only"])


def test_a_workflow_is_made_fetched_changed_and_deleted(workspace, documents, configuration):
    made = workspace.workflows.create(
        friendly_name="Messages",
        configuration=configuration,
        assignment_callback_url="https://example.com/assign",
        fallback_assignment_callback_url="https://example.org/assign",
        task_reservation_timeout=30,
    )
    workflow = workspace.workflows(made.sid)
    fetched = workflow.fetch()

    assert (fetched.friendly_name, fetched.configuration) == ("Messages", configuration)
    assert (fetched.task_reservation_timeout, fetched.document_content_type) == (30, "application/json")
    assert fetched.assignment_callback_url == "https://example.com/assign"
    assert fetched.fallback_assignment_callback_url == "https://example.org/assign"
    assert fetched.links["statistics"] == f"{fetched.url}/Statistics"

    other = json.dumps(documents["escalation"], indent=2)
    changed = workflow.update(
        friendly_name="All", configuration=other, assignment_callback_url="", re_evaluate_tasks="1"
    )
    assert (changed.friendly_name, changed.configuration) == ("All", other)
    assert (changed.assignment_callback_url, changed.task_reservation_timeout) == ("", 30)

    assert workflow.delete()
    with refused(404, 20404):
        workflow.fetch()


def test_a_workflow_that_says_nothing_has_twilios_defaults(workspace, configuration):
    made = workspace.workflows.create(friendly_name="Messages", configuration=configuration)

    assert (made.task_reservation_timeout, made.assignment_callback_url) == (120, "")


@pytest.mark.parametrize("name", ["default only", "escalation"])
@pytest.mark.parametrize("layout", [{}, {"indent": 4}, {"separators": (",", ":")}])
def test_twilios_documents_come_back_unchanged(workspace, documents, name, layout):
    text = json.dumps(documents[name], **layout)

    made = workspace.workflows.create(friendly_name="Messages", configuration=text)

    assert made.configuration == workspace.workflows(made.sid).fetch().configuration == text


def test_what_cannot_be_is_refused_by_name_and_place(workspace, queues, configuration):
    foreign = configuration.replace(queues["Everyone"], "WQ" + "0" * 32)
    wrong = [
        ("FriendlyName: ", {"friendly_name": ""}),
        ("FriendlyName: ", {"friendly_name": "x" * 65}),
        ("Configuration: ", {"configuration": ""}),
        ("Configuration: ", {"configuration": "task_routing: {}"}),
        ("Configuration: task_routing.default_filter.queue", {"configuration": foreign}),
        ("AssignmentCallbackUrl: ", {"assignment_callback_url": "ftp://example.com"}),
        ("FallbackAssignmentCallbackUrl: ", {"fallback_assignment_callback_url": "here"}),
        ("TaskReservationTimeout: ", {"task_reservation_timeout": 0}),
        ("TaskReservationTimeout: ", {"task_reservation_timeout": 86_401}),
    ]
    stands = workspace.workflows.create(friendly_name="Stands", configuration=configuration)

    for words, given in wrong:
        with refused(400, 20001) as made:
            workspace.workflows.create(**{"friendly_name": "Wrong", "configuration": configuration, **given})
        with refused(400, 20001) as changed:
            workspace.workflows(stands.sid).update(**given)
        assert words in made.message
        assert words in changed.message

    (left,) = workspace.workflows.list()
    assert (left.friendly_name, left.configuration) == ("Stands", configuration)


def test_a_name_and_a_document_are_needed_and_a_name_is_taken_once(client, workspace, configuration):
    address = workspace.fetch().links["workflows"]
    for lacking in ({"FriendlyName": "x"}, {"Configuration": configuration}):
        assert client.request("POST", address, data=lacking).status_code == 400
    workspace.workflows.create(friendly_name="Messages", configuration=configuration)

    with refused(400, 20001) as refusal:
        workspace.workflows.create(friendly_name="Messages", configuration=configuration)

    assert "FriendlyName: The name Messages is taken." in refusal.message


def test_a_queue_of_a_workflow_stays_until_the_workflow_goes(workspace, queues, configuration):
    made = workspace.workflows.create(friendly_name="Messages", configuration=configuration)

    with refused(400, 20001):
        workspace.task_queues(queues["Everyone"]).delete()

    assert workspace.workflows(made.sid).delete()
    assert workspace.task_queues(queues["Everyone"]).delete()


def test_a_workflow_that_is_in_use_stays(client):
    """The demo's own, to which addresses lead."""
    demo = client.taskrouter.v1.workspaces.list(friendly_name="Demo")[0]
    workflows = client.taskrouter.v1.workspaces(demo.sid).workflows
    used = workflows.list()[0]

    with refused(400, 20001):
        workflows(used.sid).delete()

    assert workflows(used.sid).fetch().sid == used.sid


def test_lists_come_in_pages_and_by_name(workspace, configuration):
    for name in ("a", "b", "c"):
        workspace.workflows.create(friendly_name=name, configuration=configuration)

    assert [each.friendly_name for each in workspace.workflows.list(page_size=1)] == ["a", "b", "c"]
    assert [each.friendly_name for each in workspace.workflows.list(friendly_name="b")] == ["b"]
    assert workspace.workflows.list(friendly_name="d") == []


def test_a_change_is_made_only_to_what_was_seen(client, workspace, configuration):
    made = workspace.workflows.create(friendly_name="Messages", configuration=configuration)
    conditional = Conditional(client, made.url)
    seen = conditional.etag()

    assert conditional.update(seen, FriendlyName="First") == 200
    assert conditional.update(seen, FriendlyName="Second", ReEvaluateTasks="true") == 412
    assert conditional.delete(seen) == 412
    assert workspace.workflows(made.sid).fetch().friendly_name == "First"
    assert conditional.delete(conditional.etag()) == 204


def test_another_accounts_workflow_does_not_exist(stranger, workspace, configuration):
    made = workspace.workflows.create(friendly_name="Messages", configuration=configuration)
    theirs = stranger.taskrouter.v1.workspaces(workspace.fetch().sid).workflows

    for ask in (
        theirs.list,
        lambda: theirs.create(friendly_name="x", configuration=configuration),
        theirs(made.sid).fetch,
        theirs(made.sid).delete,
        lambda: theirs(made.sid).update(friendly_name="x"),
    ):
        with refused(404, 20404):
            ask()
