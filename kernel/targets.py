"""Where a URL leads, as far as one can tell without asking the name service.

Whoever gave the URL is refused at once where the answer can only be no; to where its name leads is asked when something
is sent.
"""

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

from kernel.addresses import Address, Allowed, is_public, literal, plain
from kernel.errors import Invalid

URL_LENGTH: Final = 2048
_PORTS: Final = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Target:
    """Read once and used for the check and the connection alike."""

    scheme: str
    host: str
    port: int
    path: str


def target_of(url: str, *, allowed: Allowed) -> Target:
    """The target of ``url``; raises ``Invalid`` with the field ``url``.

    https, unless the target is on the operator's allow-list; a host; no user name or password; no address that is
    spelled out and lies inside.
    """
    parsed = _parsed(url)
    host, scheme = plain(parsed.host or ""), parsed.scheme or ""
    port = _PORTS.get(scheme, 0) if parsed.port is None else parsed.port
    if not host or scheme not in _PORTS or not 0 < port < 65536:
        raise _incomplete()
    if parsed.auth is not None:
        raise Invalid("Leave user name and password out of the URL; requests are signed instead.", field="url")
    target = Target(scheme=scheme, host=host, port=port, path=parsed.request_uri)
    _check_looks(target, allowed=allowed)
    return target


def spelled(url: str) -> str:
    """``url`` as its receiver sees it, which is what a signature must cover: escaped, without fragment and with a path.

    Raises ``Invalid`` where it cannot be read.

    >>> spelled("https://Bot.example.com?q=ñ#top")
    'https://bot.example.com/?q=%C3%B1'
    """
    parsed = _parsed(url)
    return f"{parsed.scheme}://{parsed.netloc}{parsed.request_uri}"


def _parsed(url: str) -> Url:
    if len(url) > URL_LENGTH or any(letter <= " " or letter in "\\\x7f" for letter in url):
        raise _incomplete()
    try:
        return parse_url(url)
    except (LocationParseError, ValueError) as error:
        raise _incomplete() from error


def _incomplete() -> Invalid:
    return Invalid("Give a complete URL such as https://bot.example.com/hook.", field="url")


def _check_looks(target: Target, *, allowed: Allowed) -> None:
    if allowed.names(target.host, target.port):
        return
    address = _spelled_out(target.host)
    if address is not None and not allowed.holds(address) and not is_public(address):
        raise Invalid(
            "%(host)s is not an address on the open internet. The operator can list it in EGRESS_ALLOW.",
            field="url",
            params={"host": target.host},
        )
    may_be_listed = allowed.holds(address) if address is not None else bool(allowed.networks)
    if target.scheme != "https" and not may_be_listed:
        raise Invalid("Use https. Plain http goes only to what the operator lists in EGRESS_ALLOW.", field="url")


def _spelled_out(host: str) -> Address | None:
    """The address of a host that needs no name service: RFC 6761 gives ``localhost`` to the loopback."""
    if host == "localhost" or host.endswith(".localhost"):
        return ip_address("127.0.0.1")
    return literal(host)
