"""A connection to a URL that a stranger had a hand in: it leads to the open internet and to nowhere else.

The name is resolved once, every address that it has is checked, and the connection goes to a checked address: there is
no second look-up that could answer differently.
"""

import socket
from collections.abc import Callable, Sequence
from ipaddress import ip_address

from kernel.addresses import Allowed, is_public
from kernel.targets import Target

Resolve = Callable[[str, int], Sequence[str]]


class Refused(Exception):
    """The target may not be reached from here; nothing was sent."""


class Unresolved(OSError):
    """The target's name has no address now."""


def dial(target: Target, *, allowed: Allowed, resolve: Resolve, seconds: Callable[[], float]) -> socket.socket:
    """A connection to a checked address of the target; raises ``Refused``, ``Unresolved`` or another ``OSError``.

    ``seconds`` is asked after the look-up: how long the connection may take.
    """
    address = permitted(target, resolved(target, resolve=resolve), allowed=allowed)
    opened = socket.create_connection((address, target.port), timeout=seconds())
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return opened


def resolved(target: Target, *, resolve: Resolve) -> Sequence[str]:
    """Every address of the target's name; raises ``Unresolved``."""
    try:
        return resolve(target.host, target.port)
    except (OSError, UnicodeError) as error:
        raise Unresolved("the name could not be resolved") from error


def permitted(target: Target, addresses: Sequence[str], *, allowed: Allowed) -> str:
    """The address to connect to; raises ``Refused`` unless every one of ``addresses`` may be reached.

    One bad address is enough: a name that leads both outside and inside is an attack or a mistake.
    """
    if not addresses:
        raise Refused(f"{target.host} has no address")
    if allowed.names(target.host, target.port):
        return addresses[0]
    for text in addresses:
        _permit(target, text, allowed=allowed)
    return addresses[0]


def system_resolve(host: str, port: int) -> list[str]:
    """Every address that the system's resolver knows for ``host``."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _permit(target: Target, text: str, *, allowed: Allowed) -> None:
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError as error:
        raise Refused(f"{target.host} has an address that cannot be read") from error
    if allowed.holds(address):
        return
    if not is_public(address):
        raise Refused(f"{target.host} leads to an address that is not on the open internet")
    if target.scheme != "https":
        raise Refused("plain http goes only to what the operator lists in EGRESS_ALLOW")
