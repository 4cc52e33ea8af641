"""What we know of a customer, and whether we talk to them at all."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db import transaction

from accounts import policy
from conversations import queries
from conversations.actions.telling import retell
from conversations.core import fields as core_fields
from conversations.core import names
from conversations.models import Contact, ContactField, ContactValue, Conversation
from conversations.queries import contacts as contact_queries
from eventlog.record import record
from kernel import clock
from kernel.actor import Actor
from kernel.errors import Conflict, Invalid, NotFound

MAX_REASON: Final = 200


def rename_contact(contact: Contact, *, name: str, actor: Actor) -> Contact:
    """People call the customer so. An empty name lets the customer's next message bring one."""
    require(contact, "contacts:write", actor=actor)
    wanted = names.clean(name)
    if len(name.strip()) > names.LIMIT:
        raise Invalid("Write at most %(limit)d characters.", field="name", params={"limit": names.LIMIT})
    with transaction.atomic():
        (locked,), talks = locked_contacts(contact)
        if locked.name == wanted:
            return locked
        before, locked.name = locked.name, wanted
        locked.save(update_fields=["name"])
        note("contact.updated", locked, actor=actor, data={"name": wanted, "previous": {"name": before}})
        retell_all(talks, actor=actor)
        return locked


def set_fields(contact: Contact, *, values: Mapping[str, str], actor: Actor) -> Contact:
    """These fields have these values; an empty one forgets it, and those not named stay.

    Raises Invalid with ``fields.<key>`` for what is no value of the field, or is missing where one is required.
    """
    require(contact, "contacts:write", actor=actor)
    known = {field.key: field for field in ContactField.objects.filter(workspace=contact.workspace_id)}
    unknown = sorted(values.keys() - known.keys())
    if unknown:
        raise Invalid("There is no field %(key)s.", field=f"fields.{unknown[0][:32]}", params={"key": unknown[0][:32]})
    wanted = {known[key].pk: _kept(known[key], text) for key, text in values.items()}
    with transaction.atomic():
        (locked,), _ = locked_contacts(contact)
        here = dict(ContactValue.objects.filter(contact=locked).values_list("field_id", "text"))
        changed = {pk: text for pk, text in wanted.items() if here.get(pk, "") != text}
        if not changed:
            return locked
        write_values(locked, changed)
        keys = {field.pk: field.key for field in known.values()}
        note(
            "contact.updated",
            locked,
            actor=actor,
            data={
                "fields": {keys[pk]: text for pk, text in changed.items()},
                "previous": {"fields": {keys[pk]: here.get(pk, "") for pk in changed}},
            },
        )
        return locked


def block(contact: Contact, *, reason: str, actor: Actor) -> Contact:
    """What comes from the customer is kept, opens no task, and nothing is sent. Raises Conflict when it is so already.

    Who answers the customer at this moment keeps the task, and ends it as any other.
    """
    require(contact, "contacts:block", actor=actor)
    why = reason.strip()
    if not 0 < len(why) <= MAX_REASON:
        raise Invalid("Give a reason of 1 to %(limit)d characters.", field="reason", params={"limit": MAX_REASON})
    with transaction.atomic():
        (locked,), talks = locked_contacts(contact)
        if locked.blocked_at is not None:
            raise Conflict("The contact is blocked already.")
        _set_block(locked, at=clock.now(), reason=why)
        note("contact.blocked", locked, actor=actor, data={"reason": why})
        retell_all(talks, actor=actor)
        return locked


def unblock(contact: Contact, *, actor: Actor) -> Contact:
    """The customer's next words seek an agent again. Raises Conflict when nobody has blocked the contact."""
    require(contact, "contacts:block", actor=actor)
    with transaction.atomic():
        (locked,), talks = locked_contacts(contact)
        if locked.blocked_at is None:
            raise Conflict("The contact is not blocked.")
        _set_block(locked, at=None, reason="")
        note("contact.unblocked", locked, actor=actor, data={})
        retell_all(talks, actor=actor)
        return locked


def require(contact: Contact, permission: str, *, actor: Actor) -> None:
    """Raise unless the actor holds the permission, and may see this contact."""
    policy.require(actor, permission, account_sid=contact.workspace.account.sid)
    if not contact_queries.visible_to(actor).filter(pk=contact.pk).exists():
        raise NotFound("There is no contact %(sid)s.", field="contact", params={"sid": contact.sid})


def locked_contacts(*contacts: Contact) -> tuple[list[Contact], list[int]]:
    """The rows in the given order, locked after their open conversations, whose ids come with them.

    Raises Conflict for one that was merged or erased in the meantime.
    """
    wanted = [contact.pk for contact in contacts]
    open_talks = Conversation.objects.filter(identity__contact__in=wanted, state=Conversation.State.ACTIVE)
    talks = list(open_talks.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))
    rows = Contact.objects.select_for_update(of=("self",)).select_related("workspace__account")
    found = {row.pk: row for row in rows.filter(pk__in=wanted).order_by("pk")}
    for row in found.values():
        if row.merged_into_id is not None:
            raise Conflict("The contact %(sid)s has been merged into another.", params={"sid": row.sid})
        if row.erased_at is not None:
            raise Conflict("The data of the contact %(sid)s has been erased.", params={"sid": row.sid})
    return [found[pk] for pk in wanted], talks


def retell_all(talks: Sequence[int], *, actor: Actor) -> None:
    """Those who are in these conversations, which are locked, see the customer as he is now."""
    for pk in talks:
        retell("conversation.updated", queries.locked_conversation(pk), actor=actor)


def note(event: str, contact: Contact, *, actor: Actor, data: Mapping[str, Any]) -> None:
    """Write into the journal what became of the contact."""
    workspace = contact.workspace
    record(
        event,
        subject_sid=contact.sid,
        data={"sid": contact.sid, **data},
        audiences=[f"floor:{workspace.sid}"],
        actor=actor,
        workspace_sid=workspace.sid,
    )


def write_values(contact: Contact, values: Mapping[int, str]) -> None:
    """Field ids and texts; an empty text removes the value."""
    for field_id, text in values.items():
        if text:
            ContactValue.objects.update_or_create(contact=contact, field_id=field_id, defaults={"text": text})
        else:
            ContactValue.objects.filter(contact=contact, field_id=field_id).delete()


def _kept(field: ContactField, text: str) -> str:
    value = core_fields.kept(text, kind=field.kind, choices=field.choices, key=field.key)
    if field.required and not value:
        raise Invalid("This field must be filled in.", field=f"fields.{field.key}")
    return value


def _set_block(contact: Contact, *, at: Any, reason: str) -> None:
    contact.blocked_at, contact.blocked_reason = at, reason
    contact.save(update_fields=["blocked_at", "blocked_reason"])
