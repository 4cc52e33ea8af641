"""Intakes in the admin."""

import json
from typing import Any

import pytest
from django.urls import reverse

from eventlog.models import Event
from interactions.models import Intake
from kernel.actor import SYSTEM
from routing import actions as routing
from routing.models import TaskQueue, Workflow
from tests.office import enter
from tests.people import House, address, full_house, house

pytestmark = pytest.mark.django_db


def workflow(home: House, name: str = "Messages") -> Workflow:
    queue = routing.save_queue(TaskQueue(workspace=home.workspace), friendly_name=name, actor=SYSTEM)
    text = json.dumps({"task_routing": {"default_filter": {"queue": queue.sid}}})
    return routing.save_workflow(
        Workflow(workspace=home.workspace), friendly_name=name, configuration=text, actor=SYSTEM
    )


def add(home: House, **given: Any) -> Any:
    return enter(home, "Bo").post(reverse("admin:interactions_intake_add"), given)


def test_an_intake_leads_an_address_to_a_workflow() -> None:
    home = full_house()
    ours, way = address(home), workflow(home)

    assert add(home, address=ours.pk, workflow=way.pk, bot="").status_code == 302

    assert (Intake.objects.get().address, Intake.objects.get().workflow) == (ours, way)
    event = Event.objects.get(type="intake.created")
    assert (event.data["workflow_sid"], event.actor_sid) == (way.sid, home.users["Bo"].sid)


def test_an_intake_changes_and_goes_by_its_actions() -> None:
    home = full_house()
    add(home, address=address(home).pk, workflow=workflow(home).pk, bot="")
    other_way, intake = workflow(home, "Nights"), Intake.objects.get()
    client = enter(home, "Bo")

    client.post(reverse("admin:interactions_intake_change", args=[intake.pk]), {"workflow": other_way.pk, "bot": ""})
    assert Intake.objects.get().workflow == other_way

    client.post(reverse("admin:interactions_intake_delete", args=[intake.pk]), {"post": "yes"})
    assert not Intake.objects.exists()
    kinds = Event.objects.filter(type__startswith="intake.").order_by("pk").values_list("type", flat=True)
    assert list(kinds) == ["intake.created", "intake.updated", "intake.deleted"]


def test_what_belongs_to_another_account_cannot_be_chosen() -> None:
    home, other = full_house(), house("Other")

    response = add(home, address=address(other).pk, workflow=workflow(other).pk, bot="")

    assert set(response.context["adminform"].form.errors) == {"address", "workflow"}
    assert not Intake.objects.exists()


def test_an_address_has_one_intake() -> None:
    home = full_house()
    ours, way = address(home), workflow(home)
    add(home, address=ours.pk, workflow=way.pk, bot="")

    response = add(home, address=ours.pk, workflow=way.pk, bot="")

    assert "address" in response.context["adminform"].form.errors
    assert Intake.objects.count() == 1
