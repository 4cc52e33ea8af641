"""Reads over contacts: who may see which, how they are found, what the desk shows of one."""

from collections.abc import Sequence
from typing import TypedDict

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import get_language

from agents.models import Workspace
from conversations import queries
from conversations.core import phones
from conversations.models import (
    Address,
    Consent,
    Contact,
    ContactChange,
    ContactField,
    ContactValue,
    Conversation,
    Identity,
    Message,
    Participant,
)
from kernel import clock, sids
from kernel.actor import Actor
from kernel.errors import NotFound

FOUND_LIMIT = 20
PAGE_LIMIT = 20
_PREVIEW = 140
_FEW_DIGITS = 4


class IdentityPayload(TypedDict):
    """One of the customer's addresses. ``shown`` is how people read it; ``opted_out`` is of at least one of ours."""

    channel: str
    address: str
    shown: str
    opted_out: bool


class FieldPayload(TypedDict):
    """What the workspace asks, and what is known."""

    key: str
    label: str
    kind: str
    choices: list[str]
    required: bool
    value: str


class ConsentPayload(TypedDict):
    """How the customer stands to one of our addresses, by the newest line of the ledger."""

    our_name: str
    channel: str
    what: str
    source: str
    date_created: str | None


class ChangePayload(TypedDict):
    """The last merge or split that can be undone; ``name`` is of the other contact."""

    sid: str
    kind: str
    name: str
    date_created: str | None


class ContactPayload(TypedDict):
    """All that the desk shows of one customer."""

    sid: str
    name: str
    blocked: bool
    blocked_reason: str
    erased: bool
    identities: list[IdentityPayload]
    fields: list[FieldPayload]
    consents: list[ConsentPayload]
    change: ChangePayload | None
    date_created: str | None


class FoundPayload(TypedDict):
    """A contact in a list of those that were found."""

    sid: str
    name: str
    channels: list[str]
    addresses: list[str]
    blocked: bool


class PastPayload(TypedDict):
    """A conversation in a customer's history."""

    sid: str
    channel: str
    our_name: str
    state: str
    erased: bool
    messages: int
    last_words: str
    agents: list[str]
    date_created: str | None
    date_closed: str | None


def visible_to(actor: Actor) -> QuerySet[Contact]:
    """The contacts that this actor may see: an agent those of his conversations, before and now."""
    standing = Contact.objects.filter(merged_into__isnull=True)
    if actor.kind == "system":
        return standing
    ours = standing.filter(workspace__account__sid=actor.account_sid)
    if actor.kind == "user" and actor.role in ("supervisor", "admin"):
        return ours
    if actor.kind == "user" and actor.worker_sid:
        theirs = Participant.objects.filter(worker__sid=actor.worker_sid)
        return ours.filter(pk__in=theirs.values("conversation__identity__contact"))
    return ours.none()


def contact(sid: str, *, actor: Actor) -> Contact:
    """The contact, if the actor may see it; raises ``NotFound`` otherwise, telling no more."""
    rows = visible_to(actor).select_related("workspace__account")
    found = rows.filter(sid=sid).first() if sids.is_sid(sid, "CT") else None
    if found is None:
        raise NotFound("There is no contact %(sid)s.", field="contact", params={"sid": sid[:64]})
    return found


def change(sid: str, *, actor: Actor) -> ContactChange:
    """A merge or split of a contact that the actor may see; raises ``NotFound``."""
    rows = ContactChange.objects.filter(sid=sid, kept__in=visible_to(actor)).select_related("kept__workspace", "other")
    found = rows.first()
    if found is None:
        raise NotFound("There is no such change.", field="change")
    return found


def all_of(contact: Contact) -> list[int]:
    """The ids of the contact and of all that were ever merged into it."""
    found, fresh = [contact.pk], [contact.pk]
    while fresh:
        fresh = list(Contact.objects.filter(merged_into__in=fresh).exclude(pk__in=found).values_list("pk", flat=True))
        found += fresh
    return found


def home(workspace: Workspace) -> str:
    """The region in which the workspace is at home: that of its oldest number; "" while it has none."""
    ours = Address.objects.filter(workspace=workspace, channel__in=("sms", "whatsapp")).order_by("pk")
    return next((region for row in ours[:10] if (region := phones.region(row.address))), "")


def matching(rows: QuerySet[Contact], words: str, *, region: str = "") -> QuerySet[Contact]:
    """Those whose name, address or field holds these words; a number may be written as people write it."""
    text = words.strip()
    if not text:
        return rows
    number, figures = phones.normal(text, home=region), phones.digits(text)
    by_address = Q(address__icontains=text)
    if number:
        by_address |= Q(address__endswith=number)
    if len(figures) >= _FEW_DIGITS and not set(text) - set("0123456789+-(). "):
        by_address |= Q(address__contains=figures)
    return rows.filter(
        Q(name__icontains=text)
        | Q(sid=text)
        | Q(pk__in=Identity.objects.filter(by_address).values("contact"))
        | Q(pk__in=ContactValue.objects.filter(text__icontains=text).values("contact"))
    )


def search(words: str, *, workspace: Workspace, actor: Actor, but: str = "") -> list[FoundPayload]:
    """The first of those whom the actor may see; ``but`` is left out."""
    region = home(workspace)
    rows = visible_to(actor).filter(workspace=workspace, erased_at__isnull=True).exclude(sid=but)
    found = matching(rows, words, region=region).order_by("-pk").prefetch_related("identities")[:FOUND_LIMIT]
    return [_found(row, region=region) for row in found]


