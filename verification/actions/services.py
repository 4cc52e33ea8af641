"""In whose name codes are sent."""

import re
from dataclasses import asdict, dataclass
from typing import Any, Final

from django.db import transaction

from accounts import policy
from agents.actions.checks import named
from agents.models import Workspace
from conversations.models import Address
from eventlog.record import record
from kernel import clock, sids
from kernel.actor import Actor
from kernel.errors import Invalid
from verification.core.codes import LONGEST, SHORTEST
from verification.models import Service

MAX_NAME: Final = 30
# https://www.twilio.com/docs/verify/api/service: the name stands in the text, where a number would look like the code.
_FIGURES: Final = re.compile(r"\d{5}|(?:\d\D?){5}")


@dataclass(frozen=True, slots=True)
class ServiceForm:
    """What of a service can be said."""

    friendly_name: str
    code_length: int = 6
    sms_from: Address | None = None
    whatsapp_from: Address | None = None
    content_sid: str = ""


def create_service(workspace: Workspace, *, form: ServiceForm, actor: Actor) -> Service:
    """Codes can be sent in this name. Without a sender of its own it has the workspace's oldest. Raises Invalid."""
    policy.require(actor, "verify:configure", account_sid=workspace.account.sid)
    with transaction.atomic():
        row = Service.objects.create(workspace=workspace, **_checked(form, workspace=workspace))
        _note("verification-service.created", row, actor=actor)
    return row


def update_service(service: Service, *, form: ServiceForm, actor: Actor) -> Service:
    """What is under way keeps the code that it has."""
    policy.require(actor, "verify:configure", account_sid=service.workspace.account.sid)
    fields = _checked(form, workspace=service.workspace)
    for name, value in fields.items():
        setattr(service, name, value)
    service.updated_at = clock.now()
    with transaction.atomic():
        service.save(update_fields=[*fields, "updated_at"])
        _note("verification-service.updated", service, actor=actor)
    return service


def delete_service(service: Service, *, actor: Actor) -> None:
    """The service is gone, with all its verifications."""
    policy.require(actor, "verify:configure", account_sid=service.workspace.account.sid)
    with transaction.atomic():
        _note("verification-service.deleted", service, actor=actor)
        service.delete()


def _checked(form: ServiceForm, *, workspace: Workspace) -> dict[str, Any]:
    given = asdict(form) | {"sms_from": form.sms_from, "whatsapp_from": form.whatsapp_from}
    given["friendly_name"] = name = named(form.friendly_name, limit=MAX_NAME)
    if _FIGURES.search(name):
        raise Invalid("A name with so many figures could be taken for the code.", field="friendly_name")
    if not SHORTEST <= form.code_length <= LONGEST:
        raise Invalid(
            "A whole number from %(least)d to %(most)d is expected here.",
            field="code_length",
            params={"least": SHORTEST, "most": LONGEST},
        )
    for field, channel in (("sms_from", "sms"), ("whatsapp_from", "whatsapp")):
        sender = given[field]
        if sender is not None and (sender.workspace_id != workspace.pk or sender.channel != channel):
            raise Invalid("Choose one of the workspace's own addresses of this channel.", field=field)
    if form.content_sid and not sids.is_sid(form.content_sid, "HX"):
        raise Invalid(
            "A sid that begins with %(prefix)s is expected here.", field="content_sid", params={"prefix": "HX"}
        )
    return given


def _note(event: str, service: Service, *, actor: Actor) -> None:
    workspace = service.workspace
    record(
        event,
        subject_sid=service.sid,
        data={
            "sid": service.sid,
            "friendly_name": service.friendly_name,
            "code_length": service.code_length,
            "content_sid": service.content_sid,
            "sms_from": service.sms_from.address if service.sms_from else "",
            "whatsapp_from": service.whatsapp_from.address if service.whatsapp_from else "",
        },
        audiences=[f"floor:{workspace.sid}"],
        actor=actor,
        workspace_sid=workspace.sid,
    )
