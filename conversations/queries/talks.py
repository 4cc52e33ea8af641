"""Reads, locks, and who may see what."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import cast

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.fields.files import FieldFile

from accounts.models import Account
from agents.models import Worker, Workspace
from carriers.base import ListedMessage
from conversations.core import breaker, policy, states
from conversations.core.policy import Standing
from conversations.core.searching import Search
from conversations.models import (
    Address,
    Arrival,
    Circuit,
    Conversation,
    Media,
    Message,
    Participant,
    Reconciliation,
    Upload,
)
from conversations.payloads import (
    CarrierPayload,
    ConversationPayload,
    MessagePayload,
    carrier_payload,
    conversation_payload,
    message_payload,
)
from conversations.queries.consent import newest
from kernel import sids
from kernel.actor import Actor
from kernel.errors import NotFound

PAGE_LIMIT = 100
_SIDS_AT_ONCE = 500
_IN_LINE = Q(status="queued") | Q(status="sending", provider_sid__isnull=True)


def address(text: str) -> Address:
    """Our address of that text; raises ``NotFound``."""
    found = Address.objects.select_related("workspace").filter(address=text).first()
    if found is None:
        raise NotFound("We do not answer at %(address)s.", field="To", params={"address": text})
    return found


def visible_to(actor: Actor) -> QuerySet[Conversation]:
    """The conversations that this actor may read.

    Agents see those that they take part in or took part in, and while they take part in one, all of its customer's;
    supervisors and administrators their account's; a key with the scope its account's; a visitor the one that the
    visitor's sid names.
    """
    everything = Conversation.objects.all()
    if actor.kind == "system":
        return everything
    ours = everything.filter(workspace__account__sid=actor.account_sid)
    if actor.kind == "user" and actor.role in ("supervisor", "admin"):
        return ours
    if actor.kind == "user" and actor.worker_sid:
        theirs = Participant.objects.filter(worker__sid=actor.worker_sid)
        here = theirs.filter(left_at__isnull=True).values("conversation__identity__contact")
        return ours.filter(Exists(theirs.filter(conversation=OuterRef("pk"))) | Q(identity__contact__in=here))
    if actor.kind == "key" and actor.scopes & {"conversations:read", "conversations:write", "handoffs:write"}:
        return ours
    if actor.kind == "visitor":
        return everything.filter(sid=actor.sid)
    return everything.none()


def conversation(sid: str, *, actor: Actor) -> Conversation:
    """The conversation, if the actor may see it; raises ``NotFound`` otherwise, telling no more."""
    found = visible_to(actor).filter(sid=sid).first() if sids.is_sid(sid, "CH") else None
    if found is None:
        raise NotFound("There is no conversation %(sid)s.", field="conversation", params={"sid": sid[:64]})
    return found


def media(sid: str, *, actor: Actor) -> Media:
    """A stored file of a conversation that the actor may see; raises ``NotFound``."""
    readable = Media.objects.filter(sid=sid, status=Media.Status.STORED, message__conversation__in=visible_to(actor))
    found = readable.first() if sids.is_sid(sid, "ME") else None
    if found is None:
        raise NotFound("There is no file %(sid)s.", params={"sid": sid[:64]})
    return found


def thumbnail(sid: str, *, actor: Actor) -> FieldFile:
    """The small picture of a file that the actor may see, or has brought and not sent yet; raises ``NotFound``."""
    mine = Upload.objects.filter(sid=sid, owner_sid=actor.worker_sid).first() if actor.worker_sid else None
    found = mine or media(sid, actor=actor)
    if not found.thumbnail:
        raise NotFound("There is no file %(sid)s.", params={"sid": sid[:64]})
    return found.thumbnail


def failed_media(sid: str, *, actor: Actor) -> Media:
    """A file of a conversation that the actor may see, whatever has become of it; raises ``NotFound``."""
    found = Media.objects.filter(sid=sid, message__conversation__in=visible_to(actor)).select_related("message").first()
    if found is None:
        raise NotFound("There is no file %(sid)s.", field="media", params={"sid": sid[:64]})
    return found


def set_aside(before: datetime, *, workspace: Workspace, strays: bool) -> QuerySet[Arrival]:
    """Webhooks of that time that could not be brought in, for the workspace's addresses; with ``strays`` also those for
    addresses that nobody has.
    """
    rows = Arrival.objects.filter(due_at__isnull=True, received_at__lt=before)
    theirs = Q(ours__in=Address.objects.filter(workspace=workspace).values("address"))
    return rows.filter(theirs | ~Q(ours__in=Address.objects.values("address")) if strays else theirs)


def locked_conversation(pk: int) -> Conversation:
    """The row, locked for the transaction: the gate through which every index and owner change goes."""
    rows = Conversation.objects.select_for_update(of=("self",))
    return rows.select_related("workspace", "address", "identity__contact").get(pk=pk)


_FOR_ITS_WORDS = ("workspace", "address", "identity__contact")
_FOR_ITS_EVENTS = ("workspace",)


def locked_conversations(
    which: "QuerySet[Conversation]", *, skip_locked: bool = False, only_for_events: bool = False
) -> list[Conversation]:
    """The same of several, in the order of their ids; ``skip_locked`` leaves out those that somebody else holds.

    ``only_for_events``: who they are with is not read along.
    """
    rows = Conversation.objects.filter(pk__in=which.values("pk"))
    locked = rows.select_for_update(of=("self",), skip_locked=skip_locked).order_by("pk")
    return list(locked.select_related(*(_FOR_ITS_EVENTS if only_for_events else _FOR_ITS_WORDS)))


def present(conversation: Conversation) -> list[Participant]:
    """The agents who take part now."""
    rows = Participant.objects.filter(conversation=conversation, left_at__isnull=True)
    return list(rows.select_related("worker").order_by("id"))


def audiences(conversation: Conversation, participants: Iterable[Participant]) -> list[str]:
    """Who hears of what happens in the conversation."""
    named = [f"worker:{row.worker.sid}" for row in participants]
    if conversation.channel == "webchat":
        named.append(f"visitor:{conversation.sid}")
    return named


def heard_by(conversations: Iterable[Conversation]) -> dict[int, list[str]]:
    """The audiences of each of these conversations, with one query for all of them."""
    rows = {row.pk: row for row in conversations}
    named = {pk: [f"visitor:{row.sid}"] if row.channel == "webchat" else [] for pk, row in rows.items()}
    here = Participant.objects.filter(conversation__in=rows, left_at__isnull=True)
    for pk, worker_sid in here.values_list("conversation_id", "worker__sid"):
        named[pk].append(f"worker:{worker_sid}")
    return named


def payload(conversation: Conversation, participants: Sequence[Participant]) -> ConversationPayload:
    """The wire shape of a conversation whose address and identity are loaded."""
    last = Message.objects.filter(conversation=conversation, index=conversation.last_index).first()
    return conversation_payload(
        conversation, participants=participants, last_message=last, standing=standing(conversation)
    )


def present_conversations(worker: Worker) -> list[ConversationPayload]:
    """All that the worker takes part in now, for the snapshot; closed ones leave the screen."""
    here = Participant.objects.filter(left_at__isnull=True).select_related("worker").order_by("id")
    rows = (
        Conversation.objects.filter(participants__worker=worker, participants__left_at__isnull=True)
        .select_related("address", "identity__contact")
        .prefetch_related(Prefetch("participants", queryset=here, to_attr="here"))
        .order_by("id")
    )
    newest = Message.objects.filter(conversation=OuterRef("pk")).order_by("-index").values("pk")[:1]
    last_pk = dict(rows.annotate(last_pk=Subquery(newest)).values_list("pk", "last_pk"))
    last = Message.objects.in_bulk([pk for pk in last_pk.values() if pk])
    stand = standings(rows)
    return [
        conversation_payload(row, participants=row.here, last_message=last.get(last_pk[row.pk]), standing=stand[row.pk])
        for row in rows
    ]


def standing(conversation: Conversation) -> Standing:
    """How the customer stands to our address of this conversation."""
    return standings([conversation])[conversation.pk]


def standings(conversations: Iterable[Conversation]) -> dict[int, Standing]:
    """The same for each of them, with a few queries for all. It is of the pair of addresses: older talks count."""
    rows = list(conversations)
    lines = newest(
        {(row.address_id, row.identity.address) for row in rows}, workspaces={row.workspace_id for row in rows}
    )
    heard = _last_heard([row for row in rows if row.channel in policy.WINDOWED])
    return {
        row.pk: Standing(
            opted_out=(line := lines.get((row.address_id, row.identity.address))) is not None and line.is_withdrawn,
            blocked=row.identity.contact.blocked_at is not None,
            last_inbound_at=heard.get((row.address_id, row.identity_id)),
        )
        for row in rows
    }


def _last_heard(rows: Sequence[Conversation]) -> dict[tuple[int, int], datetime]:
    """When the customers last wrote, by our address and theirs. Talks of one pair follow one another."""
    if not rows:
        return {}
    said = Message.objects.filter(conversation=OuterRef("pk"), index=OuterRef("last_inbound_index"))
    talks = Conversation.objects.filter(identity__in={row.identity_id for row in rows}, last_inbound_index__gt=0)
    found = talks.order_by("id").annotate(heard_at=Subquery(said.values("created_at")))
    return {(address, identity): at for address, identity, at in found.values_list("address", "identity", "heard_at")}


def messages(conversation: Conversation, *, before: int | None = None, limit: int = 50) -> list[MessagePayload]:
    """Up to ``limit`` messages before index ``before`` (the newest ones without it), oldest first."""
    rows = Message.objects.filter(conversation=conversation).prefetch_related("media")
    if before is not None:
        rows = rows.filter(index__lt=before)
    page = list(rows.order_by("-index")[: max(1, min(limit, PAGE_LIMIT))])
    return [
        message_payload(row, conversation_sid=conversation.sid, media=list(row.media.all())) for row in reversed(page)
    ]


def with_recent_messages(sids: Sequence[str], *, limit: int = 50) -> list[MessagePayload]:
    """The newest messages of several conversations, for the snapshot."""
    found = Conversation.objects.filter(sid__in=sids).order_by("id")
    return [message for row in found for message in messages(row, limit=limit)]


def missing(listed: Sequence[ListedMessage], *, provider: str) -> Iterator[ListedMessage]:
    """Those that we do not have, in the given order; what was sent before we answered at the address is not ours."""
    for start in range(0, len(listed), _SIDS_AT_ONCE):
        some = listed[start : start + _SIDS_AT_ONCE]
        sids_here = [message.provider_sid for message in some]
        here = Message.objects.filter(provider=provider, provider_sid__in=sids_here)
        known = set(here.values_list("provider_sid", flat=True))
        ours = Address.objects.filter(address__in={message.to_address for message in some})
        # The provider's times are whole seconds.
        since = {row.address: row.created_at.replace(microsecond=0) for row in ours}
        for message in some:
            begun = since.get(message.to_address)
            if message.provider_sid not in known and begun is not None and message.sent_at >= begun:
                yield message


def reconciliation(account_sid: str) -> Reconciliation | None:
    """How the look through the provider's list of this account stands; ``None`` before the first."""
    return Reconciliation.objects.filter(account_sid=account_sid).first()


