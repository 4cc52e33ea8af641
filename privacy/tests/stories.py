"""A customer with a past: two channels, a file, a field, a bot's hand-over, a transfer and a note."""

from dataclasses import dataclass
from io import BytesIO
from typing import Any

from django.db import connection
from PIL import Image

from conversations import actions as conversations
from conversations.actions.contact_fields import FieldForm, create_contact_field
from conversations.models import Contact, Conversation, Media
from conversations.tests.carrier import claim_next
from eventlog.models import Event
from hooks import actions as hooks
from hooks.models import Dispatch
from interactions.actions import complete
from interactions.models import Intake
from interactions.sinks import Follow
from kernel.actor import SYSTEM, Actor
from routing import actions as routing
from routing.models import Task, TaskQueue, Workflow
from tests import people
from tests.people import House

CARO = "+573001234567"
NAME = "Carolina Quispe"
WHATSAPP = {
    "channel": "whatsapp",
    "from_address": f"whatsapp:{CARO}",
    "to_address": "whatsapp:+15550002000",
    "profile_name": NAME,
}
SECRETS = (
    NAME,
    CARO,
    people.CUSTOMER,
    *("parcel-secret", "voucher-secret", "answer-secret", "order-secret", "note-secret", "handed-secret"),
    *("transfer-secret", "letter-secret", "reason-secret", "earlier-secret"),
)


def _picture() -> bytes:
    held = BytesIO()
    Image.new("RGB", (8, 6), "teal").save(held, "PNG")
    return held.getvalue()


PNG = _picture()


@dataclass
class Story:
    """Who it is about, and what she said."""

    contact: Contact
    sms: Conversation
    whatsapp: Conversation
    media: Media
    ada: Actor


def office(settings: Any) -> House:
    """A house whose addresses lead to agents."""
    settings.EGRESS_ALLOW = ["127.0.0.0/8"]
    home = people.full_house()
    queue = routing.save_queue(TaskQueue(workspace=home.workspace), friendly_name="Support", actor=SYSTEM)
    workflow = routing.save_workflow(
        Workflow(workspace=home.workspace),
        friendly_name="Messages",
        configuration=f'{{"task_routing": {{"filters": [], "default_filter": {{"queue": "{queue.sid}"}}}}}}',
        actor=SYSTEM,
    )
    for text, channel in ((people.OURS, "sms"), ("whatsapp:+15550002000", "whatsapp")):
        Intake.objects.create(address=people.address(home, text, channel=channel), workflow=workflow)
    return home


def told(home: House) -> Story:
    """She writes by SMS and by WhatsApp, is answered, handed on, and blocked; both talks are over."""
    bo = home.actor("Bo")
    create_contact_field(home.workspace, key="order", kind="text", form=FieldForm(label="Order"), actor=bo)
    message = people.said(
        "parcel-secret", media=1, profile_name="", params={"Body": "parcel-secret", "From": people.CUSTOMER}
    )
    sms = message.conversation
    other = people.said("voucher-secret", **WHATSAPP).conversation
    contact = sms.identity.contact
    conversations.rename_contact(contact, name="earlier-secret", actor=bo)
    conversations.rename_contact(contact, name="", actor=bo)
    conversations.set_fields(contact, values={"order": "order-secret"}, actor=bo)
    conversations.merge(contact, other=other.identity.contact, actor=bo)
    media = conversations.claim_media(Media.objects.get().sid)
    assert media is not None
    conversations.store_media(media, content=PNG)
    media.refresh_from_db()
    conversations.describe(sms, attributes={"handoff": {"summary": "handed-secret", "by": NAME}}, actor=SYSTEM)
    for talk in (sms, other):
        _worked(home, talk)
    endpoint, _ = hooks.create_endpoint(
        account=home.account, friendly_name="Bot", url="https://127.0.0.1/hook", actor=SYSTEM
    )
    letter = {"conversation_sid": sms.sid, "message": {"body": "letter-secret"}}
    hooks.enqueue(endpoint, type="message.added", subject_sid=sms.sid, payload=letter, event_sid="EV1", actor=SYSTEM)
    Dispatch.objects.update(answer="letter-secret")
    conversations.block(contact, reason="reason-secret", actor=bo)
    for talk in (sms, other):
        talk.refresh_from_db()
        assert talk.state == "closed"
    return Story(contact, sms, other, media, home.actor("Ada"))


def _worked(home: House, talk: Conversation) -> None:
    """Ada takes it, answers, wants to hand it on, and completes it with a note."""
    follow_once()
    task = Task.objects.get(interaction__conversation=talk)
    people.available(home, "Ada", "Ben")
    [reservation] = routing.offer(task, workers=[home.workers["Ada"]])
    routing.accept(reservation, actor=home.actor("Ada"))
    follow_once()
    ada = home.actor("Ada")
    conversations.post(talk, actor=ada, body="answer-secret", ref="r1")
    taken = claim_next()
    assert taken is not None
    conversations.mark_sent([conversations.Accepted(taken.message_sid, taken.fence, f"SM{talk.pk}")], provider="twilio")
    made = routing.transfer(task, to=home.workers["Ben"].sid, mode="WARM", note="transfer-secret", actor=ada)
    routing.cancel_transfer(made, actor=ada)
    talk.refresh_from_db()
    conversations.mark_read(talk, index=talk.last_index, actor=ada)
    complete(Task.objects.get(pk=task.pk), actor=ada, disposition="resolved", note="note-secret")
    follow_once()


_fed: dict[int, None] = {}


def follow_once() -> None:
    """What the relay would do: feed every event once."""
    sink = Follow("follow")
    while fresh := [event for event in Event.objects.order_by("id") if event.pk not in _fed]:
        for event in fresh:
            _fed[event.pk] = None
            if sink.wants(event):
                for wanted in sink.sift([event]):
                    sink.handle(wanted)


def everything() -> str:
    """The text of every column of every table."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            found += [f"{table}: {row!r}" for row in cursor.fetchall()]
    return "\n".join(found)


def left(secrets: tuple[str, ...] = SECRETS) -> list[str]:
    """Which of these words stand anywhere, and where."""
    lines = everything().splitlines()
    return [f"{word} in {line[:200]}" for word in secrets for line in lines if word in line]
