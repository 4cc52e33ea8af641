"""What the outbound figures ask of a child process inside the product: senders, messages to queue, a bare call."""

import time

from django.db import transaction

from agents.models import Workspace
from carriers.base import OutboundMessage
from carriers.registry import carrier
from conversations import queries
from conversations.actions import outbound
from conversations.actions.speech import start
from conversations.models import Address, Conversation, Message
from kernel import clock
from kernel.actor import SYSTEM

_OPEN: dict[str, list[int]] = {}


def prepare(senders: dict[str, float], customers: int) -> None:
    """Addresses with these rates and so many conversations of each."""
    workspace = Workspace.objects.get()
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


def queued(label: str) -> dict[str, float]:
    """When each message of that label was queued, by its text."""
    rows = Message.objects.filter(body__startswith=f"{label} ", direction="outbound")
    return {body: at.timestamp() for body, at in rows.values_list("body", "created_at")}


def bare_calls(sender: str, count: int) -> dict[str, float]:
    """When each call of the SDK began that goes out without the product around it, by its text."""
    began = {}
    for number in range(count):
        body = f"bare {number}"
        began[body] = clock.now().timestamp()
        carrier().send(OutboundMessage("IM", 1, "sms", sender, "+15560099999", body))
    return began


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
