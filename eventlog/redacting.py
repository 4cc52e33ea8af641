"""The one exception to the rule that an event is never written again: personal data leaves the journal.

That something happened, when, and by whom stays; so do the numbers by which each audience knows it.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from eventlog.bulk import write_rows
from eventlog.models import Event

_AT_ONCE: Final = 200

Cleaner = Callable[[str, Any], Any]
"""From an event's type and data to the data without what is personal."""


def redact(subject_sids: Sequence[str], *, cleaned: Cleaner) -> list[str]:
    """Clean the events about these subjects; the sids of all of them. Part of the caller's transaction."""
    found: list[str] = []
    for start in range(0, len(subject_sids), _AT_ONCE):
        rows = list(Event.objects.filter(subject_sid__in=subject_sids[start : start + _AT_ONCE]))
        for row in rows:
            row.data = cleaned(row.type, row.data)
        write_rows(rows, ["data"])
        found += [row.sid for row in rows]
    return found
