"""The workers of a workspace and who of them matches, kept from one look to the next: people look as they type."""

from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import Any, Final

from django.db.models import Count, Max, Sum

from agents.models import Worker, Workspace
from routing.core.checks import names_of
from routing.core.checks.facts import Names
from routing.core.expressions import parse
from routing.core.facts import WorkerFacts
from routing.reading import Reader

WORKSPACES: Final = 2
"""So many are kept: ten thousand workers take some twenty megabytes."""
CREWS: Final = 128
"""So many expressions are kept, for as long as nothing changes about the workers."""
FEW: Final = 500
"""So many that have changed are read by their numbers; where there are more, all are read."""

Stamp = tuple[int, int]
"""The versions of a worker and of his activity."""


class Staff:
    """All workers as they were at one moment; their load is not kept up to date."""

    def __init__(self, version: Any = None, stamps: Mapping[int, Stamp] | None = None) -> None:
        self.version = version
        self.stamps = stamps or {}
        self.by_number: dict[int, WorkerFacts] = {}
        self._crews: dict[str, tuple[WorkerFacts, ...]] = {}

    @cached_property
    def workers(self) -> tuple[WorkerFacts, ...]:
        """All of them, in the order in which they came."""
        return tuple(self.by_number.values())

    @cached_property
    def names(self) -> Names:
        """The attributes that any of them has."""
        return names_of(worker.attributes for worker in self.workers)

    def crew(self, text: str) -> tuple[WorkerFacts, ...]:
        """Who matches the expression; nobody an empty one. Raises ExpressionError."""
        text = text.strip()
        if not text:
            return ()
        found = self._crews.get(text)
        if found is None:
            expression = parse(text)
            found = tuple(worker for worker in self.workers if expression(worker.attributes))
            if len(self._crews) >= CREWS:
                self._crews = {}
            self._crews[text] = found
        return found


def staff(workspace: Workspace) -> Staff:
    """The workers as they are now, save their load; the same object again while nothing else has changed."""
    place = _place(workspace.sid)
    rows = Worker.objects.filter(workspace=workspace)
    sums = rows.aggregate(Count("pk"), Max("pk"), Sum("version"), Sum("activity__version"))
    if place.staff.version != sums:  # The versions are read before what they tell of.
        versions = rows.order_by("pk").values_list("pk", "version", "activity__version")
        stamps = {number: (version, activity) for number, version, activity in versions}
        place.staff = _read(workspace.pk, place.staff, Staff(sums, stamps))
    return place.staff


def _read(workspace_id: int, before: Staff, now: Staff) -> Staff:
    changed = [number for number, stamp in now.stamps.items() if before.stamps.get(number) != stamp]
    wanted = changed if len(changed) <= FEW else None
    fresh = {facts.number: facts for facts in Reader(workspace_id).workers(wanted, by="id")} if changed else {}
    known = {**before.by_number, **fresh}
    now.by_number = {number: known[number] for number in now.stamps if number in known}  # Somebody may be gone already.
    return now


class _Place:
    """Where a workspace's are kept. Of two who read at the same instant one has read in vain."""

    def __init__(self) -> None:
        self.staff = Staff()


@lru_cache(maxsize=WORKSPACES)
def _place(_workspace_sid: str) -> _Place:
    return _Place()
