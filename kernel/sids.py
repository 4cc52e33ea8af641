"""Twilio-shaped identifiers: a two-letter prefix and 32 hex digits from the system's CSPRNG."""

import re
import secrets

_SID = re.compile(r"[A-Z]{2}[0-9a-f]{32}")

LENGTH = 34


def new(prefix: str) -> str:
    """A fresh sid such as ``WT0b1c…``.

    >>> len(new("WT")), new("WT")[:2]
    (34, 'WT')
    """
    return prefix + secrets.token_hex(16)


def is_sid(text: object, prefix: str) -> bool:
    """Whether ``text`` is a well-formed sid of that kind."""
    return isinstance(text, str) and text.startswith(prefix) and _SID.fullmatch(text) is not None
