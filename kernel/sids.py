"""Twilio-shaped identifiers: a two-letter prefix and 32 hex digits, of which 20 come from the system's CSPRNG.

The first 12 are the time in milliseconds, so that what is made together stands together in every index: with a million
rows, entries in random places cost more than all the rest of a row.
"""

import re
import secrets
import time

_SID = re.compile(r"[A-Z]{2}[0-9a-f]{32}")

LENGTH = 34
_RANDOM = 10


def new(prefix: str) -> str:
    """A fresh sid such as ``WT019a…``.

    >>> len(new("WT")), new("WT")[:2]
    (34, 'WT')
    """
    return several(prefix, 1)[0]


def several(prefix: str, count: int) -> list[str]:
    """So many at once; the system is asked for randomness but one time.

    >>> len(set(several("WT", 3)))
    3
    """
    begin, random = f"{prefix}{time.time_ns() // 1_000_000:012x}", secrets.token_hex(_RANDOM * count)
    return [begin + random[start : start + 2 * _RANDOM] for start in range(0, len(random), 2 * _RANDOM)]


def is_sid(text: object, prefix: str) -> bool:
    """Whether ``text`` is a well-formed sid of that kind."""
    return isinstance(text, str) and text.startswith(prefix) and _SID.fullmatch(text) is not None
