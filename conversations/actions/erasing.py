"""The words and files of a conversation, and what is known of a person, are erased; what happened stays.

Messages keep their rows, places and the provider's sids, so that neither a repeated webhook nor the provider's list
brings one back. A person's addresses become keyed digests: the same number begins anew, as somebody unknown.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import CharField, F, Q, Value
from django.db.models.functions import Cast, Concat

from accounts.vault import Vault
from conversations import queries
from conversations.actions import uploads
from conversations.actions.contacts import note
from conversations.core import phones, states
from conversations.models import (
    Arrival,
    Consent,
    Contact,
    ContactChange,
    ContactValue,
    Conversation,
    Identity,
    Media,
    Message,
    ScheduledMessage,
    Turn,
    Upload,
)
from conversations.queries import contacts as contact_queries
from eventlog.record import record
from kernel import clock
from kernel.actor import Actor
from kernel.errors import Conflict, Forbidden

Also = Callable[[Conversation], None]

ERASED: Final = "erased:"
_ADDRESSES: Final = Vault("conversations.identity.erased")


def erase_conversation(conversation: Conversation, *, also: Also, actor: Actor) -> None:
    """The words, names and files of a closed conversation are gone, and what ``also`` erases in the same transaction.

    Erasing it again changes nothing. Part of no transaction: files go first, and a row that says so follows only when
    none is left. Raises Conflict for a conversation that is open.
    """
    _system_only(actor)
    while not _erase_rows(conversation, gone=_delete_files(conversation), also=also, actor=actor):
        pass


def erase_contact(contact: Contact, *, also: Callable[[list[Contact]], None], actor: Actor) -> None:
    """Name, fields and addresses of the person, and of those who were merged into this one, are gone.

    ``also`` erases what else there is of them, in the same transaction. Raises Conflict while a conversation still has
    words: they are erased first.
    """
    _system_only(actor)
    with transaction.atomic():
        people = Contact.objects.filter(pk__in=contact_queries.all_of(contact))
        rows = list(people.select_for_update(of=("self",)).order_by("pk"))
        talks = Conversation.objects.filter(identity__contact__in=rows, erased_at__isnull=True)
        if talks.exists():
            raise Conflict("The contact has written again.")
        _forget_arrivals(rows)
        also(rows)
        for identity in Identity.objects.filter(contact__in=rows):
            _disguise(identity)
        ContactValue.objects.filter(contact__in=rows).delete()
        ContactChange.objects.filter(Q(kept__in=rows) | Q(other__in=rows)).update(before={})
        at = clock.now()
        Contact.objects.filter(pk__in=[row.pk for row in rows]).update(name="", blocked_reason="", erased_at=at)
        contact.refresh_from_db()
        note("contact.erased", contact, actor=actor, data={})


def _forget_arrivals(contacts: Sequence[Contact]) -> None:
    """Webhooks of theirs that were set aside go; one that is on its way to its place is waited for."""
    for address in Identity.objects.filter(contact__in=contacts).values_list("address", flat=True):
        rows = Arrival.objects.filter(line__endswith=f" {address}")
        if rows.filter(due_at__isnull=False).exists():
            raise Conflict("The contact has written again.")
        rows.delete()


def recall(identity: Identity) -> None:
    """A number that is new to us and was erased before: that it must not be written to still holds.

    Part of the transaction that makes the identity.
    """
    _carry([row for address in phones.one_line(identity.address) for row in _erased(identity, address)], to=identity)
    blocked = [row.contact.blocked_at for row in _erased(identity, identity.address) if row.contact.blocked_at]
    if blocked:
        Contact.objects.filter(pk=identity.contact_id).update(blocked_at=blocked[0])


def _carry(befores: Sequence[Identity], *, to: Identity) -> None:
    """What was withdrawn by these last, ``to`` has withdrawn too, unless it was given on the same line since."""
    gone = {row.pk for row in befores}
    here = Q(identity__workspace=to.workspace_id, identity__address__in=phones.one_line(to.address))
    lines = Consent.objects.filter(here | Q(identity__in=gone)).select_related("address").order_by("pk")
    newest = {line.service_id or line.address.address: line for line in lines}
    for line in newest.values():
        if line.what == Consent.What.WITHDRAWN and line.identity_id in gone:
            Consent.objects.create(
                identity=to,
                address_id=line.address_id,
                service_id=line.service_id,
                channel=line.channel,
                what=line.what,
                source=line.source,
                evidence=line.evidence,
            )


def _erased(identity: Identity, address: str) -> list[Identity]:
    """Who had this address last, and was erased: nobody, or one."""
    keys = [ERASED + digest for digest in _ADDRESSES.digests(address)]
    rows = Identity.objects.filter(workspace=identity.workspace_id, address__in=keys)
    return list(rows.select_related("contact").order_by("-pk")[:1])


def _disguise(identity: Identity) -> None:
    """Of several that had the same address the last is found by it. Who stays on the same telephone line keeps what was
    withdrawn there.
    """
    line = Identity.objects.filter(workspace=identity.workspace_id, address__in=phones.one_line(identity.address))
    for other in line.exclude(contact=identity.contact_id):
        _carry([identity], to=other)
    key = ERASED + _ADDRESSES.digest(identity.address)
    older = Identity.objects.filter(workspace=identity.workspace_id, address=key)
    older.update(address=Concat(F("address"), Value(":"), Cast("pk", CharField())))
    identity.address = key
    identity.save(update_fields=["address"])


def _delete_files(conversation: Conversation) -> set[str]:
    """Delete the files as they are now; the names of those of messages. Nobody sends what waited to be sent."""
    for row in Upload.objects.filter(conversation=conversation):
        uploads.remove(row)
    rows = Media.objects.filter(message__conversation=conversation).exclude(file="", thumbnail="")
    names = {name for pair in rows.values_list("file", "thumbnail") for name in pair if name}
    for name in names:
        default_storage.delete(name)
    return names


def _erase_rows(conversation: Conversation, *, gone: set[str], also: Also, actor: Actor) -> bool:
    """False, with nothing written, when a file has come that is not gone yet."""
    with transaction.atomic():
        locked = queries.locked_conversation(conversation.pk)
        if locked.state != Conversation.State.CLOSED:
            raise Conflict("The conversation is still open.", field="conversation")
        if locked.erased_at is not None:
            return True
        _let_nothing_go_out(locked)
        files = Media.objects.filter(message__conversation=locked)
        here = {name for pair in files.values_list("file", "thumbnail") for name in pair if name}
        if here - gone:
            return False
        count = files.update(
            name="",
            file="",
            thumbnail="",
            source_url="",
            size=0,
            width=0,
            height=0,
            due_at=None,
            status=Media.Status.ERASED,
        )
        said = _erase_messages(locked)
        also(locked)
        Conversation.objects.filter(pk=locked.pk).update(attributes={}, erased_at=clock.now(), version=F("version") + 1)
        record(
            "conversation.erased",
            subject_sid=locked.sid,
            data={"sid": locked.sid, "messages": said, "files": count},
            audiences=[f"floor:{locked.workspace.sid}"],
            actor=actor,
            workspace_sid=locked.workspace.sid,
        )
        return True


def _let_nothing_go_out(conversation: Conversation) -> None:
    """What has not been sent yet never will be: it would go out empty. What is in flight is waited for."""
    rows = Message.objects.filter(conversation=conversation)
    if rows.filter(status="sending", provider_sid__isnull=True).exists():
        raise Conflict("A message of the conversation is being sent at this moment.", field="conversation")
    rows.filter(status="queued").update(status="canceled")
    # What became of one of unknown fate is asked no more: its words, by which it is recognised, are going.
    rows.filter(due_at__isnull=False).update(due_at=None)
    Turn.objects.filter(message__conversation=conversation).delete()


def _erase_messages(conversation: Conversation) -> int:
    rows = Message.objects.filter(conversation=conversation)
    Arrival.objects.filter(line__in=rows.values("sid"), due_at__isnull=True).delete()
    rows.filter(author_kind="customer").update(author_name="")
    gone: dict[str, Any] = {"body": "", "content": {}, "error_message": "", "version": F("version") + 1}
    later = ScheduledMessage.objects.filter(conversation=conversation)
    later.filter(status__in=states.SCHEDULED.sources("cancel")).update(status=states.SCHEDULED.target("cancel"))
    later.update(**gone)
    return rows.update(provider_params={}, **gone)


def _system_only(actor: Actor) -> None:
    """Erasures follow a person's request or a rule of the workspace, whose own doors ask for permission."""
    if actor.kind != "system":
        raise Forbidden("Only the product itself erases; request an erasure instead.")
