"""The checks of a workflow in its workspace, in words and at their places in the form."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import told
from agents.models import Activity, Workspace
from routing.core.checks import Finding, Queue, Severity, Surroundings, check, names_of
from routing.core.checks.facts import Names
from routing.core.document import ConfigurationError
from routing.core.expressions import parse
from routing.core.facts import WorkerFacts
from routing.core.workflow import Workflow
from routing.models import Task, TaskOrder, TaskQueue
from routing.preview import editor
from routing.preview import staff as staffing
from routing.preview.staff import Staff

RECENT_TASKS: Final = 500
PLACES: Final = 3
"""Places that a warning tells of itself."""

Words = tuple[str | Promise, str | Promise]
"""What is the matter, and what to do about it."""

_REMOVE_ONE = _("Remove one of the two, or let it ask for something else.")
_MOVE_UP = _("Move this filter before the other, unless it is meant for tasks that ran out of time.")
_TYPING = _("Look at how it is written; upper and lower case count.")
_CAPACITY = _("Raise the capacity of a worker, or switch the channel on.")

WORDS: Final[Mapping[str, Words]] = {
    "never-true": (
        _("This can never hold."),
        _("Two parts may contradict each other: OR, or IN with a list, takes one of several."),
    ),
    "taken-before": (
        _("No task comes here: filter %(filter)d takes all of them before."),
        _("Move this filter before filter %(filter)d, or let that one ask for less."),
    ),
    "same-taken-before": (_("No task comes here: filter %(filter)d asks for the same."), _REMOVE_ONE),
    "after-timeout": (_("Only tasks that leave filter %(filter)d come here: it takes all of them before."), _MOVE_UP),
    "same-after-timeout": (_("Only tasks that leave filter %(filter)d come here: it asks for the same."), _MOVE_UP),
    "target-unreached": (
        _("No task comes here: target %(target)d has no seconds and keeps it."),
        _("Give target %(target)d seconds, or remove what stands behind it."),
    ),
    "beyond-longest-life": (
        _("A task lives for two weeks at most. This would end %(seconds)d seconds after it came, so never."),
        _("Take fewer seconds, or none."),
    ),
    "beyond-usual-life": (
        _("Tasks live for a day unless they are made for longer. This ends %(seconds)d seconds after the task came."),
        _("Take fewer seconds, or make tasks that live longer."),
    ),
    "shorter-than-offer": (
        _("An agent has %(seconds)d seconds to answer. A task that is offered moves on only after that."),
        _("Take more seconds here, or a shorter reservation timeout."),
    ),
    "never-skipped": (
        _("This can never hold: the target is never skipped."),
        _("Write such as: workers.available == 0"),
    ),
    "known-worker-only": (
        _("Without seconds the task waits for this one agent until its life is over."),
        _("Give the target seconds, and add one behind it for everybody else."),
    ),
    "priority-ignored": (
        _("%(queue)s serves the newest first, whatever the priority."),
        _("Leave the priority out, or let the queue serve by priority."),
    ),
    "priority-zero": (_("0 is the lowest priority: higher numbers are served first."), ""),
    "canceled-by-timeout": (
        _("After %(seconds)d seconds the task is canceled: no filter follows that takes it."),
        _("Leave the last target without seconds. The default filter does not take what ran out of time."),
    ),
    "canceled-by-skip": (
        _("A task that is skipped here is canceled: nothing follows that takes it."),
        _("Choose a queue for the default filter, or add a target without a condition to skip."),
    ),
    "no-default": (_("Tasks that no filter takes are refused."), _("Choose a queue for the default filter.")),
    "default-unreached": (
        _("No task comes here: filter %(filter)d takes everything."),
        _("It does no harm, and helps should that filter ask for less one day."),
    ),
    "default-skip": (
        _("Nothing follows the default filter: a task that is skipped here is canceled."),
        _("Leave the condition out."),
    ),
    "queue-for-nobody": (
        _("Nobody serves %(queue)s: its expression is empty."),
        _("Say in the queue which workers serve it."),
    ),
    "queue-never-true": (
        _("Nobody serves %(queue)s: its expression can never hold."),
        _("Change the expression of the queue."),
    ),
    "queue-unserved": (
        _("No worker matches %(queue)s."),
        _("Give workers what the queue asks for, or let it ask for less."),
    ),
    "queue-without-capacity": (
        _("Whoever serves %(queue)s takes no work at all: the capacity is 0 on every channel."),
        _CAPACITY,
    ),
    "channel-without-capacity": (
        _("Nobody who serves %(queue)s takes tasks of the channel %(channel)s, which came lately."),
        _CAPACITY,
    ),
    "target-holds": (_("Nobody matches this: the task waits here until the seconds are over."), ""),
    "target-never": (
        _("Nobody matches this, and without seconds the task stays here."),
        _("Give the target seconds, or change the expression."),
    ),
    "target-unserved": (
        _("Nobody who serves %(queue)s matches this."),
        _("Give workers what the target asks for, or let it ask for less."),
    ),
    "task-unknown": (_("No task had %(name)s lately."), _TYPING),
    "task-unknown-near": (_("No task had %(name)s lately. Is %(near)s meant?"), _TYPING),
    "worker-unknown": (_("No worker has %(name)s."), _TYPING),
    "worker-unknown-near": (_("No worker has %(name)s. Is %(near)s meant?"), _TYPING),
    "queue-worker-unknown": (_("%(queue)s asks for %(name)s, which no worker has."), _TYPING),
    "queue-worker-unknown-near": (
        _("%(queue)s asks for %(name)s, which no worker has. Is %(near)s meant?"),
        _TYPING,
    ),
    "order-unknown": (_("No worker has %(name)s, so that it orders nobody."), _TYPING),
    "order-unknown-near": (_("No worker has %(name)s, so that it orders nobody. Is %(near)s meant?"), _TYPING),
    "order-without-number": (
        _("%(name)s orders nobody: it is a whole number with no worker."),
        _("Order by an attribute such as a level from 1 to 10."),
    ),
    "unknown-activity": (
        _("There is no activity %(name)s."),
        _("Write workers.available, workers.unavailable, or workers. and the sid of an activity."),
    ),
    "ignored-key": (_("%(key)s decides nothing. It is kept."), ""),
    "unfinished": (_("This workflow is too large to be looked through as a whole; there may be more."), ""),
}


@dataclass(frozen=True, slots=True)
class Warning:  # noqa: A001 - the word of the domain
    """A finding in words: what, what to do, and where, in the document and in the form."""

    severity: Severity
    message: str
    cure: str
    path: str
    place: str


def warnings(workflow: Workflow, around: Surroundings) -> list[Warning]:
    """What the checks find, the worst first."""
    return [_in_words(finding) for finding in check(workflow, around)]


def _in_words(finding: Finding) -> Warning:
    message, cure = (str(text) % finding.params if text else "" for text in WORDS[finding.code])
    return Warning(finding.severity, message, cure, finding.path, place(finding.path))


@dataclass(frozen=True, slots=True)
class Said:
    """A warning that stands at several places: the first of them, each ``(row of the form, words)``, and how many more
    there are."""

    warning: Warning
    places: tuple[tuple[str, str], ...]
    more: int


def gathered(warnings: Iterable[Warning], rows: editor.Row) -> list[Said]:
    """The warnings, each once: in a long workflow many filters are often told the same."""
    places: dict[tuple[str, str], list[Warning]] = {}
    for warning in warnings:
        places.setdefault((warning.message, warning.cure), []).append(warning)
    said = []
    for found in places.values():
        where = tuple(dict.fromkeys((editor.row_of(each.path, rows), each.place) for each in found))
        said.append(Said(found[0], where[:PLACES], max(0, len(where) - PLACES)))
    return said


def refusal(error: ConfigurationError) -> Warning:
    """What a document is refused for, as a warning."""
    return Warning("error", told(error), "", error.path, place(error.path))


def place(path: str) -> str:
    """A path of the document in the words of the form.

    >>> place("task_routing.filters[1].targets[0].expression")
    'Filter 2, target 1'
    """
    found = [number + 1 for number in editor.numbers(path)]
    if len(found) == 2:
        return gettext("Filter %(filter)d, target %(target)d") % {"filter": found[0], "target": found[1]}
    if found:
        return gettext("Filter %(filter)d") % {"filter": found[0]}
    return gettext("Default filter") if "default_filter" in path else gettext("Workflow")


# --- the workspace ---


@dataclass(frozen=True)
class Around(Surroundings):
    """Surroundings that know from the look before who serves a queue."""

    staff: Staff = field(default_factory=Staff, compare=False, repr=False)

    @property
    def worker_names(self) -> Names:
        return self.staff.names

    def queue_crew(self, sid: str) -> tuple[WorkerFacts, ...]:
        expression = self.queues[sid].expression
        return self.staff.crew(expression.text) if expression else ()


def surroundings(workspace: Workspace, *, reservation_timeout: int) -> Surroundings:
    """The workspace as it stands, and what its last 500 tasks were like."""
    recent = Task.objects.filter(workspace=workspace).order_by("-created_at")
    rows: list[tuple[dict[str, Any], str]] = list(
        recent.values_list("attributes", "task_channel__unique_name")[:RECENT_TASKS]
    )
    staff = staffing.staff(workspace)
    return Around(
        staff=staff,
        queues={row.sid: queue(row) for row in TaskQueue.objects.filter(workspace=workspace)},
        workers=staff.workers,
        activities=frozenset(Activity.objects.filter(workspace=workspace).values_list("sid", flat=True)),
        task_names=names_of(_mappings(attributes for attributes, _channel in rows)),
        channels=frozenset(channel for _attributes, channel in rows),
        reservation_timeout=reservation_timeout,
    )


def queue(row: TaskQueue) -> Queue:
    """The queue as the checks see it."""
    text = row.target_workers.strip()
    return Queue(row.friendly_name, parse(text) if text else None, lifo=row.task_order == TaskOrder.LIFO)


def _mappings(documents: Iterable[Any]) -> Iterable[Mapping[str, Any]]:
    return (document for document in documents if isinstance(document, dict))
