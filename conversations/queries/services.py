"""Which messaging service an address sends through, and whose it is."""

from conversations.models import MessagingService, PoolSender
from kernel.actor import Actor
from kernel.errors import NotFound


def service_sid(address_pk: int) -> str:
    """The sid of the service in whose pool the address stands; empty for one that stands in none."""
    return PoolSender.objects.filter(address=address_pk).values_list("service__sid", flat=True).first() or ""


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
