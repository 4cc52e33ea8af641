"""The codes themselves."""

import secrets
from typing import Final

SHORTEST: Final = 4
LONGEST: Final = 10


def fresh(length: int) -> str:
    """So many figures from the system's CSPRNG; each code is as likely as any other.

    >>> len(fresh(6)), fresh(4).isdecimal()
    (6, True)
    """
    return f"{secrets.randbelow(10**length):0{length}d}"


def looks_like_one(text: str) -> bool:
    """Whether somebody may have read this off a screen.

    >>> looks_like_one("012345"), looks_like_one("12a4"), looks_like_one("²²²²")
    (True, False, False)
    """
    return text.isascii() and text.isdigit() and SHORTEST <= len(text) <= LONGEST


def prefix(number: str) -> str:
    """What numbers of one block have in common: those who sell traffic ask for a whole block.

    >>> prefix("+573001234567")
    '+57300123'
    """
    return number[:-4]
