"""Conversations: who may see which, their locks, what screens show of them, how their customers stand to us."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.fields.files import FieldFile

from agents.models import Worker
from conversations.core import policy
from conversations.core.policy import Standing
from conversations.models import Address, Conversation, Media, Message, Participant, Upload
from conversations.payloads import ConversationPayload, MessagePayload, conversation_payload, message_payload
from conversations.queries.consent import newest
from kernel import sids
from kernel.actor import Actor
from kernel.errors import NotFound

PAGE_LIMIT = 100


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
