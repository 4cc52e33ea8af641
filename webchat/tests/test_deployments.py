"""How a web chat stands: what it says, what it asks first, and when somebody is there."""

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from conversations.models import Address, Conversation
from eventlog.models import Event
from hours import actions as hours
from hours.models import Calendar
from hours.tests.factories import make_calendar
from interactions import actions as interactions
from kernel.actor import SYSTEM
from kernel.errors import Conflict, Forbidden, Invalid
from routing.models import Task
from routing.tests.factories import make_queue, make_workflow
from tests import people
from tests.office import enter
from tests.people import House
from webchat import actions, prechat, queries
from webchat.actions import Setting
from webchat.models import Deployment, Visitor

pytestmark = pytest.mark.django_db

ASKED = "email* | E-mail | Correo electrónico\norder | Order number | Número de pedido"
OURS = "http://testserver"
MONDAY, SUNDAY = datetime(2026, 11, 23, 10, tzinfo=UTC), datetime(2026, 11, 22, 10, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _origins(settings: Any) -> None:
    settings.TRUSTED_ORIGINS = [OURS]
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}


def deployed(shop: Address, **setting: Any) -> Deployment:
    return actions.deploy(shop, setting=Setting(**setting), actor=SYSTEM)


def begin(client: Client, **given: Any) -> Any:
    body = {"deployment": "shop", **given}
    return client.post("/chat/sessions", body, content_type="application/json", headers={"Origin": OURS})


def weekdays(home: House) -> Calendar:
    week = {day: ["09:00-17:00"] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")}
    return make_calendar(home.workspace, time_zone="UTC", weekly=week, country="")


@pytest.mark.parametrize(
    "text",
    [
        "email",
        "email | E-mail",
        "Email | E-mail | Correo",
        "email | | Correo",
        f"email | {'x' * 61} | Correo",
        "email | a | b\nemail | c | d",
        "skills | a | b",
        "\n".join(f"q{n} | a | b" for n in range(7)),
    ],
)
def test_what_cannot_be_asked_is_refused_with_the_cure(shop: Address, text: str) -> None:
    with pytest.raises(Invalid) as error:
        deployed(shop, fields=text)

    assert error.value.field == "fields"
    assert not Deployment.objects.exists()


def test_what_was_asked_first_reaches_the_agent_and_the_workflow(home: House, shop: Address, client: Client) -> None:
    deployed(shop, fields=ASKED)
    workflow = make_workflow(home.workspace, default=make_queue(home.workspace))
    interactions.save_intake(shop, workflow=workflow, actor=SYSTEM)

    answer = begin(client, name="Maria", answers={"email": " maria@example.com ", "order": "", "unasked": "x"})
    assert answer.status_code == 201
    visitor = Visitor.objects.get()
    actions.say(visitor, body="hello", ref="ref-00000001")

    conversation = Conversation.objects.get()
    assert conversation.attributes == {"pre_chat": {"email": "maria@example.com"}}
    interactions.open_interaction(conversation)
    attributes = Task.objects.get().attributes
    assert (attributes["email"], attributes["name"]) == ("maria@example.com", "Maria")


def test_what_no_database_takes_is_left_out_of_the_answers(shop: Address, client: Client) -> None:
    deployed(shop, fields=ASKED)

    answer = begin(client, name="Maria", answers={"email": "maria@example.com", "order": "7\ud83d\0 b"})

    assert answer.status_code == 201
    assert Visitor.objects.get().answers == {"email": "maria@example.com", "order": "7 b"}


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({}, "email"),
        ({"email": "  "}, "email"),
        ({"email": "maria"}, "email"),
        ({"email": 7}, "email"),
        ({"email": "m@example.com", "order": "9" * 201}, "order"),
        ([], "answers"),
    ],
)
def test_a_wrong_answer_begins_nothing_and_names_its_field(
    shop: Address, client: Client, answers: Any, field: str
) -> None:
    deployed(shop, fields=ASKED)

    answer = begin(client, answers=answers)

    assert (answer.status_code, answer.json()["field"]) == (400, field)
    assert not Visitor.objects.exists()


