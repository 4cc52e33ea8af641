"""What the carrier tells of messages of ours, whatever order its callbacks come in: a status only rises."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from django.db import transaction
from django.db.models import F

from carriers.base import StatusUpdate
from conversations import queries
from conversations.actions import consent
from conversations.actions.telling import tell_messages
from conversations.core import states
from conversations.models import Conversation, Message
from eventlog.bulk import write_rows
from kernel.actor import CARRIER
from kernel.errors import NotFound

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the carrier says of attempt ``fence`` of a message."""

    message_sid: str
    fence: int
    said: StatusUpdate


@dataclass(frozen=True, slots=True)
class _News:
    """What a receipt would write."""

    status: str
    error_code: str
    error_message: str

    @property
    def rank(self) -> int:
        return states.RANK[self.status]


def apply_receipt(receipt: Receipt, *, provider: str) -> None:
    """One receipt. Raises ``NotFound`` for a message that we never sent."""
    if apply_receipts([receipt], provider=provider):
        raise NotFound("There is no message %(sid)s.", params={"sid": receipt.message_sid[:64]})


def apply_receipts(receipts: Sequence[Receipt], *, provider: str) -> set[str]:
    """Several, in the order in which they came, with a handful of statements; the sids that name no message of ours."""
    ours = Message.objects.filter(sid__in={receipt.message_sid for receipt in receipts}, direction="outbound")
    stands = {message.sid: message for message in ours.only("sid", "status", "fence", "provider_sid")}
    # Asked before any lock is taken: most receipts say what the carrier's answer has said already.
    news = [receipt for receipt in receipts if _may_be_news(receipt, stands.get(receipt.message_sid))]
    if news:
        _apply(news, provider=provider)
    return {receipt.message_sid for receipt in receipts} - stands.keys()


def _may_be_news(receipt: Receipt, message: Message | None) -> bool:
    """Whether it can still tell something: within one attempt a status only rises, and a sid stays."""
    status = states.from_provider(receipt.said.status)
    if message is None or status is None or message.fence != receipt.fence:
        logger.warning("receipt not applied", message=receipt.message_sid, status=receipt.said.status[:32])
        return False
    return message.provider_sid is None or message.status in states.lower(status)


def _apply(receipts: Sequence[Receipt], *, provider: str) -> None:
    sids = {receipt.message_sid for receipt in receipts}
    with transaction.atomic():
        talks = queries.locked_conversations(Conversation.objects.filter(messages__sid__in=sids), only_for_events=True)
        by_pk = {talk.pk: talk for talk in talks}
        rows = Message.objects.filter(conversation__in=talks, sid__in=sids)
        messages = {message.sid: message for message in rows.prefetch_related("media")}
        for message in messages.values():
            message.conversation = by_pk[message.conversation_id]
        told: dict[_News, list[Message]] = defaultdict(list)
        for receipt in receipts:
            message = messages[receipt.message_sid]
            if message.fence == receipt.fence:  # Asked again: a resend may have come between.
                told[_news(receipt.said, message, provider=provider)].append(message)
        # What was overtaken on its way is told as well, before what overtook it.
        for news in sorted(told, key=lambda each: each.rank):
            _raise(told[news], news, talks=talks)


def _news(said: StatusUpdate, message: Message, *, provider: str) -> _News:
    """What it says of the message, whose sid at the provider is kept whatever it says."""
    if message.provider_sid is None:
        message.provider, message.provider_sid = provider, said.provider_sid
        write_rows([message], ["provider", "provider_sid"])
    # The error may spell out the customer's number.
    text = "" if message.conversation.erased_at else said.error_message[:200]
    return _News(states.from_provider(said.status) or message.status, said.error_code[:16], text)


def _raise(messages: Sequence[Message], news: _News, *, talks: Sequence[Conversation]) -> None:
    """Those that stand lower rise, and their screens hear of it."""
    lower = states.lower(news.status)
    rising = list({message.pk: message for message in messages if message.status in lower}.values())
    if not rising:
        return
    rows = Message.objects.filter(pk__in=[message.pk for message in rising], status__in=lower)
    written = {"status": news.status, "error_code": news.error_code, "error_message": news.error_message}
    if rows.update(**written, due_at=None, version=F("version") + 1) != len(rising):
        raise RuntimeError("a message has gone on without its conversation's lock")
    for message in rising:
        message.status, message.error_code, message.error_message = news.status, news.error_code, news.error_message
        message.due_at, message.version = None, message.version + 1
    tell_messages("message.updated", rising, conversations=talks, actor=CARRIER)
    for message in rising:
        consent.learn(message, conversation=message.conversation)
