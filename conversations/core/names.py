"""Names that strangers give themselves."""

import re

LIMIT = 120

# Control characters, what turns the direction of a line, and what cannot be seen: none belongs into a list of names.
_UNWANTED = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def clean(text: str) -> str:
    r"""A name as it may stand in a list of names.

    >>> clean(" Ana\u202e\n "), clean("x" * 500) == "x" * 120
    ('Ana', True)
    """
    return _UNWANTED.sub("", text).strip()[:LIMIT]
