"""Templates as the carrier lists them."""

from typing import Any

from django.conf import settings

from carriers.base import ListedTemplate, TemplateListing
from conversations import actions
from conversations.models import Template, TemplateReading
from eventlog.dbclock import database_now
from kernel import sids

REMINDER = "Hello {{1}}, your appointment is on {{2}}."
BUTTONS = [{"title": "Confirm", "id": "confirm"}, {"title": "Reschedule", "id": "reschedule"}]


def listed(name: str = "reminder", **changes: Any) -> ListedTemplate:
    """An approved reminder with two buttons, also as plain text."""
    given: dict[str, Any] = {
        "sid": sids.new("HX"),
        "name": name,
        "language": "en",
        "samples": {"1": "Maria", "2": "12 May"},
        "types": {"twilio/quick-reply": {"body": REMINDER, "actions": BUTTONS}, "twilio/text": {"body": REMINDER}},
        "category": "UTILITY",
        "state": "approved",
        "reason": "",
        "updated_at": database_now(),
    }
    return ListedTemplate(**(given | changes))


def due() -> TemplateReading:
    """A reading that is claimed."""
    actions.plan_template_reading(settings.TWILIO_ACCOUNT_SID, now=database_now(), after_seconds=-1)
    row = actions.claim_template_reading(settings.TWILIO_ACCOUNT_SID)
    assert row is not None
    return row


def stand(*found: ListedTemplate, complete: bool = True) -> None:
    """The carrier lists these."""
    actions.store_templates(due(), TemplateListing(found, complete=complete))


def template(name: str = "reminder", **changes: Any) -> Template:
    """One that stands alone."""
    one = listed(name, **changes)
    stand(one)
    return Template.objects.get(sid=one.sid)
