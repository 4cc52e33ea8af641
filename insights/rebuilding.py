"""Reading the log anew, while the sink goes on: both write the same rows, named by the same positions."""

from collections.abc import Iterator
from typing import Final

from django.db.models import Min

from eventlog import numbered, queries
from eventlog.models import Event, Position
from insights.keeping import KEPT, keep_anew
from insights.models import ActivitySpell, TaskFact
from kernel import clock

BATCH: Final = 1000
_MARGIN: Final = 10_000
"""Positions are given after commit: what began earlier may stand a little later."""


def rebuild() -> Iterator[tuple[int, int]]:
    """Yields after each batch how many positions are done, and how many there are."""
    last = queries.last_position()
    first = done = _beginning(last)
    for model in (TaskFact, ActivitySpell):
        model._default_manager.filter(position__lte=first).delete()
    while done < last:
        events = [event for event in numbered.events_after(done, BATCH) if event.position <= last]
        until = events[-1].position if events else last
        keep_anew(events, after=done, until=until)
        done = until
        yield done - first, last - first


def _beginning(last: int) -> int:
    """A position up to which nothing is young enough to count."""
    young = Event.objects.filter(created_at__gte=clock.now() - KEPT).order_by("created_at").values("pk")[:100]
    first = Position.objects.filter(event__in=[row["pk"] for row in young]).aggregate(first=Min("position"))["first"]
    return last if first is None else max(0, first - 1 - _MARGIN)