def is_reconciliation_due(account_sid: str, *, now: datetime) -> bool:
    """Whether somebody should look now."""
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    return Reconciliation.objects.filter(free, account_sid=account_sid, due_at__lte=now).exists()


def locked_arrivals(lines: Collection[str], *, provider: str, limit: int) -> list[Arrival]:
    """The oldest that wait in these lines, locked; ``is_known`` tells whether the message stands already."""
    here = Message.objects.filter(provider=provider, provider_sid=OuterRef("key"))
    waiting = Arrival.objects.filter(line__in=lines, due_at__isnull=False).annotate(is_known=Exists(here))
    # In the order of their ids, as everybody locks them.
    return list(waiting.order_by("id").select_for_update()[:limit])


def due_lines(now: datetime, *, limit: int) -> list[str]:
    """The lines of arrivals that stayed behind."""
    due = Arrival.objects.filter(due_at__lte=now).order_by("due_at")
    return list(dict.fromkeys(due.values_list("line", flat=True)[:limit]))


def visible_arrivals(account: Account | None) -> QuerySet[Arrival]:
    """What came in for the account's addresses; ``None``: for everybody's, and for nobody's.

    What came for an address that nobody has is seen by the only account there is: among several it may be anybody's.
    """
    rows = Arrival.objects.order_by("id")
    if account is None:
        return rows
    every = Address.objects.values("address")
    theirs = Q(ours__in=every.filter(workspace__account=account))
    return rows.filter(theirs if Account.objects.count() > 1 else theirs | ~Q(ours__in=every))


