"""Texts with places for each customer's own words: ``{{name}}``."""

import re
from collections.abc import Mapping

_PLACE = re.compile(r"\{\{\s*([A-Za-z0-9_]{1,64})\s*\}\}")


def places(body: str) -> list[str]:
    """The names that a text has places for, in the order in which they come first.

    >>> places("Hello {{ name }}, at {{time}}. Yours, {{name}}")
    ['name', 'time']
    """
    return list(dict.fromkeys(_PLACE.findall(body)))


def broken_place(body: str) -> str:
    """The first pair of braces that is no place, or nothing: it would go out as it stands.

    >>> broken_place("Hello {{first name}}"), broken_place("Hello {{name}}")
    ('{{first name}}', '')
    """
    left = _PLACE.sub("", body)
    found = re.search(r"\{\{[^}]{0,40}(\}\})?|\}\}", left)
    return found.group() if found else ""


def filled(body: str, variables: Mapping[str, str]) -> str:
    """The text for one customer; what stands in a variable is never read as a place.

    >>> filled("Hello {{name}}", {"name": "{{time}}", "time": "10:30"})
    'Hello {{time}}'
    """
    return _PLACE.sub(lambda found: variables.get(found[1], ""), body)
