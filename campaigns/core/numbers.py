"""Addresses as people keep them in lists, and as the provider writes them."""

import re

import phonenumbers

# Fewer digits without a country's code are no number of anybody's.
_FEWEST = 7
_PAGE_USER = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def mentions(text: str, address: str) -> bool:
    """Whether a cell of a list speaks of the address: as the provider writes it, or a number in any spelling, with its
    country's code or without. Rather one too many than one too few.

    >>> [mentions(cell, "whatsapp:+525512345678") for cell in ("+52 55 1234-5678", "(55) 1234 5678", "5678", "Ana")]
    [True, True, False, False]
    """
    bare = address.rpartition(":")[2]
    if bare in text:
        return True
    number, given = _digits(bare), _digits(text)
    if not bare.startswith("+") or len(given) < _FEWEST:
        return False
    return number in given or number.endswith(given.lstrip("0"))


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdecimal() and character.isascii())


def normal(text: str, *, channel: str, country: str = "") -> str:
    """The address as the provider writes it, or nothing for what is none.

    ``country``: ISO 3166 of numbers that are written without their country's code.

    >>> normal("(555) 010-0001", channel="sms", country="US"), normal("+52 55 1234 5678", channel="whatsapp")
    ('+15550100001', 'whatsapp:+525512345678')
    >>> normal("5550100001", channel="sms"), normal("call me", channel="sms", country="US")
    ('', '')
    """
    bare = text.strip().removeprefix(f"{channel}:")
    if channel == "messenger":
        return f"messenger:{bare}" if _PAGE_USER.fullmatch(bare) else ""
    number = _number(bare, country=country)
    return f"{channel}:{number}" if number and channel != "sms" else number


def _number(text: str, *, country: str) -> str:
    # Spreadsheets write 00 for +, and put a quote before what is not to be taken for a sum.
    given = re.sub(r"^00", "+", text.lstrip("'"))
    try:
        number = phonenumbers.parse(given, country or None)
    except phonenumbers.NumberParseException:
        return ""
    if number.extension or not phonenumbers.is_possible_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def is_country(text: str) -> bool:
    """Whether it is the code of a country that has numbers.

    >>> is_country("MX"), is_country("mexico")
    (True, False)
    """
    return text in phonenumbers.SUPPORTED_REGIONS
