"""What a workspace asks of its customers: fields come, change their names, and go with all their values."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

from django.db import IntegrityError, transaction

from accounts import policy
from agents.models import Workspace
from conversations.core.fields import KEY, checked_choices
from conversations.models import ContactField
from eventlog.record import record
from kernel.actor import Actor
from kernel.errors import Conflict, Invalid

MAX_FIELDS: Final = 50
MAX_LABEL: Final = 64


@dataclass(frozen=True, slots=True)
class FieldForm:
    """What of a field can be changed later. ``choices`` count for the kind ``choice`` alone."""

    label: str
    label_es: str = ""
    choices: Sequence[str] = ()
    required: bool = False
    position: int = 0


def create_contact_field(workspace: Workspace, *, key: str, kind: str, form: FieldForm, actor: Actor) -> ContactField:
    """Every contact of the workspace has this field. Raises Invalid with the field, Conflict for a taken key."""
    policy.require(actor, "config:write", account_sid=workspace.account.sid)
    if KEY.fullmatch(key) is None:
        raise Invalid("A key has small letters, figures and _, such as order_number.", field="key")
    if kind not in ContactField.Kind.values:
        raise Invalid("There is no kind %(kind)s.", field="kind", params={"kind": kind[:16]})
    if ContactField.objects.filter(workspace=workspace).count() >= MAX_FIELDS:
        raise Conflict("A workspace has at most %(limit)d fields.", params={"limit": MAX_FIELDS})
    given = _checked(form, kind=kind)
    try:
        with transaction.atomic():
            row = ContactField.objects.create(workspace=workspace, key=key, kind=kind, **asdict(given))
            _note("contact-field.created", row, actor=actor)
    except IntegrityError as error:
        raise Conflict("The key %(key)s is taken.", field="key", params={"key": key}) from error
    return row


def update_contact_field(field: ContactField, *, form: FieldForm, actor: Actor) -> ContactField:
    """Values that stand stay as they are, also those that could not be chosen any more."""
    policy.require(actor, "config:write", account_sid=field.workspace.account.sid)
    given = asdict(_checked(form, kind=field.kind))
    if all(getattr(field, name) == value for name, value in given.items()):
        return field
    for name, value in given.items():
        setattr(field, name, value)
    with transaction.atomic():
        field.save(update_fields=list(given))
        _note("contact-field.updated", field, actor=actor)
    return field


def delete_contact_field(field: ContactField, *, actor: Actor) -> None:
    """The field is gone, and with it what was known of every customer."""
    policy.require(actor, "config:write", account_sid=field.workspace.account.sid)
    with transaction.atomic():
        _note("contact-field.deleted", field, actor=actor)
        field.delete()


def _checked(form: FieldForm, *, kind: str) -> FieldForm:
    labels = {"label": form.label.strip(), "label_es": form.label_es.strip()}
    for name, text in labels.items():
        if len(text) > MAX_LABEL or (name == "label" and not text):
            raise Invalid("Give a name of 1 to %(limit)d characters.", field=name, params={"limit": MAX_LABEL})
    choices = checked_choices(form.choices) if kind == "choice" else []
    return FieldForm(**labels, choices=choices, required=form.required, position=form.position)


def _note(event: str, field: ContactField, *, actor: Actor) -> None:
    workspace = field.workspace
    names = ("sid", "key", "label", "label_es", "kind", "choices", "required", "position")
    record(
        event,
        subject_sid=field.sid,
        data={name: getattr(field, name) for name in names},
        audiences=[f"floor:{workspace.sid}"],
        actor=actor,
        workspace_sid=workspace.sid,
    )
