"""Why this queue, why this agent, and why is the task still waiting."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from eventlog.dbclock import database_now
from eventlog.models import Event
from kernel.actor import Actor
from routing import queries, reading
from routing.core.clauses import rule_of
from routing.core.document import stored_workflow
from routing.core.explain import Survey, survey
from routing.core.facts import TaskFacts
from routing.core.route import Route, route
from routing.core.workflow import Step
from routing.explaining import access
from routing.explaining.pages import Ask, Page, Person, people
from routing.explaining.staff import named_channels, optimized, staff
from routing.models import Reservation, Task, TaskQueue, Workflow, WorkflowVersion
from routing.scoping import filter_scope

OFFERS_SHOWN = 20
MOVES_READ = 200


@dataclass(frozen=True, slots=True)
class Coming:
    """What happens next unless somebody takes the task.

    A ``pause`` after a refusal ends; the ``step`` ends, and leads to ``leads_to`` (None: nothing is left, and the task
    is canceled); or its time to live is over (``expiry``).
    """

    kind: Literal["pause", "step", "expiry"]
    at: datetime
    leads_to: Step | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why nobody has the task yet. ``position`` counts from 1 in the queue; ``counts`` are workers by letter.

    ``never``: nobody could serve it even if all were at work and had nothing to do.
    """

    position: int
    coming: tuple[Coming, ...]
    never: bool
    counts: Mapping[str, int]
    people: Page[Person]


@dataclass(frozen=True, slots=True)
class TaskStory:
    """``route`` is None for a task without a workflow. ``queues`` are names by sid, ``offers`` the latest ones first.

    ``version`` is the document that the task follows; ``outdated`` when the workflow has a newer one.
    """

    task: Task
    at: datetime
    route: Route | None
    version: WorkflowVersion | None
    outdated: bool
    queues: Mapping[str, str]
    waiting: Waiting | None
    offers: tuple[Reservation, ...]


def task(sid: str, *, actor: Actor, ask: Ask | None = None) -> TaskStory:
    """All that can be told of a task.

    Raises NotFound, for one of another account as well; Forbidden; Invalid for an unknown page token.
    """
    row = access.task(sid, actor=actor)
    at = database_now()
    way = _route(row, at)
    return TaskStory(
        task=row,
        at=at,
        route=way,
        version=row.workflow_version,
        outdated=_is_outdated(row.workflow, row.workflow_version),
        queues=dict(TaskQueue.objects.filter(workspace_id=row.workspace_id).values_list("sid", "friendly_name")),
        waiting=_waiting(row, way, at, ask or Ask()),
        offers=tuple(queries.reservations().filter(task=row).order_by("-pk")[:OFFERS_SHOWN]),
    )


def _is_outdated(workflow: Workflow | None, version: WorkflowVersion | None) -> bool:
    return workflow is not None and version is not None and workflow.configuration != version.configuration


def _route(row: Task, at: datetime) -> Route | None:
    if row.workflow_version is None or row.filter_index is None:
        return None
    workflow = stored_workflow(row.workflow_version.configuration)
    ended = row.ended_at or at
    return route(
        workflow,
        filter_scope(row.workspace_id, row.attributes, workflow, at),
        position=(row.filter_index, row.target_index),
        ends_at_age=row.step_ends_at_age,
        age=(ended - row.created_at).total_seconds(),
        left_at=_left_at(row),
    )


def _left_at(row: Task) -> list[float]:
    """At which ages the task was taken to another step, since it entered its workflow."""
    kinds = ("workflow.entered", "workflow.target-matched")
    events = Event.objects.filter(subject_sid=row.sid, type__in=kinds).order_by("-pk")[:MOVES_READ]
    ages: list[float] = []
    for kind, at in events.values_list("type", "created_at"):
        if kind == "workflow.entered":
            break
        ages.append((at - row.created_at).total_seconds())
    return ages[-2::-1]  # Oldest first, without the one that came with entering.


# --- still waiting ---


def _waiting(row: Task, way: Route | None, at: datetime, ask: Ask) -> Waiting | None:
    facts = next(iter(reading.task_facts(row.workspace_id, [row.sid])), None)
    if facts is None:
        return None
    found = _survey(facts, workspace_id=row.workspace_id, at=at)
    return Waiting(
        position=queries.position(row),
        coming=_coming(row, facts, way, at),
        never=found.never,
        counts=found.counts,
        people=people(found, ask),
    )


def _survey(facts: TaskFacts, *, workspace_id: int, at: datetime) -> Survey:
    """What stands between the workers of the workspace and the task."""
    queue = next(iter(reading.queue_facts(workspace_id, [facts.queue])), None)
    workers = staff(workspace_id, channels={facts.channel, *named_channels([rule_of(facts).expression])})
    return survey(facts, queue, workers, now=at.timestamp(), optimized=optimized(workspace_id))


def _coming(row: Task, facts: TaskFacts, way: Route | None, at: datetime) -> tuple[Coming, ...]:
    found = [Coming("expiry", row.expires_at)]
    if facts.deadline is not None:
        found.append(Coming("step", _moment(facts.deadline), way.after_timeout if way else None))
    pauses = [until for _, until in facts.refusals if until > at.timestamp()]
    if pauses:
        found.append(Coming("pause", _moment(min(pauses))))
    return tuple(sorted(found, key=lambda coming: coming.at))


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
