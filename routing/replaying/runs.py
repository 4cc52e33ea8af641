"""A replay: the recorded period once as it was and once with another document, side by side in virtual time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from agents.models import TaskChannel, Workspace
from kernel import clock
from routing.core.simulation.comparison import Course, report
from routing.core.simulation.measures import Measures
from routing.core.simulation.recorded import AsRecorded
from routing.core.simulation.simulator import Simulation
from routing.core.workflow import Workflow
from routing.models import Workflow as WorkflowRow
from routing.replaying import history as histories
from routing.replaying.book import Book, Documents, Hours
from routing.replaying.history import History
from routing.replaying.stream import Stream

Progress = Callable[[float], None]
"""Hears how much is done, from 0 to 1; may raise to end it."""

_READING: Final = 0.15
"""How much of the whole the first reading of the log takes, about."""


@dataclass(frozen=True, slots=True)
class Run:
    """One of the two courses."""

    documents: Documents
    behaviour: AsRecorded
    measures: Measures
    simulation: Simulation


def replay(
    workflow: WorkflowRow,
    *,
    document: Workflow,
    starts_at: datetime,
    ends_at: datetime,
    within: float,
    progress: Progress = lambda _: None,
) -> dict[str, Any]:
    """The report of the period with ``document`` in place of the workflow's own.

    ``within`` is the service level in seconds. The period has been checked: `routing.actions.replays`.
    """
    begun = clock.now()
    workspace = Workspace.objects.select_related("timeout_activity").get(pk=workflow.workspace_id)
    since, whole = starts_at.timestamp(), (ends_at - starts_at).total_seconds()
    history = histories.read(
        workspace, starts_at, ends_at, progress=lambda at: progress(_READING * (at - since) / whole)
    )
    book = Book(workspace)
    hours = Hours(workspace)
    stream = Stream(history, book, hours)
    before = _run(history, book.recorded(), hours)
    after = _run(history, book.instead(workflow.sid, document), hours)
    _play(stream, before, after, lambda at: progress(_READING + (1 - _READING) * (at - since) / whole))
    course = _course(stream, before, after, within=within)
    found = report(course, names=stream.queue_names, agents=stream.agents)
    _name_tasks(found, history)
    answers = before.behaviour
    return found | {
        "workflow_tasks": sum(1 for version in history.versions if book.owner(version) == workflow.sid),
        "answers": {"same": answers.same_answers, "drawn": answers.drawn_answers},
        "took_seconds": round((clock.now() - begun).total_seconds(), 1),
    }


def _run(history: History, documents: Documents, hours: Hours) -> Run:
    workspace = history.workspace
    timeout = workspace.timeout_activity
    own_line = TaskChannel.objects.filter(workspace=workspace, channel_optimized_routing=True)
    measures = Measures(history.count + len(history.carried), history.queues)
    behaviour = AsRecorded(history.record)
    simulation = Simulation(
        workflows=documents,
        behaviour=behaviour,
        watcher=measures,
        scope=hours.scope,
        timeout_activity=(timeout.sid, timeout.friendly_name, timeout.available) if timeout else None,
        lifo_first=workspace.prioritize_queue_order == "LIFO",
        optimized=frozenset(own_line.values_list("unique_name", flat=True)),
    )
    return Run(documents, behaviour, measures, simulation)


def _play(stream: Stream, before: Run, after: Run, progress: Progress) -> None:
    """Both at once, so that the log is read once for both and no change needs to be kept."""
    for count, change in enumerate(stream.changes()):
        before.simulation.apply(change)
        after.simulation.apply(change)
        if count % 50 == 0:
            progress(change.at)
    until = stream.history.until
    for run in (before, after):
        run.simulation.run_until(until)
        run.measures.close(run.simulation.cases.values(), until)


def _course(stream: Stream, before: Run, after: Run, *, within: float) -> Course:
    history = stream.history

    def followed(documents: Documents) -> Callable[[int], Workflow | None]:
        return lambda line: documents[history.versions[line]] if history.versions[line] else None

    return Course(
        count=history.count,
        created=history.created,
        real=history.real,
        before=before.measures,
        after=after.measures,
        within=within,
        document=followed(before.documents),
        draft=followed(after.documents),
    )


def _name_tasks(found: dict[str, Any], history: History) -> None:
    """The listed tasks by their sids."""
    wanted = {each["line"]: each for each in found["moved"]["listed"]}
    for sid, line in history.lines.items():
        if line in wanted:
            wanted[line]["sid"] = sid
