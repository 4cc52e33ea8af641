"""Many waiting tasks at once: what the verbs of `routing.actions.steps` do for one, in a few statements for all.

The statements lock the tasks in the order of their numbers and leave out those that somebody else holds just now.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import structlog
from django.db import OperationalError, connection

from eventlog.bulk import write_rows
from eventlog.models import Event
from eventlog.record import record_all
from kernel import clock
from kernel.actor import SYSTEM
from kernel.errors import DomainError
from routing import queries
from routing.actions.journal import way_of
from routing.actions.placing import step_columns
from routing.actions.steps import LEFT, OVER, REASONS, Cause, give_up
from routing.core.decide import Move
from routing.core.document import stored_workflow
from routing.core.states import TASK
from routing.core.workflow import Step, Workflow, step_after_skip, step_at, step_at_age
from routing.models import Task, TaskQueue
from routing.scoping import Scopes

logger = structlog.get_logger(__name__)

_ROUNDING: Final = 0.001
"""A deadline that the board takes for passed has passed, whatever becomes of the last digit of a moment."""

_ADVANCED: Final = (
    "filter_index",
    "target_index",
    "step_ends_at_age",
    "step_due_at",
    "skip_asked",
    "priority",
    "task_queue",
    "task_queue_entered_at",
    "updated_at",
    "version",
)
_CANCELED: Final = ("assignment_status", "reason", "ended_at", "step_due_at", "updated_at", "version")


@dataclass(slots=True)
class Moved:
    """Numbers of tasks. Those in neither have changed since they were read; ``broken`` ones failed in another way."""

    done: set[int] = field(default_factory=set)
    broken: set[int] = field(default_factory=set)


def move_on_together(moves: Sequence[Move], *, now: datetime) -> Moved:
    """Take each task out of its step: to the next one, or out of its workflow when nothing of it is left.

    Part of the caller's transaction.
    """
    causes: dict[int, Cause] = {move.task: move.cause for move in moves}
    ways, batch, moved = _Ways(now), _Batch(), Moved()
    for task in _held(moves):
        try:
            if _move_on(task, causes[task.pk], ways, batch):
                moved.done.add(task.pk)
        except OperationalError:  # Not this row's fault: the database is gone.
            raise
        except DomainError:
            continue
        except Exception:  # One bad row must not hold up the others.
            logger.exception("task could not be moved on", task=task.sid)
            moved.broken.add(task.pk)
    batch.write()
    return moved


def settle_together(rows: Sequence[tuple[int, int]]) -> None:
    """These tasks, by number and version, have asked their step's ``skip_if``: it is asked once.

    Part of the caller's transaction.
    """
    versions = dict(rows)
    waiting = Task.objects.filter(pk__in=versions, assignment_status="pending", skip_asked=False)
    same = [pk for pk, version in waiting.values_list("pk", "version") if version == versions[pk]]
    Task.objects.filter(pk__in=same, assignment_status="pending").update(skip_asked=True)


def _held(moves: Sequence[Move]) -> list[Task]:
    versions = {move.task: move.version for move in moves}
    rows = queries.tasks().select_related("workflow_version").filter(pk__in=versions, assignment_status="pending")
    held = rows.order_by("pk").select_for_update(of=("self",), skip_locked=connection.features.has_select_for_update)
    return [task for task in held if task.version == versions[task.pk]]


def _move_on(task: Task, cause: Cause, ways: "_Ways", batch: "_Batch") -> bool:
    """False when it stands where it belongs."""
    here = ways.step(task)
    step = ways.following(task, here, cause)
    if step is None and task.in_transfer:
        give_up(task, cause=cause)
    elif step is None:
        batch.cancel(task, cause)
    elif step == here:
        return False
    else:
        batch.advance(task, step, ways.queue(task, step), cause)
    return True


class _Ways:
    """Where tasks go from here; each document is read once."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._documents: dict[int, Workflow] = {}
        self._scopes: dict[int, Scopes] = {}
        self._queues: dict[tuple[int, str], TaskQueue] = {}

    def step(self, task: Task) -> Step | None:
        """Where the task stands."""
        if task.filter_index is None:
            return None
        return step_at(self._document(task), (task.filter_index, task.target_index), ends_at_age=task.step_ends_at_age)

    def following(self, task: Task, step: Step | None, cause: Cause) -> Step | None:
        """Where it goes; None when nothing is left for it."""
        if step is None:
            return None
        document = self._document(task)
        scopes = self._scopes.setdefault(task.workspace_id, Scopes(task.workspace_id, self._now))
        scope = scopes.of(task.attributes, document)
        if cause == "skip":
            return step_after_skip(document, scope, step)
        age = (self._now - task.created_at).total_seconds() + _ROUNDING
        return step_at_age(document, scope, step, age=age)

    def queue(self, task: Task, step: Step) -> TaskQueue:
        key = (task.workspace_id, step.rule.queue)
        if key not in self._queues:
            self._queues[key] = TaskQueue.objects.get(workspace=task.workspace_id, sid=step.rule.queue)
        return self._queues[key]

    def _document(self, task: Task) -> Workflow:
        version = task.workflow_version
        if version is None:
            return Workflow()
        if version.pk not in self._documents:
            self._documents[version.pk] = stored_workflow(version.configuration)
        return self._documents[version.pk]


class _Batch:
    """Tasks as they will be, and the events that tell of it."""

    def __init__(self) -> None:
        self._advanced: list[Task] = []
        self._canceled: list[Task] = []
        self._events: list[Event] = []

    def advance(self, task: Task, step: Step, queue: TaskQueue, cause: Cause) -> None:
        """As the verb of that name."""
        left = task.task_queue.sid if task.task_queue else None
        way = [*LEFT[cause], "workflow.target-matched"]
        columns = step_columns(step, created_at=task.created_at) | {"task_queue": queue}
        if queue.pk != task.task_queue_id:
            columns["task_queue_entered_at"] = clock.now()
            way += ["task-queue.moved", "task-queue.entered"]
        _set(task, columns)
        self._advanced.append(task)
        self._events += way_of(way, task, actor=SYSTEM, about={"left_task_queue_sid": left})

    def cancel(self, task: Task, cause: Cause) -> None:
        """As the verb `give_up` for a task that nobody has."""
        columns = {"assignment_status": TASK.target("cancel"), "reason": REASONS[cause], "ended_at": clock.now()}
        _set(task, columns | {"step_due_at": None})
        self._canceled.append(task)
        self._events += way_of([*OVER[cause], "task.canceled"], task, actor=SYSTEM)

    def write(self) -> None:
        write_rows(self._advanced, _ADVANCED)
        write_rows(self._canceled, _CANCELED)
        if self._events:
            record_all(self._events)


def _set(task: Task, columns: Mapping[str, Any]) -> None:
    for name, value in columns.items():
        setattr(task, name, value)
    task.updated_at = clock.now()
    task.version += 1
