"""Reads: which visitor, what a visitor may see, who may show the chat."""

from datetime import timedelta
from hashlib import sha256
from typing import TypedDict

from django.conf import settings
from django.db.models import Max, QuerySet

from conversations import queries as conversations
from conversations.models import Address, Conversation, Media, Message, Participant
from hours.core.document import read
from hours.core.facts import facts
from hours.models import Calendar
from kernel import clock, sids
from kernel.actor import Actor
from kernel.errors import NotFound
from webchat import core
from webchat.models import Deployment, Visitor
from webchat.payloads import ChatMessagePayload, ChatPayload, ChatSnapshot, chat_payload, trimmed_message
from webchat.prechat import Field

PAGE = 50


class Hours(TypedDict):
    """``changes_at``: when that is over, ISO 8601; ``None`` when it does not end within a year."""

    open: bool
    changes_at: str | None


# Who has not been here for so long has to begin anew.
TOKEN_LIFETIME = timedelta(days=90)


def token_hash(token: str) -> str:
    """What is kept of a token; 256 random bits need no slow hash (ASVS 6.5.2)."""
    return sha256(token.encode(errors="replace")).hexdigest()


def visitor_of(token: object) -> Visitor | None:
    """The visitor who holds the token, unless it has run out."""
    if not isinstance(token, str) or not 20 <= len(token) <= 100:
        return None
    rows = Visitor.objects.filter(token_hash=token_hash(token), last_seen_at__gt=clock.now() - TOKEN_LIFETIME)
    return rows.select_related("address__workspace", "conversation").first()


def visitor(pk: int) -> Visitor | None:
    """The visitor as of now."""
    return Visitor.objects.select_related("address__workspace", "conversation").filter(pk=pk).first()


def deployment_address(name: str) -> Address:
    """The address behind ``data-deployment``; raises ``NotFound``."""
    rows = Address.objects.select_related("workspace").filter(address=f"webchat:{name}", channel="webchat")
    found = rows.first() if core.is_deployment(name) else None
    if found is None:
        raise NotFound("There is no web chat %(name)s.", field="deployment", params={"name": name[:64]})
    return found


def frame_ancestors(address: Address) -> list[str]:
    """The sites that may show this chat, as a policy names them, besides ourselves."""
    listed = Deployment.objects.filter(address=address).values_list("allowed_origins", flat=True).first()
    if listed is not None:
        return [origin for origin in listed if core.is_origin(origin)]
    return [] if settings.PRODUCTION else list(core.LOCAL_ORIGINS)


def deployment(address: Address) -> Deployment | None:
    """How the chat stands there; ``None``: by the defaults."""
    return Deployment.objects.select_related("calendar").filter(address=address).first()


def fields(address: Address) -> list[Field]:
    """What is asked before the first words."""
    found = deployment(address)
    return found.fields if found else []


def hours(deployment: Deployment | None) -> Hours | None:
    """Whether somebody is there now, and when that changes; ``None`` for a chat without hours."""
    calendar = deployment.calendar if deployment else None
    if calendar is None:
        return None
    told = facts(read(calendar.definition), clock.now())
    return {"open": told["open"], "changes_at": told["next_closing"] if told["open"] else told["next_opening"]}


def deployment_asking(calendar: Calendar) -> str:
    """The name of a web chat that keeps these hours; empty when none does."""
    found = Deployment.objects.select_related("address").filter(calendar=calendar).first()
    return str(found) if found else ""


def own_conversations(visitor: Visitor) -> QuerySet[Conversation]:
    """All that this visitor ever said and heard."""
    return Conversation.objects.filter(address=visitor.address_id, identity__address=visitor.identity)


def own_conversation(visitor: Visitor, sid: str) -> Conversation:
    """One of the visitor's conversations; raises ``NotFound`` for anybody else's."""
    found = own_conversations(visitor).filter(sid=sid).first() if sids.is_sid(sid, "CH") else None
    if found is None:
        raise NotFound("There is no conversation %(sid)s.", field="conversation", params={"sid": sid[:64]})
    return found


def reader(conversation: Conversation, visitor: Visitor) -> Actor:
    """The visitor as one who may read this conversation of theirs."""
    return Actor("visitor", sid=conversation.sid, name=visitor.name)


def own_media(visitor: Visitor, sid: str) -> Conversation:
    """The visitor's conversation in which the file is; raises ``NotFound``."""
    found = Media.objects.filter(sid=sid, message__conversation__in=own_conversations(visitor))
    row = found.select_related("message__conversation").first() if sids.is_sid(sid, "ME") else None
    if row is None:
        raise NotFound("There is no file %(sid)s.", params={"sid": sid[:64]})
    return row.message.conversation


def audiences(visitor: Visitor) -> list[str]:
    """What the visitor's sockets listen to: the visitor's own affairs, and the latest conversation."""
    own = [f"visitor:{visitor.sid}"]
    return [*own, f"visitor:{visitor.conversation.sid}"] if visitor.conversation else own


def snapshot(visitor: Visitor) -> ChatSnapshot:
    """All that the visitor's screen shows, at one moment."""
    return {
        "visitor": {"sid": visitor.sid, "name": visitor.name},
        "conversation": chat(visitor.conversation) if visitor.conversation else None,
        "messages": recent_messages(visitor),
    }


def chat(conversation: Conversation) -> ChatPayload:
    """The conversation as its visitor sees it."""
    present = [row.worker.friendly_name for row in conversations.present(conversation)]
    read = Participant.objects.filter(conversation=conversation).aggregate(last=Max("read_index"))["last"]
    return chat_payload(conversation, agents=present, read_index=read or 0)


def recent_messages(visitor: Visitor) -> list[ChatMessagePayload]:
    """The last words of the latest conversations, oldest first."""
    found: list[ChatMessagePayload] = []
    for row in own_conversations(visitor).order_by("-id")[:PAGE]:
        page = conversations.messages(row, limit=PAGE - len(found))
        found = [*(trimmed_message(message) for message in page), *found]
        if len(found) >= PAGE:
            break
    return found


def said_lately(conversation: Conversation) -> int:
    """How many messages of the last minute are the visitor's, counted up to the limit."""
    rows = Message.objects.filter(conversation=conversation, direction=Message.Direction.INBOUND).order_by("-index")
    latest = rows.values_list("created_at", flat=True)[: core.MESSAGES_A_MINUTE]
    since = clock.now() - timedelta(minutes=1)
    return sum(moment > since for moment in latest)
