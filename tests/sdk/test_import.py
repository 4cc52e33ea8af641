"""``import_taskrouter``: from the running product, as if it were Twilio, into the database of the tests."""

import json
from dataclasses import dataclass
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Account
from agents import actions as agents
from agents.models import Activity, Worker, Workspace
from carriers.twilio import taskrouter as source
from eventlog.models import Event
from kernel.actor import SYSTEM
from routing.models import TaskQueue, Workflow

pytestmark = pytest.mark.django_db


@dataclass
class There:
    """A workspace at the source, and what stands in it."""

    context: Any
    sid: str
    lunch: str
    fax: str
    ada: str
    support: str
    workflow: str


@pytest.fixture
def there(client) -> There:
    made = client.taskrouter.v1.workspaces.create(friendly_name="Moved", prioritize_queue_order="LIFO")
    home = client.taskrouter.v1.workspaces(made.sid)
    lunch = home.activities.create(friendly_name="Lunch")
    home.update(timeout_activity_sid=lunch.sid)
    fax = home.task_channels.create(friendly_name="Fax", unique_name="fax", channel_optimized_routing=True)
    ada = home.workers.create(friendly_name="Ada", attributes=json.dumps({"skills": ["support"], "level": 3}))
    home.workers(ada.sid).worker_channels("fax").update(capacity=4, available=True)
    home.workers(ada.sid).worker_channels("voice").update(capacity=0, available=False)
    support = home.task_queues.create(
        friendly_name="Support",
        target_workers="skills HAS 'support'",
        max_reserved_workers=3,
        reservation_activity_sid=lunch.sid,
    )
    workflow = home.workflows.create(
        friendly_name="By topic", configuration=document(support.sid), task_reservation_timeout=45
    )
    return There(home, made.sid, lunch.sid, fax.sid, ada.sid, support.sid, workflow.sid)


def document(queue_sid: str) -> str:
    target = {"queue": queue_sid, "expression": "worker.level > 2"}
    return json.dumps({"task_routing": {"filters": [{"expression": "topic == 'x'", "targets": [target]}]}})


@pytest.fixture
def account() -> Account:
    return Account.objects.create(friendly_name="Here")


@pytest.fixture
def bring(product, ours, account, there):
    """Run the command; what it said."""

    def run(*options: str, workspace: str = there.sid) -> str:
        out = StringIO()
        credentials = ("--base-url", product.url, "--user", ours.name, "--password", ours.secret)
        call_command("import_taskrouter", workspace, *credentials, *options, stdout=out, no_color=True)
        return out.getvalue()

    return run


def here(there: There) -> Workspace:
    return Workspace.objects.get(sid=there.sid)


def test_without_write_everything_is_told_and_nothing_written(there, bring):
    said = bring()

    assert f"+ workspace Moved ({there.sid})" in said
    assert f"+ task queue Support ({there.support})\n    target_workers: skills HAS 'support'" in said
    assert "    channel fax: 4, on" in said
    assert "Nothing was written; add --write to do it." in said
    assert not Workspace.objects.exists()
    assert not Event.objects.exists()


def test_a_workspace_comes_with_its_sids(there, bring):
    bring("--write")

    home = here(there)
    assert (home.friendly_name, home.prioritize_queue_order) == ("Moved", "LIFO")
    assert home.default_activity.friendly_name == "Offline"
    assert home.timeout_activity.sid == there.lunch
    assert sorted(home.activities.values_list("sid", flat=True)) == sorted(
        each.sid for each in there.context.activities.list()
    )
    assert set(home.task_channels.values_list("sid", "unique_name")) == {
        (each.sid, each.unique_name) for each in there.context.task_channels.list()
    }
    assert home.task_channels.get(sid=there.fax).channel_optimized_routing is True
    queue = home.task_queues.get()
    assert (queue.sid, queue.target_workers, queue.max_reserved_workers) == (there.support, "skills HAS 'support'", 3)
    assert queue.reservation_activity.sid == there.lunch
    workflow = home.workflows.get()
    assert (workflow.sid, workflow.task_reservation_timeout) == (there.workflow, 45)
    assert json.loads(workflow.configuration) == json.loads(document(there.support))


def test_workers_come_with_what_they_can_and_are_not_at_work(there, bring):
    there.context.workers(there.ada).update(
        activity_sid=next(each.sid for each in there.context.activities.list() if each.available)
    )

    bring("--write")

    ada = here(there).workers.get()
    assert (ada.sid, ada.attributes) == (there.ada, {"skills": ["support"], "level": 3})
    assert ada.activity.friendly_name == "Offline"
    capacities = {row.task_channel.unique_name: (row.configured_capacity, row.available) for row in ada.channels.all()}
    assert (capacities["fax"], capacities["voice"], capacities["sms"]) == ((4, True), (0, False), (1, True))


def test_a_second_time_nothing_is_written(there, bring):
    bring("--write")
    noted = Event.objects.count()

    said = bring("--write")

    assert "0 to make, 0 to change" in said
    assert "There was nothing to write." in said
    assert Event.objects.count() == noted


def test_later_only_what_changed_there_is_changed_here(there, bring):
    bring("--write")
    there.context.activities(there.lunch).update(friendly_name="Long lunch")
    there.context.activities.create(friendly_name="Lunch")
    there.context.workers(there.ada).update(attributes=json.dumps({"skills": ["support"], "level": 4}))
    agents.create_activity(here(there), friendly_name="Only here", actor=SYSTEM)

    said = bring("--write")

    assert "1 to make, 2 to change" in said
    assert "    friendly_name: Lunch -> Long lunch" in said
    assert '      -  "level": 3,' in said
    assert '      +  "level": 4,' in said
    assert "only here: activity Only here" in said
    assert Activity.objects.get(sid=there.lunch).friendly_name == "Long lunch"
    assert here(there).activities.filter(friendly_name__in=("Lunch", "Only here")).count() == 2