def contact_payload(contact: Contact, *, actor: Actor) -> ContactPayload:
    """The customer's card. Consent is told only of what the ledger has."""
    region = home(contact.workspace)
    lines = _standing_lines(contact)
    stopped = {phones.one_line(line.identity.address) for line in lines if line.what == Consent.What.WITHDRAWN}
    return {
        "sid": contact.sid,
        "name": contact.name,
        "blocked": contact.blocked_at is not None,
        "blocked_reason": contact.blocked_reason,
        "erased": contact.erased_at is not None,
        "identities": [
            {
                "channel": row.channel,
                "address": row.address,
                "shown": phones.shown(row.address, home=region),
                "opted_out": phones.one_line(row.address) in stopped,
            }
            for row in contact.identities.order_by("pk")
        ],
        "fields": fields_payload(contact),
        "consents": [_consent(line) for line in lines],
        "change": _last_change(contact, actor=actor),
        "date_created": clock.iso(contact.created_at),
    }


def fields_payload(contact: Contact) -> list[FieldPayload]:
    """What the workspace asks of everybody, with what is known of this one, in the reader's language."""
    known = dict(ContactValue.objects.filter(contact=contact).values_list("field_id", "text"))
    return [
        {
            "key": field.key,
            "label": label(field),
            "kind": field.kind,
            "choices": list(field.choices),
            "required": field.required,
            "value": known.get(field.pk, ""),
        }
        for field in ContactField.objects.filter(workspace=contact.workspace_id)
    ]


def label(field: ContactField) -> str:
    """How the field is called in the reader's language."""
    return (field.label_es if (get_language() or "").startswith("es") else "") or field.label


def history(contact: Contact, *, actor: Actor, before: str = "", limit: int = PAGE_LIMIT) -> list[PastPayload]:
    """The conversations of all the contact's identities that the actor may read, newest first.

    ``before``: the sid of the last one of the page above.
    """
    rows = queries.visible_to(actor).filter(identity__contact=contact).select_related("address")
    if before:
        rows = rows.filter(pk__lt=Subquery(Conversation.objects.filter(sid=before).values("pk")[:1]))
    last = Message.objects.filter(conversation=OuterRef("pk")).order_by("-index").values("body")[:1]
    counted = Message.objects.filter(conversation=OuterRef("pk")).order_by().values("conversation")
    page = list(
        rows.order_by("-pk").annotate(
            last_words=Subquery(last), said=Subquery(counted.annotate(count=Count("pk")).values("count"))
        )[: max(1, min(limit, PAGE_LIMIT))]
    )
    names = _agents([row.pk for row in page])
    return [
        {
            "sid": row.sid,
            "channel": row.channel,
            "our_name": row.address.friendly_name,
            "state": row.state,
            "erased": row.erased_at is not None,
            "messages": row.said or 0,
            "last_words": (row.last_words or "")[:_PREVIEW],
            "agents": names.get(row.pk, []),
            "date_created": clock.iso(row.created_at),
            "date_closed": clock.iso(row.closed_at),
        }
        for row in page
    ]


def talks_to_look_at(contact: Contact) -> QuerySet[Conversation]:
    """All conversations of the contact, newest first, for those who see the floor."""
    return Conversation.objects.filter(identity__contact=contact).select_related("address").order_by("-pk")


def _agents(conversations: Sequence[int]) -> dict[int, list[str]]:
    named: dict[int, list[str]] = {}
    rows = Participant.objects.filter(conversation__in=conversations).order_by("pk")
    for pk, name in rows.values_list("conversation_id", "worker__friendly_name"):
        if name not in named.setdefault(pk, []):
            named[pk].append(name)
    return named


def _standing_lines(contact: Contact) -> list[Consent]:
    """The newest line of each telephone line, or other address of the customer's, and each address or pool of ours."""
    theirs = {one for row in contact.identities.all() for one in phones.one_line(row.address)}
    said = Consent.objects.filter(identity__workspace=contact.workspace_id, identity__address__in=theirs)
    rows = said.select_related("address", "identity").order_by("pk")
    return list(
        {(phones.one_line(row.identity.address), row.service_id or row.address.address): row for row in rows}.values()
    )


def _consent(line: Consent) -> ConsentPayload:
    return {
        "our_name": line.address.friendly_name,
        "channel": line.channel,
        "what": line.what,
        "source": line.source,
        "date_created": clock.iso(line.created_at),
    }


def last_change(contact: Contact) -> ContactChange | None:
    """What could be undone, as far as nothing later stands in its way."""
    rows = ContactChange.objects.filter(kept=contact, undone_at__isnull=True).select_related("other", "kept__workspace")
    return rows.order_by("-pk").first() if contact.erased_at is None else None


def _last_change(contact: Contact, *, actor: Actor) -> ChangePayload | None:
    row = last_change(contact)
    if row is None or actor.kind != "user":
        return None
    name = row.other.name or row.before.get("other_address", "")
    return {"sid": row.sid, "kind": row.kind, "name": name, "date_created": clock.iso(row.created_at)}


def _found(row: Contact, *, region: str) -> FoundPayload:
    identities = list(row.identities.all())
    return {
        "sid": row.sid,
        "name": row.name,
        "channels": sorted({identity.channel for identity in identities}),
        "addresses": [phones.shown(identity.address, home=region) for identity in identities],
        "blocked": row.blocked_at is not None,
    }
