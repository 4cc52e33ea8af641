"""What visitors may send and who may frame us: plain rules without a database."""

import hashlib
import hmac
import re
from collections.abc import Iterable
from datetime import datetime

from kernel.storable import without_unstorable

MESSAGES_A_MINUTE = 20
FILES_AN_HOUR = 40

_REF = re.compile(r"[A-Za-z0-9-]{8,40}")
_DEPLOYMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_ORIGIN = re.compile(r"(?P<scheme>https?)://(?P<host>(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?)(:(?P<port>\d{1,5}|\*))?")
_DEFAULT_PORTS = {"http": "80", "https": "443"}
LOCAL_ORIGINS = ("http://localhost:*", "https://localhost:*", "http://127.0.0.1:*", "https://127.0.0.1:*")


def clean_body(text: str) -> str:
    r"""The words without what no database takes (NUL and halves of characters).

    >>> clean_body(" a\x00b ")
    'ab'
    """
    return without_unstorable(text).strip()


def is_ref(text: str) -> bool:
    """Whether a client may name a message so; a UUID is what ours send.

    >>> is_ref("6f1c1f0e-6f1c-4f0e-8f1c-6f1c1f0e6f1c"), is_ref("x"), is_ref("a b c d e f")
    (True, False, False)
    """
    return _REF.fullmatch(text) is not None


def is_deployment(text: str) -> bool:
    """Whether the text can name a deployment.

    >>> is_deployment("demo"), is_deployment("a b"), is_deployment("")
    (True, False, False)
    """
    return _DEPLOYMENT.fullmatch(text) is not None


def is_origin(text: str) -> bool:
    """Whether the text can stand among a policy's frame ancestors: scheme, host, perhaps a port.

    >>> is_origin("https://shop.example.com"), is_origin("https://*.example.com:8443")
    (True, True)
    >>> is_origin("https://shop.example.com/path"), is_origin("*"), is_origin("https://a.example; script-src *")
    (False, False, False)
    """
    return _ORIGIN.fullmatch(text) is not None


def may_stand_on(origin: str, sites: Iterable[str]) -> bool:
    """Whether a browser shows on a page of ``origin`` what has these frame ancestors (CSP 3, 6.7.2.8).

    >>> may_stand_on("https://shop.example.com", ["https://*.example.com"])
    True
    >>> may_stand_on("https://example.com", ["https://*.example.com"])
    False
    >>> may_stand_on("https://localhost:5173", ["http://localhost"])
    False
    >>> may_stand_on("https://localhost", ["http://localhost"]), may_stand_on("https://localhost:1", LOCAL_ORIGINS[:1])
    (True, True)
    """
    page = _ORIGIN.fullmatch(origin)
    named = (_ORIGIN.fullmatch(site) for site in sites)
    return page is not None and any(site is not None and _covers(site, page) for site in named)


def _covers(site: re.Match[str], page: re.Match[str]) -> bool:
    host = page["host"]
    is_host = host.endswith(site["host"][1:]) if site["host"].startswith("*.") else host == site["host"]
    # What is allowed on plain http is allowed on https as well.
    is_scheme = page["scheme"] in {site["scheme"], "https"}
    default = _DEFAULT_PORTS[page["scheme"]]
    port = page["port"] or default
    is_port = site["port"] in {"*", port} or (site["port"] in {None, "80"} and port == default)
    return is_host and is_scheme and is_port


def hour_digest(remote_address: str, *, moment: datetime, key: str) -> str:
    """A network address as it is counted within one hour; it can neither be read back nor followed into the next."""
    text = f"webchat {moment:%Y-%m-%dT%H} {remote_address}"
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()[:32]
