"""Messaging services: what stands in a pool, and which of its senders begins a talk with a customer."""

from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from accounts import policy
from agents.actions.checks import named
from agents.models import Workspace
from conversations.actions.speech import start
from conversations.models import Address, Conversation, MessagingService, PoolSender, StickySender
from conversations.queries import services as service_queries
from eventlog.record import record
from kernel.actor import Actor
from kernel.errors import Conflict, Invalid
from kernel.sids import is_sid


def create_service(
    workspace: Workspace, *, sid: str, friendly_name: str, sticky: bool = True, actor: Actor
) -> MessagingService:
    """The provider's service is known here. Raises ``Invalid`` with the field, ``Conflict`` when it is already."""
    policy.require(actor, "config:write", account_sid=workspace.account.sid)
    if not is_sid(sid.strip(), "MG"):
        raise Invalid("A messaging service's sid is MG and 32 digits from 0 to f.", field="sid")
    try:
        with transaction.atomic():
            service = MessagingService.objects.create(
                workspace=workspace, sid=sid.strip(), friendly_name=named(friendly_name), sticky=sticky
            )
            _note("messaging-service.created", service, actor=actor)
    except IntegrityError as error:
        raise Conflict("The service %(sid)s is known already.", field="sid", params={"sid": sid.strip()}) from error
    return service


def change_service(service: MessagingService, *, friendly_name: str, sticky: bool, actor: Actor) -> MessagingService:
    """Its name, and whether a customer keeps the sender that he knows."""
    policy.require(actor, "config:write", account_sid=service.workspace.account.sid)
    service.friendly_name, service.sticky = named(friendly_name), sticky
    with transaction.atomic():
        service.save(update_fields=["friendly_name", "sticky"])
        _note("messaging-service.updated", service, actor=actor)
    return service


def set_pool(service: MessagingService, *, addresses: Iterable[Address], actor: Actor) -> MessagingService:
    """These addresses are the pool, and no others. Raises ``Conflict`` for one that is in another pool."""
    policy.require(actor, "config:write", account_sid=service.workspace.account.sid)
    wanted = {address.pk: address for address in addresses}
    for address in wanted.values():
        if address.workspace_id != service.workspace_id or address.channel == "webchat":
            raise Invalid("%(address)s cannot be in this pool.", field="addresses", params={"address": address.address})
    with transaction.atomic():
        pool = PoolSender.objects.select_for_update().filter(service=service)
        here = set(pool.values_list("address_id", flat=True))
        if here == set(wanted):
            return service
        taken = PoolSender.objects.filter(address__in=set(wanted) - here).select_related("address").first()
        if taken is not None:
            raise Conflict(
                "%(address)s is in another pool already.", field="addresses", params={"address": taken.address.address}
            )
        pool.exclude(address__in=wanted).delete()
        PoolSender.objects.bulk_create(
            PoolSender(service=service, address=address) for pk, address in wanted.items() if pk not in here
        )
        # Who left the pool writes to nobody from it any more.
        StickySender.objects.filter(service=service).exclude(address__in=wanted).delete()
        _note("messaging-service.updated", service, actor=actor)
    return service


def delete_service(service: MessagingService, *, actor: Actor) -> None:
    """It is forgotten here; its addresses stay, each for itself. Raises ``Conflict`` while campaigns send from it."""
    policy.require(actor, "config:write", account_sid=service.workspace.account.sid)
    try:
        with transaction.atomic():
            _note("messaging-service.deleted", service, actor=actor)
            service.delete()
    except ProtectedError as error:
        raise Conflict("There are campaigns of this service. Delete them first.") from error


def start_by_service(
    service: MessagingService, *, channel: str, customer: str, name: str = "", actor: Actor
) -> Conversation:
    """The open conversation with this customer by the sender that the pool gives, begun if there is none.

    Whoever asks at the same moment is given the same sender, for the choice hangs on the pool and the customer alone.
    Raises ``Conflict`` when the pool has no sender of the channel.
    """
    with transaction.atomic():
        sender = service_queries.senders(service, channel=channel, customers=[customer]).get(customer)
        if sender is None:
            raise Conflict("The pool has no sender of this channel.", code="no-sender", field="channel")
        return start_from(service, sender, customer=customer, name=name, actor=actor)


def start_from(
    service: MessagingService, sender: Address, *, customer: str, name: str = "", actor: Actor
) -> Conversation:
    """The same by the sender that was chosen already, whom the customer keeps if the service is sticky."""
    with transaction.atomic():
        conversation = start(sender, channel=sender.channel, customer=customer, name=name, actor=actor)
        if service.sticky:
            StickySender.objects.update_or_create(
                service=service, identity=conversation.identity, defaults={"address": sender}
            )
        return conversation


def _note(event: str, service: MessagingService, *, actor: Actor) -> None:
    data: dict[str, Any] = {
        "sid": service.sid,
        "friendly_name": service.friendly_name,
        "sticky": service.sticky,
        "addresses": sorted(service.senders.values_list("address__address", flat=True)),
    }
    record(
        event,
        subject_sid=service.sid,
        data=data,
        audiences=[f"floor:{service.workspace.sid}"],
        actor=actor,
        workspace_sid=service.workspace.sid,
    )