def test_where_sids_are_taken_others_are_remembered_and_documents_follow(there, bring, account):
    bring("--write")
    agents.create_workspace(account=account, friendly_name="Second", actor=SYSTEM)

    bring("--write", "--into", "Second")

    second = Workspace.objects.get(friendly_name="Second")
    queue, workflow, worker = second.task_queues.get(), second.workflows.get(), second.workers.get()
    assert {queue.sid, workflow.sid, worker.sid}.isdisjoint({there.support, there.workflow, there.ada})
    assert json.loads(workflow.configuration) == json.loads(document(queue.sid))
    assert second.timeout_activity.friendly_name == "Lunch"
    assert second.activities.count() == 5
    assert queue.reservation_activity.workspace == second
    noted = Event.objects.get(type="workspace.imported", subject_sid=second.sid)
    assert noted.data["sids"][there.support] == queue.sid
    assert "There was nothing to write." in bring("--write", "--into", "Second")
    there.context.task_queues(there.support).update(friendly_name="Help")
    assert f"~ task queue Help ({queue.sid}, there {there.support})" in bring("--write", "--into", "Second")
    assert TaskQueue.objects.get(pk=queue.pk).friendly_name == "Help"
    assert TaskQueue.objects.get(sid=there.support).friendly_name == "Support"


def test_sids_in_expressions_follow_as_well(there, bring, account):
    there.context.task_queues(there.support).update(target_workers=f"worker.sid == '{there.ada}'")
    agents.create_workspace(account=account, friendly_name="Second", actor=SYSTEM)
    bring("--write")

    bring("--write", "--into", "Second")

    second = Workspace.objects.get(friendly_name="Second")
    assert second.task_queues.get().target_workers == f"worker.sid == '{second.workers.get().sid}'"


def test_what_cannot_be_is_named_with_its_field_and_nothing_is_written(there, bring, account):
    home = agents.create_workspace(account=account, friendly_name="Second", actor=SYSTEM)
    agents.create_activity(home, friendly_name="Lunch", available=True, actor=SYSTEM)
    noted = Event.objects.count()

    with pytest.raises(CommandError) as refused:
        bring("--write", "--into", home.sid)

    assert f"activity Lunch ({there.lunch}): available: It is False there and True here" in str(refused.value)
    assert f"task queue Support ({there.support}): reservation_activity_sid: There is no activity" in str(refused.value)
    assert "Nothing was written" in str(refused.value)
    assert (Worker.objects.count(), Workflow.objects.count(), Event.objects.count()) == (0, 0, noted)


def test_only_some_kinds_can_be_brought(there, bring, account):
    home = agents.create_workspace(account=account, friendly_name="Second", actor=SYSTEM)

    bring("--write", "--into", "Second", "--only", "workers", "--only", "task_channels")

    assert home.workers.get().sid == there.ada
    assert home.task_channels.filter(sid=there.fax).exists()
    assert (home.activities.count(), home.task_queues.count()) == (4, 0)


def test_a_new_workspace_is_not_made_without_its_activities(there, bring):
    with pytest.raises(CommandError, match=r"workspace Moved \(WS\w+\): activities: A new workspace needs them"):
        bring("--write", "--only", "task_queues")

    assert not Workspace.objects.exists()


def test_lists_of_many_pages_come_whole(there, bring, monkeypatch):
    monkeypatch.setattr(source, "PAGE_SIZE", 2)
    for number in range(5):
        there.context.task_queues.create(friendly_name=f"Queue {number}")

    bring("--write", "--only", "activities", "--only", "task_queues")

    assert here(there).task_queues.count() == 6
    assert here(there).activities.count() == 5


def test_a_source_that_says_no_is_told_in_a_line(there, bring):
    with pytest.raises(CommandError, match=r"workspaces: .*http-401"):
        bring("--password", "0" * 32)
    with pytest.raises(CommandError, match=r"workspaces: .*\(refused\)"):
        bring("--base-url", "http://127.0.0.1:1")
    with pytest.raises(CommandError, match=rf"Name one workspace of those there: .*Moved \({there.sid}\)"):
        bring(workspace="Nothing")


@pytest.mark.parametrize("given", [[], ["--user", "SK" + "0" * 32], ["--password", "x"]])
def test_credentials_for_twilio_go_to_twilio_alone(account, settings, monkeypatch, given):
    settings.TWIN_ENABLED, settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = False, "AC" + "0" * 32, "secret"
    asked = []
    monkeypatch.setattr(source, "reader", lambda *credentials, **_: asked.append(credentials))

    with pytest.raises(CommandError, match="--base-url"):
        call_command("import_taskrouter", "--base-url", "http://127.0.0.1:1", *given)

    assert asked == []


def test_what_leads_nowhere_here_is_told_by_its_option(there, bring, account):
    with pytest.raises(CommandError, match="--into: no workspaces here are named Nothing"):
        bring("--into", "Nothing")
    Account.objects.create(friendly_name="Another")
    with pytest.raises(CommandError, match="--account: name one"):
        bring()
    bring("--write", "--account", account.sid)
    assert here(there).account == account


def test_without_credentials_it_says_what_is_missing(there, account):
    with pytest.raises(CommandError, match="Set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN"):
        call_command("import_taskrouter", there.sid)
