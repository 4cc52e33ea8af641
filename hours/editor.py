"""What a person types about a calendar, as its document, and back.

Names on the page are ``<prefix>-<row>-<field>`` and ``<prefix>-<row>-<block>-<from or until>``, where a row is a
weekday or any word without a hyphen. Rows count in the order in which they stand.
"""

from collections.abc import Mapping
from typing import Any, Final

from hours.core.calendar import WEEKDAYS

FIELDS: Final = ("name", "first", "last", "yearly")
ENDS: Final = ("from", "until")

Row = dict[str, Any]


def posted_rows(data: Mapping[str, Any], prefix: str) -> dict[str, Row]:
    """The rows of a posted form: their fields, and ``hours`` as the document writes them. Empty blocks are dropped.

    >>> posted_rows({"w-monday-0-from": "09:00", "w-monday-0-until": "13:00", "w-monday-1-from": ""}, "w")
    {'monday': {'hours': ['09:00-13:00']}}
    """
    rows: dict[str, Row] = {}
    for key in data:
        head, _, rest = str(key).partition("-")
        parts = rest.split("-")
        if head != prefix or not (len(parts) == 2 or (len(parts) == 3 and parts[2] in ENDS)):
            continue
        row = rows.setdefault(parts[0], {"blocks": {}})
        value = str(data[key]).strip()
        if len(parts) == 2:
            row[parts[1]] = value
        else:
            row["blocks"].setdefault(parts[1], dict.fromkeys(ENDS, ""))[parts[2]] = value
    return {name: {"hours": _hours(row.pop("blocks")), **row} for name, row in rows.items()}


def week_of(rows: Mapping[str, Row]) -> dict[str, list[str]]:
    """The document's ``weekly``."""
    return {day: rows[day]["hours"] if day in rows else [] for day in WEEKDAYS}


def overrides_of(rows: Mapping[str, Row]) -> list[Row]:
    """The document's ``overrides``; rows in which nothing was typed are dropped. A single day needs no last one."""
    return [
        {
            "name": row.get("name", ""),
            "first": row.get("first", ""),
            "last": row.get("last") or row.get("first", ""),
            "yearly": bool(row.get("yearly")),
            "hours": row["hours"],
        }
        for row in rows.values()
        if row["hours"] or any(row.get(name) for name in FIELDS)
    ]


def ends_of(hours: list[str]) -> list[Row]:
    """Blocks as a page's time fields have them; these know no 24:00.

    >>> ends_of(["09:00-24:00"])
    [{'from': '09:00', 'until': '00:00'}]
    """
    pairs = (text.partition("-")[::2] for text in hours)
    return [{"from": start, "until": "00:00" if end == "24:00" else end} for start, end in pairs]


def _hours(blocks: Mapping[str, Row]) -> list[str]:
    return [f"{block['from']}-{block['until']}" for block in blocks.values() if any(block.values())]
