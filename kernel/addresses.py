"""Which network addresses an integrator's URL may lead to. What is not surely public is refused.

``ipaddress.is_global`` is not enough: Python 3.11 calls ``192.0.0.8``, ``224.0.0.1``, ``64:ff9b::7f00:1``,
``2002:7f00:1::``, ``fec0::1`` and ``::7f00:1`` global, and all of them lead, or may lead, back inside.
"""

import ipaddress
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# https://www.iana.org/assignments/iana-ipv4-special-registry
_DENIED_4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
# https://www.iana.org/assignments/iana-ipv6-special-registry; whatever is not in here is no global unicast at all.
_GLOBAL_6 = IPv6Network("2000::/3")
_DENIED_6 = tuple(IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "2620:4f:8000::/48", "3fff::/20"))

_MAPPED = IPv6Network("::ffff:0:0/96")
_COMPATIBLE = IPv6Network("::/96")
_NAT64 = IPv6Network("64:ff9b::/96")
_SIX_TO_FOUR = IPv6Network("2002::/16")
_TEREDO = IPv6Network("2001::/32")
_ISATAP_MARKS = (0x00005EFE, 0x02005EFE)
_LOW_32 = 0xFFFFFFFF


def destinations(address: Address) -> list[Address]:
    """Where packets to ``address`` may end: itself, or the IPv4 addresses that are wrapped in it, or both.

    >>> destinations(IPv6Address("::ffff:10.0.0.1")), destinations(IPv6Address("64:ff9b::7f00:1"))
    ([IPv4Address('10.0.0.1')], [IPv4Address('127.0.0.1')])
    """
    if isinstance(address, IPv4Address):
        return [address]
    wrapped = list(_wrapped(address))
    return wrapped or [address]


def _wrapped(address: IPv6Address) -> Iterator[Address]:
    number = int(address)
    if address in _MAPPED or address in _NAT64:
        yield IPv4Address(number & _LOW_32)
    elif address in _SIX_TO_FOUR:
        yield IPv4Address((number >> 80) & _LOW_32)
    elif address in _COMPATIBLE and number > 1:
        yield address
        yield IPv4Address(number & _LOW_32)
    elif address in _TEREDO:
        yield address
        yield IPv4Address((number >> 64) & _LOW_32)
        yield IPv4Address(~number & _LOW_32)
    elif (number >> 32) & _LOW_32 in _ISATAP_MARKS:
        yield address
        yield IPv4Address(number & _LOW_32)


def is_public(address: Address) -> bool:
    """Whether every place where packets to ``address`` may end is on the open internet."""
    return all(_is_public(place) for place in destinations(address))


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _DENIED_4)
    return address in _GLOBAL_6 and not any(address in network for network in _DENIED_6)


@dataclass(frozen=True, slots=True)
class Allowed:
    """The operator's allow-list: networks, and hosts with their port."""

    networks: tuple[Network, ...] = ()
    hosts: frozenset[tuple[str, int]] = frozenset()

    @classmethod
    def parse(cls, entries: Iterable[str]) -> "Allowed":
        """From texts such as ``10.1.0.0/16``, ``127.0.0.1``, ``bot.internal:8080``, ``[::1]:8080``.

        Raises ``ValueError`` that names the entry.
        """
        networks: list[Network] = []
        hosts: set[tuple[str, int]] = set()
        for entry in entries:
            network = _network(entry)
            if network is not None:
                networks.append(network)
            else:
                hosts.add(_host_and_port(entry))
        return cls(tuple(networks), frozenset(hosts))

    def names(self, host: str, port: int) -> bool:
        """Whether the target itself is listed, wherever its name leads."""
        return (plain(host), port) in self.hosts

    def holds(self, address: Address) -> bool:
        """Whether every place where packets to ``address`` may end is in a listed network."""
        return all(any(place in network for network in self.networks) for place in destinations(address))


def plain(host: str) -> str:
    """A host as it is compared: lower case, without brackets and final dot."""
    return host.strip("[]").rstrip(".").lower()


@lru_cache(maxsize=8)
def allowed_by(entries: tuple[str, ...]) -> Allowed:
    """The operator's list; the same is read once."""
    return Allowed.parse(entries)


def neighbourhood(text: str) -> str:
    """The network that one customer of a provider has: an IPv4 address, or of IPv6 a /64 with all that is in it.

    >>> neighbourhood("192.0.2.7"), neighbourhood("2001:db8::a:1"), neighbourhood("::ffff:192.0.2.7")
    ('192.0.2.7', '2001:db8::', '192.0.2.7')
    >>> neighbourhood("")
    ''
    """
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, IPv4Address):
        return str(address)
    return str(address.ipv4_mapped or ipaddress.ip_network((address, 64), strict=False).network_address)


def literal(host: str) -> Address | None:
    """The address that ``host`` spells out, if it is no name.

    IPv4 in the old ways as well, since resolvers take them: fewer parts, octal and hexadecimal.

    >>> literal("0x7f.1"), literal("2130706433"), literal("bot.example.com")
    (IPv4Address('127.0.0.1'), IPv4Address('127.0.0.1'), None)
    """
    text = plain(host)
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(text))
    except (OSError, UnicodeError):
        return None


def _network(entry: str) -> Network | None:
    try:
        return ipaddress.ip_network(entry.strip(), strict=False)
    except ValueError:
        return None


def _host_and_port(entry: str) -> tuple[str, int]:
    host, _, port = entry.strip().rpartition(":")
    if not plain(host) or "/" in host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f"{entry!r} is neither a network nor host:port")
    return plain(host), int(port)
