"""What visitors may send and who may frame us: plain rules without a database."""

import hashlib
import hmac
import re
from datetime import datetime

MESSAGES_A_MINUTE = 20
FILES_AN_HOUR = 40

_UNWRITABLE = re.compile("[\x00\ud800-\udfff]")
_REF = re.compile(r"[A-Za-z0-9-]{8,40}")
_DEPLOYMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_ORIGIN = re.compile(r"https?://(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:(\d{1,5}|\*))?")
LOCAL_ORIGINS = ("http://localhost:*", "https://localhost:*", "http://127.0.0.1:*", "https://127.0.0.1:*")


def clean_body(text: str) -> str:
    r"""The words without what no database takes (NUL and halves of characters).

    >>> clean_body(" a\x00b ")
    'ab'
    """
    return _UNWRITABLE.sub("", text).strip()


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


def hour_digest(remote_address: str, *, moment: datetime, key: str) -> str:
    """A network address as it is counted within one hour; it can neither be read back nor followed into the next."""
    text = f"webchat {moment:%Y-%m-%dT%H} {remote_address}"
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()[:32]
