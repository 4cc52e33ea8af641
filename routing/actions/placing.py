"""Where a task goes: to the queue that a workflow chooses, or straight to a queue or a worker."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any, Final

from agents.models import Worker, Workspace
from kernel import sids
from kernel.errors import Invalid
from routing.core.document import stored_workflow
from routing.core.workflow import Step, first_step
from routing.models import Task, TaskQueue, Workflow, WorkflowVersion
from routing.scoping import filter_scope

TARGETS: Final = {"WK": "WorkerSid", "WQ": "TaskQueueSid", "WW": "WorkflowSid"}
"""What a routing target may be, as Twilio's refusals call it."""

Target = Worker | TaskQueue | Workflow


@dataclass(frozen=True, slots=True)
class Place:
    """Where a task stands. Without a step no deadline of a workflow counts, and no expression of one."""

    queue: TaskQueue
    workflow: Workflow | None = None
    version: WorkflowVersion | None = None
    step: Step | None = None
    target: str = ""
    ignore_capacity: bool = False

    @property
    def events(self) -> list[str]:
        """What a task's arrival here is told by."""
        way = ["workflow.entered", "workflow.target-matched"] if self.step else []
        return [*way, "task-queue.entered"]

    def columns(self, *, created_at: datetime, now: datetime) -> dict[str, Any]:
        """What the task's row says of it. A target without a priority leaves the task's as it is."""
        return {
            "task_queue": self.queue,
            "task_queue_entered_at": now,
            "workflow": self.workflow,
            "workflow_version": self.version,
            "routing_target": self.target,
            "ignore_capacity": self.ignore_capacity,
            **step_columns(self.step, created_at=created_at),
        }


def step_columns(step: Step | None, *, created_at: datetime) -> dict[str, Any]:
    """The columns that say where a task stands in its workflow."""
    if step is None:
        return {
            "filter_index": None,
            "target_index": 0,
            "step_ends_at_age": 0,
            "step_due_at": None,
            "skip_asked": False,
        }
    age = step.deadline_age
    priority = {} if step.rule.priority is None else {"priority": step.rule.priority}
    return {
        "filter_index": step.filter,
        "target_index": step.target,
        "step_ends_at_age": step.ends_at_age,
        "step_due_at": None if age is None else created_at + timedelta(seconds=age),
        "skip_asked": False,
        **priority,
    }


def arrival(task: Task, queue: TaskQueue, step: Step, *, now: datetime) -> tuple[dict[str, Any], list[str]]:
    """The columns of a waiting task that comes to the step and its queue, and the events that tell of a new queue."""
    columns = step_columns(step, created_at=task.created_at) | {"task_queue": queue}
    if queue.pk == task.task_queue_id:
        return columns, []
    return columns | {"task_queue_entered_at": now}, ["task-queue.moved", "task-queue.entered"]


def age_of(created_at: datetime, now: datetime) -> int:
    """The whole seconds of a task's age, rounded up, so that no step is cut short."""
    return max(0, ceil((now - created_at).total_seconds()))


def target_of(workspace: Workspace, sid: str, *, field: str = "routing_target") -> Target:
    """The worker, queue or workflow of that sid. Raises Invalid with ``field``, worded as Twilio words it."""
    kind = TARGETS.get(sid[:2])
    if kind is None:
        raise Invalid(
            "Name a worker (WK…), a task queue (WQ…) or a workflow (WW…), not '%(value)s'.",
            field=field,
            params={"value": sid[:64]},
        )
    told = {"value": sid[:64], "kind": kind, "workspace": workspace.sid, "account": workspace.account.sid}
    if not sids.is_sid(sid, sid[:2]):
        raise Invalid(
            "Value '%(value)s' provided for %(kind)s as RoutingTarget has an invalid format. "
            "WorkspaceSid: %(workspace)s, AccountSid: %(account)s",
            field=field,
            params=told,
        )
    row = _row(workspace, sid)
    if row is None:
        raise Invalid(
            "Value '%(value)s' provided for %(kind)s as RoutingTarget does not exist. "
            "WorkspaceSid: %(workspace)s, AccountSid: %(account)s",
            field=field,
            params=told,
        )
    return row


def _row(workspace: Workspace, sid: str) -> Target | None:
    if sid.startswith("WK"):
        return Worker.objects.filter(workspace=workspace, sid=sid).select_related("activity", "workspace").first()
    if sid.startswith("WQ"):
        return TaskQueue.objects.filter(workspace=workspace, sid=sid).first()
    return Workflow.objects.filter(workspace=workspace, sid=sid).first()


def in_workflow(workflow: Workflow, attributes: Mapping[str, Any], *, age: int = 0, target: str = "") -> Place:
    """Where the workflow's newest version puts a task of these attributes. Raises Invalid when it takes it nowhere."""
    version = workflow.versions.order_by("-number").first()
    if version is None:
        raise Invalid("There is no %(sid)s.", field="workflow", params={"sid": workflow.sid})
    document = stored_workflow(version.configuration)
    step = first_step(document, filter_scope(workflow.workspace_id, attributes, document), age=age)
    if step is None:
        raise Invalid(
            "No filter of the workflow takes this task, and there is no default filter.",
            code="no-match",
            field="attributes",
        )
    queue = TaskQueue.objects.get(workspace_id=workflow.workspace_id, sid=step.rule.queue)
    return Place(queue, workflow, version, step, target)


def first_place(
    workspace: Workspace,
    attributes: Mapping[str, Any],
    *,
    workflow: Workflow | None = None,
    task_queue: TaskQueue | None = None,
    routing_target: str = "",
    ignore_capacity: bool | None = None,
) -> Place:
    """Where a new task begins. Raises Invalid with the field."""
    for field, given in (("workflow", workflow), ("task_queue", task_queue)):
        if given is not None and given.workspace_id != workspace.pk:
            raise Invalid("This belongs to another workspace.", field=field)
    target = target_of(workspace, routing_target) if routing_target else None
    if ignore_capacity and not isinstance(target, Worker):
        raise Invalid("Capacity counts unless the task is routed to a worker.", field="ignore_capacity")
    if isinstance(target, Worker):
        queue = task_queue or _some_queue(workspace, workflow, attributes)
        return Place(queue, workflow, target=target.sid, ignore_capacity=ignore_capacity is not False)
    queue_target = target if isinstance(target, TaskQueue) else task_queue
    if queue_target is not None:
        return Place(queue_target, workflow, target=queue_target.sid)
    if isinstance(target, Workflow):
        return in_workflow(target, attributes, target=target.sid)
    return in_workflow(workflow or _only_workflow(workspace), attributes)


def _some_queue(workspace: Workspace, workflow: Workflow | None, attributes: Mapping[str, Any]) -> TaskQueue:
    """In which queue a worker's own task is counted: where its workflow would put it, or the workspace's first."""
    if workflow is not None:
        return in_workflow(workflow, attributes).queue
    first = TaskQueue.objects.filter(workspace=workspace).order_by("pk").first()
    if first is None:
        raise Invalid("Name a task queue: the workspace has none.", field="task_queue")
    return first


def _only_workflow(workspace: Workspace) -> Workflow:
    workflows = list(Workflow.objects.filter(workspace=workspace)[:2])
    if len(workflows) != 1:
        raise Invalid("Name a workflow or a task queue.", field="workflow")
    return workflows[0]
