"""What the outbound figures ask of a child process inside the product: senders, messages to queue, a bare call."""

import time
from collections.abc import Iterator
from datetime import datetime

from django.db import transaction

from agents.models import Workspace
from carriers.base import OutboundMessage
from carriers.registry import carrier
from carriers.twin import actions as twin
from carriers.twin.models import TwinMessage
from conversations import queries
from conversations.actions import outbound
from conversations.actions.speech import start
from conversations.models import Address, Conversation, Message
from eventlog.dbclock import database_now
from kernel.actor import SYSTEM

_OPEN: dict[str, list[int]] = {}


def prepare(senders: dict[str, float], customers: int) -> None:
    """Addresses with these rates and so many conversations of each; the twin knows their numbers."""
    workspace = Workspace.objects.get()
    twin.ensure_numbers(webhook_url="", numbers=tuple((text, "bench") for text in senders))
    for place, (text, rate) in enumerate(senders.items()):
        address, _ = Address.objects.update_or_create(
            address=text,
            defaults={
                "workspace": workspace,
                "channel": "sms",
                "friendly_name": "bench",
                "messages_per_second": rate,
                "free_at": None,
            },
        )
        _OPEN[text] = [_conversation(address, f"+1556{place}{n:06}").pk for n in range(customers)]


def queue(sender: str, count: int, rate: float, label: str) -> None:
    """Queue so many messages, one conversation after the other, at a steady rate; 0: as fast as it goes."""
    begin = time.perf_counter()
    for number in range(count):
        if rate:
            time.sleep(max(0.0, begin + number / rate - time.perf_counter()))
        pks = _OPEN[sender]
        _say(pks[number % len(pks)], f"{label} {number}")


def taken(label: str) -> list[tuple[float, float]]:
    """When each message of that label was queued and when the provider had it, in seconds, by the latter."""
    rows = TwinMessage.objects.filter(body__startswith=f"{label} ", direction="outbound-api")
    at = {body: moment.timestamp() for body, moment in rows.values_list("body", "created_at")}
    queued = Message.objects.filter(body__in=list(at)).values_list("body", "due_at", "created_at")
    pairs = [(created.timestamp(), at[body]) for body, _, created in queued]
    return sorted(pairs, key=lambda pair: pair[1])


def taken_count(label: str) -> int:
    """How many of them the provider has."""
    return TwinMessage.objects.filter(body__startswith=f"{label} ", direction="outbound-api").count()


def doubled(label: str) -> int:
    """How many came more than once."""
    bodies = TwinMessage.objects.filter(body__startswith=f"{label} ", direction="outbound-api").values_list("body")
    return bodies.count() - bodies.distinct().count()


def bare_calls(sender: str, count: int) -> list[float]:
    """Seconds from the SDK's call until the provider had the message, without the product around it."""
    return list(_bare(sender, count))


def _bare(sender: str, count: int) -> Iterator[float]:
    for number in range(count):
        message = OutboundMessage("IM", 1, "sms", sender, "+15560099999", f"bare {number}")
        began: datetime = database_now()
        sid = carrier().send(message).provider_sid
        yield (TwinMessage.objects.get(sid=sid).created_at - began).total_seconds()


def _conversation(address: Address, customer: str) -> Conversation:
    return start(address, channel="sms", customer=customer, actor=SYSTEM)


def _say(pk: int, text: str) -> None:
    with transaction.atomic():
        outbound.append(
            queries.locked_conversation(pk),
            saying=outbound.Saying(text),
            ref=text,
            author=outbound.Author("agent", "", "Bench"),
            actor=SYSTEM,
        )
