"""How customers stand to our addresses, by the ledger of consent.

What a customer said by SMS, MMS or RCS counts for all three, and of an address in a messaging service's pool for the
whole pool: https://help.twilio.com/articles/223134027
"""

from collections.abc import Collection

from conversations.core import phones
from conversations.models import Consent, PoolSender

Pair = tuple[int, str]
"""The id of one of our addresses, and a customer's address."""


def newest(pairs: Collection[Pair], *, workspaces: Collection[int]) -> dict[Pair, Consent]:
    """The line that counts for each pair, if there is any: the newest that the customer said, on the same telephone
    line, to the address itself or to the service in whose pool it stands now.
    """
    theirs = {address for _, customer in pairs for address in phones.one_line(customer)}
    ledger = Consent.objects.filter(identity__workspace__in=workspaces, identity__address__in=theirs)
    to_address: dict[tuple[int, str], Consent] = {}
    to_service: dict[tuple[int, str], Consent] = {}
    for line in ledger.select_related("identity").order_by("id"):
        number = phones.one_line(line.identity.address)[0]
        to_address[line.address_id, number] = line
        if line.service_id is not None:
            to_service[line.service_id, number] = line
    if not to_address:
        return {}
    pools = dict(PoolSender.objects.filter(address__in={ours for ours, _ in pairs}).values_list("address", "service"))
    found: dict[Pair, Consent] = {}
    for ours, customer in pairs:
        number = phones.one_line(customer)[0]
        said = [to_address.get((ours, number)), to_service.get((pools.get(ours, 0), number))]
        told = [line for line in said if line is not None]
        if told:
            found[ours, customer] = max(told, key=lambda line: line.pk)
    return found
