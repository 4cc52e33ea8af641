"""The verbs of a web chat: a visitor comes, brings files, says something, sees something."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from accounts import policy
from carriers.base import InboundMessage
from conversations import actions as conversations
from conversations.core import limits, names
from conversations.models import Address, Message, Upload
from eventlog.record import record
from hours.models import Calendar
from kernel import clock
from kernel.actor import SYSTEM, Actor
from kernel.addresses import neighbourhood
from kernel.errors import Invalid, TooMany
from webchat import core, prechat, queries
from webchat.models import MAX_TEXT, Deployment, Visitor, new_visitor_sid

PROVIDER = "webchat"
TEXTS: Final = ("greeting_en", "greeting_es", "closed_en", "closed_es")
_STAMP_EVERY = timedelta(minutes=1)
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Setting:
    """How a chat is to stand: ``fields`` as `prechat.parse` reads them, ``texts`` by their columns."""

    origins: Sequence[str] = ()
    calendar: Calendar | None = None
    fields: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)


def begin(
    address: Address, *, name: str = "", answers: Mapping[str, Any] | None = None, remote_address: str = ""
) -> tuple[Visitor, str]:
    """A new visitor and the token that proves it, which is told this once.

    ``answers`` are to what the deployment asks first. Raises ``Invalid`` with the field for one that is missing or
    makes no sense, ``TooMany`` when too many began from the same network address within the hour.
    """
    told = prechat.answers(queries.fields(address), answers or {})
    most = settings.WEBCHAT_BEGINNINGS_AN_HOUR
    origin = core.hour_digest(neighbourhood(remote_address), moment=clock.now(), key=settings.SECRET_KEY)
    if Visitor.objects.filter(begun_from=origin).count() >= most:
        raise TooMany("Too many chats were begun from your network. Try again in an hour.", code="too-many-visitors")
    token = secrets.token_urlsafe(32)
    sid = new_visitor_sid()
    visitor = Visitor.objects.create(
        sid=sid,
        address=address,
        identity=f"webchat:visitor:{sid}",
        token_hash=queries.token_hash(token),
        name=names.clean(name),
        answers=told,
        begun_from=origin,
    )
    return visitor, token


def arrive(token: object) -> Visitor | None:
    """The visitor who holds the token, noted as being here; ``None`` for a token that we do not know."""
    visitor = queries.visitor_of(token)
    now = clock.now()
    if visitor is not None and now - visitor.last_seen_at > _STAMP_EVERY:
        Visitor.objects.filter(pk=visitor.pk).update(last_seen_at=now)
    return visitor


def bring(visitor: Visitor, *, name: str, content: bytes) -> Upload:
    """The file waits for the visitor's next words. Its type is what its bytes say.

    Raises ``Invalid`` for a kind that nobody should open, ``TooLarge``, and ``TooMany`` beyond so many an hour.
    """
    _count_file(visitor)
    return conversations.upload_as_visitor(channel="webchat", name=name, content=content, actor=_actor(visitor))


def take_back(visitor: Visitor, sid: str) -> None:
    """The file is not to be sent after all."""
    conversations.discard_upload(sid, actor=_actor(visitor))


def say(visitor: Visitor, *, body: str, ref: str, media: Sequence[str] = ()) -> Message:
    """The visitor's words and files are stored, once for each ``ref``, in the open conversation or in a new one.

    ``media`` names what `bring` has taken. When a new one began, all the visitor's screens hear of it. Raises
    ``Invalid``, ``TooLarge`` or ``TooMany``.
    """
    text = core.clean_body(body)
    if (not text and not media) or len(text) > limits.BODY_LIMIT:
        raise Invalid("A message has 1 to %(limit)d characters.", field="body", params={"limit": limits.BODY_LIMIT})
    if not core.is_ref(ref):
        raise Invalid("Give the message a ref: 8 to 40 letters, digits and hyphens.", field="ref")
    inbound = _inbound(visitor, text=text, ref=ref)
    known = Message.objects.filter(provider=PROVIDER, provider_sid=inbound.provider_sid).first()
    if known is not None:
        return known
    if visitor.conversation is not None and queries.said_lately(visitor.conversation) >= core.MESSAGES_A_MINUTE:
        raise TooMany(
            "That was a lot at once: %(limit)d messages a minute go through. Wait a moment and send it again.",
            code="too-many-messages",
            params={"limit": core.MESSAGES_A_MINUTE},
        )
    with transaction.atomic():
        message = conversations.receive(inbound, actor=_actor(visitor), files=media)
        _follow(visitor, message)
        return message


def seen(visitor: Visitor, *, conversation_sid: str, index: int, status: str) -> None:
    """What was said to the visitor up to ``index`` is ``delivered`` or ``read``; raises ``NotFound``."""
    conversation = queries.own_conversation(visitor, conversation_sid)
    conversations.mark_seen_by_visitor(conversation, index=index, status=status, actor=_actor(visitor))


def deploy(address: Address, *, setting: Setting, actor: Actor) -> Deployment:
    """The chat stands so from now on. Raises ``Invalid`` with the field, of sites with the first that is no origin."""
    policy.require(actor, "config:write", account_sid=address.workspace.account.sid)
    if address.channel != "webchat":
        raise Invalid("Only a web chat is shown on sites.", field="address")
    calendar = setting.calendar
    if calendar is not None and calendar.workspace_id != address.workspace_id:
        raise Invalid("This belongs to another workspace.", field="calendar")
    for origin in setting.origins:
        if not core.is_origin(origin):
            raise Invalid(
                "%(origin)s is no origin. Write scheme and host, as in https://shop.example.com",
                field="allowed_origins",
                params={"origin": origin[:200]},
            )
    for column, text in setting.texts.items():
        if len(text) > MAX_TEXT:
            raise Invalid("Write at most %(limit)d characters.", field=column, params={"limit": MAX_TEXT})
    given: dict[str, Any] = {
        "allowed_origins": list(dict.fromkeys(setting.origins)),
        "calendar": calendar,
        "fields": prechat.parse(setting.fields),
        **setting.texts,
    }
    with transaction.atomic():
        deployment, _ = Deployment.objects.update_or_create(address=address, defaults=given)
        _note(deployment, actor=actor)
    return deployment


def _note(deployment: Deployment, *, actor: Actor) -> None:
    address = deployment.address
    calendar = deployment.calendar
    data = {
        "address_sid": address.sid,
        "address": address.address,
        "allowed_origins": deployment.allowed_origins,
        "calendar": calendar.unique_name if calendar else None,
        # As people write and read them: the history shows what changed.
        "fields": prechat.written(deployment.fields).splitlines(),
        **{name: getattr(deployment, name) for name in TEXTS},
    }
    record(
        "deployment.updated",
        subject_sid=address.sid,
        data=data,
        audiences=[f"floor:{address.workspace.sid}"],
        actor=actor,
        workspace_sid=address.workspace.sid,
    )


def _count_file(visitor: Visitor) -> None:
    """One more within the hour, told by the row itself: tabs that count at once cannot both take the last place."""
    now = clock.now()
    rows = Visitor.objects.filter(pk=visitor.pk)
    rows.filter(Q(files_since__isnull=True) | Q(files_since__lte=now - _HOUR)).update(files_since=now, files=0)
    if not rows.filter(files__lt=core.FILES_AN_HOUR).update(files=F("files") + 1):
        since = rows.values_list("files_since", flat=True).first() or now
        raise TooMany(
            "At most %(limit)d files an hour can be sent here. Try again later.",
            code="too-many-files",
            params={"limit": core.FILES_AN_HOUR},
            wait=(since + _HOUR - now).total_seconds(),
        )


def _follow(visitor: Visitor, message: Message) -> None:
    """Later words lead to a later conversation, never back to an earlier one."""
    earlier = Q(conversation__isnull=True) | Q(conversation_id__lt=message.conversation_id)
    if not Visitor.objects.filter(earlier, pk=visitor.pk).update(conversation=message.conversation):
        return
    visitor.conversation = message.conversation
    if visitor.answers:
        conversations.describe(message.conversation, attributes={"pre_chat": visitor.answers}, actor=SYSTEM)
    record(
        "visitor.moved",
        subject_sid=visitor.sid,
        data={"sid": visitor.sid, "conversation_sid": message.conversation.sid},
        audiences=[f"visitor:{visitor.sid}"],
        actor=_actor(visitor),
        workspace_sid=visitor.address.workspace.sid,
    )


def _inbound(visitor: Visitor, *, text: str, ref: str) -> InboundMessage:
    return InboundMessage(
        provider=PROVIDER,
        # The sid would not leave room for a UUID in the column.
        provider_sid=f"{visitor.pk}:{ref}",
        account_sid="",
        channel="webchat",
        from_address=visitor.identity,
        to_address=visitor.address.address,
        body=text,
        # Several nameless visitors must be told apart on the agents' screens.
        profile_name=visitor.name or f"Visitor {visitor.sid[-4:].upper()}",
        ref=ref,
    )


def _actor(visitor: Visitor) -> Actor:
    return Actor("visitor", sid=visitor.sid, name=visitor.name)


def forget_visitors(identities: Collection[str]) -> None:
    """The browsers that were these customers are known no more; one that comes back begins anew."""
    visitors = Visitor.objects.filter(identity__in=identities)
    for sid in visitors.values_list("sid", flat=True):
        conversations.discard_uploads_of(sid)
    visitors.delete()