def inbox_depth() -> tuple[int, int]:
    """How many arrivals wait to be brought in, and how many were set aside."""
    found = Arrival.objects.aggregate(
        waiting=Count("pk", filter=Q(due_at__isnull=False)), aside=Count("pk", filter=Q(due_at__isnull=True))
    )
    return found["waiting"], found["aside"]


def outbox_depth() -> int:
    """Outbound messages that the carrier has not taken yet."""
    return Message.objects.filter(status__in=states.OPEN, provider_sid__isnull=True, due_at__isnull=False).count()


def unknown_count() -> int:
    """Messages of which nobody knows whether they were sent, and that are still looked for."""
    return Message.objects.filter(status="unknown", due_at__isnull=False).count()


def late_messages(now: datetime, *, limit: int) -> list[str]:
    """Queued messages that are not valid any more."""
    late = Message.objects.filter(status="queued", valid_until__lte=now).order_by("valid_until")
    return list(late.values_list("sid", flat=True)[:limit])


def due_looks(now: datetime, *, limit: int) -> list[str]:
    """Messages of unknown fate that somebody should look for in the provider's list now."""
    due = Message.objects.filter(status="unknown", due_at__lte=now).order_by("due_at")
    return list(due.values_list("sid", flat=True)[:limit])


def known_sids(sids: Sequence[str], *, provider: str, unless: str) -> set[str]:
    """Those of these provider's sids that are messages of ours already; ``unless`` is the message that asks."""
    known = Message.objects.filter(provider=provider, provider_sid__in=sids).exclude(sid=unless)
    return {sid for sid in known.values_list("provider_sid", flat=True) if sid is not None}


