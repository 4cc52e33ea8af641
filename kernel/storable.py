"""JSON that every database takes: no U+0000, no half surrogate pairs, finite numbers, a bearable depth."""

import math
import re
from collections.abc import Iterator
from typing import Any, Final

from kernel.errors import Invalid

DEPTH: Final = 20
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


def check(value: Any) -> None:
    """Raises Invalid, with the path as field, for what cannot be kept.

    >>> check({"a": [1, "b"]})
    """
    waiting = [("", 0, value)]
    while waiting:
        path, depth, item = waiting.pop()
        if depth > DEPTH:
            raise Invalid("This is nested deeper than %(depth)d levels.", field=path[:64], params={"depth": DEPTH})
        if isinstance(item, float) and not math.isfinite(item):
            raise Invalid("This number is too large.", field=path[:64])
        if isinstance(item, str):
            check_text(item, path=path)
        waiting.extend((inner, depth + 1, part) for inner, part in _parts(item, path=path))


def check_text(text: str, *, path: str = "") -> None:
    """Raises Invalid with the path as field."""
    if "\0" in text:
        raise Invalid("The character U+0000 cannot be stored; leave it out.", field=path[:64])
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise Invalid("Half a surrogate pair is no text; leave it out.", field=path[:64]) from error


def without_unstorable(text: str) -> str:
    r"""The text without what `check_text` refuses, for where nobody is there to mend it.

    >>> without_unstorable("so\ud83d\x00 far")
    'so far'
    """
    return _UNSTORABLE.sub("", text)


def _parts(item: Any, *, path: str) -> Iterator[tuple[str, Any]]:
    start = f"{path}." if path else ""
    if isinstance(item, dict):
        for name, part in item.items():
            if isinstance(name, str):
                check_text(name, path=path)
            yield f"{start}{name}", part
    elif isinstance(item, list):
        for index, part in enumerate(item):
            yield f"{start}{index}", part
