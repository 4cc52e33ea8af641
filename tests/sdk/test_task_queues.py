"""Task queues, by the SDK."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.sdk.conftest import Conditional, refused


def names(queues):
    return [each.friendly_name for each in queues]


def test_a_queue_is_made_fetched_changed_and_deleted(workspace):
    made = workspace.task_queues.create(
        friendly_name="Support", target_workers="skills HAS 'support'", max_reserved_workers=5, task_order="LIFO"
    )
    support = workspace.task_queues(made.sid)
    fetched = support.fetch()

    assert (fetched.target_workers, fetched.max_reserved_workers, fetched.task_order) == (
        "skills HAS 'support'",
        5,
        "LIFO",
    )
    changed = support.update(friendly_name="Help", task_order="FIFO", max_reserved_workers=50)
    assert (changed.friendly_name, changed.task_order, changed.max_reserved_workers) == ("Help", "FIFO", 50)
    assert changed.target_workers == "skills HAS 'support'"
    assert support.delete()
    with refused(404, 20404):
        support.fetch()


def test_a_queue_that_says_nothing_has_twilios_defaults(workspace):
    made = workspace.task_queues.create(friendly_name="Everyone")

    assert (made.target_workers, made.max_reserved_workers, made.task_order) == ("1==1", 1, "FIFO")
    assert (made.reservation_activity_sid, made.assignment_activity_name) == (None, None)
    assert "reservation_activity" not in made.links


def test_activities_of_a_queue_are_named_and_emptied(workspace):
    home = workspace.fetch()
    made = workspace.task_queues.create(
        friendly_name="Support",
        reservation_activity_sid=home.default_activity_sid,
        assignment_activity_sid=home.default_activity_sid,
    )

    assert (made.reservation_activity_name, made.assignment_activity_name) == ("Offline", "Offline")
    assert made.links["reservation_activity"].endswith(f"/Activities/{home.default_activity_sid}")
    emptied = workspace.task_queues(made.sid).update(reservation_activity_sid="")
    assert (emptied.reservation_activity_sid, emptied.assignment_activity_sid) == (None, home.default_activity_sid)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("FriendlyName", {"friendly_name": ""}),
        ("TargetWorkers", {"target_workers": "skills HAS"}),
        ("TargetWorkers", {"target_workers": "first-name == 'x'"}),
        ("MaxReservedWorkers", {"max_reserved_workers": 0}),
        ("MaxReservedWorkers", {"max_reserved_workers": 51}),
        ("MaxReservedWorkers", {"max_reserved_workers": "many"}),
        ("TaskOrder", {"task_order": "RANDOM"}),
        ("ReservationActivitySid", {"reservation_activity_sid": "WA" + "0" * 32}),
        ("AssignmentActivitySid", {"assignment_activity_sid": "Offline"}),
    ],
)
def test_what_cannot_be_is_refused_by_name(workspace, name, given):
    with refused(400, 20001) as refusal:
        workspace.task_queues.create(**{"friendly_name": "Support", **given})

    assert f"{name}: " in refusal.message
    assert workspace.task_queues.list() == []


def test_a_name_is_taken_once(workspace):
    workspace.task_queues.create(friendly_name="Support")

    with refused(400, 20001) as refusal:
        workspace.task_queues.create(friendly_name="Support")

    assert "FriendlyName: The name Support is taken." in refusal.message


def test_a_queue_that_a_workflow_names_stays(client):
    made = client.taskrouter.v1.workspaces.create(friendly_name="Acme", template="FIFO")
    home = client.taskrouter.v1.workspaces(made.sid)
    queue = home.task_queues.list()[0]

    with refused(400, 20001) as refusal:
        home.task_queues(queue.sid).delete()

    assert "Default Fifo Workflow" in refusal.message
    assert home.task_queues(queue.sid).fetch().sid == queue.sid


def test_lists_tell_which_queues_a_worker_would_serve(client):
    demo = client.taskrouter.v1.workspaces.list(friendly_name="Demo")[0]
    queues = client.taskrouter.v1.workspaces(demo.sid).task_queues
    spanish = json.dumps({"skills": ["sales"], "languages": ["es"]})

    assert names(queues.list(evaluate_worker_attributes=spanish)) == ["Sales", "Español", "Everyone"]
    assert names(queues.list(evaluate_worker_attributes="{}", friendly_name="Everyone")) == ["Everyone"]
    assert queues.list(evaluate_worker_attributes="{}", friendly_name="Sales") == []
    assert queues.list(worker_sid="WK" + "0" * 32) == []
    for wrong in ("x", "[]", "[" * 2_000, '{"a": NaN}'):
        with refused(400, 20001) as refusal:
            queues.list(evaluate_worker_attributes=wrong)
        assert "EvaluateWorkerAttributes: " in refusal.message


def test_lists_tell_which_queues_a_certain_worker_serves(client, product):
    demo = client.taskrouter.v1.workspaces.list(friendly_name="Demo")[0]
    ((ben,),) = product.rows("SELECT sid FROM agents_worker WHERE friendly_name = %s", "Ben Carter")

    queues = client.taskrouter.v1.workspaces(demo.sid).task_queues.list(worker_sid=ben)

    assert names(queues) == ["Support", "Everyone"]


def test_lists_are_ordered_and_come_in_pages(workspace):
    for name in ("a", "b", "c", "d", "e"):
        workspace.task_queues.create(friendly_name=name)
    sid = workspace.task_queues.list(friendly_name="b")[0].sid
    workspace.task_queues(sid).update(max_reserved_workers=2)

    assert names(workspace.task_queues.list(page_size=2)) == ["a", "b", "c", "d", "e"]
    assert names(workspace.task_queues.list(ordering="DateUpdated:desc", page_size=2)) == ["b", "e", "d", "c", "a"]
    assert names(workspace.task_queues.list(ordering="DateUpdated:asc", page_size=2)) == ["a", "c", "d", "e", "b"]
    assert names(workspace.task_queues.list(page_size=2, limit=3)) == ["a", "b", "c"]


def test_pages_stay_put_while_queues_come_and_go(workspace):
    made = {name: workspace.task_queues.create(friendly_name=name).sid for name in ("a", "b", "c", "d")}
    first = workspace.task_queues.page(page_size=2)

    workspace.task_queues(made["b"]).delete()
    workspace.task_queues.create(friendly_name="e")
    second = first.next_page()

    assert names(second) == ["c", "d"]
    assert names(second.next_page()) == ["e"]
    assert names(second.previous_page()) == ["a"]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"page_number": "1"}, 40153),
        ({"page_token": "PA" + "0" * 32}, 20001),
        ({"page_size": "0"}, 20001),
        ({"page_size": "1001"}, 20001),
        ({"page_size": "x"}, 20001),
        ({"page_number": "-1"}, 20001),
        ({"ordering": "Size:asc"}, 20001),
        ({"ordering": "DateUpdated"}, 20001),
        ({"worker_sid": "Ben"}, 20001),
    ],
)
def test_pages_and_orders_that_cannot_be_are_refused(workspace, given, code):
    with refused(400, code) as refusal:
        workspace.task_queues.page(**given)

    assert ": " in refusal.message


def test_a_page_token_leads_nowhere_but_on_in_its_own_list(client, workspace):
    for name in ("a", "b"):
        workspace.task_queues.create(friendly_name=name)
    address = workspace.task_queues.page(page_size=1).next_page_url
    token = parse_qs(urlsplit(address).query)["PageToken"][0]

    assert client.request("GET", address).status_code == 200
    for lead in (
        lambda: workspace.task_queues.page(page_token=token, ordering="DateUpdated:asc"),
        lambda: workspace.task_queues.page(page_token=token[:-1] + ("a" if token[-1] != "a" else "b")),
        lambda: workspace.activities.page(page_token=token),
    ):
        with refused(400, 20001):
            lead()


def test_a_change_is_made_only_to_what_was_seen(client, workspace):
    made = workspace.task_queues.create(friendly_name="Support")
    conditional = Conditional(client, made.url)
    seen = conditional.etag()

    assert conditional.update(seen, FriendlyName="First") == 200
    assert conditional.update(seen, FriendlyName="Second") == 412
    assert conditional.delete(seen) == 412
    assert workspace.task_queues(made.sid).fetch().friendly_name == "First"
    assert conditional.delete(conditional.etag()) == 204
