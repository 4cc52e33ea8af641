"""Which messaging service an address sends through, whose it is, and who of its pool writes to whom."""

from collections.abc import Collection

from conversations.core.senders import Sender, choose, country_of
from conversations.models import Address, MessagingService, PoolSender, StickySender
from kernel.actor import Actor
from kernel.errors import NotFound


def service_sids(addresses: Collection[int]) -> dict[int, str]:
    """The sid of the service in whose pool each of these addresses stands; those that stand in none are left out."""
    pool = PoolSender.objects.filter(address__in=addresses)
    return dict(pool.values_list("address_id", "service__sid"))


def pool_of(address_pk: int) -> MessagingService | None:
    """The service in whose pool the address stands."""
    return MessagingService.objects.filter(senders__address=address_pk).first()


def service(sid: str, *, actor: Actor) -> MessagingService:
    """A service of the actor's account; raises ``NotFound``."""
    ours = MessagingService.objects.filter(workspace__account__sid=actor.account_sid)
    found = ours.select_related("workspace__account").filter(sid=sid).first()
    if found is None:
        raise NotFound("There is no messaging service %(sid)s.", field="channel.to", params={"sid": sid[:64]})
    return found


def senders(service: MessagingService, *, channel: str, customers: Collection[str]) -> dict[str, Address]:
    """Who of the pool writes to each of these customers; nobody when the pool has no sender of the channel."""
    pool = {row.address_id: row.address for row in service.senders.select_related("address__workspace__account")}
    able = [Sender(pk, row.channel, country_of(row.address)) for pk, row in pool.items()]
    before: dict[str, int] = {}
    if service.sticky:
        kept = StickySender.objects.filter(service=service, identity__address__in=customers)
        before = dict(kept.values_list("identity__address", "address"))
    found: dict[str, Address] = {}
    for customer in customers:
        country = country_of(customer)
        sender = choose(able, channel=channel, customer=customer, country=country, before=before.get(customer))
        if sender is not None:
            found[customer] = pool[sender.key]
    return found


def channels(service: MessagingService) -> list[str]:
    """The channels of which the pool has a sender."""
    return sorted(set(service.senders.values_list("address__channel", flat=True)))
