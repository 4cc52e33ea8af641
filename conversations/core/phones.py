"""Telephone numbers: kept as ``+573001234567``, read as people in the same country write them."""

from functools import lru_cache
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat

SPANISH: Final = frozenset(
    (
        *("AR", "BO", "CL", "CO", "CR", "CU", "DO", "EC", "ES", "GQ", "GT", "HN", "MX", "NI", "PA", "PE", "PR", "PY"),
        *("SV", "UY", "VE"),
    )
)
"""Where most people read Spanish."""

# The channels whose addresses are numbers.
_PREFIXES: Final = ("whatsapp:", "rcs:")


def region(address: str) -> str:
    """The country of one of our or a customer's addresses; "" for what is no number with a country.

    >>> region("+573001234567"), region("whatsapp:+34612345678"), region("12345"), region("rcs:brand_agent")
    ('CO', 'ES', '', '')
    """
    number = _parsed(address)
    return (phonenumbers.region_code_for_number(number) or "") if number else ""


@lru_cache(maxsize=4096)
def shown(address: str, *, home: str = "") -> str:
    """An address as people read it: a number of the region ``home`` nationally, of another with its country.

    >>> shown("whatsapp:+573001234567", home="CO"), shown("+573001234567", home="ES"), shown("messenger:123")
    ('300 1234567', '+57 300 1234567', '123')
    """
    number = _parsed(address)
    if number is None:
        return address.partition(":")[2] or address
    is_home = bool(home) and phonenumbers.region_code_for_number(number) == home
    return phonenumbers.format_number(
        number, PhoneNumberFormat.NATIONAL if is_home else PhoneNumberFormat.INTERNATIONAL
    )


def normal(text: str, *, home: str = "") -> str:
    """A number that somebody typed, as it is kept; "" for what is no possible number.

    >>> normal("300 123 4567", home="CO"), normal("+57 (300) 123-4567"), normal("hello", home="CO")
    ('+573001234567', '+573001234567', '')
    """
    try:
        number = phonenumbers.parse(text.strip(), home or None)
    except NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def one_line(address: str) -> tuple[str, ...]:
    """The customer's addresses that are one telephone line: RCS reaches the number that SMS and MMS reach.

    >>> one_line("rcs:+15550100001"), one_line("+15550100001"), one_line("whatsapp:+15550100001")
    (('+15550100001', 'rcs:+15550100001'), ('+15550100001', 'rcs:+15550100001'), ('whatsapp:+15550100001',))
    """
    number = address.removeprefix("rcs:")
    return (number, f"rcs:{number}") if number.startswith("+") else (address,)


def digits(text: str) -> str:
    """The figures of what somebody typed, to look for as a part of a number.

    >>> digits("(300) 123-45"), digits("Ana")
    ('30012345', '')
    """
    return "".join(mark for mark in text if mark in "0123456789")


def _parsed(address: str) -> PhoneNumber | None:
    text = next((address.removeprefix(prefix) for prefix in _PREFIXES if address.startswith(prefix)), address)
    if not text.startswith("+"):
        return None
    try:
        return phonenumbers.parse(text)
    except NumberParseException:
        return None