def rivals(search: Search) -> int:
    """How many other messages could be meant by what is found: same text, same customer, no sid yet."""
    asking = Message.objects.select_related("conversation").get(sid=search.message_sid)
    lost = Message.objects.filter(
        Q(status="unknown") | Q(status="sending"),
        conversation__address=asking.conversation.address_id,
        conversation__identity=asking.conversation.identity_id,
        body=asking.body,
        provider_sid__isnull=True,
    )
    return lost.exclude(pk=asking.pk).count()


def circuit() -> Circuit | None:
    """The provider account's circuit breaker; ``None`` while nothing has ever gone wrong."""
    return Circuit.objects.filter(account_sid=settings.TWILIO_ACCOUNT_SID).first()


def facts(row: Circuit) -> breaker.Circuit:
    """The row as the core knows it."""
    return breaker.Circuit(
        state=cast(breaker.State, row.state), failures=row.failures, openings=row.openings, due_at=row.due_at
    )


def is_shut(row: Circuit | None, *, now: datetime) -> bool:
    """Whether no message may go now: the circuit stands in the way, or the account wants us to wait."""
    if row is None:
        return False
    held = row.held_until is not None and row.held_until > now
    return held or breaker.stands_in_the_way(facts(row), now=now)


def carrier() -> CarrierPayload:
    """How the way to the provider is, for the screens."""
    return carrier_payload(circuit())
