"""Templates at the desk's doors."""

import pytest
from django.test import Client

from conversations.models import Conversation, Message
from conversations.tests.templates import listed, stand, template
from desk.commands import carry_out
from kernel.errors import Invalid
from tests import people
from tests.office import enter
from tests.people import House

pytestmark = pytest.mark.django_db

THERE = {"channel": "whatsapp", "from_address": "whatsapp:+15550100002", "to_address": "whatsapp:+15550002000"}


@pytest.fixture
def home() -> House:
    home = people.full_house()
    people.address(home, "whatsapp:+15550002000", channel="whatsapp")
    return home


def talk(home: House) -> Conversation:
    conversation = people.said("¿Cuándo es mi cita?", **THERE).conversation
    people.taking_part(home, "Ada", conversation)
    return conversation


def post(home: House, conversation: Conversation, **frame: object) -> object:
    given = {"conversation": conversation.sid, "ref": "r1", **frame}
    return carry_out("message.post", given, actor=home.actor("Ada"), worker=home.workers["Ada"])


def test_agent_sends_a_template(home: House) -> None:
    row = template()

    answer = post(
        home, talk(home), content_sid=row.sid, content_variables={"1": "Maria", "2": "Friday"}, body="ignored"
    )

    message = Message.objects.get(direction="outbound")
    assert (message.body, message.content_sid) == ("Hello Maria, your appointment is on Friday.", row.sid)
    assert message.author_name == "Ada"
    assert answer["message"]["content"]["buttons"][0]["title"] == "Confirm"


@pytest.mark.parametrize("given", ["x", ["1"], {"1": 7}, {str(n): "x" for n in range(101)}])
def test_values_are_names_with_texts(home: House, given: object) -> None:
    with pytest.raises(Invalid) as error:
        post(home, talk(home), content_sid=template().sid, content_variables=given)

    assert error.value.field == "content_variables"
    assert not Message.objects.filter(direction="outbound").exists()


def test_who_sees_the_conversation_finds_its_templates(home: House) -> None:
    conversation = talk(home)
    stand(listed("visit"), listed("cita", language="es"), listed("sale", types={"twilio/text": {"body": "Half"}}))
    path = f"/desk/conversations/{conversation.sid}/templates"

    page = enter(home, "Ada").get(path, {"q": "appointment\0"}).json()

    assert [row["name"] for row in page["templates"]] == ["cita", "visit"]
    assert (page["has_more"], page["language"]) == (False, "es")
    assert enter(home, "Ben").get(path).status_code == 404
    assert Client().get(path).status_code == 302
