"""How names, moments and addresses look on the wire."""

import json
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

PREFIX = "/taskrouter/v1/"

Shown = dict[str, Any]
"""Something on the wire, by the names that it has there."""


def pascal(name: str) -> str:
    """The parameter of one of our names.

    >>> pascal("friendly_name"), pascal("Sid")
    ('FriendlyName', 'Sid')
    """
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def stamp(moment: datetime) -> str:
    """ISO 8601 in UTC, whole seconds.

    >>> stamp(datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC))
    '2026-01-02T03:04:05Z'
    """
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def text(document: Any) -> str:
    """A JSON document, which travels as text."""
    return json.dumps(document, ensure_ascii=False)


def url(*parts: str) -> str:
    """The absolute address of a resource, on the public base whatever name the caller used for us."""
    return f"{settings.PUBLIC_URL}{PREFIX}{'/'.join(parts)}"
