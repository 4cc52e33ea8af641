"""Which sid here stands for which sid there."""

import re
from collections.abc import Mapping
from typing import Final

from django.db.models import Model

from agents.models import Workspace
from eventlog.models import Event
from kernel import sids

_ANY: Final = re.compile(r"(?<![0-9A-Za-z])(?:WS|WA|TC|WK|WQ|WW)[0-9a-f]{32}(?![0-9A-Za-z])")


class Sids:
    """What is brought keeps its sid where nothing here has it; of all others this remembers which they have here."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self.differing = dict(known)

    def here(self, source_sid: str) -> str:
        """The sid here; the same where nothing else is known."""
        return self.differing.get(source_sid, source_sid)

    def note(self, source_sid: str, sid: str) -> None:
        """That is what it is here."""
        if source_sid == sid:
            self.differing.pop(source_sid, None)
        else:
            self.differing[source_sid] = sid

    def fresh(self, kind: type[Model], source_sid: str, prefix: str) -> str:
        """For what is made now."""
        free = sids.is_sid(source_sid, prefix) and not kind._default_manager.filter(sid=source_sid).exists()
        return source_sid if free else sids.new(prefix)

    def rewritten(self, text: str) -> str:
        """The text with the sids of here: sids are unique, so that wherever one stands it means that one thing.

        >>> Sids({"WQ" + "1" * 32: "WQ" + "2" * 32}).rewritten('{"queue": "WQ' + "1" * 32 + '"}')[11:16]
        'WQ222'
        """
        return _ANY.sub(lambda found: self.here(found[0]), text) if self.differing else text


def known(workspace: Workspace, source_sid: str) -> Mapping[str, str]:
    """What the last import from there noted."""
    notes = Event.objects.filter(subject_sid=workspace.sid, type="workspace.imported").order_by("-id")
    for data in notes.values_list("data", flat=True):
        if data["source_sid"] == source_sid:
            found: Mapping[str, str] = data["sids"]
            return found
    return {}


def sid_of(row: Model | None) -> str | None:
    """Of a reference that may be empty."""
    return None if row is None else str(getattr(row, "sid", ""))