def test_the_page_greets_and_asks_in_the_visitors_language(shop: Address, client: Client) -> None:
    deployed(shop, fields=ASKED, texts={"greeting_en": "Welcome <b>", "greeting_es": "Bienvenida"})

    english = client.get("/chat/frame?deployment=shop&language=en").text
    spanish = client.get("/chat/frame?deployment=shop&language=es").text

    assert "Welcome &lt;b&gt;" in english
    assert "<b>" not in english
    assert '<input id="asked-email" name="email" type="email" maxlength="200" autocomplete="email" required>' in english
    assert "Order number (optional)" in english
    assert "Bienvenida" in spanish
    assert "Correo electrónico" in spanish
    assert "Welcome" not in spanish


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        (MONDAY, {"open": True, "changes_at": "2026-11-23T17:00:00.000Z"}),
        (SUNDAY, {"open": False, "changes_at": "2026-11-23T09:00:00.000Z"}),
    ],
)
def test_it_tells_whether_somebody_is_there(home: House, shop: Address, moment: datetime, told: Any) -> None:
    made = deployed(shop, calendar=weekdays(home))

    with time_machine.travel(moment, tick=False):
        assert queries.hours(made) == told
    assert queries.hours(None) is None


def test_hours_that_a_chat_keeps_stay(home: House, shop: Address) -> None:
    calendar = weekdays(home)
    deployed(shop, calendar=calendar)

    with pytest.raises(Conflict):
        hours.delete_calendar(calendar, actor=SYSTEM)

    assert Calendar.objects.exists()


def test_another_workspaces_hours_are_refused(home: House, shop: Address) -> None:
    calendar = make_calendar(people.house("Other").workspace)

    with pytest.raises(Invalid) as error:
        deployed(shop, calendar=calendar)

    assert error.value.field == "calendar"


def test_a_supervisor_sets_it_up_and_the_log_tells(home: House, shop: Address) -> None:
    calendar = weekdays(home)
    given = {"address": shop.pk, "allowed_origins": "", "calendar": calendar.pk, "fields_text": ASKED}
    texts = {"greeting_en": "Hi", "greeting_es": "Hola", "closed_en": "", "closed_es": ""}

    response = enter(home, "Bo").post(reverse("admin:webchat_deployment_add"), given | texts)

    assert response.status_code == 302
    made = Deployment.objects.get()
    assert (made.calendar, made.greeting_es, prechat.written(made.fields)) == (calendar, "Hola", ASKED)
    event = Event.objects.get(type="deployment.updated")
    assert (event.subject_sid, event.actor_sid) == (shop.sid, home.users["Bo"].sid)


def test_a_wrong_line_is_refused_at_the_box(home: House, shop: Address) -> None:
    given = {"address": shop.pk, "allowed_origins": "", "fields_text": "email | E-mail"}

    response = enter(home, "Bo").post(reverse("admin:webchat_deployment_add"), given)

    assert "Line 1: write name" in response.context["adminform"].form.errors["fields_text"][0]
    assert not Deployment.objects.exists()


def test_agents_set_up_nothing(home: House, shop: Address) -> None:
    with pytest.raises(Forbidden):
        actions.deploy(shop, setting=Setting(), actor=home.actor("Ada"))

    assert not Deployment.objects.exists()


def test_changes_stand_in_the_history_with_who_and_before(home: House, shop: Address) -> None:
    bo = home.actor("Bo")
    actions.deploy(shop, setting=Setting(origins=["https://shop.example.com"], fields=ASKED), actor=bo)
    setting = Setting(
        origins=["https://shop.example.com"], fields="order | Order | Pedido", texts={"greeting_en": "Hi"}
    )
    actions.deploy(shop, setting=setting, actor=bo)

    page = enter(home, "Bo").get(reverse("admin:history"), {"kind": "deployment"})

    newest, oldest = (line[0] for line in page.context["lines"])
    assert (newest.name, newest.by) == ("webchat:shop", home.users["Bo"].get_full_name() or "Bo")
    assert {(field.path[0], field.before, field.after) for field in newest.fields} == {
        ("fields", ASKED.replace("\n", ", "), "order | Order | Pedido"),
        ("greeting_en", "", "Hi"),
    }
    assert ("allowed_origins", "", "https://shop.example.com") in {
        (field.path[0], field.before, field.after) for field in oldest.fields
    }
    assert "Asked first" in page.text
