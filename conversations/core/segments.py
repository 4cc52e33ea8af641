"""How many parts a text message is sent in, and so what it costs.

GSM 03.38 (3GPP TS 23.038): 160 septets alone, 153 in each of several parts; a character of the extension table takes
two, which stay together. One character outside both tables makes the whole text UCS-2: 70 UTF-16 units alone, 67 in
each part, and the two units of a surrogate pair stay together.
"""

from dataclasses import dataclass
from typing import Final

_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION: Final = frozenset("^{}\\[~]|€\f")
_GSM_ALONE, _GSM_PART = 160, 153
_UCS_ALONE, _UCS_PART = 70, 67


@dataclass(frozen=True, slots=True)
class Segments:
    """``units``: septets or UTF-16 units; ``dear``: the characters, each once, that force UCS-2."""

    encoding: str
    units: int
    count: int
    dear: str


def segments(text: str) -> Segments:
    """The parts of a text, counted as the networks do.

    >>> segments("teléfono €"), segments("atención").dear
    (Segments(encoding='GSM-7', units=11, count=1, dear=''), 'ó')
    """
    dear = "".join(dict.fromkeys(mark for mark in text if mark not in _BASIC and mark not in _EXTENSION))
    if dear:
        costs, alone, part = [2 if ord(mark) > 0xFFFF else 1 for mark in text], _UCS_ALONE, _UCS_PART
    else:
        costs, alone, part = [2 if mark in _EXTENSION else 1 for mark in text], _GSM_ALONE, _GSM_PART
    units = sum(costs)
    count = min(units, 1) if units <= alone else _parts(costs, room=part)
    return Segments("UCS-2" if dear else "GSM-7", units, count, dear)


def _parts(costs: list[int], *, room: int) -> int:
    """Fill one part after the other; what takes two units is never split."""
    count, used = 1, 0
    for cost in costs:
        if used + cost > room:
            count, used = count + 1, 0
        used += cost
    return count
