"""The tasks that came lately, under a document that is not published yet."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from hours.core.calendar import Calendar as Hours
from hours.core.document import read
from hours.models import Calendar
from routing.core import calendars
from routing.core.document import stored_workflow
from routing.core.dryrun import KINDS, Case, Fate, Kind, Outcome, compare
from routing.core.workflow import Workflow as Document
from routing.models import Task, TaskQueue, Workflow

SAMPLE: Final = 500
LISTED: Final = 12
_COLUMNS: Final = ("pk", "attributes", "created_at")


@dataclass(frozen=True, slots=True)
class Moved:
    """So many tasks that would begin elsewhere. An empty name: they are refused."""

    before: str
    after: str
    count: int


@dataclass(frozen=True, slots=True)
class Example:
    """A task for which something changes."""

    task: Task
    fate: Fate
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Sample:
    """What becomes of the last ``count`` tasks; ``foreign`` ones came by another workflow, as none came by this one."""

    count: int
    foreign: bool
    kinds: tuple[tuple[Kind, int], ...]
    moves: tuple[Moved, ...]
    examples: tuple[Example, ...]


def sample(workflow: Workflow, before: str, after: str, *, limit: int = SAMPLE) -> Sample:
    """The last tasks of the workflow under two documents of it, with what the calendars said when each came."""
    documents = stored_workflow(before), stored_workflow(after)
    recent = Task.objects.filter(workspace=workflow.workspace_id).order_by("-created_at")
    rows = list(recent.filter(workflow=workflow, filter_index__isnull=False).values_list(*_COLUMNS)[:limit])
    foreign = not rows
    if foreign:
        rows = list(recent.values_list(*_COLUMNS)[:limit])
    hours = _hours(workflow, documents)
    outcome = compare(*documents, (_case(row, documents, hours) for row in rows))
    return _told(workflow, outcome, foreign=foreign)


def _case(row: Any, documents: tuple[Document, Document], hours: Mapping[str, Hours]) -> Case:
    key, attributes, created_at = row
    return Case(key, *(scope_then(attributes, document, hours, created_at) for document in documents))


def scope_then(attributes: Any, document: Document, hours: Mapping[str, Hours], moment: datetime) -> Mapping[str, Any]:
    """What the document's filters looked at, or would have, at that moment."""
    given = attributes if isinstance(attributes, dict) else {}
    return calendars.scope_with(given, calendars.say(hours, document.calendars, moment))


def _hours(workflow: Workflow, documents: tuple[Document, Document]) -> dict[str, Hours]:
    wanted = documents[0].calendars | documents[1].calendars
    rows = Calendar.objects.filter(workspace=workflow.workspace_id, unique_name__in=wanted) if wanted else ()
    return {row.unique_name: read(row.definition) for row in rows}


def _told(workflow: Workflow, outcome: Outcome, *, foreign: bool) -> Sample:
    names = {
        "": "",
        **dict(TaskQueue.objects.filter(workspace=workflow.workspace_id).values_list("sid", "friendly_name")),
    }
    moves = [Moved(names.get(old, old), names.get(new, new), n) for (old, new), n in outcome.moves.items()]
    touched = sorted((fate for fate in outcome.fates if fate.kind != "same"), key=lambda fate: KINDS.index(fate.kind))
    shown = touched[:LISTED]
    tasks = Task.objects.in_bulk([fate.key for fate in shown])
    return Sample(
        count=len(outcome.fates),
        foreign=foreign,
        kinds=tuple((kind, outcome.counts[kind]) for kind in KINDS if outcome.counts.get(kind)),
        moves=tuple(sorted(moves, key=lambda move: -move.count)),
        examples=tuple(
            Example(tasks[fate.key], fate, names.get(fate.queue_before, ""), names.get(fate.queue_after, ""))
            for fate in shown
            if fate.key in tasks
        ),
    )
