"""Two contacts turn out to be one person, or one contact to be two; either can be taken back."""

from typing import Any

from django.db import transaction

from conversations.actions.contacts import locked_contacts, note, require, retell_all, write_values
from conversations.models import Contact, ContactChange, ContactValue, Identity
from kernel import clock
from kernel.actor import Actor
from kernel.errors import Conflict, Invalid, NotFound


def merge(contact: Contact, *, other: Contact, actor: Actor) -> ContactChange:
    """All identities of ``other`` are the contact's. Its own name and fields win; what it lacks it gets.

    A block of either holds for both. Raises Invalid for the contact itself and for another workspace's.
    """
    for row in (contact, other):
        require(row, "contacts:write", actor=actor)
    if contact.pk == other.pk or contact.workspace_id != other.workspace_id:
        raise Invalid("Choose another contact of the same workspace.", field="other")
    with transaction.atomic():
        (kept, gone), talks = locked_contacts(contact, other)
        made = _take_over(kept, gone)
        note("contact.merged", kept, actor=actor, data={"other_sid": gone.sid, "change_sid": made.sid})
        retell_all(talks, actor=actor)
        return made


def split(contact: Contact, *, address: str, actor: Actor) -> ContactChange:
    """The identity of that address is a contact of its own. Raises Conflict for the contact's only one."""
    require(contact, "contacts:write", actor=actor)
    with transaction.atomic():
        (kept,), talks = locked_contacts(contact)
        identities = {row.address: row for row in Identity.objects.filter(contact=kept)}
        leaving = identities.get(address)
        if leaving is None:
            raise NotFound("The contact has no such identity.", field="identity")
        if len(identities) == 1:
            raise Conflict("This is the contact's only identity.", field="identity")
        own = Contact.objects.create(workspace=kept.workspace)
        _move([leaving.pk], to=own)
        made = ContactChange.objects.create(
            kind=ContactChange.Kind.SPLIT,
            kept=kept,
            other=own,
            identity_ids=[leaving.pk],
            before={"other_address": leaving.address},
        )
        note("contact.split", kept, actor=actor, data={"other_sid": own.sid, "change_sid": made.sid})
        retell_all(talks, actor=actor)
        return made


def undo(change: ContactChange, *, actor: Actor) -> Contact:
    """The contacts are as they were before the merge or split, save what has been changed since.

    Raises Conflict when it is undone already, or when the identities have been moved again: then that is undone first.
    """
    require(change.kept, "contacts:write", actor=actor)
    with transaction.atomic():
        if change.kind == ContactChange.Kind.MERGE:
            (kept,), talks = locked_contacts(change.kept)
            _undo_merge(change, kept)
        else:
            (kept, other), talks = locked_contacts(change.kept, change.other)
            _undo_split(change, kept, other)
        note("contact.change-undone", kept, actor=actor, data={"other_sid": change.other.sid, "change_sid": change.sid})
        retell_all(talks, actor=actor)
        return kept


def _take_over(kept: Contact, gone: Contact) -> ContactChange:
    taken = list(Identity.objects.filter(contact=gone).order_by("pk").values_list("pk", flat=True))
    mine = ContactValue.objects.filter(contact=kept).values("field")
    given = dict(ContactValue.objects.filter(contact=gone).exclude(field__in=mine).values_list("field_id", "text"))
    before: dict[str, Any] = {
        "name": kept.name,
        "fields": sorted(given),
        "blocked_at": clock.iso(kept.blocked_at),
        "blocked_reason": kept.blocked_reason,
    }
    _move(taken, to=kept)
    write_values(kept, given)
    kept.name = kept.name or gone.name
    if kept.blocked_at is None and gone.blocked_at is not None:
        kept.blocked_at, kept.blocked_reason = gone.blocked_at, gone.blocked_reason
    kept.save(update_fields=["name", "blocked_at", "blocked_reason"])
    gone.merged_into = kept
    gone.save(update_fields=["merged_into"])
    return ContactChange.objects.create(
        kind=ContactChange.Kind.MERGE, kept=kept, other=gone, identity_ids=taken, before=before
    )


def _undo_merge(change: ContactChange, kept: Contact) -> None:
    if not change.before:
        raise Conflict("The data of the contact %(sid)s has been erased.", params={"sid": change.other.sid})
    gone = Contact.objects.select_for_update(of=("self",)).get(pk=change.other_id)
    _settle(change, holder=kept)
    _move(change.identity_ids, to=gone)
    gone.merged_into = None
    gone.save(update_fields=["merged_into"])
    theirs = dict(ContactValue.objects.filter(contact=gone).values_list("field_id", "text"))
    for field_id in change.before["fields"]:
        ContactValue.objects.filter(contact=kept, field=field_id, text=theirs.get(field_id, "")).delete()
    if kept.name == gone.name:
        kept.name = change.before["name"]
    if kept.blocked_at == gone.blocked_at and change.before["blocked_at"] is None:
        kept.blocked_at, kept.blocked_reason = None, ""
    kept.save(update_fields=["name", "blocked_at", "blocked_reason"])


def _undo_split(change: ContactChange, kept: Contact, other: Contact) -> None:
    if Identity.objects.filter(contact=other).exclude(pk__in=change.identity_ids).exists():
        raise Conflict("The other contact has got further identities since. Merge the two instead.")
    _settle(change, holder=other)
    _move(change.identity_ids, to=kept)
    other.merged_into = kept
    other.save(update_fields=["merged_into"])


def _settle(change: ContactChange, *, holder: Contact) -> None:
    """Mark it as undone, unless it is, or ``holder`` has no longer all that it would give back."""
    here = Identity.objects.filter(contact=holder, pk__in=change.identity_ids).count()
    if here != len(change.identity_ids):
        raise Conflict("The identities have been moved since. Undo the later change first.")
    if not ContactChange.objects.filter(pk=change.pk, undone_at__isnull=True).update(undone_at=clock.now()):
        raise Conflict("This has been undone already.")


def _move(identity_ids: list[int], *, to: Contact) -> None:
    Identity.objects.filter(pk__in=identity_ids).update(contact=to)
